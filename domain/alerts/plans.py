"""Plans: rules made ready for records. What a record's values say: fire, when, for which occasion, or clear."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.alerts.ladder import Ladder, Rung, joined
from domain.alerts.rules import EXTENSIONS, Condition, Kind, Rule, duration
from domain.kernel.clock import clinic
from domain.kernel.columns import to_wire
from domain.kernel.ids import Id, stable_id
from domain.kernel.workflow import workflows

Values = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """One rule with its whole ladder; `state` is the workflow state of a deadline, empty for a threshold."""

    rule: Rule
    entity: str
    state: str
    ladder: Ladder
    clears_when: tuple[Condition, ...]

    def cleared(self, row: Values) -> bool:
        """Tell whether the record gives no cause any more."""
        return bool(self.clears_when) and all(c.holds(row) for c in self.clears_when)

    def fits(self, row: Values) -> bool:
        """Tell whether the record fulfils the rule's conditions."""
        return all(c.holds(row) for c in self.rule.when)

    def starts(self, state: str) -> bool:
        """Tell whether entering `state` starts the deadline."""
        return bool(self.state) and state == self.state

    def fire_at(self, entered: Values) -> datetime | None:
        """Return when the deadline fires for a record that entered the state (`state_since`, `due_at`)."""
        limit = self.rule.limit
        due: datetime | None = entered["state_since"] + duration(limit) if limit else entered["due_at"]
        return None if due is None else due + duration(self.rule.offset)

    def occasion(self, row: Values) -> str:
        """Return what tells this happening from another one on the same record."""
        fields = self.rule.occasion or (("state_since",) if self.state else ())
        return "|".join(str(to_wire(row[name])) for name in fields)

    def alert_id(self, record_id: Id, occasion: str) -> Id:
        """Return the id under which every installation knows this happening."""
        return stable_id("alert", self.rule.id, record_id, occasion)

    def summary(self, row: Values, due: datetime | None) -> str:
        """Return the sentence of the alert; `due` is the deadline it is about, shown in clinic time."""
        shown = {name: _shown(value) for name, value in row.items()}
        life = workflows().get(self.entity)
        if life is not None:
            shown["state"] = life.label_of(str(row["state"]))
        shown["due"] = _shown(due)
        return self.rule.summary.format_map(shown)

    def facts(self, row: Values) -> dict[str, Any]:
        """Return the evidence kept with the alert."""
        return {name: _shown(row[name]) for name in self.rule.facts}


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{clinic(value):%m-%d %H:%M}"
    return value if value is None or isinstance(value, int | float | str) else str(value)


@dataclasses.dataclass(frozen=True, slots=True)
class RuleBook:
    """Every rule in force: `rules` by id as written, `plans` by id, and the plans of each entity."""

    rules: Mapping[str, Rule]
    plans: Mapping[str, Plan]
    by_entity: Mapping[str, tuple[Plan, ...]]

    def inhibitors(self, rule_id: str) -> frozenset[str]:
        """Return the rules that keep this one silent."""
        return frozenset(p.rule.id for p in self.plans.values() if rule_id in p.rule.inhibits)

    def may_settle_by_hand(self, rule_id: str) -> bool:
        """Tell whether a person may settle alerts of this rule; yes for a rule that is no longer in force."""
        rule = self.rules.get(rule_id)
        return rule is None or rule.by_hand


def rule_book(rules: Mapping[str, Rule]) -> RuleBook:
    """Return the plans of checked rules (by id)."""
    plans = {r.id: _plan(r, rules) for r in rules.values() if r.kind not in EXTENSIONS}
    entities = sorted({p.entity for p in plans.values()})
    by_entity = {e: tuple(p for p in plans.values() if p.entity == e) for e in entities}
    return RuleBook(rules, plans, by_entity)


def _plan(rule: Rule, rules: Mapping[str, Rule]) -> Plan:
    entity, _, state = rule.watch.partition(".")
    rungs = [Rung(duration(s.after), s.to, s.severity, (rule.id,)) for s in rule.escalate]
    extensions = [r for r in rules.values() if r.kind in EXTENSIONS and r.watch == rule.id]
    for other in extensions:
        rungs += _added(other)
    reminder = next((r for r in extensions if r.kind is Kind.REPEAT), None)
    every = duration(reminder.every) if reminder and reminder.every else None
    ladder = Ladder(
        rule.severity,
        rule.receivers,
        joined(rungs),
        every,
        f"{reminder.id} {reminder.name}" if reminder else "",
    )
    clears = rule.clears_when
    if clears is None:
        clears = (Condition("state", "ne", state),) if state else ()
    return Plan(rule, entity, state, ladder, clears)


def _added(other: Rule) -> list[Rung]:
    """Return the rungs an extending rule adds; its own ladder counts from its own start."""
    start = duration(other.after) if other.after else timedelta()
    own = [Rung(start, other.receivers, other.severity, (other.id,))] if other.kind is Kind.ESCALATION else []
    return own + [Rung(start + duration(s.after), s.to, s.severity, (other.id,)) for s in other.escalate]
