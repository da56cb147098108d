"""The canvas: a picture with its window, or an electrocardiogram on millimetre paper; drawn by ourselves."""

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from client.stations.review.media.slides import Slide
from client.stations.review.media.windows import Look, Measure
from forms.imaging.ecg import LEFT_MM, ROW_MM, points_mm
from forms.imaging.shapes import Frame, Told
from forms.imaging.windowing import Point, grey, values_of

INK, YELLOW, GREEN = QColor("#e8edf2"), QColor("#ffd95a"), QColor("#58e08a")
PAPER, FINE, COARSE, TRACE = QColor("#fff8f6"), QColor("#f8dada"), QColor("#eab0b0"), QColor("#14202b")
ECG_PX_PER_MM = 3.2


class Canvas(QWidget):
    """Draws what it is given; keys belong to the pane, the mouse to it."""

    walked = Signal(int)
    """The wheel: so many pictures on."""
    looked = Signal()
    """Window, zoom or a measure changed."""

    def __init__(self, context: Any, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("media_canvas")
        self._say = context.say
        self._look = look
        self._slide: Slide | None = None
        self._told: Told | None = None
        self._sentence, self._red = "", False
        self._begun: QPointF | None = None
        self._dragging = Qt.MouseButton.NoButton
        self._wheel = 0
        self.corner = ""
        self.painted = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(240, 200)

    def show_told(self, slide: Slide, told: Told) -> None:
        """Draw a picture or a recording."""
        self._slide, self._told, self._sentence = slide, told, ""
        self.update()

    def show_sentence(self, sentence: str, *, red: bool) -> None:
        """Say why there is no picture."""
        self._slide = self._told = None
        self._sentence, self._red = sentence, red
        self.update()

    @property
    def frame(self) -> Frame | None:
        return None if self._told is None else self._told.frame

    @property
    def is_wave(self) -> bool:
        return self._told is not None and self._told.waveform is not None

    # Drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the picture, its sides, its measures."""
        painter = QPainter(self)
        self.painted += 1
        if self._told is None:
            painter.fillRect(self.rect(), QColor("#000000"))
            painter.setPen(QColor("#ff8a80") if self._red else INK)
            painter.setFont(self._font(16 if self._red else 14, heavy=self._red))
            box = QRectF(self.rect()).adjusted(24, 24, -24, -24)
            painter.drawText(
                box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._sentence
            )
        elif self._told.waveform is not None:
            self._draw_wave(painter)
        elif self._told.frame is not None:
            self._draw_frame(painter, self._told.frame)
        if self.hasFocus():
            painter.setPen(QPen(YELLOW, 2))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))

    def _draw_frame(self, painter: QPainter, frame: Frame) -> None:
        painter.fillRect(self.rect(), QColor("#000000"))
        place = self._placing(frame)
        inverse, _ = place.inverted()
        seen = inverse.mapRect(QRectF(self.rect()))
        left, top = max(0, math.floor(seen.left())), max(0, math.floor(seen.top()))
        right, bottom = min(frame.columns, math.ceil(seen.right())), min(frame.rows, math.ceil(seen.bottom()))
        if left < right and top < bottom:
            every = max(1, int(1 / self._scale(frame)))
            painter.save()
            painter.setTransform(place)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            image = self._image(frame, top, bottom, left, right, every)
            painter.drawImage(QRectF(left, top, image.width() * every, image.height() * every), image)
            painter.restore()
        self._draw_sides(painter)
        self._draw_measures(painter, place)

    def _image(self, frame: Frame, top: int, bottom: int, left: int, right: int, every: int) -> QImage:
        """Return what is in sight, windowed: of a large picture no more than the screen can show is worked out."""
        part = np.ascontiguousarray(values_of(frame)[top:bottom:every, left:right:every])
        if frame.form == "rgb":
            shown, form, step = part, QImage.Format.Format_RGB888, 3
        else:
            centre, width = self._look.window(frame)
            inverted = frame.inverted != self._look.inverted
            small = Frame(
                rows=part.shape[0], columns=part.shape[1], form=frame.form, pixels=part.tobytes(), inverted=inverted
            )  # fmt: skip
            shown, form, step = grey(small, centre, width), QImage.Format.Format_Grayscale8, 1
        self._bytes = shown.tobytes()  # QImage does not own them
        return QImage(self._bytes, part.shape[1], part.shape[0], part.shape[1] * step, form)

    def _scale(self, frame: Frame) -> float:
        across, down = (frame.rows, frame.columns) if self._look.turned % 180 else (frame.columns, frame.rows)
        return min(self.width() / max(1, across), self.height() / max(1, down)) * self._look.zoom

    def _placing(self, frame: Frame) -> QTransform:
        scale = self._scale(frame)
        place = QTransform()
        place.translate(self.width() / 2 + self._look.shift[0], self.height() / 2 + self._look.shift[1])
        place.rotate(self._look.turned)
        place.scale(scale, scale)
        place.translate(-frame.columns / 2, -frame.rows / 2)
        return place

    def _draw_sides(self, painter: QPainter) -> None:
        facts = self._told.facts if self._told else None
        painter.setFont(self._font(18, heavy=True))
        painter.setPen(YELLOW)
        box = QRectF(self.rect()).adjusted(10, 8, -10, -8)
        if facts is not None:
            sides = facts.sides
            turned = (self._look.turned // 90) % 4
            left, right, top, bottom = sides
            ring = [left, top, right, bottom]  # clockwise from the left
            left, top, right, bottom = (ring[(n - turned) % 4] for n in range(4))
            for text, align in (
                (left, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
                (right, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                (top, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop),
                (bottom, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom),
            ):
                painter.drawText(box, int(align), text)
            if facts.laterality:
                painter.drawText(
                    box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), facts.laterality
                )
        painter.setFont(self._font(13))
        painter.setPen(INK)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom), self.corner)

    def _draw_measures(self, painter: QPainter, place: QTransform) -> None:
        if self._slide is None or self._told is None or self._told.facts is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font(14, heavy=True))
        for measure in self._look.measures.get(self._slide.key, []):
            points = [place.map(QPointF(*p)) for p in measure.places]
            painter.setPen(QPen(GREEN, 1.6))
            painter.drawPolyline(QPolygonF(points))
            for point in points:
                painter.drawEllipse(point, 3, 3)
            if measure.whole:
                code, number = measure.value(self._told.facts)
                text = self._say(f"review.media.{code}", value=f"{number:.1f}")
                painter.drawText(points[1] + QPointF(8, -6), text)

    def _draw_wave(self, painter: QPainter) -> None:
        wave = self._told.waveform if self._told else None
        if wave is None:
            return
        painter.fillRect(self.rect(), PAPER)
        mm = self.mm
        left, top = self._look.shift
        for every, colour in ((1, FINE), (5, COARSE)):
            step = mm * every
            if step < 3:
                continue
            painter.setPen(QPen(colour, 1))
            lines = [QPointF(x, 0) for x in _steps(left % step, self.width(), step)]
            for at in lines:
                painter.drawLine(at, QPointF(at.x(), self.height()))
            for y in _steps(top % step, self.height(), step):
                painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font(13, heavy=True))
        painter.setPen(QPen(TRACE, 1.2))
        for n, lead in enumerate(wave.leads):
            middle = top + (n * ROW_MM + ROW_MM / 2 + 4) * mm
            if not -ROW_MM * mm * 2 < middle < self.height() + ROW_MM * mm * 2:
                continue
            pulse = [(1, 0), (3, 0), (3, 10), (8, 10), (8, 0), (10, 0)]
            painter.drawPolyline([QPointF(left + x * mm, middle - y * mm) for x, y in pulse])
            drawn = points_mm(lead, wave.rate)
            painter.drawPolyline([QPointF(left + (LEFT_MM + x) * mm, middle - y * mm) for x, y in drawn])
            painter.drawText(QPointF(left + (LEFT_MM + 1) * mm, middle - 6 * mm), lead.name)
        self._draw_calipers(painter)

    def _draw_calipers(self, painter: QPainter) -> None:
        if self._slide is None:
            return
        painter.setPen(QPen(QColor("#0a58a8"), 1.6))
        for measure in self._look.measures.get(self._slide.key, []):
            points = [self._on_paper(p) for p in measure.places]
            for point in points:
                painter.drawLine(QPointF(point.x(), point.y() - 40), QPointF(point.x(), point.y() + 40))
            if len(points) < 2:
                continue
            painter.drawLine(points[0], QPointF(points[1].x(), points[0].y()))
            across = abs(measure.places[1][0] - measure.places[0][0]) / 25 * 1000
            up = (measure.places[0][1] - measure.places[1][1]) / 10
            rate = 60_000 / across if across >= 150 else 0.0
            said = self._say(
                "review.media.caliper",
                ms=f"{across:.0f}",
                mv=f"{up:+.2f}",
                rate=f"{rate:.0f}" if rate else "—",
            )
            painter.drawText(points[1] + QPointF(8, -44), said)

    @property
    def mm(self) -> float:
        """Pixels of a millimetre of ECG paper: at first as small as all leads need, so that none is out of sight."""
        wave = self._told.waveform if self._told else None
        leads = 1 if wave is None else len(wave.leads)
        return min(ECG_PX_PER_MM, self.height() / (ROW_MM * leads + 8)) * self._look.zoom

    def _on_paper(self, place: Point) -> QPointF:
        return QPointF(self._look.shift[0] + place[0] * self.mm, self._look.shift[1] + place[1] * self.mm)

    def _font(self, size: int, *, heavy: bool = False) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(size)
        font.setBold(heavy)
        return font

    # The mouse

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Walk through the series; with Ctrl, zoom."""
        turned = event.angleDelta().y()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._look.zoom_by(1.15 if turned > 0 else 1 / 1.15)
            self._changed()
            return
        self._wheel += turned
        steps, self._wheel = int(self._wheel / 120), int(math.fmod(self._wheel, 120))
        if steps:
            self.walked.emit(-steps)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag, or set a place of the tool."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.LeftButton and (self._look.tool or self.is_wave):
            self._set_place(event.position())
            return
        self._begun, self._dragging = event.position(), event.button()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Left: level and width. Right or middle: move the picture."""
        if self._begun is None:
            return
        by = event.position() - self._begun
        self._begun = event.position()
        frame = self.frame
        if self._dragging == Qt.MouseButton.LeftButton and frame is not None and frame.windows:
            _, width = self._look.window(frame)
            pace = max(1.0, width / 300)
            self._look.change_window(frame, by.y() * pace, by.x() * pace)
        else:
            self._look.shift = (self._look.shift[0] + by.x(), self._look.shift[1] + by.y())
        self._changed()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End a drag."""
        self._begun = None

    def _set_place(self, at: QPointF) -> None:
        if self._slide is None or self._told is None:
            return
        frame = self.frame
        if frame is not None:
            inverse, _ = self._placing(frame).inverted()
            spot = inverse.map(at)
            place = (spot.x(), spot.y())
        else:
            place = ((at.x() - self._look.shift[0]) / self.mm, (at.y() - self._look.shift[1]) / self.mm)
        tool = self._look.tool or "length"
        mine = self._look.measures.setdefault(self._slide.key, [])
        if mine and not mine[-1].whole and mine[-1].tool == tool:
            mine[-1] = Measure(tool, (*mine[-1].places, place))
        else:
            mine.append(Measure(tool, (place,)))
        self._changed()

    def _changed(self) -> None:
        self.update()
        self.looked.emit()


def _steps(start: float, end: float, step: float) -> list[float]:
    return [start + n * step for n in range(int((end - start) / step) + 1)]
