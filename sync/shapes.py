"""Shapes: what sync knows of each shared record, and its table with columns in wire form.

Sync moves values without looking at them, so it reads and writes tables whose columns take the wire form as it
is (16-byte ids, microseconds, text), which spares a conversion for each value of each row.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Float, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.types import BINARY, TypeEngine

from domain.kernel.columns import LONGEST, Code, ColumnInfo, Id16, IsoDate, JsonText, Merge, UtcTime, to_wire
from domain.kernel.record import Place, Record, RecordInfo, column_info, record_classes
from domain.kernel.unit_of_work import data_columns

OWN_NAMES = ("id", "org_id", "ver", "extra")


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that merge as one, with their policy."""

    name: str
    merge: Merge
    safety: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """What a column takes: types of the wire value (none named: any), length, and whether it may be missing.

    `text` is the length for texts, below 0 if none may stand there: most values are texts, and each is asked about.
    """

    types: frozenset[type]
    length: int | None
    nullable: bool
    text: float

    def allows(self, value: Any) -> bool:
        """Tell whether a wire value may stand in the column."""
        if value is None:
            return self.nullable
        kind = type(value)
        if self.types and kind not in self.types:
            return False
        if kind is str or kind is bytes:
            return self.length is None or len(value) <= self.length
        return not isinstance(value, int | float) or _INT64_MIN <= value <= _INT64_MAX  # NaN is neither


@dataclass(frozen=True)
class Shape:
    """One kind of shared record.

    Attributes:
        entity: Its name.
        info: Its declaration.
        fields: Its declared columns.
        groups: The group of each field.
        together: The fields that share a group with each field, itself among them.
        labels: The Chinese label of each field.
        unique: Fields no two rows may have alike.
        json: Fields that hold structures.
        defaults: Wire values of fields that an older program does not send.
        required: Fields that must have a value and have no default.
        limits: What each field takes.
        centre_fields: Fields that change at the centre alone.
        table: The table, with columns in wire form.
    """

    entity: str
    info: RecordInfo
    fields: tuple[str, ...]
    groups: dict[str, Group]
    together: dict[str, tuple[str, ...]]
    labels: dict[str, str]
    unique: tuple[str, ...]
    json: frozenset[str]
    defaults: dict[str, Any]
    required: tuple[str, ...]
    limits: dict[str, Limit]
    centre_fields: frozenset[str]
    table: Table

    @property
    def only_added(self) -> bool:
        """Whether rows are never changed."""
        return self.info.merge in {Merge.APPEND, Merge.FIRST}

    def group(self, field: str) -> Group:
        """Return the group of a field; one this program does not know follows the last change."""
        return self.groups.get(field) or Group(field, Merge.LAST, safety=False)

    def members(self, field: str) -> tuple[str, ...]:
        """Return the fields that merge together with a field, itself among them."""
        return self.together.get(field) or (field,)

    def blank(self) -> dict[str, Any]:
        """Return the values of a row of which nothing is known."""
        return {**dict.fromkeys(self.fields), **self.defaults}

    def lacking(self, values: Mapping[str, Any]) -> str | None:
        """Return a field that a whole record must have and these values leave open."""
        for name in self.required:
            if values.get(name) is None:
                return name
        return None

    def refused(self, values: Mapping[str, Any]) -> str | None:
        """Return a field whose wire value may not stand in it: of another type, too long, or missing."""
        limits = self.limits
        for name, value in values.items():
            limit = limits.get(name)
            if limit is None:
                continue
            if type(value) is str:
                if len(value) > limit.text:
                    return name
            elif not limit.allows(value):
                return name
        return None


_INT64_MIN, _INT64_MAX = -(1 << 63), (1 << 63) - 1


@functools.cache
def _kind(entity: str) -> type[Record]:
    return record_classes()[entity]


@functools.cache
def _known_shape(entity: str) -> Shape:
    kind = _kind(entity)
    if kind.record_info.place is not Place.SHARED:
        raise KeyError(entity)
    return _shape(kind)


