"""What a branch and the centre say to each other: one protocol, met in memory and over HTTP.

A branch talks to a `Centre`: `sync.local_centre.LocalCentre` in the same process, `sync.http_client.HttpCentre` over
the network; the rules are the same. Over HTTP the messages are msgpack, errors are problem documents (RFC 9457)
with `code` and `facts`, and every request is signed (`sync.device_auth`):

==========  ==================================  =================================================================
method      path under ``/sync/v1``             body and answer
==========  ==================================  =================================================================
POST        ``/hello``                          `Hello` -> `Welcome`; 409 for ``sync.epoch_fork``
POST        ``/fork``                           `Fork` -> `NewEpoch`
POST, ...   ``/uploads``, ``/uploads/{id}``     tus; metadata ``kind`` is ``bundle`` or ``blob``
POST        ``/bundles/{bundle_id}``            empty -> `Receipt`; 404 ``blob.missing``: upload it first
POST        ``/pull``                           `PullRequest` -> `PullReply`
POST        ``/digest``                         `DigestRequest` -> `DigestReply`
POST        ``/rows``                           `RowsRequest` -> `RowsReply`
POST        ``/snapshot``                       `SnapshotAsk` -> `SnapshotFound`; 503 ``snapshot.making``
GET         ``/snapshots/{id}/{name}``          a part; honours ``Range``
POST        ``/blobs/lacking``                  `BlobList` -> `BlobList`: those the centre lacks
GET, HEAD   ``/blobs/{sha256}``                 the bytes; honours ``Range``, answers ``ETag`` = the hash
POST        ``/sign-in``                        `SignIn` -> `SignedIn` (`sync.asking`): a person, for `Ask`
POST        ``/ask``                            `Ask` -> `Answered`: a command that the centre alone carries out
POST        ``/program``                        empty -> `Offer`: the version this workstation is to run
GET         ``/program/{kind}/{name}``          ``metadata`` or ``targets`` of the vendor; honours ``Range``
GET         ``/wait?position=&longest_s=``      ``{"head": n}`` once there is more for this device, or 204
==========  ==================================  =================================================================
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec

from domain.kernel.ids import Id
from sync.blobs import Landing
from sync.tus.source import Source

PROTO_MIN = 1
PROTO_MAX = 1
MEDIA_TYPE = "application/vnd.aftercheck.sync+msgpack"

Whole = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A position, number or size; what no database could hold is refused where it is read."""
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

Progress = Callable[[int, int], None]
"""Told (done, total), in bytes."""


class Cursor(msgspec.Struct, frozen=True):
    """How far a scope has been read; the all-zero id is the catalogue."""

    org_id: Id
    position: Whole


class Mark(msgspec.Struct, array_like=True, frozen=True):
    """A position of the centre's log and the transaction that stood there when the branch read it."""

    position: Whole
    txn_id: bytes


