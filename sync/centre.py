"""The centre's half of sync: what its routes call.

`CentreSync` takes the device id that the route has authenticated. All methods may be called from any thread and
by any number of processes on one database.
"""

import functools
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from domain.exchange.commands import Renewed, RenewWorkstation
from domain.kernel.authority import system_actor
from domain.kernel.change_log import SCHEMA_VERSION, head_position
from domain.kernel.clock import Clock, utc_now
from domain.kernel.columns import to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, IdSource, new_id
from domain.kernel.store import Store
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync.blob_columns import blob_visible
from sync.blobs import BlobStore
from sync.bundle import BundleHeader, pack
from sync.bundle_reader import read_bundle
from sync.device_auth import public_text, signature_fits
from sync.devices import (
    Device,
    all_scopes,
    device_of,
    greet,
    note_refusal,
    notice_life,
    orgs_of,
    start_epoch,
)
from sync.digest import bucket_digests, store_digest
from sync.entries import encode_txn
from sync.feed import entries_for, standing
from sync.graves import Graves
from sync.intake import Intake, bundles_between, stored_receipt
from sync.lives import begin_life, common_position, life_of, mark_at
from sync.mending import shared_rows
from sync.nightly import Nightly
from sync.protocol import (
    Cursor,
    DigestReply,
    DigestRequest,
    Fork,
    Hello,
    NewEpoch,
    PullReply,
    PullRequest,
    Receipt,
    RowsReply,
    RowsRequest,
    SnapshotAsk,
    SnapshotFound,
    SnapshotKey,
    SnapshotKeyAsk,
    Welcome,
)
from sync.pruning import LEAST, prune
from sync.retry import retried
from sync.snapshots import Snapshots
from sync.tus.handover import FinishedUpload

PULL_LIMIT = 2000
KEPT_BYTES = 4 << 20
"""Transactions of a bundle up to so much stay in memory once they are checked; larger ones are read again."""
BUNDLES_KEPT = timedelta(days=7)
SWEPT = timedelta(days=60)
"""How far back `sweep` looks for bundles that an earlier run missed."""


