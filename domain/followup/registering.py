"""Who fits which register of a disease, decided from plain facts, without a database."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.followup.definitions import Basis, Register

SAID: Mapping[Basis, str] = {
    "diagnosed": "现患", "high_level": "高危", "level": "中危", "label": "标签", "finding": "重要异常",
}  # fmt: skip
MOST_SAID = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class RegisterFacts:
    """What a register looks at.

    Attributes:
        diagnosed: Diseases the client has, with what they are called.
        levels: Level of each disease that could be assessed and that the client does not have.
        labels: Tags and labels that are on.
        findings: Items with an open or followed finding of class A or B, with what they are called.
    """

    diagnosed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    levels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    labels: frozenset[str] = frozenset()
    findings: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Fit:
    """A register somebody fits, and the reasons: each with what it is about."""

    register: Register
    reasons: tuple[tuple[Basis, str], ...]

    @property
    def by_itself(self) -> bool:
        """Whether one of the reasons enters a client without anybody's doing."""
        return any(basis in self.register.auto for basis, _ in self.reasons)

    @property
    def because(self) -> str:
        """The reasons as people read them."""
        return "；".join(f"{SAID[basis]} {about}" for basis, about in self.reasons)[:MOST_SAID]

    @property
    def why(self) -> dict[str, Any]:
        """The reasons as they are kept."""
        return {"reasons": [{"basis": basis, "about": about} for basis, about in self.reasons]}


def fits_of(facts: RegisterFacts, registers: Iterable[Register], names: Mapping[str, str]) -> list[Fit]:
    """Return every register a client fits; `names` says what diseases are called."""
    found = [Fit(register, tuple(_reasons(facts, register, names))) for register in registers]
    return [fit for fit in found if fit.reasons]


def _reasons(
    facts: RegisterFacts, register: Register, names: Mapping[str, str]
) -> Iterator[tuple[Basis, str]]:
    for topic in register.topics:
        if topic in facts.diagnosed:
            yield "diagnosed", names.get(topic, facts.diagnosed[topic])
        elif (level := facts.levels.get(topic)) in register.levels:
            yield ("high_level" if level == "high" else "level"), names.get(topic, topic)
    for label in register.labels:
        if label in facts.labels:
            yield "label", label
    for item in register.items:
        if item in facts.findings:
            yield "finding", facts.findings[item]
