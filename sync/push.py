"""The outbox of a branch: its own log entries, packed into bundles, and what the centre said of them.

A packed bundle never changes, and lies sealed: a retry sends the same bytes, so an upload always resumes. The next
begins where the one before ends, and may be packed before the receipt of that; see `sync.sending`.
"""

import os
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, select, update

from domain.kernel.change_log import (
    SCHEMA_VERSION,
    Body,
    Change,
    append_entry,
    decode_body,
    decode_glance,
    encode_body,
)
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id, new_id
from domain.kernel.store import Store
from sync.bundle import MAX_COUNT, MAX_RAW, BundleHeader, pack
from sync.device_auth import Signer
from sync.entries import SentTxn, cut_body, encode_txn
from sync.identity import Identity, identity_of, progress_of, set_progress
from sync.local_tables import outbound_bundle, push_outcome, refused_record
from sync.merge import whole
from sync.pending import own_entries
from sync.protocol import Receipt, TxnOutcome
from sync.rows import Key, Rows
from sync.shapes import shape_of

RESEND = "sync.resend"
_NONCE = bytes(12)
"""Each key seals one file."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle on disk, ready to go; its file is sealed under `key`, which only the store knows."""

    bundle_id: str
    path: Path
    size: int
    first_seq: int
    last_seq: int
    key: bytes

    def data(self) -> bytes:
        """Return the bundle; UnavailableError ``blob.damaged``: it is packed anew the next time."""
        try:
            found = self.path.read_bytes()
            # An earlier program has left it as it is sent.
            return AESGCM(self.key).decrypt(_NONCE, found, None) if self.key else found
        except (OSError, InvalidTag) as error:
            self.path.unlink(missing_ok=True)
            raise UnavailableError("blob.damaged", sha256=self.bundle_id) from error


