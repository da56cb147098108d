"""What is wrong with a rule: said with the field at fault, against the records and workflows that are declared."""

import re
import string
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Table

from domain.alerts.parts import EXTENSIONS, Condition, Kind, duration
from domain.alerts.plans import SUBJECTS
from domain.alerts.rules import Rule
from domain.kernel.columns import Sensitivity
from domain.kernel.commands import commands
from domain.kernel.record import Record, column_info, record_classes
from domain.kernel.workflow import State, workflows

_ALWAYS_SHOWN = frozenset({"state", "due"})
_TOLD_BESIDE = {
    Kind.TREND: frozenset({"runs", "change"}),
    Kind.STACK: frozenset({"least", "role", "role_name"}),
    Kind.ANOMALY: frozenset({"why"}),
}
"""What a kind's sentence may name beside the fields of the record."""
_WIDE = re.compile(r"\d{3}|[{]")
"""Makes a sentence as long as it likes."""
_OWN_FIELDS = {
    "every": {Kind.REPEAT}, "after": {Kind.ESCALATION}, "within": {Kind.ABSENCE}, "expects": {Kind.ABSENCE},
    "since": {Kind.ABSENCE}, "days": {Kind.RATE}, "trend": {Kind.TREND}, "stack": {Kind.STACK},
    "anomaly": {Kind.ANOMALY}, "limit": {Kind.DEADLINE},
}  # fmt: skip
"""Fields that only some kinds have."""
_NEEDED = {
    Kind.ABSENCE: ("within", "expects", "since"),
    Kind.RATE: ("days",),
    Kind.TREND: ("trend",),
    Kind.STACK: ("stack",),
    Kind.ANOMALY: ("anomaly",),
}


