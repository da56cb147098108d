"""How each rule does: how often it speaks, how fast people act, how much of it was for nothing; what to change."""

import dataclasses
import statistics
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from domain.alerts.groups import ShiftDigest, shift_digest
from domain.alerts.parts import Condition
from domain.alerts.plans import RuleBook
from domain.alerts.records import Alert, AlertEvent, Outcome
from domain.alerts.steps import RULES
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.rows import without_index
from domain.kernel.unit_of_work import UnitOfWork

LEAST = 20
"""Settled alerts below which nothing is proposed."""
KEPT = 0.95
"""Part of the alerts that led to something which a proposal must keep."""
SAMPLE = 20_000
"""Alerts of which a median is taken, the newest."""
WORTH = 0.2
"""Part of a rule's alerts that a proposal must spare."""
PEOPLE = ("acknowledged", "taken", "handed_over", "shelved", "handled", "closed")
_UP, _DOWN = {"gt", "ge"}, {"lt", "le"}


@dataclasses.dataclass(frozen=True, slots=True)
class Proposal:
    """Another threshold by the rule's own history: what it would have spared, and what of use it would have lost."""

    field: str
    op: str
    value: float
    instead_of: float
    spared: int
    lost: int
    of: int


@dataclasses.dataclass(frozen=True, slots=True)
class RuleFigures:
    """One rule over a time. Shares are of those a person settled; minutes are to the first thing anybody did.

    `causes` counts the root causes people found; `unexplained` how many they settled without one.
    """

    rule: str
    name: str
    opened: int
    waiting: int
    escalated: int
    settled_by_people: int
    cleared: int
    median_minutes: float | None
    no_action_share: float | None
    false_share: float | None
    causes: dict[str, int]
    unexplained: int
    proposal: Proposal | None


@command("alert.statistics", "预警规则统计", permission="alert.view")
class CountAlerts:
    """The figures of every rule that spoke in the last days, the most frequent first."""

    days: int = ask("最近天数", kind=Kind.NUMBER, default=30, low=1, high=366, unit="d")


@handles(CountAlerts)
def count_alerts(order: CountAlerts, work: UnitOfWork) -> list[RuleFigures]:
    """Return the figures; counted by the store over the time within the scope, whatever is stored beside it.

    The median is of the newest `SAMPLE` alerts somebody acted on, a proposal of as many a rule's people settled.
    """
    alert, since = Alert.__table__, work.now - timedelta(days=order.days)
    within = [alert.c.opened_at >= since]
    if work.actor.orgs is not None:
        within.append(without_index(alert.c.org_id).in_(work.actor.orgs))
    minutes, causes = _minutes(work, within), _causes(work, within)
    settled = alert.c.outcome.is_not(None)

    def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    query = (
        select(
            alert.c.rule,
            func.max(alert.c.name).label("name"),
            func.count().label("opened"),
            how_many(without_index(alert.c.state).not_in(("handled", "closed"))).label("waiting"),
            how_many(alert.c.step > 0).label("escalated"),
            how_many(settled).label("settled"),
            how_many((alert.c.state == "closed") & ~settled).label("cleared"),
            how_many(alert.c.outcome == Outcome.NO_ACTION).label("no_action"),
            how_many(alert.c.outcome == Outcome.FALSE).label("false_alarms"),
        )
        .where(*within)
        .group_by(without_index(alert.c.rule))
    )
    found = []
    for row in work.connection.execute(query):
        known = causes.get(row.rule, {})
        found.append(
            RuleFigures(
                rule=row.rule, name=row.name, opened=row.opened, waiting=row.waiting, escalated=row.escalated,
                settled_by_people=row.settled, cleared=row.cleared,
                median_minutes=statistics.median(minutes[row.rule]) if minutes.get(row.rule) else None,
                no_action_share=_share(row.no_action, row.settled), false_share=_share(row.false_alarms, row.settled),
                causes=known, unexplained=row.settled - sum(known.values()),
                proposal=_proposal(work, row.rule, within) if row.settled >= LEAST else None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.opened, one.rule))


