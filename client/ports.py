"""What the client asks of the parts that may or may not be installed: sync, search, the reading of scans.

View-models are given these shapes and nothing more, so a test gives them a few lines of its own.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.people.scanned import Scanned


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """Something the centre did not simply take: its number in this device's log, the reason's code and facts.

    `kind` is the outcome: ``rejected``, ``merged`` (a part was refused), ``deferred`` or ``parked`` (it waits).
    """

    dev_seq: int
    code: str
    facts: dict[str, Any]
    at: datetime | None = None
    kind: str = "rejected"


@dataclasses.dataclass(frozen=True, slots=True)
class SyncState:
    """How the exchange with the centre stands. `phase` is one of `PHASES`; bytes are of the running transfer."""

    phase: str = "absent"
    waiting: int = 0
    waiting_bytes: int = 0
    done_bytes: int = 0
    total_bytes: int = 0
    blobs_waiting: int = 0
    blob_bytes: int = 0
    conflicts: int = 0
    refused: tuple[Refused, ...] = ()
    reason: str = ""
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    last_contact: datetime | None = None
    skew_s: float = 0.0
    """The centre's clock minus this machine's at the last contact."""

    @property
    def lost(self) -> int:
        """How much was refused for good, wholly or in part; what waits is not among it."""
        return sum(r.kind in {"rejected", "merged"} for r in self.refused)


PHASES = (
    "starting",
    "absent",
    "offline",
    "idle",
    "connecting",
    "sending",
    "receiving",
    "filling",
    "filling_rest",
    "failed",
)


class QueuedFile(Protocol):
    """One line of the page of transfers; see `sync.file_queue.Queued`."""

    sha256: str
    lane: int
    size: int
    sent: int
    state: str
    upwards: bool
    reason: str


class FilesPort(Protocol):
    """Files and bundles on their way; every method touches the store, so a job calls it."""

    def rows(self, also: frozenset[str] = frozenset()) -> Sequence[Any]:
        """Return the `QueuedFile`s that are not there yet, and those of `also` that have arrived."""

    def pause(self, sha256: str) -> None: ...
    def resume(self, sha256: str) -> None: ...
    def retry(self, sha256: str) -> None: ...


class SyncPort(Protocol):
    """The sync worker as the screen sees it; every method returns at once."""

    files: "FilesPort | None"

    def limit_uploads(self, bytes_per_s: int, begins: int, ends: int) -> None:
        """Hold files to so many bytes a second from hour to hour of the day, at once; 0 for no limit."""

    def start(self) -> None:
        """Begin to exchange in a thread of its own."""

    def stop(self) -> None:
        """End it; what was under way resumes at the next start."""

    def wake(self) -> None:
        """Try now instead of at the next turn."""

    def state(self) -> SyncState:
        """Return how it stands."""


@dataclasses.dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search, masked for the person who searches; a page of the navigation has no record."""

    kind: str
    record_id: Id | None
    title: str
    subtitle: str = ""
    page: str = ""


class Searcher(Protocol):
    """Finds records by name, pinyin, initials or number."""

    def __call__(self, actor: Actor, text: str, limit: int) -> Sequence[Hit]:
        """Return the best hits within the actor's scope; called off the UI thread."""


class ScanLookup(Protocol):
    """Tells what a scanned text is (`domain.people.scans`); called off the UI thread."""

    def __call__(self, actor: Actor, text: str) -> Scanned:
        """Return what it is, kind ``unknown`` with its reason if nothing of ours."""
