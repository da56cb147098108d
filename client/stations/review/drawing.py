"""Pictures the desk draws itself: the course of a value, small in a table and large beside it; badges. QtGui only."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from client.appearance import COLOURS, Colours
from domain.checkup.compared import Point, ResultRow

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


def side_of(row: ResultRow, value: float) -> int:
    """Tell on which side of the interval a value lies: -1 below, 0 inside, 1 above."""
    if row.low is not None and value < row.low:
        return -1
    return 1 if row.high is not None and value > row.high else 0


def scale_of(row: ResultRow) -> tuple[float, float]:
    """Return the lowest and highest value a drawing has to hold, with some air; the interval belongs to it."""
    values = [p.value for p in row.points] + [v for v in (row.low, row.high) if v is not None]
    low, high = min(values), max(values)
    air = (high - low) * 0.12 or max(abs(high) * 0.1, 1e-6)
    return low - air, high + air


def places(points: Sequence[Point], box: QRectF, low: float, high: float) -> list[QPointF]:
    """Return where points lie in a box: by day from left to right, by value from the bottom up."""
    first, last = points[0].day, points[-1].day
    days = (last - first).days or 1
    found = []
    for point in points:
        share = (point.day - first).days / days if len(points) > 1 else 0.5
        height = (point.value - low) / (high - low)
        found.append(QPointF(box.left() + share * box.width(), box.bottom() - height * box.height()))
    return found


def draw_band(painter: QPainter, row: ResultRow, box: QRectF, low: float, high: float) -> None:
    """Fill the reference interval."""
    if row.low is None and row.high is None:
        return

    def y(value: float) -> float:
        return box.bottom() - (value - low) / (high - low) * box.height()

    top = y(row.high) if row.high is not None else box.top()
    bottom = y(row.low) if row.low is not None else box.bottom()
    painter.fillRect(QRectF(box.left(), top, box.width(), bottom - top), ink("success_soft"))


def draw_mark(painter: QPainter, at: QPointF, side: int, size: float) -> None:
    """Draw a value: a dot inside its interval, a triangle pointing up or down outside of it."""
    painter.setPen(Qt.PenStyle.NoPen)
    if side == 0:
        painter.setBrush(ink("muted"))
        painter.drawEllipse(at, size * 0.7, size * 0.7)
        return
    painter.setBrush(ink("danger"))
    tip, base = at.y() - side * size, at.y() + side * size * 0.8
    painter.drawPolygon(
        QPolygonF([QPointF(at.x(), tip), QPointF(at.x() - size, base), QPointF(at.x() + size, base)])
    )


def draw_sparkline(painter: QPainter, row: ResultRow, box: QRectF) -> None:
    """Draw the course of a value into a cell."""
    if len(row.points) < 2:
        return
    box = box.adjusted(6, 5, -6, -5)
    low, high = scale_of(row)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_band(painter, row, box.adjusted(-4, 0, 4, 0), low, high)
    spots = places(row.points, box, low, high)
    painter.setPen(QPen(ink("muted"), 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(spots))
    for point, spot in zip(row.points, spots, strict=True):
        last = point is row.points[-1]
        side = side_of(row, point.value)
        if last or side:
            draw_mark(painter, spot, side, 4.0 if last else 2.6)
    painter.restore()


@dataclass(frozen=True, slots=True)
class Face:
    """A font with its measures, made once: cells are drawn by the hundred."""

    font: QFont
    metrics: QFontMetricsF


@functools.lru_cache(maxsize=32)
def face(family: str, pixels: int = 14, *, heavy: bool = False) -> Face:
    """Return a family in a size, bold or not."""
    font = QFont(family)
    font.setPixelSize(pixels)
    font.setBold(heavy)
    return Face(font, QFontMetricsF(font))


def ink(name: str) -> QColor:
    """Return a colour of the theme in force by what it is for."""
    return _ink(COLOURS.theme, name)


@functools.lru_cache(maxsize=64)
def _ink(theme: str, name: str) -> QColor:
    return Colours(theme)[name]


def draw_ground(painter: QPainter, rect: QRect, *, chosen: bool) -> None:
    """Fill a cell and draw the line below it."""
    painter.fillRect(rect, ink("primary_soft" if chosen else "surface"))
    painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, ink("border"))


def draw_badge(painter: QPainter, text: str, box: QRectF, tone: str, with_face: Face) -> float:
    """Draw a word on a coloured ground at the left of a box; returns its width."""
    width = with_face.metrics.horizontalAdvance(text) + 10
    place = QRectF(box.left(), box.center().y() - 10, width, 20)
    strong = tone in {"danger", "warning", "success"}
    ground, colour = (f"{tone}_soft", tone) if strong else ("raised", "muted")
    if tone == "danger":  # the one that has to be seen from across the room
        ground, colour = "danger", "surface"
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink(ground))
    painter.drawRoundedRect(place, 3, 3)
    painter.setPen(ink(colour))
    painter.setFont(with_face.font)
    painter.drawText(place, CENTRE, text)
    return width


def draw_text(
    painter: QPainter, text: str, box: QRectF, colour: str, with_face: Face, *, right: bool = False
) -> float:
    """Draw one line of text, cut with an ellipsis where it is too long; returns its width."""
    if not text:
        return 0.0
    width = with_face.metrics.horizontalAdvance(text)
    if width > box.width():
        text = with_face.metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        width = with_face.metrics.horizontalAdvance(text)
    painter.setFont(with_face.font)
    painter.setPen(ink(colour))
    painter.drawText(box, RIGHT if right else LEFT, text)
    return width
