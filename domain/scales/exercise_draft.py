"""The first exercise draft: from the gate, the fitness and the heart rate to frequency, intensity, time and type.

Pure, and only ever a draft: without a gate that was passed within its time there is none, and a physician accepts it.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from domain.kernel.content import ContentError, load_folder
from domain.scales.definitions import Status
from domain.scales.suggesting import Earlier, Person

FILE = "exercise_draft"
GATE = "parq"
ORDER = ("low", "middle", "high")
Fitness = Literal["low", "middle", "high"]
Range = tuple[int, int]


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which fitness the bands of a scale stand for."""

    scale: str
    bands: dict[str, Fitness]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days a week, percent of the heart rate reserve, Borg 6 to 20, minutes a time, MET-minutes a week."""

    label: str
    days: Range
    reserve: Range
    rpe: Range
    minutes: Range
    kinds: tuple[str, ...]
    met_minutes: Range
    progress: str
    resistance: str


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a result of the gate allows, or why nothing."""

    highest: Fitness | None = None
    note: str = ""
    refused: str = ""


class Elderly(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What else holds from an age."""

    age_from: int
    highest: Fitness
    balance: str


class HeartRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The highest heart rate by age: ``constant - per_year * age``."""

    constant: float
    per_year: float


class DraftRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``resources/scales/rules/exercise_draft.yaml``."""

    version: str
    source: str
    status: Status
    levels: tuple[Level, ...]
    hr_max: HeartRate
    plans: dict[Fitness, Plan]
    gate: dict[str, Gate]
    no_gate: str
    no_level: str
    gate_days: int
    elderly: Elderly
    by_effort: str
    stop: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ExerciseDraft:
    """A draft for a physician; `heart_rate` (beats a minute) is None where effort guides instead.

    Without a plan, `refused` says why; then nothing else is there.
    """

    refused: str = ""
    fitness: str = ""
    plan: Plan | None = None
    heart_rate: Range | None = None
    notes: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    unverified: bool = True
    version: str = ""


def load_draft_rules(folder: Path) -> DraftRules:
    """Return the rules of ``resources/scales/rules``.

    Raises:
        ContentError: The file is missing or does not fit.
    """
    found = load_folder(folder, DraftRules, f"{FILE}.yaml").get(FILE)
    if found is None or set(found.plans) != set(ORDER):
        raise ContentError([f"{FILE}.yaml: a plan for each of {', '.join(ORDER)} is needed"])
    return found


def exercise_draft(
    rules: DraftRules, person: Person, *, resting_rate: float | None = None, by_effort: bool = False
) -> ExerciseDraft:
    """Return a draft.

    Args:
        rules: What is allowed.
        person: Age, and the latest results of the gate, the fitness test and the activity questionnaire.
        resting_rate: Resting heart rate, beats a minute; without it no target rate is given.
        by_effort: Beta blockers or atrial fibrillation: the heart rate tells nothing.
    """
    passed = _recent(person.results, GATE, person, rules.gate_days)
    allowed = rules.gate.get(passed.band) if passed else None
    if passed is None or allowed is None:
        return ExerciseDraft(refused=rules.no_gate, version=rules.version)
    if allowed.highest is None:
        return ExerciseDraft(refused=allowed.refused, version=rules.version)
    told = _fitness(rules, person)
    if told is None:
        return ExerciseDraft(refused=rules.no_level, version=rules.version)
    scale, fitness = told
    old = person.age is not None and person.age >= rules.elderly.age_from
    reached = min(
        ORDER.index(one) for one in (fitness, allowed.highest, rules.elderly.highest if old else "high")
    )
    plan = rules.plans[ORDER[reached]]  # type: ignore[index]  # the file has a plan of each
    notes = [note for note in (allowed.note, rules.elderly.balance if old else "") if note]
    rate = None if by_effort else _target(rules, plan, person.age, resting_rate)
    if by_effort:
        notes.append(rules.by_effort)
    return ExerciseDraft(
        fitness=ORDER[reached], plan=plan, heart_rate=rate, notes=tuple(notes), stop=rules.stop,
        because=(f"{GATE}:{passed.band}", f"{scale}:{person.results[scale].band}"),
        unverified=rules.status != "V", version=rules.version,
    )  # fmt: skip


def _fitness(rules: DraftRules, person: Person) -> tuple[str, Fitness] | None:
    for level in rules.levels:
        found = _recent(person.results, level.scale, person, rules.gate_days)
        if found is not None and found.band in level.bands:
            return level.scale, level.bands[found.band]
    return None


def _recent(results: Mapping[str, Earlier], scale: str, person: Person, days: int) -> Earlier | None:
    found = results.get(scale)
    if found is None or found.day is None or (person.today - found.day).days > days:
        return None
    return found


def _target(rules: DraftRules, plan: Plan, age: int | None, resting: float | None) -> Range | None:
    """Return the band of the heart rate by the reserve (Karvonen)."""
    if age is None or resting is None:
        return None
    reserve = rules.hr_max.constant - rules.hr_max.per_year * age - resting
    if reserve <= 0:
        return None
    low, high = (round(resting + reserve * percent / 100) for percent in plan.reserve)
    return low, high
