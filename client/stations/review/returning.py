"""Returning a report: what is selected, and whether a remark is being made on it. QtCore only."""

from PySide6.QtCore import QObject, Signal

from client.stations.review.anchors import Anchor, line_around
from client.stations.review.writing import Writing


class Returning(QObject):
    """The remark's text and place are in `Writing`, which keeps them as a draft."""

    changed = Signal(bool)

    def __init__(self, writing: Writing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._writing = writing
        self.open = False
        self.selection: Anchor | None = None

    def select(self, anchor: Anchor | None) -> None:
        """Note what is selected in conclusion or advice."""
        self.selection = anchor

    def select_line(self, name: str, position: int) -> None:
        """Take the line a cursor stands in as what the remark is about."""
        start, end = line_around(self._writing.texts[name], position)
        self.selection = Anchor(name, start, end) if start < end else None

    def begin(self) -> None:
        """Begin a remark on what is selected; a draft of one keeps its place unless something is selected anew."""
        self._writing.set_remark(self._writing.remark, self.selection or self._writing.anchor)
        self._set(open_now=True)

    def resume(self) -> None:
        """Go on with a remark that was left as a draft."""
        if self._writing.remark.strip():
            self._set(open_now=True)

    def leave(self) -> None:
        """Close the remark; what was typed of it stays in the draft."""
        self._set(open_now=False)

    def _set(self, *, open_now: bool) -> None:
        if open_now != self.open:
            self.open = open_now
            self.changed.emit(open_now)
