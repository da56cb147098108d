"""Everything one server process is made of; `server.app.build_centre` wires it, routes and jobs use it."""

import logging
import threading
from dataclasses import dataclass, field

from domain.kernel.authority import Authority, system_actor
from domain.kernel.clock import Clock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower, ReaderThread
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages
from domain.signoff.signs import Signs
from domain.versions.commands import AllowVersion
from server.accounts import Accounts
from server.backups.erasures import erase_again
from server.backups.keeper import BackupKeeper
from server.channels.incoming import Receiver
from server.channels.sender import Sender
from server.duties import Duties, Duty, FilePost, Post, ServerPost
from server.giving_way import GivingWay
from server.housekeeping import Housekeeping
from server.identity import Identity
from server.interfaces.outbound.lanes import Lanes
from server.kept import Kept
from server.limiter import KeptFailures
from server.metrics import Metrics
from server.news import News
from server.nonces import KeptNonces
from server.payments.cashier import Cashier
from server.readiness import Readiness
from server.readings import Readings
from server.sessions import KeptSessions
from server.settings import Settings
from server.updates import forget_file, rings_of_a_file, updates_folder
from sync.blobs import BlobStore
from sync.centre import CentreSync
from sync.device_auth import RequestVerifier
from sync.search import SearchIndex
from sync.tus.engine import TusEngine
from sync.tus.state import SqliteUploadState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
    kept: Kept
    wrong_passwords: KeptFailures
    wrong_codes: KeptFailures
    hashing: threading.Semaphore
    blobs: BlobStore
    sync: CentreSync
    giving_way: GivingWay
    verifier: RequestVerifier
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

    _duties: list[Duties] = field(default_factory=list)
    _keeping: list[Housekeeping] = field(default_factory=list)

    @property
    def sessions(self) -> KeptSessions:
        """The sessions of people."""
        return self.kept.sessions

    @property
    def nonces(self) -> KeptNonces:
        """The signed requests that were seen lately."""
        return self.kept.nonces

    def start(self) -> None:
        """Take up what a crash left, and begin to follow the log if that is this process's work."""
        self.erase_again()
        self._take_rings()
        self.uploads.recover()
        self.sync.retry_parked()
        self.signs.start()
        if self.settings.readers == "inline":
            self.work()
        self._hold(self._of_this_machine(), share=False)

    def work(self, *, share: bool = False) -> None:
        """Do what one process of a centre does at a time, as far as no other does it.

        Args:
            share: There are several workers, which divide it among them.
        """
        self._hold(
            [
                Duty("readers", self._post("readers"), self._follow, self.readers.stop),
                Duty("search", self._post("search"), self.searching.start, self.searching.stop),
                Duty("messages", self._post("messages"), self._send, self._send_no_more),
                Duty("keeping", self._post("keeping"), self._keep, self._keep_no_more),
            ],
            share=share,
        )

    def assist(self) -> None:
        """Work without serving: divide the duties with the other workers."""
        self.signs.start()
        self.work(share=True)
        self._hold(self._of_this_machine(), share=False)

    def erase_again(self) -> int:
        """Erase whom a backup that was just put back has still (`server.backups.erasures`); returns how many."""
        actor = system_actor(self.identity.org_id, self.identity.device_id)
        return erase_again(self.settings.data_dir, self.store, self.dispatcher, actor, self.followers)

    def duties(self) -> list[str]:
        """Return the names of the duties this process does."""
        return [name for duties in self._duties for name in duties.held()]

    def stop(self) -> None:
        """Stop what runs; safe to call when nothing does."""
        while self._duties:
            self._duties.pop().stop()
        self.signs.stop()

    def close(self) -> None:
        """Stop what runs and close every file; safe to call when never started."""
        self.stop()
        self.receiver.pushed.close()
        self.sender.book.close()
        self.kept.close()
        self.upload_state.close()
        self.store.close()

    def _take_rings(self) -> None:
        """Make records of the rings that an older program kept in a file."""
        folder = updates_folder(self.settings.data_dir)
        if rings := rings_of_a_file(folder):
            actor = system_actor(self.identity.org_id, self.identity.device_id)
            for ring in rings:
                order = AllowVersion(
                    version=ring["version"],
                    org_code=ring.get("org", ""),
                    workstation=ring.get("workstation", ""),
                )
                try:
                    self.dispatcher.run(order, actor)
                except DomainError as error:  # a workstation or a version that is gone since
                    log.warning("a ring was not taken over", extra={"code": error.code})
            forget_file(folder)

    def _hold(self, duties: list[Duty], *, share: bool) -> None:
        held = Duties(duties, share=share)
        self._duties.append(held)
        held.start()

    def _post(self, name: str) -> Post:
        """Return the post of a duty: among the processes of this machine, or of all on one database server."""
        if self.store.is_sqlite:
            return FilePost(self.settings.data_dir / f"{name}.duty")
        return ServerPost(self.store, name)

    def _of_this_machine(self) -> list[Duty]:
        """Return what one process of each machine does: what vendors pushed to it, and its own folder."""
        folder = self.settings.data_dir
        tidying = self.housekeeping.part(here=True)
        return [
            Duty("receiving", FilePost(folder / "receiving.duty"), self.receiver.start, self.receiver.stop),
            Duty("tidying", FilePost(folder / "tidying.duty"), tidying.start, tidying.stop),
        ]

    def _follow(self) -> None:
        self.signs.list_marks(system_actor(self.identity.org_id, self.identity.device_id))
        self.readers.start()

    def _send(self) -> None:
        self.sender.start()
        self.lanes.start()

    def _send_no_more(self) -> None:
        self.sender.stop()
        self.lanes.stop()

    def _keep(self) -> None:
        self._keeping.append(self.housekeeping.part(here=False))
        self._keeping[-1].start()
        self.backups.start()

    def _keep_no_more(self) -> None:
        while self._keeping:
            self._keeping.pop().stop()
        self.backups.stop()
