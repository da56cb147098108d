"""What came of referrals, kept by site, month and department as they change; counted by the centre for everybody."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlalchemy import select

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.referrals.records import Referral, ReferralEffect, ReferralOutcome
from domain.referrals.workflow import referral_life

CONFIRMED = frozenset({ReferralOutcome.DIAGNOSED, ReferralOutcome.TREATED, ReferralOutcome.ADMITTED})
DAY = timedelta(days=1)


@command("referral.count", "更新转诊统计", permission=None, place="internal")
class CountReferrals:
    """Count the months of some sites anew (organisation, month); of the centre's reader alone."""

    groups: list[Any] = ask("分组", kind=Kind.HIDDEN)


@handles(CountReferrals)
def count(order: CountReferrals, work: UnitOfWork) -> int:
    """Return how many rows changed. The work is that of the months touched, whatever is stored."""
    return sum(_count(work, org_id, month) for org_id, month in order.groups)


def _count(work: UnitOfWork, org_id: Id, month: str) -> int:
    r = Referral.__table__.c
    first, after = _span(month)
    query = select(
        r.hospital, r.department, r.site_id, r.state, r.opened_at, r.booked_at, r.seen_at, r.closed_at, r.outcome
    ).where(
        r.org_id == org_id, r.opened_at >= first, r.opened_at < after, r.hospital.is_not(None),
        r.state.not_in(("proposed", "dropped")),
    )  # fmt: skip
    by_place: dict[tuple[str, str], list[Any]] = {}
    for row in work.connection.execute(query):
        by_place.setdefault((row.hospital, row.department), []).append(row)
    kept = work.list(
        select(ReferralEffect).where(ReferralEffect.org_id == org_id, ReferralEffect.month == month)
    )
    known = {(one.hospital, one.department): one for one in kept}
    changed = 0
    for place in dict.fromkeys([*by_place, *known]):
        counted = tally(by_place.get(place, []))
        one = known.get(place)
        if one is None:
            work.add(
                ReferralEffect(
                    id=stable_id("referral_effect", org_id, month, *place), org_id=org_id, month=month,
                    hospital=place[0], department=place[1], counted_at=work.now, **counted,
                )
            )  # fmt: skip
            changed += 1
        elif differing := {n: v for n, v in counted.items() if getattr(one, n) != v}:
            for name, value in differing.items():
                setattr(one, name, value)
            one.counted_at = work.now
            changed += 1
    return changed


def tally(rows: Sequence[Any]) -> dict[str, Any]:
    """Return the figures of some referrals; rates are None where there is nothing to divide by."""
    limit = referral_life.states["open"].limit
    booked = [row for row in rows if row.booked_at is not None or row.seen_at is not None]
    seen = [row for row in rows if row.seen_at is not None]
    answered = [row for row in rows if row.state == "closed"]
    confirmed = [row for row in answered if row.outcome in CONFIRMED]
    return {
        "inside": any(row.site_id is not None for row in rows),
        "total": len(rows), "booked": len(booked),
        "booked_in_time": sum(
            limit is None or (row.booked_at or row.seen_at) - row.opened_at <= limit for row in booked
        ),
        "seen": len(seen), "answered": len(answered), "answered_rate": _rate(len(answered), len(rows)),
        "confirmed": len(confirmed), "confirmed_rate": _rate(len(confirmed), len(answered)),
        "sent_back": sum(row.outcome == ReferralOutcome.SENT_BACK for row in answered),
        "given_up": sum(row.state == "refused" for row in rows),
        "days_to_visit": _days([row.seen_at - row.opened_at for row in seen]),
        "days_to_answer": _days([row.closed_at - row.opened_at for row in answered]),
    }  # fmt: skip


def _rate(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _days(spans: Sequence[timedelta]) -> float | None:
    return round(median(span / DAY for span in spans), 1) if spans else None


def _span(month: str) -> tuple[datetime, datetime]:
    first = date.fromisoformat(f"{month}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return datetime.combine(first, time(), CLINIC_TIME), datetime.combine(after, time(), CLINIC_TIME)


class EffectFollower:
    """Counts the months that referrals changed in; give it to a `Follower` at the centre."""

    name = "referral_effects"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Count once whatever the entries touched."""
        ids = sorted({t.record_id for e in entries for t in e.glance.changes if t.entity == "referral"})
        if not ids:
            return
        r = Referral.__table__.c
        found: set[tuple[Id, str]] = set()
        with self._dispatcher.store.read() as connection:
            for start in range(0, len(ids), 500):
                some = [Id(bytes=one) for one in ids[start : start + 500]]
                for row in connection.execute(select(r.org_id, r.opened_at).where(r.id.in_(some))):
                    found.add((row.org_id, f"{clinic(row.opened_at):%Y-%m}"))
        self._dispatcher.run(CountReferrals(groups=sorted(found, key=str)), self._actor)
