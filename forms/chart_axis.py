"""Places on the axes of a chart: round numbers up the side, days along the foot."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


def ticks(low: Decimal, high: Decimal, wanted: int = 5) -> list[Decimal]:
    """Return evenly spaced round numbers that enclose `low` and `high` with room above and below.

    The first is below `low` and the last above `high`; equal limits are widened, so there are always two.
    """
    span = high - low or max(abs(high), Decimal(1))
    rough = span / wanted
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(power * factor for factor in _STEPS if power * factor >= rough)
    first = (low / step).to_integral_value("ROUND_FLOOR")
    last = (high / step).to_integral_value("ROUND_CEILING")
    first = first - 1 if first * step == low and low != 0 else first
    last = last + 1 if last * step == high else last
    return [(step * index).normalize() + 0 for index in range(int(first), int(last) + 1)]


def day_positions(days: Sequence[date], left: float, right: float) -> list[float]:
    """Place sorted days between `left` and `right` in proportion to time; a single one in the middle."""
    whole = (days[-1] - days[0]).days
    if whole == 0:
        gap = (right - left) / (len(days) + 1)
        return [round(left + gap * (index + 1), 2) for index in range(len(days))]
    return [round(left + (right - left) * ((day - days[0]).days / whole), 2) for day in days]
