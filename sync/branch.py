"""One exchange of a branch with the centre: greet, send, receive. It runs apart from the user interface."""

import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from domain.kernel.change_log import SCHEMA_VERSION
from domain.kernel.clock import Clock, utc_now
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import DomainError, KnownError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.people.offline import note_contact
from sync.bootstrap import Bootstrap, FromCentre, filling_of
from sync.bootstrap import Stage as Filled
from sync.device_auth import Signer
from sync.identity import (
    Identity,
    begin_epoch,
    cursors_of,
    forget_read,
    go_back,
    identity_of,
    own_txn,
    progress_of,
    set_cursors,
    set_identity,
)
from sync.marks import compared_at, life_read, marks_of, set_pull_state
from sync.mending import Mended, compare, mend, resync
from sync.node_report import node_report
from sync.protocol import Centre, Cursor, Fork, Hello, NodeReport, Welcome
from sync.pull import Inbox
from sync.push import Outbox
from sync.sending import Sending

FORK = "sync.epoch_fork"
_GREET_AGAIN = {FORK, "sync.other_life", "sync.gap"}
"""What a new greeting puts right: the store or the centre's log went back, perhaps only now."""
_FORKS_ALLOWED = 2
SNAPSHOT_FROM = 5000
"""Length of the centre's log from which a new store is filled from a snapshot instead of the log."""
COMPARED_EVERY_US = 24 * 3600 * 1_000_000
AGAIN_AFTER_US = 3600 * 1_000_000
"""If nothing could be said, because something was on its way."""


class Stage(enum.StrEnum):
    """What an exchange is doing."""

    CONNECTING = "connecting"
    SENDING = "sending"
    RECEIVING = "receiving"
    FILLING = "filling"
    FILLING_REST = "filling_rest"


Report = Callable[[Stage, int, int], None]
"""Told (stage, done, total): bytes of a bundle while sending, positions of the log while receiving."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What an exchange did.

    Attributes:
        sent: Own transactions the centre decided.
        received: Entries of the centre's log that came.
        attention: Own transactions that were not simply applied.
        skew_us: Centre's clock minus ours.
        renewed: The store went back or was copied, so it has a new identity and a new number prefix.
    """

    sent: int
    received: int
    attention: int
    skew_us: int
    renewed: bool


