"""How a line of the day is drawn, and what is told beside it."""

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListView,
    QPushButton,
    QScrollArea,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from client.stations.care_desk.day_model import LINE_ROLE
from client.stations.care_desk.lines import Line
from client.stations.review.drawing import draw_badge, draw_ground, draw_text, face, ink

ROW_HEIGHT = 58
TONES = {
    "owed": "danger",
    "alert_0": "danger",
    "overdue": "danger",
    "alert_1": "warning",
    "appointment": "warning",
}
Index = QModelIndex | QPersistentModelIndex


class LineDelegate(QStyledItemDelegate):
    """Two rows a line: band, client, what, due time; what it is about, and the next step."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: Line = index.data(LINE_ROLE)
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        draw_ground(painter, option.rect, chosen=chosen)
        if chosen and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(ink("focus"))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -2))
        box = QRectF(option.rect).adjusted(12, 6, -12, -6)
        half = box.height() / 2
        self._upper(painter, line, QRectF(box.left(), box.top(), box.width(), half), option.font.family())
        self._lower(
            painter, line, QRectF(box.left(), box.top() + half, box.width(), half), option.font.family()
        )
        painter.restore()

    def _upper(self, painter: QPainter, line: Line, box: QRectF, family: str) -> None:
        small, heavy = face(family, 13), face(family, 15, heavy=True)
        due, tone = self._model.due(line)
        right = draw_text(painter, due, box, tone or "muted", small, right=True) + 12
        box = box.adjusted(0, 0, -right, 0)
        tone = TONES.get(line.band, "")
        used = draw_badge(painter, self._model.band(line), box, tone, face(family, 12, heavy=True)) + 8
        if line.who:
            used += draw_text(painter, line.who, box.adjusted(used, 0, 0, 0), "text", heavy) + 10
        draw_text(painter, self._model.title(line), box.adjusted(used, 0, 0, 0), "text", face(family, 14))

    def _lower(self, painter: QPainter, line: Line, box: QRectF, family: str) -> None:
        small = face(family, 13)
        right = draw_text(painter, self._model.step(line), box, "primary", small, right=True) + 12
        draw_text(painter, self._model.about(line), box.adjusted(0, 0, -right, 0), "muted", small)


class DayList(QListView):
    """Up and down move, Enter does the next step."""

    next_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("care_day")
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter; everything else moves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.next_asked.emit()
        else:
            super().keyPressEvent(event)


class LinePanel(QFrame):
    """What is at hand for the chosen line, and the button of its next step."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("care_panel")
        self._model = model
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        self.heading = QLabel(self)
        self.heading.setObjectName("care_heading")
        self.heading.setProperty("role", "subtitle")
        self.heading.setWordWrap(True)
        self.due = QLabel(self)
        self.due.setObjectName("care_due")
        scroll = QScrollArea(self)
        scroll.setObjectName("care_scroll")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text = QLabel(scroll)
        self.text.setObjectName("care_text")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.text.setWordWrap(True)
        scroll.setWidget(self.text)
        self.button = QPushButton(self)
        self.button.setObjectName("care_next")
        self.button.setProperty("primary", "true")
        self.button.clicked.connect(model.do_next)
        column.addWidget(self.heading)
        column.addWidget(self.due)
        column.addWidget(scroll, 1)
        column.addWidget(self.button)
        self.show_line(None)

    def show_line(self, line: Line | None) -> None:
        """Show a line, or that none is chosen."""
        self.button.setVisible(line is not None)
        if line is None:
            self.heading.setText("")
            self.due.setText("")
            self.text.setText("")
            return
        model = self._model
        self.heading.setText("  ".join(part for part in (line.who, model.title(line)) if part))
        self.due.setText(model.due(line)[0])
        parts = [
            f"{head}\n" + "\n".join(f"· {one}" for one in said if one) for head, said in model.points(line)
        ]
        self.text.setText("\n\n".join(parts))
        self.button.setText(f"{model.step(line)}  F9")
        self.button.setAccessibleName(model.step(line))
