"""``resources/care/kitchen.yaml``: names of foods, seasonings, dishes, habits; and pure questions to it.

Foods of a diary are counted by the exchange list (`resources/care/foods.yaml`); sodium is known of seasonings alone,
and whoever shows it says so.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from domain.care.generator import KCAL_FAT, KCAL_OTHER
from domain.care.programmes import Foods
from domain.kernel.content import ContentError, load_folder

Meal = Literal["breakfast", "lunch", "dinner", "snack"]
SODIUM_MG = 400
"""Sodium of the grams that stand behind a seasoning."""
_PART = re.compile(r"^(?P<name>.+?)[\s:：]*(?P<amount>\d+(?:\.\d+)?)\s*(?P<unit>克|g|G|毫升|ml|mL|份)?$")
_OTHER = {"碗", "个", "杯", "勺", "片", "两", "斤"}


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A food as people call it: of which kind of the exchange list, and its own grams a portion if they differ."""

    like: str
    grams: Annotated[float, msgspec.Meta(gt=0)] | None = None
    status: str = ""


class Dish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way a kind of food comes to the table, at which meals, and for whom (codes of diseases)."""

    label: str
    meals: Annotated[tuple[Meal, ...], msgspec.Meta(min_length=1)]
    only: tuple[str, ...] = ()
    not_for: tuple[str, ...] = ()


class Habit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One habit: what is measured a day, from and up to where it is well, and what is advised outside."""

    label: str
    measure: str
    unit: str
    advice: str
    source: str
    status: str
    low: float | None = None
    high: float | None = None


class Tolerance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far eating may be off: energy in per cent, shares in points; and how many days are needed to say so."""

    energy: float
    share: float
    days: int


class Kitchen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``kitchen.yaml``."""

    version: str
    source: str
    status: str
    names: dict[str, Named]
    seasonings: dict[str, float]
    tolerance: Tolerance
    habits: dict[str, Habit]
    dishes: dict[str, tuple[Dish, ...]]


def load_kitchen(folder: Path, foods: Foods, diseases: Iterable[str]) -> Kitchen:
    """Return the kitchen.

    Raises:
        ContentError: It is missing or does not fit, or names what does not exist.
    """
    found = load_folder(folder, Kitchen, "kitchen.yaml").get("kitchen")
    if found is None:
        raise ContentError(["kitchen.yaml: missing"])
    known, kinds = set(diseases), set(foods.foods)
    problems = [
        f"names: {name}: no kind {one.like}" for name, one in found.names.items() if one.like not in kinds
    ]
    problems += [f"dishes: no kind {kind}" for kind in set(found.dishes) - kinds]
    problems += [f"dishes: none of {kind}" for kind in sorted(kinds - set(found.dishes))]
    problems += [
        f"dishes: {dish.label}: no disease {code}"
        for dishes in found.dishes.values()
        for dish in dishes
        for code in (*dish.only, *dish.not_for)
        if code not in known
    ]
    if problems:
        raise ContentError([f"kitchen.yaml: {one}" for one in problems])
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Eaten:
    """What some food comes to: grams, kcal, and mg of sodium of its seasonings."""

    kcal: float = 0.0
    protein: float = 0.0
    fat: float = 0.0
    carb: float = 0.0
    sodium: float = 0.0

    def __add__(self, other: "Eaten") -> "Eaten":
        mine, theirs = dataclasses.astuple(self), dataclasses.astuple(other)
        return Eaten(*(a + b for a, b in zip(mine, theirs, strict=True)))

    def shares(self) -> dict[str, float]:
        """Return protein, fat and carbohydrate in per cent of their energy; nothing where nothing was eaten."""
        parts = {
            "protein": KCAL_OTHER * self.protein,
            "fat": KCAL_FAT * self.fat,
            "carb": KCAL_OTHER * self.carb,
        }
        whole = sum(parts.values())
        return {name: 100 * part / whole for name, part in parts.items()} if whole else {}


def per_portion(kitchen: Kitchen, foods: Foods, name: str) -> tuple[str, float]:
    """Return the kind of a food and its grams a portion. Raises KeyError for one that is not known."""
    named = kitchen.names.get(name)
    if named is None:
        kind = next((code for code, one in foods.foods.items() if name == one.label), None)
        if kind is None:
            raise KeyError(name)
        return kind, foods.foods[kind].grams
    return named.like, named.grams or foods.foods[named.like].grams


