"""What some days of eating come to against a diet that is prescribed, and how the habits are. Pure."""

import dataclasses
from collections.abc import Mapping, Sequence

from domain.care.kitchen import Eaten, Habit, Kitchen, eaten, per_portion
from domain.care.programmes import Foods

Day = Mapping[str, Mapping[str, float]]
"""Grams by food, by meal."""
MILK = frozenset({"whole_milk", "skim_milk", "yogurt"})
WHOLE = frozenset({"whole_grain", "bean"})


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One number of the structure: eaten a day, prescribed, and whether it is outside (-1 too little, 1 too much)."""

    code: str
    eaten: float
    wanted: float | None
    off: int


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """One habit: how much a day, whether it is well, and what is advised if it is not."""

    code: str
    value: float
    well: bool
    habit: Habit


@dataclasses.dataclass(frozen=True, slots=True)
class Structure:
    """Some days together; `enough` tells whether there are as many as it takes to judge."""

    days: int
    enough: bool
    lines: tuple[Line, ...]
    habits: tuple[Judged, ...]


def structure_of(
    kitchen: Kitchen, foods: Foods, days: Sequence[Day], wanted: Mapping[str, float] | None
) -> Structure:
    """Return how some days of eating stand.

    Args:
        kitchen: Names, tolerances, habits.
        foods: The exchange list.
        days: The days of which something is noted; a day without a note is not one of nothing eaten.
        wanted: Numbers of the diet (``kcal``, ``protein_percent``, ``fat_percent``, ``carb_percent``, ``sodium_mg``);
            None without one.
    """
    if not days:
        return Structure(0, False, (), ())
    total = sum((eaten(kitchen, foods, meal) for day in days for meal in day.values()), Eaten())
    count, shares, wants = len(days), total.shares(), wanted or {}
    lines = [_line("kcal", total.kcal / count, wants.get("kcal"), kitchen.tolerance.energy, relative=True)]
    lines += [
        _line(f"{name}_percent", shares.get(name, 0.0), wants.get(f"{name}_percent"), kitchen.tolerance.share)
        for name in ("protein", "fat", "carb")
    ]
    sodium, upper = total.sodium / count, wants.get("sodium_mg")
    lines.append(Line("sodium_mg", round(sodium), upper, int(upper is not None and sodium > upper)))
    measures = _measures(kitchen, foods, days) | {"sodium": sodium}
    habits = tuple(_judged(code, one, measures.get(one.measure, 0.0)) for code, one in kitchen.habits.items())
    return Structure(count, count >= kitchen.tolerance.days, tuple(lines), habits)


def _line(code: str, value: float, wanted: float | None, off: float, *, relative: bool = False) -> Line:
    if wanted is None:
        return Line(code, round(value, 1), None, 0)
    allowed = wanted * off / 100 if relative else off
    side = 0 if abs(value - wanted) <= allowed else 1 if value > wanted else -1
    return Line(code, round(value, 1), float(wanted), side)


def _measures(kitchen: Kitchen, foods: Foods, days: Sequence[Day]) -> dict[str, float]:
    """Return grams a day by group and kind, milk as milk, the share of whole grain, and of days with a breakfast."""
    grams: dict[str, float] = {}
    portions: dict[str, float] = {}
    for day in days:
        for meal in day.values():
            for name, amount in meal.items():
                if name in kitchen.seasonings:
                    continue
                kind, each = per_portion(kitchen, foods, name)
                for key in {kind, foods.foods[kind].group, *(("milk",) if kind in MILK else ())}:
                    grams[key] = grams.get(key, 0.0) + amount
                portions[kind] = portions.get(kind, 0.0) + amount / each
    staple = sum(count for kind, count in portions.items() if foods.foods[kind].group == "grain")
    whole = sum(portions.get(kind, 0.0) for kind in WHOLE)
    found = {key: amount / len(days) for key, amount in grams.items()}
    found["whole_share"] = 100 * whole / staple if staple else 0.0
    found["breakfast"] = 100 * sum(bool(day.get("breakfast")) for day in days) / len(days)
    return found


def _judged(code: str, habit: Habit, value: float) -> Judged:
    well = (habit.low is None or value >= habit.low) and (habit.high is None or value <= habit.high)
    return Judged(code, round(value, 1), well, habit)
