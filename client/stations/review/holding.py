"""What was signed here and has not gone out yet: a minute in which one key takes it back. QtCore only."""

import time
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.background import while_there
from client.station import Context
from client.stations.review.acting import issue, withdraw
from client.stations.review.case import Case
from domain.checkup.issue_commands import HOLD, IssueOutcome
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id

TICK_MS = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """A report that was signed; `until` is of the monotonic clock."""

    report_id: Id
    number: str
    name: str
    until: float


class Holding(QObject):
    """Issues each report when its minute is over; the centre issues what a closed desk left behind."""

    changed = Signal()
    note = Signal(str, str)
    taken_back = Signal(object)
    """The id of a report that is in the final review again."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.held: list[Held] = []
        self.hold_s = HOLD.total_seconds()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    @property
    def last(self) -> Held | None:
        """The report that was signed last and can still be taken back."""
        return self.held[-1] if self.held else None

    def left_s(self) -> int:
        """Return the seconds in which the last signature can be taken back."""
        return 0 if self.last is None else max(0, round(self.last.until - time.monotonic()))

    def hold(self, case: Case) -> None:
        """Begin the minute of a report that was just signed."""
        if case.report_id is not None:
            self.held.append(Held(case.report_id, case.number, case.name, time.monotonic() + self.hold_s))
            self._timer.start()
            self.changed.emit()

    def take_back(self) -> None:
        """Take the last signature back."""
        if self.last is not None:
            held = self.held.pop()
            self._run(held, withdraw, self._taken_back)
            self.changed.emit()

    def close(self) -> None:
        self._timer.stop()

    @Slot()
    def tick(self) -> None:
        """Issue what has waited long enough, and tell how long is left."""
        now = time.monotonic()
        for held in [one for one in self.held if one.until <= now]:
            self.held.remove(held)
            self._run(held, issue, self._issued)
        if not self.held:
            self._timer.stop()
        self.changed.emit()

    def _run(self, held: Held, act: Any, then: Any) -> None:
        desk, actor = self._context.desk, self._context.actor
        job = self._context.jobs.write(lambda _job: (held, act(desk, actor, held.report_id)), "signed report")
        job.succeeded.connect(while_there(self, then))
        job.refused.connect(self._refused)

    @Slot(object)
    def _issued(self, answer: tuple[Held, IssueOutcome]) -> None:
        held, outcome = answer
        if outcome.state != "issued":
            self._say("review.held.changed", held, "warning")

    @Slot(object)
    def _taken_back(self, answer: tuple[Held, IssueOutcome]) -> None:
        held, _outcome = answer
        self._say("review.held.taken_back", held, "warning")
        self.taken_back.emit(held.report_id)

    @Slot(object)
    def _refused(self, error: KnownError) -> None:
        self.note.emit(self._context.desk.texts.explain(error), "danger")

    def _say(self, code: str, held: Held, tone: str) -> None:
        self.note.emit(self._context.say(code, number=held.number, name=held.name), tone)