def eaten(kitchen: Kitchen, foods: Foods, grams: Mapping[str, float]) -> Eaten:
    """Return what foods and seasonings (name to grams) come to. Raises KeyError for a name that is not known."""
    total = Eaten()
    for name, amount in grams.items():
        if name in kitchen.seasonings:
            total += Eaten(sodium=SODIUM_MG * amount / kitchen.seasonings[name])
            continue
        kind, each = per_portion(kitchen, foods, name)
        one, count = foods.foods[kind], amount / each
        protein, fat, carb = one.protein * count, one.fat * count, one.carb * count
        total += Eaten(KCAL_OTHER * (protein + carb) + KCAL_FAT * fat, protein, fat, carb)
    return total


def meal_said(kitchen: Kitchen, foods: Foods, text: str) -> dict[str, float]:
    """Return grams by food as people write them: ``米饭 150 g，鸡蛋 1 份、酱油 5``; millilitres count as grams.

    Raises:
        ValueError: With the part that names no food that is known, or no amount in g, mL or portions.
    """
    found: dict[str, float] = {}
    for part in re.split(r"[，,、;；\n]", text):
        said = part.strip()
        if not said:
            continue
        match = _PART.match(said)
        if match is None:
            raise ValueError(said)
        name, amount = match["name"].strip(), float(match["amount"])
        try:
            each = 1.0 if name in kitchen.seasonings else per_portion(kitchen, foods, name)[1]
        except KeyError as error:
            raise ValueError(said) from error
        grams = amount * each if match["unit"] == "份" else amount
        if not 0 < grams <= 5000:
            raise ValueError(said)
        found[name] = found.get(name, 0.0) + grams
    return found


def food_names(kitchen: Kitchen) -> list[str]:
    """Return every name a diary knows, foods first."""
    return [*kitchen.names, *kitchen.seasonings]


@dataclasses.dataclass(frozen=True, slots=True)
class Plate:
    """One dish of a day: its meal, what it is called, its kind of food, portions and grams."""

    meal: Meal
    label: str
    kind: str
    portions: float
    grams: float


_SPREAD: dict[Meal, float] = {"breakfast": 3, "lunch": 4, "dinner": 3, "snack": 1}
"""Energy of the meals as 3:4:3 (adult obesity food guide 2024)."""


def menu(
    kitchen: Kitchen, foods: Foods, portions: Mapping[str, float], diseases: Iterable[str], day: int
) -> list[Plate]:
    """Return the dishes of a day that come to exactly the portions prescribed, each fit for every disease.

    Args:
        kitchen: Its dishes.
        foods: The exchange list.
        portions: What is prescribed for a day, portions by kind.
        diseases: Codes; a dish made for one of them comes before those for everybody.
        day: Number of the day: days of a week differ, the same number is the same menu.
    """
    codes, found, whole = set(diseases), list[Plate](), 0
    for kind, count in portions.items():
        fit = [one for one in kitchen.dishes.get(kind, ()) if not codes & set(one.not_for)]
        fit = [one for one in fit if not one.only or codes & set(one.only)]
        own = [one for one in fit if one.only]
        chosen = own if own and day % 2 == 0 else fit
        meals: list[Meal] = [meal for meal in _SPREAD if any(meal in one.meals for one in fit)]
        if count <= 1 and {"lunch", "dinner"} <= set(meals):  # what is not cut goes to both meals in turn
            meals, whole = [("lunch", "dinner")[whole % 2]], whole + 1
        for meal, part in _parts(count, meals):
            dishes = [one for one in chosen if meal in one.meals] or [one for one in fit if meal in one.meals]
            dish = dishes[(day + list(_SPREAD).index(meal)) % len(dishes)]
            found.append(Plate(meal, dish.label, kind, part, round(part * foods.foods[kind].grams)))
    return sorted(found, key=lambda one: (list(_SPREAD).index(one.meal), list(portions).index(one.kind)))


def _parts(count: float, meals: list[Meal]) -> list[tuple[Meal, float]]:
    """Return quarters of portions by meal; what does not divide goes to the fullest meal; one portion is not cut."""
    if not meals:
        return []
    fullest = max(meals, key=lambda meal: _SPREAD[meal])
    if count <= 1 or len(meals) == 1:
        return [(fullest, count)]
    whole = sum(_SPREAD[meal] for meal in meals)
    parts = {meal: int(4 * count * _SPREAD[meal] / whole) / 4 for meal in meals}
    parts[fullest] += count - sum(parts.values())
    return [(meal, part) for meal, part in parts.items() if part > 0]
