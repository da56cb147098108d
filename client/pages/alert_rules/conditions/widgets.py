"""Rows of further conditions: a field, how it is compared, and with what."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from client.pages.alert_rules.conditions.fields import BARE, Known
from client.pages.alert_rules.words import SIGNS
from client.station import Context
from domain.alerts.parts import Condition


class Conditions(QWidget):
    """Any number of conditions, all of which have to hold beside the rule's own."""

    changed = Signal()

    def __init__(
        self, fields: Sequence[Known], given: Sequence[Condition], context: Context, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._fields, self._context = fields, context
        self._rows: list[ConditionRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._more = QPushButton(context.say("alert_rules.condition_add"), self)
        self._more.setObjectName("condition_add")
        self._more.clicked.connect(self._add_new)
        self._column.addWidget(self._more)
        self.setFocusProxy(self._more)
        for one in given:
            self._add(one)

    def value(self) -> tuple[Condition, ...]:
        """Return the conditions as they stand."""
        return tuple(row.value() for row in self._rows)

    def _add(self, one: Condition | None) -> "ConditionRow":
        row = ConditionRow(len(self._rows), self._fields, one, self._context, self)
        row.changed.connect(self.changed)
        row.removed.connect(self._remove)
        self._rows.append(row)
        self._column.insertWidget(self._column.count() - 1, row)
        return row

    def _add_new(self) -> None:
        self._add(None).field.setFocus()
        self.changed.emit()

    def _remove(self, row: "ConditionRow") -> None:
        left = [one.value() for one in self._rows if one is not row]
        for one in self._rows:
            self._column.removeWidget(one)
            one.deleteLater()
        self._rows = []
        for condition in left:  # made anew, so that each is called by its present number
            self._add(condition)
        self._more.setFocus()
        self.changed.emit()


class ConditionRow(QWidget):
    """One condition."""

    changed = Signal()
    removed = Signal(object)

    def __init__(
        self, at: int, fields: Sequence[Known], given: Condition | None, context: Context, parent: QWidget
    ) -> None:
        super().__init__(parent)
        say = context.say
        self._fields, self._say = {one.name: one for one in fields}, say
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.field, self.op = QComboBox(self), QComboBox(self)
        self.choice, self.typed = QComboBox(self), QLineEdit(self)
        for one in fields:
            self.field.addItem(one.label, one.name)
        remove = QPushButton(say("alert_rules.condition_remove", number=at + 1), self)
        parts = {
            "field": self.field,
            "op": self.op,
            "choice": self.choice,
            "typed": self.typed,
            "remove": remove,
        }
        for name, part in parts.items():
            part.setObjectName(f"condition_{name}_{at}")
            if part is not remove:
                part.setAccessibleName(say("alert_rules.condition_part", number=at + 1))
        for part, share in ((self.field, 3), (self.op, 2), (self.choice, 3), (self.typed, 3), (remove, 0)):
            row.addWidget(part, share)
        remove.clicked.connect(lambda: self.removed.emit(self))
        if given is not None and given.field in self._fields:
            self.field.setCurrentIndex(self.field.findData(given.field))
        self._show_field()
        if given is not None:
            self._fill(given)
        self.field.currentIndexChanged.connect(self._other_field)
        self.op.currentIndexChanged.connect(self._other_op)
        self.choice.currentIndexChanged.connect(lambda _at: self.changed.emit())
        self.typed.textChanged.connect(lambda _text: self.changed.emit())

    def value(self) -> Condition:
        """Return the condition; a number where the field is one and what was typed can be read."""
        known, op = self._fields[self.field.currentData()], self.op.currentData()
        if op in BARE:
            return Condition(known.name, op)
        if known.choices:
            return Condition(known.name, op, self.choice.currentData())
        text = self.typed.text().strip()
        if known.numeric:
            try:
                number = float(text)
            except ValueError:
                return Condition(known.name, op, text)
            return Condition(known.name, op, int(number) if number.is_integer() else number)
        return Condition(known.name, op, text)

    def _fill(self, given: Condition) -> None:
        self.op.setCurrentIndex(max(0, self.op.findData(given.op)))
        self.choice.setCurrentIndex(max(0, self.choice.findData(given.value)))
        self.typed.setText("" if given.value is None else f"{given.value}")
        self._show_value()

    def _show_field(self) -> None:
        known = self._fields[self.field.currentData()]
        self.op.clear()
        for op in known.ops:
            self.op.addItem(SIGNS.get(op) or self._say(f"alert_rules.bare.{op}"), op)
        self.choice.clear()
        for value, label in known.choices:
            self.choice.addItem(label, value)
        self._show_value()

    def _show_value(self) -> None:
        known, bare = self._fields[self.field.currentData()], self.op.currentData() in BARE
        self.choice.setVisible(bool(known.choices) and not bare)
        self.typed.setVisible(not known.choices and not bare)

    def _other_field(self) -> None:
        self._show_field()
        self.changed.emit()

    def _other_op(self) -> None:
        self._show_value()
        self.changed.emit()
