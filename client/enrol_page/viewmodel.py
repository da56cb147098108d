"""Joining from the first start page: what was entered goes to `client.enrolment` in a job, step by step told.

With a stick the machine is filled from it right after it has joined. A stick that is refused undoes nothing: the
machine has joined, and a person puts in a better one or goes on without.
"""

import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.background import Crash, Job, Jobs
from client.home import Home
from client.settings import Settings
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.texts import Texts


class EnrolModel(QObject):
    """`joined` ends it; `refused` names field and sentence; `offered` asks a person to compare a fingerprint."""

    stepped = Signal(int, str)
    """How many steps are done, and what is being done now."""
    refused = Signal(str, str)
    offered = Signal(object)
    """`OfferedAuthority` of a centre whose certificate is unknown here."""
    joined = Signal()
    busy_changed = Signal(bool)
    filling = Signal(int)
    """Percent of the stick that is loaded."""
    half_way = Signal()
    """The machine has joined; its stick was refused or stopped."""
    _step = Signal(str)

    def __init__(
        self, home: Home, settings: Settings, texts: Texts, jobs: Jobs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._home, self._settings, self.texts, self._jobs = home, settings, texts, jobs
        self.busy = self.has_joined = False
        self._stop = threading.Event()
        self._step.connect(self._told)

    def submit(
        self, *, server: str, code: str, name: str, authority: str, fingerprint: str, medium: str = ""
    ) -> None:
        """Join with what was entered and fill from the stick, or go on where that stopped; answers by a signal."""
        if self.busy:
            return
        entered = (server, code, name, Path(authority.strip()) if authority.strip() else None, fingerprint)
        stick = Path(medium.strip()) if medium.strip() else None
        self._stop.clear()
        self._set_busy(busy=True)
        job = self._jobs.write(lambda job: self._arrive(job, entered, stick), "enrol")
        job.progressed.connect(self._filled)
        job.succeeded.connect(self._answered)
        job.refused.connect(self._refuse)
        job.crashed.connect(self._crash)
        job.finished.connect(self._ended)

    def stop(self) -> None:
        """End filling after the part under way; what is loaded stays so."""
        self._stop.set()

    def _arrive(self, job: Job, entered: tuple[Any, ...], stick: Path | None) -> Any:
        if not self.has_joined:
            answer = self._join(entered)
            if hasattr(answer, "fingerprint"):
                return answer
            self.has_joined = True
        if stick is not None:
            from client.from_media import fill_from_media

            fill_from_media(self._home, self._settings, stick, job.tell, self._stop)
        return None

    def _join(self, entered: tuple[Any, ...]) -> Any:
        from client.centre_trust import address_of, offered_authority
        from client.enrolment import Request, enrol
        from domain import features

        features.load("records")
        request = Request(*entered)
        try:
            return enrol(self._home, request, key_file_setting=self._settings.key_file, tell=self._step.emit)
        except KnownError as error:
            if error.code != "tls.unknown" or request.authority is not None or request.fingerprint:
                raise
            try:  # it may have an authority of its own: a person can compare its fingerprint
                return offered_authority(address_of(request.server))
            except KnownError:
                raise error from None

    @Slot(str)
    def _told(self, step: str) -> None:
        from client.enrolment import STEPS

        self.stepped.emit(STEPS.index(step), self.texts.say(f"enrolment.step.{step}"))

    @Slot(int, int)
    def _filled(self, done: int, total: int) -> None:
        self.filling.emit(100 * done // max(total, 1))

    @Slot(object)
    def _answered(self, answer: Any) -> None:
        if hasattr(answer, "fingerprint"):
            self.offered.emit(answer)
        else:
            self.joined.emit()

    @Slot(object)
    def _refuse(self, error: KnownError) -> None:
        sentence = self.texts.explain(error)
        remedy = f"{error.code}.remedy"
        if remedy in self.texts:
            sentence = f"{sentence}{self.texts.say(remedy, **error.facts)}"
        field = error.field if isinstance(error, DomainError) else None
        if field is None and error.code.startswith(
            ("tls.", "enrolment.unreach", "enrolment.no_such", "enrolment.not_a")
        ):
            field = "server"
        if self.has_joined:
            field = "medium" if error.code.startswith("snapshot.") else field
            self.half_way.emit()
        self.refused.emit(field or "", sentence)

    @Slot(object)
    def _crash(self, crash: Crash) -> None:
        if self.has_joined:
            self.half_way.emit()
        self.refused.emit("", self.texts.say("crash.sentence", number=crash.number))

    @Slot()
    def _ended(self) -> None:
        self._set_busy(busy=False)

    def _set_busy(self, *, busy: bool) -> None:
        self.busy = busy
        self.busy_changed.emit(busy)
