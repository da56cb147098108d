"""Checking the audit chain: where it breaks first, and how it was tampered with."""

import dataclasses
import enum
import itertools
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, func, select, text

from domain.audit.chain import COLUMNS, GENESIS, NAME, Head, entry_digest, link
from domain.kernel.change_log import change_log, cursor_of

CHUNK = 5000


class Tampering(enum.StrEnum):
    """What is wrong; its sentence is ``audit.break.<value>``."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    LOG_CHANGED = "log_changed"
    LOG_MISSING = "log_missing"


@dataclasses.dataclass(frozen=True, slots=True)
class Break:
    """The first number of the chain that does not hold, and the log position it stands for."""

    number: int
    kind: Tampering
    position: int | None = None

    @property
    def code(self) -> str:
        """Key of the sentence, which names `number`."""
        return f"audit.break.{self.kind}"


@dataclasses.dataclass(slots=True)
class _State:
    """The chain up to here, and what is known from elsewhere."""

    cursor: int
    log_start: int
    end: Head
    position: int | None = None


_CHUNK_OF_CHAIN = text(
    "SELECT a.number, a.position, a.at, a.actor_id, a.role, a.device_id, a.org_id, a.command, a.entity,"  # noqa: S608
    " a.record_id, a.outcome, a.content_sha256, a.hash, l.txn_id, l.at AS log_at, l.outcome AS log_outcome, l.body,"
    " s.content_sha256 AS scrubbed_sha256"
    " FROM audit_entry a LEFT JOIN change_log l ON l.position = a.position"
    " LEFT JOIN scrubbed_entry s ON s.position = a.position"
    " AND s.by_position IN (SELECT position FROM audit_entry WHERE command = 'patient.erase')"
    f" WHERE a.number > :after ORDER BY a.number LIMIT {CHUNK}"
)


def verify(connection: Connection, known: Head | None = None) -> Break | None:
    """Return the first break of the chain, or None if it holds and the log says what it said.

    Args:
        connection: A steady view of the store.
        known: The end of the chain as it was noted elsewhere; without it a tail that was cut together with the
            reader's cursor, or a chain computed anew from some number on, cannot be told from a true one.
    """
    state = _State(cursor_of(connection, NAME), _log_start(connection), Head(0, GENESIS))
    for row, following in itertools.pairwise(itertools.chain(_rows(connection), [None])):
        if row is None:
            break
        kind = _wrong(row, following, state)
        if kind is not None:
            number = state.end.number + 1 if kind is Tampering.DELETED else row.number
            return Break(number, kind, row.position)
        state.end, state.position = Head(row.number, bytes(row.hash)), row.position
        if known is not None and known.number == row.number and known.hash != state.end.hash:
            return Break(row.number, Tampering.REWRITTEN, row.position)
    cut = state.end.number < (known.number if known else 0) or state.cursor > (state.position or 0)
    return Break(state.end.number + 1, Tampering.TRUNCATED) if cut else None


def _log_start(connection: Connection) -> int:
    found: int = connection.execute(select(func.coalesce(func.min(change_log.c.position), 0))).scalar_one()
    return found


def _rows(connection: Connection) -> Iterator[Row[Any]]:
    after = -1
    while rows := connection.execute(_CHUNK_OF_CHAIN, {"after": after}).all():
        yield from rows
        after = rows[-1].number


def _wrong(row: Row[Any], following: Row[Any] | None, state: _State) -> Tampering | None:
    if row.number != state.end.number + 1:
        return Tampering.DELETED if row.number > state.end.number + 1 else Tampering.INSERTED
    if link(state.end.hash, _values(row)) != row.hash:
        return _kind_of(row, following, state)
    return _against_log(row, state)


def _kind_of(row: Row[Any], following: Row[Any] | None, state: _State) -> Tampering:
    """Tell from the neighbours what was done to a row whose hash does not fit."""
    if following is not None:
        if link(row.hash, _values(following)) == following.hash:
            return Tampering.EDITED
        if link(state.end.hash, _values(following, row.number)) == following.hash:
            swapped = link(following.hash, _values(row, row.number + 1)) == row.hash
            return Tampering.REORDERED if swapped else Tampering.INSERTED
        if link(row.hash, _values(following, following.number + 1)) == following.hash:
            return Tampering.DELETED
        if following.position < row.position:
            return Tampering.REORDERED
    if row.position > state.cursor:
        return Tampering.INSERTED
    before = state.position
    if before is not None and row.position > before + 1:
        return Tampering.DELETED
    return Tampering.EDITED


def _against_log(row: Row[Any], state: _State) -> Tampering | None:
    """Compare a row with the entry it stands for; entries before the start of the log were archived."""
    if row.body is None:
        if row.position > state.cursor:
            return Tampering.INSERTED
        return Tampering.LOG_MISSING if row.position >= state.log_start else None
    said = entry_digest(bytes(row.txn_id), row.log_at, row.log_outcome, bytes(row.body))
    # Values erased by law change an entry; the chain itself says that there was such an erasure.
    return None if said in (row.content_sha256, row.scrubbed_sha256) else Tampering.LOG_CHANGED


def _values(row: Row[Any], number: int | None = None) -> list[Any]:
    values = [bytes(v) if isinstance(v, memoryview | bytearray) else v for v in row[: len(COLUMNS)]]
    if number is not None:
        values[0] = number
    return values
