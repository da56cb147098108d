"""Invented checkup clients and their results, from the lists and distributions in ``resources/samples``.

The same seed gives the same people. Results come from distributions, or from rows of a laboratory survey file where
its path is given (the columns of a public NHANES III extract); names and numbers are always invented.
"""

import csv
import math
import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from domain.catalog.content import Catalog
from domain.kernel.content import read_yaml
from domain.people.idnumber import make_id

Sex = Literal["male", "female"]


class Lab(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a result is distributed: `normal` [mean, sd] or `lognormal` [median, sd of ln], or words with shares."""

    source: str
    shape: Literal["normal", "lognormal"] = "normal"
    male: tuple[float, float] = (0.0, 0.0)
    female: tuple[float, float] = (0.0, 0.0)
    loadings: dict[str, float] = {}
    age: float = 0.0
    units: tuple[str, ...] = ()
    words: dict[str, float] = {}


class SampleData(msgspec.Struct, frozen=True):
    """What the generator draws from; see the files for the meaning of each field."""

    surnames: dict[str, float]
    given: dict[Sex, tuple[str, ...]]
    two_characters: float
    divisions: tuple[str, ...]
    phone_prefixes: tuple[str, ...]
    ages: dict[str, float]
    share_female: float
    panels: dict[str, tuple[str, ...]]
    labs: dict[str, Lab]
    share_critical: float
    critical: dict[str, tuple[float, ...]]
    share_local_codes: float
    charsets: dict[str, float]


class SamplePerson(msgspec.Struct, frozen=True, kw_only=True):
    """An invented adult; `values` are numbers in catalogue units, or words, by catalogue key."""

    name: str
    sex: Sex
    birth_date: date
    id_number: str
    phone: str
    record_number: str
    values: dict[str, float | str]


def load_samples(folder: Path) -> SampleData:
    """Return the lists and distributions of ``people.yaml`` and ``labs.yaml``.

    Raises:
        msgspec.ValidationError: A file does not fit.
    """
    merged: dict[str, Any] = {}
    for stem in ("people", "labs"):
        merged |= read_yaml((folder / f"{stem}.yaml").read_text("utf-8"))
    return msgspec.convert(merged, SampleData)


def population(
    data: SampleData, catalog: Catalog, count: int, *, seed: int, today: date, panel: str = "basic"
) -> Iterator[SamplePerson]:
    """Yield `count` adults with results of a panel, a small share of them critical.

    Args:
        data: As `load_samples` gives it.
        catalog: For plausibility limits and decimals.
        count: How many.
        seed: The same seed gives the same people.
        today: Ages are completed on this day.
        panel: A panel of ``labs.yaml``: ``basic`` (10 results) or ``full``.
    """
    chance = random.Random(seed)  # noqa: S311  (invented people, not secrets)
    for number in range(count):
        sex: Sex = "female" if chance.random() < data.share_female else "male"
        limits = data.ages
        age = round(
            min(limits["oldest"], max(limits["youngest"], chance.gauss(limits["mean"], limits["sd"])))
        )
        values = _values(data, catalog, chance, sex, age, data.panels[panel])
        yield _person(data, chance, number, sex, age, today, values)


def survey_population(
    data: SampleData, path: Path, count: int, *, seed: int, today: date
) -> Iterator[SamplePerson]:
    """Yield invented people with the measured results of real adults of a survey file, at most `count`.

    Args:
        data: As `load_samples` gives it.
        path: CSV with HSSEX (1 man, 2 woman), age, albumin_gL, creat_umol, glucose_mmol, lncrp (ln of mg/dL), lymph
            (%), mcv, rdw, alp and wbc.
        count: How many at most.
        seed: Chooses the rows and the names.
        today: Ages are completed on this day.
    """
    chance = random.Random(seed)  # noqa: S311  (invented people, not secrets)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(chance.sample(rows, min(count, len(rows)))):
        sex: Sex = "male" if row["HSSEX"] == "1" else "female"
        yield _person(data, chance, number, sex, int(float(row["age"])), today, _survey_values(row))


def _survey_values(row: Mapping[str, str]) -> dict[str, float | str]:
    wbc, lymph_pct = float(row["wbc"]), float(row["lymph"])
    return {
        "wbc": wbc,
        "lymph_pct": lymph_pct,
        "lymph": wbc * lymph_pct / 100,
        "mcv": float(row["mcv"]),
        "rdw_cv": float(row["rdw"]),
        "alb": float(row["albumin_gL"]),
        "alp": float(row["alp"]),
        "crea": float(row["creat_umol"]),
        "glu": float(row["glucose_mmol"]),
        "crp": math.exp(float(row["lncrp"])) * 10,
    }


def _values(
    data: SampleData, catalog: Catalog, chance: random.Random, sex: Sex, age: int, keys: tuple[str, ...]
) -> dict[str, float | str]:
    factors = {name: chance.gauss(0, 1) for lab in data.labs.values() for name in lab.loadings}
    values: dict[str, float | str] = {}
    for key in keys:
        lab = data.labs[key]
        if lab.words:
            values[key] = chance.choices(list(lab.words), list(lab.words.values()))[0]
            continue
        low, high = catalog.observation(key).plausible
        values[key] = min(high, max(low, _draw(lab, chance, sex, age, factors)))
    if chance.random() < data.share_critical:
        key = chance.choice([key for key in keys if key in data.critical])
        values[key] = chance.choice(data.critical[key])
    return values


def _draw(lab: Lab, chance: random.Random, sex: Sex, age: int, factors: Mapping[str, float]) -> float:
    shared = sum(weight * factors[name] for name, weight in lab.loadings.items())
    own = math.sqrt(max(0.0, 1 - sum(weight * weight for weight in lab.loadings.values())))
    score = shared + own * chance.gauss(0, 1) + lab.age * (age - 45) / 10
    middle, spread = lab.male if sex == "male" else lab.female
    return middle * math.exp(spread * score) if lab.shape == "lognormal" else middle + spread * score


def _person(
    data: SampleData,
    chance: random.Random,
    number: int,
    sex: Sex,
    age: int,
    today: date,
    values: dict[str, float | str],
) -> SamplePerson:
    born = today.replace(year=today.year - age, day=min(today.day, 28)) - timedelta(
        days=chance.randrange(365)
    )
    sequence = chance.randrange(500) * 2 + (sex == "male")
    length = 2 if chance.random() < data.two_characters else 1
    surname = chance.choices(list(data.surnames), list(data.surnames.values()))[0]
    return SamplePerson(
        name=surname + "".join(chance.choices(data.given[sex], k=length)),
        sex=sex,
        birth_date=born,
        id_number=make_id(chance.choice(data.divisions), born, sequence),
        phone=f"{chance.choice(data.phone_prefixes)}{chance.randrange(10**8):08d}",
        record_number=f"R{number + 1:07d}",
        values=values,
    )
