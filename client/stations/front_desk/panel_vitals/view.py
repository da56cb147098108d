"""What was measured and waits, large and to be seen from a step away; and the fields for when a device fails."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from client.stations.front_desk.measuring import GROUPS, TYPED, UNITS, PendingValue
from client.stations.front_desk.progress import arrow
from client.stations.front_desk.widgets import Card, Strip, set_tone, text
from client.views.forms import FieldBox, latin_only
from domain.catalog.units import shown_unit
from domain.kernel.clock import clinic

CELLS_A_ROW = 3
SAID_FLAGS = ("irregular_pulse", "unchecked", "untried")
TONES = {"H": "warning", "L": "warning", "HH": "danger", "LL": "danger", "A": "warning", "AA": "danger"}


class PendingPanel(Card):
    """Every set that waits for its confirmation; hidden when there is none. Stands above whatever step is on."""

    def __init__(self, model: Any, context: Any, parent: QWidget) -> None:
        super().__init__("pending", "", parent)
        self._model, self._say = model, context.say
        self._context = context
        self._values = QGridLayout()
        self._values.setSpacing(8)
        self.flags = text("pending_flags", self, "error")
        self.keys = text("pending_keys", self, "subtitle")
        self.keys.setText(self._say("front_desk.pending_keys"))
        self.body.addLayout(self._values)
        self.body.addWidget(self.flags)
        self.body.addWidget(self.keys)
        self._cells: list[_PendingCell] = []
        model.pending_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Draw what waits."""
        pending = list(self._model.pending.values())
        values = [value for one in pending for value in one.values]
        while len(self._cells) < len(values):
            cell = _PendingCell(self, self._context)
            self._cells.append(cell)
            place = len(self._cells) - 1
            self._values.addWidget(cell, place // CELLS_A_ROW, place % CELLS_A_ROW)
        for place, cell in enumerate(self._cells):
            cell.setVisible(place < len(values))
            if place < len(values):
                cell.show_value(values[place])
        devices = "、".join(dict.fromkeys(one.device or "" for one in pending))
        self.title.setText(self._say("front_desk.pending", device=devices))
        self.title.setVisible(bool(values))
        told = {flag for one in pending for flag in one.flags}
        hints = [self._say(f"front_desk.{flag}") for flag in SAID_FLAGS if flag in told]
        self.flags.setText("\n".join(hints))
        self.flags.setVisible(bool(hints))
        self.setVisible(bool(values))


class _PendingCell(QWidget):
    def __init__(self, parent: QWidget, context: Any) -> None:
        super().__init__(parent)
        self._say = context.say
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 6, 6)
        column.setSpacing(0)
        self.label = text("", self, "muted")
        self.number = text("", self, "big")
        self.last = text("", self, "muted")
        for widget in (self.label, self.number, self.last):
            column.addWidget(widget)

    def show_value(self, value: PendingValue) -> None:
        self.setObjectName(f"pending_{value.item}")
        self.label.setText(f"{value.label}  {value.unit}")
        self.number.setText(f"{value.text}{arrow(value.flag)}")
        last = value.last
        told = self._say("front_desk.first_time")
        if last is not None:
            told = self._say("front_desk.last", value=last.text, at=f"{clinic(last.at):%Y-%m-%d}")
        self.last.setText(told)
        set_tone(self, TONES.get(value.flag, "info"))
        self.setAccessibleName(f"{value.label} {value.text} {value.unit}{arrow(value.flag)} {told}")


class MeasurePanel(QWidget):
    """One group (pressure or body): what to do, and manual entry with an error beside each field."""

    def __init__(self, group: str, model: Any, context: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(group)
        self.group = group
        self._model = model
        say = context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        card = Card(f"{group}_card", say(f"front_desk.{group}.title"), self)
        hint = text(f"{group}_hint", card, wrap=True)
        hint.setText(say(f"front_desk.{group}.hint"))
        self.notice = Strip(f"{group}_notice", card)
        manual = text(f"{group}_manual", card, "muted")
        manual.setText(say("front_desk.manual"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        self.fields: dict[str, FieldBox] = {}
        for place, item in enumerate(TYPED[group]):
            editor = latin_only(QLineEdit(card))
            editor.setMaxLength(8)
            editor.returnPressed.connect(self._entered)
            unit = shown_unit(UNITS[item])
            box = FieldBox(item, say(f"front_desk.item.{item}"), editor, unit=unit, parent=card)
            self.fields[item] = box
            grid.addWidget(box, 0, place, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(place, 1)
        for widget in (hint, self.notice):
            card.body.addWidget(widget)
        card.body.addSpacing(12)
        card.body.addWidget(manual)
        card.body.addLayout(grid)
        card.body.addStretch(1)
        column.addWidget(card)
        model.field_error.connect(self._error)
        model.saved.connect(self.clear)

    def focus_first(self) -> None:
        next(iter(self.fields.values())).editor.setFocus()

    def submit(self) -> None:
        """Keep what was typed."""
        self._model.enter(self.group, {item: str(box.value()) for item, box in self.fields.items()})

    @Slot()
    def clear(self) -> None:
        """Empty the fields: they are kept, or another client is here."""
        for box in self.fields.values():
            box.set_value("")
            box.show_error("")

    @Slot()
    def _entered(self) -> None:
        """Go to the next empty field; Enter in the last one keeps the set."""
        boxes = list(self.fields.values())
        at = next(n for n, box in enumerate(boxes) if box.editor is self.sender())
        empty = [box for box in boxes[at + 1 :] if not box.value()]
        if empty and boxes[at].value():
            empty[0].editor.setFocus()
        else:
            self.submit()

    @Slot(str, str)
    def _error(self, item: str, sentence: str) -> None:
        if not item:
            for box in self.fields.values():
                box.show_error("")
        elif item in self.fields and item in GROUPS[self.group]:
            self.fields[item].show_error(sentence)
            self.fields[item].editor.setFocus()
