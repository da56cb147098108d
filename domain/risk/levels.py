"""The four colours: declared rules on an assessment become a colour that says why (rule, value, date). Pure."""

import enum
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

from domain.catalog.definitions import Status
from domain.catalog.units import shown_unit
from domain.risk.definitions import LEVELS
from domain.risk.expressions import ExpressionError, condition
from domain.risk.factors import FactorBook, Known
from domain.risk.results import Assessment, Value

SCORE = "lifestyle"
"""The category that is a score and no disease; it counts nowhere."""


class Colour(enum.StrEnum):
    """The four colours, from the best to the worst."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


RANK = {colour: place for place, colour in enumerate(Colour)}


class LevelRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule of resources/risk/level_rules.yaml."""

    id: str
    colour: Colour
    when: str
    text: str


class HighFactor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From where on a factor is at high risk."""

    factor: str
    when: str
    text: str


class LevelFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; see its head."""

    version: str
    status: Status
    source: str
    enough: int
    rules: tuple[LevelRule, ...]
    high_factors: tuple[HighFactor, ...]


class FactorAdviceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """resources/risk/factor_advice.yaml: the advice proposed for each factor at high risk, by entry."""

    version: str
    status: Status
    source: str
    factors: dict[str, tuple[str, ...]]


class Because(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fact a rule stood on: what it is called, its value and unit, and the day it is of."""

    label: str
    value: Value
    unit: str = ""
    at: date | None = None


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that holds, with the facts it stood on."""

    rule: str
    text: str
    facts: tuple[Because, ...]


class Coloured(msgspec.Struct, frozen=True, kw_only=True):
    """The colour of an assessment; None where too little is known for any. `why` are all rules of that colour."""

    colour: Colour | None
    why: tuple[Why, ...]
    high_factors: tuple[Why, ...]
    rules_version: str
    unverified: bool


class LevelRules:
    """Checked rules, ready to judge assessments."""

    def __init__(self, file: LevelFile, book: FactorBook, labels: Mapping[str, str]) -> None:
        self.file, self._book = file, book
        self.labels = labels
        self.problems: list[str] = []
        self._rules = [(one, *self._ready(one.id, one.when)) for one in file.rules]
        self._factors = [(one, *self._ready(one.factor, one.when)) for one in file.high_factors]
        self.problems += [
            f"level_rules.yaml: {one.factor}: no factor"
            for one in file.high_factors
            if one.factor not in book.definitions
        ]
        ids = [one.id for one in file.rules]
        if len(set(ids)) != len(ids):
            self.problems.append("level_rules.yaml: a rule's id stands twice")

    def _ready(self, where: str, when: str) -> tuple[tuple[str, ...], Callable[..., Any]]:
        try:
            names, holds = condition(when)
        except ExpressionError as error:
            self.problems.append(f"level_rules.yaml: {where}: {error}")
            return (), lambda: None
        known = {*self.labels, *self._book.definitions, "sex", "age"}
        self.problems += [
            f"level_rules.yaml: {where}: {name} is not known" for name in names if name not in known
        ]
        return names, holds

    def colour(self, assessment: Assessment, known: Known) -> Coloured:
        """Return the colour of an assessment, and why; `known` are the factors it was made of."""
        values = {**known.values, **_facts_of(assessment)}
        held: dict[Colour, list[Why]] = {}
        for rule, names, holds in self._rules:
            if holds(*[values.get(name) for name in names]):
                held.setdefault(rule.colour, []).append(
                    self._why(rule.id, rule.text, names, values, known, assessment.on)
                )
        worst = max(held, key=RANK.__getitem__, default=None)
        if worst is None and values["computed_count"] >= self.file.enough:
            worst = Colour.GREEN
        high = [
            self._why(one.factor, one.text, names, values, known, assessment.on)
            for one, names, holds in self._factors
            if holds(*[values.get(name) for name in names])
        ]
        return Coloured(
            colour=worst, why=tuple(held.get(worst, ())) if worst else (), high_factors=tuple(high),
            rules_version=self.file.version, unverified=self.file.status != "V",
        )  # fmt: skip

    def _why(
        self, rule: str, text: str, names: tuple[str, ...], values: Mapping[str, Any], known: Known, on: date
    ) -> Why:
        return Why(
            rule=rule, text=text,
            facts=tuple(self._because(name, values, known, on) for name in names if values.get(name) is not None),
        )  # fmt: skip

    def _because(self, name: str, values: Mapping[str, Any], known: Known, on: date) -> Because:
        if name in self.labels:
            value = LEVELS[values[name]] if name.startswith("level_") else values[name]
            return Because(label=self.labels[name], value=value, at=on)
        used, value = known.used.get(name), values[name]
        unit = shown_unit(used.unit) if used else ""
        return Because(label=self._book.label(name), value=value, unit=unit, at=used.at if used else None)


def rule_labels(diseases: Mapping[str, str], models: Mapping[str, str]) -> dict[str, str]:
    """Return what the names that only rules have are called."""
    labels = {"high_count": "高危类别数", "medium_count": "中危类别数", "diagnosed_count": "已患类别数"}
    labels["computed_count"] = "可评估类别数"
    labels |= {f"level_{one}": f"{name}风险" for one, name in diseases.items()}
    labels |= {f"diagnosed_{one}": f"已患{name}" for one, name in diseases.items()}
    return labels | {f"value_{one}": title for one, title in models.items()}


def _facts_of(assessment: Assessment) -> dict[str, Any]:
    facts: dict[str, Any] = {f"value_{one.model}": one.value for one in assessment.results}
    counts = {"high": 0, "medium": 0, "low": 0}
    diagnosed = 0
    for one in assessment.diseases:
        facts[f"diagnosed_{one.disease}"] = int(one.status == "already_diagnosed")
        facts[f"level_{one.disease}"] = None if one.level is None else LEVELS.index(one.level)
        if one.disease != SCORE:
            diagnosed += one.status == "already_diagnosed"
            if one.level is not None:
                counts[one.level] += 1
    facts |= {"high_count": counts["high"], "medium_count": counts["medium"], "diagnosed_count": diagnosed}
    return facts | {"computed_count": sum(counts.values()) + diagnosed}


def risen(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, int]:
    """Return the diseases whose level is higher than it was confirmed, and by how many steps."""
    steps = {
        disease: LEVELS.index(level) - LEVELS.index(before[disease])
        for disease, level in now.items()
        if before.get(disease) in LEVELS and level in LEVELS
    }
    return {disease: step for disease, step in steps.items() if step > 0}