class BranchSync:
    """A branch's half of sync.

    Args:
        store: The branch's store.
        centre: The centre, near or far.
        signer: Key of the workstation.
        folder: For bundles on their way.
        clock: Time; it is shown to the centre and decides nothing.
        program: Version of the program.
    """

    def __init__(
        self,
        store: Store,
        centre: Centre,
        signer: Signer,
        folder: Path,
        *,
        clock: Clock = utc_now,
        program: str = "",
    ) -> None:
        self.store = store
        self.centre = centre
        self._clock = clock
        self._program = program
        self.outbox = Outbox(store, folder, signer, self._now_us)
        self.inbox = Inbox(store, self._now_us)
        self.bootstrap = Bootstrap(store, folder / "snapshot", self._now_us)
        self.failures = self.rate = 0
        self._swept = False
        self._centre_id: Id | None = None

    def exchange(self, report: Report | None = None, cancel: threading.Event | None = None) -> Exchanged:
        """Send everything unsent, then receive everything new.

        Args:
            report: Told how it goes.
            cancel: Stops it soon; what was acknowledged stays so.

        Raises:
            UnavailableError: The line or the centre is down (code tells), or ``transfer.cancelled``.
            DomainError: The centre refuses this device or its bundles.
        """
        if not self._swept:
            self.outbox.sweep()
            self._swept = True
        tell = report or (lambda _stage, _done, _total: None)
        stop = cancel or threading.Event()
        tell(Stage.CONNECTING, 0, 0)
        renewed = False
        for attempt in range(_FORKS_ALLOWED + 1):
            try:
                welcome = self._greet()
                self._fill(welcome, tell, stop)
                sent, attention = self._send(tell, stop)
                received = self._receive(welcome, tell, stop, sent)
            except DomainError as error:
                if attempt == _FORKS_ALLOWED or error.code not in _GREET_AGAIN:
                    raise
                if error.code == FORK:
                    self._renew()
                    renewed = True
            else:
                return Exchanged(sent, received, attention, welcome.skew_us, renewed)
        raise DomainError(FORK)

    def position(self) -> int:
        """Return the position of the centre's log up to which everything was received."""
        with self.store.read() as connection:
            return min((cursor.position for cursor in cursors_of(connection)), default=0)

    def note_contact(self, *, first: bool = False) -> None:
        """Note that the centre was heard; `first`: that a term begins, where none has (`domain.people.offline`)."""
        note_contact(self.store, self._clock(), first=first)

    def compare(self) -> tuple[int, list[str]] | None:
        """Compare digests with the centre, as `sync.mending.compare`."""
        return compare(self.store, self.centre)

    def mend(self) -> Mended | None:
        """Compare, and put right what differs, as `sync.mending.mend`; the next exchange says what was found."""
        now = self._now_us()
        done = mend(self.store, self.centre, now, self._centre_id)
        with self.store.write() as connection:
            due_us = 0 if done is not None else COMPARED_EVERY_US - AGAIN_AFTER_US
            if done is not None and done.returned:
                due_us = COMPARED_EVERY_US  # the rest is put right as soon as that has come back
            set_pull_state(connection, compared_at=now - due_us)
        return done

    def comparison_due(self) -> bool:
        """Tell whether the last comparison is a day old; a clock that went back makes it due."""
        with self.store.read() as connection:
            age = self._now_us() - compared_at(connection)
        return not 0 <= age < COMPARED_EVERY_US

    def repair(self) -> Exchanged:
        """Read the centre's log of every scope again from the start, after a comparison has found a difference.

        What is pending here stays on top; the local log does not get anything twice.
        """
        with self.store.write() as connection:
            set_cursors(connection, [Cursor(cursor.org_id, 0) for cursor in cursors_of(connection)])
        return self.exchange()

    def _now_us(self) -> int:
        return to_microseconds(self._clock())

    def say_goodbye(self) -> None:
        """Tell the centre that the program ends, so that its silence worries nobody."""
        self._greet(closing=True)

    def _report(self, connection: Connection, *, closing: bool) -> NodeReport:
        return node_report(
            connection, self._now_us(), failures=self.failures, rate=self.rate, closing=closing
        )

    def _greet(self, *, closing: bool = False) -> Welcome:
        with self.store.read() as connection:
            identity, progress = identity_of(connection), progress_of(connection)
            hello = Hello(
                device_id=identity.device_id, epoch=identity.epoch, last_seq=progress.last_seq,
                acked_seq=progress.acked_seq, nonce=identity.nonce, schema_ver=SCHEMA_VERSION,
                at=self._now_us(), program=self._program, life=life_read(connection),
                marks=marks_of(connection), cursors=cursors_of(connection),
                report=self._report(connection, closing=closing),
            )  # fmt: skip
        welcome = self.centre.hello(hello)
        self._check(identity, welcome)
        self._centre_id = welcome.centre
        with self.store.write() as connection:
            set_identity(connection, db_nonce=welcome.nonce, server_key=welcome.server_key)
            if welcome.life != hello.life:
                set_pull_state(connection, life=welcome.life)
                if hello.life:
                    forget_read(connection, welcome.common)
            if welcome.acked_seq < progress.acked_seq:
                # The centre was restored from a backup: what it lost is sent again, what it has it knows.
                go_back(connection, welcome.acked_seq)
        return welcome

    def _fill(self, welcome: Welcome, tell: Report, stop: threading.Event) -> None:
        """Fill a new store from a snapshot if the log is long, or go on filling it."""
        with self.store.read() as connection:
            stage = filling_of(connection).stage
            new = not cursors_of(connection)
        if stage is Filled.DONE or (stage is Filled.NONE and not (new and welcome.head >= SNAPSHOT_FROM)):
            return

        def told(done: int, total: int) -> None:
            tell(Stage.FILLING_REST if self.bootstrap.usable else Stage.FILLING, done, total)

        try:
            self.bootstrap.run(
                FromCentre(self.centre), told, stop,
                between=lambda: self._send(tell, stop),
            )  # fmt: skip
        except DomainError as error:
            if error.code != "snapshot.unknown":
                raise
            self.bootstrap.forget()  # the centre has a newer one by now
            raise UnavailableError("snapshot.making", retry_after_s=2.0) from error

    def _receive(self, welcome: Welcome, tell: Report, stop: threading.Event, sent: int) -> int:
        """Pull what is new; nothing has to be asked if the greeting said that there is nothing."""
        if welcome.current is not None and not sent and self.inbox.is_at(welcome):
            return 0
        self.inbox.follow(welcome.scopes)
        try:
            return self._pull(tell, stop)
        except DomainError as error:
            if error.code != "sync.cursor_expired":
                raise
            self.resync()
            return self._pull(tell, stop)

    def resync(self) -> int:
        """Compare all rows by content and take over the centre's, for when the log does not reach back far enough.

        What is pending here stays on top, and what the centre refused stays; returns how many records changed.
        """
        return resync(self.store, self.centre, self._now_us())

    def _pull(self, tell: Report, stop: threading.Event) -> int:
        return self.inbox.pull(self.centre, lambda done, total: tell(Stage.RECEIVING, done, total), stop)

    def _check(self, identity: Identity, welcome: Welcome) -> None:
        """Refuse a centre that is another, and notice a store that is not the one the centre knows."""
        if identity.server_key not in {"", welcome.server_key}:
            raise DomainError("sync.other_centre")
        if welcome.acked_txn is None:
            return
        with self.store.read() as connection:
            mine = own_txn(connection, identity, welcome.acked_seq)
        if mine != welcome.acked_txn:
            raise DomainError(FORK, reason="went_back")

    def _send(self, tell: Report, stop: threading.Event) -> tuple[int, int]:
        sending = Sending(
            self.outbox, self.centre, lambda done, total: tell(Stage.SENDING, done, total), stop
        )
        try:
            sending.run()
        except KnownError:
            self.failures = (0 if sending.sent.txns else self.failures) + (not stop.is_set())
            raise
        finally:
            self.rate = sending.sent.rate or self.rate
        if sending.sent.txns:
            self.failures = 0
        return sending.sent.txns, sending.sent.attention

    def _renew(self) -> None:
        """Begin a new life after the store went back or was copied; unsent work goes on under it."""
        with self.store.read() as connection:
            identity, progress = identity_of(connection), progress_of(connection)
            fork = Fork(
                device_id=identity.device_id, epoch=identity.epoch, keep_seq=progress.acked_seq,
                life=life_read(connection),
            )  # fmt: skip
        renewed = self.centre.fork(fork)
        with self.store.write() as connection:
            begin_epoch(connection, renewed)


def enrolled_rows(
    *, device_id: Id, org_id: Id, epoch: int, name: str, server: str, number_prefix: str
) -> dict[str, object]:
    """Return the row of `installation` for a workstation that has just been enrolled."""
    return {
        "id": 1, "device_id": device_id, "epoch": epoch, "org_id": org_id, "name": name, "server": server,
        "number_prefix": number_prefix, "db_nonce": "", "server_key": "",
    }  # fmt: skip
