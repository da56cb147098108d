"""What a rule is made of: conditions, steps, and what each kind of rule asks for. Pure values."""

import enum
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from domain.alerts.records import Severity

Duration: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^\d{1,4}[mhd]$")]
Shift: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^-?\d{1,4}[mhd]$")]
"""A time after something, or with a minus before it."""
RuleId: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^A-\d{3}$")]
Row: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^R\d(\.\d{1,2}){1,2}$")]
Percent: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=1000)]
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


class Way(enum.StrEnum):
    """How an alert comes before a person who sits at the program; outside it, channels carry messages."""

    LIST = "list"
    POPUP = "popup"
    SOUND = "sound"
    FULL_SCREEN = "full_screen"


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


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The figure of the requirements, for people: what is measured and the value that makes the alert."""

    what: str
    op: Literal["=", "<", "<=", ">", ">="]
    value: bool | float | str
    unit: str


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record that has to come: those of `record` whose `by` equals the watched record's `equals`.

    `by` must be the first column of an index. With `at`, only those at or after the anchor's `since` count.
    """

    record: str
    by: str
    equals: str = "id"
    at: str | None = None
    when: tuple[Condition, ...] = ()


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Coefficients of variation in percent: of the measurement, and of the same person from day to day."""

    analytical: Percent
    within: Percent
    source: Text

    @property
    def change(self) -> float:
        """The reference change value at 95 % for two results, in percent of the first (Harris and Yasaka 1983)."""
        return float(2**0.5 * 1.96 * (self.analytical**2 + self.within**2) ** 0.5)


class Trend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When values grow worse.

    Attributes:
        value: Field of the number.
        at: Field of its time.
        series: Fields that say which values belong together; the last tells the kind of value (`spreads`).
        count: How many times in a row it has to be worse.
        worse: ``up``, ``down``, or ``flag``: the way the newest one is flagged (HL7 0078, H or L).
        flag: Field of the flag.
        percent: Whole change wanted, of the first value; without it the reference change value of `spreads`.
        spreads: By kind of value; one that is not listed is not judged, unless `percent` says how much counts.
        before: Conditions on the value before.
        ends: Its alerts close when a value comes that is not worse; otherwise only people close them.
    """

    value: str
    at: str
    series: tuple[str, ...]
    count: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    worse: Literal["up", "down", "flag"] = "flag"
    flag: str = "flag"
    percent: Percent | None = None
    spreads: dict[str, Spread] = {}
    before: tuple[Condition, ...] = ()
    ends: bool = True


class Stack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many alerts that wait at once: of one client, in one owner's hands, or told to one role of a place.

    Without `rules` those of every rule count, but for stacks themselves.
    """

    by: Literal["client", "owner", "role"]
    least: Annotated[int, msgspec.Meta(ge=2, le=1000)]
    rules: tuple[RuleId, ...] = ()


class Anomaly(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as unlike a person's own past; nothing is judged before `least` happenings are known.

    Attributes:
        who: Field (or note of the command) that names the person.
        at: Field of the time; the entry's own without it.
        hours: Judge the hour of the day: unusual where fewer than `share` fell within an hour of it.
        places: Judge the workstation: unusual where it is the first time.
        number: Field of a size; unusual where it is over `factor` times the largest so far and at least `floor`.
        least: Happenings needed before anything is judged.
        share: Part of all happenings.
        factor: See `number`.
        floor: See `number`.
        words: The sentence of each thing judged (``hours``, ``places``, ``number``); knows {time}, {near} (deeds
            within an hour of it), {count} (all), {places}, {size}, {largest}.
    """

    who: str
    at: str | None = None
    hours: bool = False
    places: bool = False
    number: str | None = None
    least: Annotated[int, msgspec.Meta(ge=5, le=1000)] = 20
    share: Annotated[float, msgspec.Meta(gt=0, lt=0.5)] = 0.02
    factor: Annotated[float, msgspec.Meta(ge=1)] = 3.0
    floor: Annotated[int, msgspec.Meta(ge=0)] = 0
    words: dict[str, str] = {}

    @property
    def judged(self) -> tuple[str, ...]:
        """What it looks at."""
        looks = {"hours": self.hours, "places": self.places, "number": self.number is not None}
        return tuple(name for name, wanted in looks.items() if wanted)


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert of `rule` keeps this rule silent while it waits, where its `of` equals the watched record's `by`."""

    rule: RuleId
    by: str
    of: Literal["subject_id", "patient_id", "org_id"] = "subject_id"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a ladder: `after` the alert was opened, roles that are told as well, and the new severity."""

    after: Duration
    to: tuple[str, ...]
    severity: Severity


WAYS_OF: Mapping[Severity, tuple[Way, ...]] = {
    Severity.GENERAL: (Way.LIST,),
    Severity.IMPORTANT: (Way.LIST, Way.POPUP),
    Severity.URGENT: (Way.LIST, Way.POPUP, Way.SOUND),
}
"""How alerts of a level are shown where their rule does not say."""


def duration(text: str) -> timedelta:
    """Return the time of ``30m``, ``2h``, ``1d`` or ``-3d``."""
    return int(text[:-1]) * _UNITS[text[-1]]
