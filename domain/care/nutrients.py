"""Nutrients with their limits, and what acts on what: content of ``resources/care``, and pure questions to it."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from domain.kernel.content import ContentError, load_folder

Unit = Literal["ug", "mg", "g"]
IN_MG: Mapping[str, float] = {"ug": 0.001, "mg": 1.0, "g": 1000.0}
SAID = {"µg": "ug", "μg": "ug", "微克": "ug", "mcg": "ug", "毫克": "mg", "克": "g", "": ""}
_PART = re.compile(r"^(?P<name>.+?)[\s:：]*(?P<amount>\d+(?:\.\d+)?)\s*(?P<unit>\S*)$")


class Nutrient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One nutrient; amounts a day in `unit`.

    Attributes:
        rni: What men and women should take in.
        ul: The tolerable upper intake; none is known where it is missing.
        ul_from: The same by the age from which it counts.
        of: What the upper intake is of: everything, or supplements alone.
        names: How people write it besides `label`.
        status: ``V`` for limits that were read in their source.
    """

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    unit: Unit
    rni: tuple[float, float] | None = None
    ul: Annotated[float, msgspec.Meta(gt=0)] | None = None
    ul_from: dict[int, float] = {}
    of: Literal["all", "supplement"] = "all"
    names: tuple[str, ...] = ()
    note: str = ""
    status: str = "V"

    def upper(self, age: int) -> float | None:
        """Return the upper intake at an age in years."""
        bands = [limit for since, limit in sorted(self.ul_from.items()) if age >= since]
        return bands[-1] if bands else self.ul


class Nutrients(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``nutrients.yaml``."""

    version: str
    source: str
    status: str
    nutrients: dict[str, Nutrient]


class Classes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Groups of substances that are named together."""

    status: str
    members: dict[str, tuple[str, ...]]


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Any of `a` with any of `b`, substances or classes."""

    id: int
    a: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    b: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    level: Literal["severe", "moderate", "minor"]
    status: str
    effect: str
    source: str


class Interactions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``interactions.yaml``."""

    version: str
    source: str
    status: str
    classes: Classes
    pairs: tuple[Pair, ...]


def load_nutrition(folder: Path) -> tuple[Nutrients, Interactions]:
    """Return nutrients and interactions.

    Raises:
        ContentError: A file is missing or does not fit, or two nutrients bear one name.
    """
    nutrients = load_folder(folder, Nutrients, "nutrients.yaml").get("nutrients")
    interactions = load_folder(folder, Interactions, "interactions.yaml").get("interactions")
    if nutrients is None or interactions is None:
        raise ContentError(["nutrients.yaml, interactions.yaml: missing"])
    names = [n for one in nutrients.nutrients.values() for n in (one.label, *one.names)]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ContentError([f"nutrients.yaml: {name}: twice" for name in twice])
    return nutrients, interactions


def amounts_said(nutrients: Nutrients, text: str) -> dict[str, float]:
    """Return amounts by nutrient as people write them: ``维生素D 10 µg，钙 300 mg``.

    Raises:
        ValueError: With the part that names no nutrient, no amount, or a unit that is none of a mass.
    """
    known = {
        n.casefold(): code for code, one in nutrients.nutrients.items() for n in (one.label, *one.names, code)
    }
    found: dict[str, float] = {}
    for part in re.split(r"[，,、;；\n]", text):
        said = part.strip()
        if not said:
            continue
        match = _PART.match(said)
        code = known.get(match["name"].strip().casefold()) if match else None
        if match is None or code is None:
            raise ValueError(said)
        own = nutrients.nutrients[code].unit
        unit = SAID.get(match["unit"], match["unit"].casefold()) or own
        if unit not in IN_MG or code in found:
            raise ValueError(said)
        found[code] = float(match["amount"]) * IN_MG[unit] / IN_MG[own]
    return found


def summed(*several: Mapping[str, float]) -> dict[str, float]:
    """Return amounts added up by nutrient."""
    total: dict[str, float] = {}
    for one in several:
        for code, amount in one.items():
            total[code] = total.get(code, 0.0) + amount
    return total


def acting(interactions: Interactions, names: Iterable[str], others: Iterable[str]) -> list[Pair]:
    """Return the pairs between what is to be given and what is taken already, the worst first.

    A substance is found by its name anywhere in what people wrote (``碳酸钙D3片`` has 碳酸钙), a class by any member.
    """
    given, taken = " ".join(names).casefold(), " ".join(others).casefold()
    members = interactions.classes.members

    def has(text: str, substances: Iterable[str]) -> bool:
        return any(
            one.casefold() in text or any(has(text, (m,)) for m in members.get(one, ()) if m != one)
            for one in substances
        )

    found = [
        pair
        for pair in interactions.pairs
        if (has(given, pair.a) and has(taken, pair.b)) or (has(given, pair.b) and has(taken, pair.a))
    ]
    return sorted(found, key=lambda pair: (("severe", "moderate", "minor").index(pair.level), pair.id))
