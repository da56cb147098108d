"""Pictures the desk draws itself: the course of a value, small in a table and large beside it; badges. QtGui only."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from client.appearance import COLOURS
from client.stations.review.case import Point, ResultRow


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
    painter.fillRect(QRectF(box.left(), top, box.width(), bottom - top), COLOURS["success_soft"])


def draw_mark(painter: QPainter, at: QPointF, side: int, size: float) -> None:
    """Draw a value: a dot inside its interval, a triangle pointing up or down outside of it."""
    painter.setPen(Qt.PenStyle.NoPen)
    if side == 0:
        painter.setBrush(COLOURS["muted"])
        painter.drawEllipse(at, size * 0.7, size * 0.7)
        return
    painter.setBrush(COLOURS["danger"])
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
    painter.setPen(QPen(COLOURS["muted"], 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(spots))
    for point, spot in zip(row.points, spots, strict=True):
        last = point is row.points[-1]
        side = side_of(row, point.value)
        if last or side:
            draw_mark(painter, spot, side, 4.0 if last else 2.6)
    painter.restore()


def draw_badge(painter: QPainter, text: str, box: QRectF, tone: str, font: QFont) -> float:
    """Draw a word on a coloured ground at the left of a box; returns its width."""
    metrics = QFontMetricsF(font)
    width = metrics.horizontalAdvance(text) + 10
    place = QRectF(box.left(), box.center().y() - 10, width, 20)
    strong = tone in {"danger", "warning", "success"}
    ground, ink = (
        (COLOURS[f"{tone}_soft"], COLOURS[tone]) if strong else (COLOURS["raised"], COLOURS["muted"])
    )
    if tone == "danger":  # the one that has to be seen from across the room
        ground, ink = COLOURS["danger"], COLOURS["surface"]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(place, 3, 3)
    painter.fillPath(path, ground)
    painter.setPen(ink)
    painter.setFont(font)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
    return width


def draw_text(
    painter: QPainter, text: str, box: QRectF, colour: str, font: QFont, *, right: bool = False
) -> float:
    """Draw one line of text, cut with an ellipsis where it is too long; returns its width."""
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.setFont(font)
    painter.setPen(COLOURS[colour])
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, shown)
    return metrics.horizontalAdvance(shown)


def bold(font: QFont, pixels: int = 0) -> QFont:
    """Return a font in bold, of another size where one is given."""
    made = QFont(font)
    made.setBold(True)
    if pixels:
        made.setPixelSize(pixels)
    return made


def sized(font: QFont, pixels: int) -> QFont:
    """Return a font in another size."""
    made = QFont(font)
    made.setPixelSize(pixels)
    return made
