"""Counting days and judging figures: orders of the centre's counter alone."""

import statistics
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from domain.alerts.indicator_commands import NoteIndicator, note_indicator
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.quality.indicators import COUNTS, IndicatorSpec, Tally
from domain.quality.records import IndicatorDay

COUNTER = "system.indicators"
HISTORY = 28
"""Days before the one judged whose mean it is compared with."""
LEAST_HISTORY = 14
"""Days of those on which enough happened, without which nothing is compared."""
WEEK = 7
_D = IndicatorDay.__table__.c


@command("quality.count_days", "统计指标日值", permission=COUNTER, place="internal")
class CountDays:
    """Count some figures of some days anew, of every organisation in which something happened."""

    specs: list[Any] = ask("指标", kind=Kind.HIDDEN)
    days: list[date] = ask("统计日", kind=Kind.HIDDEN)


@handles(CountDays)
def count_days(order: CountDays, work: UnitOfWork) -> int:
    """Return how many days of figures changed; the work is that of the days, whatever is stored."""
    changed = 0
    for spec in order.specs:
        for day in order.days:
            begin = datetime.combine(day, time(), CLINIC_TIME)
            end = begin + timedelta(days=1)
            found = COUNTS[spec.code].of(work.connection, begin, end, work.now)
            known = select(_D.org_id).where(_D.code == spec.code, _D.day == day)
            gone = dict.fromkeys(set(work.connection.execute(known).scalars()) - found.keys(), (0, 0))
            changed += sum(_keep(work, spec, org, day, tally) for org, tally in (found | gone).items())
    return changed


def _keep(work: UnitOfWork, spec: IndicatorSpec, org_id: Id, day: date, tally: Tally) -> bool:
    own = stable_id("indicator_day", org_id, spec.code, day.isoformat())
    numerator, denominator = tally
    percent = round(100 * numerator / denominator, 1) if denominator else None
    kept = work.get(IndicatorDay, own)
    if kept is None:
        work.add(
            IndicatorDay(
                id=own, org_id=org_id, code=spec.code, name=spec.name, day=day, numerator=numerator,
                denominator=denominator, percent=percent, counted_at=work.now,
            )
        )  # fmt: skip
        return True
    if (kept.numerator, kept.denominator) == tally:
        return False
    kept.numerator, kept.denominator, kept.percent, kept.counted_at = (
        numerator,
        denominator,
        percent,
        work.now,
    )
    return True


@command("quality.judge", "评定指标", permission=COUNTER, place="internal")
class JudgeIndicators:
    """Judge every figure by its days up to one that is over."""

    specs: list[Any] = ask("指标", kind=Kind.HIDDEN)
    day: date = ask("统计日", kind=Kind.DATE)


@handles(JudgeIndicators)
def judge_indicators(order: JudgeIndicators, work: UnitOfWork) -> int:
    """Return how many figures were judged: those of organisations in which something was counted lately."""
    judged = 0
    for spec in order.specs:
        days = _days(work.connection, spec, order.day)
        for org_id, own in days.items():
            groups = [name for name in ("core", "quality", "messaging") if getattr(spec, name)]
            numerator, denominator = _sum(own, order.day, spec.days)
            note = NoteIndicator(
                code=spec.code, name=spec.name, day=order.day, numerator=numerator, denominator=denominator,
                target=spec.target / 100, org_id=org_id, groups=groups, days=spec.days, least=spec.least,
                away=away_of(own, order.day, spec.least), fall=fall_of(own, order.day, spec.least),
            )  # fmt: skip
            note_indicator(note, work)
            judged += 1
    return judged


Days = dict[date, Tally]


def _days(connection: Connection, spec: IndicatorSpec, last: date) -> dict[Id, Days]:
    """Return the tallies of the days a figure is judged by and compared with, by organisation."""
    first = last - timedelta(days=max(spec.days, HISTORY + 1, 2 * WEEK) - 1)
    query = select(_D.org_id, _D.day, _D.numerator, _D.denominator).where(
        _D.code == spec.code, _D.day >= first, _D.day <= last
    )
    found: dict[Id, Days] = {}
    for org_id, day, numerator, denominator in connection.execute(query):
        found.setdefault(org_id, {})[day] = (numerator, denominator)
    return found


def _sum(days: Days, last: date, count: int) -> Tally:
    some = [days.get(last - timedelta(days=back), (0, 0)) for back in range(count)]
    return sum(one[0] for one in some), sum(one[1] for one in some)


def away_of(days: Days, last: date, least: int) -> float:
    """Return by how many standard deviations a day differs from the days before it, 0 where nothing can be said.

    The deviation is that of the days themselves, and at least what chance makes of a share of so few (a p chart,
    Shewhart 1931): half of one in so many is the least share that can be told from none.
    """
    numerator, denominator = days.get(last, (0, 0))
    before = [days.get(last - timedelta(days=back), (0, 0)) for back in range(1, HISTORY + 1)]
    shares = [n / d for n, d in before if d >= least]
    if denominator < least or len(shares) < LEAST_HISTORY:
        return 0.0
    mean, floor = statistics.fmean(shares), 1 / (2 * denominator)
    share = min(max(mean, floor), 1 - floor)
    chance: float = (share * (1 - share) / denominator) ** 0.5
    return abs(numerator / denominator - mean) / max(statistics.stdev(shares), chance)


def fall_of(days: Days, last: date, least: int) -> float:
    """Return by how many per cent of itself a figure fell from the week before to the last one; 0 if it did not."""
    now, before = _sum(days, last, WEEK), _sum(days, last - timedelta(days=WEEK), WEEK)
    if now[1] < least or before[1] < least or not before[0]:
        return 0.0
    then = before[0] / before[1]
    return max(0.0, 100 * (then - now[0] / now[1]) / then)


def newest_day(connection: Connection, codes: Sequence[str]) -> date | None:
    """Return the newest day of which one of these figures was counted."""
    found: date | None = connection.execute(select(func.max(_D.day)).where(_D.code.in_(codes))).scalar()
    return found