class Outbox:
    """Packs what this branch has to send, and settles what was sent.

    Args:
        store: The branch's store.
        folder: Where bundles lie until they are settled.
        signer: Key of the workstation.
        now_us: Microseconds UTC.
    """

    def __init__(self, store: Store, folder: Path, signer: Signer, now_us: Callable[[], int]) -> None:
        self._store = store
        self._folder = folder
        self._signer = signer
        self._now_us = now_us
        folder.mkdir(parents=True, exist_ok=True)

    def next_bundle(self, after: int | None = None) -> Packed | None:
        """Return the bundle to send next, packing it if need be; None if there is nothing to send.

        Args:
            after: Number of the last transaction of the bundle before, if its receipt is not settled yet; what was
                packed beyond is there still or is packed anew.
        """
        with self._store.read() as connection:
            after = progress_of(connection).acked_seq if after is None else after
            packed = self._waiting(connection, after)
        return packed or self._pack(after)

    def unsent(self) -> int:
        """Return how many own transactions the centre has not decided."""
        with self._store.read() as connection:
            progress = progress_of(connection)
        return max(progress.last_seq - progress.acked_seq, 0)

    def settle(self, packed: Packed, receipt: Receipt) -> None:
        """Note what became of a bundle, in one transaction, then let its file go.

        What was packed beyond it goes too if it changes a record that was refused: that has to be sent whole.
        """
        overtaken: list[str] = []
        with self._store.write() as connection:
            identity = identity_of(connection)
            outcomes = _news(connection, receipt.outcomes)
            for outcome in outcomes:
                self._note(connection, outcome)
            refused = _note_refused_records(connection, identity, outcomes)
            if refused:
                overtaken = _drop_overtaken(connection, identity, packed.last_seq, refused)
            acked = max(progress_of(connection).acked_seq, packed.last_seq)
            set_progress(connection, acked_seq=acked)
            connection.execute(
                update(outbound_bundle)
                .where(outbound_bundle.c.bundle_id == packed.bundle_id)
                .values(state="acked", position=receipt.position)
            )
        for path in (packed.path, *map(Path, overtaken)):
            path.unlink(missing_ok=True)

    def resend(self, entity: str, record_id: Id) -> bool:
        """Send a record the centre refused again as it is, for when what stood in its way is gone.

        Returns:
            Whether it had been refused and is here; else nothing happens.
        """
        key = (entity, record_id.bytes)
        with self._store.write() as connection:
            if key not in _refused_keys(connection):
                return False
            identity = identity_of(connection)
            rows = Rows(connection)
            rows.load([key])
            shape, row = shape_of(entity), rows.get(key)
            if shape is None or row is None:
                return False
            change = Change(entity, key[1], row["org_id"], "ins", 0, whole(shape, row), {})
            body = Body(RESEND, None, "system", identity.org_id.bytes, SCHEMA_VERSION, [change])
            position = append_entry(
                connection, txn_id=new_id(), device_id=identity.device_id, at=self._now_us(), body=body,
                for_sync=True,
            )  # fmt: skip
        self._store.ring(position)
        return True

    def sweep(self) -> None:
        """Remove files of bundles that nobody knows any more."""
        with self._store.read() as connection:
            known = set(connection.scalars(select(outbound_bundle.c.path)))
        for path in self._folder.iterdir():
            if path.is_file() and str(path) not in known:
                path.unlink(missing_ok=True)

    def _waiting(self, connection: Connection, after: int) -> Packed | None:
        row = connection.execute(
            select(outbound_bundle).where(
                outbound_bundle.c.state == "packed", outbound_bundle.c.first_seq == after + 1
            )
        ).first()
        if row is None or not Path(row.path).exists():
            return None
        return Packed(
            row.bundle_id, Path(row.path), row.size, row.first_seq, row.last_seq, row.file_key or b""
        )

    def _pack(self, after: int) -> Packed | None:
        with self._store.read() as connection:
            identity = identity_of(connection)
            txns = self._next_txns(connection, identity, after)
        if not txns:
            return None
        header = BundleHeader(
            schema_ver=SCHEMA_VERSION, scope=str(identity.org_id), device=str(identity.device_id),
            epoch=identity.epoch, first=txns[0].seq, last=txns[-1].seq, key_id="device",
        )  # fmt: skip
        bundle = pack(header, map(encode_txn, txns), self._signer.sign)
        path = self._folder / f"{bundle.bundle_id}.csb"
        key = AESGCM.generate_key(256)  # of this file alone
        _write_durably(path, AESGCM(key).encrypt(_NONCE, bundle.data, None))
        row = {
            "bundle_id": bundle.bundle_id, "first_seq": header.first, "last_seq": header.last,
            "path": str(path), "size": len(bundle.data), "state": "packed", "file_key": key,
        }  # fmt: skip
        with self._store.write() as connection:
            _forget_packed(connection, after)
            connection.execute(delete(outbound_bundle).where(outbound_bundle.c.bundle_id == bundle.bundle_id))
            connection.execute(outbound_bundle.insert(), row)
        return Packed(bundle.bundle_id, path, len(bundle.data), header.first, header.last, key)

    def _next_txns(self, connection: Connection, identity: Identity, after: int) -> list[SentTxn]:
        refused = {(row.entity, row.record_id.bytes) for row in connection.execute(select(refused_record))}
        txns: list[SentTxn] = []
        raw = 0
        for own in own_entries(connection, identity, after, MAX_COUNT):
            body = _sendable(connection, own.body, refused)
            if txns and raw + len(body) > MAX_RAW:
                break
            txns.append(SentTxn(own.dev_seq, own.txn_id, own.at, body))
            raw += len(body)
        return txns

    def _note(self, connection: Connection, outcome: TxnOutcome) -> None:
        connection.execute(delete(push_outcome).where(push_outcome.c.dev_seq == outcome.seq))
        connection.execute(
            push_outcome.insert(),
            {
                "dev_seq": outcome.seq, "outcome": outcome.outcome, "code": outcome.code or None,
                "facts": msgspec.json.encode(outcome.facts).decode(), "at": self._now_us(), "seen": False,
            },
        )  # fmt: skip


def _refused_keys(connection: Connection) -> set[Key]:
    return {(row.entity, row.record_id.bytes) for row in connection.execute(select(refused_record))}


