"""A family of tubes as a picture: one row a tube, the tree at the left, its events along one time axis at the right.

Every row is one item of the scene, which paints only what is in sight; an export paints all of them as vectors.
"""

from datetime import datetime

from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPageSize, QPainter, QPdfWriter, QPen, QPolygonF
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from client.appearance import Colours, base_font
from client.pages.lifeline.rows import Mark, Ticks, Tube

ROW_PX, BOX_PX, STEP_PX, GAP_PX, AXIS_PX, HEAD_PX = 34, 340, 20, 24, 760, 30
EDGE_PX = 4
MOST_STEPS = 14
"""Generations that are indented each by itself; a longer line of tubes goes on in the last column."""
TICKS = 5
LABEL_PX = 140


SHAPES = {
    "collected": "circle", "received": "circle", "processed": "square", "aliquoted": "square", "pooled": "square",
    "stored": "diamond", "returned": "diamond", "taken_out": "triangle", "used": "triangle", "discarded": "cross",
}  # fmt: skip
_TONES = {
    "used": "warning",
    "taken_out": "warning",
    "discarded": "danger",
    "stored": "success",
    "returned": "success",
}


class Scale:
    """The time axis of a family."""

    def __init__(self, tubes: tuple[Tube, ...]) -> None:
        times = [mark.at for tube in tubes for mark in tube.marks]
        self.begins, self.ends = (min(times), max(times)) if times else (None, None)
        deepest = min(MOST_STEPS, max((tube.depth for tube in tubes), default=0))
        self.left = EDGE_PX + deepest * STEP_PX + BOX_PX + GAP_PX
        self.width = self.left + AXIS_PX + GAP_PX

    def x(self, at: datetime) -> float:
        """Return where a time lies, in pixels."""
        if self.begins is None or self.ends is None or self.ends == self.begins:
            return float(self.left)
        return self.left + AXIS_PX * ((at - self.begins) / (self.ends - self.begins))


def box_of(depth: int) -> int:
    """Return how far the box of a generation is to the right."""
    return EDGE_PX + min(MOST_STEPS, depth) * STEP_PX


