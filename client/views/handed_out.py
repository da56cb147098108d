"""A screen in a client's hands: full, over everything, no way out but the password of whoever handed it over.

Scans come to it (`take_scan`) and to nothing beneath it. The system's own keys (switching programs) are the
workstation's matter: a machine that stands as a kiosk locks them.
"""

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from client.station import Context
from client.unlocking import check_password
from client.views.in_hands import MARK
from domain.kernel.errors import KnownError

LETTERS_PX = 22
BUTTON_PX = 56


class HandedOut(QDialog):
    """The base; `left` tells that the staff have the screen again. A subclass lays itself out."""

    left = Signal()

    def __init__(self, context: Context, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.context = context
        self._say = context.say
        self._free = False
        self.setObjectName(name)
        self.setProperty(MARK, True)
        self.setWindowFlags(
            Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        )
        self.setModal(True)
        self.setStyleSheet(
            f"#{name} QLabel, #{name} QPushButton, #{name} QLineEdit {{ font-size: {LETTERS_PX}px; }}"
        )

    def take_scan(self, text: str) -> None:
        """Take what was scanned while this is on the screen."""
        raise NotImplementedError

    def go(self) -> None:
        """Let go of everything and close; also by a subclass whose client has done."""
        if not self._free:
            self._free = True
            self.let_go()
            self.accept()
            self.left.emit()
            self.deleteLater()

    def let_go(self) -> None:
        """Stop what runs behind the screen; called once, before it closes."""

    def button(self, name: str, code: str, act: Any) -> QPushButton:
        """Return a button that is large enough for a finger."""
        button = QPushButton(self._say(code), self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.setMinimumHeight(BUTTON_PX)
        button.clicked.connect(act)
        return button

    def words(self, name: str, said: str) -> QLabel:
        """Return a label that fills the screen."""
        label = QLabel(said, self)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return label

    def staff_line(self) -> QWidget:
        """Return the line at the foot: the password, small, out of the client's way."""
        part = QFrame(self)
        row = QHBoxLayout(part)
        row.setContentsMargins(0, 0, 0, 0)
        self._refused = QLabel(part)
        self._refused.setObjectName("kiosk_refused")
        self._refused.setProperty("role", "error")
        row.addWidget(self._refused)
        row.addStretch(1)
        self.password = QLineEdit(part)
        self.password.setObjectName("kiosk_password")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(self._say("kiosk.password", name=self.context.actor.name))
        self.password.setAccessibleName(self.password.placeholderText())
        self.password.setFixedWidth(360)
        self.password.returnPressed.connect(self._unlock)
        row.addWidget(self.password)
        row.addWidget(self.button("kiosk_unlock", "kiosk.unlock", self._unlock))
        return part

    @Slot()
    def _unlock(self) -> None:
        password, context = self.password.text(), self.context
        self.password.clear()
        self._refused.setText("")
        job = context.jobs.write(lambda _job: check_password(context, password), "kiosk")
        job.succeeded.connect(self._let_out)
        job.refused.connect(self._not_out)

    @Slot(object)
    def _let_out(self, _nothing: object) -> None:
        self.go()

    @Slot(object)
    def _not_out(self, error: KnownError) -> None:
        self._refused.setText(self.context.desk.texts.explain(error))
        self.password.setFocus()

    def reject(self) -> None:
        """Esc closes nothing."""

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nor does the window system, until the password was right."""
        if self._free:
            super().closeEvent(event)
        else:
            event.ignore()
