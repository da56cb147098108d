"""How each rule does: how often it speaks, how fast people act, how much of it was for nothing; what to change."""

import dataclasses
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

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
    """Return the figures; reads the alerts of the time within the scope, and their trails."""
    alert, since = Alert.__table__, work.now - timedelta(days=order.days)
    columns = (
        alert.c.id,
        alert.c.rule,
        alert.c.name,
        alert.c.state,
        alert.c.step,
        alert.c.outcome,
        alert.c.root_cause,
        alert.c.facts,
    )
    query = select(*columns, alert.c.opened_at).where(alert.c.opened_at >= since)
    if work.actor.orgs is not None:
        query = query.where(without_index(alert.c.org_id).in_(work.actor.orgs))
    by_rule: dict[str, list[Any]] = defaultdict(list)
    for row in work.connection.execute(query):
        by_rule[row.rule].append(row)
    acted = _first_acts(work, since)
    book: RuleBook | None = work.content.get(RULES)
    found = [_figures(rule, rows, acted, book) for rule, rows in by_rule.items()]
    return sorted(found, key=lambda one: (-one.opened, one.rule))


def _first_acts(work: UnitOfWork, since: Any) -> dict[Any, Any]:
    """Return when somebody first did something, by alert; alerts of the time have events of the time."""
    event = AlertEvent.__table__
    query = (
        select(event.c.alert_id, func.min(event.c.at).label("at"))
        .where(event.c.at >= since, event.c.kind.in_(PEOPLE), event.c.staff_id.is_not(None))
        .group_by(event.c.alert_id)
    )
    return {row.alert_id: row.at for row in work.connection.execute(query)}


def _figures(rule: str, rows: Sequence[Any], acted: dict[Any, Any], book: RuleBook | None) -> RuleFigures:
    settled = [r for r in rows if r.outcome is not None]
    minutes = [
        max(0.0, (acted[r.id] - r.opened_at).total_seconds() / 60)
        for r in rows
        if acted.get(r.id) is not None
    ]
    plan = book.plans.get(rule) if book is not None else None
    return RuleFigures(
        rule=rule,
        name=rows[-1].name,
        opened=len(rows),
        waiting=sum(r.state not in {"handled", "closed"} for r in rows),
        escalated=sum(r.step > 0 for r in rows),
        settled_by_people=len(settled),
        cleared=sum(r.state == "closed" and r.outcome is None for r in rows),
        median_minutes=statistics.median(minutes) if minutes else None,
        no_action_share=_share(settled, Outcome.NO_ACTION),
        false_share=_share(settled, Outcome.FALSE),
        causes=dict(Counter(str(r.root_cause) for r in settled if r.root_cause is not None).most_common()),
        unexplained=sum(r.root_cause is None for r in settled),
        proposal=None if plan is None else proposed(plan.when, [(r.facts or {}, r.outcome) for r in settled]),
    )


def _share(settled: Sequence[Any], outcome: Outcome) -> float | None:
    return sum(r.outcome == outcome for r in settled) / len(settled) if settled else None


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
