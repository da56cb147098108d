"""Widgets of the bench: the mode line, the big result, the list of scans, what waits with its bars, the box."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from client.appearance import COLOURS
from client.stations.bench.reading import BoxFacts, TubeFacts
from client.stations.bench.telling import KEYS, Result, Teller
from domain.biobank.bench import Mode
from domain.biobank.numbers import grouped
from domain.kernel.clock import clinic

TONES = {"good": "success", "bad": "danger", "ask": "warning"}
MARKS = {"good": "✓", "bad": "✗", "ask": "？"}
ROW_PX = 30
HEAD_PX = 22
MOST_CUT = 1000
"""Texts whose length was measured that are remembered: most lines of a list were there before the scan."""
URGENT = timedelta(minutes=30)


def dress(widget: QWidget, sheet: str) -> None:
    """Give a widget a style it has not: setting the same one again costs as much as the first time, at each scan."""
    if widget.styleSheet() != sheet:
        widget.setStyleSheet(sheet)


class ModeLine(QFrame):
    """The modes side by side with their keys; the one in force is filled and carries a mark."""

    def __init__(self, say: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("mode_line")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._say = say
        self._labels: dict[Mode, QLabel] = {}
        for mode in Mode:
            label = QLabel(self)
            label.setObjectName(f"mode_{mode.value}")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setFixedHeight(54)
            self._labels[mode] = label
            row.addWidget(label, 1)

    def show_mode(self, mode: Mode) -> None:
        """Mark a mode as the one in force."""
        for one, label in self._labels.items():
            chosen = one is mode
            name = self._say(f"bench.mode.{one.value}")
            label.setText(f"{'▶' if chosen else ''}{name} {KEYS[one].replace('Shift+', '⇧')}")
            ink, ground = ("primary_text", "primary") if chosen else ("muted", "surface")
            dress(
                label,
                f"color: {COLOURS[ink].name()}; background-color: {COLOURS[ground].name()}; font-size: 20px;"
                f"font-weight: bold; border: 1px solid {COLOURS['border'].name()}; border-radius: 6px;",
            )


class ResultCard(QFrame):
    """What came of the last scan, to be read from two metres."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("result")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 14, 24, 16)
        column.setSpacing(4)
        self.title, self.number, self.detail, self.remedy = (QLabel(self) for _ in range(4))
        for name, label, size, bold in (
            ("title", self.title, 40, True), ("number", self.number, 30, True), ("detail", self.detail, 20, False),
            ("remedy", self.remedy, 22, True),
        ):  # fmt: skip
            label.setObjectName(f"result_{name}")
            label.setWordWrap(True)
            label.setProperty("size_px", size)
            label.setProperty("bold", bold)
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            column.addWidget(label)
        self.identity = QLabel(self)
        self.identity.setObjectName("result_identity")
        self.identity.setWordWrap(True)
        column.addWidget(self.identity)
        column.addStretch(1)

    def show_result(self, result: Result | None, ready: str) -> None:
        """Show a result, or what the bench waits for."""
        texts = (ready, "", "", "")
        tone, ink = "surface", "text"
        if result is not None:
            texts = (f"{MARKS[result.tone]} {result.title}", result.number, result.detail, result.remedy)
            tone, ink = f"{TONES[result.tone]}_soft", TONES[result.tone]
        dress(
            self,
            f"#result {{ background-color: {COLOURS[tone].name()}; border-radius: 8px;"
            f" border: 3px solid {COLOURS[ink if result else 'border'].name()}; }}",
        )
        for label, shown in zip((self.title, self.number, self.detail, self.remedy), texts, strict=True):
            weight = "bold" if label.property("bold") else "normal"
            colour = COLOURS["text" if label in (self.number, self.detail) else ink].name()
            dress(label, f"font-size: {label.property('size_px')}px; font-weight: {weight}; color: {colour};")
            label.setText(shown)
            label.setVisible(bool(shown))
        said, tone = (result.identity, result.identity_tone) if result is not None else ("", "")
        if said:
            weight = "normal" if tone in ("success", "muted") else "bold"
            dress(self.identity, f"font-size: 18px; font-weight: {weight}; color: {COLOURS[tone].name()};")
        self.identity.setText(f"● {said}" if said else "")
        self.identity.setVisible(bool(said))
        self.setAccessibleName(" ".join(t for t in (*texts, said) if t))


