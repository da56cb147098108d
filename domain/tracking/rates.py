"""How many abnormal results were told and followed up, kept by organisation, grade and month as they change."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, select

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.tracking.records import AbnormalTracking, TrackingGrade, TrackingRate
from domain.tracking.workflow import NOTICE, tracking_life

ENTITY = "abnormal_tracking"
Group = tuple[Id, str, str]
"""Organisation, grade, month."""


@command("tracking.count", "更新追踪统计", permission=None, place="internal")
class CountTrackings:
    """Count some groups anew; of the centre's reader alone."""

    groups: list[Any] = ask("分组", kind=Kind.HIDDEN)


@handles(CountTrackings)
def count_trackings(order: CountTrackings, work: UnitOfWork) -> int:
    """Return how many rates changed. The work is that of the months touched, whatever is stored."""
    return sum(_count(work, *group) for group in order.groups)


def _count(work: UnitOfWork, org_id: Id, grade: str, month: str) -> bool:
    t = AbnormalTracking.__table__.c
    first, after = _span(month)
    query = select(t.state, t.found_at, t.told_at, t.follow_on, t.followed_at).where(
        t.org_id == org_id, t.grade == grade, t.found_at >= first, t.found_at < after, t.state != "withdrawn"
    )
    counted = _tally(list(work.connection.execute(query)), TrackingGrade(grade), clinic(work.now).date())
    rate_id = stable_id("tracking_rate", org_id, grade, month)
    known = work.get(TrackingRate, rate_id)
    if known is None:
        work.add(
            TrackingRate(
                id=rate_id,
                org_id=org_id,
                month=month,
                grade=TrackingGrade(grade),
                counted_at=work.now,
                **counted,
            )
        )
        return True
    changed = {name: value for name, value in counted.items() if getattr(known, name) != value}
    for name, value in changed.items():
        setattr(known, name, value)
    if changed:
        known.counted_at = work.now
    return bool(changed)


def _tally(rows: Sequence[Any], grade: TrackingGrade, today: date) -> dict[str, Any]:
    limit = tracking_life.states[NOTICE[grade]].limit
    told = [row for row in rows if row.told_at is not None]
    in_time = [row for row in told if limit is None or row.told_at - row.found_at <= limit]
    followed = [row for row in rows if row.followed_at is not None]
    to_follow = [row for row in rows if row.followed_at or (row.follow_on and row.follow_on <= today)]
    states = [row.state for row in rows]
    return {
        "total": len(rows), "told": len(told), "in_time": len(in_time), "told_rate": _rate(len(told), len(rows)),
        "to_follow": len(to_follow), "followed": len(followed),
        "followed_rate": _rate(len(followed), len(to_follow)), "refused": states.count("refused"),
        "referred": states.count("referred"), "waiting": sum(state in NOTICE.values() for state in states),
    }  # fmt: skip


def _rate(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _span(month: str) -> tuple[datetime, datetime]:
    first = date.fromisoformat(f"{month}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return (
        datetime.combine(first, time(), CLINIC_TIME),
        datetime.combine(after, time(), CLINIC_TIME),
    )


class RateFollower:
    """Counts the months that trackings changed in; give it to a `Follower` at the centre.

    Args:
        dispatcher: Runs its command.
        actor: The centre's system actor.
    """

    name = "tracking_rates"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Count once whatever the entries touched."""
        ids = {
            touch.record_id for entry in entries for touch in entry.glance.changes if touch.entity == ENTITY
        }
        if not ids:
            return
        with self._dispatcher.store.read() as connection:
            groups = self._groups(connection, sorted(ids))
        self._dispatcher.run(CountTrackings(groups=groups), self._actor)

    @staticmethod
    def _groups(connection: Connection, ids: Sequence[bytes]) -> list[Group]:
        t = AbnormalTracking.__table__.c
        found: set[Group] = set()
        for start in range(0, len(ids), 500):
            some = [Id(bytes=one) for one in ids[start : start + 500]]
            for row in connection.execute(select(t.org_id, t.grade, t.found_at).where(t.id.in_(some))):
                found.add((row.org_id, str(row.grade), f"{clinic(row.found_at):%Y-%m}"))
        return sorted(found, key=str)
