"""A QR code as large as a phone likes it, the link under it, and until when it holds; Esc or Enter closes."""

from typing import Any, NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from client.phone_link import HandedOver
from client.views.dialog import Dialog
from devices.labels.symbols import qr_modules
from domain.kernel.clock import clinic

SIDE_PX, WIDTH_PX = 320, 480
QUIET_MODULES = 4
"""White around the code that ISO/IEC 18004 asks for."""


class QrCode(QWidget):
    """Black on white in every theme: scanners need it."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("phone_code")
        self.setFixedSize(SIDE_PX, SIDE_PX)
        self._modules = qr_modules(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw whole pixels, so that edges stay sharp."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("white"))
        side = len(self._modules) + 2 * QUIET_MODULES
        step = SIDE_PX // side
        start = (SIDE_PX - step * len(self._modules)) // 2
        for row, line in enumerate(self._modules):
            for column, dark in enumerate(line):
                if dark:
                    painter.fillRect(
                        QRectF(start + column * step, start + row * step, step, step), QColor("black")
                    )
        painter.end()


class Words(NamedTuple):
    """Texts of the dialog: what to do, how, until when (`at` is given), and what the code waits for."""

    title: str
    how: str
    until: str
    line: str


FORM = Words(
    "front_desk.phone.title", "front_desk.phone.how", "front_desk.phone.until", "front_desk.phone.line"
)
CONSENT = Words(
    "consent_page.phone.title", "consent_page.phone.how", "consent_page.phone.until", "record.share.line"
)
REPORT = Words("record.share.title", "record.share.how", "record.share.until", "record.share.line")


class PhoneDialog(Dialog):
    """What the nurse turns towards the client; the words are those of what is opened."""

    def __init__(
        self, handed: HandedOver, context: Any, parent: QWidget, words: Words = FORM, **facts: Any
    ) -> None:
        say = context.say
        super().__init__(say(words.title), parent)
        self.setObjectName("phone_dialog")
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 20, 28, 18)
        column.setSpacing(12)
        column.addWidget(QrCode(handed.address, self), alignment=Qt.AlignmentFlag.AlignHCenter)
        until = say(words.until, at=f"{clinic(handed.expires_at):%Y-%m-%d %H:%M}", **facts)
        for name, sentence in (("phone_how", say(words.how)), ("phone_until", until),
                            ("phone_line", say(words.line))):  # fmt: skip
            told = QLabel(sentence, self)
            told.setObjectName(name)
            told.setWordWrap(True)
            column.addWidget(told)
        address = QLabel(handed.address, self)
        address.setObjectName("phone_address")
        address.setWordWrap(True)
        address.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        column.addWidget(address)
        close = QPushButton(say("front_desk.phone.close"), self)
        close.setObjectName("phone_close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column.addWidget(close)
        # Wrapped lines have no height of their own until the width is known.
        self.setFixedSize(WIDTH_PX, column.heightForWidth(WIDTH_PX))
