"""Values that are worked out from others, and only again when one of those has changed.

A `Source` is set from outside; a `Cell` is computed, and learns while computing what it looks at. Setting a source
makes the cells that looked at it stale and those behind them doubtful; `Graph.settle` brings them up to date in the
order of their rank, so that no chain is evaluated by recursion. A doubtful cell whose own inputs turn out the same is
not computed at all.
"""

from collections.abc import Callable
from typing import Any

_FRESH, _DOUBTFUL, _STALE = 0, 1, 2
_ROUNDS = 50


class Source:
    """A value set from outside."""

    __slots__ = ("_graph", "_value", "readers")

    def __init__(self, graph: "Graph", value: Any) -> None:
        self._graph = graph
        self._value = value
        self.readers: dict[Cell, None] = {}

    def get(self) -> Any:
        """Return the value; whoever computes just now depends on it from here on."""
        reader = self._graph.reader
        if reader is not None:
            self.readers[reader] = None
            reader.looked_at[self] = None
        return self._value

    @property
    def now(self) -> Any:
        """The value, without depending on it."""
        return self._value

    def set(self, value: Any) -> None:
        """Change the value."""
        self._value = value
        for reader in list(self.readers):
            self._graph.mark(reader, _STALE)


class Cell:
    """A value computed from sources and other cells."""

    __slots__ = ("_compute", "_graph", "_state", "_value", "eager", "looked_at", "rank", "readers")

    def __init__(self, graph: "Graph", compute: Callable[[], Any], rank: int, *, eager: bool = True) -> None:
        self._graph = graph
        self._compute = compute
        self._value: Any = None
        self._state = _STALE
        self.rank = rank
        self.eager = eager
        self.readers: dict[Cell, None] = {}
        self.looked_at: dict[Source | Cell, None] = {}
        if eager:
            graph.waiting[self] = None

    def get(self) -> Any:
        """Return the value, computed now if need be; whoever computes just now depends on it from here on."""
        reader = self._graph.reader
        if reader is not None and reader is not self:
            self.readers[reader] = None
            reader.looked_at[self] = None
        self.refresh()
        return self._value

    @property
    def now(self) -> Any:
        """The value, brought up to date, without depending on it."""
        self.refresh()
        return self._value

    def refresh(self) -> bool:
        """Bring the value up to date; returns whether it changed."""
        if self._state == _DOUBTFUL:
            for other in list(self.looked_at):
                if isinstance(other, Cell):
                    other.refresh()
                if self._state == _STALE:
                    break
        if self._state != _STALE:
            self._state = _FRESH
            return False
        return self._graph.compute(self)

    def forget(self) -> None:
        """Let go of everything, since the cell itself is no longer wanted."""
        for other in self.looked_at:
            other.readers.pop(self, None)
        self.looked_at = {}
        self._graph.waiting.pop(self, None)


class Graph:
    """All cells of one filled-in form.

    Attributes:
        computed: Cells computed since the last `settle` began; what an answer really cost.
    """

    def __init__(self) -> None:
        self.reader: Cell | None = None
        self.waiting: dict[Cell, None] = {}
        self.computed = 0
        self._changed: list[Cell] = []
        self._computing: set[Cell] = set()

    def is_computing(self, cell: Cell) -> bool:
        """Tell whether a cell is being computed just now: it would wait for itself."""
        return cell in self._computing

    def mark(self, cell: Cell, state: int) -> None:
        """Make a cell stale or doubtful, and all behind it doubtful."""
        doubtful = [cell]
        if state == _STALE:
            cell._state = _STALE
            if cell.eager:
                self.waiting[cell] = None
            doubtful = list(cell.readers)
        while doubtful:
            one = doubtful.pop()
            if one._state == _FRESH:
                one._state = _DOUBTFUL
                if one.eager:
                    self.waiting[one] = None
                doubtful += one.readers

    def compute(self, cell: Cell) -> bool:
        """Compute a cell anew; one that is being computed already keeps the value it had."""
        if cell in self._computing:
            return False
        for other in cell.looked_at:
            other.readers.pop(cell, None)
        cell.looked_at = {}
        saved, self.reader = self.reader, cell
        self._computing.add(cell)
        try:
            value = cell._compute()
        finally:
            self._computing.discard(cell)
            self.reader = saved
        self.computed += 1
        cell._state = _FRESH
        if _same(cell._value, value):
            return False
        cell._value = value
        if cell.eager:
            # Also when it was another cell that asked for it.
            self._changed.append(cell)
        for reader in list(cell.readers):
            self.mark(reader, _STALE)
        return True

    def settle(self) -> list[Cell]:
        """Bring every eager cell up to date; returns those whose value changed.

        Cells that chase each other, which reading the form has not told, are left where they are after some rounds.
        """
        self._changed = []
        self.computed = 0
        for _ in range(_ROUNDS):
            if not self.waiting:
                break
            ready = sorted(self.waiting, key=lambda cell: cell.rank)
            self.waiting = {}
            for cell in ready:
                cell.refresh()
        return self._changed


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)
