"""Bars and a line drawn by pyqtgraph in the colours of the theme; every picture says its numbers in words as well."""

from collections.abc import Sequence

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from client.appearance import COLOURS, base_font

MOST = 12
"""Bars in one picture; the table beside it has the rest."""


class Chart(pyqtgraph.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A picture that is looked at, not worked with: no menus, no dragging, not in the way of Tab."""

    def __init__(self, name: str, title: str, parent: QWidget) -> None:
        super().__init__(parent, background=COLOURS["surface"])
        self.setObjectName(name)
        self._title = title
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMenuEnabled(False)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.setMinimumHeight(170)
        self.setTitle(title, color=COLOURS["text"].name(), size="11pt")
        font = QFont(base_font())
        font.setPixelSize(13)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setTickFont(font)
            axis.setTextPen(COLOURS["text"])
            axis.setPen(COLOURS["border"])

    def show_bars(self, bars: Sequence[tuple[str, float, str]], top: float, low: float | None = None) -> None:
        """Show bars of (name, height, words at the top); below `low` they have the colour of a warning."""
        self.clear()
        shown = bars[:MOST]
        for at, (_name, height, words) in enumerate(shown):
            colour = COLOURS["danger" if low is not None and height < low else "primary"]
            self.addItem(pyqtgraph.BarGraphItem(x=[at], height=[height], width=0.6, brush=colour, pen=colour))
            said = pyqtgraph.TextItem(words, color=COLOURS["text"], anchor=(0.5, 1.0))
            said.setPos(at, height)
            self.addItem(said)
        self._frame([name for name, _height, _words in shown], top, low)
        self._speak([(name, words) for name, _height, words in bars])

    def show_line(
        self, points: Sequence[tuple[str, float, str]], top: float, low: float | None = None
    ) -> None:
        """Show a line through (name, height, words)."""
        self.clear()
        heights = [height for _name, height, _words in points]
        ink = COLOURS["primary"]
        self.plot(
            list(range(len(points))), heights, pen=pyqtgraph.mkPen(ink, width=2), symbol="o", symbolBrush=ink,
            symbolPen=ink,
        )  # fmt: skip
        for at, (_name, height, words) in enumerate(points):
            said = pyqtgraph.TextItem(words, color=COLOURS["text"], anchor=(0.5, 1.2))
            said.setPos(at, height)
            self.addItem(said)
        self._frame([name for name, _height, _words in points], top, low)
        self._speak([(name, words) for name, _height, words in points])

    def _frame(self, names: Sequence[str], top: float, low: float | None) -> None:
        if low is not None:
            pen = pyqtgraph.mkPen(COLOURS["warning"], width=1, style=Qt.PenStyle.DashLine)
            self.addItem(pyqtgraph.InfiniteLine(pos=low, angle=0, pen=pen))
        self.getAxis("bottom").setTicks([list(enumerate(names))])
        self.setXRange(-0.6, max(len(names), 4) - 0.4, padding=0)
        self.setYRange(0, top * 1.2, padding=0)

    def _speak(self, said: Sequence[tuple[str, str]]) -> None:
        self.setAccessibleName(self._title)
        self.setAccessibleDescription("；".join(f"{name} {words}" for name, words in said))
