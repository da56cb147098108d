"""Everything one server process is made of; `server.app.build_centre` wires it, routes and jobs use it."""

import threading
from dataclasses import dataclass

from domain.kernel.authority import Authority, system_actor
from domain.kernel.clock import Clock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Follower, ReaderThread
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages
from domain.signoff.signs import Signs
from server.accounts import Accounts
from server.backups.keeper import BackupKeeper
from server.channels.incoming import Receiver
from server.channels.sender import Sender
from server.giving_way import GivingWay
from server.housekeeping import Housekeeping
from server.identity import Identity
from server.interfaces.outbound.lanes import Lanes
from server.limiter import Failures
from server.metrics import Metrics
from server.news import News
from server.nonces import KeptNonces
from server.payments.cashier import Cashier
from server.readiness import Readiness
from server.readings import Readings
from server.sessions import Sessions
from server.settings import Settings
from sync.blobs import BlobStore
from sync.centre import CentreSync
from sync.device_auth import RequestVerifier
from sync.search import SearchIndex
from sync.tus.engine import TusEngine
from sync.tus.state import SqliteUploadState


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """The parts of one server process."""

    settings: Settings
    clock: Clock
    texts: Texts
    store: Store
    identity: Identity
    authority: Authority
    dispatcher: Dispatcher
    pages: Pages
    readings: Readings
    accounts: Accounts
    sessions: Sessions
    wrong_passwords: Failures
    wrong_codes: Failures
    hashing: threading.Semaphore
    blobs: BlobStore
    sync: CentreSync
    giving_way: GivingWay
    verifier: RequestVerifier
    nonces: KeptNonces
    uploads: TusEngine
    upload_state: SqliteUploadState
    followers: tuple[Follower, ...]
    readers: ReaderThread
    sender: Sender
    lanes: Lanes
    receiver: Receiver
    cashier: Cashier
    housekeeping: Housekeeping
    backups: BackupKeeper
    signs: Signs
    search: SearchIndex
    searching: ReaderThread
    news: News
    readiness: Readiness
    metrics: Metrics

    def start(self) -> None:
        """Take up what a crash left, and begin to follow the log if that is this process's work."""
        self.uploads.recover()
        self.sync.retry_parked()
        if self.settings.readers == "inline":
            self.signs.list_marks(system_actor(self.identity.org_id, self.identity.device_id))
            self.readers.start()
            self.housekeeping.start()
            self.backups.start()
            self.searching.start()
            self.sender.start()
            self.lanes.start()
            self.receiver.start()
        else:
            self.signs.start()

    def close(self) -> None:
        """Stop the readers and close every file; safe to call when never started."""
        self.readers.stop()
        self.housekeeping.stop()
        self.backups.stop()
        self.signs.stop()
        self.searching.stop()
        self.sender.stop()
        self.lanes.stop()
        self.receiver.stop()
        self.receiver.pushed.close()
        self.sender.book.close()
        self.sessions.shut()
        self.nonces.close()
        self.upload_state.close()
        self.store.close()
