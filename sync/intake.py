"""Taking in a bundle: slices of transactions, each in one database transaction, then the receipt."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.kernel.change_log import head_position
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from sync.apply import SLICE, Applier, Sender
from sync.bundle import BundleHeader
from sync.bundle_reader import BundleReader, Verify
from sync.devices import Device, device_of, orgs_of, set_state, state_of
from sync.entries import SentTxn, decode_sent
from sync.local_tables import inbound_bundle
from sync.protocol import Receipt, TxnOutcome
from sync.retry import retried
from sync.verdicts import APPLIED

_RECEIPT = msgspec.msgpack.Decoder(Receipt)


def stored_receipt(connection: Connection, device_id: Id, bundle_id: str) -> Receipt | None:
    """Return the receipt of a bundle of this device that was dealt with before."""
    data = connection.execute(
        select(inbound_bundle.c.receipt).where(
            inbound_bundle.c.bundle_id == bundle_id, inbound_bundle.c.device_id == device_id
        )
    ).scalar()
    return None if data is None else _RECEIPT.decode(data)


def bundles_between(connection: Connection, start: int, end: int) -> list[str]:
    """Return the bundles dealt with between two times, microseconds UTC."""
    between = (inbound_bundle.c.at >= start) & (inbound_bundle.c.at < end)
    return list(connection.scalars(select(inbound_bundle.c.bundle_id).where(between)))


class Intake:
    """Takes bundles into the centre's store.

    Args:
        store: The centre's store.
        centre_id: Device of the centre.
        now_us: Microseconds UTC.
    """

    def __init__(self, store: Store, centre_id: Id, now_us: Callable[[], int]) -> None:
        self._store = store
        self._centre_id = centre_id
        self._now_us = now_us

    def take(
        self, device: Device, path: Path, header: BundleHeader, bundle_id: str, verify: Verify
    ) -> Receipt:
        """Apply a checked bundle and return its receipt; a crash in between is mended by taking it again.

        Raises:
            DomainError: ``sync.epoch_fork`` or ``sync.gap``; what was applied before it stays applied.
        """
        outcomes: list[TxnOutcome] = []
        for txns in _slices(path, verify):
            decided, position = retried(partial(self._slice, device, header.epoch, txns))
            self._store.ring(position)
            outcomes += [o for o in decided if o.outcome != APPLIED]
        return retried(partial(self._receipt, device, header, bundle_id, outcomes))

    def retry_unknown(self) -> int:
        """Deal with what waited for a newer program; returns how many transactions were dealt with."""

        def work() -> tuple[int, int]:
            with self._store.write() as connection:
                return self._applier(connection).retry_unknown(), head_position(connection)

        done, position = retried(work)
        if done:
            self._store.ring(position)
        return done

    def _applier(self, connection: Connection) -> Applier:
        return Applier(
            connection, self._centre_id, lambda device: orgs_of(connection, device), self._now_us()
        )

    def _slice(self, device: Device, epoch: int, txns: list[SentTxn]) -> tuple[list[TxnOutcome], int]:
        with self._store.write() as connection:
            applier = self._applier(connection)
            state = state_of(connection, device)
            current = device_of(connection, device.device_id)
            if epoch != state.epoch or epoch != current.epoch:
                raise DomainError("sync.epoch_fork", reason="epoch", epoch=current.epoch)
            _refuse_gap(txns, state.last_seq)
            known = applier.known(txns)
            if any(txn.seq <= state.last_seq and txn.txn_id not in known for txn in txns):
                raise DomainError("sync.epoch_fork", reason="copied")
            sender = Sender(device.device_id, epoch, orgs_of(connection, device.device_id))
            outcomes = applier.apply(sender, txns)
            newest = max(txns, key=lambda txn: txn.seq)
            if newest.seq > state.last_seq:
                set_state(connection, device.device_id, last_seq=newest.seq, last_txn=outcomes[-1].txn_id)
            return outcomes, head_position(connection)

    def _receipt(
        self, device: Device, header: BundleHeader, bundle_id: str, outcomes: list[TxnOutcome]
    ) -> Receipt:
        with self._store.write() as connection:
            state = state_of(connection, device)
            known = stored_receipt(connection, device.device_id, bundle_id)
            if known is not None:
                return known
            receipt = Receipt(
                bundle_id=bundle_id, ack_seq=state.last_seq, position=head_position(connection),
                outcomes=outcomes,
            )  # fmt: skip
            row: dict[str, Any] = {
                "bundle_id": bundle_id, "device_id": device.device_id, "first_seq": header.first,
                "last_seq": header.last, "at": self._now_us(), "receipt": msgspec.msgpack.encode(receipt),
            }  # fmt: skip
            connection.execute(inbound_bundle.insert(), row)
            return receipt


def _slices(path: Path, verify: Verify) -> Iterator[list[SentTxn]]:
    with path.open("rb") as stream:
        txns = map(_opened, BundleReader(stream, verify).transactions())
        while piece := list(islice(txns, SLICE)):
            yield piece


def _opened(data: bytes) -> SentTxn:
    try:
        txn = decode_sent(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DomainError("bundle.bad_transaction") from error
    if len(txn.txn_id) != 16:
        raise DomainError("bundle.bad_transaction")
    return txn


def _refuse_gap(txns: list[SentTxn], last_seq: int) -> None:
    expected = min(txns[0].seq, last_seq + 1)
    for txn in txns:
        if txn.seq != expected:
            raise DomainError("sync.gap", expected=last_seq + 1, found=txn.seq)
        expected += 1