def kind_of(entity: str) -> type[Record] | None:
    """Return the record class of an entity; None if this program does not know it."""
    try:
        return _kind(entity)
    except KeyError:
        return None


def shape_of(entity: str) -> Shape | None:
    """Return the shape of a shared entity; None if this program does not know it."""
    try:
        return _known_shape(entity)
    except KeyError:
        return None


def is_private(entity: str) -> bool:
    """Tell whether an entity is known and not shared: sync never carries it."""
    kind = kind_of(entity)
    return kind is not None and kind.record_info.place is not Place.SHARED


@functools.cache
def _shape(kind: type[Record]) -> Shape:
    names = data_columns(kind)
    columns = {name: kind.__table__.columns[name] for name in names}
    infos = {name: column_info(column) or ColumnInfo(name) for name, column in columns.items()}
    groups = _groups(infos)
    table = _wire_table(kind)
    defaults = {
        name: to_wire(column.default.arg)
        for name, column in columns.items()
        if column.default is not None and column.default.is_scalar
    }
    return Shape(
        kind.record_info.entity,
        kind.record_info,
        names,
        groups,
        {one: tuple(other for other in names if groups[other] == groups[one]) for one in names},
        {name: info.label for name, info in infos.items()},
        tuple(name for name, column in columns.items() if column.unique),
        frozenset(name for name, column in columns.items() if isinstance(column.type, JsonText)),
        defaults,
        tuple(name for name, column in columns.items() if not column.nullable and name not in defaults),
        {name: _limit(table.c[name]) for name in names},
        frozenset(n for n, info in infos.items() if info.at_centre or kind.record_info.at_centre),
        table,
    )


_TYPES: dict[type[TypeEngine[Any]], frozenset[type]] = {
    BigInteger: frozenset({int}),
    Boolean: frozenset({bool}),
    Float: frozenset({int, float}),
    String: frozenset({str}),
    Text: frozenset({str}),
    LargeBinary: frozenset({bytes}),
}
"""What the wire form of a column's value is; anything else is JSON."""


def _limit(column: Column[Any]) -> Limit:
    kind = column.type
    types, length = _TYPES.get(type(kind), frozenset()), getattr(kind, "length", None)
    text = -1.0 if types and str not in types else math.inf if length is None else length
    return Limit(types, length, bool(column.nullable), text)


_STRICTEST = (Merge.CENTRE, Merge.REVIEW, Merge.LAST)


def _groups(infos: dict[str, ColumnInfo]) -> dict[str, Group]:
    """Give each field its group; a group follows the strictest policy of its fields."""
    members: dict[str, list[ColumnInfo]] = {}
    for name, info in infos.items():
        members.setdefault(info.group or name, []).append(info)
    made: dict[str, Group] = {}
    for name, info in infos.items():
        group = info.group or name
        policies = {i.merge for i in members[group]}
        merge = next((p for p in _STRICTEST if p in policies), Merge.LAST)
        made[name] = Group(group, merge, any(i.safety for i in members[group]))
    return made


def _wire_table(kind: type[Record]) -> Table:
    columns = [
        Column(
            c.name, _wire_type(c.type), primary_key=c.name == "id", autoincrement=False, nullable=c.nullable
        )
        for c in kind.__table__.columns
    ]
    return Table(kind.record_info.entity, MetaData(), *columns)


def _wire_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    if isinstance(kind, Id16):
        return LargeBinary(16).with_variant(BINARY(16), "mysql", "mariadb")
    if isinstance(kind, UtcTime):
        return BigInteger()
    if isinstance(kind, IsoDate | Code):
        return String(40)
    if isinstance(kind, LargeBinary):
        return LargeBinary(LONGEST)
    return kind


def same(shape: Shape, field: str, one: Any, other: Any) -> bool:
    """Tell whether two wire values of a field mean the same."""
    if one == other:
        return True
    if field in shape.json or field not in shape.groups:
        try:
            return msgspec.json.encode(one, order="sorted") == msgspec.json.encode(other, order="sorted")
        except TypeError:  # keys that JSON has not: no program of ours makes them
            return False
    return False
