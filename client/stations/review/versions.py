"""What changed between two texts of a report: line by line, and within a line by characters. Pure functions."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

LIKE = 0.5
"""Lines of at least so much likeness are one line that was changed, else one is gone and one is new."""


class Mark(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


Piece = tuple[Mark, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the two texts side by side; None where one of them has none. `same` lines say nothing new."""

    before: tuple[Piece, ...] | None
    after: tuple[Piece, ...] | None

    @property
    def same(self) -> bool:
        return self.before is not None and self.before == self.after


def compare(old: str, new: str) -> list[Line]:
    """Return two texts line by line; put together, each side is its text."""
    before, after = old.splitlines(), new.splitlines()
    found: list[Line] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            found += [Line(((Mark.SAME, text),), ((Mark.SAME, text),)) for text in before[a:b]]
        else:
            found += _changed(before[a:b], after[c:d])
    return found


def _changed(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """Yield replaced lines; those that are alike stand beside each other, in their order."""
    rest = list(before)
    for text in after:
        like = next((n for n, old in enumerate(rest) if _likeness(old, text) >= LIKE), None)
        if like is None:
            yield Line(None, ((Mark.NEW, text),))
            continue
        yield from (Line(((Mark.GONE, gone),), None) for gone in rest[:like])
        yield _within(rest[like], text)
        rest = rest[like + 1 :]
    yield from (Line(((Mark.GONE, gone),), None) for gone in rest)


def _likeness(old: str, new: str) -> float:
    return difflib.SequenceMatcher(None, old, new, autojunk=False).ratio()


def _within(old: str, new: str) -> Line:
    before: list[Piece] = []
    after: list[Piece] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            before.append((Mark.SAME, old[a:b]))
            after.append((Mark.SAME, new[c:d]))
            continue
        if a < b:
            before.append((Mark.GONE, old[a:b]))
        if c < d:
            after.append((Mark.NEW, new[c:d]))
    return Line(tuple(before), tuple(after))
