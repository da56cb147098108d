"""Checking the audit chain: where it breaks first, and how it was tampered with."""

import dataclasses
import enum
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from domain.audit.chain import (
    COLUMNS,
    FORMATS,
    GENESIS,
    NAME,
    Head,
    Subject,
    audit_table,
    entry_digest,
    link,
    subject_table,
)
from domain.kernel.change_log import change_log, cursor_of
from domain.kernel.prepared import Prepared, Values
from domain.kernel.record import Record

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


@dataclasses.dataclass(frozen=True, slots=True)
class _Row:
    """One row of the chain with its subjects, and what the log says at its position (`log`; None: nothing)."""

    values: Values
    hash: bytes
    form: int
    subjects: list[Subject]
    log: Values | None

    @property
    def number(self) -> int:
        return int(self.values[0])

    @property
    def position(self) -> int:
        return int(self.values[1])

    def fits(self, previous: bytes, number: int | None = None) -> bool:
        """Tell whether the row is what its hash says, after `previous`; as row `number` if that is given."""
        values = self.values if number is None else (number, *self.values[1:])
        if self.form == 1 and self.subjects:
            return False
        return self.form in FORMATS and link(previous, values, self.subjects, self.form) == self.hash


@dataclasses.dataclass(slots=True)
class _State:
    """The chain up to here, and what is known from elsewhere."""

    cursor: int
    log_start: int
    scrubbed: dict[int, bytes]
    end: Head
    position: int | None = None


def verify(connection: Connection, known: Head | None = None, since: Head | None = None) -> Break | None:
    """Return the first break of the chain, or None if it holds and the log says what it said.

    Args:
        connection: A steady view of the store.
        known: The end of the chain as it was noted elsewhere; without it a tail that was cut together with the
            reader's cursor, or a chain computed anew from some number on, cannot be told from a true one.
        since: A row that is known to hold: only what follows it is looked at.
    """
    state = _State(
        cursor_of(connection, NAME), _log_start(connection), _scrubbed(connection), since or Head(0, GENESIS)
    )
    for row, following in itertools.pairwise(itertools.chain(_rows(connection, since), [None])):
        if row is None:
            break
        kind = _wrong(row, following, state)
        if kind is not None:
            number = state.end.number + 1 if kind is Tampering.DELETED else row.number
            return Break(number, kind, row.position)
        state.end, state.position = Head(row.number, row.hash), row.position
        if known is not None and known.number == row.number and known.hash != state.end.hash:
            return Break(row.number, Tampering.REWRITTEN, row.position)
    return _after_the_end(connection, state, known)


def _after_the_end(connection: Connection, state: _State, known: Head | None) -> Break | None:
    """Look for what was cut, and for subjects of rows that are not there."""
    number = subject_table().c.number
    first, last = connection.execute(select(func.min(number), func.max(number))).one()
    named = max(last or 0, known.number if known else 0)
    if state.end.number < named or state.cursor > (state.position or _position_of(connection, state.end)):
        return Break(state.end.number + 1, Tampering.TRUNCATED)
    return Break(first, Tampering.INSERTED) if first is not None and first < 1 else None


def _position_of(connection: Connection, end: Head) -> int:
    """Return the position of the chain's last row, where no row was looked at; 0 for an empty chain."""
    found = connection.execute(
        select(audit_table().c.position).where(audit_table().c.number == end.number)
    ).scalar()
    return int(found or 0)


def _log_start(connection: Connection) -> int:
    found: int = connection.execute(select(func.coalesce(func.min(change_log.c.position), 0))).scalar_one()
    return found


def _scrubbed(connection: Connection) -> dict[int, bytes]:
    """Return what is left of entries whose values were erased by law; the chain itself says of each erasure."""
    scrubbed, chain = Record.metadata.tables["scrubbed_entry"], audit_table()
    by_law = select(chain.c.position).where(chain.c.command == "patient.erase")
    rows = connection.execute(
        select(scrubbed.c.position, scrubbed.c.content_sha256).where(scrubbed.c.by_position.in_(by_law))
    )
    return {row.position: bytes(row.content_sha256) for row in rows}


def _rows(connection: Connection, since: Head | None = None) -> Iterator[_Row]:
    chain, log, subject = audit_table(), change_log, subject_table()
    said = (log.c.txn_id, log.c.at, log.c.outcome, log.c.body)
    pages = Prepared(
        select(*(chain.c[name] for name in (*COLUMNS, "hash", "format")), *said)
        .outerjoin_from(chain, log, log.c.position == chain.c.position)
        .where(chain.c.number > _bind("after"))
        .order_by(chain.c.number)
        .limit(CHUNK)
    )
    named = Prepared(
        select(subject.c.number, subject.c.record_id, subject.c.entity).where(
            subject.c.number > _bind("after"), subject.c.number <= _bind("last")
        )
    )
    width = len(COLUMNS)
    after = -(2**62) if since is None else since.number
    while rows := pages.rows(connection, after=after):
        last = rows[-1][0]
        subjects: dict[int, list[Subject]] = defaultdict(list)
        for number, record_id, entity in named.rows(connection, after=after, last=last):
            subjects[number].append((bytes(record_id), entity))
        for row in rows:
            entry = row[width + 2 :]
            yield _Row(
                row[:width], bytes(row[width]), row[width + 1], sorted(subjects[row[0]]),
                None if entry[-1] is None else entry,
            )  # fmt: skip
        after = last


def _bind(name: str) -> Any:
    return bindparam(name, type_=BigInteger)


def _wrong(row: _Row, following: _Row | None, state: _State) -> Tampering | None:
    if row.number != state.end.number + 1:
        return Tampering.DELETED if row.number > state.end.number + 1 else Tampering.INSERTED
    if not row.fits(state.end.hash):
        return _kind_of(row, following, state)
    return _against_log(row, state)


def _kind_of(row: _Row, following: _Row | None, state: _State) -> Tampering:
    """Tell from the neighbours what was done to a row whose hash does not fit."""
    if following is not None:
        if following.fits(row.hash):
            return Tampering.EDITED
        if following.fits(state.end.hash, row.number):
            swapped = row.fits(following.hash, row.number + 1)
            return Tampering.REORDERED if swapped else Tampering.INSERTED
        if following.fits(row.hash, following.number + 1):
            return Tampering.DELETED
        if following.position < row.position:
            return Tampering.REORDERED
    if row.position > state.cursor:
        return Tampering.INSERTED
    before = state.position
    if before is not None and row.position > before + 1:
        return Tampering.DELETED
    return Tampering.EDITED


def _against_log(row: _Row, state: _State) -> Tampering | None:
    """Compare a row with the entry it stands for; entries before the start of the log were archived."""
    if row.log is None:
        if row.position > state.cursor:
            return Tampering.INSERTED
        return Tampering.LOG_MISSING if row.position >= state.log_start else None
    txn_id, at, outcome, body = row.log
    if entry_digest(bytes(txn_id), at, outcome, bytes(body), row.form) == row.values[-1]:
        return None
    left = state.scrubbed.get(row.position)  # by SHA-256, whatever the row was made with
    held = left is not None and entry_digest(bytes(txn_id), at, outcome, bytes(body)) == left
    return None if held else Tampering.LOG_CHANGED
