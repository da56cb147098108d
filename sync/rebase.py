"""A branch takes in what it pulled: the centre's values underneath, what is pending here on top.

The log of the centre says what each touched field holds at each position. So a branch that has taken in
everything up to a position, and has nothing pending, holds what the centre held there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from domain.kernel.change_log import DONE, SCHEMA_VERSION, Body, Change, decode_body, encode_body
from domain.kernel.ids import Id, stable_id
from sync import parking
from sync.claims import runs, suspects
from sync.entries import PulledEntry, StoredEntry, append_stored, decode_pulled, encode_txn
from sync.identity import Identity
from sync.overlay import Overlay, Read, Result
from sync.pending import Pending, known_txns
from sync.rows import Key, NotStorableError
from sync.settle import MoreCareError
from sync.shapes import is_private, shape_of

REBASE = "sync.rebase"
REFUSED = (IntegrityError, DataError, NotStorableError)
"""What the database says of a change it does not take."""


@dataclass(slots=True)
class Taken:
    """What a piece of the log did here.

    Attributes:
        settled: Newest own transaction that has come back.
        position: Newest position of the local log, 0 if nothing was written to it.
        stated: Records the centre has said something of.
    """

    settled: int
    position: int = 0
    stated: set[Key] = field(default_factory=set)


class Rebase:
    """Takes pieces of the centre's log into a branch's store, on one connection; the caller commits.

    Args:
        connection: The writing connection, in its transaction.
        identity: Who the store is.
        pending: What is pending here, read in this transaction.
        settled: Newest own transaction that has come back before.
        now: Time of this branch, microseconds UTC.
        waiting: What is parked here, as last looked at.
        careful: As for `sync.settle.Settler`; without, the caller does it again with care after a `MoreCareError`.
    """

    def __init__(
        self,
        connection: Connection,
        identity: Identity,
        pending: Pending,
        settled: int,
        now: int,
        *,
        waiting: parking.Waiting | None = None,
        careful: bool = True,
    ) -> None:
        self._connection = connection
        self._identity = identity
        self._now = now
        self._pending = pending
        self._waiting = waiting or parking.Waiting()
        self._careful = careful
        self._taken = Taken(settled)
        self._result = Result()
        self._blocked: set[Key] = set()

    def take(self, entries: Sequence[PulledEntry]) -> Taken:
        """Take in entries in order, then what was parked and can be taken now, then write the local log."""
        self._blocked |= self._waiting.look(self._connection).keys
        read = list(map(self._opened, entries))
        doubtful = suspects(self._connection, [one.body.changes for one in read])
        for start, end in runs(len(read), doubtful):
            self._run(read[start:end], apart=start in doubtful)
        self._park()
        if self._waiting.look(self._connection).hopeful:
            self._retry_parked(self._waiting.hopeful)
        self._write_log(read)
        self._taken.stated = {(c.entity, c.record_id) for one in read for c in one.body.changes}
        return self._taken

    def _opened(self, entry: PulledEntry) -> Read:
        """Read an entry; changes of entities that only a newer program knows are parked until then."""
        seq = self._pending.seqs.get(entry.txn_id)
        if seq is not None:
            self._taken.settled = max(self._taken.settled, seq)
        one = Read(entry, decode_body(entry.body), self._taken.settled, own=seq is not None)
        for change in one.body.changes:
            if shape_of(change.entity) is None and not is_private(change.entity):
                self._result.park(one, change, parking.UNKNOWN)
        return one

    def _run(self, read: Sequence[Read], *, apart: bool) -> None:
        """Make the changes of entries; of those of which nothing is suspected without savepoints, if that is asked.

        Raises:
            MoreCareError: The database refuses something, and there was no savepoint.
        """
        if self._careful or apart:
            self._halved(read)
            return
        try:
            self._make(read)
        except REFUSED as error:
            raise MoreCareError from error

    def _make(self, read: Sequence[Read]) -> None:
        result = Overlay(self._connection, self._pending, frozenset(self._blocked)).take(read)
        self._result.add(result)
        self._blocked |= result.blocked()

    def _halved(self, read: Sequence[Read]) -> None:
        """Make the changes of entries in one savepoint, or of each half, down to a single change."""
        if not read:
            return
        try:
            with self._connection.begin_nested():
                self._make(read)
        except REFUSED:
            if len(read) > 1:
                middle = len(read) // 2
                self._halved(read[:middle])
                self._halved(read[middle:])
            elif len(read[0].body.changes) > 1:
                self._halved([read[0].only(change) for change in read[0].body.changes])
            else:
                # A value of this branch stands in its way: it waits, and with it what comes later to the record.
                self._result.park(read[0], read[0].body.changes[0], parking.CLASHES)
                self._blocked |= _keys(read[0].body.changes)

    def _park(self) -> None:
        kept = []
        for one, changes, reason in self._result.parked.values():
            body = msgspec.structs.replace(one.body, changes=changes)
            entry = msgspec.structs.replace(one.entry, body=encode_body(body))
            kept.append(
                parking.Parked(
                    entry.txn_id, entry.device_id, entry.dev_seq or 0, entry.position, reason, None, self._now,
                    encode_txn(entry),
                )
            )  # fmt: skip
        parking.park(self._connection, kept)

    def _retry_parked(self, hopeful: Sequence[Id]) -> None:
        """Try again what was parked: all together, else record by record as long as that gets on.

        Only where the changes of a record end is written, so a value it had in between stands in nobody's way.
        """
        parked = parking.these(self._connection, hopeful)
        singles = [one for row in parked for one in self._singles(decode_pulled(row.payload))]
        left = [one for one in singles if shape_of(one.body.changes[0].entity) is not None]
        if left and self._made(left):
            left = []
        moving = True
        while left and moving:
            records = _by_record(left)
            stuck = [record for record in records if not self._made(record)]
            moving = len(stuck) < len(records)
            left = [one for record in stuck for one in record]
        left += [one for one in singles if shape_of(one.body.changes[0].entity) is None]
        if len(left) < len(singles):
            parking.unpark(self._connection, [row.txn_id for row in parked])
            self._result.parked = {}
            for one in left:
                known = shape_of(one.body.changes[0].entity) is not None
                self._result.park(one, one.body.changes[0], parking.CLASHES if known else parking.UNKNOWN)
            self._park()

    def _singles(self, entry: PulledEntry) -> list[Read]:
        one = Read(entry, decode_body(entry.body), self._taken.settled, own=False)
        return [one.only(change) for change in one.body.changes]

    def _made(self, read: Sequence[Read]) -> bool:
        """Make changes, all or none of them."""
        try:
            with self._connection.begin_nested():
                if Overlay(self._connection, self._pending, frozenset()).take(read).parked:
                    raise _StillMissing
        except (*REFUSED, _StillMissing):
            return False
        return True

    def _write_log(self, read: Sequence[Read]) -> None:
        """Append what others did, and what the centre changed of what was done here."""
        entries = [self._remote(one) for one in read if not one.own]
        entries += [self._correction(one, changes) for one, changes in self._result.corrections]
        known = known_txns(self._connection, [entry[0] for entry in entries])
        fresh = [entry for entry in entries if entry[0] not in known]
        first = append_stored(self._connection, fresh)
        self._taken.position = first + len(fresh) - 1 if fresh else 0

    def _remote(self, one: Read) -> StoredEntry:
        entry = one.entry
        # After a restored backup own entries come back that the log lacks: without a number they are not sent.
        seq = None if entry.device_id == self._identity.device_id.bytes else entry.dev_seq
        return entry.txn_id, entry.device_id, entry.epoch, seq, entry.at, entry.outcome, entry.body

    def _correction(self, one: Read, changes: list[Change]) -> StoredEntry:
        note = {"outcome": one.entry.outcome, "command": one.body.command}
        body = Body(REBASE, None, "system", one.body.org_id, SCHEMA_VERSION, changes, note)
        txn_id = stable_id("rebase", one.entry.txn_id.hex(), one.entry.position)
        device_id, epoch = self._identity.device_id.bytes, self._identity.epoch
        return txn_id.bytes, device_id, epoch, None, self._now, DONE, encode_body(body)


class _StillMissing(Exception):  # noqa: N818 (it only leaves a savepoint)
    """A record is not here yet."""


def _by_record(read: Iterable[Read]) -> list[list[Read]]:
    """Return single changes by record, each record's in order."""
    found: dict[Key, list[Read]] = {}
    for one in read:
        change = one.body.changes[0]
        found.setdefault((change.entity, change.record_id), []).append(one)
    return list(found.values())


def _keys(changes: Iterable[Change]) -> set[Key]:
    return {(change.entity, change.record_id) for change in changes}
