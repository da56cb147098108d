"""The box that tubes are put into: which positions are taken, which comes next. The pointer advances by itself."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from client.stations.bench.reading import BoxFacts
from domain.biobank.rules import next_free, position_of, positions
from domain.kernel.errors import DomainError


class BoxModel(QObject):
    """`box` is None until one was scanned; `pointer` is the position of the next tube, None in a full box."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.box: BoxFacts | None = None
        self.pointer: str | None = None
        self.last: str | None = None

    def show(self, box: BoxFacts | None) -> None:
        """Take a box, or the same one as it stands now; then the pointer stays unless its position is taken."""
        same = box is not None and self.box is not None and box.code == self.box.code
        self.box = box
        if box is None:
            self.pointer = self.last = None
        elif not same or self.pointer is None or self.pointer in box.taken:
            self.last = self.last if same else None
            self.pointer = next_free(set(box.taken), box.rows, box.columns, self.last)
        self.changed.emit()

    def place(self, position: str, number: str) -> None:
        """Note a tube that has just been stored and go on to the next free position."""
        if self.box is None:
            return
        self.box.taken[position] = number
        self.last = position
        self.pointer = next_free(set(self.box.taken), self.box.rows, self.box.columns, position)
        self.changed.emit()

    def point(self, position: str) -> None:
        """Choose the position of the next tube.

        Raises:
            DomainError: ``container.no_such_position``, or ``container.taken`` with the tube there.
        """
        if self.box is None:
            raise DomainError("bench.box_first")
        wanted = position_of(position, self.box.rows, self.box.columns)
        if wanted in self.box.taken:
            raise DomainError(
                "container.taken", field="position", position=wanted, number=self.box.taken[wanted]
            )
        self.pointer = wanted
        self.changed.emit()

    def step(self, rows: int, columns: int) -> None:
        """Move the pointer by arrow keys, over taken positions, without leaving the box."""
        if self.box is None or self.pointer is None:
            return
        grid = positions(self.box.rows, self.box.columns)
        row, column = divmod(grid.index(self.pointer), self.box.columns)
        inside = self._inside
        row, column = row + rows, column + columns
        while inside(row, column):
            wanted = grid[row * self.box.columns + column]
            if wanted not in self.box.taken:
                self.pointer = wanted
                self.changed.emit()
                return
            row, column = row + rows, column + columns

    @property
    def _inside(self) -> Callable[[int, int], bool]:
        box = self.box
        return lambda r, c: box is not None and 0 <= r < box.rows and 0 <= c < box.columns
