"""What the mass sending page reads from the store, off the UI thread."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.kernel.rows import scoped
from domain.messaging.records import MassSending, MessageTemplate, OutboxMessage
from domain.messaging.templates import Template
from domain.tags.audience import VARIANT, counted_tags

MOST_SHOWN = 30
ENDED = frozenset({"failed", "expired", "cancelled"})
GONE = frozenset({"accepted", "delivered", "read"})
ARRIVED = frozenset({"delivered", "read"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A template that may be sent to many, and the channels it may go by."""

    code: str
    label: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A mass sending and what has become of its messages so far. `going` is false once nothing waits any more."""

    id: Id
    label: str
    channel: str
    at: datetime
    queued: int
    gone: int
    arrived: int
    read: int
    failed: int
    waiting: int
    paused: bool
    stopped: bool

    @property
    def going(self) -> bool:
        """Whether something may still be sent."""
        return self.waiting > 0 and not self.stopped


@dataclass(frozen=True, slots=True)
class Desk:
    """All the page shows but the preview."""

    templates: tuple[Choice, ...]
    tags: tuple[tuple[str, str, int], ...]
    sendings: tuple[Progress, ...]


def read_desk(connection: Connection, actor: Actor, shipped: dict[str, Template]) -> Desk:
    """Return the templates, the tags with their people, and the latest mass sendings with their progress."""
    actor.check("messaging.mass")
    return Desk(
        tuple(_choices(connection, actor, shipped)), tuple(counted_tags(connection, actor)),
        tuple(_sendings(connection, actor)),
    )  # fmt: skip


def _choices(connection: Connection, actor: Actor, shipped: dict[str, Template]) -> list[Choice]:
    """Return what needs nothing filled in: the institution's own, then the program's."""
    table = MessageTemplate.__table__.c
    query = scoped(select(table.code, table.label, table.channels), MessageTemplate, actor)
    own = connection.execute(query.where(table.active).order_by(table.label)).all()
    found = [Choice(r.code, r.label, tuple(r.channels)) for r in own if VARIANT not in r.code]
    codes = {choice.code for choice in found}
    for code, one in sorted(shipped.items()):
        if code not in codes and not one.params and one.category not in ("conversation", "staff", "critical"):
            found.append(Choice(code, one.label, tuple(str(c) for c in one.channels)))
    return found


def _sendings(connection: Connection, actor: Actor) -> list[Progress]:
    mass, out = MassSending.__table__.c, OutboxMessage.__table__.c
    query = scoped(select(*MassSending.__table__.columns), MassSending, actor)
    rows = connection.execute(query.order_by(mass.confirmed_at.desc()).limit(MOST_SHOWN)).all()
    counts: dict[Any, dict[str, int]] = {row.id: {} for row in rows}
    if counts:
        per_state = (
            select(out.mass_id, out.state, func.count().label("count"))
            .where(out.mass_id.in_(list(counts)))
            .group_by(out.mass_id, out.state)
        )
        for row in connection.execute(per_state):
            counts[row.mass_id][row.state] = row.count
    return [_progress(row, counts[row.id]) for row in rows]


def _progress(row: Any, states: dict[str, int]) -> Progress:
    def of(wanted: frozenset[str]) -> int:
        return sum(count for state, count in states.items() if state in wanted)

    waiting = row.queued - of(GONE) - of(ENDED)
    return Progress(
        row.id, row.label, str(row.channel), row.confirmed_at, row.queued, of(GONE), of(ARRIVED),
        states.get("read", 0), of(ENDED), max(waiting, 0), row.paused_at is not None, row.stopped_at is not None,
    )  # fmt: skip
