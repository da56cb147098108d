"""A client's risks on one page: colour and why, each category, and the three factors that would change it most."""

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.live import Changed
from client.navigation import RECORD_PAGES
from client.pages.risk.reading import RiskSheet, risk_sheet
from client.station import Context, PageModel
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.kernel.record import record_classes
from domain.kernel.worklists import records
from domain.risk.advice_commands import AdviseOnFactors
from domain.risk.commands import AssessRisks
from forms.risk_reporting import risk_report_data

FOR = ("patient", "risk_level", "risk_assessment", "risk_level_change")


class ViewModel(PageModel):
    """`sheet_changed` carries a `RiskSheet`; `empty_changed` the sentence why there is none."""

    sheet_changed = Signal(object)
    empty_changed = Signal(str)

    actions = (
        Action("reload", "worklist.reload", "F5"),
        Action("assess", "risk_page.assess", "F9", command="risk.assess"),
        Action("advise", "risk_page.advise", "F6", command="risk.advise"),
        Action("record", "risk_page.record", "F7"),
    )

    def __init__(self, context: Context, entity: str, record_id: Id, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check(str(RECORD_PAGES["risk"]))
        if entity not in FOR:
            raise DomainError("page.unknown", page=f"risk:{entity}")
        self._entity, self._record_id = entity, record_id
        self.patient_id: Id | None = None
        self.sheet: RiskSheet | None = None
        self.action_set.on("reload", self.load)
        self.action_set.on("assess", self.assess)
        self.action_set.on("advise", self.advise)
        self.action_set.on("record", self.go_back)

    def watches(self) -> frozenset[str]:
        return frozenset({"risk_level", "risk_assessment"})

    def on_changed(self, changed: Changed) -> None:
        self.load()

    def on_open(self, **arguments: Any) -> None:
        self.load()

    @Slot()
    def load(self) -> None:
        """Read it anew."""
        job = self.context.jobs.read(lambda _job: self._read(), "risks")
        self._follow(job, self._take, self._nothing)

    @Slot()
    def assess(self) -> None:
        """Assess the client on what is stored now."""
        if self.patient_id is not None:
            self.run(AssessRisks(patient_id=self.patient_id), lambda _done: self.load())

    @Slot()
    def advise(self) -> None:
        """Propose what is to be done about the factors at high risk, to the client and to who follows up."""
        if self.patient_id is not None:
            order = AdviseOnFactors(patient_id=self.patient_id)
            self.run(order, lambda _done: self.toast("risk_page.advised", "success"))

    @Slot()
    def go_back(self) -> None:
        """Back to the client's own page."""
        if self.patient_id is not None:
            self.context.open_page(f"record:patient:{self.patient_id}")

    def _read(self) -> RiskSheet:
        context = self.context
        if self._entity == "patient":
            self.patient_id = self._record_id
        else:
            kind = record_classes()[self._entity]
            with context.desk.store.read() as connection:
                found = records(
                    connection, context.actor, kind, kind.__table__.c.id == self._record_id, limit=1
                )
            if not found:
                raise DomainError("record.gone")
            self.patient_id = found[0].as_dict()["patient_id"]
        data = risk_report_data(context.desk.dispatcher, context.actor, self.patient_id)
        return risk_sheet(data, context.say)

    def _take(self, sheet: RiskSheet) -> None:
        self.sheet = sheet
        self.patient_changed.emit(self.patient_id)
        self.title_changed.emit(self.context.say("risk_page.title"))
        self.sheet_changed.emit(sheet)

    def _nothing(self, error: KnownError) -> None:
        self.sheet = None
        self.patient_changed.emit(self.patient_id)
        self.title_changed.emit(self.context.say("risk_page.title"))
        self.empty_changed.emit(self.explain(error))
