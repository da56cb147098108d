"""The label as the printer will make it, dot by dot, with a frame around what the keys are for."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from client.appearance import COLOURS
from client.pages.label_designer.rendering import Preview
from client.pages.label_designer.viewmodel import ViewModel

EDGE_PX = 14
LONG = 10
"""Steps of a move with Shift: a millimetre."""
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Canvas(QWidget):
    """Arrows move by 0.1 mm, with Shift by 1 mm, with Ctrl they resize; PageUp and PageDown choose, Del removes."""

    left = Signal()
    """Escape: on to the list of elements."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("label_canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(160)
        self._model = model
        self._picture = QPixmap()
        self._preview: Preview | None = None

    def sizeHint(self) -> QSize:
        return QSize(520, 320)

    def show_preview(self, preview: Preview) -> None:
        """Show a new picture."""
        self._preview = preview
        self._picture = QPixmap()
        if preview.png:
            self._picture.loadFromData(preview.png, "PNG")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw whole pixels a dot where there is room, so that what is seen is what is printed."""
        painter = QPainter(self)
        place = self._place()
        if place.isEmpty() or self._preview is None:
            return
        painter.fillRect(place, QColor("white"))
        painter.drawPixmap(place.toRect(), self._picture)
        painter.setPen(QPen(COLOURS["muted"], 1))
        painter.drawRect(place)
        per_mm = place.width() / max(self._preview.width_mm, 0.1)
        bad = {p.element for p in self._preview.problems if p.grave and p.element is not None}
        for number, element in enumerate(self._model.draft.elements):
            box = self._box(element, per_mm, place)
            chosen = number == self._model.draft.chosen
            if chosen or number in bad:
                colour = COLOURS["danger" if number in bad else "primary"]
                style = Qt.PenStyle.SolidLine if chosen else Qt.PenStyle.DashLine
                painter.setPen(QPen(colour, 2 if chosen and self.hasFocus() else 1, style))
                painter.drawRect(box)
        if self.hasFocus():
            painter.setPen(QPen(COLOURS["primary"], 2))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, resize, choose, remove; everything else goes on."""
        step = ARROWS.get(Qt.Key(event.key()))
        modifiers = event.modifiers()
        model = self._model
        if step is not None:
            times = LONG if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
            do = model.resize if modifiers & Qt.KeyboardModifier.ControlModifier else model.move
            do(step[0] * times, step[1] * times)
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            step_of = -1 if event.key() == Qt.Key.Key_PageUp else 1
            model.choose_element((model.draft.chosen + step_of) % max(1, len(model.draft.elements)))
        elif event.key() == Qt.Key.Key_Delete:
            model.remove()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the smallest element under the pointer."""
        place = self._place()
        if self._preview is None or place.isEmpty():
            return
        per_mm = place.width() / max(self._preview.width_mm, 0.1)
        found = [
            (box.width() * box.height(), number)
            for number, element in enumerate(self._model.draft.elements)
            if (box := self._box(element, per_mm, place)).contains(event.position())
        ]
        if found:
            self._model.choose_element(min(found)[1])

    def _place(self) -> QRectF:
        if self._picture.isNull():
            return QRectF()
        room_w, room_h = self.width() - 2 * EDGE_PX, self.height() - 2 * EDGE_PX
        scale = min(room_w / self._picture.width(), room_h / self._picture.height())
        scale = max(1, int(scale)) if scale >= 1 else max(scale, 0.05)
        width, height = self._picture.width() * scale, self._picture.height() * scale
        return QRectF((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    @staticmethod
    def _box(element: dict[str, object], per_mm: float, place: QRectF) -> QRectF:
        numbers = [element.get(name, 0) for name in ("x", "y", "width", "height")]
        x, y, width, height = (float(n) if isinstance(n, int | float) else 0.0 for n in numbers)
        return QRectF(place.x() + x * per_mm, place.y() + y * per_mm, width * per_mm, height * per_mm)
