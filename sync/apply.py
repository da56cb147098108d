"""The centre applies what branches send: transactions in order, each exactly once, in one database transaction."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, select

from domain.kernel.change_log import DONE, MERGED, REJECTED, Body, encode_body
from domain.kernel.ids import Id
from domain.kernel.prepared import Among, Values, insert_into
from sync import parking
from sync.entries import SentTxn, StoredEntry, append_stored, decode_sent, encode_txn, scope_of
from sync.graves import Graves
from sync.local_tables import applied_txn, parked_txn
from sync.protocol import TxnOutcome
from sync.rows import Key
from sync.settle import Settler
from sync.verdicts import APPLIED, CONFLICT, DEFERRED, ERASED, PARKED, PARTLY, Verdict

SLICE = 1024
"""Transactions the centre applies at a time: some 60 ms during which other writers of an embedded store wait."""
_LOG_OUTCOMES = {APPLIED: DONE, PARTLY: MERGED, CONFLICT: MERGED, REJECTED: REJECTED}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the device, the life of its identity, and the organisations it may write for."""

    device_id: Id
    epoch: int
    orgs: frozenset[Id]


class Applier:
    """Applies transactions on one connection; the caller commits.

    Args:
        connection: The writing connection, in its transaction.
        centre_id: Device of the centre.
        orgs_of: Organisations a device may write for.
        now: Time of the centre, microseconds UTC.
        careful: As for `sync.settle.Settler`; without, the caller does it again with care after a `MoreCareError`.
    """

    def __init__(
        self,
        connection: Connection,
        centre_id: Id,
        orgs_of: Callable[[Id], frozenset[Id]],
        now: int,
        *,
        careful: bool = True,
    ) -> None:
        self._connection = connection
        self._graves = Graves(connection, centre_id)
        self._orgs_of = orgs_of
        self._now = now
        self._careful = careful

    def apply(self, sender: Sender, txns: Sequence[SentTxn]) -> list[TxnOutcome]:
        """Apply transactions in order, each exactly once.

        Args:
            sender: Who sends.
            txns: At most `SLICE` transactions.

        Returns:
            The outcome of each that was not simply applied, in order; of one that was known before, the stored one.
        """
        known = self.known(txns)
        fresh = [txn for txn in txns if txn.txn_id not in known] if known else txns
        settler = Settler(self._connection, self._graves, sender.orgs, self._now, careful=self._careful)
        verdicts = settler.settle(fresh)
        self._keep(sender, verdicts)
        self._retry_waiting(sender, verdicts)
        told = {v.txn.txn_id: _outcome(v) for v in verdicts if v.outcome != APPLIED}
        told |= {txn_id: outcome for txn_id, outcome in known.items() if outcome.outcome != APPLIED}
        return [told[txn.txn_id] for txn in txns if txn.txn_id in told] if told else []

    def known(self, txns: Sequence[SentTxn]) -> dict[bytes, TxnOutcome]:
        """Return the stored outcome of each transaction that was decided before."""
        seqs = {txn.txn_id: txn.seq for txn in txns}
        decided: dict[bytes, TxnOutcome] = {}
        for txn_id, outcome, code, facts in _KNOWN.rows(self._connection, seqs):
            said = msgspec.json.decode(facts) if facts else {}
            decided[txn_id] = TxnOutcome(seqs[txn_id], uuid.UUID(bytes=txn_id), outcome, code or "", said)
        return decided

    def retry_unknown(self) -> int:
        """Deal with what was parked for a newer program and is known by now; returns how many were."""
        rows = parking.parked(self._connection, parked_txn.c.reason == parking.UNKNOWN)
        return sum(self._again(row, frozenset()) is not None for row in rows)

    def _retry_waiting(self, sender: Sender, verdicts: Sequence[Verdict]) -> None:
        """Deal with what waited for records that have come now, and with what waited for those."""
        if not parking.anything_waits(self._connection):
            return
        come = [key for verdict in verdicts for key in verdict.made]
        while come:
            made = frozenset(come)
            come = []
            for row in parking.waiting_for(self._connection, [record_id for _, record_id in made]):
                # A device sends a refused record again whole: older changes of its own are in that already.
                verdict = self._again(row, made if row.device_id == sender.device_id else frozenset())
                come += verdict.made if verdict else []

    def _again(self, row: Row[Any], skipped: frozenset[Key]) -> Verdict | None:
        """Try a parked transaction again; None if it has to stay parked for the same reason."""
        txn = decode_sent(row.payload)
        orgs = self._orgs_of(row.device_id)
        [verdict] = Settler(self._connection, self._graves, orgs, self._now, skipped).settle([txn])
        if verdict.outcome == PARKED:
            return None
        before = self._connection.execute(
            select(applied_txn.c.epoch).where(applied_txn.c.txn_id == row.txn_id)
        ).scalar_one()
        self._connection.execute(delete(applied_txn).where(applied_txn.c.txn_id == row.txn_id))
        parking.unpark(self._connection, [row.txn_id])
        self._keep(Sender(row.device_id, before, orgs), [verdict])
        return verdict

    def _keep(self, sender: Sender, decided: Sequence[Verdict]) -> None:
        """Write what goes with the rows: graves, parked ones, outcomes, and last the log."""
        for verdict in decided:
            for key in verdict.revived:
                self._graves.revive(key)
            for key, org_id, row in verdict.graves:
                self._graves.bury(key, org_id, row)
        parked = [self._parked(sender, verdict) for verdict in decided if verdict.code and _stays(verdict)]
        if parked:
            parking.park(self._connection, parked)
        device, epoch = sender.device_id.bytes, sender.epoch
        bodies = [(verdict, verdict.body) for verdict in decided if verdict.body is not None]
        entries = [_entry(device, epoch, verdict, body) for verdict, body in bodies]
        position = append_stored(self._connection, entries, [_scopes(body) for _, body in bodies])
        rows: list[Values] = []
        for verdict in decided:
            logged = verdict.body is not None
            rows.append(_applied(device, epoch, verdict, position if logged else 0))
            position += logged
        if rows:
            insert_into(applied_txn).many(self._connection, rows)

    def _parked(self, sender: Sender, verdict: Verdict) -> parking.Parked:
        txn = verdict.txn
        return parking.Parked(
            txn.txn_id,
            sender.device_id.bytes,
            txn.seq,
            0,
            verdict.code,
            verdict.waits_for,
            self._now,
            encode_txn(txn),
        )