def _minutes(work: UnitOfWork, within: Sequence[ColumnElement[bool]]) -> dict[str, list[float]]:
    """Return by rule how long it took until somebody first did something, of the newest."""
    event, alert = AlertEvent.__table__, Alert.__table__
    newest = select(alert.c.id, alert.c.rule, alert.c.opened_at).where(*within)
    newest = newest.order_by(alert.c.opened_at.desc()).limit(SAMPLE)
    some = newest.subquery()
    query = (
        select(some.c.rule, some.c.opened_at, func.min(event.c.at).label("at"))
        .join(event, event.c.alert_id == some.c.id)
        .where(event.c.kind.in_(PEOPLE), event.c.staff_id.is_not(None))
        .group_by(some.c.id, some.c.rule, some.c.opened_at)
    )
    found: dict[str, list[float]] = defaultdict(list)
    for row in work.connection.execute(query):
        found[row.rule].append(max(0.0, (row.at - row.opened_at).total_seconds() / 60))
    return found


def _causes(work: UnitOfWork, within: Sequence[ColumnElement[bool]]) -> dict[str, dict[str, int]]:
    alert = Alert.__table__
    query = (
        select(alert.c.rule, alert.c.root_cause, func.count().label("times"))
        .where(*within, alert.c.root_cause.is_not(None), alert.c.outcome.is_not(None))
        .group_by(without_index(alert.c.rule), alert.c.root_cause)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in sorted(work.connection.execute(query), key=lambda row: -row.times):
        found[row.rule][str(row.root_cause)] = row.times
    return found


def _proposal(work: UnitOfWork, rule: str, within: Sequence[ColumnElement[bool]]) -> Proposal | None:
    book: RuleBook | None = work.content.get(RULES)
    plan = book.plans.get(rule) if book is not None else None
    if plan is None or not any(c.op in _UP | _DOWN for c in plan.when):
        return None
    alert = Alert.__table__
    query = select(alert.c.facts, alert.c.outcome).where(
        *within, alert.c.rule == rule, alert.c.outcome.is_not(None)
    )
    rows = work.connection.execute(query.order_by(alert.c.opened_at.desc()).limit(SAMPLE))
    return proposed(plan.when, [(row.facts or {}, row.outcome) for row in rows])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def proposed(
    conditions: Sequence[Condition], settled: Sequence[tuple[dict[str, Any], Any]]
) -> Proposal | None:
    """Return the threshold that spares most of what led to nothing and keeps nearly all that did, if it is worth it.

    Only values that occurred are proposed, for a condition on a number that the rule keeps among its facts.

    Args:
        conditions: Of the rule.
        settled: For each alert a person settled, its facts and the outcome.
    """
    best: Proposal | None = None
    for condition in conditions:
        if condition.op not in _UP | _DOWN or isinstance(condition.value, bool | str):
            continue
        known = [
            (float(facts[condition.field]), outcome in {Outcome.ACTED, Outcome.ELSEWHERE})
            for facts, outcome in settled
            if isinstance(facts.get(condition.field), int | float)
        ]
        useful = sum(was for _, was in known)
        if len(known) < LEAST:
            continue
        for value in sorted({v for v, _ in known}):
            out = [(v, was) for v, was in known if (v < value if condition.op in _UP else v > value)]
            lost = sum(was for _, was in out)
            spared = len(out) - lost
            keeps = lost <= (1 - KEPT) * useful
            if keeps and spared >= WORTH * len(known) and (best is None or spared > best.spared):
                op = "ge" if condition.op in _UP else "le"
                best = Proposal(condition.field, op, value, float(condition.value), spared, lost, len(known))
    return best


@command("alert.shift", "交接班汇总", permission="alert.view")
class CountShift:
    """What a shift hands over: opened, settled, and what still waits."""

    hours: int = ask("最近小时数", kind=Kind.NUMBER, default=12, low=1, high=168, unit="h")


@handles(CountShift)
def count_shift(order: CountShift, work: UnitOfWork) -> ShiftDigest:
    """Return the digest within the scope of who asks; reads the trail of that time only."""
    return shift_digest(work.connection, work.actor, work.now - timedelta(hours=order.hours))
