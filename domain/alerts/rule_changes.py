"""Rules as an institution changed them: a patch over the file, checked, tried on what is stored, numbered.

What may be changed is what the requirements let an administrator change: thresholds and times, further conditions on
fields of what it watches, severity, receivers, channels, ladder, places where a rule counts, and whether it speaks at
all. What a rule watches stays the file's. A rule that waits for its function may be changed beforehand: the change
counts from the day the function is there, but for its `METRIC`, whose place the built rule's own thresholds take.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from domain.alerts.parts import Condition, Duration, Step, Text, Way
from domain.alerts.plans import RuleBook, rule_book
from domain.alerts.records import Severity
from domain.alerts.rules import Rule
from domain.kernel.ids import Id

METRIC = "metric"
"""Name of the figure of the requirements among the thresholds of a rule that waits."""
NUMBERS = frozenset({"lt", "le", "gt", "ge"})
"""Comparisons whose number may be changed."""
PARTS = {
    "stack": ("least",),
    "trend": ("count", "percent"),
    "anomaly": ("least", "share", "factor", "floor"),
}
"""Numbers of the parts of a rule that may be changed; a threshold of one is named ``stack.least``."""


class RulePatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is different from the file; what is not named stays.

    Attributes:
        thresholds: New number by field, for every comparison with that field's present number; or by a name of
            `PARTS`.
        limit: See `Rule`.
        within: See `Rule`.
        offset: See `Rule`.
        days: See `Rule`.
        severity: See `Rule`.
        summary: See `Rule`; the numbers it names in words are those of the file.
        after: See `Rule`.
        every: See `Rule`.
        receivers: See `Rule`.
        channels: See `Rule`.
        ways: See `Rule`.
        escalate: See `Rule`.
        also: Further conditions, all of which have to hold beside the file's.
        sites: Organisations (hex ids) for whose records it counts; all without it.
        silent: It says nothing.
    """

    thresholds: dict[str, float] = {}
    limit: Duration | None = None
    within: Duration | None = None
    offset: Duration | None = None
    days: int | None = None
    severity: Severity | None = None
    summary: Text | None = None
    after: Duration | None = None
    every: Duration | None = None
    receivers: tuple[str, ...] | None = None
    channels: tuple[Literal["in_app", "wecom", "sms", "email"], ...] | None = None
    ways: tuple[Way, ...] | None = None
    escalate: tuple[Step, ...] | None = None
    also: tuple[Condition, ...] = ()
    sites: tuple[str, ...] | None = None
    silent: bool = False


_NAMED = (
    "limit", "within", "offset", "days", "severity", "summary", "after", "every", "receivers", "channels", "ways",
    "escalate",
)  # fmt: skip


def numbers_of(rule: Rule) -> dict[str, float]:
    """Return the numbers of a rule that a patch may change, by the names its `thresholds` have for them."""
    found = {c.field: c.value for c in rule.when if c.op in NUMBERS}
    if rule.waits_for and rule.metric is not None and not isinstance(rule.metric.value, bool | str):
        found[METRIC] = rule.metric.value
    for part, names in PARTS.items():
        of = getattr(rule, part)
        if of is not None:
            values = ((f"{part}.{name}", getattr(of, name)) for name in names)
            found |= {name: value for name, value in values if value is not None}
    return found


def changed(rule: Rule, patch: RulePatch, number: int) -> Rule:
    """Return a rule as a patch has it; its version says how often it was changed since the file.

    Raises:
        ValueError: A threshold for a field that the rule compares with no number, or a number it cannot be.
    """
    old = numbers_of(rule)
    unknown = sorted(patch.thresholds.keys() - old.keys() - {METRIC})
    if unknown:
        raise ValueError(f"thresholds: {', '.join(unknown)}")
    clears = rule.clears_when
    named = {name: value for name in _NAMED if (value := getattr(patch, name)) is not None}
    return msgspec.structs.replace(
        rule,
        version=rule.version + number,
        when=(*_moved(rule.when, patch, old), *patch.also),
        clears_when=None if clears is None else _moved(clears, patch, old),
        **named,
        **_parts(rule, patch),
    )


def _parts(rule: Rule, patch: RulePatch) -> dict[str, Any]:
    """Return the parts of a rule whose numbers a patch changes."""
    found: dict[str, Any] = {}
    if METRIC in patch.thresholds and rule.waits_for and rule.metric is not None:
        found[METRIC] = msgspec.structs.replace(rule.metric, value=patch.thresholds[METRIC])
    for part in PARTS:
        begin = f"{part}."
        given = {
            name.removeprefix(begin): int(value) if float(value).is_integer() else value
            for name, value in patch.thresholds.items()
            if name.startswith(begin)
        }
        if given:
            of = getattr(rule, part)
            try:
                found[part] = msgspec.convert({**msgspec.to_builtins(of), **given}, type(of))
            except msgspec.ValidationError as error:
                raise ValueError(f"thresholds: {part}: {error}") from None
    return found


def _moved(
    conditions: Iterable[Condition], patch: RulePatch, old: Mapping[str, object]
) -> tuple[Condition, ...]:
    return tuple(
        Condition(c.field, c.op, patch.thresholds[c.field])
        if c.field in patch.thresholds and c.op in NUMBERS and c.value == old.get(c.field)
        else c
        for c in conditions
    )


def book_in_force(files: RuleBook, patches: Mapping[str, tuple[int, RulePatch]]) -> RuleBook:
    """Return the rules with the newest patch of each (number, patch), but for one that no longer fits its file."""
    rules, waiting = dict(files.rules), dict(files.waiting)
    limited: dict[str, frozenset[Id]] = {}
    for rule_id, (number, patch) in patches.items():
        book = rules if rule_id in rules else waiting
        if rule_id not in book:
            continue
        try:
            book[rule_id] = changed(book[rule_id], patch, number)
        except ValueError:
            continue
        if patch.silent:
            limited[rule_id] = frozenset()
        elif patch.sites is not None:
            limited[rule_id] = frozenset(uuid.UUID(hex=one) for one in patch.sites)
    return rule_book(rules, waiting, limited)
