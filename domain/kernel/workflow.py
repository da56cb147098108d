"""States, the moves between them, and a time limit for each state; nothing else computes a deadline."""

import dataclasses
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import Record


class HasState(Protocol):
    """What a record needs to be moved: a state and the time by which it should be left."""

    state: str
    state_since: datetime
    due_at: datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """A state with its Chinese label and, where it has one, the time after which it is overdue."""

    name: str
    label: str
    limit: timedelta | None = None
    final: bool = False


Limits = Mapping[str, timedelta]
"""Time limits set by a site or study, by ``workflow.state``; they take the place of the declared ones."""

Hands = Mapping[str, Collection[Id]]
"""Who made which earlier moves of a record, by the name of the move."""

_WORKFLOWS: "dict[str, Workflow]" = {}


class Workflow:
    """The life of one kind of record.

    Args:
        record: Record class with `state`, `state_since` and `due_at`.
        label: Chinese name.
        states: First state first.
        moves: Move name to (states it may start from, state it ends in); of several ends the first is the usual one.
        apart: Move name to the earlier moves that must have been made by somebody else (four eyes).
    """

    def __init__(
        self,
        record: type[Record],
        label: str,
        *states: State,
        moves: Mapping[str, tuple[str | tuple[str, ...], str | tuple[str, ...]]],
        apart: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.record = record
        self.name = record.record_info.entity
        self.label = label
        self.states = {s.name: s for s in states}
        self.first = states[0].name
        self.ends = {name: (end,) if isinstance(end, str) else end for name, (_, end) in moves.items()}
        self.moves = {
            name: ((start,) if isinstance(start, str) else start, self.ends[name][0])
            for name, (start, _) in moves.items()
        }
        for name, (starts, _) in self.moves.items():
            unknown = {*starts, *self.ends[name]} - self.states.keys()
            if unknown:
                raise ValueError(f"workflow {self.name}: unknown states {sorted(unknown)}")
        self.apart = dict(apart or {})
        strange = {*self.apart, *(m for earlier in self.apart.values() for m in earlier)} - self.moves.keys()
        if strange:
            raise ValueError(f"workflow {self.name}: unknown moves {sorted(strange)}")
        _WORKFLOWS[self.name] = self

    def enter(self, record: HasState, state: str, at: datetime, limits: Limits | None = None) -> None:
        """Put a record into a state and write when it must be left."""
        limit = (limits or {}).get(f"{self.name}.{state}", self.states[state].limit)
        record.state = state
        record.state_since = at
        record.due_at = None if limit is None else at + limit

    def start(self, record: HasState, at: datetime, limits: Limits | None = None) -> None:
        """Put a new record into the first state."""
        self.enter(record, self.first, at, limits)

    def allows(self, state: str, move: str) -> bool:
        """Tell whether `move` may be made from `state`."""
        return state in self.moves[move][0]

    def possible(self, state: str) -> list[str]:
        """Return the moves that may be made from `state`."""
        return [name for name, (starts, _) in self.moves.items() if state in starts]

    def move(
        self, record: HasState, move: str, at: datetime, limits: Limits | None = None, to: str | None = None
    ) -> None:
        """Make a move; `to` chooses among its ends.

        Raises:
            DomainError: ``<workflow>.wrong_state`` with the labels of the state it is in and those it needs.
        """
        starts, end = self.moves[move]
        end = to or end
        if end not in self.ends[move]:
            raise ValueError(f"workflow {self.name}: {move} does not end in {end}")
        if record.state not in starts:
            raise DomainError(
                f"{self.name}.wrong_state",
                state=self.label_of(record.state),
                needed="、".join(self.label_of(s) for s in starts),
                target=self.label_of(end),
            )
        self.enter(record, end, at, limits)

    def same_hands(self, move: str, staff_id: Id | None, hands: Hands) -> str | None:
        """Return the earlier move of a person that forbids them this one; None if they may make it."""
        earlier = self.apart.get(move, ())
        return next((m for m in earlier if staff_id is not None and staff_id in hands.get(m, ())), None)

    def check_hands(self, move: str, staff_id: Id | None, hands: Hands) -> None:
        """Refuse a move to who made an earlier one that it must be apart from.

        Raises:
            DomainError: ``<workflow>.own_work`` for who began it, else ``<workflow>.same_hands``, with the labels
                of the step done earlier and of this one.
        """
        earlier = self.same_hands(move, staff_id, hands)
        if earlier is None:
            return
        labels = {"earlier": self.step_label(earlier), "step": self.step_label(move)}
        if self.first in self.moves[earlier][0]:
            raise DomainError(f"{self.name}.own_work", **labels)
        raise DomainError(f"{self.name}.same_hands", **labels)

    def step_label(self, move: str) -> str:
        """Return the label of the state a move leaves: what its maker did."""
        return self.label_of(self.moves[move][0][0])

    def label_of(self, state: str) -> str:
        return self.states[state].label if state in self.states else state


def workflows() -> dict[str, Workflow]:
    """Return every declared workflow by the entity it moves."""
    return _WORKFLOWS


def hours(count: float) -> timedelta:
    """Return a time limit in hours."""
    return timedelta(hours=count)


def minutes(count: float) -> timedelta:
    """Return a time limit in minutes."""
    return timedelta(minutes=count)
