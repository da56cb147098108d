"""Conditions as people write them, and whether they hold for somebody. Pure, but for the presets in force."""

import dataclasses
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from domain.care.preset_records import CarePreset
from domain.care.programmes import Level
from domain.catalog.lookup import Catalog

SIGNS = {
    "≥": "ge",
    ">=": "ge",
    "≤": "le",
    "<=": "le",
    ">": "gt",
    "＞": "gt",
    "<": "lt",
    "＜": "lt",
    "=": "eq",
}
SHOWN = {"ge": "≥", "le": "≤", "gt": ">", "lt": "<", "eq": "="}
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "ge": operator.ge, "le": operator.le, "gt": operator.gt, "lt": operator.lt, "eq": operator.eq,
}  # fmt: skip
_PART = re.compile(
    r"^(?P<item>.+?)\s*(?P<sign>≥|>=|≤|<=|>|＞|<|＜|=)\s*(?P<value>-?\d+(?:\.\d+)?)\s*(?P<unit>\S*)$"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Preset:
    """A preset in force; `conditions` are (item, operator, value)."""

    name: str
    number: int
    conditions: tuple[tuple[str, str, float], ...]
    colours: frozenset[str]
    diseases: tuple[str, ...]
    level: Level | None
    activity: str

    @property
    def items(self) -> frozenset[str]:
        """Return the items it looks at."""
        return frozenset(item for item, _, _ in self.conditions)

    def holds(self, values: Mapping[str, float], colour: str | None) -> bool:
        """Tell whether all of it holds; what was never measured does not."""
        if self.colours and colour not in self.colours:
            return False
        return all(
            item in values and _OPERATORS[op](values[item], value) for item, op, value in self.conditions
        )

    def because(self, values: Mapping[str, float], catalog: Catalog) -> str:
        """Return in words why it holds."""
        said = [
            f"{catalog.observation(item).name} {values[item]:g}（{SHOWN[op]} {value:g}）"
            for item, op, value in self.conditions
        ]
        return f"按预设“{self.name}”（第 {self.number} 版）生成：{'，'.join(said) or '风险等级'}"


def conditions_said(catalog: Catalog, text: str) -> list[dict[str, Any]]:
    """Return conditions as people write them: ``收缩压 ≥ 140，体重指数 ≥ 28``, in the units of the catalogue.

    Raises:
        ValueError: With the part that is none: no item, no comparison, another unit, or an impossible value.
    """
    by_name = {one.name.replace(" ", ""): key for key, one in catalog.observations.items()}
    found = []
    for part in re.split(r"[，,、;；\n]", text):
        said = part.strip()
        if not said:
            continue
        match = _PART.match(said)
        name = match["item"].replace(" ", "") if match else ""
        key = name if name in catalog.observations else by_name.get(name)
        if match is None or key is None:
            raise ValueError(said)
        one, value = catalog.observation(key), float(match["value"])
        low, high = one.plausible
        if match["unit"] not in {"", one.ucum} or not low <= value <= high:
            raise ValueError(f"{said}（{one.ucum}，{low:g}–{high:g}）")
        found.append({"item": key, "op": SIGNS[match["sign"]], "value": value})
    return found


def presets_in_force(connection: Connection) -> list[Preset]:
    """Return the newest version of each preset that is in force; some rows of a small table."""
    c = CarePreset.__table__.c
    newest: dict[str, Any] = {}
    for row in connection.execute(select(CarePreset.__table__).order_by(c.name, c.number)):
        newest[row.name] = row
    return [
        Preset(
            row.name, row.number, tuple((one["item"], one["op"], float(one["value"])) for one in row.conditions),
            frozenset(row.colours), tuple(row.diseases), row.level, row.activity,
        )
        for row in newest.values()
        if row.in_force
    ]  # fmt: skip


def diseases_of(presets: Sequence[Preset]) -> list[str]:
    """Return the diseases of several presets, each once."""
    return list(dict.fromkeys(code for one in presets for code in one.diseases))
