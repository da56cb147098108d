"""No storms: what fell due long ago, all at once, becomes one card a rule and place; each stays an alert in the list.

A workstation that was off for a night or a month finds hundreds of timers behind it. None is lost: each alert is
opened and can be filtered, taken and settled. But its ladder rests and nobody is told of it by itself; the digest is
told, rises by the rule's ladder, and closes when the last of them is settled. What is urgent is never held back.

What happens now is told now, until twenty of one rule wait at one place: nobody reads the twenty-first card of a
kind, so from there on the day's digest of the rule stands for them.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from domain.alerts.decisions import Open
from domain.alerts.engine_commands import OpenAlert
from domain.alerts.plans import Plan, RuleBook, shown_value
from domain.alerts.records import Alert, Severity
from domain.alerts.situations import chunks, timer_table
from domain.alerts.workflow import UNSETTLED
from domain.kernel.clock import clinic
from domain.kernel.columns import to_microseconds
from domain.kernel.ids import Id, stable_id
from domain.kernel.rows import without_index

LATE = timedelta(hours=2)
"""What fell due before this is not news."""
MOST_SINGLE = 20
"""So many of one rule and place that are late are still told one by one."""
SUMMARY = (
    "{count} 项在离线或停机期间到期，最早 {first}。"
    "均在预警列表中，可按名称筛选后批量处理；全部处理后本条自动关闭。"
)
FLOOD = (
    "同类未处理预警已达 {most} 条，当天其后发出的汇入本条，不再逐条提醒。"
    "均在预警列表中，可按名称筛选后批量处理；全部处理后本条自动关闭。"
)
_ALERT = Alert.__table__
Key = tuple[str, Id]


@dataclasses.dataclass(slots=True)
class Digest:
    """One card for many: how many were counted when it was made, and when the first of them fell due.

    `spare` is how many that are not late are still told by themselves.
    """

    plan: Plan
    org_id: Id
    id: Id
    count: int
    first: datetime
    late: bool
    spare: int

    def order(self, now: datetime) -> OpenAlert:
        """Return the command that opens it; its ladder counts from now, when somebody can first know."""
        rule, standing = self.plan.rule, self.plan.ladder.standing(now, now)
        return OpenAlert(
            alert_id=self.id, rule=rule.id, rule_version=rule.version, name=rule.name, org_id=self.org_id,
            subject="organization", subject_id=self.org_id,
            summary=SUMMARY.format(count=self.count, first=shown_value(self.first))
            if self.late
            else FLOOD.format(most=MOST_SINGLE),
            facts={"count": self.count}, severity=standing.severity, receivers=list(standing.receivers),
            opened_at=now, due_at=standing.due_at, act_by=now + self.plan.ladder.act_within,
        )  # fmt: skip


def late_timers(connection: Connection, now: datetime) -> Counter[Key]:
    """Return how many timers of each rule and place ran out long ago; reads the front of the index of due times."""
    timers = timer_table()
    query = (
        select(timers.c.rule, timers.c.org_id, func.count())
        .where(timers.c.fire_at <= to_microseconds(now - LATE))
        .group_by(without_index(timers.c.rule), timers.c.org_id)
    )
    return Counter({(rule, org_id): count for rule, org_id, count in connection.execute(query)})


def digests_of(
    connection: Connection, book: RuleBook, opens: Iterable[Open], known: Counter[Key], now: datetime
) -> dict[Key, Digest]:
    """Return the digests that alerts about to be opened go into.

    Args:
        connection: The store.
        book: The rules.
        opens: What is about to be opened.
        known: Late ones counted beforehand, those of `opens` among them or not.
        now: Time of the engine.
    """
    coming: dict[Key, list[datetime]] = {}
    for action in opens:
        if action.plan.rule.severity is not Severity.URGENT:
            key = (action.plan.rule.id, action.row["org_id"])
            coming.setdefault(key, []).append(action.opened_at)
    found = {}
    for key, times in coming.items():
        late = sum(at <= now - LATE for at in times)
        count = max(late, known[key]) if late else 0
        spare = max(0, MOST_SINGLE - _waiting(connection, key))
        digest_id = stable_id("alert", key[0], key[1], "digest", str(clinic(now).date()))
        if count > MOST_SINGLE or len(times) - late > spare or (late and _stands(connection, digest_id)):
            stands_for_late = bool(late) and (count > MOST_SINGLE or _stands(connection, digest_id))
            found[key] = Digest(
                book.plans[key[0]], key[1], digest_id, count, min(times), stands_for_late, spare
            )
    return found


def _stands(connection: Connection, digest_id: Id) -> bool:
    mine = (_ALERT.c.id == digest_id, without_index(_ALERT.c.state).in_(UNSETTLED))
    return connection.execute(select(_ALERT.c.id).where(*mine)).first() is not None


def _waiting(connection: Connection, key: Key) -> int:
    """Return how many of a rule wait at a place, counting no further than matters."""
    mine = (_ALERT.c.rule == key[0], _ALERT.c.state.in_(UNSETTLED), _ALERT.c.org_id == key[1])
    inside = select(_ALERT.c.id).where(*mine).limit(MOST_SINGLE).subquery()
    return connection.execute(select(func.count()).select_from(inside)).scalar_one()


def joins(digests: dict[Key, Digest], action: Open, now: datetime) -> Id | None:
    """Return the digest an alert goes into, None if it is told by itself; each that is takes one of the spare."""
    digest = digests.get((action.plan.rule.id, action.row["org_id"]))
    if digest is None:
        return None
    if action.opened_at <= now - LATE:
        return digest.id if digest.late else None
    if digest.spare > 0:
        digest.spare -= 1
        return None
    return digest.id


def emptied(connection: Connection, alert_ids: Sequence[Id]) -> list[Id]:
    """Return the digests of changed alerts in which nothing is left to do."""
    over: list[Id] = []
    for some in chunks(alert_ids):
        query = select(_ALERT.c.digest_id).where(_ALERT.c.id.in_(some), _ALERT.c.digest_id.is_not(None))
        over += [
            i for i in connection.execute(query.distinct()).scalars() if not waiting_in(connection, i, 1)
        ]
    return sorted(set(over))


def waiting_in(connection: Connection, digest_id: Any, most: int) -> int:
    """Return how many alerts of a digest still have to be settled, counting no further than `most`."""
    inside = select(_ALERT.c.id).where(_ALERT.c.digest_id == digest_id, _ALERT.c.state.in_(UNSETTLED))
    return connection.execute(select(func.count()).select_from(inside.limit(most).subquery())).scalar_one()