class TubeItem(QGraphicsItem):
    """One tube; it is chosen by keys of the page. `depths`: of a pool, its further sources by row."""

    def __init__(self, row: int, tube: Tube, scale: Scale, colours: Colours, font: QFont) -> None:
        super().__init__()
        self.row, self.tube, self.chosen = row, tube, False
        self.depths: dict[int, int] = {}
        self._scale, self._colours, self._font = scale, colours, font
        self._up = (row - tube.parent) if tube.parent >= 0 else 0
        away = [source - row for source in tube.sources]
        self._above, self._below = max(self._up, -min([0, *away])), max([0, *away])
        self.setPos(0, HEAD_PX + row * ROW_PX)
        self.setToolTip("\n".join(mark.words for mark in tube.marks[-12:]))

    def boundingRect(self) -> QRectF:
        rows = self._above + self._below + 1
        return QRectF(0, -self._above * ROW_PX, self._scale.width, rows * ROW_PX)

    def indent(self) -> int:
        """Return how far the box is to the right."""
        return box_of(self.tube.depth)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint lines to the parent, the box and the marks."""
        colours, tube, left = self._colours, self.tube, self.indent()
        painter.setFont(self._font)
        painter.setPen(QPen(colours["strong_border"], 1))
        if self._up:
            x = max(0, left - STEP_PX) + 8
            painter.drawLine(QPointF(x, -self._up * ROW_PX + ROW_PX - 4), QPointF(x, ROW_PX / 2))
            painter.drawLine(QPointF(x, ROW_PX / 2), QPointF(left, ROW_PX / 2))
        self._paint_sources(painter, left + BOX_PX)
        box = QRectF(left, 3, BOX_PX, ROW_PX - 6)
        edge = colours["focus"] if self.chosen else colours["primary"] if tube.asked else colours["border"]
        painter.setPen(QPen(edge, 3 if self.chosen else 2 if tube.asked else 1))
        painter.setBrush(
            colours["raised"] if tube.ended else colours["primary_soft"] if tube.asked else colours["surface"]
        )
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(colours["muted"] if tube.ended else colours["text"])
        text = f"{tube.number}　{tube.words}"
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, BOX_PX - 14)
        painter.drawText(box.adjusted(7, 0, -7, 0), Qt.AlignmentFlag.AlignVCenter, shown)
        if tube.marks:
            painter.setPen(QPen(colours["border"], 1))
            first, last = self._scale.x(tube.marks[0].at), self._scale.x(tube.marks[-1].at)
            painter.drawLine(QPointF(first, ROW_PX / 2), QPointF(last, ROW_PX / 2))
            for mark in tube.marks:
                self._mark(painter, mark, QPointF(self._scale.x(mark.at), ROW_PX / 2))

    def _paint_sources(self, painter: QPainter, right: int) -> None:
        """Paint broken lines along the right of the boxes, from a pool to the sources that are not its parent."""
        if not self.tube.sources:
            return
        painter.setPen(QPen(self._colours["primary"], 1, Qt.PenStyle.DashLine))
        x = self._scale.left - GAP_PX + 4
        painter.drawLine(QPointF(right, ROW_PX / 2), QPointF(x, ROW_PX / 2))
        for source in self.depths:
            y = (source - self.row) * ROW_PX + ROW_PX / 2
            painter.drawLine(QPointF(x, ROW_PX / 2), QPointF(x, y))
            painter.drawLine(QPointF(x, y), QPointF(box_of(self.depths[source]) + BOX_PX, y))
        painter.setPen(QPen(self._colours["strong_border"], 1))

    def _mark(self, painter: QPainter, mark: Mark, at: QPointF) -> None:
        tone: QColor = self._colours["danger" if mark.broken else _TONES.get(mark.kind, "primary")]
        painter.setPen(QPen(tone, 2))
        painter.setBrush(self._colours["surface"] if mark.broken else tone)
        x, y, r = at.x(), at.y(), 8 if mark.broken else 5
        shape = "cross" if mark.broken else SHAPES.get(mark.kind, "circle")
        if shape == "circle":
            painter.drawEllipse(at, r, r)
        elif shape == "square":
            painter.drawRect(QRectF(x - r, y - r, 2 * r, 2 * r))
        elif shape == "diamond":
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(x, y - r - 1),
                        QPointF(x + r + 1, y),
                        QPointF(x, y + r + 1),
                        QPointF(x - r - 1, y),
                    ]
                )
            )
        elif shape == "triangle":
            painter.drawPolygon(QPolygonF([QPointF(x, y - r), QPointF(x + r, y + r), QPointF(x - r, y + r)]))
        else:
            painter.drawLine(QPointF(x - r, y - r), QPointF(x + r, y + r))
            painter.drawLine(QPointF(x - r, y + r), QPointF(x + r, y - r))


class Picture(QGraphicsScene):
    """The rows of a family; `choose` moves the chosen one."""

    def __init__(self, tubes: tuple[Tube, ...], colours: Colours, tick: Ticks) -> None:
        super().__init__()
        self.tubes, self._colours, self._tick = tubes, colours, tick
        self.scale_ = Scale(tubes)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        font = base_font()
        self.items_ = [TubeItem(row, tube, self.scale_, colours, font) for row, tube in enumerate(tubes)]
        for item in self.items_:
            item.depths = {source: tubes[source].depth for source in item.tube.sources}
            self.addItem(item)
        self.setSceneRect(0, 0, self.scale_.width, HEAD_PX + ROW_PX * len(tubes) + 8)
        self._font = font

    def drawBackground(self, painter: QPainter, rect: QRectF | QPointF) -> None:
        """Paint the time axis with its dates."""
        scale, colours = self.scale_, self._colours
        painter.fillRect(self.sceneRect(), colours["surface"])
        if scale.begins is None or scale.ends is None:
            return
        painter.setFont(self._font)
        high = self.sceneRect().height()
        for step in range(TICKS):
            at = scale.begins + (scale.ends - scale.begins) * step / (TICKS - 1)
            x = scale.x(at)
            painter.setPen(QPen(colours["raised"], 1))
            painter.drawLine(QPointF(x, HEAD_PX - 4), QPointF(x, high))
            painter.setPen(colours["muted"])
            last = (
                step == TICKS - 1
            )  # written inwards at both ends, in the middle between: none runs into another
            side, left = (
                (Qt.AlignmentFlag.AlignLeft, x) if step == 0
                else (Qt.AlignmentFlag.AlignRight, x - LABEL_PX) if last
                else (Qt.AlignmentFlag.AlignHCenter, x - LABEL_PX / 2)
            )  # fmt: skip
            painter.drawText(QRectF(left, 4, LABEL_PX, 20), side, self._tick(at))
            if scale.begins == scale.ends:
                break

    def choose(self, row: int) -> TubeItem | None:
        """Choose a row; returns it."""
        if not self.items_:
            return None
        row = max(0, min(row, len(self.items_) - 1))
        for item in self.items_:
            if item.chosen != (item.row == row):
                item.chosen = item.row == row
                item.update()
        return self.items_[row]

    def first_child(self, row: int) -> int:
        """Return the row of the first tube made of one, the same row without any."""
        return next((at for at, tube in enumerate(self.tubes) if tube.parent == row), row)

    def write_svg(self, path: str, title: str) -> None:
        """Write the whole picture as vectors."""
        size = self.sceneRect().size().toSize()
        made = QSvgGenerator()
        made.setFileName(path)
        made.setTitle(title)
        made.setSize(QSize(size.width(), size.height()))
        made.setViewBox(QRectF(0, 0, size.width(), size.height()))
        painter = QPainter(made)
        self.render(painter, QRectF(0, 0, size.width(), size.height()), self.sceneRect())
        painter.end()

    def write_pdf(self, path: str, title: str) -> None:
        """Write the whole picture as vectors, on as many A4 pages across as its rows need."""
        made = QPdfWriter(path)
        made.setTitle(title)
        made.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        made.setPageMargins(QMarginsF(12, 12, 12, 12))
        made.setResolution(144)
        painter = QPainter(made)
        page = QRectF(0, 0, made.width(), made.height())
        rect = self.sceneRect()
        share = page.width() / rect.width()
        rows = max(1, int(page.height() / share / ROW_PX)) * ROW_PX
        top = 0.0
        while top < rect.height():
            if top:
                made.newPage()
            part = QRectF(0, top, rect.width(), min(rows, rect.height() - top))
            self.render(painter, QRectF(0, 0, page.width(), part.height() * share), part)
            top += rows
        painter.end()
