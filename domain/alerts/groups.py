"""How alerts are put before a person: one card a client or device, a budget of interruptions, a digest of a shift."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from domain.alerts.records import Alert, AlertEvent, Severity
from domain.alerts.worklists import PERMISSION, AlertCard, count_for
from domain.kernel.authority import Actor
from domain.kernel.clients import client_conditions
from domain.kernel.ids import Id
from domain.kernel.worklists import without_index

BUDGET = 12
"""Interruptions an hour for one person; what is urgent comes on top, the rest waits for the next digest."""
HOUR = timedelta(hours=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """All that waits about one client, or about one thing that is no client; `cards` the most pressing first."""

    key: Id
    patient_name: str | None
    cards: tuple[AlertCard, ...]

    @property
    def worst(self) -> AlertCard:
        """The one to deal with first."""
        return self.cards[0]


def groups_of(cards: Iterable[AlertCard]) -> list[Group]:
    """Return alerts as one group a client or thing, in the order of the most pressing of each."""
    found: dict[Id, list[AlertCard]] = {}
    for card in cards:
        found.setdefault(card.patient_id or card.subject_id, []).append(card)
    return [Group(key, some[0].patient_name, tuple(some)) for key, some in found.items()]


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What interrupts a person now, and how many alerts wait for the digest instead."""

    now: tuple[Group, ...]
    later: int


def told_now(
    groups: Sequence[Group], interruptions: Iterable[datetime], now: datetime, budget: int = BUDGET
) -> Told:
    """Return which groups may interrupt a person who was interrupted at these times.

    A group is one interruption however many alerts are in it. What is urgent always comes through and is paid for out
    of the same budget.
    """
    left = budget - sum(1 for at in interruptions if now - HOUR < at <= now)
    urgent = [g for g in groups if g.worst.severity is Severity.URGENT]
    others = [g for g in groups if g.worst.severity is not Severity.URGENT]
    shown = others[: max(0, left - len(urgent))]
    return Told((*urgent, *shown), sum(len(g.cards) for g in others[len(shown) :]))


@dataclasses.dataclass(frozen=True, slots=True)
class ShiftDigest:
    """What a shift hands over: by the name of the rule how many were opened, settled, and still wait."""

    since: datetime
    opened: dict[str, int]
    settled: dict[str, int]
    waiting: int


def shift_digest(connection: Connection, actor: Actor, since: datetime) -> ShiftDigest:
    """Return the digest of what happened since a shift began, within the scope; reads the trail of that time only."""
    actor.check(PERMISSION)
    event, alert = AlertEvent.__table__, Alert.__table__
    query = (
        select(event.c.kind, alert.c.name, func.count())
        .join(alert, alert.c.id == event.c.alert_id)
        .where(event.c.at >= since, event.c.kind.in_(("opened", "handled", "closed", "cleared")))
        .group_by(event.c.kind, alert.c.name)
    )
    if actor.orgs is not None:
        query = query.where(without_index(event.c.org_id).in_(actor.orgs))
    query = query.where(*client_conditions(Alert, actor))
    opened: Counter[str] = Counter()
    settled: Counter[str] = Counter()
    for kind, name, count in connection.execute(query):
        (opened if kind == "opened" else settled)[name] += count
    return ShiftDigest(since, dict(opened), dict(settled), count_for(connection, actor)[0])
