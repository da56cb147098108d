"""How a value stands over time, judged with what measuring and the body's own swing explain taken out. Pure.

A course is told by the medians of its first and its last values: the difference counts where it is more than the
reference change value of such medians. One outlier at either end makes no trend where there are three values or more.
"""

import dataclasses
import enum
import itertools
import statistics
from collections.abc import Mapping, Sequence
from datetime import date

from domain.catalog.definitions import Interval
from domain.trends.content import Swing

AT_MOST = 3
"""Values in the median at each end."""
FEWEST_PAIRS = 6
NEAR_DAYS = 7


class CourseState(enum.StrEnum):
    """How a course stands."""

    NORMAL = "normal"
    WITHIN = "within"
    RECOVERED = "recovered"
    IMPROVING = "improving"
    SWINGING = "swinging"
    PERSISTING = "persisting"
    TURNED = "turned"
    WORSE = "worse"
    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    FEW = "few"


WORDS = {
    CourseState.NORMAL: "持续正常", CourseState.WITHIN: "正常范围内变化", CourseState.RECOVERED: "恢复正常",
    CourseState.IMPROVING: "逐步改善", CourseState.SWINGING: "在界限附近波动",
    CourseState.PERSISTING: "持续异常，无明显变化",
    CourseState.TURNED: "转为异常", CourseState.WORSE: "明显加重", CourseState.RISING: "明显上升",
    CourseState.FALLING: "明显下降", CourseState.STEADY: "无明显变化", CourseState.FEW: "数据不足",
}  # fmt: skip
GOOD = frozenset({CourseState.RECOVERED, CourseState.IMPROVING})
BAD = frozenset({CourseState.TURNED, CourseState.WORSE})


@dataclasses.dataclass(frozen=True, slots=True)
class Course:
    """One value over time.

    `first` and `last` are the medians of its ends, `change` the difference and `needed` the reference change value,
    both in per cent of the first; `yearly` is the median slope between any two values (Theil and Sen), a year.
    """

    state: CourseState
    count: int
    first: float | None = None
    last: float | None = None
    change: float | None = None
    needed: float | None = None
    yearly: float | None = None

    @property
    def counts(self) -> bool:
        """Whether the change is more than measuring and the body's own swing explain."""
        return self.change is not None and self.needed is not None and abs(self.change) >= self.needed