def problems_of(rule: Rule, rules: Mapping[str, Rule], roles: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with a rule; `rules` are all that were read, those that wait too."""
    yield from _telling_problems(rule, rules, roles)
    if rule.waits_for:
        if not rule.trigger:
            yield "trigger: a rule that waits says in words what will trigger it"
        return
    yield from _kind_problems(rule)
    if rule.when and rule.kind in EXTENSIONS | {Kind.STACK}:
        yield f"when: not for {rule.kind}"
    if rule.kind in EXTENSIONS:
        yield from _extension_problems(rule, rules)
    elif rule.kind is Kind.STACK:
        yield from _stack_problems(rule, rules)
    elif rule.kind is Kind.ANOMALY:
        yield from _anomaly_problems(rule)
    else:
        yield from _subject_problems(rule)


def _telling_problems(rule: Rule, rules: Mapping[str, Rule], roles: Collection[str]) -> Iterator[str]:
    for role in [*rule.receivers, *(role for step in rule.escalate for role in step.to)]:
        if role not in roles:
            yield f"receivers: no role {role}"
    if rule.client_message and not rule.tells_client:
        yield "client_message: only for a rule that tells the client"
    if not rule.receivers and not (rule.tells_client and (rule.waits_for or rule.client_message)):
        yield "receivers: nobody is told"
    times = [duration(step.after) for step in rule.escalate]
    if times != sorted(set(times)):
        yield "escalate: steps must rise in time"
    for other in [*rule.inhibits, *(cause.rule for cause in rule.silent_while)]:
        if other not in rules:
            yield f"inhibits: no rule {other}"


def _kind_problems(rule: Rule) -> Iterator[str]:
    """Yield fields that are missing for a kind, or that it has no use for."""
    for name, kinds in _OWN_FIELDS.items():
        if getattr(rule, name) is not None and rule.kind not in kinds:
            extends = name in {"every", "after"}
            yield f"{name}: only for rules that extend another" if extends else f"{name}: not for {rule.kind}"
    for name in _NEEDED.get(rule.kind, ()):
        if getattr(rule, name) is None:
            yield f"{name}: missing"


def cycle_of(rules: Mapping[str, Rule]) -> list[str]:
    """Return rules that would keep each other silent in a circle, as ``A-1 > A-2 > A-1``; empty if there are none."""
    silences: dict[str, set[str]] = {rule.id: set(rule.inhibits) for rule in rules.values()}
    for rule in rules.values():
        for cause in rule.silent_while:
            silences.setdefault(cause.rule, set()).add(rule.id)
        if rule.stack is not None:
            for part in rule.stack.rules:
                silences.setdefault(part, set()).add(rule.id)
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for following in sorted(silences.get(name, ())):
            found = walk(following, (*path, name))
            if found:
                return found
        done.add(name)
        return []

    return next((found for name in sorted(silences) if (found := walk(name, ()))), [])


def _extension_problems(rule: Rule, rules: Mapping[str, Rule]) -> Iterator[str]:
    extended = rules.get(rule.watch)
    if extended is None or extended.kind in EXTENSIONS or extended.waits_for:
        yield f"watch: no rule {rule.watch} that can be extended"
    if rule.kind is Kind.REPEAT and (not rule.every or not duration(rule.every)):
        yield "every: a repeat rule needs its interval"
    if rule.kind is Kind.ESCALATION and not rule.after:
        yield "after: an escalation rule needs its time"


def _stack_problems(rule: Rule, rules: Mapping[str, Rule]) -> Iterator[str]:
    if rule.stack is None:
        return
    for other in rule.stack.rules:
        if other not in rules or other == rule.id or rules[other].kind in EXTENSIONS:
            yield f"stack: no rule {other} that opens alerts"
    yield from _sentence_problems(rule, record_classes()[SUBJECTS[rule.stack.by]])


def _anomaly_problems(rule: Rule) -> Iterator[str]:
    anomaly = rule.anomaly
    if anomaly is None:
        return
    if rule.watch.startswith("command:"):
        if rule.watch.removeprefix("command:") not in commands():
            yield f"watch: no {rule.watch}"
        if anomaly.number or anomaly.at:
            yield "anomaly: a command has no fields"
    else:
        kind = record_classes().get(rule.watch)
        if kind is None:
            yield f"watch: no record {rule.watch}"
        else:
            for name in (anomaly.who, anomaly.at, anomaly.number):
                if name is not None and name not in kind.__table__.columns:
                    yield f"anomaly: no field {name}"
            yield from _conditions_problems(rule, kind)
    if not anomaly.judged:
        yield "anomaly: nothing is judged"
    for name in anomaly.judged:
        if name not in anomaly.words:
            yield f"anomaly: no words for {name}"
    yield from _sentence_problems(rule, record_classes()["staff"])


def _subject_problems(rule: Rule) -> Iterator[str]:
    entity, _, state = rule.watch.partition(".")
    kind = record_classes().get(entity)
    if kind is None:
        yield f"watch: no record {entity}"
        return
    life = workflows().get(entity)
    if rule.kind is Kind.DEADLINE:
        yield from _state_problems(rule, life.states.get(state) if life else None)
    elif state:
        yield f"watch: {rule.watch} is not a record"
    if rule.kind is Kind.RATE and not {"under_days", "under_since"} <= set(kind.__table__.columns.keys()):
        yield f"watch: {entity} keeps no days under target"
    if rule.kind is Kind.TREND and rule.trend is not None:
        yield from _trend_problems(rule, kind)
    if rule.kind is Kind.ABSENCE and rule.expects is not None:
        yield from _absence_problems(rule, kind)
    yield from _card_problems(rule, kind)
    for cause in rule.silent_while:
        if cause.by not in kind.__table__.columns:
            yield f"silent_while: no field {cause.by}"
        if rule.kind in {Kind.ABSENCE, Kind.TREND}:
            yield f"silent_while: not for a rule of kind {rule.kind}"
    yield from _conditions_problems(rule, kind)
    yield from _sentence_problems(rule, kind)


def _card_problems(rule: Rule, kind: type[Record]) -> Iterator[str]:
    """Yield what is wrong with whose card an alert is."""
    columns = kind.__table__.columns
    if rule.owner_first and not rule.owner:
        yield "owner_first: nobody owns it from the start"
    for end in ("_id", "_name") if rule.owner else ():
        if f"{rule.owner}{end}" not in columns:
            yield f"owner: no field {rule.owner}{end}"
    if rule.gather and "patient_id" not in columns:
        yield "gather: no field patient_id"
    if rule.gather and rule.kind not in {Kind.DEADLINE, Kind.THRESHOLD}:
        yield f"gather: not for a rule of kind {rule.kind}"


def _trend_problems(rule: Rule, kind: type[Record]) -> Iterator[str]:
    trend, columns = rule.trend, kind.__table__.columns
    if trend is None:
        return
    named = [trend.value, trend.at, *trend.series, *([trend.flag] if trend.worse == "flag" else [])]
    for name in named:
        if name not in columns:
            yield f"trend: no field {name}"
    if "patient_id" not in trend.series:
        yield "trend: the values are not those of one client"
    if not set(trend.series) - {"patient_id"} <= set(rule.facts):
        yield "trend: facts must name the series, so that its alerts are found again"
    if not _indexed(kind, (*trend.series, trend.at)):
        yield f"trend: no index leads to {', '.join(trend.series)} by {trend.at}"
    if trend.percent is None and not trend.spreads:
        yield "trend: neither percent nor spreads say how much counts"


def _absence_problems(rule: Rule, kind: type[Record]) -> Iterator[str]:
    expects = rule.expects
    if expects is None:
        return
    if rule.since is not None and rule.since not in kind.__table__.columns:
        yield f"since: no field {rule.since}"
    if expects.equals not in kind.__table__.columns:
        yield f"expects: no field {expects.equals}"
    awaited = record_classes().get(expects.record)
    if awaited is None:
        yield f"expects: no record {expects.record}"
        return
    columns = awaited.__table__.columns
    for name in (expects.by, expects.at):
        if name is not None and name not in columns:
            yield f"expects: no field {name}"
    if expects.by in columns and not _indexed(awaited, (expects.by,)):
        yield f"expects: no index of {expects.record} begins with {expects.by}"
    if rule.resets and expects.at is None:
        yield "expects: what starts the time anew needs its time"
    life = workflows().get(expects.record)
    for condition in expects.when:
        yield from _condition_problems(condition, columns.keys(), life.states if life else ())


def _indexed(kind: type[Record], front: tuple[str, ...]) -> bool:
    """Tell whether an index begins with these columns, in this order."""
    table: Table = kind.__table__  # type: ignore[assignment]
    fronts = [tuple(c.name for c in index.columns)[: len(front)] for index in table.indexes]
    return front == ("id",) or front in fronts


def _state_problems(rule: Rule, declared: State | None) -> Iterator[str]:
    if declared is None:
        yield f"watch: no workflow state {rule.watch}"
    elif declared.limit is None and rule.limit is None:
        yield f"limit: {rule.watch} has no time limit of its own"


def _conditions_problems(rule: Rule, kind: type[Record]) -> Iterator[str]:
    life = workflows().get(kind.record_info.entity)
    for condition in (*rule.when, *(rule.clears_when or ())):
        yield from _condition_problems(condition, kind.__table__.columns.keys(), life.states if life else ())


def _sentence_problems(rule: Rule, kind: type[Record]) -> Iterator[str]:
    columns, entity = kind.__table__.columns, kind.record_info.entity
    if not rule.summary:
        yield "summary: missing"
    for name in rule.occasion:
        if name not in columns:
            yield f"occasion: {entity} has no field {name}"
    if any(spec and _WIDE.search(spec) for _, _, spec, _ in string.Formatter().parse(rule.summary)):
        yield "summary: a value that is so wide"
    beside = _ALWAYS_SHOWN | _TOLD_BESIDE.get(rule.kind, frozenset())
    for name in [*rule.facts, *_named(rule.summary)]:
        info = column_info(columns[name]) if name in columns else None
        if name not in beside and (info is None or info.sensitivity is not Sensitivity.PUBLIC):
            yield f"summary, facts: {name} is no public field of {entity}"


def _condition_problems(
    condition: Condition, fields: Collection[str], states: Collection[Any]
) -> Iterator[str]:
    if condition.field not in fields:
        yield f"when, clears_when: no field {condition.field}"
    if condition.op in {"in", "not_in"} and not isinstance(condition.value, list):
        yield f"when, clears_when: {condition.field}: {condition.op} needs a list"
    elif condition.field == "state" and condition.op in {"eq", "ne", "in", "not_in"}:
        given = condition.value if isinstance(condition.value, list) else [condition.value]
        for value in given:
            if value not in states:
                yield f"when, clears_when: no state {value}"


def _named(summary: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(summary) if name]
