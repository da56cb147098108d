"""What a column is, said once: label, code, unit, sensitivity, merge policy; and how its value is stored.

Values have three forms. The *native* one is what handlers see (`uuid.UUID`, aware `datetime`, enum members).
The *stored* one is what both databases hold: 16-byte ids, microseconds since 1970 for times, text for codes
and for JSON. Bundles carry the *wire* form, the stored form made safe for msgpack, which needs no lookup.
"""

import enum
import uuid
from collections.abc import Callable
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Dialect, Float, LargeBinary, String, Text
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import BINARY, TypeDecorator, TypeEngine

from domain.kernel.facts import ColumnInfo as ColumnInfo
from domain.kernel.facts import Mask as Mask
from domain.kernel.facts import Means as Means
from domain.kernel.facts import Merge as Merge
from domain.kernel.facts import Sensitivity as Sensitivity
from domain.kernel.facts import from_microseconds as from_microseconds
from domain.kernel.facts import to_microseconds as to_microseconds

LONGEST = (1 << 24) - 1
"""Bytes of the longest text or file in a row: what MariaDB calls medium, without loading its dialect."""


class Id16(TypeDecorator[uuid.UUID]):
    """A UUID in 16 bytes on every engine."""

    impl = BINARY
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(LargeBinary() if dialect.name == "sqlite" else BINARY(16))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.bytes

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> uuid.UUID | None:
        return None if value is None else uuid.UUID(bytes=bytes(value))


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970 UTC: sorts, ranges and compares alike on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class IsoDate(TypeDecorator[date]):
    """A calendar day as ``YYYY-MM-DD``."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class JsonText(TypeDecorator[Any]):
    """A small structure as JSON text; lists of things with an identity are child rows instead."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(_long_text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value)


class Code(TypeDecorator[enum.StrEnum]):
    """A member of a closed code list, stored by its value.

    A value this program does not know yet (written by a newer version) is kept as plain text, never lost.
    """

    impl = String(40)
    cache_ok = True

    def __init__(self, members: type[enum.StrEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        try:
            return self.members(value)
        except ValueError:
            return value


def storage_type(annotation: Any, length: int) -> TypeEngine[Any]:
    """Return the column type that stores values annotated `annotation`."""
    if isinstance(annotation, type) and issubclass(annotation, enum.StrEnum):
        return Code(annotation)
    if annotation is str:
        return String(length) if length <= 2000 else _long_text()
    simple: dict[Any, TypeEngine[Any]] = {
        uuid.UUID: Id16(),
        datetime: UtcTime(),
        date: IsoDate(),
        bool: Boolean(),
        int: BigInteger(),
        float: Float(53),
        bytes: LargeBinary(LONGEST),
    }
    return simple.get(annotation) or JsonText()


def _long_text() -> TypeEngine[Any]:
    return Text(LONGEST)


def column(
    label: str,
    *,
    code: str | None = None,
    unit: str | None = None,
    sensitivity: Sensitivity = Sensitivity.PUBLIC,
    merge: Merge = Merge.LAST,
    group: str | None = None,
    mask: Mask = Mask.HIDDEN,
    safety: bool = False,
    ref: str | None = None,
    means: str | None = None,
    at_centre: bool = False,
    unique: bool = False,
    index: bool = False,
    length: int = 255,
    default: Any = None,
) -> MappedColumn[Any]:
    """Declare a column of a record.

    Args:
        label: What a person reads, in Chinese.
        code: Element of a standard, e.g. ``LOINC:8480-6`` or ``GB/T 2261.1``.
        unit: UCUM unit of a number.
        sensitivity: Who may see it in clear; below one's clearance `mask` applies everywhere.
        merge: Policy when both sides changed it.
        group: Fields of one group merge as one.
        mask: Form shown without clearance.
        safety: Both values of a conflict are shown everywhere until it is resolved.
        ref: Table whose id this column holds. Not a database constraint: a child may arrive before its parent.
        means: What a code in it stands for, of `Means`.
        at_centre: Only the centre changes it; sync refuses what a workstation sends for it.
        unique: No two rows may hold the same value.
        index: The store keeps an index on it.
        length: Characters of text; above 2,000 a text of any length.
        default: Value of a new record that does not say.
    """
    info = ColumnInfo(label, code, unit, sensitivity, merge, group, mask, safety, ref, means, at_centre)
    return mapped_column(
        unique=unique or None,
        index=index or None,
        insert_default=default,
        info={"column": info, "length": length},
    )


def to_stored(value: Any) -> Any:
    """Return the stored form of a native value, as the column types of this module would bind it."""
    form = STORED_FORMS[type(value)]
    return value if form is None else form(value)


class _Forms(dict[type, Callable[[Any], Any] | None]):
    """By the type of a native value what makes its stored form; None for one that is stored as it is."""

    def __missing__(self, kind: type) -> Callable[[Any], Any] | None:
        form = self[kind] = _form_of(kind)
        return form


STORED_FORMS = _Forms(dict.fromkeys((type(None), str, int, float, bool, bytes)))


def _form_of(kind: type) -> Callable[[Any], Any]:
    if issubclass(kind, uuid.UUID):
        return attrgetter("bytes")
    if issubclass(kind, datetime):
        return to_microseconds
    if issubclass(kind, str):
        return str
    if issubclass(kind, date):
        return date.isoformat
    return lambda value: msgspec.json.encode(value).decode()


def to_wire(value: Any) -> Any:
    """Return the wire form of a native value: ids as bytes, times as microseconds, days as text."""
    if value is None or isinstance(value, str | int | float | bytes):
        return str(value) if isinstance(value, enum.StrEnum) else value
    if isinstance(value, uuid.UUID):
        return value.bytes
    if isinstance(value, datetime):
        return to_microseconds(value)
    if isinstance(value, date):
        return value.isoformat()
    return msgspec.to_builtins(value)


def from_wire(kind: TypeEngine[Any], value: Any) -> Any:
    """Return the native value of wire form `value` for a column of type `kind`."""
    if value is None:
        return None
    if isinstance(kind, Id16):
        return uuid.UUID(bytes=bytes(value))
    if isinstance(kind, UtcTime):
        return from_microseconds(value)
    if isinstance(kind, IsoDate):
        return date.fromisoformat(value)
    if isinstance(kind, Code):
        return kind.process_result_value(value, None)  # type: ignore[arg-type]
    return value