class NodeReport(msgspec.Struct, array_like=True, frozen=True):
    """What a branch tells of itself for the operations page.

    Attributes:
        backlog: Own transactions the centre has not decided.
        backlog_bytes: Their size.
        oldest_s: Age of the oldest of them, by the branch's own clock, which cancels out.
        files: Files that wait to go.
        file_bytes: Their size.
        failures: Uploads that failed in a row although the centre had greeted.
        rate: Bytes a second of the last upload.
        stage: How far it is filled (`sync.bootstrap.Stage`).
        closing: The program is about to end.
        settings: Versions of settings it has taken in (`domain.exchange.settings_in_force`); 0 of an older program.
        knowledge: Versions of knowledge it has taken in; -1 of an older program, which does not say.
    """

    backlog: Int64 = 0
    backlog_bytes: Int64 = 0
    oldest_s: Int64 = 0
    files: Int64 = 0
    file_bytes: Int64 = 0
    failures: Int64 = 0
    rate: Int64 = 0
    stage: str = ""
    closing: bool = False
    settings: Int64 = 0
    knowledge: Int64 = -1


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """How a branch introduces itself.

    Attributes:
        device_id: Installation.
        epoch: Life of its identity, as the centre told it last.
        last_seq: Number of its newest transaction for sync, 0 for none.
        acked_seq: Newest number it knows the centre has decided.
        nonce: What the last `Welcome` gave; empty at first.
        proto_min: Oldest protocol it speaks.
        proto_max: Newest protocol it speaks.
        schema_ver: Shape of its records.
        program: Version of the program.
        at: Its clock, microseconds UTC: measured, never trusted.
        life: Life of the centre's log that the branch has read; empty at first.
        marks: Positions it has read, newest first; with them the centre notices that its log went back.
        cursors: How far each scope has been read; with them the answer says whether there is anything to pull.
        report: For the operations page.
    """

    device_id: Id
    epoch: Whole
    last_seq: Whole
    acked_seq: Whole
    nonce: str
    schema_ver: Whole
    at: Int64
    proto_min: Whole = PROTO_MIN
    proto_max: Whole = PROTO_MAX
    program: str = ""
    life: str = ""
    marks: list[Mark] = []
    cursors: list[Cursor] = []
    report: NodeReport | None = None


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """The centre's answer.

    Attributes:
        proto: Protocol to speak.
        schema_ver: Shape of the centre's records.
        at: The centre's clock, microseconds UTC.
        skew_us: Centre minus branch, as the centre measured it.
        acked_seq: Newest number of this device the centre has decided.
        acked_txn: Transaction it had that number; the branch must know it so too, else its store went back.
        nonce: To be shown next time.
        head: Newest position of the centre's log.
        scopes: Organisations this device follows (the catalogue is not named).
        server_key: Public key (base64) that signs what the branch pulls; kept at first sight.
        life: Life of the centre's log. If it is another than the branch has read, the log went back.
        common: Newest position up to which the branch has read what the log has.
        current: The cursors of the greeting moved to the head, if nothing has to be pulled; else None.
        mark: Mark of the head.
        centre: Device of the centre, the one its own entries of the log bear.
    """

    proto: int
    schema_ver: int
    at: int
    skew_us: int
    acked_seq: int
    acked_txn: Id | None
    nonce: str
    head: int
    scopes: list[Id]
    server_key: str
    life: str = ""
    common: int = 0
    current: list[Cursor] | None = None
    mark: Mark | None = None
    centre: Id | None = None


class Fork(msgspec.Struct, frozen=True, kw_only=True):
    """A branch whose store went back, or was copied, asks for a new life of its identity.

    Attributes:
        device_id: Installation.
        epoch: The epoch it had.
        keep_seq: Newest number of which it knows that the centre has decided it.
        life: Life of the centre's log in which it was decided, as the branch has read it.
    """

    device_id: Id
    epoch: Whole
    keep_seq: Whole
    life: str = ""


class NewEpoch(msgspec.Struct, frozen=True, kw_only=True):
    """The new life.

    Attributes:
        epoch: Its number.
        number_prefix: New, because running numbers may have gone back with the store.
        keep_seq: Transactions after this number are to be sent; those the centre knows already it takes once.
    """

    epoch: int
    number_prefix: str
    keep_seq: int


class TxnOutcome(msgspec.Struct, frozen=True):
    """What the centre did with a transaction, if it was not simply applied.

    `outcome` is ``merged`` (parts refused or left as the centre has them), ``conflict`` (a person decides),
    ``rejected``, ``deferred`` (waits for a record) or ``parked`` (waits for a newer program at the centre).
    """

    seq: int
    txn_id: Id
    outcome: str
    code: str
    facts: dict[str, Any]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a bundle; asked again, the same.

    Attributes:
        bundle_id: SHA-256 of the bundle.
        ack_seq: Every transaction of the device up to this number is decided.
        position: The centre's log has all of them at or below this position.
        outcomes: The transactions that were not simply applied.
    """

    bundle_id: str
    ack_seq: int
    position: int
    outcomes: list[TxnOutcome]


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a branch wants: everything after its cursors, at most `limit` entries at a time.

    `life` is that of the log it has read; for another one the centre refuses with ``sync.other_life``.
    """

    cursors: list[Cursor]
    limit: Annotated[int, msgspec.Meta(ge=1, le=2**31)] = 2000
    life: str = ""


