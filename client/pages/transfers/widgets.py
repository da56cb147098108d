"""Asking how fast files may go up, and from when to when."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from client.pages.transfers.viewmodel import ViewModel
from client.views.dialog import Dialog
from client.views.forms import FieldBox

WIDTH_PX = 480
FIELDS = (("limit_kib", 1_000_000, 64), ("limit_from", 24, 1), ("limit_to", 24, 1))
"""Name, largest value and step of each number."""


class LimitDialog(Dialog):
    """Three numbers; Enter keeps them, Esc leaves everything as it was."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        say, settings = model.context.say, model.context.desk.settings
        super().__init__(say("transfers.limit_title"), parent)
        self.setObjectName("limit_dialog")
        self._model = model
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 16)
        column.setSpacing(12)
        why = QLabel(say("transfers.limit_why"), self)
        why.setWordWrap(True)
        column.addWidget(why)
        now = (settings.upload_limit_kib, settings.upload_limit_from, settings.upload_limit_to)
        self._numbers: list[QSpinBox] = []
        for (name, most, step), value in zip(FIELDS, now, strict=True):
            number = QSpinBox(self)
            number.setRange(0, most)
            number.setSingleStep(step)
            number.setValue(value)
            column.addWidget(FieldBox(name, say(f"transfers.{name}"), number, required=True, parent=self))
            self._numbers.append(number)
        row = QHBoxLayout()
        row.addStretch(1)
        for name, words, slot in (
            ("limit_cancel", say("form.cancel"), self.reject), ("limit_go", say("transfers.limit_go"), self._keep),
        ):  # fmt: skip
            button = QPushButton(words, self)
            button.setObjectName(name)
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            row.addWidget(button)
        button.setProperty("primary", "true")
        button.setDefault(True)
        column.addLayout(row)
        self.setFixedWidth(WIDTH_PX)
        self._numbers[0].setFocus()
        self._numbers[0].selectAll()

    @Slot()
    def _keep(self) -> None:
        kib, begins, ends = (number.value() for number in self._numbers)
        self._model.limit(kib, begins, ends)
        self.accept()
