"""Plans: rules made ready for records. What a record's values say: fire, when, for which occasion, or clear."""

import dataclasses
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.alerts.ladder import Ladder, Rung, joined
from domain.alerts.parts import EXTENSIONS, WAYS_OF, Condition, Kind, Way, duration
from domain.alerts.records import Severity
from domain.alerts.rules import Rule
from domain.kernel.clock import clinic
from domain.kernel.columns import to_wire
from domain.kernel.ids import Id, stable_id
from domain.kernel.workflow import workflows

Values = Mapping[str, Any]
MOMENTS = frozenset({Kind.EVENT, Kind.ANOMALY, Kind.TREND})
"""Kinds that tell of something that happened: that the record is different by now takes nothing back."""
ELSEWHERE = frozenset({Kind.STACK, Kind.ANOMALY})
"""Kinds that do not look at a changed record for itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """One rule with its whole ladder; `state` is the workflow state of a deadline, empty for every other kind.

    `entity` is what its alerts are about; for a stack or a command that is not what it watches.
    """

    rule: Rule
    entity: str
    state: str
    ladder: Ladder
    clears_when: tuple[Condition, ...]
    when: tuple[Condition, ...] = ()
    occasions: tuple[str, ...] = ()
    sites: frozenset[Id] | None = None

    def counts_at(self, org_id: Id) -> bool:
        """Tell whether the rule counts for records of an organisation."""
        return self.sites is None or org_id in self.sites

    @property
    def kind(self) -> Kind:
        """How it fires."""
        return self.rule.kind

    @property
    def lasts(self) -> bool:
        """Whether it is about how things are, not about something that happened."""
        return self.kind not in MOMENTS

    @property
    def listens(self) -> bool:
        """Whether its timers wait for the end of an alert of another record."""
        return bool(self.rule.silent_while) or self.rule.gather is not None

    def cleared(self, row: Values) -> bool:
        """Tell whether the record gives no cause any more."""
        return bool(self.clears_when) and all(c.holds(row) for c in self.clears_when)

    def fits(self, row: Values) -> bool:
        """Tell whether the record fulfils the rule's conditions."""
        return all(c.holds(row) for c in self.when) and self.counts_at(row["org_id"])

    def starts(self, state: str) -> bool:
        """Tell whether entering `state` starts the deadline."""
        return bool(self.state) and state == self.state

    def fire_at(self, entered: Values) -> datetime | None:
        """Return when the deadline fires for a record that entered the state (`state_since`, `due_at`)."""
        limit = self.rule.limit
        due: datetime | None = entered["state_since"] + duration(limit) if limit else entered["due_at"]
        return None if due is None else due + duration(self.rule.offset)

    def span_of(self, start: datetime) -> tuple[str, datetime]:
        """Return the occasion of an absence that counts from `start`, and when it is over."""
        return str(to_wire(start)), start + duration(self.rule.within or "0m")

    def key(self, row: Values) -> Id | None:
        """Return what an absence listens to: the id that the awaited record will bear."""
        return None if self.rule.expects is None else key_of(row[self.rule.expects.equals])

    def occasion(self, row: Values) -> str:
        """Return what tells this happening from another one on the same record."""
        return "|".join(str(to_wire(row[name])) for name in self.occasions)

    def alert_id(self, record_id: Id, occasion: str) -> Id:
        """Return the id under which every installation knows this happening."""
        return stable_id("alert", self.rule.id, record_id, occasion)

    def summary(self, row: Values, due: datetime | None, more: Values | None = None) -> str:
        """Return the sentence of the alert; `due` is the deadline it is about, shown in clinic time."""
        shown = {name: shown_value(value) for name, value in row.items()}
        shown |= more or {}
        life = workflows().get(self.entity)
        if life is not None:
            shown["state"] = life.label_of(str(row["state"]))
        shown["due"] = shown_value(due)
        return self.rule.summary.format_map(shown)

    def facts(self, row: Values) -> dict[str, Any]:
        """Return the evidence kept with the alert."""
        return {name: shown_value(row[name]) for name in self.rule.facts if name in row}


def key_of(value: Any) -> Id | None:
    """Return the key of a value by which timers listen: an id as it is, a text as the id made of it."""
    if value is None or isinstance(value, uuid.UUID):
        return value
    return stable_id("key", str(value))


def shown_value(value: Any) -> Any:
    """Return a value as an alert's sentence shows it: times in clinic time."""
    if isinstance(value, datetime):
        return f"{clinic(value):%m-%d %H:%M}"
    return value if value is None or isinstance(value, int | float | str) else str(value)


