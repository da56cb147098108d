"""Rules in words: what one watches, what each of its numbers is, and what a trial found."""

from collections.abc import Mapping
from typing import Any

from client.pages.alert_rules.drafts import DAYS
from client.station import Context
from domain.alerts.back_tests import MOST, BackTest
from domain.alerts.habits import COMMAND
from domain.alerts.parts import Condition
from domain.alerts.rule_changes import METRIC, NUMBERS
from domain.alerts.rules import Rule
from domain.kernel.columns import Code
from domain.kernel.commands import commands
from domain.kernel.record import column_info, record_classes

SIGNS = {"eq": "＝", "ne": "≠", "lt": "＜", "le": "≤", "gt": "＞", "ge": "≥"}


class Words:
    """Says rules in the language of the screen."""

    def __init__(self, context: Context) -> None:
        self._say, self._format = context.say, context.formatter
        self._roles = context.desk.authority.roles

    def kind(self, rule: Rule) -> str:
        """Return how a rule fires."""
        return self._say(f"alert_rules.kind.{rule.kind}")

    def severity(self, rule: Rule) -> str:
        """Return its level."""
        return self._format.choice(rule.severity)

    def role(self, name: str) -> str:
        """Return what a role is called; one that is not in force stays as it is."""
        return self._roles[name].label if name in self._roles else name

    def number(self, rule: Rule, name: str) -> str:
        """Return what a number of a rule is."""
        if name == DAYS:
            return self._say("alert_rules.days")
        if name == METRIC and rule.metric is not None:
            return f"{rule.metric.what} {rule.metric.op}"
        if "." in name:
            return self._say(f"alert_rules.number.{name.replace('.', '_')}")
        sign = next((SIGNS[c.op] for c in rule.when if c.field == name and c.op in NUMBERS), "")
        return f"{self._field(rule, name)} {sign}"

    def cause(self, rule: Rule) -> str:
        """Return what a rule watches and under which conditions it fires."""
        if rule.trigger:
            return rule.trigger
        if rule.watch.startswith(COMMAND):  # what it says of the command is no number anybody may change
            return commands()[rule.watch.removeprefix(COMMAND)].label
        entity, _, state = rule.watch.partition(".")
        kind = record_classes().get(entity)
        watched = kind.record_info.label if kind is not None else rule.watch
        if state:
            watched = f"{watched}「{self._format.value(state, entity, 'state')}」"
        return "；".join([watched, *(self._condition(rule, one) for one in rule.when)])

    def trial(self, found: BackTest | None, places: Mapping[str, str]) -> str:
        """Return what a trial found: how many, and for whom."""
        say = self._say
        if found is None:
            return say("alert_rules.untriable")
        code = "alert_rules.would_wait" if found.standing else "alert_rules.would_raise"
        lines = [say(code, raised=found.raised, examined=found.examined)]
        if found.examined >= MOST:
            lines.append(say("alert_rules.newest_only", most=MOST))
        lines.append(say("alert_rules.told", roles="、".join(self.role(one) for one in found.receivers)))
        first = sorted(found.by_place.items(), key=lambda one: -one[1])
        if first:
            shown = "、".join(f"{places.get(place, place)} {count}" for place, count in first)
            lines.append(say("alert_rules.by_place", places=shown))
        return "\n".join(lines)

    def _condition(self, rule: Rule, one: Condition) -> str:
        field, value = self._field(rule, one.field), self._value(rule, one.field, one.value)
        if one.op in SIGNS:
            return f"{field} {SIGNS[one.op]} {value}"
        return self._say(f"alert_rules.op.{one.op}", field=field, value=value)

    def _value(self, rule: Rule, field: str, value: Any) -> str:
        """Return what a condition compares with, codes by what they stand for."""
        if isinstance(value, list):
            return "、".join(self._value(rule, field, one) for one in value)
        entity = rule.watch.partition(".")[0]
        kind = record_classes().get(entity)
        column = kind.__table__.c[field] if kind is not None and field in kind.__table__.c else None
        info = column_info(column) if column is not None else None
        if isinstance(value, str) and column is not None and isinstance(column.type, Code):
            return self._format.value(column.type.members(value))
        if isinstance(value, str) and info is not None and info.means is not None:
            return self._format.name(value, info.means)
        return self._format.value(value, entity, field)

    @staticmethod
    def _field(rule: Rule, name: str) -> str:
        kind = record_classes().get(rule.watch.partition(".")[0])
        info = column_info(kind.__table__.c[name]) if kind is not None and name in kind.__table__.c else None
        return info.label if info is not None else name
