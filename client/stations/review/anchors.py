"""Places in a text that a remark is about: ``conclusion:12-30`` is characters 12 to 29 of the conclusion.

Characters are counted as Python counts them (code points) over lines that end in LF. Qt counts UTF-16 units,
which differ after a rare character of a name (𠮷), so positions are converted on the way to and from an editor.
"""

import re
from dataclasses import dataclass

FIELDS = ("conclusion", "advice")
_ANCHOR = re.compile(r"(conclusion|advice):(\d{1,6})-(\d{1,6})")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Characters `start` up to but not including `end` of one field."""

    field: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.field}:{self.start}-{self.end}"


def parse_anchor(text: str | None) -> Anchor | None:
    """Return the place a review step names; None for none or one this program does not understand."""
    found = _ANCHOR.fullmatch(text or "")
    if found is None or int(found[2]) >= int(found[3]):
        return None
    return Anchor(found[1], int(found[2]), int(found[3]))


def plain_lines(text: str) -> str:
    """Return a text with the line ends an editor gives it, so that positions mean the same everywhere."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def moved(anchor: Anchor, old: str, new: str) -> Anchor | None:
    """Return where a place of `old` lies in `new`; None when nothing of it is left.

    What stands before the first and after the last difference keeps its distance to the start or the end of the
    text; a place inside the changed part grows or shrinks with it.
    """
    if old == new:
        return anchor if anchor.start < len(new) else None
    head = _common(old, new)
    tail = min(_common(old[::-1], new[::-1]), len(old) - head, len(new) - head)
    start = _placed(anchor.start, old, new, head, tail, to_end=False)
    end = _placed(anchor.end, old, new, head, tail, to_end=True)
    return Anchor(anchor.field, start, end) if start < end else None


def line_around(text: str, position: int) -> tuple[int, int]:
    """Return start and end of the line that `position` stands in, without blanks at its ends."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    line = text[start:end]
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip())


def to_qt(text: str, position: int) -> int:
    """Return a position as Qt counts it."""
    return len(text[:position].encode("utf-16-le")) // 2


def from_qt(text: str, position: int) -> int:
    """Return a position of Qt as Python counts it."""
    return len(text.encode("utf-16-le")[: position * 2].decode("utf-16-le", "ignore"))


def _common(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _placed(position: int, old: str, new: str, head: int, tail: int, *, to_end: bool) -> int:
    if position <= head and not (to_end and position == head < len(old) - tail):
        return position
    if position >= len(old) - tail:
        return len(new) - (len(old) - position)
    return len(new) - tail if to_end else head
