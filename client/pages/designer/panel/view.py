"""Properties of the chosen item: what its type has, with mistakes below their field."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from client.pages.designer.inputs.widgets import Picker, choice, line, words
from client.pages.designer.tables.widgets import Checks, Conditions, Lines, Options
from client.pages.designer.viewmodel import ViewModel
from client.views.forms import FieldBox
from forms.designing import properties as own
from forms.designing.reasons import problem_of
from forms.designing.tree import walk
from forms.fhir_elements import ENABLE_EXPRESSION

TYPES = (
    "choice", "open-choice", "boolean", "integer", "decimal", "string", "text", "date", "attachment", "group",
    "display",
)  # fmt: skip
CONTROLS = ("", "radio-button", "drop-down", "check-box", "slider", "page")
CHOICES, NUMBERS, TEXTS = ("choice", "open-choice"), ("integer", "decimal"), ("string", "text")
EXPRESSIONS = (
    ("calculated", own.CALCULATED), ("initial", own.INITIAL_EXPRESSION), ("enable", ENABLE_EXPRESSION),
)  # fmt: skip
Item = Mapping[str, Any]


class Panel(QScrollArea):
    """Draws one item; a change goes to the model as soon as its field is left."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("designer_panel")
        self.setWidgetResizable(True)
        self._model = model
        self._say = model.context.say
        self._sheet = QWidget(self)
        self._sheet.setObjectName("designer_sheet")
        self._column = QVBoxLayout(self._sheet)
        self._column.setSpacing(8)
        self._empty = QLabel(self._say("designer.nothing_chosen"), self._sheet)
        self._empty.setWordWrap(True)
        self._column.addWidget(self._empty)
        self.boxes: dict[str, FieldBox] = {}
        self.lists: dict[str, Lines] = {}
        self._flags: dict[str, QCheckBox] = {}
        self._make()
        self._column.addStretch(1)
        self.setWidget(self._sheet)
        model.chosen.connect(self.refresh)
        model.changed.connect(self.refresh)
        model.checked.connect(self._show_mistakes)
        model.factors_found.connect(self._offer_factors)

    def focus_on(self, field: str) -> None:
        """Go to a field by its name."""
        names = {
            "low": "low",
            "high": "high",
            "linkId": "linkId",
            "options": "options",
            "conditions": "conditions",
        }
        name = names.get(field, field)
        target: QWidget | None = self.boxes[name].editor if name in self.boxes else self.lists.get(name)
        if target is None:
            target = self._flags.get(name, self.boxes["text"].editor)
        if isinstance(target, Lines):
            self.ensureWidgetVisible(target)
            target.focusNextChild()
            return
        target.setFocus()
        self.ensureWidgetVisible(target)

    @Slot()
    def refresh(self) -> None:
        """Show the chosen item."""
        item = self._model.sketch.item
        self._empty.setVisible(item is None)
        for box in self.boxes.values():
            box.setVisible(item is not None)
        for widget in (*self.lists.values(), *self._flags.values()):
            widget.setVisible(item is not None)
        if item is None:
            return
        self._sheet.setEnabled(self._model.is_open)
        self._show(item)
        self._show_mistakes()

    def _make(self) -> None:
        say, sheet, model = self._say, self._sheet, self._model
        self._add(words("text", say("designer.text"), 3, sheet, lambda v: self._put("text", v.strip())))
        self._add(
            choice(
                "type",
                say("designer.type"),
                [(t, say(f"designer.kind.{t}")) for t in TYPES],
                sheet,
                self._retype,
            )
        )
        flags = QGridLayout()
        for n, name in enumerate(("required", "repeats", "readOnly", "hidden", "signature")):
            box = QCheckBox(say(f"designer.flag.{name}"), sheet)
            box.setObjectName(f"flag_{name}")
            box.clicked.connect(lambda on, name=name: self._flag(name, on))
            flags.addWidget(box, n // 3, n % 3)
            self._flags[name] = box
        self._column.addLayout(flags)
        self._factors = Picker(
            "factor", say("designer.factor"), sheet, model.stand_for, say("designer.factor.hint")
        )
        self._add(self._factors)
        self._list("options", Options(say, sheet), lambda v: lambda item: own.put_options(item, v))
        for name, url in (("low", own.MIN_VALUE), ("high", own.MAX_VALUE)):
            self._add(line(name, say(f"designer.{name}"), sheet, lambda v, url=url: self._limit(url, v)))
        self._add(line("unit", say("designer.unit"), sheet, self._unit, hint=say("designer.unit.hint")))
        self._add(line("decimals", say("designer.decimals"), sheet, lambda v: model.change(
            lambda item: own.put_count(item, own.MAX_DECIMAL_PLACES, v))))  # fmt: skip
        self._add(
            line(
                "maxLength",
                say("designer.longest"),
                sheet,
                lambda v: self._put("maxLength", own.number(v) if v.strip() else None),
            )
        )
        self._asked_if = Conditions(say, sheet)
        self._list("conditions", self._asked_if, self._conditions)
        behaviour = [("all", say("designer.all_of")), ("any", say("designer.any_of"))]
        self._add(
            choice(
                "behaviour",
                say("designer.behaviour"),
                behaviour,
                sheet,
                lambda v: self._put("enableBehavior", v),
            )
        )
        for name, url in EXPRESSIONS:
            hint = say("designer.expression.hint") if name == "calculated" else ""
            box = words(f"{name}_expression", say(f"designer.{name}"), 2, sheet, lambda v, url=url: model.change(
                lambda item: own.put_expression(item, url, v)), hint=hint)  # fmt: skip
            box.editor.textChanged.connect(lambda box=box: self._check_as_typed(box))  # type: ignore[attr-defined]
            self._add(box)
        self._list("checks", Checks(say, sheet), lambda v: lambda item: own.put_checks(item, v))
        controls = [(code, say(f"designer.control.{code or 'plain'}")) for code in CONTROLS]
        self._add(choice("control", say("designer.control"), controls, sheet, lambda v: model.change(
            lambda item: own.put_control(item, v))))  # fmt: skip
        self._add(line("prefix", say("designer.prefix"), sheet, lambda v: self._put("prefix", v.strip())))
        self._add(line("linkId", say("designer.link"), sheet, model.rename, hint=say("designer.link.hint")))

    def _add(self, box: FieldBox) -> None:
        self.boxes[box.name] = box
        self._column.addWidget(box)

    def _list(self, name: str, widget: Lines, change: Callable[[Any], Callable[[Item], Item]]) -> None:
        widget.changed.connect(lambda lines: self._model.change(change(lines)))
        self.lists[name] = widget
        self._column.addWidget(widget)

    @Slot()
    def _offer_factors(self) -> None:
        none = ("", self._say("designer.factor.none"))
        listed = [(code, f"{label}（{code}）") for code, label in self._model.factors]
        self._factors.offer([none, *listed])

    def _put(self, key: str, value: Any) -> None:
        self._model.change(lambda item: own.put(item, key, value))

    def _limit(self, url: str, text: str) -> None:
        self._model.change(lambda item: own.put_limit(item, url, text))

    def _unit(self, text: str) -> None:
        display, _, code = text.partition("=")
        self._model.change(lambda item: own.put_unit(item, code.strip(), display.strip()))

    def _flag(self, name: str, on: bool) -> None:
        if name == "hidden":
            self._model.change(lambda item: own.put_hidden(item, on))
        elif name == "signature":
            self._model.change(lambda item: own.put_signature(item, on))
        else:
            self._put(name, on)

    def _retype(self, kind: str) -> None:
        def change(item: Item) -> Item:
            made = {**item, "type": kind}
            if kind not in CHOICES:
                made = own.put(made, "answerOption", None)
            elif not made.get("answerOption"):
                made = own.put_options(made, [own.OptionLine("a1", ""), own.OptionLine("a2", "")])
            return made if kind != "display" else own.put(own.put(made, "required", None), "repeats", None)

        self._model.change(change)

    def _conditions(self, lines: Any) -> Callable[[Item], Item]:
        earlier = self._earlier()
        all_of = self.boxes["behaviour"].value() != "any"
        return lambda item: own.put_conditions(item, lines, earlier, all_of=all_of)

    def _earlier(self) -> dict[str, Item]:
        """Return the questions before the chosen item by link id: what a condition may look at."""
        state = self._model.sketch.state
        found: dict[str, Item] = {}
        for path, item in walk(state.resource):
            if state.path is None or path >= state.path:
                break
            if item.get("type") not in ("group", "display"):
                found[str(item.get("linkId"))] = item
        return found

    def _show(self, item: Item) -> None:
        kind = str(item.get("type"))
        values = {
            "text": item.get("text", ""), "type": kind, "low": own.limit(item, own.MIN_VALUE),
            "high": own.limit(item, own.MAX_VALUE), "unit": _unit_words(item),
            "decimals": own.limit(item, own.MAX_DECIMAL_PLACES), "maxLength": item.get("maxLength", ""),
            "behaviour": item.get("enableBehavior", "all"), "control": own.control(item),
            "prefix": item.get("prefix", ""), "factor": own.factor(item), "linkId": item.get("linkId", ""),
            **{f"{name}_expression": own.expression(item, url) for name, url in EXPRESSIONS},
        }  # fmt: skip
        for name, value in values.items():
            box = self.boxes[name]
            if str(box.value() or "") != str(value or ""):
                box.set_value(value)
        flags = {
            "required": bool(item.get("required")), "repeats": bool(item.get("repeats")),
            "readOnly": bool(item.get("readOnly")), "hidden": own.flag(item, own.HIDDEN),
            "signature": own.flag(item, own.SIGNATURE_REQUIRED),
        }  # fmt: skip
        for name, on in flags.items():
            self._flags[name].setChecked(on)
        conditions, earlier = own.conditions(item), self._earlier()
        self._asked_if.show_for(conditions, earlier)
        self.lists["options"].show_lines(own.options(item))
        self.lists["checks"].show_lines(own.checks(item))
        self._show_what_fits(kind, several=len(conditions) > 1, question=kind not in ("group", "display"))

    def _show_what_fits(self, kind: str, *, several: bool, question: bool) -> None:
        shown = {
            "low": kind in (*NUMBERS, "date"), "high": kind in (*NUMBERS, "date"), "unit": kind in NUMBERS,
            "decimals": kind == "decimal", "maxLength": kind in TEXTS, "behaviour": several,
            "calculated_expression": question and kind != "attachment", "initial_expression": question,
            "factor": question, "control": kind != "display",
        }  # fmt: skip
        for name, visible in shown.items():
            self.boxes[name].setVisible(visible)
        for name in ("required", "readOnly", "signature"):
            self._flags[name].setVisible(question)
        self._flags["repeats"].setVisible(kind != "display")
        self.lists["options"].setVisible(kind in CHOICES)
        self.lists["checks"].setVisible(question or kind == "group")

    def _check_as_typed(self, box: FieldBox) -> None:
        text = str(box.value() or "").strip()
        problem = problem_of(text) if text else None
        sentence = self._say(problem[0].code, **problem[0].facts) if problem is not None else ""
        if box.error != sentence:  # styles are worked out anew by it
            box.show_error(sentence)

    @Slot()
    def _show_mistakes(self) -> None:
        """Put each mistake of the chosen item below its field."""
        path = self._model.sketch.state.path
        told: dict[str, str] = {}
        for one in self._model.mistakes:
            if one.path == path and path is not None:
                told.setdefault(one.field, one.text)
        for name, box in self.boxes.items():
            if not name.endswith("_expression"):
                sentence = told.get(name, "")
                if box.error != sentence:
                    box.show_error(sentence)


def _unit_words(item: Item) -> str:
    code, display = own.unit(item)
    return display if code in ("", display) else f"{display}={code}"