def _stays(verdict: Verdict) -> bool:
    """Tell whether a transaction has to be kept whole; what was erased by law must not be."""
    return verdict.outcome in {REJECTED, DEFERRED, PARKED} and verdict.code != ERASED


_KNOWN = Among(
    [applied_txn.c.txn_id, applied_txn.c.outcome, applied_txn.c.code, applied_txn.c.facts],
    applied_txn.c.txn_id,
)


def _entry(device: bytes, epoch: int, verdict: Verdict, body: Body) -> StoredEntry:
    txn = verdict.txn
    return txn.txn_id, device, epoch, txn.seq, txn.at, _LOG_OUTCOMES[verdict.outcome], encode_body(body)


def _scopes(body: Body) -> set[bytes]:
    found = {scope_of(change.entity, change.org_id) for change in body.changes}
    return {scope for scope in found if scope is not None}


def _applied(device: bytes, epoch: int, verdict: Verdict, position: int) -> Values:
    """Return the row of `applied_txn`, in the order of its columns."""
    txn = verdict.txn
    facts = msgspec.json.encode(verdict.facts).decode() if verdict.facts else None
    return txn.txn_id, device, epoch, txn.seq, verdict.outcome, position, verdict.code or None, facts


def _outcome(verdict: Verdict) -> TxnOutcome:
    txn = verdict.txn
    return TxnOutcome(txn.seq, uuid.UUID(bytes=txn.txn_id), verdict.outcome, verdict.code, verdict.facts)
