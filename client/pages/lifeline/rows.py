"""What is drawn of a family: a row a tube, a mark an event."""

import dataclasses
from datetime import datetime

from domain.kernel.clock import clinic


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """One event: when, its kind, what is said of it, and whether the chain of custody breaks there."""

    at: datetime
    kind: str
    words: str
    broken: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Tube:
    """One row: `parent` is the row of what it was made of, -1 for what was collected; `sources` more of a pool."""

    number: str
    words: str
    depth: int
    parent: int
    asked: bool
    ended: bool
    marks: tuple[Mark, ...]
    sources: tuple[int, ...] = ()


class Ticks:
    """How a time is written on the axis."""

    def __call__(self, at: datetime) -> str:
        return f"{clinic(at):%Y-%m-%d %H:%M}"
