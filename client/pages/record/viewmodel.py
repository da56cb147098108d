"""Any record as labels and values, what it points to, what it may have done to it, and its history."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.background import Job, while_there
from client.live import Changed
from client.outgoing import handed_out
from client.pages.form.sending import sending_words
from client.pages.record.about_client import (
    elsewhere_lines,
    hospital_lines,
    joined_records,
    reception_lines,
    report_lines,
    tag_line,
    talk_lines,
)
from client.pages.record.history import HistoryLine, read_history
from client.phone_link import new_secret
from client.printing import Printer, print_file
from client.station import Context, PageModel
from domain.kernel.disputes import Disputed, beside
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import Record, RecordInfo, column_info, record_classes
from domain.kernel.worklists import NamedRow, records, worklists
from domain.outgoing.commands import HandOutDocument
from domain.outgoing.records import Destination
from domain.security.emergency_commands import in_emergency
from forms.printables import Printable, printables_for

OWN = ("ver", "extra")
PERMISSIONS = {"patient": "people.view", "specimen": "biobank.view", "storage_container": "biobank.view",
               "visit": "checkup.view", "observation": "checkup.view", "finding": "checkup.view",
               "report": "report.view", "critical_value": "critical.view", "alert": "alert.view",
               "conflict": "conflict.view", "staff": "staff.view"}  # fmt: skip
"""Permission to look at a record where no worklist of it gives one."""
FILLED_FOR = ("patient", "visit", "form_task")
"""Records for which a questionnaire can be filled in."""
NAMES = ("name", "number", "code", "label", "login")


@dataclass(frozen=True, slots=True)
class Value:
    """One line of the sheet; `link` is the page of the record it points to."""

    name: str
    label: str
    text: str
    masked: bool = False
    link: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A record as it stands for one reader."""

    title: str
    values: tuple[Value, ...]
    history: tuple[HistoryLine, ...]
    patient_id: Id | None


class ViewModel(PageModel):
    """One record; `sheet_changed` carries a `Sheet`, None if it is gone or out of scope.

    `share_asked` carries the `Secret` of a link to the client's report that is to be made.
    """

    sheet_changed = Signal(object)
    share_asked = Signal(object)

    actions = (
        Action("reload", "worklist.reload", "F5"),
        Action("history", "record.history", "F11"),
        Action("print", "record.print", "F8", permission="document.print"),
        Action("fill_form", "record.fill_form", "F9", command="checkup.answer_form"),
        Action("risks", "record.risks", "Ctrl+R", permission="risk.view"),
        Action("portrait", "record.portrait", "F6", permission="risk.view"),
        Action("care_plans", "record.care_plans", "Ctrl+L", permission="care.view"),
        Action("share", "record.share", "Ctrl+M", command="link.share_report"),
        Action("chat", "record.chat", "Ctrl+J", permission="conversation.view"),
        Action("study_data", "record.study_data", "Ctrl+E", permission="study.export"),
    )

    def __init__(
        self, context: Context, entity: str, record_id: Id, parent: QObject | None = None, *,
        printer: Printer = print_file,
    ) -> None:  # fmt: skip
        super().__init__(context, parent)
        self._printer = printer
        self.entity, self.record_id = entity, record_id
        self.kind: type[Record] = record_classes()[entity]
        self.info: RecordInfo = self.kind.record_info
        self.sheet: Sheet | None = None
        check_may_see(context, entity)
        self.action_set.on("reload", self.load)
        self.action_set.on("fill_form", lambda: self.context.open_page(f"form:{entity}:{record_id}"))
        self.action_set.enable("fill_form", entity in FILLED_FOR)
        self.action_set.enable("print", bool(self.printable()))
        self.action_set.on("risks", lambda: self.context.open_page(f"risk:patient:{record_id}"))
        self.action_set.enable("risks", entity == "patient")
        self.action_set.on("portrait", lambda: self.context.open_page(f"portrait:patient:{record_id}"))
        self.action_set.enable("portrait", entity == "patient")
        self.action_set.on("study_data", lambda: self.context.open_page("study_data", study_id=record_id))
        self.action_set.enable("study_data", entity == "study")
        self.action_set.on("care_plans", lambda: self.context.open_page(f"care_plans:patient:{record_id}"))
        self.action_set.enable("care_plans", entity == "patient")
        self.action_set.on("share", self._share)
        self.action_set.enable("share", entity == "patient")
        self.action_set.on("chat", lambda: self.context.open_page("inbox", patient_id=self.record_id))
        self.action_set.enable("chat", entity == "patient")

    def watches(self) -> frozenset[str]:
        beside_it = (
            {
                "client_tag",
                "conversation_message",
                "shared_portrait",
                "hospital_visit",
                "appointment",
                "report",
                "same_person",
                "same_person_ended",
            }
            if self.entity == "patient"
            else set()
        )
        return frozenset({self.entity, "conflict", *beside_it})

    def on_changed(self, changed: Changed) -> None:
        if changed.has(self.entity, self.record_id) or changed.touches(self.watches() - {self.entity}):
            self.load()

    def on_open(self, **arguments: Any) -> None:
        self.load()

    @Slot()
    def load(self) -> None:
        """Read it anew."""
        self.query(lambda: read_sheet(self.context, self.kind, self.record_id), self._take, "record")

    def open_link(self, page: str) -> None:
        """Open a record this one points to."""
        self.context.open_page(page)

    def printable(self) -> list[Printable]:
        """Return the documents that the person signed in may print of this record."""
        return printables_for(self.entity, self.context.actor)

    def print_document(self, document: str) -> None:
        """Print one of them; it is on record before it goes."""
        one = next(found for found in self.printable() if found.id == document)
        context, record_id, printer = self.context, self.record_id, self._printer
        patient_id = self.sheet.patient_id if self.sheet is not None else None
        self.toast("record.printing", "info", label=one.label)

        def work(_job: Job) -> None:
            pdf = one.make(context.desk.dispatcher, context.actor, record_id)
            order = HandOutDocument(what=one.label, destination=Destination.PRINTER, patient_id=patient_id)
            with tempfile.TemporaryDirectory(dir=context.desk.home.folder) as folder:
                path = Path(folder) / f"{one.id}.pdf"
                path.write_bytes(pdf)
                handed_out(context, order, lambda: printer(path))

        job = self.context.jobs.read(work, "print_document")
        job.succeeded.connect(
            while_there(self, lambda _nothing: self.toast("record.printed", "success", label=one.label))
        )
        job.refused.connect(while_there(self, lambda error: self.message.emit(self.explain(error), "danger")))

    def _share(self) -> None:
        """Ctrl+M: the client is to read the risk report on the phone."""
        server = self.context.desk.installation.server
        if server:
            self.share_asked.emit(new_secret(server))
        else:
            self.toast("record.share.no_centre", "warning")

    def _take(self, sheet: Sheet | None) -> None:
        self.sheet = sheet
        if sheet is not None:
            self.title_changed.emit(sheet.title)
            self.patient_changed.emit(sheet.patient_id)
        self.sheet_changed.emit(sheet)


