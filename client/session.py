"""Who sits at the workstation: signed in, locked, signed out. No widgets."""

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
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(desk.settings.lock_after_minutes * 60_000)
        self._idle.timeout.connect(self.lock)

    @Slot(str, str)
    def sign_in(self, login: str, password: str) -> None:
        """Check a login; answers by a signal. While locked only the person who locked it may come back."""
        login = login.strip()
        if not login or not password:
            self.refused.emit("sign_in.incomplete", {})
            return
        if self.is_locked and login != self.login:
            self.refused.emit("sign_in.other_person", {})
            return
        self.checking.emit(True)
        job = self._jobs.write(
            lambda _job: (login, self._desk.sign_in(login, password, self.presumed.emit)), "sign_in"
        )
        job.succeeded.connect(self._answer)
        job.refused.connect(self._fail)
        job.finished.connect(self._checked)

    @Slot()
    def lock(self) -> None:
        """Hide the desk until the same person signs in again; open work stays as it is."""
        if self.actor is not None and not self.is_locked:
            self.is_locked = True
            self._idle.stop()
            self.locked.emit()

    @Slot()
    def sign_out(self) -> None:
        """End the shift; the shell closes every page."""
        if self.actor is not None:
            self.actor, self.is_locked, self.login = None, False, ""
            self._idle.stop()
            self.signed_out.emit()

    @Slot()
    def touched(self) -> None:
        """Note that somebody did something: the idle time starts anew."""
        if self.actor is not None and not self.is_locked:
            self._idle.start()

    def stop(self) -> None:
        """Stop the clock; the desk is about to close."""
        self._idle.stop()

    @property
    def idle_ms(self) -> int:
        """Milliseconds until the lock, -1 while it does not run."""
        return self._idle.remainingTime()

    @Slot(object)
    def _answer(self, answer: tuple[str, Any]) -> None:
        login, result = answer
        if result.actor is None:
            self.refused.emit(result.code, result.facts)
            return
        back, self.is_locked = self.is_locked, False
        self.actor, self.login = result.actor, login
        self._idle.start()
        if back:
            self.unlocked.emit()
        else:
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
