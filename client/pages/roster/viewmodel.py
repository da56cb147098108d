"""A list being checked, without its window: read, checked in parts with progress, shown red first, taken out."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from client.actions import Action
from client.background import Job
from client.outgoing import handed_out
from client.station import Context, PageModel
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.kernel.sheets import LARGEST
from domain.outgoing.commands import HandOutDocument
from domain.outgoing.records import Destination, OutgoingResult
from domain.people.roster_commands import (
    CHECK,
    MOST_AT_ONCE,
    BeginRoster,
    CheckRosterLines,
    RosterLine,
)
from domain.people.roster_reading import read_roster
from forms.printables import documents
from forms.roster_report import Checked, checked_list, roster_pdf, why, write_roster_xlsx

WHAT = "名单身份核查报告"
PART = MOST_AT_ONCE // 2
"""Lines between two steps of the progress."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table; `light` is its code."""

    row: str
    light: str
    word: str
    name: str
    number: str
    why: str
    outside: str
    client: str


@dataclass(frozen=True, slots=True)
class ReadList:
    """A file that was read and not yet checked."""

    path: Path
    sha256: str
    lines: tuple[RosterLine, ...]


class ViewModel(PageModel):
    """`changed` when lines, summary or what may be done changed; `progressed` while a list is checked."""

    changed = Signal()
    progressed = Signal(int, int)
    file_asked = Signal()
    save_asked = Signal(str)
    """An ending: where is the report to be written?"""

    actions = (
        Action("file", "roster.file", "F2", command="people.begin_list", primary=True),
        Action("go", "roster.go", "F9", command="people.begin_list"),
        Action("stop", "roster.stop", "F7", command="people.begin_list"),
        Action("excel", "roster.excel", "F6", command="document.hand_out"),
        Action("pdf", "roster.pdf", "F8", command="document.hand_out"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check(CHECK)
        self.read: ReadList | None = None
        self.batch_id: Id | None = None
        self.lines: tuple[Line, ...] = ()
        self.summary = self.say("roster.begin")
        self.problem = ""
        self.outside = False
        self._job: Job | None = None
        self.action_set.on("file", self.file_asked.emit)
        self.action_set.on("go", self.check)
        self.action_set.on("stop", self._stop)
        self.action_set.on("excel", lambda: self.save_asked.emit("xlsx"))
        self.action_set.on("pdf", lambda: self.save_asked.emit("pdf"))
        self._enable()

    def say(self, code: str, /, **facts: Any) -> str:
        """Return a sentence of the catalogue."""
        return self.context.say(code, **facts)

    def take(self, path: Path) -> None:
        """Read a file; nothing is kept yet."""

        def work() -> ReadList:
            if path.stat().st_size > LARGEST:
                raise DomainError("roster.too_large", field="file", most=LARGEST // 1_000_000)
            self.context.desk.blobs.check_room(path.stat().st_size)
            content = path.read_bytes()
            return ReadList(path, hashlib.sha256(content).hexdigest(), tuple(read_roster(content, path.name)))

        self.read, self.batch_id, self.lines, self.problem = None, None, (), ""
        job = self.context.jobs.read(lambda _job: work(), "read_roster")
        self._follow(job, self._taken, self._refused)

    def check(self) -> None:
        """Check what was read, part by part; what is checked stays, also when it is stopped."""
        read = self.read
        if read is None or self._job is not None:
            return
        run, actor, outside = self.context.desk.dispatcher.run, self.context.actor, self.outside

        def work(job: Job) -> Id:
            batch: Id = run(
                BeginRoster(
                    name=read.path.stem[:120], file_name=read.path.name[:255], sha256=read.sha256,
                    rows=len(read.lines), outside=outside,
                ),
                actor,
            ).receipt  # fmt: skip
            for start in range(0, len(read.lines), PART):
                if self._stopped:
                    break
                part = list(read.lines[start : start + PART])
                run(CheckRosterLines(batch_id=batch, lines=part), actor)
                job.tell(min(start + PART, len(read.lines)), len(read.lines))
            return batch

        self._stopped = False
        self._job = self.context.jobs.write(work, "check_roster")
        self._job.progressed.connect(self.progressed)
        self._follow(self._job, self._checked, self._refused)
        self._job.finished.connect(self._over)
        self._enable()

    def save(self, path: Path) -> None:
        """Write the report (xlsx or pdf by the ending); it is on record before it is written."""
        context, batch_id = self.context, self.batch_id
        if batch_id is None:
            return

        def write() -> int:
            if path.suffix == ".xlsx":
                return write_roster_xlsx(context.desk.dispatcher, context.actor, batch_id, path)
            made = roster_pdf(context.desk.dispatcher, context.actor, documents()["identity_batch"], batch_id)
            path.write_bytes(made)
            return 1

        order = HandOutDocument(
            what=WHAT, destination=Destination.FILE, count=1, purpose=self.say("roster.purpose")
        )

        def work(_job: Job) -> int:
            return handed_out(context, order, write, ended=lambda count: (OutgoingResult.DONE, count))

        job = context.jobs.read(work, "roster_report")
        self._follow(job, lambda _count: self.toast("roster.saved", "success", name=path.name), self._refused)

    def _taken(self, read: ReadList) -> None:
        self.read = read
        wrong = sum(1 for line in read.lines if line.remarks)
        self.summary = self.say("roster.read", name=read.path.name, count=len(read.lines), wrong=wrong)
        self.lines = tuple(
            Line(
                str(one.row), "red" if one.remarks else "", self.say("roster.not_yet"), one.name,
                one.id_number or "", "；".join(one.remarks), "", "",
            )
            for one in sorted(read.lines, key=lambda one: (not one.remarks, one.row))
        )  # fmt: skip
        self._enable()
        self.changed.emit()

    def _checked(self, batch_id: Id) -> None:
        self.batch_id, self.read = batch_id, None
        desk, actor = self.context.desk.dispatcher, self.context.actor
        self.query(lambda: checked_list(desk, actor, batch_id), self._show, "checked_list")

    def _show(self, found: Checked) -> None:
        batch, texts = found.batch, self.context.desk.texts
        self.summary = self.say(
            "roster.checked", name=batch.name, rows=batch.rows, checked=batch.checked, green=batch.green,
            yellow=batch.yellow, red=batch.red, open=found.open_,
        )  # fmt: skip
        self.lines = tuple(
            Line(
                str(one.row), str(one.light), self.say(f"choice.light.{one.light}"), one.said_name,
                one.said_id_number or "", why(one, texts), self.say(f"choice.outside_answer.{one.outside}"),
                found.clients.get(one.compared_with, ""),
            )
            for one in found.lines
        )  # fmt: skip
        self._enable()
        self.changed.emit()

    def _refused(self, error: KnownError) -> None:
        self.problem = self.explain(error)
        self._enable()
        self.changed.emit()

    def _stop(self) -> None:
        self._stopped = True

    def _over(self) -> None:
        self._job = None
        self._enable()

    def _enable(self) -> None:
        busy = self._job is not None
        self.action_set.enable("file", enabled=not busy)
        self.action_set.enable("go", enabled=self.read is not None and not busy)
        self.action_set.enable("stop", enabled=busy)
        for name in ("excel", "pdf"):
            self.action_set.enable(name, enabled=self.batch_id is not None and not busy)

    _stopped = False
