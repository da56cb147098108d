"""A study's data without its window: what is chosen, what it would be, the export and the statistics of it."""

from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.background import Job
from client.live import Changed
from client.outgoing import handed_out
from client.pages.study_data.reading import (
    Exported,
    Options,
    Report,
    StudyRow,
    chosen_names,
    export_work,
    read_options,
    read_studies,
    report_work,
    saved,
)
from client.station import Context, PageModel
from domain.consent.records import ConsentUse
from domain.kernel.commands import Command, commands
from domain.kernel.errors import DomainError, KnownError, UnavailableError
from domain.kernel.ids import Id
from domain.research.choosing import read_choice, told
from domain.research.export_commands import EXPORT, ExportPreview, ExportStudyData, PreviewStudyExport
from domain.research.records import DataKind, DateRule, ExportFormat
from forms.research.summary import Asked
from forms.research.survival import Event

USES = (ConsentUse.DATA, ConsentUse.SHARE)
FOLDER = "study_data.folder"


class ViewModel(PageModel):
    """F9 exports what is chosen, F8 makes its statistics; what is doubtful of the data is one key away."""

    studies_read = Signal(object)
    options_read = Signal(object)
    preview_changed = Signal(object, str)
    """An `ExportPreview` or None, and the sentence of why there is none."""
    report_changed = Signal(object)
    progressed = Signal(int, int)
    working_changed = Signal(str)
    """Sentence of what is being done, empty for nothing."""
    folder_asked = Signal()
    file_asked = Signal(str)
    command_asked = Signal(object, dict)
    exported = Signal(object)

    actions = (
        Action("export", "study_data.export", "F9", command="study.export_data", primary=True),
        Action("statistics", "study_data.statistics", "F8", permission=EXPORT),
        Action("save", "study_data.save", "Ctrl+S", permission="document.print"),
        Action("stop", "study_data.stop", "Shift+F9"),
        Action("lacking", "study_data.lacking", "F6", permission="study.view"),
        Action("alike", "study_data.alike", "F7", permission="study.view"),
        Action("identify", "study_data.identify", "Ctrl+I", command="study.request_identified"),
        Action("reload", "worklist.reload", "F5"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check(EXPORT)
        self.studies: list[StudyRow] = []
        self.study: StudyRow | None = None
        self.options = Options((), (), ())
        self.choice: dict[str, Any] = {"kinds": [kind.value for kind in DataKind]}
        self.formats = [ExportFormat.XLSX.value, ExportFormat.CSV.value]
        self.use, self.identified, self.purpose, self.by = ConsentUse.DATA, False, "", "arm"
        self.event: Event | None = None
        self.preview: ExportPreview | None = None
        self.report: Report | None = None
        self._wanted: Id | None = None
        self._asked = 0
        self._job: Job | None = None
        open_list = context.open_page
        self.action_set.on("export", self.ask_where)
        self.action_set.on("statistics", self.make_report)
        self.action_set.on("save", self.ask_file)
        self.action_set.on("stop", self.stop)
        self.action_set.on("lacking", lambda: open_list("worklist:study.lacking"))
        self.action_set.on("alike", lambda: open_list("worklist:study.alike"))
        self.action_set.on("identify", self.ask_identified)
        self.action_set.on("reload", self.load)
        self._enable()

    def watches(self) -> frozenset[str]:
        return frozenset({"study", "study_member", "identified_request", "study_data", "similar_pair"})

    def on_changed(self, changed: Changed) -> None:
        self.look()

    def on_open(self, **arguments: Any) -> None:
        self.title_changed.emit(self.context.say("nav.study_data"))
        self._wanted = arguments.get("study_id", self._wanted)
        self.load()

    @Slot()
    def load(self) -> None:
        """Read the studies anew; the one that is chosen stays chosen."""
        store, actor = self.context.desk.store, self.context.actor

        def read() -> list[StudyRow]:
            with store.read() as connection:
                return read_studies(connection, actor)

        self.query(read, self._take_studies, "studies")

    def choose_study(self, study_id: Id | None) -> None:
        """Work on another study; what was chosen of the one before is chosen no more."""
        self.study = next((one for one in self.studies if one.id == study_id), None)
        for name in ("arms", "sites", "visits"):
            self.choice.pop(name, None)
        self.report = None
        self.report_changed.emit(None)
        store, study = self.context.desk.store, self.study
        if study is None:
            self.look()
            return

        def read() -> Options:
            with store.read() as connection:
                return read_options(connection, study.id)

        self.query(read, self._take_options, "study_options")

    def choose(self, **parts: Any) -> None:
        """Choose parts of the data; an empty list or text is all of it."""
        for name, value in parts.items():
            if value in (None, "", []):
                self.choice.pop(name, None)
            else:
                self.choice[name] = value
        self.look()

    def set_days(self, since: str, until: str) -> None:
        """Choose visits by the day they began; a day that is none is said beside its field."""
        found: dict[str, str] = {}
        for field, text in (("since", since.strip()), ("until", until.strip())):
            try:
                found[field] = date.fromisoformat(text).isoformat() if text else ""
            except ValueError as error:
                told_it = DomainError("figures.bad_day", field=field, value=text)
                told_it.__cause__ = error
                self.field_error.emit(field, self.explain(told_it))
                return
        self.choose(**found)

    def choose_terms(self, *, formats: list[str], use: ConsentUse, identified: bool, purpose: str) -> None:
        """Choose in which files, on which consent, with or without who they are, and for what."""
        changed = use != self.use
        self.formats, self.use, self.identified, self.purpose = formats, use, identified, purpose.strip()
        self.choice["free_text"] = identified
        if identified:
            self.choice["dates"] = self.choice.get("dates", DateRule.SHIFTED.value)
        elif self.choice.get("dates") == DateRule.EXACT.value:
            self.choice["dates"] = DateRule.SHIFTED.value
        if changed:
            self.look()

    def choose_statistics(self, by: str, variable: str, op: str, value: str) -> None:
        """Choose by what people are grouped, and the event whose time is looked at (none without a variable)."""
        self.by = by
        self.event = Event(variable.strip(), op, value.strip()) if variable.strip() else None

    def look(self) -> None:
        """Find out what would leave."""
        self._asked += 1
        mine = self._asked
        self.preview = None
        self._enable()
        if self.study is None:
            why = "study_data.no_study" if not self.studies else "study_data.choose"
            self.preview_changed.emit(None, self.context.say(why))
            return
        order = PreviewStudyExport(study_id=self.study.id, choice=dict(self.choice), use=self.use)

        def take(preview: Any, why: str) -> None:
            if mine == self._asked:
                self.preview = preview
                self._enable()
                self.preview_changed.emit(preview, why)

        self.run(order, lambda done: take(done.receipt, ""), lambda error: take(None, self.explain(error)))

    @Slot()
    def ask_where(self) -> None:
        """Ask for the folder, unless the purpose is still missing."""
        if self.study is None or self.preview is None:
            self.toast("study_data.choose", "warning")
        elif not self.purpose:
            self.field_error.emit("purpose", self.context.say("study_data.no_purpose"))
        else:
            self.folder_asked.emit()

    @property
    def folder(self) -> str:
        """Where files went the last time."""
        return str(self.context.preferences.get(FOLDER, str(Path.home())))

    def export(self, folder: str) -> None:
        """Export what is chosen into a new folder below `folder`."""
        if self.study is None or not folder:
            return
        self.context.preferences.set(FOLDER, folder)
        order = ExportStudyData(
            study_id=self.study.id, choice=dict(self.choice), told=self.told(),
            formats=list(self.formats), use=self.use,
            purpose=self.purpose, identified=self.identified,
        )  # fmt: skip
        self._work(export_work(self.context, order, Path(folder)), self._exported, "study_data.exporting")

    @Slot()
    def make_report(self) -> None:
        """Make the statistics of what is chosen."""
        if self.study is None or self.preview is None:
            self.toast("study_data.choose", "warning")
            return
        asked = Asked(
            self.study.id, read_choice({**self.choice, "dates": "study_day", "free_text": False}), self.use, self.by,
            self.event, self.told(),
        )  # fmt: skip
        self._work(report_work(self.context, asked), self._reported, "study_data.counting")

    @Slot()
    def stop(self) -> None:
        """Stop what is being done; nothing half-written is left."""
        if self._job is not None:
            self._job.cancel()
            self.working_changed.emit(self.context.say("study_data.stopping"))

    @Slot()
    def ask_file(self) -> None:
        """Ask where the report is to be saved."""
        if self.report is None or self.study is None:
            self.toast("study_data.no_report", "warning")
            return
        self.file_asked.emit(f"{self.study.code}-统计报告.pdf")

    def save(self, path: str) -> None:
        """Save the report; that it goes is on record first."""
        report, study, context = self.report, self.study, self.context
        if report is None or study is None or not path:
            return

        def send() -> str:
            try:
                Path(path).write_bytes(report.pdf)
            except OSError as error:
                raise UnavailableError("export.cannot_write", path=path) from error
            return path

        job = context.jobs.read(lambda _job: handed_out(context, saved(study.code), send), "save_statistics")
        self._follow(job, lambda where: self.toast("study_data.saved", "success", path=where), None)

    @Slot()
    def ask_identified(self) -> None:
        """Ask that data may leave with who the subjects are."""
        if self.study is None:
            self.toast("study_data.choose", "warning")
            return
        command: Command = commands()["study.request_identified"]
        self.command_asked.emit(command, {"study_id": self.study.id})

    def told(self) -> str:
        """Return what is chosen as people read it."""
        say, options = self.context.say, self.options
        kinds = self.choice.get("kinds", [])
        names = [
            (say("study_data.kinds"),
            [] if len(kinds) == len(DataKind) else [say(f"choice.data_kind.{k}") for k in kinds]),
            (say("study_data.arms"), chosen_names(options.arms, self.choice.get("arms", []))),
            (say("study_data.sites"), chosen_names(options.sites, self.choice.get("sites", []))),
            (say("study_data.visits"), chosen_names(options.visits, self.choice.get("visits", []))),
            (say("study_data.sexes"), [{"1": "男", "2": "女"}.get(one, one) for one in self.choice.get("sexes", [])]),
        ]  # fmt: skip
        return told(read_choice(self.choice), names)

    def preview_lines(self, preview: ExportPreview) -> list[tuple[str, str]]:
        """Return what is told of a preview: sentences with their tone."""
        say = self.context.say
        lines = [(say("study_data.would", subjects=preview.subjects, visits=preview.visits), "")]
        left = [
            say("study_data.left_out", why=say(f"left_out.{c}"), count=n) for c, n in preview.left_out.items()
        ]
        if left:
            lines.append((say("study_data.not_in", reasons="；".join(left)), "warning"))
        cells = preview.cells
        if cells.cells:
            facts = {"least": cells.least, "cells": cells.cells, "people": cells.people}
            lines.append((say("study_data.small", shown="；".join(cells.shown), **facts), "warning"))
        if preview.rate is not None:
            tone = "danger" if preview.rate < 95 else "success"
            lines.append((say("study_data.rate", rate=preview.rate), tone))
        if preview.missing:
            facts = {"missing": preview.missing, "visits": preview.lacking_visits}
            lines.append((say("study_data.missing", **facts), "danger"))
        if preview.alike:
            lines.append((say("study_data.alike_found", count=preview.alike), "danger"))
        return lines

    def _work(self, work: Any, then: Any, sentence: str) -> None:
        if self._job is not None:
            self.toast("study_data.busy", "warning")
            return
        job = self._job = self.context.jobs.read(work, sentence)
        job.progressed.connect(self.progressed)
        job.finished.connect(self._over)
        self.working_changed.emit(self.context.say(sentence))
        self._follow(job, then, self._refused_work)
        self._enable()

    @Slot()
    def _over(self) -> None:
        self._job = None
        self.working_changed.emit("")
        self._enable()

    def _refused_work(self, error: KnownError) -> None:
        self.field_error.emit(error.field or "", self.explain(error))

    def _exported(self, done: Exported) -> None:
        if done is not None and done.folder is not None and done.written is not None:
            rows = {"number": done.number, "rows": done.written.rows, "folder": str(done.folder)}
            self.toast("study_data.exported", "success", **rows)
        self.exported.emit(done)

    def _reported(self, report: Report | None) -> None:
        if report is not None:
            self.report = report
            self._enable()
            self.report_changed.emit(report)

    def _take_studies(self, found: list[StudyRow]) -> None:
        self.studies = found
        wanted, self._wanted = self._wanted, None
        self.study = next((one for one in found if one.id == wanted), self.study)
        if self.study is None or self.study.id not in {one.id for one in found}:
            self.study = found[0] if found else None
        self.studies_read.emit(found)
        self.choose_study(None if self.study is None else self.study.id)

    def _take_options(self, options: Options) -> None:
        self.options = options
        self.options_read.emit(options)
        self.look()

    def _enable(self) -> None:
        ready, free = self.study is not None and self.preview is not None, self._job is None
        self.action_set.enable("export", ready and free)
        self.action_set.enable("statistics", ready and free)
        self.action_set.enable("save", self.report is not None)
        self.action_set.enable("stop", not free)
        self.action_set.enable("identify", self.study is not None)
