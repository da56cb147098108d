"""Who sits at the workstation: signed in, locked, signed out. No widgets."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.background import Jobs
from domain.kernel.authority import Actor
from domain.kernel.errors import UnavailableError

if TYPE_CHECKING:
    from client.desk import Desk


class Session(QObject):
    """The person at the desk. `signed_in` and `signed_out` frame a shift; `locked` hides the desk in between."""

    signed_in = Signal(object)
    signed_out = Signal()
    locked = Signal()
    unlocked = Signal()
    presumed = Signal(object)
    """Whom it looks like, before the password is checked: nothing may be shown of it."""
    parked = Signal(object)
    """Somebody else came in at a locked desk: what this person had open is to be put aside for them."""
    card_read = Signal(str, str)
    """Login and name of whose card was scanned; a PIN or password is wanted too."""
    refused = Signal(str, dict)
    """Code of the reason and its facts."""
    unavailable = Signal(object)
    must_change = Signal()
    checking = Signal(bool)

    def __init__(self, desk: "Desk", jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._jobs = jobs
        self.actor: Actor | None = None
        self.login = ""
        self.is_locked = False
        self._touched: dict[Any, float] = {}
        """When people last did something here; in memory alone, so that a card opens nothing after a start."""
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(desk.settings.lock_after_minutes * 60_000)
        self._idle.timeout.connect(self.lock)

    @Slot(str, str)
    def sign_in(self, login: str, secret: str) -> None:
        """Check a login, or the number of a card, with its password or PIN; answers by a signal.

        No password is made of digits alone, so what is typed tells which of the two it is. While the desk is locked
        somebody else may come in: what the first had open waits for them.
        """
        login = login.strip()
        if not login or not secret:
            self.refused.emit("sign_in.incomplete", {})
        elif secret.isdigit() and self._desk.settings.quick_hours:
            self._check(login, lambda: self._desk.quick_sign_in(login, secret))
        else:
            self._check(login, lambda: self._desk.sign_in(login, secret, self.presumed.emit))

    @Slot(str)
    def take_card(self, text: str) -> None:
        """Take a card that was scanned before the desk: it names its owner, and may be enough for a short while."""
        if self._desk.is_complete:
            job = self._jobs.read(lambda _job: self._desk.holder_of(text), "card")
            job.succeeded.connect(self._card)
            job.refused.connect(self._fail)

    @Slot(object)
    def _card(self, holder: Any) -> None:
        if holder is None:
            self.refused.emit("sign_in.unknown_card", {})
            return
        settings, since = self._desk.settings, self._touched.get(holder.id)
        alone = settings.quick_card_minutes * 60
        if settings.quick_hours and since is not None and time.monotonic() - since < alone:
            self._check(holder.login, lambda: self._desk.quick_sign_in(holder.login, None))
        else:
            self.card_read.emit(holder.login, holder.name)

    def _check(self, said: str, ask: Callable[[], Any]) -> None:
        self.checking.emit(True)
        job = self._jobs.write(lambda _job: (ask(), self._desk.login_of(said)), "sign_in")
        job.succeeded.connect(self._answer)
        job.refused.connect(self._fail)
        job.finished.connect(self._checked)

    @Slot()
    def lock(self) -> None:
        """Hide the desk until its person comes back; open work stays as it is, whoever comes between."""
        if self.actor is not None and not self.is_locked:
            self.is_locked = True
            self._idle.stop()
            self.locked.emit()

    @Slot()
    def sign_out(self) -> None:
        """End the shift; the shell closes every page."""
        if self.actor is not None:
            self._touched.pop(self.actor.staff_id, None)
            self.actor, self.is_locked, self.login = None, False, ""
            self._idle.stop()
            self.signed_out.emit()

    @Slot()
    def touched(self) -> None:
        """Note that somebody did something: the idle time starts anew."""
        if self.actor is not None and not self.is_locked:
            self._touched[self.actor.staff_id] = time.monotonic()
            self._idle.start()

    def stop(self) -> None:
        """Stop the clock; the desk is about to close."""
        self._idle.stop()

    @property
    def idle_ms(self) -> int:
        """Milliseconds until the lock, -1 while it does not run."""
        return self._idle.remainingTime()

    @Slot(object)
    def _answer(self, answer: tuple[Any, str]) -> None:
        result, login = answer
        if result.actor is None:
            self.refused.emit(result.code, result.facts)
            return
        before, self.is_locked = (self.actor if self.is_locked else None), False
        self.actor, self.login = result.actor, login
        self._touched[self.actor.staff_id] = time.monotonic()
        self._idle.start()
        if (
            before is not None
            and before.staff_id == self.actor.staff_id
            and before.rights == self.actor.rights
        ):
            self.unlocked.emit()
            return
        if before is not None:
            self.parked.emit(before)
        self.signed_in.emit(result.actor)
        if result.must_change:
            self.must_change.emit()

    @Slot(object)
    def _fail(self, error: Any) -> None:
        if isinstance(error, UnavailableError):
            self.unavailable.emit(error)
        else:
            self.refused.emit(error.code, dict(error.facts))

    @Slot()
    def _checked(self) -> None:
        self.checking.emit(False)
