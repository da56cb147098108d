"""The audit chain: every entry of the log, refused ones too, copied into rows that are chained by hash.

An entry gives one row for each record it touched, or one row if it touched none; all of them carry the digest of
the whole entry. Row n has ``hash = SHA-256(hash of row n-1 || canonical bytes of row n)``; the canonical bytes are
the msgpack array of the row's columns before `hash`, in the order of the table. The digest of an entry is the
SHA-256 of the msgpack array of its transaction id, time, outcome and stored body, so a change in the log shows as
well as one in the chain. Numbering of transfers (epoch, device sequence) is left out: sync may renew it.
"""

import dataclasses
import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from domain.kernel.change_log import Entry, change_log
from domain.kernel.record import Record

NAME = "audit"
GENESIS = bytes(32)
COLUMNS = (
    "number", "position", "at", "actor_id", "role", "device_id", "org_id", "command", "entity", "record_id",
    "outcome", "content_sha256",
)  # fmt: skip

_encode = msgspec.msgpack.Encoder().encode


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain. Kept elsewhere (at the centre, on paper), it shows when the tail was cut or rewritten."""

    number: int
    hash: bytes


def audit_table() -> Table:
    """Return the table of the chain; declared with the store's other local tables."""
    return Record.metadata.tables["audit_entry"]


def entry_digest(txn_id: bytes, at: int, outcome: str, body: bytes) -> bytes:
    """Return the SHA-256 of what a log entry says; `body` as stored."""
    return hashlib.sha256(_encode([txn_id, at, outcome, body])).digest()


def link(previous: bytes, values: Sequence[Any]) -> bytes:
    """Return the hash of a row with `values` (in the order of `COLUMNS`, ids as bytes) after `previous`."""
    return hashlib.sha256(previous + _encode(list(values))).digest()


def head_of(connection: Connection) -> Head:
    """Return the end of the chain; number 0 for an empty one."""
    table = audit_table()
    row = connection.execute(
        select(table.c.number, table.c.hash).order_by(table.c.number.desc()).limit(1)
    ).first()
    return Head(0, GENESIS) if row is None else Head(row.number, bytes(row.hash))


class AuditReader:
    """Copies the log into the chain."""

    name = NAME

    def read(self, entries: Sequence[Entry], connection: Connection) -> None:
        """Add the rows of `entries` to the end of the chain."""
        digests = _digests(connection, entries[0].position, entries[-1].position)
        end = head_of(connection)
        rows: list[dict[str, Any]] = []
        for entry in entries:
            for entity, record_id in _subjects(entry):
                values = (
                    end.number + 1, entry.position, entry.at, entry.body.actor_id, entry.body.role,
                    entry.device_id, entry.body.org_id, entry.body.command, entity, record_id, entry.outcome,
                    digests[entry.position],
                )  # fmt: skip
                end = Head(end.number + 1, link(end.hash, values))
                rows.append(_row(values, end.hash))
        connection.execute(audit_table().insert(), rows)


def _digests(connection: Connection, first: int, last: int) -> dict[int, bytes]:
    found = connection.execute(
        select(
            change_log.c.position,
            change_log.c.txn_id,
            change_log.c.at,
            change_log.c.outcome,
            change_log.c.body,
        ).where(change_log.c.position.between(first, last))
    )
    return {row.position: entry_digest(row.txn_id.bytes, row.at, row.outcome, row.body) for row in found}


def _subjects(entry: Entry) -> "list[tuple[str | None, bytes | None]]":
    seen = dict.fromkeys((change.entity, change.record_id) for change in entry.body.changes)
    return list(seen) or [(None, None)]


def _row(values: Sequence[Any], digest: bytes) -> dict[str, Any]:
    row = dict(zip(COLUMNS, values, strict=True))
    for name in ("actor_id", "device_id", "org_id", "record_id"):
        row[name] = None if row[name] is None else uuid.UUID(bytes=row[name])
    return {**row, "hash": digest}
