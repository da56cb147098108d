"""The audit chain: every entry of the log, refused ones too, copied into rows that are chained by hash.

An entry gives one row, which says who, when, by which command and with what outcome; `audit_subject` names the
records it touched. The row carries the digest of the whole entry, and the hash of the chain covers the row and its
subjects: ``hash = SHA-256(hash of the row before || msgpack([*columns before hash, 2, subjects]))``, with the
subjects as ``[record id, entity]`` in order. Rows of format 1, which stores of the first release hold, stood for one
record each and named it themselves; their hash covers the columns alone. A chain goes on from them as it is.

Rows of format 3 are those of format 2 with SM3 (GB/T 32905) in the place of SHA-256, for sites that must; which a
store writes is its setting, and a chain goes on across a change of it.

The digest of an entry is the SHA-256 of the msgpack array of its transaction id, time, outcome and stored body, so a
change in the log shows as well as one in the chain. Numbering of transfers (epoch, device sequence) is left out:
sync may renew it.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from domain.kernel.change_log import Entry
from domain.kernel.prepared import Prepared, insert_into
from domain.kernel.record import Record

NAME = "audit"
GENESIS = bytes(32)
COLUMNS = (
    "number", "position", "at", "actor_id", "role", "device_id", "org_id", "command", "entity", "record_id",
    "outcome", "content_sha256",
)  # fmt: skip
FORMAT = 2
SM3_FORMAT = 3
GUOMI = "guomi"
"""In the content: whether this installation uses the national algorithms."""
FORMATS = (1, FORMAT, SM3_FORMAT)

Subject = tuple[bytes, str]
"""A record an entry touched: its id and its entity."""

_encode = msgspec.msgpack.Encoder().encode


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain. Kept elsewhere (at the centre, on paper), it shows when the tail was cut or rewritten."""

    number: int
    hash: bytes


def audit_table() -> Table:
    """Return the table of the chain; declared with the store's other local tables."""
    return Record.metadata.tables["audit_entry"]


def subject_table() -> Table:
    """Return the table of the records that rows of the chain speak of."""
    return Record.metadata.tables["audit_subject"]


def entry_digest(txn_id: bytes, at: int, outcome: str, body: bytes, form: int = FORMAT) -> bytes:
    """Return the digest of what a log entry says, as a row of this format bears it; `body` as stored."""
    return _digest(_encode([txn_id, at, outcome, body]), form)


def _digest(data: bytes, form: int) -> bytes:
    if form == SM3_FORMAT:
        from cryptography.hazmat.primitives.hashes import SM3, Hash

        own = Hash(SM3())
        own.update(data)
        return own.finalize()
    return hashlib.sha256(data).digest()


def link(previous: bytes, values: Sequence[Any], subjects: Sequence[Subject], form: int = FORMAT) -> bytes:
    """Return the hash of a row after `previous`.

    Args:
        previous: Hash of the row before.
        values: What the row says, in the order of `COLUMNS`, ids as bytes.
        subjects: The records it speaks of, in order; none for format 1, which names its record itself.
        form: The row's format.
    """
    said = list(values) if form == 1 else [*values, form, subjects]
    return _digest(previous + _encode(said), form)


@functools.cache
def _newest() -> Prepared:
    table = audit_table()
    return Prepared(select(table.c.number, table.c.hash).order_by(table.c.number.desc()).limit(1))


def head_of(connection: Connection) -> Head:
    """Return the end of the chain; number 0 for an empty one."""
    row = _newest().first(connection)
    return Head(0, GENESIS) if row is None else Head(row[0], bytes(row[1]))


class AuditReader:
    """Copies the log into the chain; with `guomi` by SM3."""

    name = NAME

    def __init__(self, *, guomi: bool = False) -> None:
        self._form = SM3_FORMAT if guomi else FORMAT

    def read(self, entries: Sequence[Entry], connection: Connection) -> None:
        """Add a row for each entry to the end of the chain."""
        end = head_of(connection)
        rows: list[tuple[Any, ...]] = []
        subjects: list[tuple[int, bytes, str]] = []
        for entry in entries:
            said = entry.glance
            number = end.number + 1
            values = (
                number, entry.position, entry.at, said.actor_id, said.role, entry.device_id, said.org_id,
                said.command, None, None, entry.outcome,
                entry_digest(entry.txn_id, entry.at, entry.outcome, entry.data, self._form),
            )  # fmt: skip
            touched = sorted({(change.record_id, change.entity) for change in said.changes})
            end = Head(number, link(end.hash, values, touched, self._form))
            rows.append((*values, end.hash, self._form))
            subjects += [(number, record_id, entity) for record_id, entity in touched]
        insert_into(audit_table()).many(connection, rows)
        if subjects:
            insert_into(subject_table()).many(connection, subjects)
