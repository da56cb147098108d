"""What people see and decide of files on their way: the list, pausing, going on, trying again."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from domain.kernel.store import Store
from sync.blobs import BlobStore
from sync.files import FileState
from sync.local_tables import blob_state, outbound_bundle
from sync.tus.client_state import TransferState

SHOWN = 300
BUNDLE_LANE = 0
_MOVES = (FileState.WAITING, FileState.WANTED)


@dataclass(frozen=True, slots=True)
class Queued:
    """One file or bundle of records on its way; `sent` of `size` bytes are at the other side, acknowledged.

    Attributes:
        sha256: Its content; the key.
        lane: Order of transfer: 0 for records, then as `Attachment.lane`.
        size: Bytes in all.
        sent: Bytes acknowledged.
        state: As `FileState`.
        upwards: It goes to the centre; else it comes from there.
        reason: Text key of why it was refused, or empty.
    """

    sha256: str
    lane: int
    size: int
    sent: int
    state: str
    upwards: bool
    reason: str


class FileQueue:
    """Reads and changes the rows that `FileExchange` works by; touches the store, so never on the UI thread."""

    def __init__(self, store: Store, blobs: BlobStore, transfers: TransferState | None = None) -> None:
        """`transfers` tells how much of a bundle the centre has acknowledged, also over a restart."""
        self._store = store
        self._blobs = blobs
        self._transfers = transfers

    def rows(self, also: frozenset[str] = frozenset()) -> list[Queued]:
        """Return what is not there yet, in the order it goes, and those of `also` that have arrived since."""
        file, bundle = blob_state.c, outbound_bundle.c
        open_ = file.state.in_([*_MOVES, FileState.PAUSED, FileState.REFUSED])
        arrived = (file.state == FileState.CONFIRMED) & file.sha256.in_(sorted(also))
        with self._store.read() as connection:
            bundles = connection.execute(
                select(bundle.bundle_id, bundle.size)
                .where(bundle.state == "packed")
                .order_by(bundle.first_seq)
            ).all()
            query = select(blob_state).where(open_ | arrived).order_by(file.lane, file.size).limit(SHOWN)
            files = connection.execute(query).all()
        found = [
            Queued(b.bundle_id, BUNDLE_LANE, b.size, self._sent(b.bundle_id), FileState.WAITING, True, "")
            for b in bundles
        ]
        found += [
            Queued(f.sha256, f.lane, f.size, f.sent, f.state, self._blobs.has(f.sha256), f.reason or "")
            for f in files
        ]
        return found

    def _sent(self, bundle_id: str) -> int:
        known = self._transfers.get(bundle_id) if self._transfers is not None else None
        return known.offset if known is not None else 0

    def pause(self, sha256: str) -> None:
        """Let a file wait until somebody lets it go on, over restarts too; one on its way stops at its next piece."""
        self._change(sha256, _MOVES, FileState.PAUSED)

    def resume(self, sha256: str) -> None:
        """Let a paused file go on where it stopped."""
        self._change(sha256, (FileState.PAUSED,), None)

    def retry(self, sha256: str) -> None:
        """Let a refused file go again."""
        self._change(sha256, (FileState.REFUSED,), None)

    def _change(self, sha256: str, before: tuple[FileState, ...], after: FileState | None) -> None:
        after = after or (FileState.WAITING if self._blobs.has(sha256) else FileState.WANTED)
        with self._store.write() as connection:
            _set_if(connection, sha256, before, after)


def _set_if(connection: Connection, sha256: str, before: tuple[FileState, ...], after: FileState) -> None:
    row = (blob_state.c.sha256 == sha256) & blob_state.c.state.in_(before)
    connection.execute(update(blob_state).where(row).values(state=after, reason=None))
