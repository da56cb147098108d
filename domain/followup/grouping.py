"""Which groups a client belongs to, decided from plain facts, without a database."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from domain.followup.definitions import FollowUpContent, PlanTemplate, SegmentRules
from domain.followup.group_records import ClientLevel, Segment

FLAGGED = "results"
"""Topic of results beside their reference interval that are no finding of a class."""


@dataclasses.dataclass(frozen=True, slots=True)
class Abnormal:
    """A result outside its interval: what it is called, and the day."""

    label: str
    flag: str
    day: date


@dataclasses.dataclass(frozen=True, slots=True)
class ClientFacts:
    """What grouping looks at.

    Attributes:
        colour: Colour of the risk level; None before the first assessment.
        levels: Level of each disease that could be assessed.
        diagnosed: Diseases the client has.
        findings: Days of findings that count, by class.
        abnormal: Results outside their interval, the latest of each item.
        seen: Whether there is any result or assessment at all.
        unverified: Whether the level stands on rules nobody has signed.
    """

    colour: str | None = None
    levels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    diagnosed: frozenset[str] = frozenset()
    findings: Mapping[str, Sequence[date]] = dataclasses.field(default_factory=dict)
    abnormal: Sequence[Abnormal] = ()
    seen: bool = False
    unverified: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Belongs:
    """A group a client belongs to, about what, and why (JSON values)."""

    segment: Segment
    topic: str
    topic_label: str
    why: Mapping[str, Any]
    unverified: bool

    @property
    def key(self) -> tuple[Segment, str]:
        return (self.segment, self.topic)


def groups_of(facts: ClientFacts, rules: SegmentRules, names: Mapping[str, str]) -> list[Belongs]:
    """Return every group of a client; who is in none of the others and was seen is a general client.

    Args:
        facts: What is known.
        rules: The rules in force.
        names: What diseases are called.
    """
    unsigned = rules.status == "UNVERIFIED" or facts.unverified
    found = [*_high_risk(facts, rules, names, unsigned), *_diseases(facts, rules, names)]
    found += _abnormal(facts, rules)
    if not found and facts.seen:
        found.append(Belongs(Segment.GENERAL, "", "", {"rule": "none_of_the_others"}, unsigned))
    return found


def _high_risk(
    facts: ClientFacts, rules: SegmentRules, names: Mapping[str, str], unverified: bool
) -> Iterator[Belongs]:
    if facts.colour in rules.colours:
        yield Belongs(Segment.HIGH_RISK, "", "", {"rule": "colour", "colour": facts.colour}, unverified)
    for disease, level in sorted(facts.levels.items()):
        if level in rules.levels and disease not in facts.diagnosed:
            why = {"rule": "disease_level", "level": level}
            yield Belongs(Segment.HIGH_RISK, disease, names.get(disease, disease), why, unverified)


def _diseases(facts: ClientFacts, rules: SegmentRules, names: Mapping[str, str]) -> Iterator[Belongs]:
    unsigned = rules.status == "UNVERIFIED"
    for disease in sorted(facts.diagnosed):
        yield Belongs(Segment.DISEASE, disease, names.get(disease, disease), {"rule": "diagnosed"}, unsigned)


def _abnormal(facts: ClientFacts, rules: SegmentRules) -> Iterator[Belongs]:
    unsigned = rules.status == "UNVERIFIED"
    for name, label in rules.classes.items():
        if days := facts.findings.get(name):
            why = {"rule": "finding", "class": name, "count": len(days), "latest": max(days).isoformat()}
            yield Belongs(Segment.ABNORMAL, f"class_{name.lower()}", label, why, unsigned)
    if facts.abnormal:
        items = [
            {"label": one.label, "flag": one.flag, "day": one.day.isoformat()} for one in facts.abnormal[:50]
        ]
        why = {"rule": "flagged", "count": len(facts.abnormal), "items": items}
        yield Belongs(Segment.ABNORMAL, FLAGGED, "", why, unsigned)


def leading_template(groups: Sequence[tuple[Segment, str]], content: FollowUpContent) -> PlanTemplate | None:
    """Return the template of the highest priority that fits one of these (segment, topic); None if none fits."""
    fitting = [
        plan
        for plan in content.plans.values()
        if any(s is plan.segment and (not plan.topics or topic in plan.topics) for s, topic in groups)
    ]
    return max(fitting, key=lambda plan: (plan.priority, bool(plan.topics), plan.id), default=None)


def days_of(template: PlanTemplate, level: ClientLevel) -> list[int]:
    """Return the days of a template's contacts for a client of this level."""
    return list(template.after_days[level])


def is_strict(groups: Sequence[tuple[Segment, str]], level: ClientLevel, rules: SegmentRules) -> bool:
    """Tell whether the plan must be settled within the day."""
    return level is not ClientLevel.STANDARD or any(segment in rules.strict for segment, _ in groups)
