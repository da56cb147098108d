"""A box from above that is walked by arrow keys; each position has a colour, a mark and words."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from client.appearance import COLOURS

HEAD = 24
ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A position: `tone` is ``taken``, ``success``, ``warning``, ``danger`` or ``off``; `words` tell it."""

    tone: str
    mark: str
    words: str


_GROUNDS = {
    "taken": ("primary", "primary_text"),
    "success": ("success_soft", "success"),
    "warning": ("warning_soft", "warning"),
    "danger": ("danger_soft", "danger"),
    "off": ("raised", "muted"),
}


class Grid(QWidget):
    """`moved` carries the position the cursor went to (``A1``)."""

    moved = Signal(str)
    entered = Signal(str)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(QSize(300, 220))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._rows = self._columns = 0
        self._cells: Mapping[str, Cell] = {}
        self._at = (0, 0)
        self._name = ""

    @property
    def position(self) -> str:
        """Where the cursor stands."""
        return _name(*self._at)

    def show_cells(self, name: str, rows: int, columns: int, cells: Mapping[str, Cell]) -> None:
        """Draw a box; positions without a cell are free."""
        if (rows, columns) != (self._rows, self._columns):
            self._at = (0, 0)
        self._name, self._rows, self._columns, self._cells = name, rows, columns, cells
        self._tell()
        self.update()

    def go_to(self, position: str) -> None:
        """Put the cursor on a position; one the grid does not have is passed over."""
        row, column = ord(position[0]) - ord("A"), int(position[1:]) - 1
        if 0 <= row < self._rows and 0 <= column < self._columns:
            self._at = (row, column)
            self._tell()
            self.update()
            self.moved.emit(self.position)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk by arrows, Home and End; Enter opens what lies there."""
        key = Qt.Key(event.key())
        if key in ARROWS and self._rows:
            down, right = ARROWS[key]
            row = min(max(self._at[0] + down, 0), self._rows - 1)
            column = min(max(self._at[1] + right, 0), self._columns - 1)
            self.go_to(_name(row, column))
        elif key == Qt.Key.Key_Home and self._rows:
            self.go_to("A1")
        elif key == Qt.Key.Key_End and self._rows:
            self.go_to(_name(self._rows - 1, self._columns - 1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._rows:
            self.entered.emit(self.position)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where it was clicked."""
        side = self._side()
        if side:
            column = int((event.position().x() - HEAD) // side)
            row = int((event.position().y() - HEAD) // side)
            if 0 <= row < self._rows and 0 <= column < self._columns:
                self.setFocus()
                self.go_to(_name(row, column))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self._side()
        for row in range(self._rows):
            self._text(painter, QRectF(0, HEAD + row * side, HEAD - 4, side), chr(ord("A") + row), "muted")
            for column in range(self._columns):
                if row == 0:
                    self._text(painter, QRectF(HEAD + column * side, 0, side, HEAD), str(column + 1), "muted")
                place = QRectF(HEAD + column * side, HEAD + row * side, side, side).adjusted(2, 2, -2, -2)
                self._place(painter, place, row, column)
        painter.end()

    def _place(self, painter: QPainter, place: QRectF, row: int, column: int) -> None:
        cell = self._cells.get(_name(row, column))
        ground, ink = _GROUNDS[cell.tone] if cell else ("surface", "muted")
        chosen = (row, column) == self._at
        edge = COLOURS["focus" if chosen and self.hasFocus() else "text" if chosen else "border"]
        painter.setPen(QPen(edge, 3.5 if chosen else 1.0))
        painter.setBrush(COLOURS[ground])
        painter.drawRoundedRect(place, 4, 4)
        if cell:
            self._text(painter, place, cell.mark, ink)

    def _text(self, painter: QPainter, place: QRectF, shown: str, colour: str) -> None:
        painter.setPen(COLOURS[colour])
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), shown)

    def _side(self) -> float:
        if not self._rows:
            return 0.0
        return min((self.width() - HEAD - 2) / self._columns, (self.height() - HEAD - 2) / self._rows)

    def _tell(self) -> None:
        cell = self._cells.get(self.position)
        self.setAccessibleName(f"{self._name} {self.position} {cell.words if cell else ''}".strip())


def _name(row: int, column: int) -> str:
    return f"{chr(ord('A') + row)}{column + 1}"
