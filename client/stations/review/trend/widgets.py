"""One result over time, with its reference interval: drawn by ourselves, so that it is there at once."""

import itertools
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from client.stations.review.drawing import (
    draw_band,
    draw_mark,
    draw_text,
    face,
    ink,
    places,
    scale_of,
    side_of,
)
from domain.checkup.compared import ResultRow


class TrendChart(QFrame):
    """The course of one result over the years with its reference interval; said as a sentence as well."""

    def __init__(self, context: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._row: ResultRow | None = None
        self.setObjectName("trend_chart")
        self.setProperty("part", "card")
        self.setFixedHeight(184)

    def show_row(self, row: ResultRow | None) -> None:
        """Draw a result."""
        self._row = row
        if row is not None:
            series = "，".join(f"{p.day} {p.value:g}" for p in row.points)
            self.setAccessibleName(self._context.say("review.trend.said", label=row.label, series=series))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw title, interval, days and values."""
        super().paintEvent(event)
        row = self._row
        if row is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        head = QRectF(12, 6, self.width() - 24, 22)
        say, family = self._context.say, self.font().family()
        if not row.points:
            draw_text(painter, say("review.trend.none", label=row.label), head, "muted", face(family))
            return
        code = "review.trend.title" if row.unit else "review.trend.title_without_unit"
        title = say(code, label=row.label, unit=row.unit, range=row.range_text or "—")
        draw_text(painter, title, head, "text", face(family, heavy=True))
        box = QRectF(70, 46, self.width() - 140, self.height() - 46 - 34)
        low, high = scale_of(row)
        draw_band(painter, row, box.adjusted(-40, 0, 40, 0), low, high)
        spots = places(row.points, box, low, high)
        painter.setPen(ink("muted"))
        for one, two in itertools.pairwise(spots):
            painter.drawLine(one, two)
        small = face(family, 12).font
        for point, spot in zip(row.points, spots, strict=True):
            side = side_of(row, point.value)
            draw_mark(painter, spot, side, 5.0)
            above = QRectF(spot.x() - 50, spot.y() - 24, 100, 18)
            painter.setPen(ink("danger" if side else "text"))
            painter.setFont(face(family, 12, heavy=True).font if side else small)
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, f"{point.value:g}")
            painter.setPen(ink("muted"))
            painter.setFont(small)
            painter.drawText(
                QRectF(spot.x() - 50, self.height() - 26, 100, 18),
                Qt.AlignmentFlag.AlignCenter,
                f"{point.day}",
            )
        painter.end()