def _sendable(connection: Connection, data: bytes, refused: AbstractSet[Key]) -> bytes:
    """Return a body as it is sent: shared changes only, and records the centre refused before sent whole."""
    data = cut_body(data, None)
    if not refused:
        return data
    body = decode_body(data)
    again = [c for c in body.changes if (c.entity, c.record_id) in refused and c.op == "upd"]
    if not again:
        return data
    rows = Rows(connection)
    rows.load((change.entity, change.record_id) for change in again)
    changes = [_whole_again(rows, change) if change in again else change for change in body.changes]
    typed = [{"entity": c.entity, "record_id": c.record_id, "wanted": c.fields} for c in again]
    note = {**body.note, "sent_whole": typed}
    return encode_body(msgspec.structs.replace(body, changes=changes, note=note))


def _whole_again(rows: Rows, change: Change) -> Change:
    shape = shape_of(change.entity)
    row = None if shape is None else rows.get((change.entity, change.record_id))
    if shape is None or row is None:
        return change
    return msgspec.structs.replace(change, op="ins", base_ver=0, fields=whole(shape, row), base={})


def _note_refused_records(
    connection: Connection, identity: Identity, outcomes: Iterable[TxnOutcome]
) -> set[Key]:
    """Remember new records of transactions that were rejected whole: they are here and not at the centre."""
    refused: set[Key] = set()
    for outcome in outcomes:
        if outcome.outcome != "rejected":
            continue
        for row in own_entries(connection, identity, outcome.seq - 1, 1):
            for change in decode_body(row.body).changes:
                if change.op == "ins" and shape_of(change.entity) is not None:
                    _refuse(connection, change, outcome)
                    refused.add((change.entity, change.record_id))
    return refused


def _forget_packed(connection: Connection, after: int) -> None:
    """Forget packed bundles that do not end before the transaction after `after`; their files go with `sweep`."""
    beyond = (outbound_bundle.c.state == "packed") & (outbound_bundle.c.last_seq > after)
    connection.execute(delete(outbound_bundle).where(beyond))


def _drop_overtaken(
    connection: Connection, identity: Identity, after: int, refused: AbstractSet[Key]
) -> list[str]:
    """Forget what was packed after a number if it changes one of these records; returns the files."""
    beyond = (outbound_bundle.c.state == "packed") & (outbound_bundle.c.first_seq > after)
    packed = connection.execute(
        select(outbound_bundle.c.path, outbound_bundle.c.last_seq).where(beyond)
    ).all()
    last = max((row.last_seq for row in packed), default=after)
    for own in own_entries(connection, identity, after, last - after):
        if any((touch.entity, touch.record_id) in refused for touch in decode_glance(own.body).changes):
            connection.execute(delete(outbound_bundle).where(beyond))
            return [row.path for row in packed]
    return []


def _news(connection: Connection, outcomes: Iterable[TxnOutcome]) -> list[TxnOutcome]:
    """Return what was not told before: under a new identity old transactions are sent, and answered, once more.

    What has come back was dealt with, perhaps by mending it since; a verdict that is another than then is news.
    """
    settled = progress_of(connection).settled_seq
    query = select(push_outcome.c.dev_seq, push_outcome.c.outcome, push_outcome.c.code)
    told = {(row.dev_seq, row.outcome, row.code or "") for row in connection.execute(query)}
    return [o for o in outcomes if o.seq > settled or (o.seq, o.outcome, o.code) not in told]


def _refuse(connection: Connection, change: Change, outcome: TxnOutcome) -> None:
    forget_refused(connection, [(change.entity, change.record_id)])
    values: dict[str, Any] = {
        "entity": change.entity, "record_id": Id(bytes=change.record_id), "dev_seq": outcome.seq,
        "code": outcome.code[:80],
    }  # fmt: skip
    connection.execute(refused_record.insert(), values)


def forget_refused(connection: Connection, keys: Iterable[Key]) -> None:
    """Forget that the centre refused these records: it has them now."""
    for entity, record_id in keys:
        connection.execute(
            delete(refused_record).where(
                refused_record.c.entity == entity, refused_record.c.record_id == Id(bytes=record_id)
            )
        )


def _write_durably(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all after a power cut."""
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UnavailableError("store.disk_full", reason=error.strerror or "") from error
