"""How a lane is drawn: a bar of its shares, and a card for each count. Cards take the arrows and Enter."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from client.appearance import COLOURS
from client.stations.review.drawing import draw_text, face

CARD_PX, BAR_PX = 92, 10
TONES = ("faint", "primary", "success", "warning", "male", "female")
"""Colours of the shares, in the order of the states; each card has the same one at its left edge."""


class ShareBar(QWidget):
    """Shares of a whole, side by side; what is late is told by the cards, in words."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(BAR_PX)
        self._shares: list[int] = []

    def show_shares(self, shares: list[int]) -> None:
        """Take new shares."""
        self._shares = shares
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect())
        painter.fillRect(box, COLOURS["border"])
        total, left = sum(self._shares), box.left()
        for at, share in enumerate(self._shares):
            if share and total:
                width = box.width() * share / total
                painter.fillRect(QRectF(left, 0, max(width, 3), box.height()), tone(at))
                left += width


def tone(at: int) -> object:
    """Return the colour of the share at a place."""
    return COLOURS[TONES[at % len(TONES)]]


class CountCard(QAbstractButton):
    """One count: what of, how many, how many late; the arrows go to its neighbours and to other lanes."""

    moved = Signal(int, int)
    """Steps to the right and down."""

    def __init__(self, at: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._at = at
        self._label, self._count, self._late = "", 0, ""
        self.setFixedHeight(CARD_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_count(self, label: str, count: int, late: str) -> None:
        """Take what is shown; the screen reader says the same."""
        self._label, self._count, self._late = label, count, late
        self.setAccessibleName("，".join(part for part in (label, f"{count:,}", late) if part))
        self.setToolTip(self.accessibleName())
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move, Enter opens."""
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.moved.emit(-1 if key == Qt.Key.Key_Left else 1, 0)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(0, -1 if key == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        family = self.font().family()
        painter.fillRect(box, COLOURS["danger_soft" if self._late else "surface"])
        painter.setPen(QPen(COLOURS["focus" if self.hasFocus() else "border"], 3 if self.hasFocus() else 1))
        painter.drawRect(box)
        painter.fillRect(QRectF(box.left(), box.top(), 5, box.height()), tone(self._at))
        inside = box.adjusted(16, 8, -10, -8)
        third = inside.height() / 3
        self._line(
            painter,
            QRectF(inside.left(), inside.top(), inside.width(), third),
            self._label,
            "muted",
            family,
            14,
        )
        middle = QRectF(inside.left(), inside.top() + third, inside.width(), third)
        self._line(painter, middle, f"{self._count:,}", "text", family, 22, heavy=True)
        below = QRectF(inside.left(), inside.top() + 2 * third, inside.width(), third)
        self._line(painter, below, self._late, "danger", family, 13)

    @staticmethod
    def _line(
        painter: QPainter, box: QRectF, said: str, colour: str, family: str, size: int, *, heavy: bool = False
    ) -> None:  # fmt: skip
        draw_text(painter, said, box, colour, face(family, size, heavy=heavy))
