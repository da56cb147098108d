"""What the check of a report looks at, and what it remarks; plain values."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CONCLUSION, ADVICE = "conclusion", "advice"


@dataclass(frozen=True, slots=True)
class Result:
    """One standing result.

    `flag` is of HL7 table 0078, `grade` that of a presence result (0 absent, 1 to 4 plus signs), `unit` as people
    write it, `ucum` its code, `names` what a report may call the item, its label first.
    """

    item: str
    label: str
    names: tuple[str, ...]
    value: str
    number: float | None = None
    unit: str = ""
    ucum: str = ""
    flag: str = ""
    grade: float | None = None

    @property
    def abnormal(self) -> bool:
        return self.flag not in {"", "N"}


@dataclass(frozen=True, slots=True)
class Known:
    """A class A or B finding or a critical value: by any of `names` a report speaks of it."""

    label: str
    names: tuple[str, ...]
    important_class: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the person and the visit; `sex` is ``1`` male, ``2`` female (GB/T 2261.1)."""

    sex: str
    age: int | None
    name: str
    results: tuple[Result, ...] = ()
    findings: tuple[Known, ...] = ()
    criticals: tuple[Known, ...] = ()
    before: tuple[Known, ...] = ()
    """Findings of the visit before whose item was not examined again."""
    missing: tuple[str, ...] = ()
    """What the visit lacks without a reason on record."""
    others: tuple[tuple[str, ...], ...] = ()
    """Names of items the catalogue knows and this visit has not: a longer name is not a shorter one."""
    groups: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    """Keys of the items that a word for a whole part stands for."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that does not fit; from `start` to `end` of `field`, or the whole field where both are 0."""

    kind: str
    field: str = CONCLUSION
    start: int = 0
    end: int = 0
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def code(self) -> str:
        """Name of its sentence among the texts."""
        return f"lint.{self.kind}"
