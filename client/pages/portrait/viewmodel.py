"""A client's health portrait: read in the background, read anew when anything it joins has changed."""

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.live import Changed
from client.navigation import RECORD_PAGES
from client.pages.portrait.reading import Portrait, portrait_of, shared_portrait_of
from client.station import Context, PageModel
from domain.kernel.columns import Sensitivity
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.kernel.worklists import records
from domain.sharing.records import SharedPortrait
from forms.portrait import portrait_data

SHARED = "shared_portrait"
JOINED = frozenset(
    {SHARED, "risk_level", "risk_assessment", "scale_result", "observation", "finding", "patient"}
)


class ViewModel(PageModel):
    """`portrait_changed` carries a `Portrait`; `empty_changed` the sentence why there is none."""

    portrait_changed = Signal(object)
    empty_changed = Signal(str)

    actions = (
        Action("reload", "worklist.reload", "F5"),
        Action("risks", "record.risks", "Ctrl+R", permission="risk.view"),
        Action("fill_form", "record.fill_form", "F9", command="checkup.answer_form"),
        Action("record", "risk_page.record", "F7"),
    )

    def __init__(self, context: Context, entity: str, record_id: Id, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check(str(RECORD_PAGES["portrait"]))
        if entity not in ("patient", SHARED):
            raise DomainError("page.unknown", page=f"portrait:{entity}")
        self.shared_id = record_id if entity == SHARED else None
        self.patient_id = record_id
        self.portrait: Portrait | None = None
        self.action_set.on("reload", self.load)
        for name, page in (("risks", "risk"), ("fill_form", "form"), ("record", "record")):
            self.action_set.on(name, lambda page=page: context.open_page(f"{page}:patient:{self.patient_id}"))

    def watches(self) -> frozenset[str]:
        return JOINED

    def on_changed(self, changed: Changed) -> None:
        self.load()

    def on_open(self, **arguments: Any) -> None:
        self.load()

    @Slot()
    def load(self) -> None:
        """Read it anew."""
        job = self.context.jobs.read(lambda _job: self._read(), "portrait")
        self._follow(job, self._take, self._nothing)

    def _read(self) -> Portrait:
        context = self.context
        if self.shared_id is not None:
            return self._read_shared(self.shared_id)
        data = portrait_data(context.desk.dispatcher, context.actor, self.patient_id)
        return portrait_of(data, context.say)

    def _read_shared(self, shared_id: Id) -> Portrait:
        """Return the portrait that another site of the group has of a client who agreed."""
        context = self.context
        if context.actor.clearance < Sensitivity.SENSITIVE:
            raise DomainError("assessment.clearance")
        with context.desk.store.read() as connection:
            rows = records(connection, context.actor, SharedPortrait, SharedPortrait.id == shared_id, limit=1)
        if not rows or not rows[0].valid:
            raise DomainError("shared_portrait.unknown")
        row = rows[0]
        self.patient_id = row.patient_id
        if not row.data:
            raise DomainError("portrait.nothing", field="patient_id")
        return shared_portrait_of(row.as_dict(), context.say)

    def _take(self, portrait: Portrait) -> None:
        self.portrait = portrait
        self._named()
        self.portrait_changed.emit(portrait)

    def _nothing(self, error: KnownError) -> None:
        self.portrait = None
        self._named()
        self.empty_changed.emit(self.explain(error))

    def _named(self) -> None:
        self.patient_changed.emit(self.patient_id)
        self.title_changed.emit(self.context.say("portrait.title"))
