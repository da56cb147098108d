"""The dialog that asks for a reason: what was remarked, and one field. F9 hands in, Esc goes back to the text."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from client.station import Context
from client.views.dialog import Dialog
from client.views.forms import FieldBox

WIDTH_PX = 560


class ReasonDialog(Dialog):
    """Calls `hand_in` with the reason; nothing happens when it is left."""

    def __init__(
        self,
        context: Context,
        title: str,
        lines: Sequence[str],
        hand_in: Callable[[str], None],
        parent: QWidget,
    ) -> None:
        super().__init__(context.say("review.reason.title"), parent)
        self._context, self._hand_in = context, hand_in
        self.setObjectName("reason_dialog")
        self.setMinimumWidth(WIDTH_PX)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        head = QLabel(title, self)
        head.setObjectName("reason_head")
        head.setProperty("role", "subtitle")
        head.setWordWrap(True)
        found = QLabel("\n".join(f"· {line}" for line in lines), self)
        found.setObjectName("reason_remarks")
        found.setWordWrap(True)
        editor = QPlainTextEdit(self)
        editor.setTabChangesFocus(True)
        editor.setFixedHeight(80)
        self.box = FieldBox(
            "reason", context.say("review.reason.field"), editor, required=True,
            hint=context.say("review.reason.hint"), parent=self,
        )  # fmt: skip
        row = QHBoxLayout()
        back = QPushButton(context.say("review.reason.back"), self)
        back.setObjectName("reason_back")
        back.setDefault(True)
        back.clicked.connect(self.reject)
        send = QPushButton(context.say("review.reason.send"), self)
        send.setObjectName("reason_send")
        send.setAutoDefault(False)
        send.clicked.connect(self._send)
        row.addStretch(1)
        row.addWidget(back)
        row.addWidget(send)
        for widget in (head, found, self.box):
            column.addWidget(widget)
        column.addLayout(row)
        QShortcut(QKeySequence("F9"), self).activated.connect(self._send)
        editor.setFocus()

    @Slot()
    def _send(self) -> None:
        reason = str(self.box.value()).strip()
        if not reason:
            self.box.show_error(self._context.say("review.reason.missing"))
            self.box.editor.setFocus()
            return
        self.accept()
        self._hand_in(reason)
