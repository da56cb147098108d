"""Advice that follows from a result: entries by key, a library for each constitution, and constitution with risk.

All of it is data in ``resources/scales/advice``. Advice is never a treatment: no entry names a medicine, what needs a
physician says so, and where safety is at stake nothing else is said before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from domain.kernel.content import ContentError, load_folder
from domain.scales.definitions import Status
from domain.scales.results import ScaleResult

SAFETY = "safety"
Area = Literal[
    "safety", "mood", "stress", "sleep", "diet", "exercise", "habit", "tcm", "age", "referral", "personality"
]
Kind = Literal["diet", "routine", "exercise", "emotion", "acupoint"]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One piece of advice in our own words: what to do, what to leave, when to see somebody.

    `grade` is how sure it is: A guideline or trial, B consensus, C experience or tradition.
    """

    id: str
    area: Area
    title: str
    do: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    see: str = ""
    source: str
    status: Status
    grade: Literal["A", "B", "C"]


class Prescription(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of the library of a constitution; `often` says how often and how long."""

    id: str
    constitution: str
    kind: Kind
    title: str
    do: tuple[str, ...]
    avoid: tuple[str, ...] = ()
    often: str = ""
    caution: str = ""


class Crossing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a constitution says beside a disease risk that is not low."""

    constitution: str
    diseases: tuple[str, ...]
    text: str
    check: tuple[str, ...] = ()


class _Entries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    entries: tuple[Entry, ...]


class _Library(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    source: str
    status: Status
    grade: Literal["A", "B", "C"]
    prescriptions: tuple[Prescription, ...]


class _Crossings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    source: str
    status: Status
    crossings: tuple[Crossing, ...]


class Advice(msgspec.Struct, frozen=True):
    """Everything that is advised, ready to look up."""

    entries: Mapping[str, Entry]
    prescriptions: Mapping[str, tuple[Prescription, ...]]
    library: _Library
    crossings: _Crossings


class Told(msgspec.Struct, frozen=True):
    """Advice for one result: entries, prescriptions for the constitutions found; only safety where it is at stake."""

    entries: tuple[Entry, ...]
    prescriptions: tuple[Prescription, ...] = ()
    safety: bool = False


def load_advice(folder: Path) -> Advice:
    """Return the advice of ``resources/scales/advice``.

    Raises:
        ContentError: A file is missing or does not fit, or an id stands twice.
    """
    entries = load_folder(folder, _Entries, "entries_*.yaml")
    library = load_folder(folder, _Library, "constitutions.yaml").get("constitutions")
    crossings = load_folder(folder, _Crossings, "constitution_risk.yaml").get("constitution_risk")
    if library is None or crossings is None:
        raise ContentError(["constitutions.yaml and constitution_risk.yaml are needed"])
    listed = [entry for file in entries.values() for entry in file.entries]
    ids = [entry.id for entry in listed] + [one.id for one in library.prescriptions]
    doubled = sorted({name for name in ids if ids.count(name) > 1})
    if doubled:
        raise ContentError([f"{name}: stands there twice" for name in doubled])
    by_constitution: dict[str, list[Prescription]] = {}
    for one in library.prescriptions:
        by_constitution.setdefault(one.constitution, []).append(one)
    made = {name: tuple(found) for name, found in by_constitution.items()}
    return Advice({entry.id: entry for entry in listed}, made, library, crossings)


def advise(advice: Advice, results: Iterable[ScaleResult]) -> Told:
    """Return what some results of one person come to, each entry once.

    Where one of them asks for safety, that alone is said: tips about sleep or exercise would bury it.
    """
    results = list(results)
    if any(result.safety for result in results):
        return Told((advice.entries[SAFETY],), safety=True)
    keys = dict.fromkeys(key for result in results for key in result.advice)
    entries = tuple(advice.entries[key] for key in keys if key in advice.entries)
    found = [key.removeprefix("tcm_") for key in keys if key.startswith("tcm_")]
    return Told(entries, tuple(one for name in found for one in advice.prescriptions.get(name, ())))


def crossed(advice: Advice, constitutions: Sequence[str], levels: Mapping[str, str]) -> list[Crossing]:
    """Return what constitutions say beside risks (level by disease) of medium or high."""
    raised = {disease for disease, level in levels.items() if level in ("medium", "high")}
    return [
        one
        for name in constitutions
        for one in advice.crossings.crossings
        if one.constitution == name and raised & set(one.diseases)
    ]
