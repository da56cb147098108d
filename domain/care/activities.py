"""``resources/care/activities.yaml``: what people do, what it costs, and how long of another is as much. Pure.

Source of the energy: kcal a minute = MET x 3.5 x kg / 200 (Compendium of Physical Activities).
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from domain.care.programmes import Programmes
from domain.kernel.content import ContentError, load_folder

MODERATE, VIGOROUS = 3.0, 6.0
"""From how many MET it is moderate, and vigorous (dietary guidelines for Chinese residents 2022, table 1-21)."""
SHORTEST, LONGEST = 10, 120


class Activity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One activity and its metabolic equivalent; a status where it was not read in the compendium."""

    met: Annotated[float, msgspec.Meta(gt=0, le=25)]
    status: str = ""


class Activities(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``activities.yaml``."""

    version: str
    source: str
    activities: dict[str, Activity]


def load_activities(folder: Path, programmes: Programmes) -> Activities:
    """Return the activities, those of the programmes among them. Raises `ContentError` without the file."""
    found = load_folder(folder, Activities, "activities.yaml").get("activities")
    if found is None:
        raise ContentError(["activities.yaml: missing"])
    ways = {way.label: Activity(way.met) for way in programmes.names.values()}
    return msgspec.structs.replace(found, activities=ways | found.activities)


def burnt(met: float, weight_kg: float | None, minutes: float) -> float | None:
    """Return kcal of some minutes; None where the weight is not known."""
    return None if weight_kg is None else round(met * 3.5 * weight_kg / 200 * minutes, 1)


def as_much(minutes: float, met: float, other: float) -> float:
    """Return how many minutes of another activity cost as much: fives, from `SHORTEST` to `LONGEST`."""
    return float(min(max(5 * round(minutes * met / other / 5), SHORTEST), LONGEST))


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """One entry of the diary."""

    day: date
    activity: str
    minutes: float
    met: float
    kcal: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class MovedWeek:
    """One week from Monday; `wanted` minutes are those prescribed, None where nothing was."""

    monday: date
    days: int
    minutes: float
    moderate: float
    vigorous: float
    met_minutes: float
    kcal: float | None
    wanted: float | None

    @property
    def reached(self) -> float | None:
        """How much of the minutes prescribed were done, in per cent."""
        return round(100 * self.minutes / self.wanted) if self.wanted else None


@dataclasses.dataclass(frozen=True, slots=True)
class Moved:
    """Some weeks, the latest first, what was done most, and what there is to say of them."""

    weeks: tuple[MovedWeek, ...]
    most: tuple[tuple[str, float], ...]
    said: tuple[str, ...]


def moved(entries: Sequence[Done], wanted: Mapping[date, float], today: date, weeks: int = 4) -> Moved:
    """Return what some weeks of exercise came to.

    Args:
        entries: The diary.
        wanted: Minutes prescribed, by Monday.
        today: The last day looked at; its week is not over unless it is a Sunday.
        weeks: How many, this one among them.
    """
    monday = today - timedelta(days=today.isoweekday() - 1)
    found = [_week(entries, wanted, monday - timedelta(days=7 * back)) for back in range(weeks)]
    first = found[-1].monday
    minutes: dict[str, float] = {}
    for one in entries:
        if first <= one.day <= today:
            minutes[one.activity] = minutes.get(one.activity, 0.0) + one.minutes
    most = tuple(sorted(minutes.items(), key=lambda pair: (-pair[1], pair[0]))[:5])
    return Moved(tuple(found), most, tuple(_said(found, entries, today)))


def _week(entries: Iterable[Done], wanted: Mapping[date, float], monday: date) -> MovedWeek:
    those = [one for one in entries if monday <= one.day < monday + timedelta(days=7)]
    known = [one.kcal for one in those if one.kcal is not None]
    return MovedWeek(
        monday=monday, days=len({one.day for one in those}), minutes=sum(one.minutes for one in those),
        moderate=sum(one.minutes for one in those if MODERATE <= one.met < VIGOROUS),
        vigorous=sum(one.minutes for one in those if one.met >= VIGOROUS),
        met_minutes=round(sum(one.minutes * one.met for one in those)),
        kcal=round(sum(known)) if len(known) == len(those) and those else None, wanted=wanted.get(monday),
    )  # fmt: skip


def _said(weeks: Sequence[MovedWeek], entries: Sequence[Done], today: date) -> Iterable[str]:
    """Yield sentences on the last week that is over, its course, and the longest break."""
    if len(weeks) < 2:
        return
    last, before = weeks[1], weeks[2:]
    if last.reached is not None:
        verdict = "达到处方量" if last.reached >= 90 else "未达到处方量"
        yield f"上周运动 {last.minutes:g} 分钟，为处方的 {last.reached:g}%，{verdict}。"
    if last.moderate + 2 * last.vigorous < 150:
        yield "上周中等强度运动（高强度按两倍计）不足 150 分钟。"
    known = [one.minutes for one in before if one.days]
    if known and last.minutes:
        usual = sum(known) / len(known)
        change = 100 * (last.minutes - usual) / usual
        if abs(change) >= 20:
            yield f"比前几周平均{'增加' if change > 0 else '减少'} {abs(change):.0f}%。"
    days = sorted({one.day for one in entries if weeks[-1].monday <= one.day <= today})
    if days:
        gaps = [(b - a).days - 1 for a, b in zip(days, [*days[1:], today], strict=True)]
        if max(gaps) >= 3:
            yield f"最长连续 {max(gaps)} 天没有运动记录。"
