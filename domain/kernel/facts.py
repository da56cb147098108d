"""What is said of a column, and how a time is stored: without SQLAlchemy, for what runs before it is loaded."""

import dataclasses
import enum
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Sensitivity(enum.IntEnum):
    """Who may see a value in clear; PIPL art. 28 calls health data sensitive."""

    PUBLIC = 0
    PERSONAL = 1
    SENSITIVE = 2


class Merge(enum.StrEnum):
    """What happens when a branch and the centre changed the same value."""

    APPEND = "append"  # rows only ever added: no conflict can arise; same id with other content is refused
    FIRST = "first"  # rows with a stable id: the first to arrive stands, a second is already so
    LAST = "last"  # the change that reaches the centre last wins; the other stays in the log
    REVIEW = "review"  # both values are kept and a person decides
    CENTRE = "centre"  # state of a centre-owned workflow: a stale change is refused with its reason


class Mask(enum.StrEnum):
    """How a value looks to someone without clearance for it."""

    NAME = "name"
    PHONE = "phone"
    ID_NUMBER = "id_number"
    ADDRESS = "address"
    EMAIL = "email"
    HIDDEN = "hidden"


class Means:
    """What a code in a text column stands for; every reader shows its Chinese name instead.

    Beside these: ``words:LIST`` for the texts ``word.LIST.<code>``, and ``state:ENTITY`` for a state of its workflow.
    """

    RECORD = "record"  # an entity name
    COMMAND = "command"  # a command's name
    FIELD = "field"  # names of columns, joined by commas; in a JSON structure its keys
    UNIT = "unit"  # a UCUM unit
    ROLE = "words:receivers"


@dataclasses.dataclass(frozen=True, slots=True)
class ColumnInfo:
    """The facts of one column, kept in its SQLAlchemy `info` under ``"column"``.

    `code` names a standard's element (``MIABIS:SAMPLE-01``), `unit` is UCUM, `group` names the fields that
    merge together (systolic and diastolic), `safety` marks groups of which both values are shown until a
    conflict is resolved. `means` tells what a code kept as text stands for, so that people read its name: `Means`.
    `at_centre` columns change at the centre alone: what a workstation sends for one is refused.
    """

    label: str
    code: str | None = None
    unit: str | None = None
    sensitivity: Sensitivity = Sensitivity.PUBLIC
    merge: Merge = Merge.LAST
    group: str | None = None
    mask: Mask = Mask.HIDDEN
    safety: bool = False
    ref: str | None = None
    means: str | None = None
    at_centre: bool = False


def to_microseconds(moment: datetime) -> int:
    """Return microseconds since 1970 UTC; a naive datetime is a bug and raises `ValueError`."""
    if moment.tzinfo is None:
        raise ValueError(f"naive time {moment!r}")
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Return the aware UTC datetime of a stored time."""
    return _EPOCH + value * _MICROSECOND