def course_of(points: Sequence[tuple[date, float]], swing: Swing, interval: Interval | None) -> Course:
    """Return how a value stands.

    Args:
        points: Days and values, the oldest first.
        swing: How much it swings by itself.
        interval: The reference interval; without one a change is told as rising or falling, not as better or worse.
    """
    if len(points) < 2:
        return Course(CourseState.FEW, len(points))
    values = [value for _, value in points]
    ends = min(AT_MOST, len(values) // 2)
    first, last = statistics.median(values[:ends]), statistics.median(values[-ends:])
    needed = swing.change(ends, ends)
    change = 100 * (last - first) / abs(first) if first else 0.0
    made = Course(
        CourseState.STEADY, len(values), round(first, 2), round(last, 2), round(change, 1), round(needed, 1),
        _yearly(points),
    )  # fmt: skip
    return dataclasses.replace(made, state=_state(made, values, first, last, interval))


def _state(
    made: Course, values: Sequence[float], first: float, last: float, interval: Interval | None
) -> CourseState:
    moved = made.counts
    if interval is None:
        if not moved:
            return CourseState.STEADY
        return CourseState.RISING if last > first else CourseState.FALLING
    off, before = outside(interval, last), outside(interval, first)
    if off == 0 and before == 0:
        if any(outside(interval, one) for one in values):
            return CourseState.SWINGING
        return CourseState.WITHIN if moved else CourseState.NORMAL
    if not moved:
        return CourseState.PERSISTING if off and before else CourseState.SWINGING
    if off == 0:
        return CourseState.RECOVERED
    if before == 0:
        return CourseState.TURNED
    return CourseState.IMPROVING if off < before else CourseState.WORSE


def outside(interval: Interval, value: float) -> float:
    """Return how far a value lies outside an interval; 0 inside (a bound itself may be outside: then a little)."""
    if interval.too_low(value):
        low = interval.low if interval.low is not None else interval.above
        return max((low if low is not None else value) - value, 1e-9)
    if interval.too_high(value):
        high = interval.high if interval.high is not None else interval.below
        return max(value - (high if high is not None else value), 1e-9)
    return 0.0


def _yearly(points: Sequence[tuple[date, float]]) -> float | None:
    slopes = [
        (b - a) / (two - one).days * 365.25
        for (one, a), (two, b) in itertools.combinations(points, 2)
        if (two - one).days > 0
    ]
    return round(statistics.median(slopes), 3) if slopes else None


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """A course before and under an intervention, and what of it may be said to come from it."""

    since: date
    before: float | None
    under: float | None
    change: float | None
    needed: float | None
    done: Mapping[str, float]
    said: str


def cause_of(
    points: Sequence[tuple[date, float]], swing: Swing, interval: Interval | None, since: date,
    done: Mapping[str, float], least: float,
) -> Cause:  # fmt: skip
    """Return how a change stands to an intervention that began on a day.

    Args:
        points: Days and values, the oldest first.
        swing: How much the value swings by itself.
        interval: The reference interval.
        since: The day the intervention began.
        done: How much of each kind that acts on the value was done since, in per cent, by its name.
        least: From how much a kind counts as carried out.
    """
    before = [value for day, value in points if day <= since][-AT_MOST:]
    under = [value for day, value in points if day > since][-AT_MOST:]
    if not before or not under:
        return Cause(since, None, None, None, None, done, "干预前或干预后没有测量，不能比较；请按计划复测。")
    first, last = statistics.median(before), statistics.median(under)
    change, needed = (
        100 * (last - first) / abs(first) if first else 0.0,
        swing.change(len(before), len(under)),
    )
    moved = abs(change) >= needed
    better = _better(interval, first, last) if moved else 0
    behind = [f"{name} {rate:g}%" for name, rate in done.items() if rate < least]
    carried = [f"{name} {rate:g}%" for name, rate in done.items() if rate >= least]
    said = _cause_said(moved, better, behind, carried)
    return Cause(since, round(first, 2), round(last, 2), round(change, 1), round(needed, 1), done, said)


def _better(interval: Interval | None, first: float, last: float) -> int:
    """Return 1 where a value came nearer to its interval, -1 farther from it, 0 where neither can be said."""
    if interval is None:
        return 0
    off, before = outside(interval, last), outside(interval, first)
    return (off < before) - (off > before)


def _cause_said(moved: bool, better: int, behind: Sequence[str], carried: Sequence[str]) -> str:
    if not carried and not behind:
        return "这段时间没有相应干预的执行记录，变化原因不能从干预判断。"
    if better > 0 and carried:
        return f"改善与干预在时间上一致（执行率：{'、'.join(carried)}）；时间上一致不等于由它引起。"
    if better > 0:
        return (
            f"有改善，但记录的执行率低（{'、'.join(behind)}）；请查其他原因，如用药、测量条件或未打卡的执行。"
        )
    if better < 0 and not behind:
        return f"执行良好（{'、'.join(carried)}）仍加重；请医师复核方案、用药和合并因素。"
    if better < 0:
        return f"加重期间执行不足（{'、'.join(behind)}）；先改善执行，再评价方案。"
    if moved:
        return "有超出测量误差的变化，但未涉及是否正常；请结合目标判断。"
    if behind:
        return f"变化未超出测量误差和自身波动；执行不足（{'、'.join(behind)}），先改善执行再评价。"
    return f"变化未超出测量误差和自身波动；执行良好（{'、'.join(carried)}），可继续观察或由医师调整方案。"


@dataclasses.dataclass(frozen=True, slots=True)
class Together:
    """Two series: how many pairs, Spearman's coefficient with its 95 % interval, and whether it says anything."""

    one: str
    other: str
    pairs: int
    rho: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def counts(self) -> bool:
        """Whether the interval leaves no room for none."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def together(
    one: str, other: str, first: Sequence[tuple[date, float]], second: Sequence[tuple[date, float]]
) -> Together:
    """Return how two series go together, each value of the first with the nearest of the second within a week.

    Spearman's rank correlation; its interval by Fisher's z with the variance of Bonett and Wright (Psychometrika
    2000;65:23-28). Under `FEWEST_PAIRS` nothing is said. A value of the second is used once.
    """
    left = list(second)
    pairs = []
    for day, value in first:
        near = min(left, key=lambda p: abs((p[0] - day).days), default=None)
        if near is not None and abs((near[0] - day).days) <= NEAR_DAYS:
            pairs.append((value, near[1]))
            left.remove(near)
    if len(pairs) < FEWEST_PAIRS or len({a for a, _ in pairs}) < 2 or len({b for _, b in pairs}) < 2:
        return Together(one, other, len(pairs))
    a, b = (_ranks([pair[at] for pair in pairs]) for at in (0, 1))
    rho = statistics.correlation(a, b)
    return Together(one, other, len(pairs), round(rho, 2), *_interval(rho, len(pairs)))


def _ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [(ordered.index(v) + 1 + len(ordered) - ordered[::-1].index(v)) / 2 for v in values]


def _interval(rho: float, count: int) -> tuple[float, float]:
    import math

    held = max(min(rho, 0.9999), -0.9999)
    z, wide = math.atanh(held), 1.96 * math.sqrt((1 + held**2 / 2) / (count - 3))
    return round(math.tanh(z - wide), 2), round(math.tanh(z + wide), 2)
