"""Figures with a target: each day's numbers as they are counted, and how many days it was missed in a row."""

from datetime import date, timedelta

from domain.alerts.records import Indicator
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

LIMIT = 3.0
"""Standard deviations from the mean of the days before that are out of control (Shewhart's control chart, 1931)."""
FALL = 10.0
"""Per cent of itself from which a figure counts as falling; a rule may ask for more."""


@command("indicator.note", "登记指标", permission="system.indicators", place="internal")
class NoteIndicator:
    """What a figure came to on a day, over the `days` it is judged by."""

    code: str = ask("指标代码", max_length=60)
    name: str = ask("指标名称")
    day: date = ask("统计日", kind=Kind.DATE)
    numerator: float = ask("分子")
    denominator: float = ask("分母")
    target: float = ask("目标值")
    org_id: Id | None = ask("机构", kind=Kind.HIDDEN, default=None)
    higher_is_better: bool = ask("越高越好", default=True)
    groups: list[str] = ask("类别", kind=Kind.HIDDEN, default=[])
    days: int = ask("统计天数", default=1)
    least: float = ask("最小分母", default=0)
    away: float = ask("偏离历史均值（σ）", default=0.0)
    fall: float = ask("较上一周期下降", default=0.0)


@handles(NoteIndicator)
def note_indicator(order: NoteIndicator, work: UnitOfWork) -> Id:
    """Return the indicator's id. A day that was noted is corrected; one before the newest changes nothing.

    A day on which too little happened (`denominator` 0, or below `least`) neither misses the target nor breaks a run.
    """
    org_id = order.org_id or work.actor.org_id
    own = stable_id("indicator", org_id, order.code)
    kept = work.get(Indicator, own)
    if kept is not None and order.day < kept.day:
        return own
    value = order.numerator / order.denominator if order.denominator else None
    judged = value is not None and order.denominator >= order.least
    missed = (
        judged
        and value is not None
        and (value < order.target if order.higher_is_better else value > order.target)
    )
    days, since = _run(kept, order.day, missed=missed, empty=not judged)
    values: dict[str, object] = {
        "name": order.name, "day": order.day, "numerator": order.numerator, "denominator": order.denominator,
        "value": value, "target": order.target, "under": missed, "under_days": days, "under_since": since,
        "days": order.days, "percent": None if value is None else round(100 * value, 1),
        **{group: group in order.groups for group in ("core", "quality", "messaging")},
    }  # fmt: skip
    if judged:
        values |= _strange(kept, order, missed=missed)
    if kept is None:
        work.add(Indicator(id=own, org_id=org_id, code=order.code, **values))
    else:
        for name, new in values.items():
            if getattr(kept, name) != new:
                setattr(kept, name, new)
    return own


def _strange(kept: Indicator | None, order: NoteIndicator, *, missed: bool) -> dict[str, object]:
    """Return since when the figure is out of bounds, and since when it falls; a new time asks for a new analysis."""
    since, falls = (None, None) if kept is None else (kept.strange_since, kept.fall_since)
    out = missed or order.away >= LIMIT
    found: dict[str, object] = {
        "away": round(order.away, 2), "fall": round(order.fall, 1),
        "strange_since": (since or order.day) if out else None,
        "fall_since": (falls or order.day) if order.fall >= FALL else None,
    }  # fmt: skip
    if (out and since is None) or (found["fall_since"] is not None and falls is None):
        found["analysed_at"] = None
    return found


def _run(kept: Indicator | None, day: date, *, missed: bool, empty: bool) -> tuple[int, date | None]:
    """Return how many days in a row the target was missed with this one, and since when."""
    days, since = (0, None) if kept is None else (kept.under_days, kept.under_since)
    if kept is not None and day == kept.day and kept.under:  # the day is counted anew
        days, since = days - 1, since if days > 1 else None
    broken = kept is None or day - kept.day > timedelta(days=1)
    if missed:
        return (1, day) if broken or not days else (days + 1, since)
    return (days, since) if empty and not broken else (0, None)
