"""Asking what an export is for: one line, Enter to go on, Esc to leave it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from client.station import Context
from client.views.dialog import Dialog
from client.views.forms import FieldBox

WIDTH_PX = 480


class PurposeDialog(Dialog):
    """`given` carries the purpose; `why` is the sentence that says what needs one."""

    given = Signal(str)

    def __init__(self, context: Context, why: str, parent: QWidget) -> None:
        super().__init__(context.say("purpose.title"), parent)
        self.setObjectName("purpose_dialog")
        self._missing = context.say("input.missing", label=context.say("purpose.label"))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 16)
        column.setSpacing(12)
        reason = QLabel(why, self)
        reason.setObjectName("purpose_why")
        reason.setWordWrap(True)
        column.addWidget(reason)
        line = QLineEdit(self)
        line.setMaxLength(1000)
        line.returnPressed.connect(self._send)
        self._box = FieldBox("purpose", context.say("purpose.label"), line, required=True, parent=self)
        column.addWidget(self._box)
        row = QHBoxLayout()
        row.addStretch(1)
        for name, words, slot in (
            ("purpose_cancel", context.say("form.cancel"), self.reject),
            ("purpose_go", context.say("purpose.go"), self._send),
        ):
            button = QPushButton(words, self)
            button.setObjectName(name)
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            row.addWidget(button)
        button.setProperty("primary", "true")
        column.addLayout(row)
        self.setFixedWidth(WIDTH_PX)
        line.setFocus()

    @Slot()
    def _send(self) -> None:
        purpose = str(self._box.value()).strip()
        if not purpose:
            self._box.show_error(self._missing)
            return
        self.accept()
        self.given.emit(purpose)
