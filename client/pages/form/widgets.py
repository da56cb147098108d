"""One line of a form's page: a question with its options, a field, a heading or a remark."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from client.appearance import COLOURS
from client.pages.form.lines import Line
from client.stations.front_desk.asking import Choice
from client.stations.front_desk.widgets import NumberedChoice, text
from forms.nodes import Place

COLUMNS = 2
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
CLEAR = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
AWAY = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)
"""Who looks at another window has not left the question."""
TEN = 10
"""What the key 0 picks."""


def name_of(place: Place) -> str:
    """Return the object name of a line: its link id and, within repeating groups, which instance."""
    return "_".join(["line", place.link_id, *map(str, place.at)])


class LineWidget(QFrame):
    """Shows a `Line` and tells what its keys and buttons ask for; the model answers by a new `Line`."""

    picked = Signal(object, int)
    cleared = Signal(object)
    passed = Signal(object)
    left = Signal(object)
    entered = Signal(object)
    add_asked = Signal(object)
    remove_asked = Signal(object)

    def __init__(
        self, line: Line, say: Callable[..., str], type_in: Callable[[Place, str], bool], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.place, self.kind, self._say, self._type_in = line.place, line.kind, say, type_in
        self.line = line
        self.setObjectName(name_of(line.place))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(4)
        role = {"group": "subtitle", "note": "muted"}.get(line.kind, "")
        self.label = text("line_text", self, role, wrap=True)
        column.addWidget(self.label)
        self._grid = QGridLayout()
        self._grid.setSpacing(6)
        self.choices: list[NumberedChoice] = []
        self._drawn: dict[int, Choice] = {}
        column.addLayout(self._grid)
        self.field = self._make_field(column) if line.kind in ("text", "open") else None
        self.unit = text("line_unit", self)
        if self.field is not None:
            self._row.addWidget(self.unit)
            self._row.addStretch(1)
        self.buttons: list[QWidget] = self._make_buttons(column) if line.instances else []
        self.origin = text("line_origin", self, "muted", wrap=True)
        self.warning = text("line_warning", self, wrap=True)
        self.warning.setStyleSheet(f"color: {COLOURS['warning'].name()};")
        self.problem = text("line_problem", self, "error", wrap=True)
        for widget in (self.origin, self.warning, self.problem):
            column.addWidget(widget)
        self.target: QWidget = self
        if line.kind == "text" and self.field is not None:
            self.target = self.field
        elif line.is_asked:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            colour = COLOURS["focus"].name()
            self.setStyleSheet(f"LineWidget:focus {{ border: 2px solid {colour}; border-radius: 6px; }}")
        self.show_line(line)

    def stops(self) -> list[QWidget]:
        """Return where Tab stops in this line, in order."""
        found = [self.target] if self.line.is_asked else []
        found += [self.field] if self.field is not None and self.field is not self.target else []
        return [*found, *self.buttons]

    def show_line(self, line: Line) -> None:
        """Show the line as it is now; a field somebody types in is left alone."""
        shown = line.text
        if line.instances:
            shown = self._say(
                "form_page.instance", text=line.text, number=line.instance, count=line.instances
            )
        if line.kind == "told" and line.answer:
            shown = f"{line.text}：{line.answer}{line.unit}"
        must = f"　*{self._say('form_page.required')}" if line.required and line.is_asked else ""
        self.label.setText(shown + must)
        self._show_choices(line)
        self.unit.setText(line.unit if self.field is not None else "")
        self.unit.setVisible(self.field is not None and bool(line.unit))
        if self.field is not None and not (self.field.hasFocus() and self.field.isModified()):
            self.field.setText(line.answer)
        for widget, sentence in (
            (self.origin, line.origin),
            (self.warning, line.warning),
            (self.problem, line.problem),
        ):
            widget.setText(sentence)
            widget.setVisible(bool(sentence))
        self.line = line
        self.target.setAccessibleName(line.text)
        self.target.setAccessibleDescription(
            "　".join(filter(None, (line.problem, line.warning, line.origin)))
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Number keys pick, Delete takes the answer back, Enter goes on."""
        choices, key = self.line.choices, event.key()
        if choices and event.text().isdigit():
            self.picked.emit(self.place, int(event.text()) or TEN)
        elif choices and key in CLEAR:
            self.cleared.emit(self.place)
        elif self.line.is_asked and key in ENTER:
            self.passed.emit(self.place)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit(self.place)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in AWAY:
            self.left.emit(self.place)

    def _make_field(self, column: QVBoxLayout) -> "_Field":
        self._row = QHBoxLayout()
        field = _Field(self)
        field.setObjectName("line_field")
        field.setMinimumWidth(260)
        if self.line.kind == "open":
            field.setPlaceholderText(self._say("form_page.other_text"))
        field.returnPressed.connect(self._enter)
        field.left.connect(self._leave)
        field.entered.connect(lambda: self.entered.emit(self.place))
        self._row.addWidget(field)
        column.addLayout(self._row)
        return field

    def _make_buttons(self, column: QVBoxLayout) -> list[QWidget]:
        row, made = QHBoxLayout(), list[QWidget]()
        for name, signal in (("add", self.add_asked), ("remove", self.remove_asked)):
            button = QPushButton(self._say(f"form_page.{name}"), self)
            button.setObjectName(f"line_{name}")
            button.setAutoDefault(True)
            button.clicked.connect(lambda _on=False, ask=signal: ask.emit(self.place))
            row.addWidget(button)
            made.append(button)
        row.addStretch(1)
        column.addLayout(row)
        return made

    def _show_choices(self, line: Line) -> None:
        while len(self.choices) < len(line.choices):
            button = NumberedChoice(self)
            button.setObjectName(f"choice_{len(self.choices) + 1}")
            button.clicked.connect(self._clicked)
            at = len(self.choices)
            self._grid.addWidget(button, at // COLUMNS, at % COLUMNS)
            self.choices.append(button)
        for at, button in enumerate(self.choices):
            button.setVisible(at < len(line.choices))
            if at < len(line.choices) and self._drawn.get(at) != line.choices[at]:
                one = self._drawn[at] = line.choices[at]
                button.show_choice(one.key, one.label, chosen=one.chosen)

    @Slot()
    def _clicked(self) -> None:
        self.picked.emit(self.place, self.choices.index(self.sender()) + 1)  # type: ignore[arg-type]

    @Slot()
    def _enter(self) -> None:
        if self.take():
            self.passed.emit(self.place)

    @Slot()
    def _leave(self) -> None:
        if self.take():
            self.left.emit(self.place)

    def take(self) -> bool:
        """Hand over what was typed and not handed over yet; False if the question does not take it."""
        if self.field is None or not self.field.isModified():
            return True
        self.field.setModified(False)
        return self._type_in(self.place, self.field.text())


class _Field(QLineEdit):
    """A field that tells when it is entered and left."""

    left = Signal()
    entered = Signal()

    def focusInEvent(self, event: Any) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def focusOutEvent(self, event: Any) -> None:
        super().focusOutEvent(event)
        if event.reason() not in AWAY:
            self.left.emit()
