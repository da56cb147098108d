"""The fields of what a rule watches that a further condition may name, and how one is compared with what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Float, Integer, String

from client.station import Context
from domain.alerts.parts import EXTENSIONS, Condition, Kind
from domain.alerts.rules import Rule
from domain.kernel.columns import Code, Sensitivity
from domain.kernel.record import column_info, record_classes
from domain.kernel.workflow import workflows

NUMBER_OPS = ("ge", "gt", "le", "lt", "eq", "ne")
CHOICE_OPS = ("eq", "ne")
TEXT_OPS = ("eq", "ne", "filled", "empty")
BARE = frozenset({"filled", "empty"})
"""Comparisons that need no value."""
_OWN = frozenset({"id", "org_id", "ver", "extra"})


@dataclass(frozen=True, slots=True)
class Known:
    """A field: `choices` are its values with their words, empty where a number (`numeric`) or text is typed."""

    name: str
    label: str
    ops: tuple[str, ...]
    choices: tuple[tuple[Any, str], ...] = ()
    numeric: bool = False


def known_fields(rule: Rule, context: Context) -> list[Known]:
    """Return the fields a further condition of a rule may name; none for rules that watch no record."""
    entity = rule.watch.partition(".")[0]
    kind = record_classes().get(entity)
    if kind is None or rule.kind in EXTENSIONS | {Kind.STACK} or rule.waits_for:
        return []
    found = []
    for column in kind.__table__.columns:
        info = column_info(column)
        if column.name in _OWN or info is None or info.sensitivity is not Sensitivity.PUBLIC:
            continue
        one = _known(entity, column, info.label, context)
        if one is not None:
            found.append(one)
    return sorted(found, key=lambda one: one.label)


def _known(entity: str, column: Any, label: str, context: Context) -> Known | None:
    shown = context.formatter
    life = workflows().get(entity)
    if column.name == "state" and life is not None:
        states = tuple((name, state.label) for name, state in life.states.items())
        return Known(column.name, label, CHOICE_OPS, states)
    if isinstance(column.type, Code):
        members = tuple((str(one), shown.value(one)) for one in column.type.members)
        return Known(column.name, label, CHOICE_OPS, members)
    if isinstance(column.type, Boolean):
        return Known(column.name, label, CHOICE_OPS, ((True, shown.value(True)), (False, shown.value(False))))
    if isinstance(column.type, Integer | Float):
        return Known(column.name, label, NUMBER_OPS, numeric=True)
    if isinstance(column.type, String) and column.type.length:
        return Known(column.name, label, TEXT_OPS)
    return None


def wrong_condition(one: Condition, fields: Sequence[Known]) -> bool:
    """Tell whether a condition compares with nothing, or a number with what is none."""
    field = next((f for f in fields if f.name == one.field), None)
    if field is None or one.op in BARE:
        return field is None
    if field.numeric:
        return not isinstance(one.value, int | float) or isinstance(one.value, bool)
    return one.value in (None, "")