def check_may_see(context: Context, entity: str) -> None:
    """Refuse a record no list of this person shows: permission of any of its worklists, or of its feature."""
    needed = {w.permission for w in worklists().values() if w.record.record_info.entity == entity}
    needed.add(PERMISSIONS.get(entity, f"{entity}.view"))
    if not any(context.actor.may(p) for p in needed):
        raise DomainError("permission.denied", permission=sorted(needed)[0], role=context.actor.rights.label)


def read_sheet(context: Context, kind: type[Record], record_id: Id) -> Sheet | None:
    """Return the sheet of a record within the reader's scope; off the UI thread."""
    with context.desk.store.read() as connection:
        actor = in_emergency(connection, context.actor, kind, record_id)
        if actor is not context.actor:
            context = replace(context, actor=actor)
        found = records(connection, context.actor, kind, kind.__table__.c.id == record_id, limit=1)
        if not found:
            return None
        row = found[0]
        values = tuple(_value(context, connection, kind, c, row) for c in _columns(kind))
        history = tuple(read_history(connection, context, kind, record_id))
        if kind.record_info.entity == "patient":
            beside_it = (
                Value("tags", context.say("record.tags"), tag_line(context, connection, record_id)),
                Value(
                    "elsewhere",
                    context.say("record.elsewhere"),
                    elsewhere_lines(context, connection, record_id),
                ),
                Value("reports", context.say("record.reports"), report_lines(context, connection, record_id)),
                Value(
                    "hospital", context.say("record.hospital"), hospital_lines(context, connection, record_id)
                ),
                Value(
                    "receptions",
                    context.say("record.receptions"),
                    reception_lines(context, connection, record_id),
                ),
                Value("talks", context.say("record.talks"), talk_lines(context, connection, record_id)),
            )
            values += tuple(value for value in beside_it if value.text)
            joined = joined_records(context, connection, record_id)
            values = (*(Value(f"joined_{n}", *one[:2], link=one[2]) for n, one in enumerate(joined)), *values)
    entity = kind.record_info.entity
    if entity == "questionnaire_response":
        told, _ = sending_words(context, record_id)
        values = (Value("sending", context.say("form_page.sending"), told), *values)
    patient_id = row.id if entity == "patient" else row.as_dict().get("patient_id")
    return Sheet(f"{kind.record_info.label} {_name(row)}".strip(), values, history, patient_id)


def _columns(kind: type[Record]) -> list[Any]:
    return [c for c in kind.__table__.columns if column_info(c) is not None and c.name not in OWN]


def _value(context: Context, connection: Any, kind: type[Record], column: Any, row: NamedRow) -> Value:
    info = column_info(column)
    assert info is not None  # noqa: S101  (only declared columns come here)
    value = getattr(row, column.name)
    masked = info.sensitivity > context.actor.clearance and value is not None
    text, link = context.formatter.value(value, kind.record_info.entity, column.name), ""
    if info.ref and value is not None and info.ref in record_classes():
        text, link = (
            _pointed(context, connection, record_classes()[info.ref], value),
            f"record:{info.ref}:{value}",
        )
        others = beside(connection, kind.record_info.entity, [row.id]).get(row.id, {}).get(column.name, [])
        names = [_pointed(context, connection, record_classes()[info.ref], other) for other in others]
        text = Disputed([text, *names]).shown(str) if names else text
    unit = f" {info.unit}" if info.unit and text and not masked else ""
    return Value(column.name, info.label, text + unit, masked, link, info.code or "")


def _pointed(context: Context, connection: Any, kind: type[Record], record_id: Id) -> str:
    found = records(connection, context.actor, kind, kind.__table__.c.id == record_id, limit=1)
    return _name(found[0]) if found else context.say("record.out_of_sight")


def _name(row: NamedRow) -> str:
    known = row.as_dict()
    return " ".join(str(known[n]) for n in NAMES if known.get(n) not in (None, ""))
