"""Taking in a bundle: slices of transactions, each in one database transaction, then the receipt."""

import math
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, BinaryIO

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
from sync.settle import MoreCareError
from sync.uncollected import uncollected

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
        self,
        device: Device,
        opened: Callable[[], BinaryIO],
        header: BundleHeader,
        bundle_id: str,
        verify: Verify,
        transactions: Sequence[bytes] | None = None,
    ) -> Receipt:
        """Apply a checked bundle and return its receipt; a crash in between is mended by taking it again.

        Args:
            device: Who sent it.
            opened: Opens its bytes.
            header: What it says of itself.
            bundle_id: Its name.
            verify: Proves its signature, if it has to be read again.
            transactions: All of it, if whoever checked it has kept them.

        Raises:
            DomainError: ``sync.epoch_fork`` or ``sync.gap``; what was applied before it stays applied.
        """
        bundle = _Bundle(device, header, bundle_id)
        outcomes: list[TxnOutcome] = []
        pieces = (
            _slices(opened, verify, header.count)
            if transactions is None
            else _pieces(iter(transactions), header.count)
        )
        piece = next(pieces, None)
        while piece is not None:
            after = next(pieces, None)
            work = partial(self._slice, bundle, piece, outcomes if after is None else None)
            decided, position, receipt = retried(work)
            self._store.ring(position)
            if receipt is not None:
                return receipt
            outcomes += decided
            piece = after
        return retried(partial(self._without_transactions, bundle))

    def retry_unknown(self) -> int:
        """Deal with what waited for a newer program; returns how many transactions were dealt with."""

        def work() -> tuple[int, int]:
            with self._store.write() as connection:
                return self._applier(connection).retry_unknown(), head_position(connection)

        done, position = retried(work)
        if done:
            self._store.ring(position)
        return done

    def _applier(self, connection: Connection, *, careful: bool = True) -> Applier:
        return Applier(
            connection, self._centre_id, lambda device: orgs_of(connection, device), self._now_us(),
            careful=careful,
        )  # fmt: skip

    def _slice(
        self, bundle: "_Bundle", txns: list[SentTxn], before: list[TxnOutcome] | None
    ) -> tuple[list[TxnOutcome], int, Receipt | None]:
        """Apply a slice in one transaction; the last one writes the receipt, of the outcomes `before` it too.

        Returns:
            What was not simply applied, the position reached, and the receipt if it was the last slice.
        """
        try:
            return self._applied(bundle, txns, before, careful=False)
        except MoreCareError:
            return self._applied(bundle, txns, before, careful=True)

    def _applied(
        self, bundle: "_Bundle", txns: list[SentTxn], before: list[TxnOutcome] | None, *, careful: bool
    ) -> tuple[list[TxnOutcome], int, Receipt | None]:
        device, epoch = bundle.device, bundle.header.epoch
        with uncollected(), self._store.write(bulk=True) as connection:
            applier = self._applier(connection, careful=careful)
            state = state_of(connection, device)
            current = device_of(connection, device.device_id)
            if epoch != state.epoch or epoch != current.epoch:
                raise DomainError("sync.epoch_fork", reason="epoch", epoch=current.epoch)
            _refuse_gap(txns, state.last_seq)
            if txns[0].seq <= state.last_seq:
                known = applier.known(txns)
                if any(txn.seq <= state.last_seq and txn.txn_id not in known for txn in txns):
                    raise DomainError("sync.epoch_fork", reason="copied")
            sender = Sender(device.device_id, epoch, orgs_of(connection, device.device_id))
            told = applier.apply(sender, txns)
            acked = max(state.last_seq, txns[-1].seq)
            if acked > state.last_seq:
                last = uuid.UUID(bytes=txns[-1].txn_id)
                set_state(connection, device.device_id, last_seq=acked, last_txn=last)
            position = head_position(connection)
            receipt = None
            if before is not None:
                receipt = self._receipt(connection, bundle, acked, position, [*before, *told])
            return told, position, receipt

    def _without_transactions(self, bundle: "_Bundle") -> Receipt:
        with self._store.write() as connection:
            state = state_of(connection, bundle.device)
            return self._receipt(connection, bundle, state.last_seq, head_position(connection), [])

    def _receipt(
        self, connection: Connection, bundle: "_Bundle", acked: int, position: int, outcomes: list[TxnOutcome]
    ) -> Receipt:
        """Keep and return the receipt; the one that is there if another process was first."""
        known = stored_receipt(connection, bundle.device.device_id, bundle.bundle_id)
        if known is not None:
            return known
        receipt = Receipt(bundle_id=bundle.bundle_id, ack_seq=acked, position=position, outcomes=outcomes)
        row: dict[str, Any] = {
            "bundle_id": bundle.bundle_id, "device_id": bundle.device.device_id, "first_seq": bundle.header.first,
            "last_seq": bundle.header.last, "at": self._now_us(), "receipt": msgspec.msgpack.encode(receipt),
        }  # fmt: skip
        connection.execute(inbound_bundle.insert(), row)
        return receipt


@dataclass(frozen=True, slots=True)
class _Bundle:
    """A bundle that is taken in: who sent it, what it says of itself, its name."""

    device: Device
    header: BundleHeader
    bundle_id: str


def _slices(opened: Callable[[], BinaryIO], verify: Verify, count: int) -> Iterator[list[SentTxn]]:
    """Yield the transactions of a bundle in slices of about one length, none longer than `SLICE`."""
    with opened() as stream:
        yield from _pieces(BundleReader(stream, verify).transactions(), count)


def _pieces(transactions: Iterator[bytes], count: int) -> Iterator[list[SentTxn]]:
    length = math.ceil(count / max(math.ceil(count / SLICE), 1)) or 1
    txns = map(_opened, transactions)
    while piece := list(islice(txns, length)):
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
    if len({txn.txn_id for txn in txns}) < len(txns):
        raise DomainError("bundle.bad_transaction")
    expected = min(txns[0].seq, last_seq + 1)
    for txn in txns:
        if txn.seq != expected:
            raise DomainError("sync.gap", expected=last_seq + 1, found=txn.seq)
        expected += 1
