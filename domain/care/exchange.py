"""Portions of 90 kcal that fill a month's numbers, and swaps that stay inside them. Pure.

Source of the portions: `resources/care/foods.yaml` (T/CNSS 020-2023).
"""

import dataclasses
from collections.abc import Mapping
from typing import Protocol

from domain.care.generator import KCAL_FAT, KCAL_OTHER, MonthPlan
from domain.care.programmes import Foods

PORTION = 90
"""Energy of a portion, kcal."""
KCAL_OFF, PERCENT_OFF = 0.05, 3.0
"""How far the whole may be from the plan: part of the energy, points of a per cent."""
_GREENS = {"dark_leaf": 1.0, "light_leaf": 1.0, "citrus": 1.0}
MENUS: tuple[tuple[dict[str, float], str], ...] = (
    ({**_GREENS, "skim_milk": 1.0, "tofu": 0.5, "egg": 1.0, "fatty_nut": 1.0}, "grain"),
    ({**_GREENS, "skim_milk": 0.5, "egg": 0.5, "fatty_nut": 0.5}, "grain"),
    ({**_GREENS, "skim_milk": 0.5, "egg": 0.5}, "starch"),
)
"""What every day has, and the staple that fills it up: the usual, with less protein, with starch."""
STEP = 0.25


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What portions have to come to: as `MonthPlan` says it, kept with an item."""

    kcal: float
    protein_percent: float
    fat_percent: float
    carb_percent: float


@dataclasses.dataclass(frozen=True, slots=True)
class Sums:
    """What portions add up to: energy in kcal, the rest in grams."""

    kcal: float
    protein: float
    fat: float
    carb: float

    def percents(self) -> tuple[float, float, float]:
        """Return the shares of protein, fat and carbohydrate in the energy of the three, in per cent."""
        whole = KCAL_OTHER * (self.protein + self.carb) + KCAL_FAT * self.fat
        return (
            100 * KCAL_OTHER * self.protein / whole,
            100 * KCAL_FAT * self.fat / whole,
            100 * KCAL_OTHER * self.carb / whole,
        )


def sums_of(foods: Foods, portions: Mapping[str, float]) -> Sums:
    """Return what portions (food to count) add up to; the energy is that of the nutrients."""
    totals = dict.fromkeys(("protein", "fat", "carb"), 0.0)
    for food, count in portions.items():
        for name in totals:
            totals[name] += count * float(getattr(foods.foods[food], name))
    kcal = KCAL_OTHER * (totals["protein"] + totals["carb"]) + KCAL_FAT * totals["fat"]
    return Sums(kcal, totals["protein"], totals["fat"], totals["carb"])


class Filled(Protocol):
    """Numbers that portions are filled up to: those of a month's plan, or a physician's own."""

    @property
    def kcal(self) -> float: ...
    @property
    def protein_g(self) -> float: ...
    @property
    def fat_g(self) -> float: ...
    @property
    def carb_g(self) -> float: ...
    @property
    def protein_percent(self) -> float: ...
    @property
    def fat_percent(self) -> float: ...
    @property
    def carb_percent(self) -> float: ...


def fill(foods: Foods, plan: Filled) -> dict[str, float]:
    """Return quarters of portions: the first menu that fits the plan, else the one that misses it in fewest ways."""
    filled = [_filled(foods, plan, fixed, staple) for fixed, staple in MENUS]
    return min(filled, key=lambda portions: len(misses(foods, plan, portions)))


def _filled(foods: Foods, plan: Filled, fixed: Mapping[str, float], staple: str) -> dict[str, float]:
    portions = dict(fixed)
    free = {"carb": staple, "protein": "poultry", "fat": "oil"}
    wanted = {"carb": plan.carb_g, "protein": plan.protein_g, "fat": plan.fat_g}
    portions |= dict.fromkeys(free.values(), 0.0)
    for _ in range(12):  # each round takes up what the last one left of its own nutrient
        for nutrient, food in free.items():
            missing = wanted[nutrient] - getattr(sums_of(foods, portions), nutrient)
            portions[food] = max(portions[food] + missing / getattr(foods.foods[food], nutrient), 0.0)
    rounded = {food: round(count / STEP) * STEP for food, count in portions.items()}
    return {food: count for food, count in rounded.items() if count > 0}


def misses(foods: Foods, plan: "MonthPlan | Wanted | Filled", portions: Mapping[str, float]) -> list[str]:
    """Return in words by how much portions are outside a plan; empty where they fit."""
    sums = sums_of(foods, portions)
    told = []
    if abs(sums.kcal - plan.kcal) > KCAL_OFF * plan.kcal:
        told.append(f"能量 {sums.kcal:.0f} 千卡，处方 {plan.kcal} 千卡，相差超过 5%")
    names = ("蛋白质", "脂肪", "碳水化合物")
    planned = (plan.protein_percent, plan.fat_percent, plan.carb_percent)
    for name, now, wanted in zip(names, sums.percents(), planned, strict=True):
        if abs(now - wanted) > PERCENT_OFF:
            told.append(f"{name}供能 {now:.1f}%，处方 {wanted:.1f}%，相差超过 3 个百分点")
    return told


def swapped(
    foods: Foods, portions: Mapping[str, float], gives: str, takes: str, count: float
) -> dict[str, float]:
    """Return portions after `count` of one food became as many of another.

    Raises:
        ValueError: There is not so much of it, or the foods are not of one group.
        KeyError: A food that is not in the list.
    """
    if foods.foods[gives].group != foods.foods[takes].group:
        raise ValueError("group")
    if count <= 0 or portions.get(gives, 0.0) < count:
        raise ValueError("count")
    changed = dict(portions)
    changed[gives] -= count
    changed[takes] = changed.get(takes, 0.0) + count
    return {food: amount for food, amount in changed.items() if amount > 0}


def choices(
    foods: Foods, plan: MonthPlan | Wanted, portions: Mapping[str, float], gives: str, count: float
) -> list[str]:
    """Return the foods of its group for which `count` of one may be swapped, the whole still inside the plan."""
    group = foods.foods[gives].group
    return [
        food
        for food, one in foods.foods.items()
        if one.group == group
        and food != gives
        and not misses(foods, plan, swapped(foods, portions, gives, food, count))
    ]