class CentreSync:
    """The centre as sync sees it.

    Args:
        store: The centre's store.
        device_id: Installation of the centre itself (the actor of its commands).
        key: Signs what branches pull.
        blobs: Files by content; bundles that branches send arrive here too.
        clock: Time.
        ids: Source of ids.
    """

    def __init__(
        self,
        store: Store,
        *,
        device_id: Id,
        key: Ed25519PrivateKey,
        blobs: BlobStore,
        clock: Clock = utc_now,
        ids: IdSource = new_id,
    ) -> None:
        self.store = store
        self.device_id = device_id
        self.blobs = blobs
        self._arrived = blobs.root.parent / "bundles-arrived"
        self._key = key
        self._clock = clock
        self._ids = ids
        self.snapshots = Snapshots(store, blobs.root.parent / "snapshots", key, self.now_us)
        self.nightly = Nightly(store, self.snapshots, self.now_us)
        self._intake = Intake(store, device_id, self.now_us)

    def now_us(self) -> int:
        """Return the centre's clock in microseconds UTC."""
        return to_microseconds(self._clock())

    @functools.cached_property
    def server_key(self) -> str:
        """Public key (base64) of what branches pull; told to a workstation when it enrols."""
        return public_text(self._key)

    def public_key(self, device_id: Id) -> str:
        """Return the key a workstation signs with, for `device_auth.RequestVerifier`; raises as `hello`."""
        with self.store.read() as connection:
            return device_of(connection, device_id).public_key

    def hello(self, device_id: Id, hello: Hello) -> Welcome:
        """Greet a workstation.

        Raises:
            DomainError: ``sync.device_unknown``, ``sync.device_revoked``, ``sync.proto_unsupported``, or
                ``sync.epoch_fork`` (answer 409): its store went back or was copied; it must call `fork`.
        """
        _refuse_other(device_id, hello.device_id)

        def work() -> Welcome:
            with self.store.write() as connection:
                welcome = greet(
                    connection, device_of(connection, device_id), hello, self.now_us(), self.server_key
                )
            told: Welcome = msgspec.structs.replace(welcome, centre=self.device_id)
            return told

        try:
            return retried(work)
        except DomainError as error:
            if error.code == "sync.epoch_fork":
                with self.store.write() as connection:
                    notice_life(connection, device_of(connection, device_id), hello, self.now_us())
            if error.code in {"sync.device_revoked", "sync.proto_unsupported"}:
                with self.store.write() as connection:
                    note_refusal(connection, device_id)
            raise

    def fork(self, device_id: Id, fork: Fork) -> NewEpoch:
        """Give a workstation whose store went back, or was copied, a new life and a new number prefix."""
        _refuse_other(device_id, fork.device_id)
        with self.store.read() as connection:
            device = device_of(connection, device_id)
        dispatcher = Dispatcher(self.store, clock=self._clock, ids=self._ids)
        actor = system_actor(device.org_id, self.device_id)
        order = RenewWorkstation(workstation_id=device_id, epoch=max(fork.epoch, 1))
        renewed: Renewed = dispatcher.run(order, actor).receipt

        def work() -> int:
            with self.store.write() as connection:
                return start_epoch(connection, device, fork, renewed.epoch)

        keep_seq = retried(work)
        return NewEpoch(epoch=renewed.epoch, number_prefix=renewed.number_prefix, keep_seq=keep_seq)

    def renew_life(self) -> str:
        """Begin a new life of the log: somebody has put a backup back. Returns its name.

        Branches notice by themselves too; saying so spares the first of them the finding out.
        """

        def work() -> str:
            with self.store.write() as connection:
                return begin_life(connection, "restored", head_position(connection), self.now_us())

        return retried(work)

    def accept_upload(self, finished: FinishedUpload) -> None:
        """Take a finished tus upload, bundle or file: the `on_complete` of the tus engine."""
        if finished.metadata.get("kind") == "bundle":
            self._note_arrival(finished.sha256)
        self.blobs.adopt(finished.path, finished.sha256, sealed=finished.sealed)

    def _note_arrival(self, bundle_id: str) -> None:
        """Note when a bundle came: its branch may pack otherwise and never ask for it to be applied."""
        self._arrived.mkdir(exist_ok=True)
        mark, now_s = self._arrived / bundle_id, self.now_us() / 1e6
        mark.touch()
        os.utime(mark, (now_s, now_s))

    def already_have(self, sha256: str, _owner: str) -> bool:
        """Tell whether the content is here: the `already_have` of the tus engine."""
        return self.blobs.has(sha256)

    def apply_bundle(self, device_id: Id, bundle_id: str) -> Receipt:
        """Apply an uploaded bundle, each transaction once, and return the receipt; asked again, the same.

        Raises:
            UnavailableError: ``blob.missing``: it was not uploaded yet.
            DomainError: ``bundle.*`` (damaged, or not signed by this device), ``sync.epoch_fork``,
                ``sync.gap`` (fact `expected`: number of the transaction that comes next).
        """
        with self.store.read() as connection:
            device = device_of(connection, device_id)
            known = stored_receipt(connection, device_id, bundle_id)
        if known is not None:
            return known
        opened = functools.partial(self.blobs.open, bundle_id)
        verify = functools.partial(_signed_by, device)
        with opened() as stream:
            header, _, transactions = read_bundle(stream, verify, KEPT_BYTES)
        return self._intake.take(device, opened, header, bundle_id, verify, transactions)

    def pull(self, device_id: Id, request: PullRequest) -> PullReply:
        """Return what a workstation has not seen of its scopes; cursors of other scopes are dropped.

        Raises:
            DomainError: ``sync.other_life``: the log went back since the branch read it; it must greet again.
        """
        with self.store.read() as connection:
            device_of(connection, device_id)
            _check_life(connection, request.life)
            allowed = {*orgs_of(connection, device_id), CATALOGUE_SCOPE}
            cursors = {c.org_id: c.position for c in request.cursors if c.org_id in allowed}
            cursors |= dict.fromkeys(allowed - cursors.keys(), 0)
            piece = entries_for(connection, cursors, min(request.limit, PULL_LIMIT))
            mark = mark_at(connection, piece.head)
        bundle = None
        if piece.entries:
            header = BundleHeader(
                schema_ver=SCHEMA_VERSION, scope="centre", device=str(self.device_id), epoch=1,
                first=piece.entries[0].position, last=piece.entries[-1].position, key_id="centre",
            )  # fmt: skip
            bundle = pack(header, map(encode_txn, piece.entries), self._key.sign).data
        cursors_after = [Cursor(org, position) for org, position in sorted(piece.cursors.items())]
        return PullReply(bundle=bundle, cursors=cursors_after, head=piece.head, more=piece.more, mark=mark)

    def digest(self, device_id: Id, request: DigestRequest) -> DigestReply:
        """Return count and digest of the rows of a workstation's scopes, and the position they stand at.

        Raises as `pull`.
        """
        with self.store.read() as connection:
            device_of(connection, device_id)
            _check_life(connection, request.life)
            if (
                request.mark is not None
                and common_position(connection, [request.mark]) < request.mark.position
            ):
                raise DomainError("sync.other_life")
            allowed = {*orgs_of(connection, device_id), CATALOGUE_SCOPE}
            scopes = allowed.intersection(request.scopes)
            position = standing(connection, scopes, request.position)
            if request.entity:
                return DigestReply(position, {}, bucket_digests(connection, request.entity, scopes))
            return DigestReply(position, store_digest(connection, scopes))

    def rows(self, device_id: Id, request: RowsRequest) -> RowsReply:
        """Return the rows of an entity in some buckets, of a workstation's scopes; raises as `pull`."""
        with self.store.read() as connection:
            device_of(connection, device_id)
            _check_life(connection, request.life)
            allowed = {*orgs_of(connection, device_id), CATALOGUE_SCOPE}
            scopes = allowed.intersection(request.scopes)
            position = standing(connection, scopes, request.position)
            return RowsReply(position, shared_rows(connection, request.entity, request.buckets, scopes))

    def snapshot(self, device_id: Id, request: SnapshotAsk) -> SnapshotFound:
        """Return the manifest of a snapshot of a workstation's scopes.

        Raises:
            UnavailableError: ``snapshot.making``: it is being made; ask again after `retry_after_s`.
        """
        with self.store.read() as connection:
            device_of(connection, device_id)
            orgs = {*orgs_of(connection, device_id), CATALOGUE_SCOPE}
        oldest_us = self.now_us() - request.oldest_s * 1_000_000
        return SnapshotFound(self.snapshots.ask(orgs, oldest_us, request.form))

    def snapshot_key(self, device_id: Id, request: SnapshotKeyAsk) -> SnapshotKey:
        """Return the key of a snapshot of this centre's; ``snapshot.unknown`` unless the device may see all of it."""
        with self.store.read() as connection:
            device_of(connection, device_id)
            orgs = {*orgs_of(connection, device_id), CATALOGUE_SCOPE}
        return SnapshotKey(self.snapshots.key_for(request.sealed, frozenset(orgs)))

    def part_path(self, device_id: Id, snapshot_id: str, name: str) -> Path:
        """Return the file of a part of a snapshot; ``snapshot.unknown`` for one that is not this device's."""
        with self.store.read() as connection:
            device_of(connection, device_id)
            orgs = {*orgs_of(connection, device_id), CATALOGUE_SCOPE}
        return self.snapshots.part_path(snapshot_id, name, frozenset(orgs))

    def make_snapshots(self) -> int:
        """Make a snapshot for each group of organisations that workstations follow, whatever is there."""
        with self.store.read() as connection:
            wanted = {frozenset({*orgs, CATALOGUE_SCOPE}) for orgs in all_scopes(connection)}
        for orgs in wanted:
            self.snapshots.make(orgs)
        return len(wanted)

    def lacking_blobs(self, device_id: Id, names: Sequence[str]) -> list[str]:
        """Return which of these files the centre lacks; ``blob.bad_name`` for what is no hash."""
        with self.store.read() as connection:
            device_of(connection, device_id)
        return [name for name in names if not self.blobs.has(name)]

    def check_blob(self, device_id: Id, sha256: str) -> None:
        """Refuse a file that is not here, or that no record in the workstation's scopes refers to.

        Raises:
            DomainError: ``blob.not_visible``.
            UnavailableError: ``blob.missing``: it has not arrived yet.
        """
        with self.store.read() as connection:
            device_of(connection, device_id)
            if not blob_visible(connection, sha256, orgs_of(connection, device_id)):
                raise DomainError("blob.not_visible", sha256=sha256)
        self.blobs.size(sha256)

    def sweep(self) -> int:
        """Remove the files of bundles dealt with, or that came and were never asked for, `BUNDLES_KEPT` ago.

        The log has all that the first held, their branches have what the others held. Call it daily.
        """
        until = self.now_us() - BUNDLES_KEPT // timedelta(microseconds=1)
        with self.store.read() as connection:
            old = bundles_between(connection, until - SWEPT // timedelta(microseconds=1), until)
        marks = self._arrived.iterdir() if self._arrived.exists() else ()
        arrived = [mark for mark in marks if mark.stat().st_mtime < until / 1e6]
        there = [name for name in {*old, *(mark.name for mark in arrived)} if self.blobs.has(name)]
        for name in there:
            self.blobs.remove(name)
        for mark in arrived:
            mark.unlink(missing_ok=True)
        return len(there)

    def prune(self, least: int = LEAST) -> int:
        """Remove entries of the log that nobody needs any more, but `least`; call it daily."""

        def read_deletions() -> None:
            with self.store.write() as connection:
                Graves(connection, self.device_id).catch_up()

        retried(read_deletions)  # the centre's own are nowhere but in the log
        return prune(self.store, self.now_us(), self.device_id, least)

    def retry_parked(self) -> int:
        """Deal with transactions that waited for a newer program; call it after an upgrade."""
        return self._intake.retry_unknown()


def _check_life(connection: Connection, read: str) -> None:
    if read and read != life_of(connection):
        raise DomainError("sync.other_life")


def _refuse_other(device_id: Id, named: Id) -> None:
    if device_id != named:
        raise DomainError("sync.device_unknown")


def _signed_by(device: Device, header: BundleHeader, message: bytes, signature: bytes) -> bool:
    return header.device == str(device.device_id) and signature_fits(device.public_key, message, signature)
