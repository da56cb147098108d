"""What people saw confirmed, and the proof that none of it is gone.

A workstation writes a line once a command has returned: kind of record, its id, field, value as it was typed. The
centre must hold each of these values in the record itself, in the history (an entry of the log that says or replaces
it), in a conflict, in the note of an entry that refused it, or in a transaction that is parked whole.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.exchange.records import Conflict
from domain.kernel.change_log import change_log, decode_body
from domain.kernel.record import record_classes
from sync.entries import decode_sent
from sync.local_tables import parked_txn

Value = str | int | float


@dataclass(frozen=True)
class Typed:
    """One value that somebody saw confirmed."""

    station: int
    entity: str
    record: str
    field: str
    value: Value


class Ledger:
    """The lines of one workstation; each is with the operating system before the next act begins."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def confirmed(self, entity: str, record_id: Any, **fields: Value) -> None:
        lines = [json.dumps([entity, record_id.hex, name, value]) + "\n" for name, value in fields.items()]
        self._file.write("".join(lines).encode())

    def close(self) -> None:
        self._file.close()


def read_ledger(path: Path, station: int) -> Iterator[Typed]:
    """Yield the lines of a workstation's ledger; one that a kill cut short was not confirmed."""
    if path.exists():
        for line in path.read_bytes().split(b"\n")[:-1]:
            yield Typed(station, *json.loads(line))


def missing(connection: Connection, typed: list[Typed]) -> list[Typed]:
    """Return what the centre has neither in its rows nor in its history nor before a person."""
    wanted: dict[str, set[tuple[str, Value]]] = defaultdict(set)
    for one in typed:
        wanted[one.record].add((one.field, one.value))
    words = {one.value for one in typed if isinstance(one.value, str)}
    for found in (
        _rows(connection, {one.entity for one in typed}),
        _history(connection, words),
        _parked(connection),
    ):
        for record, name, value in found:
            left = wanted.get(record)
            if left:
                left -= {(name, leaf) for leaf in _leaves(value)}
            if name == NOTED:
                words.discard(value)
    return [
        one for one in typed
        if (one.field, one.value) in wanted[one.record] and (one.value in words or not isinstance(one.value, str))
    ]  # fmt: skip


NOTED = "*noted"
"""Stands for a field where a note says a value: typed texts are unique, so the text alone is proof."""
Found = Iterator[tuple[str, str, Any]]


def _rows(connection: Connection, entities: set[str]) -> Found:
    for entity in sorted(entities):
        table = record_classes()[entity].__table__
        for row in connection.execution_options(yield_per=500).execute(select(table)).mappings():
            for name, value in row.items():
                if value is not None:
                    yield row["id"].hex, str(name), value


def _history(connection: Connection, words: set[Any]) -> Found:
    bodies = select(change_log.c.body).order_by(change_log.c.position)
    for data in connection.execution_options(yield_per=500).scalars(bodies):
        yield from _body(data, words)
    for row in connection.execute(select(Conflict.__table__)):
        for values in (row.base, row.theirs, row.mine):
            for name, value in (values or {}).items():
                yield row.record_id.hex, name, value


def _parked(connection: Connection) -> Found:
    for payload in connection.execute(select(parked_txn.c.payload)).scalars().all():
        try:
            yield from _body(decode_sent(payload).body, None)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # a transaction that no program of ours wrote


def _body(data: bytes, words: set[Any] | None) -> Found:
    body = decode_body(data)
    for change in body.changes:
        for values in (change.fields, change.base):
            for name, value in values.items():
                yield change.record_id.hex(), name, value
    for leaf in _leaves(body.note):
        if words is None or leaf in words:
            yield "", NOTED, leaf


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str | int | float):
        yield value
