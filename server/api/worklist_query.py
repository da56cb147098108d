"""A worklist asked for over HTTP: filters, order and the key of the next page, as text, checked against clearance."""

import base64
import binascii
import uuid
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Boolean, Float, Integer
from sqlalchemy.types import TypeEngine

from domain.kernel.columns import Id16, IsoDate, Sensitivity, UtcTime, from_wire, to_wire
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Filter, Page, Worklist


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A filter as JSON: `op` is one of those of `Filter`; `value` a text, a number, or several for ``in``."""

    column: str
    op: str
    value: Any


class ListRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page is asked for with; `after` is the `next` of the page before."""

    filters: list[Condition] = []
    order: str | None = None
    after: str | None = None
    limit: int = 100


def condition_of(text: str) -> Condition:
    """Return the condition of ``column:op:value``; values of ``in`` are separated by commas."""
    column, _, rest = text.partition(":")
    op, colon, value = rest.partition(":")
    if not column or not op or not colon:
        raise DomainError("worklist.bad_filter", field="filter", value=text[:80])
    return Condition(column, op, value.split(",") if op == "in" else value)


def filters_of(listing: Worklist, conditions: list[Condition], *, in_url: bool) -> list[Filter]:
    """Return typed filters.

    What is personal never stands in an address, which proxies write into their logs. What a reader sees masked he
    may only look for by its exact value: `Pages` says so to every reader.

    Raises:
        DomainError: ``worklist.unknown_column``, ``worklist.personal_in_url``, ``worklist.bad_filter``.
    """
    found = []
    for condition in conditions:
        if in_url and _sensitivity(listing, condition.column) > Sensitivity.PUBLIC:
            raise DomainError("worklist.personal_in_url", field=condition.column)
        kind = listing.column(condition.column).type
        found.append(Filter(condition.column, condition.op, _native(kind, condition)))
    return found


def next_text(page: Page) -> str | None:
    """Return the key of the next page as opaque text, None at the end."""
    if page.next_key is None:
        return None
    value, record_id = page.next_key
    packed = msgspec.msgpack.encode([to_wire(value), record_id.bytes])
    return base64.urlsafe_b64encode(packed).decode()


def key_of(listing: Worklist, order: str | None, text: str | None) -> tuple[Any, Any] | None:
    """Return the key of `next_text`; ``worklist.bad_key`` for anything else."""
    if not text:
        return None
    kind = listing.column((order or listing.order).removeprefix("-")).type
    try:
        value, record_id = msgspec.msgpack.decode(base64.urlsafe_b64decode(text), type=tuple[Any, bytes])
        return from_wire(kind, value), uuid.UUID(bytes=record_id)
    except (msgspec.DecodeError, binascii.Error, ValueError, TypeError, OverflowError) as error:
        raise DomainError("worklist.bad_key", field="after") from error


def _sensitivity(listing: Worklist, name: str) -> Sensitivity:
    listing.column(name)
    info = next(c.info for c in listing.columns if c.name == name)
    return info.sensitivity if info else Sensitivity.PUBLIC


def _native(kind: TypeEngine[Any], condition: Condition) -> Any:
    value = condition.value
    try:
        if condition.op == "in":
            if not isinstance(value, list):
                raise TypeError
            return [_one(kind, v) for v in value]
        return _one(kind, value)
    except (ValueError, TypeError) as error:
        raise DomainError("worklist.bad_filter", field=condition.column, value=str(value)[:80]) from error


def _one(kind: TypeEngine[Any], value: Any) -> Any:
    if isinstance(kind, Id16):
        return uuid.UUID(value)
    if isinstance(kind, UtcTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without its zone")
        return moment
    if isinstance(kind, IsoDate):
        return date.fromisoformat(value)
    if isinstance(kind, Boolean):
        return ("false", "true").index(str(value).lower()) == 1
    if isinstance(kind, Integer):
        return int(value)
    if isinstance(kind, Float):
        return float(value)
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
