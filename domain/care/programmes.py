"""``resources/care/programmes.yaml`` and ``foods.yaml``: what programmes and exchange lists say."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from domain.kernel.content import ContentError, load_folder

Range = tuple[float, float]
Three = tuple[int, int, int]
Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")


class Protein(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Per cent of the energy, or grams a kilogram of ideal weight."""

    unit: Literal["percent", "kg"]
    range: Range


class Disease(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The limits of one disease; `limits` tells how they were read: V in the source, P in part, M from memory."""

    label: str
    limits: Literal["V", "P", "M"]
    energy: Three
    carb: Range
    fat: Range
    saturated: float
    protein: Protein
    sodium: int
    potassium: Literal["hi", "std", "lim"]
    fibre: Range
    water: Range | None = None
    ordered_water: bool = False
    alcohol: int
    minutes: Three
    reserve: Range
    resistance: int
    patterns: tuple[str, ...]
    kinds: tuple[str, ...]
    forbidden: tuple[str, ...]
    supplements: tuple[str, ...]
    loss: float = 0
    special: str = ""
    checked: bool = False
    """Whether a physician has signed limits and doses; no file says so."""


class Resistance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sets, times a set, and per cent of the heaviest load that can be lifted once."""

    sets: int
    times: int
    load: int


class Month(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is particular about a month: part of the full minutes, place in the band, and what it is about."""

    stage: str
    minutes: float
    place: float
    resistance: Resistance
    diet: str
    exercise: str
    lesson: str


class LevelRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How closely a level is looked after: own measurements a week, months of reviews."""

    label: str
    checks: Annotated[int, msgspec.Meta(ge=1, le=7)]
    reviews: tuple[int, ...]


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way of exercise and its metabolic equivalent."""

    label: str
    met: float


class HeartRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The highest heart rate by age: ``constant - per_year * age``."""

    constant: float
    per_year: float


class Programmes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``programmes.yaml``."""

    version: str
    source: str
    diseases: dict[str, Disease]
    months: tuple[Month, ...]
    levels: dict[Level, LevelRule]
    activity: dict[str, float]
    fitness: dict[str, float]
    floors: dict[str, int]
    usual_sodium: int
    hr_max: HeartRate
    apart: tuple[tuple[str, str], ...]
    ranks: tuple[str, ...]
    names: dict[str, Way]


class Food(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One portion of 90 kcal: edible grams, and grams of protein, fat and carbohydrate in them."""

    group: str
    label: str
    grams: float
    protein: float
    fat: float
    carb: float
    status: str = ""


class Foods(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``foods.yaml``."""

    version: str
    source: str
    status: str
    foods: dict[str, Food]


def load_programmes(folder: Path) -> tuple[Programmes, Foods]:
    """Return what ``resources/care`` says of programmes and foods.

    Raises:
        ContentError: A file is missing or does not fit, or names what does not exist.
    """
    programmes: Programmes | None = load_folder(folder, Programmes, "programmes.yaml").get("programmes")
    foods: Foods | None = load_folder(folder, Foods, "foods.yaml").get("foods")
    if programmes is None or foods is None:
        raise ContentError(["programmes.yaml and foods.yaml are needed"])
    problems = [
        f"programmes.yaml: {code}: no way {kind}"
        for code, disease in programmes.diseases.items()
        for kind in disease.kinds
        if kind not in programmes.names
    ]
    if len(programmes.months) != 12 or set(programmes.levels) != set(LEVELS):
        problems.append("programmes.yaml: a year has twelve months and three levels")
    if problems:
        raise ContentError(problems)
    return programmes, foods