class Painted(QWidget):
    """Rows drawn by hand: a list that is only looked at costs one paint, not a widget a cell."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._cut: dict[tuple[str, int], str] = {}
        self.setMinimumHeight(3 * ROW_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def cell(
        self, painter: QPainter, x: float, row: int, width: float, shown: str, colour: str = "text"
    ) -> None:
        """Draw one cell, cut with an ellipsis where it does not fit."""
        painter.setPen(COLOURS[colour])
        cut = self._cut.get((shown, int(width)))
        if cut is None:
            if len(self._cut) > MOST_CUT:
                self._cut.clear()
            cut = painter.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, int(width))
            self._cut[shown, int(width)] = cut
        painter.drawText(QRectF(x, row * ROW_PX, width, ROW_PX), int(Qt.AlignmentFlag.AlignVCenter), cut)


class ScanList(Painted):
    """The last scans, the newest first, with a sign that repeats the colour."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("scan_list", parent)
        self._lines: Sequence[Result] = ()
        self._say: Any = None

    def show_lines(self, lines: Sequence[Result], say: Any) -> None:
        """Show these lines."""
        self._lines, self._say = lines, say
        self.setAccessibleName("\n".join(f"{x.title} {x.number} {x.detail}" for x in lines[:5]))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        for row, line in enumerate(self._lines[: self.height() // ROW_PX]):
            tone = TONES[line.tone]
            at = f"{clinic(line.at):%H:%M:%S}" if line.at else ""
            self.cell(painter, 4, row, 20, MARKS[line.tone], tone)
            self.cell(painter, 26, row, 66, at, "muted")
            self.cell(painter, 98, row, 122, line.number)
            kind = line.detail.partition(" · ")[0] if line.tone == "good" else ""
            self.cell(painter, 226, row, self.width() - 232, f"{line.title}  {kind}", tone)
        painter.end()


class WaitingList(Painted):
    """Tubes that must be moved on, each with a bar of the time it has left."""

    def __init__(self, teller: Teller, parent: QWidget) -> None:
        super().__init__("waiting_list", parent)
        self._teller = teller
        self._tubes: Sequence[TubeFacts] = ()
        self._now: datetime | None = None

    def show_tubes(self, tubes: Sequence[TubeFacts], now: datetime) -> None:
        """Show these tubes at this time."""
        self._tubes, self._now = tubes, now
        told = [f"{t.number} {self._teller.left(t.due_at, now)}" for t in tubes[:5] if t.due_at]
        self.setAccessibleName("\n".join(told))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._now is not None:
            for row, tube in enumerate(self._tubes[: self.height() // ROW_PX]):
                self._row(painter, row, tube, self._now)
        painter.end()

    def _row(self, painter: QPainter, row: int, tube: TubeFacts, now: datetime) -> None:
        if tube.due_at is None:
            return
        left = tube.due_at - now
        tone = "danger" if left < timedelta() else "warning" if left < URGENT else "success"
        share = max(0.0, min(1.0, left / (tube.due_at - tube.state_since)))
        self.cell(painter, 4, row, 112, grouped(tube.number))
        self.cell(painter, 122, row, 96, self._teller.describe(tube), "muted")
        room = self.width() - 330
        bar = QRectF(222, row * ROW_PX + 9, max(20, room), ROW_PX - 18)
        painter.fillRect(bar, COLOURS["raised"])
        painter.fillRect(QRectF(bar.x(), bar.y(), bar.width() * share, bar.height()), COLOURS[tone])
        self.cell(painter, bar.right() + 8, row, 98, self._teller.left(tube.due_at, now), tone)


class BoxGrid(QWidget):
    """The box from above: taken positions filled, the next one framed and lettered."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._box: BoxFacts | None = None
        self._pointer: str | None = None
        self._last: str | None = None
        self._shown: tuple[str, int, int, frozenset[str]] | None = None
        self.setMinimumSize(QSize(260, 220))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_box(self, box: BoxFacts | None, pointer: str | None, last: str | None) -> None:
        """Show a box with the position of the next tube and of the last one; only places that differ are painted."""
        before, marks = self._shown, {self._pointer, self._last}
        self._box, self._pointer, self._last = box, pointer, last
        self._shown = None if box is None else (box.code, box.rows, box.columns, frozenset(box.taken))
        self.setAccessibleName(
            "" if box is None else f"{box.name} {len(box.taken)}/{box.rows * box.columns} {pointer}"
        )
        if box is None or self._shown is None or before is None or before[:3] != self._shown[:3]:
            self.update()
            return
        for position in marks | {pointer, last} | (before[3] ^ self._shown[3]):
            if position is not None:
                self.update(self._rect(position, box).toAlignedRect())

    def paintEvent(self, event: QPaintEvent) -> None:
        box = self._box
        if box is None:
            return
        painter, region = QPainter(self), event.region()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self._side(box)
        for row in range(box.rows):
            letter = chr(ord("A") + row)
            head = QRectF(0, HEAD_PX + row * side, 20, side)
            if region.intersects(head.toAlignedRect()):
                self._text(painter, head, letter, "muted")
            for column in range(1, box.columns + 1):
                above = QRectF(HEAD_PX + (column - 1) * side, 0, side, 20)
                if row == 0 and region.intersects(above.toAlignedRect()):
                    self._text(painter, above, str(column), "muted")
                place = self._rect(f"{letter}{column}", box)
                if region.intersects(place.toAlignedRect()):
                    self._place(painter, place.adjusted(2, 2, -2, -2), f"{letter}{column}")
        painter.end()

    def _side(self, box: BoxFacts) -> float:
        return min((self.width() - HEAD_PX - 2) / box.columns, (self.height() - HEAD_PX - 2) / box.rows)

    def _rect(self, position: str, box: BoxFacts) -> QRectF:
        """Return where a position is painted, its frame included."""
        side, row, column = self._side(box), ord(position[0]) - ord("A"), int(position[1:]) - 1
        return QRectF(HEAD_PX + column * side, HEAD_PX + row * side, side, side)

    def _place(self, painter: QPainter, place: QRectF, position: str) -> None:
        taken = self._box is not None and position in self._box.taken
        ground: QColor = COLOURS["primary"] if taken else COLOURS["surface"]
        width, edge = 1.0, COLOURS["border"]
        if position == self._last:
            ground, width, edge = COLOURS["success"], 2.0, COLOURS["success"]
        if position == self._pointer:
            ground, width, edge = COLOURS["warning_soft"], 4.0, COLOURS["focus"]
        painter.setPen(QPen(edge, width))
        painter.setBrush(ground)
        painter.drawRoundedRect(place, 4, 4)
        if position == self._pointer:
            self._text(painter, place, position, "text")
        elif taken:
            self._text(painter, place, "●", "primary_text")

    def _text(self, painter: QPainter, place: QRectF, shown: str, colour: str) -> None:
        painter.setPen(COLOURS[colour])
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), shown)
