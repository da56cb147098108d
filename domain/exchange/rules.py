"""Conflicts without a database: what a decision writes, and values that any store can keep as JSON."""

import base64
import enum
from collections.abc import Mapping
from typing import Any

from domain.kernel.errors import DomainError

FILLED = "sync.filled"
"""Command of the entry that tells the readers of a branch's log: rows came from a snapshot, without entries."""
WHOLE = "*"
DELETED = "_deleted"
_BYTES = "$bytes"


class Choice(enum.StrEnum):
    """How a person decides a conflict."""

    THEIRS = "theirs"  # what stands at the centre stays
    MINE = "mine"  # the other value takes its place
    OTHER = "other"  # neither: new values


class ConflictState(enum.StrEnum):
    """Life of a conflict."""

    OPEN = "open"
    DECIDED = "decided"


def jsonable(value: Any) -> Any:
    """Return wire values with bytes wrapped, so that they survive as JSON; `from_jsonable` unwraps them."""
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {name: jsonable(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(v) for v in value]
    return value


def from_jsonable(value: Any) -> Any:
    """Return the wire values that `jsonable` was given."""
    if isinstance(value, Mapping):
        if set(value) == {_BYTES}:
            return base64.b64decode(value[_BYTES])
        return {name: from_jsonable(v) for name, v in value.items()}
    if isinstance(value, list):
        return [from_jsonable(v) for v in value]
    return value


def decided_values(
    choice: Choice, mine: Mapping[str, Any], other: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the wire values a decision writes; empty when what stands stays.

    Raises:
        DomainError: ``conflict.no_value``: neither value was chosen and none was given; ``conflict.other_field``:
            a value was given for a field that is not in conflict.
    """
    if choice is Choice.THEIRS:
        return {}
    if choice is Choice.MINE:
        return {name: value for name, value in mine.items() if name != DELETED}
    if not other:
        raise DomainError("conflict.no_value", field="values")
    foreign = sorted(set(other) - set(mine))
    if foreign:
        raise DomainError("conflict.other_field", field="values", name=foreign[0])
    return dict(other)


def says_deleted(values: Mapping[str, Any]) -> bool:
    """Tell whether one side of a conflict deleted the record."""
    return bool(values.get(DELETED))
