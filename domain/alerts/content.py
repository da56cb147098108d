"""Reading the rule files: every mistake of every file at once, each with file and field."""

import string
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from domain.alerts.plans import RuleBook, rule_book
from domain.alerts.rules import EVALUATED, EXTENSIONS, Condition, Kind, Rule, duration
from domain.kernel.columns import Sensitivity
from domain.kernel.content import ContentError, load_folder
from domain.kernel.record import Record, column_info, record_classes
from domain.kernel.workflow import State, workflows

_ALWAYS_SHOWN = frozenset({"state", "due"})


def load_rules(folder: Path, roles: Collection[str]) -> RuleBook:
    """Return the rules of a folder; records and workflows must be loaded (`domain.features.load`).

    Args:
        folder: ``resources/alerts``.
        roles: Roles of ``resources/roles.yaml``, which receivers must be.

    Raises:
        ContentError: Files that do not fit the schema, or name what does not exist.
    """
    files = load_folder(folder, Rule)
    rules: dict[str, Rule] = {}
    problems: list[str] = []
    for stem, rule in files.items():
        if rule.id in rules:
            problems.append(f"{stem}.yaml: id: {rule.id} stands in another file already")
        rules[rule.id] = rule
    for stem, rule in files.items():
        problems += [f"{stem}.yaml: {problem}" for problem in _problems(rule, rules, roles)]
    if problems:
        raise ContentError(problems)
    return rule_book(rules)


def _problems(rule: Rule, rules: Mapping[str, Rule], roles: Collection[str]) -> Iterator[str]:
    if rule.kind not in EVALUATED:
        yield f"kind: {rule.kind} is not evaluated by this program"
        return
    for role in [*rule.receivers, *(role for step in rule.escalate for role in step.to)]:
        if role not in roles:
            yield f"receivers: no role {role}"
    if not rule.receivers:
        yield "receivers: nobody is told"
    times = [duration(step.after) for step in rule.escalate]
    if times != sorted(set(times)):
        yield "escalate: steps must rise in time"
    for other in rule.inhibits:
        if other not in rules:
            yield f"inhibits: no rule {other}"
    if rule.kind in EXTENSIONS:
        yield from _extension_problems(rule, rules)
    else:
        yield from _subject_problems(rule)


def _extension_problems(rule: Rule, rules: Mapping[str, Rule]) -> Iterator[str]:
    extended = rules.get(rule.watch)
    if extended is None or extended.kind in EXTENSIONS:
        yield f"watch: no rule {rule.watch} that can be extended"
    if rule.kind is Kind.REPEAT and (not rule.every or not duration(rule.every)):
        yield "every: a repeat rule needs its interval"
    if rule.kind is Kind.ESCALATION and not rule.after:
        yield "after: an escalation rule needs its time"


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
    if rule.every or rule.after:
        yield "every, after: only for rules that extend another"
    if not rule.summary:
        yield "summary: missing"
    for condition in (*rule.when, *(rule.clears_when or ())):
        yield from _condition_problems(condition, kind.__table__.columns.keys(), life.states if life else ())
    yield from _field_problems(rule, kind)


def _state_problems(rule: Rule, declared: State | None) -> Iterator[str]:
    if declared is None:
        yield f"watch: no workflow state {rule.watch}"
    elif declared.limit is None and rule.limit is None:
        yield f"limit: {rule.watch} has no time limit of its own"


def _field_problems(rule: Rule, kind: type[Record]) -> Iterator[str]:
    columns = kind.__table__.columns
    entity = kind.record_info.entity
    for name in rule.occasion:
        if name not in columns:
            yield f"occasion: {entity} has no field {name}"
    for name in [*rule.facts, *_named(rule.summary)]:
        info = column_info(columns[name]) if name in columns else None
        if name not in _ALWAYS_SHOWN and (info is None or info.sensitivity is not Sensitivity.PUBLIC):
            yield f"summary, facts: {name} is no public field of {entity}"


def _condition_problems(
    condition: Condition, fields: Collection[str], states: Collection[str]
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
