"""Alert rules: what a file of ``resources/alerts`` may say, and what it means. Pure values, no database.

To add a rule, add a file ``<slug>.yaml``. `kind` says how it fires:

* ``deadline``: `watch` names a workflow state (``report.second_review``). It fires when the record's `due_at` (or the
  time it entered the state plus `limit`) plus `offset` has passed, unless `clears_when` holds by then.
* ``threshold``: `watch` names a record (``critical_value``). It fires when a changed record fits `when`.
* ``repeat``: `watch` names another rule; while an alert of it waits, it reminds every `every`.
* ``escalation``: `watch` names another rule; `after` its alert was opened, this rule's `receivers` are told as well.

The other kinds have their place in the schema and are refused on loading until the program evaluates them.
"""

import enum
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from domain.alerts.records import Severity

Duration: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^\d{1,4}[mhd]$")]
RuleId: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^A-\d{3}$")]
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Kind(enum.StrEnum):
    """How a rule fires."""

    DEADLINE = "deadline"
    THRESHOLD = "threshold"
    REPEAT = "repeat"
    ESCALATION = "escalation"
    TREND = "trend"
    ABSENCE = "absence"
    RATE = "rate"
    STACK = "stack"
    EVENT = "event"
    ANOMALY = "anomaly"


EVALUATED = frozenset({Kind.DEADLINE, Kind.THRESHOLD, Kind.REPEAT, Kind.ESCALATION})
EXTENSIONS = frozenset({Kind.REPEAT, Kind.ESCALATION})


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition on one field of the record; a field without a value fits only ``ne``, ``not_in``, ``empty``."""

    field: str
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "empty", "filled"]
    value: Any = None

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a record (values by column) fits."""
        value = row[self.field]
        if value is None and self.op not in {"ne", "not_in", "empty"}:
            return False
        return _OPERATORS[self.op](value, self.value)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: bool(value == wanted),
    "ne": lambda value, wanted: bool(value != wanted),
    "lt": lambda value, wanted: bool(value < wanted),
    "le": lambda value, wanted: bool(value <= wanted),
    "gt": lambda value, wanted: bool(value > wanted),
    "ge": lambda value, wanted: bool(value >= wanted),
    "in": lambda value, wanted: value in wanted,
    "not_in": lambda value, wanted: value not in wanted,
    "empty": lambda value, _: value in (None, ""),
    "filled": lambda value, _: value not in (None, ""),
}


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a ladder: `after` the alert was opened, roles that are told as well, and the new severity."""

    after: Duration
    to: tuple[str, ...]
    severity: Severity


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One alert rule, as its file says it.

    Attributes:
        id: Number of the requirement (``A-085``).
        name: What people call it.
        version: Rises with every change of the file; kept with each alert.
        kind: How it fires.
        watch: Workflow state, record, or the rule it extends (``on`` would be a truth value in YAML).
        source: Where the numbers come from.
        origin: ``spec``: the requirements fix the number; ``default``: a suggestion the clinic may change.
        severity: Of the alert when it opens, or of the step it adds.
        receivers: Roles that are told first.
        channels: How they are told.
        summary: Sentence of the alert; names fields of the record in braces, and ``{state}``, ``{due}``.
        when: Conditions on the record, all of which hold.
        limit: Time from entering the state, in place of the workflow's own limit.
        offset: Time after the deadline.
        occasion: Fields that tell one happening from the next on the same record.
        escalate: The ladder, each step counted from opening.
        every: Interval of reminders (``repeat``).
        after: Time after opening (``escalation``).
        clears_when: Conditions under which it closes by itself; a deadline's default is that the state was left.
        by_hand: Whether a person may settle it with a note while its cause is still there.
        inhibits: Rules that stay silent for the same record while this one waits.
        covers: Other numbers of the requirements this rule stands for.
        facts: Public fields kept with the alert as its evidence.
    """

    id: RuleId
    name: Text
    version: Annotated[int, msgspec.Meta(ge=1)]
    kind: Kind
    watch: str
    source: Text
    origin: Literal["spec", "default"]
    severity: Severity
    receivers: tuple[str, ...]
    channels: tuple[Literal["in_app"], ...] = ("in_app",)
    summary: str = ""
    when: tuple[Condition, ...] = ()
    limit: Duration | None = None
    offset: Duration = "0m"
    occasion: tuple[str, ...] = ()
    escalate: tuple[Step, ...] = ()
    every: Duration | None = None
    after: Duration | None = None
    clears_when: tuple[Condition, ...] | None = None
    by_hand: bool = True
    inhibits: tuple[RuleId, ...] = ()
    covers: tuple[RuleId, ...] = ()
    facts: tuple[str, ...] = ()


def duration(text: str) -> timedelta:
    """Return the time of ``30m``, ``2h`` or ``1d``."""
    return int(text[:-1]) * _UNITS[text[-1]]


def highest(*severities: Severity) -> Severity:
    """Return the highest of some severities."""
    return max(severities, key=list(Severity).index)
