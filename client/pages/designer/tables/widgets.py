"""Properties that are lists: options of a choice, conditions, rules. Each row is edited in place."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from client.pages.designer.inputs.widgets import Calm
from forms.designing.properties import Check, Condition, Item, OptionLine, options
from forms.designing.reasons import problem_of

Say = Callable[..., str]
OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "exists")


class Lines(QWidget):
    """Rows of inputs with a button to take each away and one to add; `changed` has all of them."""

    changed = Signal(object)

    def __init__(self, name: str, say: Say, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.say = say
        self._name = name
        self._shown: Sequence[Any] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._title = QLabel(say(f"designer.{name}"), self)
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        self._add = QPushButton(say(f"designer.{name}.add"), self)
        self._add.setObjectName(f"{name}_add")
        self._add.setAutoDefault(False)
        self._add.clicked.connect(self.add_line)
        row = QHBoxLayout()
        row.addWidget(self._add)
        row.addStretch(1)
        for part in (self._title, self._grid, row):
            if isinstance(part, QWidget):
                column.addWidget(part)
            else:
                column.addLayout(part)

    def show_lines(self, lines: Sequence[Any]) -> None:
        """Show rows; those that stand there already are left alone, and with them the focus."""
        if self._shown is not None and list(lines) == list(self._shown):
            return
        self._shown = list(lines)
        while self._grid.count():
            widget = self._grid.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for at, line in enumerate(lines):
            widgets = [*self.make_row(at, line), self._away(at)]
            for column, widget in enumerate(widgets):
                self._grid.addWidget(widget, at * 2, column)
            note = self.note_of(line)
            if note:
                label = QLabel(note, self)
                label.setProperty("role", "error")
                label.setWordWrap(True)
                self._grid.addWidget(label, at * 2 + 1, 0, 1, len(widgets))

    def make_row(self, at: int, line: Any) -> list[QWidget]:
        """Return the inputs of a row."""
        raise NotImplementedError

    def note_of(self, line: Any) -> str:
        """Return what is wrong with a row, where that is told beside it."""
        return ""

    def fresh(self) -> Any:
        """Return a new row."""
        raise NotImplementedError

    def lines(self) -> list[Any]:
        """Return the rows as they stand."""
        return list(self._shown or [])

    def put(self, at: int, line: Any) -> None:
        """Change one row and tell."""
        found = self.lines()
        if found[at] != line:
            found[at] = line
            self._shown = found
            self.changed.emit(found)

    def add_line(self) -> None:
        """Add a row and go there."""
        found = [*self.lines(), self.fresh()]
        self.show_lines(found)
        self.changed.emit(found)
        first = self._grid.itemAtPosition((len(found) - 1) * 2, 0)
        if first is not None and first.widget() is not None:
            first.widget().setFocus()

    def _away(self, at: int) -> QWidget:
        button = QPushButton("✕", self)
        button.setObjectName(f"{self._name}_away_{at}")
        button.setAccessibleName(self.say("designer.away"))
        button.setToolTip(self.say("designer.away"))
        button.setFixedWidth(36)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._take(at))
        return button

    def _take(self, at: int) -> None:
        found = self.lines()
        del found[at]
        self.show_lines(found)
        self.changed.emit(found)

    def edit(self, name: str, value: str, hint: str, done: Callable[[str], None]) -> QLineEdit:
        """Return an input of a row."""
        made = QLineEdit(value, self)
        made.setObjectName(name)
        made.setPlaceholderText(hint)
        made.setAccessibleName(hint)
        made.editingFinished.connect(lambda: done(made.text().strip()))
        return made

    def listed(
        self,
        name: str,
        hint: str,
        value: str,
        choices: Sequence[tuple[str, str]],
        done: Callable[[str], None],
    ) -> Calm:
        """Return a list of a row; a value that is no longer there stays visible."""
        made = Calm(self)
        made.setObjectName(name)
        made.setAccessibleName(hint)
        for code, text in choices:
            made.addItem(text, code)
        if made.findData(value) < 0:
            made.insertItem(0, value or hint, value)
        made.setCurrentIndex(made.findData(value))
        made.activated.connect(lambda _row: done(str(made.currentData())))
        return made


class Options(Lines):
    """Options of a choice: code, text, what it counts, and whether it stands alone."""

    def __init__(self, say: Say, parent: QWidget) -> None:
        super().__init__("options", say, parent)

    def make_row(self, at: int, line: Any) -> list[QWidget]:
        say = self.say

        def put(field: str, value: Any) -> None:
            now = self.lines()[at]
            told = {"code": now.code, "text": now.text, "score": now.score, "exclusive": now.exclusive}
            self.put(at, OptionLine(**{**told, field: value}))

        code = self.edit(
            f"option_code_{at}", line.code, say("designer.option.code"), lambda v: put("code", v)
        )
        code.setFixedWidth(70)
        words = self.edit(
            f"option_text_{at}", line.text, say("designer.option.text"), lambda v: put("text", v)
        )
        score = self.edit(
            f"option_score_{at}", line.score, say("designer.option.score"), lambda v: put("score", v)
        )
        score.setFixedWidth(64)
        alone = QCheckBox(say("designer.option.alone"), self)
        alone.setChecked(line.exclusive)
        alone.toggled.connect(lambda on: put("exclusive", on))
        return [code, words, score, alone]

    def fresh(self) -> OptionLine:
        taken = {one.code for one in self.lines()}
        number = next(n for n in range(1, 10_000) if f"a{n}" not in taken)
        return OptionLine(f"a{number}", "")


class Conditions(Lines):
    """When an item is asked; only questions before it can be chosen."""

    def __init__(self, say: Say, parent: QWidget) -> None:
        super().__init__("conditions", say, parent)
        self._earlier: dict[str, Item] = {}

    def show_for(self, lines: Sequence[Any], earlier: dict[str, Item]) -> None:
        """Show the conditions of an item that may look at some questions."""
        if {k: (v.get("text"), v.get("answerOption"), v.get("type")) for k, v in earlier.items()} != {
            k: (v.get("text"), v.get("answerOption"), v.get("type")) for k, v in self._earlier.items()
        }:
            self._shown = None
        self._earlier = earlier
        self._add.setEnabled(bool(earlier))
        self.show_lines(lines)

    def make_row(self, at: int, line: Any) -> list[QWidget]:
        say = self.say
        asked = self._earlier.get(line.question, {})
        questions = [(link, str(one.get("text") or link)[:40]) for link, one in self._earlier.items()]
        kind = asked.get("type")
        allowed = ("=", "!=", "exists") if kind in ("choice", "open-choice", "boolean") else OPERATORS
        operators = [(one, say(f"designer.operator.{_name(one)}")) for one in allowed]

        def put(question: str, operator: str, value: str) -> None:
            self.put(at, Condition(question, operator, value))
            shown, self._shown = self.lines(), None
            self.show_lines(shown)

        question = self.listed(
            f"condition_question_{at}", say("designer.condition.question"), line.question, questions,
            lambda v: put(v, "=", _first(self._earlier.get(v, {}))),
        )  # fmt: skip
        operator = self.listed(
            f"condition_operator_{at}", say("designer.condition.operator"), line.operator, operators,
            lambda v: put(line.question, v, "true" if v == "exists" else _first(asked)),
        )  # fmt: skip
        return [question, operator, self._value(at, line, asked, put)]

    def _value(self, at: int, line: Condition, asked: Item, put: Callable[[str, str, str], None]) -> QWidget:
        name, hint = f"condition_value_{at}", self.say("designer.condition.value")
        known = [(one.code, one.text or one.code) for one in options(asked)]
        if line.operator == "exists" or asked.get("type") == "boolean":
            known = [("true", self.say("value.yes")), ("false", self.say("value.no"))]
        if known:
            return self.listed(name, hint, line.value, known, lambda v: put(line.question, line.operator, v))
        return self.edit(
            name, line.value, hint, lambda v: self.put(at, Condition(line.question, line.operator, v))
        )

    def fresh(self) -> Condition:
        link = next(reversed(self._earlier), "")
        return Condition(link, "=", _first(self._earlier.get(link, {})))


def _first(asked: Item) -> str:
    known = options(asked)
    return known[0].code if known else "true" if asked.get("type") == "boolean" else ""


def _name(operator: str) -> str:
    return {
        "=": "is", "!=": "not", ">": "more", ">=": "at_least", "<": "less", "<=": "at_most", "exists": "answered",
    }[operator]  # fmt: skip


class Checks(Lines):
    """Rules that the answers must keep: an expression, what is said, and whether it only warns."""

    def __init__(self, say: Say, parent: QWidget) -> None:
        super().__init__("checks", say, parent)

    def make_row(self, at: int, line: Any) -> list[QWidget]:
        say = self.say

        def put(field: str, value: Any) -> None:
            now = self.lines()[at]
            told = {"expression": now.expression, "human": now.human, "warning": now.warning}
            self.put(at, Check(**{**told, field: value}))
            if field == "expression":  # what is wrong with it stands below
                shown, self._shown = self.lines(), None
                self.show_lines(shown)

        expression = self.edit(
            f"check_expression_{at}",
            line.expression,
            say("designer.check.expression"),
            lambda v: put("expression", v),
        )
        human = self.edit(
            f"check_human_{at}", line.human, say("designer.check.human"), lambda v: put("human", v)
        )
        warning = QCheckBox(say("designer.check.warning"), self)
        warning.setChecked(line.warning)
        warning.toggled.connect(lambda on: put("warning", on))
        return [expression, human, warning]

    def note_of(self, line: Any) -> str:
        problem = problem_of(line.expression) if line.expression else None
        return self.say(problem[0].code, **problem[0].facts) if problem is not None else ""

    def fresh(self) -> Check:
        return Check("", "")
