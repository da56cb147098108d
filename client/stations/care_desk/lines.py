"""What one line of the day is, and what is done next about it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.kernel.ids import Id


@dataclass(frozen=True, slots=True)
class Next:
    """The one next step of a line: a command with what is known of its input; `asks` opens its form first."""

    command: str
    given: dict[str, Any]
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that waits: of which band, what, for whom, by when, and what is done next.

    `kind` is ``alert``, ``task``, ``plan``, ``appointment`` or ``conversation``; `listing` the
    worklist whose commands it offers beside the next step.
    """

    band: str
    kind: str
    id: Id
    title: str
    who: str
    about: str
    due_at: datetime | None
    patient_id: Id | None
    listing: str
    next: Next
    values: dict[str, Any] = field(default_factory=dict)
    """What the list's row holds, for its other commands."""

    @property
    def key(self) -> tuple[str, Id]:
        return (self.kind, self.id)