class PullReply(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the log.

    Attributes:
        bundle: Entries in order, as a bundle signed by the centre; None if there are none.
        cursors: The cursors after it.
        head: Newest position of the centre's log.
        more: There is more to pull at once.
        mark: Mark of the head, to be shown with the next greeting.
    """

    bundle: bytes | None
    cursors: list[Cursor]
    head: int
    more: bool
    mark: Mark | None = None


class DigestRequest(msgspec.Struct, frozen=True):
    """Asks for the digest of scopes; with `entity` for those of its 256 buckets.

    The answer bears `position`, where the asker stands, if nothing of these scopes has come since. `life` as in
    `PullRequest`, and `mark` is the newest the asker has: positions of a log that went back say nothing of this one.
    """

    scopes: list[Id]
    entity: str = ""
    position: Whole = 0
    life: str = ""
    mark: Mark | None = None


class DigestReply(msgspec.Struct, frozen=True):
    """The centre's rows at a position: by entity their count and digest, or those of each bucket."""

    position: int
    entities: dict[str, tuple[int, str]]
    buckets: list[tuple[int, str]] = []


class RowsRequest(msgspec.Struct, frozen=True):
    """Asks for the rows of an entity in some buckets, after a comparison has found a difference."""

    scopes: list[Id]
    entity: str
    buckets: list[Annotated[int, msgspec.Meta(ge=0, le=255)]]
    position: Whole = 0
    life: str = ""


class SharedRow(msgspec.Struct, array_like=True, frozen=True):
    """A row as sync carries it; `fields` are those that have a value, unknown ones among them."""

    record_id: bytes
    org_id: bytes
    ver: int
    fields: dict[str, Any]


class RowsReply(msgspec.Struct, frozen=True):
    """The centre's rows at a position."""

    position: int
    rows: list[SharedRow]


class SnapshotAsk(msgspec.Struct, frozen=True):
    """Asks for a snapshot of the device's scopes that is at most so old, seconds.

    `form` is the newest form of parts the asker can load (`sync.snapshot_format`); an older one may be given.
    """

    oldest_s: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 86_400
    form: Whole = 1


class SnapshotFound(msgspec.Struct, frozen=True):
    """The sealed manifest of a snapshot (`sync.snapshot_format`)."""

    sealed: bytes


class SnapshotKeyAsk(msgspec.Struct, frozen=True):
    """Asks for the key of a snapshot, on the line or on a stick, by its sealed manifest."""

    sealed: bytes


class SnapshotKey(msgspec.Struct, frozen=True):
    """The key under which the parts of a snapshot are sealed."""

    key: bytes


class Offer(msgspec.Struct, frozen=True):
    """The version of the program a workstation is to run, empty for the one it has."""

    version: str = ""


class BlobList(msgspec.Struct, frozen=True):
    """Files by content."""

    sha256: list[str]


class Centre(Protocol):
    """The centre as a branch sees it.

    Every method may raise `UnavailableError` (line or centre is down: try again) or `DomainError` (refused:
    ``sync.device_unknown``, ``sync.device_revoked``, ``sync.epoch_fork``, ``sync.proto_unsupported``,
    ``sync.gap`` and what bundles are refused for).
    """

    def hello(self, hello: Hello) -> Welcome: ...

    def fork(self, fork: Fork) -> NewEpoch: ...

    def send_bundle(self, data: bytes, bundle_id: str, progress: Progress, cancel: threading.Event) -> None:
        """Send a packed bundle, resuming where it stopped; it is applied when `push` asks for its receipt.

        May be called while another thread is in `push`.
        """

    def push(self, data: bytes, bundle_id: str, progress: Progress, cancel: threading.Event) -> Receipt:
        """Send what is left of a packed bundle, and return what became of it."""

    def pull(self, request: PullRequest) -> PullReply: ...

    def digest(self, request: DigestRequest) -> DigestReply: ...

    def rows(self, request: RowsRequest) -> RowsReply: ...

    def snapshot(self, request: SnapshotAsk) -> SnapshotFound:
        """Return the manifest of a snapshot; UnavailableError ``snapshot.making`` while it is being made."""

    def snapshot_key(self, request: SnapshotKeyAsk) -> SnapshotKey:
        """Return the key of a snapshot; ``snapshot.unknown`` unless this device may see all of it."""

    def fetch_part(
        self, snapshot_id: str, name: str, target: Path, progress: Progress, cancel: threading.Event
    ) -> None:
        """Write a part of a snapshot to `target`, resuming after what is there; the caller proves the hash."""

    def lacking_blobs(self, names: Sequence[str]) -> list[str]: ...

    def send_blob(self, source: Source, progress: Progress, cancel: threading.Event) -> None:
        """Send one file, resuming where it stopped."""

    def fetch_blob(self, sha256: str, landing: Landing, progress: Progress, cancel: threading.Event) -> None:
        """Write one file's bytes to `target`, resuming after what is there; the caller proves the hash."""


def encode(message: msgspec.Struct) -> bytes:
    """Return a message as it travels."""
    return msgspec.msgpack.encode(message)
