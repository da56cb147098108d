"""Rules as an institution changed them: a patch over the file, checked, tried on what is stored, numbered.

What may be changed is what the requirements let an administrator change: thresholds and times, severity, receivers,
channels, ladder, the places where a rule counts, and whether it speaks at all. What a rule watches stays the file's.
"""

import dataclasses
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Table, select

from domain.alerts.lookups import sql_of
from domain.alerts.parts import Condition, Duration, Kind, Step, Text
from domain.alerts.plans import Plan, RuleBook, rule_book
from domain.alerts.records import Severity
from domain.alerts.rules import Rule
from domain.kernel.ids import Id
from domain.kernel.record import record_classes
from domain.kernel.rows import without_index

MONTH = timedelta(days=30)
STORM = 1_500
"""Alerts a month of one rule and place, fifty a day, that nobody would act on."""
EXAMINED = 20
"""Records that must have been looked at before it can be said that a condition always holds."""
MOST = 20_000
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
        escalate: See `Rule`.
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
    escalate: tuple[Step, ...] | None = None
    sites: tuple[str, ...] | None = None
    silent: bool = False


_NAMED = (
    "limit", "within", "offset", "days", "severity", "summary", "after", "every", "receivers", "channels", "escalate",
)  # fmt: skip


def numbers_of(rule: Rule) -> dict[str, float]:
    """Return the numbers of a rule that a patch may change, by the names its `thresholds` have for them."""
    found = {c.field: c.value for c in rule.when if c.op in NUMBERS}
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
    unknown = sorted(patch.thresholds.keys() - old.keys())
    if unknown:
        raise ValueError(f"thresholds: {', '.join(unknown)}")
    clears = rule.clears_when
    named = {name: value for name in _NAMED if (value := getattr(patch, name)) is not None}
    return msgspec.structs.replace(
        rule,
        version=rule.version + number,
        when=_moved(rule.when, patch, old),
        clears_when=None if clears is None else _moved(clears, patch, old),
        **named,
        **_parts(rule, patch),
    )


def _parts(rule: Rule, patch: RulePatch) -> dict[str, Any]:
    """Return the parts of a rule whose numbers a patch changes."""
    found: dict[str, Any] = {}
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
    rules = dict(files.rules)
    limited: dict[str, frozenset[Id]] = {}
    for rule_id, (number, patch) in patches.items():
        if rule_id not in rules:
            continue
        try:
            rules[rule_id] = changed(rules[rule_id], patch, number)
        except ValueError:
            continue
        if patch.silent:
            limited[rule_id] = frozenset()
        elif patch.sites is not None:
            limited[rule_id] = frozenset(uuid.UUID(hex=one) for one in patch.sites)
    return rule_book(rules, files.waiting, limited)


@dataclasses.dataclass(frozen=True, slots=True)
class BackTest:
    """What a rule would have raised on what is stored.

    `standing` says that the records tell how things stand, not how they were: the figure is what would wait now.
    """

    examined: int
    raised: int
    by_place: dict[str, int]
    receivers: tuple[str, ...]
    standing: bool

    @property
    def always(self) -> bool:
        """Whether every record that was looked at fits."""
        return self.examined >= EXAMINED and self.raised == self.examined

    @property
    def storm(self) -> bool:
        """Whether one place would have been flooded."""
        return max(self.by_place.values(), default=0) > STORM


def back_test(connection: Connection, plan: Plan, now: datetime) -> BackTest | None:
    """Return what a rule would have raised in the last month; None for kinds that records alone do not tell.

    Looks at no more than `MOST` records, the newest first.
    """
    if plan.kind not in {Kind.THRESHOLD, Kind.EVENT, Kind.DEADLINE, Kind.RATE}:
        return None
    table: Table = record_classes()[plan.entity].__table__  # type: ignore[assignment]
    at = _time_of(table)
    looked = select(table.c.id, table.c.org_id).order_by(table.c.id.desc()).limit(MOST)
    if at is not None:
        looked = select(table.c.id, table.c.org_id).where(table.c[at] >= now - MONTH)
        looked = looked.order_by(table.c[at].desc()).limit(MOST)
    if plan.state:
        looked = looked.where(without_index(table.c.state) == plan.state)
    inside = looked.subquery()
    examined = connection.execute(select(inside.c.id)).all()
    fits = select(table).join(inside, inside.c.id == table.c.id).where(*sql_of(table, plan.when))
    by_place: Counter[str] = Counter()
    for row in connection.execute(fits):
        values = row._asdict()
        due = plan.fire_at(values) if plan.state else now
        if plan.counts_at(values["org_id"]) and due is not None and due <= now:
            by_place[values["org_id"].hex] += 1
    raised = sum(by_place.values())
    return BackTest(
        len(examined), raised, dict(by_place), plan.rule.receivers, at is None or bool(plan.state)
    )


def _time_of(table: Table) -> str | None:
    """Return the column that says when a record came to be, where an index leads to it."""
    fronts = {next(iter(index.columns)).name for index in table.indexes}
    found = [n for n in ("found_at", "scored_at", "started_at", "printed_at", "queued_at") if n in fronts]
    return found[0] if found else None