@dataclasses.dataclass(frozen=True, slots=True)
class RuleBook:
    """Every rule in force: `rules` by id as written, `plans` by id, and the plans of each entity.

    `expected` has the absences by the record that ends them, `stacks` what counts alerts, `habits` the anomalies by
    what they watch. `waiting` are rules by id whose function is not built: told in lists, never evaluated.
    """

    rules: Mapping[str, Rule]
    plans: Mapping[str, Plan]
    by_entity: Mapping[str, tuple[Plan, ...]]
    expected: Mapping[str, tuple[Plan, ...]] = dataclasses.field(default_factory=dict)
    stacks: tuple[Plan, ...] = ()
    habits: Mapping[str, tuple[Plan, ...]] = dataclasses.field(default_factory=dict)
    waiting: Mapping[str, Rule] = dataclasses.field(default_factory=dict)

    def inhibitors(self, rule_id: str) -> frozenset[str]:
        """Return the rules that keep this one silent."""
        return frozenset(p.rule.id for p in self.plans.values() if rule_id in p.rule.inhibits)

    def silencing(self) -> dict[str, list[tuple[str, str]]]:
        """Return by rule whom its alerts keep silent: the other rule, and the field of the alert that tells whose."""
        found: dict[str, list[tuple[str, str]]] = {}
        for plan in self.plans.values():
            for other in plan.rule.inhibits:
                if other in self.plans:
                    found.setdefault(plan.rule.id, []).append((other, "subject_id"))
            for cause in plan.rule.silent_while:
                found.setdefault(cause.rule, []).append((plan.rule.id, cause.of))
            if plan.rule.gather is not None:
                found.setdefault(plan.rule.id, []).append((plan.rule.id, "patient_id"))
        return found

    def roles(self) -> list[str]:
        """Return every role that a rule tells."""
        return sorted(
            {
                role
                for r in self.rules.values()
                for role in (*r.receivers, *(t for s in r.escalate for t in s.to))
            }
        )

    def channels_of(self, rule_id: str) -> tuple[str, ...]:
        """Return by which channels alerts of a rule are told; none for a rule that is not in force."""
        rule = self.rules.get(rule_id)
        return () if rule is None else rule.channels

    def ways_of(self, rule_id: str, severity: Severity) -> tuple[Way, ...]:
        """Return how alerts of a rule are shown at a level; as the level has it for a rule that is not in force."""
        rule = self.rules.get(rule_id)
        return WAYS_OF[severity] if rule is None else rule.ways_at(severity)

    def client_message_of(self, rule_id: str) -> str:
        """Return the template by which clients are told of alerts of a rule, '' for none."""
        rule = self.rules.get(rule_id)
        return "" if rule is None else rule.client_message

    def owner_first(self, rule_id: str) -> bool:
        """Tell whether who owns an alert of this rule is told before the others of the role."""
        rule = self.rules.get(rule_id)
        return rule is not None and rule.owner_first

    def may_settle_by_hand(self, rule_id: str) -> bool:
        """Tell whether a person may settle alerts of this rule; yes for a rule that is no longer in force."""
        rule = self.rules.get(rule_id)
        return rule is None or rule.by_hand


SUBJECTS = {"client": "patient", "owner": "staff", "role": "organization"}
"""What the alert of a stack is about."""


def rule_book(
    rules: Mapping[str, Rule],
    waiting: Mapping[str, Rule] | None = None,
    limited: Mapping[str, frozenset[Id]] | None = None,
) -> RuleBook:
    """Return the plans of checked rules (by id); those that wait for their function are only listed.

    `limited` names the organisations for which a rule counts, where it does not for all.
    """
    plans = {r.id: _plan(r, rules) for r in rules.values() if r.kind not in EXTENSIONS}
    for rule_id, sites in (limited or {}).items():
        if rule_id in plans:
            plans[rule_id] = dataclasses.replace(plans[rule_id], sites=sites)
    watching = [p for p in plans.values() if p.kind not in ELSEWHERE]
    return RuleBook(
        rules,
        plans,
        _grouped(watching, lambda p: p.entity),
        _grouped([p for p in watching if p.rule.expects], lambda p: p.rule.expects.record),  # type: ignore[union-attr]
        tuple(p for p in plans.values() if p.kind is Kind.STACK),
        _grouped([p for p in plans.values() if p.kind is Kind.ANOMALY], lambda p: p.rule.watch),
        waiting or {},
    )


def _grouped(plans: Sequence[Plan], key: Callable[[Plan], str]) -> dict[str, tuple[Plan, ...]]:
    names = sorted({key(p) for p in plans})
    return {name: tuple(p for p in plans if key(p) == name) for name in names}


def _plan(rule: Rule, rules: Mapping[str, Rule]) -> Plan:
    entity, _, state = rule.watch.partition(".")
    if rule.stack is not None:
        entity = SUBJECTS[rule.stack.by]
    elif rule.kind is Kind.ANOMALY:
        entity = "staff"
    clears, when, occasions = rule.clears_when, rule.when, rule.occasion
    if clears is None:
        clears = (Condition("state", "ne", state),) if state else ()
    if state and not occasions:
        occasions = ("state_since",)
    if rule.days is not None:  # a run of days under target, counted in the record as the days are noted
        when = (*when, Condition("under_days", "ge", rule.days))
        clears = clears or (Condition("under_days", "eq", 0),)
        occasions = occasions or ("under_since",)
    return Plan(rule, entity, state, _ladder(rule, rules), clears, when, occasions)


def _ladder(rule: Rule, rules: Mapping[str, Rule]) -> Ladder:
    rungs = [Rung(duration(s.after), s.to, s.severity, (rule.id,)) for s in rule.escalate]
    extensions = [r for r in rules.values() if r.kind in EXTENSIONS and r.watch == rule.id]
    for other in extensions:
        rungs += _added(other)
    reminder = next((r for r in extensions if r.kind is Kind.REPEAT), None)
    every = duration(reminder.every) if reminder and reminder.every else None
    told = f"{reminder.id} {reminder.name}" if reminder else ""
    return Ladder(rule.severity, rule.receivers, joined(rungs), every, told)


def _added(other: Rule) -> list[Rung]:
    """Return the rungs an extending rule adds; its own ladder counts from its own start."""
    start = duration(other.after) if other.after else timedelta()
    own = [Rung(start, other.receivers, other.severity, (other.id,))] if other.kind is Kind.ESCALATION else []
    return own + [Rung(start + duration(s.after), s.to, s.severity, (other.id,)) for s in other.escalate]
