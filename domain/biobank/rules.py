"""Positions of a box, by row letter and column number."""

import re
import unicodedata

from domain.kernel.errors import DomainError

_POSITION = re.compile(r"([A-Z])0?([1-9][0-9]?)")


def position_of(text: str, rows: int, columns: int) -> str:
    """Return a position in its stored form (``A1``); ``a01`` and full-width forms are understood.

    Raises:
        DomainError: ``container.no_such_position`` for a place the grid does not have.
    """
    found = _POSITION.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    if found is None or ord(found[1]) - ord("A") >= rows or int(found[2]) > columns:
        raise DomainError(
            "container.no_such_position", field="position", position=text, rows=rows, columns=columns
        )
    return f"{found[1]}{int(found[2])}"


def positions(rows: int, columns: int) -> list[str]:
    """Return every position of a grid, row by row."""
    return [f"{chr(ord('A') + r)}{c}" for r in range(rows) for c in range(1, columns + 1)]


def next_free(taken: set[str], rows: int, columns: int, after: str | None = None) -> str | None:
    """Return the first free position, from the one behind `after` on and then from the start; None if full."""
    grid = positions(rows, columns)
    start = grid.index(after) + 1 if after in grid else 0
    return next((p for p in grid[start:] + grid[:start] if p not in taken), None)
