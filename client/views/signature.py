"""A field to sign in, with a pen, a finger or the mouse; what was written is a small picture in black on white."""

from PySide6.QtCore import QBuffer, QIODevice, QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QTabletEvent
from PySide6.QtWidgets import QWidget

WIDTH_PX, HEIGHT_PX = 460, 140
LEAST_POINTS = 8
"""Fewer than these are a slip of the hand, not a signature."""
PEN_PX = 2.4


class SignaturePad(QWidget):
    """Collects strokes; `changed` tells with each whether there is a signature now."""

    changed = Signal(bool)
    written = Signal()
    """A stroke is over."""

    def __init__(self, name: str, label: str, hint: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setAccessibleDescription(hint)
        self.setFixedSize(WIDTH_PX, HEIGHT_PX)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._hint = hint
        self._picture = QImage()
        self._strokes: list[QPolygonF] = []

    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX, HEIGHT_PX)

    @property
    def is_signed(self) -> bool:
        """Whether enough was written to be a signature."""
        return sum(len(stroke) for stroke in self._strokes) >= LEAST_POINTS

    def strokes(self) -> list[list[float]]:
        """Return what was written: of each stroke x, y, x, y … in pixels."""
        return [[c for point in stroke for c in (point.x(), point.y())] for stroke in self._strokes]

    def show_picture(self, png: bytes) -> None:
        """Show a signature that was given before, until somebody writes anew; nothing for none."""
        self._picture = QImage.fromData(png) if png else QImage()
        if not png:
            self._strokes.clear()
        self.update()

    def png(self) -> bytes:
        """Return the signature as a PNG; empty without one."""
        if not self.is_signed:
            return b""
        picture = QImage(self.size(), QImage.Format.Format_Grayscale8)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        self._draw(painter)
        painter.end()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(buffer, "PNG")
        return bytes(buffer.data().data())

    @Slot()
    def clear(self) -> None:
        """Begin anew."""
        self._strokes.clear()
        self._told()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._begin(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_on(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.written.emit()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Take a pen as it is, finer than the mouse it would be taken for."""
        kinds = {QTabletEvent.Type.TabletPress: self._begin, QTabletEvent.Type.TabletMove: self._go_on}
        act = kinds.get(event.type())
        if act is not None and (event.pressure() > 0 or event.type() == QTabletEvent.Type.TabletPress):
            act(event.position())
        elif event.type() == QTabletEvent.Type.TabletRelease:
            self.written.emit()
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        painter.setPen(QPen(QColor("#8a94a6"), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if not self._strokes and not self._picture.isNull():
            painter.drawImage(self.rect().adjusted(2, 2, -2, -2), self._picture)
        elif not self._strokes:
            painter.setPen(QColor("#5b6475"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._hint)
        self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(Qt.GlobalColor.black, PEN_PX, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for stroke in self._strokes:
            if len(stroke) == 1:
                painter.drawPoint(stroke[0])
            painter.drawPolyline(stroke)

    def _begin(self, at: QPointF) -> None:
        self._strokes.append(QPolygonF([at]))
        self._told()

    def _go_on(self, at: QPointF) -> None:
        if self._strokes:
            self._strokes[-1].append(at)
            self._told()

    def _told(self) -> None:
        self.update()
        self.changed.emit(self.is_signed)
