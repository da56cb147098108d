"""The dialog of giving a questionnaire to a list, without its window."""

from datetime import datetime, timedelta

from PySide6.QtCore import QObject, Signal

from client.background import Crash, Job
from client.pages.worklist.filters import read_moment
from client.pages.worklist.give_out.giving import (
    Offered,
    Outcome,
    Wanted,
    give_out,
    offered_forms,
    studies_of,
)
from client.station import Context
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.kernel.worklists import Filter, Worklist
from domain.links.giving_commands import SEND

USUAL = timedelta(days=7)


class ViewModel(QObject):
    """Reads what may be given out, then gives one of it to the list."""

    forms_read = Signal(list)
    studies_read = Signal(list)
    """Code and name of each study the person works on."""
    field_error = Signal(str, str)
    """Field (empty for the whole) and sentence."""
    progress = Signal(int, int)
    busy_changed = Signal(bool)
    done = Signal(object)

    def __init__(
        self, context: Context, listing: Worklist, filters: tuple[Filter, ...], order: str, chosen: tuple[Id, ...],
        count: int, parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.context, self.chosen, self.count = context, chosen, count
        self._listing, self._filters, self._order = listing, filters, order
        self._job: Job | None = None
        self.forms: list[Offered] = []

    @property
    def may_send(self) -> bool:
        """Whether this person may have messages sent."""
        return self.context.actor.may(SEND)

    @property
    def is_busy(self) -> bool:
        return self._job is not None

    def usual_due(self) -> str:
        """Return the day to begin with: a week from now."""
        return f"{clinic(self.context.desk.clock() + USUAL):%Y-%m-%d} 18:00"

    def load(self) -> None:
        """Read the questionnaires and the person's studies in the background."""
        context = self.context
        studies = context.jobs.read(lambda _job: studies_of(context), "studies_of")
        studies.succeeded.connect(self._studies)
        job = context.jobs.read(lambda _job: offered_forms(context), "offered_forms")
        job.succeeded.connect(self._forms)
        job.refused.connect(self._refused)

    def start(
        self, form: Offered | None, due: str, *, purpose: str, study: str, send: bool, chosen: bool
    ) -> None:
        """Give it out; once at a time."""
        if self._job is not None:
            return
        for name in ("", "form", "due", "study"):
            self.field_error.emit(name, "")
        if form is None:
            self.field_error.emit("form", self.context.say("give_out.no_form"))
            return
        try:
            due_at = self._due(due)
        except DomainError as error:
            self.field_error.emit("due", self.context.desk.texts.explain(error))
            return
        wanted = Wanted(
            form.form,
            form.version,
            due_at,
            purpose.strip(),
            study.strip(),
            send,
            self.chosen if chosen else (),
        )
        context, listing, filters, order = self.context, self._listing, self._filters, self._order
        self._job = context.jobs.write(
            lambda job: give_out(context, listing, filters, order, wanted, job), "give_out_forms"
        )
        self._job.progressed.connect(self.progress)
        self._job.succeeded.connect(self._given)
        self._job.refused.connect(self._refused)
        self._job.crashed.connect(self._crashed)
        self._job.finished.connect(self._ended)
        self.busy_changed.emit(True)

    def stop(self) -> None:
        """Leave the rest of the list alone."""
        if self._job is not None:
            self._job.cancel()

    def _due(self, text: str) -> datetime | None:
        if not text.strip():
            return None
        today = clinic(self.context.desk.clock()).date()
        found = read_moment("due", text, today)
        if found <= self.context.desk.clock():
            raise DomainError("form.due_past", field="due")
        return found

    def _forms(self, found: list[Offered]) -> None:
        self.forms = found
        self.forms_read.emit(found)

    def _studies(self, found: list[tuple[str, str]]) -> None:
        self.studies_read.emit(found)

    def _given(self, outcome: Outcome) -> None:
        self.done.emit(outcome)

    def _refused(self, error: KnownError) -> None:
        self.field_error.emit(error.field or "", self.context.desk.texts.explain(error))

    def _crashed(self, crash: Crash) -> None:
        self.field_error.emit("", self.context.say("crash.sentence", number=crash.number))

    def _ended(self) -> None:
        self._job = None
        self.busy_changed.emit(False)
