"""Transactions become rows at the centre: decided in memory, written in batches, the faulty one found by halving."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from domain.kernel.change_log import REJECTED, Body, decode_body
from domain.kernel.ids import Id
from sync.claims import runs, suspects
from sync.entries import SentTxn
from sync.erasing import anything_erased, is_erased
from sync.graves import Graves
from sync.rows import Key, NotStorableError, Rows
from sync.shapes import shape_of
from sync.verdicts import Judge, Verdict


class MoreCareError(Exception):
    """Something was refused where no savepoint was: take all back and begin again, carefully."""


_ID_BYTES = 16
_COMMAND, _ROLE = 80, 40
"""Characters the audit keeps of a command's and of a role's name."""
_LATEST = 253_402_300_799_999_999
"""End of the year 9999 in microseconds: later times cannot be shown."""


class _Opened(NamedTuple):
    """A transaction whose body can be read."""

    txn: SentTxn
    body: Body


class Settler:
    """Settles transactions of one sender on one connection.

    Args:
        connection: The writing connection, in its transaction.
        graves: What deleted records held.
        orgs: Organisations the sender may write for.
        now: Time of the centre, microseconds UTC.
        skipped: Records whose changes are passed over.
        careful: Work in savepoints, so that what the database refuses can be found by halving. They make each write
            of SQLite dearer the more pages they have to remember, so the first try goes without.
    """

    def __init__(
        self,
        connection: Connection,
        graves: Graves,
        orgs: frozenset[Id],
        now: int,
        skipped: frozenset[Key] = frozenset(),
        *,
        careful: bool = True,
    ) -> None:
        self._connection = connection
        self._graves = graves
        self._orgs = orgs
        self._now = now
        self._skipped = skipped
        self._careful = careful
        self._anything_erased = anything_erased(connection)

    def settle(self, txns: Sequence[SentTxn]) -> list[Verdict]:
        """Decide transactions in order and write their rows; what cannot be read or stored is rejected."""
        verdicts: dict[bytes, Verdict] = {}
        opened = []
        for txn in txns:
            body = _readable(txn)
            if body is None:
                verdicts[txn.txn_id] = Verdict(txn, REJECTED, "sync.unreadable")
            else:
                opened.append(_Opened(txn, body))
        doubtful = suspects(self._connection, [one.body.changes for one in opened])
        for start, end in runs(len(opened), doubtful):
            some = self._suspected(opened[start]) if start in doubtful else self._run(opened[start:end])
            verdicts |= {verdict.txn.txn_id: verdict for verdict in some}
        return [verdicts[txn.txn_id] for txn in txns]

    def _run(self, opened: list[_Opened]) -> list[Verdict]:
        """Settle transactions of which nothing is suspected.

        Raises:
            MoreCareError: The database refuses something, and there was no savepoint.
        """
        if self._careful:
            return list(self._halved(opened))
        try:
            return self._together(opened)
        except (StatementError, NotStorableError) as error:
            if _at_fault(error):
                raise MoreCareError from error
            raise

    def _halved(self, opened: list[_Opened]) -> Iterator[Verdict]:
        """Settle all in one savepoint, or, if the database refuses that, each half by itself."""
        if len(opened) == 1:
            yield from self._apart(opened[0])
            return
        try:
            with self._connection.begin_nested():
                verdicts = self._together(opened)
        except (StatementError, NotStorableError) as error:
            if not _at_fault(error):
                raise
            middle = len(opened) // 2
            yield from self._halved(opened[:middle])
            yield from self._halved(opened[middle:])
        else:
            yield from verdicts

    def _apart(self, one: _Opened) -> list[Verdict]:
        """Settle one transaction in a savepoint of its own."""
        try:
            with self._connection.begin_nested():
                return self._together([one])
        except (StatementError, NotStorableError) as error:
            if not _at_fault(error):
                raise
            return [self._alone(one, error)]

    def _suspected(self, one: _Opened) -> list[Verdict]:
        """Settle a transaction whose unique values others may have.

        A new record whose value is taken for certain is refused without writing it: a savepoint that is rolled back
        makes what the slice writes after it dearer. Where a record that is there is touched, perhaps the owner, or
        something else is refused, nothing is certain.
        """
        verdict = self._judge([one]).judge(one.txn, one.body)
        if len(verdict.made) == len(one.body.changes):
            barred, facts = self._duplicates(one.body)
            if facts and not barred:
                return [self._judge([one]).rejected(one.txn, one.body, "sync.duplicate", **facts)]
        return self._apart(one)

    def _together(
        self, opened: Sequence[_Opened], barred: dict[Key, frozenset[str]] | None = None
    ) -> list[Verdict]:
        judge = self._judge(opened)
        verdicts = [judge.judge(one.txn, one.body, barred) for one in opened]
        judge.rows.flush()
        return verdicts

    def _judge(self, opened: Sequence[_Opened]) -> Judge:
        rows = Rows(self._connection, lock=True)
        changes = [change for one in opened for change in one.body.changes]
        rows.load((change.entity, change.record_id) for change in changes)
        edited = {(c.entity, c.record_id) for c in changes if c.op == "upd"}
        missing = [key for key in edited if shape_of(key[0]) is not None and rows.get(key) is None]
        graves = self._graves.find(missing)
        erased = set()
        if self._anything_erased:
            ids = {change.record_id for change in changes}
            ids |= {value for change in changes for value in change.fields.values() if _is_id(value)}
            erased = is_erased(self._connection, ids)
        return Judge(rows, graves, self._orgs, self._now, self._skipped, erased)

    def _alone(self, one: _Opened, error: StatementError | NotStorableError) -> Verdict:
        """Deal with the one transaction the database refuses.

        If changes of unique fields of known records are at fault, only those are refused; else all of it is.
        """
        barred, facts = self._duplicates(one.body)
        if barred:
            try:
                with self._connection.begin_nested():
                    return self._together([one], barred)[0]
            except (StatementError, NotStorableError) as again:
                if not _at_fault(again):
                    raise
        if facts:
            return self._judge([one]).rejected(one.txn, one.body, "sync.duplicate", **facts)
        detail = type(error.orig).__name__
        return self._judge([one]).rejected(one.txn, one.body, "sync.not_storable", detail=detail)

    def _duplicates(self, body: Body) -> tuple[dict[Key, frozenset[str]], dict[str, Any]]:
        """Return the groups whose unique values other records have, or the facts if a new record is at fault."""
        barred: dict[Key, frozenset[str]] = {}
        facts: dict[str, Any] = {}
        for change in body.changes:
            shape = shape_of(change.entity)
            if shape is None:
                continue
            for name in shape.unique:
                value = change.fields.get(name)
                column = shape.table.c[name]
                query = select(shape.table.c.id).where(column == value, shape.table.c.id != change.record_id)
                if value is None or self._connection.execute(query).first() is None:
                    continue
                facts = {"record": shape.info.label, "fields": shape.labels[name]}
                key = (change.entity, change.record_id)
                barred[key] = barred.get(key, frozenset()) | {shape.group(name).name}
                if change.op == "ins":
                    return {}, facts
        return barred, facts


def _is_id(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == _ID_BYTES


def _readable(txn: SentTxn) -> Body | None:
    """Return the body of a transaction; None if it is none, or holds what no program of ours writes."""
    try:
        body = decode_body(txn.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    actor = body.actor_id
    sound = (
        len(body.org_id) == _ID_BYTES
        and (actor is None or len(actor) == _ID_BYTES)
        and 0 <= txn.at <= _LATEST
    )
    for change in body.changes:
        sound = sound and len(change.record_id) == _ID_BYTES == len(change.org_id)
    return body if sound and len(body.command) <= _COMMAND and len(body.role) <= _ROLE else None


def _at_fault(error: StatementError | NotStorableError) -> bool:
    """Tell whether a transaction's content is to blame, and not the database or the line to it."""
    return isinstance(error, IntegrityError | DataError | NotStorableError) or type(error) is StatementError
