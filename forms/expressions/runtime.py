"""One evaluation of an expression: its place, its clock, and what it may still spend."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from forms.expressions.arithmetic import single
from forms.expressions.elements import Collection
from forms.expressions.registry import Clock
from forms.expressions.syntax import LimitExceededError

STEPS = 200_000
LARGEST_COLLECTION = 20_000


class Host(Protocol):
    """Where an expression is evaluated: what its variables mean there."""

    def variable(self, name: str) -> Collection:
        """Return ``%name``; raises `ExpressionError` for a name that is not known."""


@dataclass(slots=True)
class Run:
    """One evaluation: its place, its clock, and what it may still spend."""

    host: Host
    clock: Clock
    this: Collection
    index: Collection = field(default_factory=list)
    total: Collection = field(default_factory=list)
    left: int = STEPS

    def spend(self, steps: int) -> None:
        """Count work; raises `ExpressionError` when there was too much."""
        self.left -= steps
        if self.left < 0:
            raise LimitExceededError(f"more than {STEPS} steps")


Step: TypeAlias = Callable[[Run, Collection], Collection]


def truth(values: Collection) -> bool | None:
    """Return a condition's outcome: None if empty; a single value that is no truth value counts as true."""
    if not values:
        return None
    value = single(values, "a condition")
    return value if isinstance(value, bool) else True
