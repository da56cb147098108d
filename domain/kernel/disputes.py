"""Safety values in dispute: until a person has decided, every reader gets both.

A column says `safety=True`, and the places that hand out rows (`rows.records`, `worklists.Pages`) put a `Disputed`
where such a value is in dispute, so no reader can forget it. Where the value itself is not shown, `disputes_of` tells
it: a list marks the row, a label prints both names. What is in dispute is known to the feature that keeps conflicts;
it registers with `source`.
"""

import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from domain.kernel.columns import ColumnInfo, Sensitivity
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import column_info, record_classes

BOTH = " ／ "
"""Stands between two values in dispute."""
NONE = "（空）"
WORDS = "⚠ 有争议，以工作人员答复为准：{told}"
"""What a phone or a print says beside a record in dispute."""
NAMING = ("number", "name")
"""Columns that name a record people speak of."""

Beside = dict[Id, dict[str, list[Any]]]
"""By record and field, the values that stand beside the record's own."""
Source = Callable[[Connection, str, Collection[Id]], Beside]
_SOURCES: list[Source] = []


class Disputed:
    """A value in dispute: what stands, then the others; `str` shows them all."""

    __slots__ = ("values",)

    def __init__(self, values: Iterable[Any]) -> None:
        self.values = tuple(values)

    def shown(self, text_of: Callable[[Any], str]) -> str:
        """Return all values as text, each once."""
        texts = [NONE if value in (None, "") else text_of(value) for value in self.values]
        return BOTH.join(dict.fromkeys(texts))

    def __str__(self) -> str:
        return self.shown(str)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Disputed) and self.values == other.values

    def __hash__(self) -> int:
        return hash(self.values)

    def __repr__(self) -> str:
        return f"Disputed({self.values!r})"


@dataclasses.dataclass(frozen=True, slots=True)
class Dispute:
    """One safety field of a record in dispute, as a reader may see it."""

    entity: str
    column: str
    label: str
    value: Disputed


def source(find: Source) -> Source:
    """Register who knows what is in dispute."""
    _SOURCES.append(find)
    return find


@functools.cache
def safety_columns(entity: str) -> Mapping[str, ColumnInfo]:
    """Return the safety columns of a kind of record by name."""
    kind = record_classes().get(entity)
    infos = {} if kind is None else {c.name: column_info(c) for c in kind.__table__.columns}
    return {name: info for name, info in infos.items() if info is not None and info.safety}


def beside(connection: Connection, entity: str, record_ids: Collection[Id]) -> Beside:
    """Return what stands beside the values of these records; at no cost for a kind without safety columns."""
    if not record_ids or not safety_columns(entity):
        return {}
    found: Beside = {}
    for find in _SOURCES:
        for record_id, fields in find(connection, entity, record_ids).items():
            for name, values in fields.items():
                found.setdefault(record_id, {}).setdefault(name, []).extend(values)
    return found


def both(info: ColumnInfo | None, standing: Any, others: Iterable[Any], clearance: Sensitivity) -> Any:
    """Return a value with what stands beside it, masked: `Disputed`, or the value alone if nothing differs."""
    values = [standing]
    values += [value for value in others if value not in values]
    if len(values) == 1:
        return masked(info, standing, clearance)
    return Disputed(dict.fromkeys(masked(info, value, clearance) for value in values))


def disputes_of(
    connection: Connection, clearance: Sensitivity, entity: str, record_ids: Collection[Id]
) -> dict[Id, tuple[Dispute, ...]]:
    """Return the disputes of some records as a clearance may read them; a reference is told by name, not by id."""
    others = beside(connection, entity, record_ids)
    if not others:
        return {}
    table = record_classes()[entity].__table__
    rows = connection.execute(select(table).where(table.c.id.in_(list(others)))).all()
    found: dict[Id, tuple[Dispute, ...]] = {}
    for row in rows:
        told = []
        for name, values in others[row.id].items():
            info = safety_columns(entity).get(name)
            if info is None:
                continue
            standing = getattr(row, name)
            if info.ref is not None:
                names = [_named(connection, clearance, info.ref, one) for one in (standing, *values)]
                value: Any = Disputed(dict.fromkeys(names))
            else:
                value = both(info, standing, values, clearance)
            if isinstance(value, Disputed) and len(value.values) > 1:
                told.append(Dispute(entity, name, info.label, value))
        if told:
            found[row.id] = tuple(told)
    return found


def told_of(
    connection: Connection, clearance: Sensitivity, entity: str, record_ids: Collection[Id]
) -> dict[Id, str]:
    """Return the disputes of some records in words, for readers that have no place of their own for them."""
    found = disputes_of(connection, clearance, entity, record_ids)
    return {
        one: WORDS.format(told="；".join(f"{dispute.label} {dispute.value}" for dispute in disputes))
        for one, disputes in found.items()
    }


def _named(connection: Connection, clearance: Sensitivity, entity: str, record_id: Id | None) -> str | None:
    if record_id is None:
        return None
    table = record_classes()[entity].__table__
    columns = [table.c[name] for name in NAMING if name in table.c]
    row = connection.execute(select(*columns).where(table.c.id == record_id)).one_or_none()
    if row is None:
        return str(record_id)
    values = [masked(column_info(c), v, clearance) for c, v in zip(columns, row, strict=True)]
    return " ".join(str(value) for value in values if value not in (None, ""))
