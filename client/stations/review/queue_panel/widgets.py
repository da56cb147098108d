"""How a line of the queue is drawn, and the row of reasons above."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from client.stations.review.case import CaseKey
from client.stations.review.drawing import draw_badge, draw_ground, draw_text, face, ink
from client.stations.review.queue_model import ROW_ROLE
from client.stations.review.queue_rows import QueueRow
from client.stations.review.wording import URGENCY_TONE, Wording

ROW_HEIGHT = 58
Index = QModelIndex | QPersistentModelIndex


class QueueDelegate(QStyledItemDelegate):
    """Two lines a case: urgency, name, due time; number, state, how often it came back."""

    def __init__(self, wording: Wording, returns: Callable[[int], str], parent: QWidget) -> None:
        super().__init__(parent)
        self._wording = wording
        self._returns = returns
        self.open_key: CaseKey | None = None

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: QueueRow = index.data(ROW_ROLE)
        painter.save()
        self._ground(painter, option, row)
        box = QRectF(option.rect).adjusted(12, 6, -10, -6)
        upper = QRectF(box.left(), box.top(), box.width(), box.height() / 2)
        lower = QRectF(box.left(), box.center().y(), box.width(), box.height() / 2)
        self._upper(painter, row, upper, option.font.family())
        self._lower(painter, row, lower, option.font.family())
        painter.restore()

    def _upper(self, painter: QPainter, row: QueueRow, box: QRectF, family: str) -> None:
        small = face(family, 12)
        words = self._wording
        used = (
            draw_badge(
                painter,
                words.urgency(row.urgency),
                box,
                URGENCY_TONE[row.urgency],
                face(family, 12, heavy=True),
            )
            + 6
        )
        used += (
            draw_text(painter, row.name, box.adjusted(used, 0, 0, 0), "text", face(family, 15, heavy=True))
            + 6
        )
        used += draw_text(painter, words.sex(row.sex), box.adjusted(used, 0, 0, 0), "muted", small) + 6
        draw_text(painter, words.state(row.state), box.adjusted(used, 0, 0, 0), "text", small, right=True)

    def _lower(self, painter: QPainter, row: QueueRow, box: QRectF, family: str) -> None:
        small = face(family, 12)
        due, tone = self._wording.due(row)
        used = (
            draw_text(painter, due, box, tone or "muted", face(family, 12, heavy=True) if tone else small) + 8
        )
        back = self._returns(row.returns) if row.returns else ""
        rest = box.adjusted(used, 0, 0, 0)
        draw_text(painter, back or row.number[-6:], rest, "warning" if back else "muted", small, right=True)

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, row: QueueRow) -> None:
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        draw_ground(painter, rect, chosen=chosen)
        if row.key == self.open_key:
            painter.fillRect(rect.left(), rect.top(), 5, rect.height(), ink("primary"))
        if chosen and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(ink("focus"))
            painter.drawRect(rect.adjusted(0, 0, -1, -2))


class QueueList(QListView):
    """Up and down move, Enter opens; a click opens as well."""

    opened = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("review_queue")
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(False)
        self.clicked.connect(self._clicked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter; everything else moves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())


class ReasonBar(QFrame):
    """One small button ``reason_<name>`` a part of the queue, with how many wait in it."""

    chosen = Signal(str)

    def __init__(self, reasons: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("review_reasons")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        self._grid = grid
        self._buttons: dict[str, QPushButton] = {}
        for number, reason in enumerate(reasons):
            button = QPushButton(self)
            button.setObjectName(f"reason_{reason.replace(':', '_')}")
            button.setProperty("reason", reason)
            button.setStyleSheet("padding: 0 2px; height: 26px; font-size: 13px; min-width: 0;")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self._clicked)
            self._buttons[reason] = button
            grid.addWidget(button, number // 3, number % 3)

    def show_counts(self, texts: dict[str, str], chosen: str) -> None:
        """Show the text of each reason and which is chosen; one without a text is not shown."""
        for button in self._buttons.values():
            self._grid.removeWidget(button)
        for number, reason in enumerate(r for r in self._buttons if r in texts):
            self._grid.addWidget(self._buttons[reason], number // 3, number % 3)
        for reason, button in self._buttons.items():
            button.setVisible(reason in texts)
            if reason not in texts:
                continue
            button.setText(texts[reason])
            button.setAccessibleName(texts[reason])
            button.setProperty("primary", "true" if reason == chosen else "")
            button.style().unpolish(button)
            button.style().polish(button)

    @Slot()
    def _clicked(self) -> None:
        self.chosen.emit(self.sender().property("reason"))
