"""The picture of the trail: lanes of cells, walked with the arrow keys, looked into with Enter or a click."""

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from client.appearance import COLOURS
from client.pages.trail.chart import CELLS, Chart
from client.station import Context
from domain.kernel.clock import clinic

LANE_HEIGHT = 24
LABEL_WIDTH = 132
AXIS_HEIGHT = 22
TICKS = 6
ARROWS = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip


class Picture(QWidget):
    """Drawn of a `Chart`: how much is told by height and number, refusals by a cross besides the colour."""

    asked = Signal(int)
    """A cell is to be looked into."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._chart: Chart | None = None
        self._at = (0, 0)
        self.setObjectName("trail_picture")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(context.say("trail.picture"))
        self.setMinimumHeight(AXIS_HEIGHT + 2 * LANE_HEIGHT)

    def show_chart(self, chart: Chart | None) -> None:
        """Draw another picture; the cell under the keys begins at the last one that has something."""
        self._chart = chart
        lanes = chart.lanes if chart is not None else ()
        self._at = (0, max(lanes[0].cells, default=0)) if lanes else (0, 0)
        self.setMinimumHeight(AXIS_HEIGHT + max(2, len(lanes)) * LANE_HEIGHT)
        self.setMaximumHeight(AXIS_HEIGHT + max(2, len(lanes)) * LANE_HEIGHT)
        self._tell()
        self.update()

    def told(self) -> str:
        """Return the cell under the keys as a sentence."""
        chart, (lane, cell) = self._chart, self._at
        if chart is None or not chart.lanes:
            return self._context.say("trail.nothing")
        row = chart.lanes[lane]
        since, until = chart.span(cell)
        found = row.cells.get(cell)
        return self._context.say(
            "trail.cell", who=row.label, since=f"{clinic(since):%m-%d %H:%M}", until=f"{clinic(until):%m-%d %H:%M}",
            count=found.count if found else 0, refused=found.refused if found else 0,
        )  # fmt: skip

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk from cell to cell; Enter looks into one."""
        lanes = len(self._chart.lanes) if self._chart is not None else 0
        step = ARROWS.get(Qt.Key(event.key()))
        if step is not None and lanes:
            lane, cell = self._at
            self._at = ((lane + step[0]) % lanes, min(CELLS - 1, max(0, cell + step[1])))
            self._tell()
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and lanes:
            self.asked.emit(self._at[1])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Look into the cell that was clicked."""
        found = self._cell_at(event.position().toPoint())
        if found is not None:
            self._at = found
            self._tell()
            self.asked.emit(found[1])

    def event(self, event: QEvent) -> bool:
        """Tell what a cell under the mouse is."""
        if isinstance(event, QHelpEvent) and (found := self._cell_at(event.pos())) is not None:
            before, self._at = self._at, found
            QToolTip.showText(event.globalPos(), self.told(), self)
            self._at = before
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the lanes."""
        painter = QPainter(self)
        chart = self._chart
        if chart is None:
            return
        muted, line = QColor(COLOURS["muted"]), QColor(COLOURS["border"])
        usual, bad = QColor(COLOURS["primary"]), QColor(COLOURS["danger"])
        wide = self._wide()
        most = max((cell.count for lane in chart.lanes for cell in lane.cells.values()), default=1)
        text = self.palette().windowText().color()
        for number, lane in enumerate(chart.lanes):
            top = number * LANE_HEIGHT
            painter.setPen(text)
            name = self.fontMetrics().elidedText(lane.label, Qt.TextElideMode.ElideRight, LABEL_WIDTH - 12)
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(QRectF(0, top, LABEL_WIDTH - 8, LANE_HEIGHT), middle, name)
            painter.setPen(line)
            painter.drawLine(LABEL_WIDTH, top + LANE_HEIGHT - 1, self.width(), top + LANE_HEIGHT - 1)
            for at, cell in lane.cells.items():
                high = 4 + (LANE_HEIGHT - 7) * (cell.count / most) ** 0.5
                left = LABEL_WIDTH + at * wide
                painter.fillRect(
                    QRectF(left + 0.5, top + LANE_HEIGHT - 2 - high, max(2.0, wide - 1.5), high), usual
                )
                if cell.refused:
                    painter.setPen(QPen(bad, 2))
                    x, y = left + wide / 2, top + 6.0
                    painter.drawLine(QPoint(int(x - 3), int(y - 3)), QPoint(int(x + 3), int(y + 3)))
                    painter.drawLine(QPoint(int(x - 3), int(y + 3)), QPoint(int(x + 3), int(y - 3)))
        below = len(chart.lanes) * LANE_HEIGHT
        painter.setPen(muted)
        for tick in range(TICKS + 1):
            when = chart.since + (chart.until - chart.since) * tick / TICKS
            x = LABEL_WIDTH + (self.width() - LABEL_WIDTH) * tick / TICKS
            side = Qt.AlignmentFlag.AlignLeft if tick < TICKS else Qt.AlignmentFlag.AlignRight
            left = x if tick < TICKS else x - 90
            painter.drawText(
                QRectF(left, below + 2, 90, AXIS_HEIGHT - 4), side, f"{clinic(when):%m-%d %H:%M}"
            )
        if self.hasFocus() and chart.lanes:
            painter.setPen(QPen(text, 2))
            painter.drawRect(
                QRectF(
                    LABEL_WIDTH + self._at[1] * wide,
                    self._at[0] * LANE_HEIGHT + 1,
                    max(4.0, wide),
                    LANE_HEIGHT - 3,
                )
            )

    def _wide(self) -> float:
        return max(1.0, (self.width() - LABEL_WIDTH) / CELLS)

    def _cell_at(self, point: QPoint) -> tuple[int, int] | None:
        lanes = len(self._chart.lanes) if self._chart is not None else 0
        lane, cell = point.y() // LANE_HEIGHT, int((point.x() - LABEL_WIDTH) / self._wide())
        return (lane, cell) if lane < lanes and point.x() >= LABEL_WIDTH and 0 <= cell < CELLS else None

    def _tell(self) -> None:
        self.setAccessibleDescription(self.told())
