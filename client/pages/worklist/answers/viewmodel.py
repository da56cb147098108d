"""The dialog of exporting responses, without its window."""

from datetime import date, timedelta
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from client.background import Crash, Job
from client.pages.worklist.answers.taking_out import Asked, Made, export_answers_work, may_identify, offered
from client.pages.worklist.filters import read_day
from client.station import Context
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.outgoing.answer_commands import AnsweredForm, AnswerFile

USUAL = timedelta(days=30)


class ViewModel(QObject):
    """Reads what there are responses of, then writes those asked for."""

    forms_read = Signal(list)
    """Of (form, title) by title."""
    field_error = Signal(str, str)
    """Field (empty for the whole) and sentence."""
    progress = Signal(int, int)
    busy_changed = Signal(bool)
    done = Signal(object)

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._job: Job | None = None
        self._found: list[AnsweredForm] = []

    @property
    def may_identify(self) -> bool:
        """Whether this person may take out who somebody is."""
        return may_identify(self.context)

    @property
    def is_busy(self) -> bool:
        return self._job is not None

    def usual(self) -> tuple[str, str]:
        """Return the days to begin with: the last month."""
        today = clinic(self.context.desk.clock()).date()
        return (today - USUAL).isoformat(), today.isoformat()

    def load(self) -> None:
        """Read in the background what there is."""
        context = self.context
        job = context.jobs.read(lambda _job: offered(context), "answered_forms")
        job.succeeded.connect(self._forms)
        job.refused.connect(self._refused)

    def versions(self, form: str) -> list[tuple[str, int]]:
        """Return the versions of a form there are responses of, with how many."""
        found: dict[str, int] = {}
        for one in self._found:
            if one.form == form:
                found[one.version] = found.get(one.version, 0) + one.count
        return sorted(found.items(), reverse=True)

    def organisations(self, form: str) -> list[tuple[Id, str]]:
        """Return the organisations a form was filled in at."""
        found = {one.org_id: one.organisation for one in self._found if one.form == form}
        return sorted(found.items(), key=lambda one: one[1])

    def suggested_path(self, title: str, file: AnswerFile) -> Path:
        """Return where the file would go unless told otherwise."""
        plain = "".join(c for c in title if c not in '\\/:*?"<>|').strip() or "answers"
        stamp = f"{clinic(self.context.desk.clock()):%Y%m%d-%H%M%S}"
        return self.context.desk.home.exports / f"{plain}-{stamp}.{file}"

    def check(
        self, form: str, version: str | None, org_id: Id | None, since: str, until: str, purpose: str, *,
        identified: bool, file: AnswerFile,
    ) -> Asked | None:  # fmt: skip
        """Return what was asked for, or say beside each field what is wrong with it."""
        for name in ("", "form", "since", "until", "purpose"):
            self.field_error.emit(name, "")
        begin, end = self._day("since", since), self._day("until", until)
        if not form:
            self.field_error.emit("form", self.context.say("give_out.no_form"))
        if not purpose.strip():
            label = self.context.say("answers.purpose")
            self.field_error.emit("purpose", self.context.say("input.missing", label=label))
        if not form or begin is None or end is None or not purpose.strip():
            return None
        if end < begin:
            self.field_error.emit("until", self.context.say("form.period"))
            return None
        return Asked(form, begin, end, purpose.strip(), version, org_id, identified, file)

    def start(self, asked: Asked, path: Path) -> None:
        """Write it; once at a time."""
        if self._job is not None:
            return
        self._job = self.context.jobs.read(export_answers_work(self.context, asked, path), "export_answers")
        self._job.progressed.connect(self.progress)
        self._job.succeeded.connect(self._made)
        self._job.refused.connect(self._refused)
        self._job.crashed.connect(self._crashed)
        self._job.finished.connect(self._ended)
        self.busy_changed.emit(True)

    def stop(self) -> None:
        """Stop after what is under way; what is whole stays."""
        if self._job is not None:
            self._job.cancel()

    def _day(self, name: str, text: str) -> date | None:
        try:
            return read_day(name, text, clinic(self.context.desk.clock()).date())
        except DomainError as error:
            self.field_error.emit(name, self.context.desk.texts.explain(error))
            return None

    def _forms(self, found: list[AnsweredForm]) -> None:
        self._found = found
        names = {one.form: self.context.formatter.name(one.form, "words:form") for one in found}
        self.forms_read.emit(sorted(names.items(), key=lambda one: one[1]))

    def _made(self, made: Made) -> None:
        self.done.emit(made)

    def _refused(self, error: KnownError) -> None:
        named = getattr(error, "field", None) or ""
        self.field_error.emit(
            named if named in {"since", "until", "purpose"} else "", self.context.desk.texts.explain(error)
        )

    def _crashed(self, crash: Crash) -> None:
        self.field_error.emit("", self.context.say("crash.sentence", number=crash.number))

    def _ended(self) -> None:
        stopped = self._job is not None and self._job.cancelled
        self._job = None
        if stopped:  # a job that was cancelled says nothing else
            self.done.emit(Made((), 0, stopped=True))
        self.busy_changed.emit(False)
