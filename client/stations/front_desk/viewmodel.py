"""The front desk without its window: who is here, and what each key, scan and device does now."""

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from client.actions import Action
from client.devices_hub import hub_of
from client.label_jobs import LabelJobs
from client.live import Changed
from client.ports import Scanned
from client.station import Context, StationModel
from client.stations.front_desk.finding import TodaysVisit, day_of, todays_visits
from client.stations.front_desk.identity import IdentityModel
from client.stations.front_desk.visit_model import VisitModel
from client.stations.front_desk.visits import visit_of_tube
from devices.readings import CardRead, Notice, Refusal
from devices.session import Arrived
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id
from domain.people.scanned import UNKNOWN

MANUAL = frozenset({"pressure", "body"})


class ViewModel(StationModel):
    """One nurse's desk; `visit` is the client at it, `identity` how the next one is found."""

    today_changed = Signal()
    devices_changed = Signal()
    notice = Signal(str, str)
    """Sentence and tone of what a device says (measuring, card on the reader)."""
    submit_asked = Signal(str)
    """F9 where the values are still in the widgets: ``register``, ``pressure`` or ``body``."""
    search_asked = Signal()
    reprint_asked = Signal()
    attach_asked = Signal()
    sound = Signal(str)
    """``good``, ``bad`` or ``alarm``."""

    actions = (
        Action("confirm", "front_desk.action.confirm", "F9", primary=True),
        Action("back", "front_desk.action.back", "F7"),
        Action("register", "front_desk.action.register", "F2", command="people.register"),
        Action("search", "front_desk.action.search", "F3"),
        Action("measure", "front_desk.action.measure", "F4", command="checkup.measure"),
        Action("print", "front_desk.action.print", "F8", command="specimen.label"),
        Action("attach", "front_desk.action.attach", "Ctrl+O", command="checkup.attach"),
        Action("phone", "front_desk.action.phone", "Ctrl+M", command="link.hand_over"),
        Action("close", "front_desk.action.close", "F10"),
    )

    def __init__(
        self, context: Context, parent: QObject | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(context, parent)
        self.hub = hub_of(context.desk)
        self.identity = IdentityModel(self)
        self.visit = VisitModel(self, LabelJobs(self, self.hub.printer("tube")), monotonic)
        self.today: list[TodaysVisit] = []
        self._bind_actions()
        self._bind_parts()

    def watches(self) -> frozenset[str]:
        return frozenset(
            {"visit", "observation", "specimen", "label_print", "finding", "critical_value", "patient",
             "questionnaire_response", "omission", "identity_check"}
        )  # fmt: skip

    def on_changed(self, changed: Changed) -> None:
        if changed.touches({"visit"}):
            self.load_today()
        self.visit.reload()

    def on_open(self, **arguments: Any) -> None:
        """Begin; `visit_id` or `patient_id` open that client at once, `find` looks for one, `action` is a key."""
        self.load_today()
        self.identity.count_drafts()
        if arguments.get("visit_id"):
            self.open_visit(arguments["visit_id"])
        elif arguments.get("patient_id"):
            self.open_person(arguments["patient_id"])
        elif arguments.get("find"):
            self.identity.look_for(arguments["find"])
        elif arguments.get("action"):
            self.action_set.trigger(arguments["action"])

    def on_scan(self, scanned: Scanned) -> bool:
        """Take a tube, a visit, a client or an identity number; the rest is not the desk's business."""
        at_tubes = self.visit.encounter is not None and self.visit.step in {"labels", "collect"}
        if scanned.kind == "specimen" or (scanned.kind == UNKNOWN and at_tubes):
            self._scan_tube(scanned)
        elif scanned.kind == "visit" and scanned.record_id is not None:
            self.open_visit(scanned.record_id)
        elif scanned.kind == "patient" and scanned.record_id is not None:
            self.open_person(scanned.record_id)
        elif scanned.kind == "id_number":
            if self._may_switch():
                self.identity.read_number(scanned.text)
        else:
            return False
        return True

    def load_today(self) -> None:
        """Read who is expected or here today."""
        desk, actor = self.context.desk, self.context.actor
        day = day_of(desk.clock())
        self.query(lambda: todays_visits(desk.pages, actor, day), self._today_read, "today")

    def open_person(self, patient_id: Id) -> None:
        """The client is here; who is at the desk already is about to leave: the exit check."""
        encounter = self.visit.encounter
        if encounter is not None and encounter.patient_id == patient_id:
            self.visit.go("leave")
        elif self._may_switch():
            self.visit.open_person(patient_id)

    def open_visit(self, visit_id: Id, step: str = "") -> None:
        """Show a visit; the open one again is the exit check."""
        encounter = self.visit.encounter
        if encounter is not None and encounter.visit_id == visit_id:
            self.visit.go("leave")
        elif self._may_switch():
            self.visit.open_visit(visit_id, step)

    def close_visit(self) -> None:
        """Wait for the next client."""
        if self._may_switch():
            self.visit.close()

    def confirm(self) -> None:
        """F9: answer the doubt, keep what was measured, or finish the step on screen."""
        visit = self.visit
        if visit.vitals.doubt is not None:
            visit.vitals.settle(is_theirs=True)
        elif visit.vitals.confirm():
            return
        elif self.identity.registration is not None:
            self.submit_asked.emit("register")
        elif visit.encounter is not None and visit.step in MANUAL:
            self.submit_asked.emit(visit.step)
        elif visit.encounter is not None:
            finish = {"arrive": visit.arrive, "form": visit.form.hand_in, "leave": visit.leave}
            finish.get(visit.step, visit.next_step)()

    def back(self) -> None:
        """F7: the reading is another's, what was measured is dropped, else one step back."""
        vitals = self.visit.vitals
        if vitals.doubt is not None:
            vitals.settle(is_theirs=False)
        elif vitals.discard():
            return
        elif self.identity.registration is not None or self.identity.found:
            self.identity.cancel()
        elif self.visit.leave_asked:
            self.visit.stay()
        elif self.visit.step == "form":
            self.visit.form.back()

    def _bind_actions(self) -> None:
        on = self.action_set.on
        on("confirm", self.confirm)
        on("search", self.search_asked.emit)
        on("register", self._begin_registration)
        on("measure", self._measure)
        on("back", self.back)
        on("close", self.close_visit)
        on("print", self.reprint_asked.emit)
        on("attach", self._attach)
        on("phone", self._to_phone)

    def _to_phone(self) -> None:
        """Ctrl+M: the questionnaire that is open goes on on the client's phone."""
        if not self.context.desk.installation.server:
            self.toast("front_desk.phone.no_centre", "warning")
        elif self.visit.encounter is not None and self.visit.step == "form" and self.visit.form.is_open:
            self.visit.form.hand_over()
        else:
            self.toast("front_desk.phone.no_form", "warning")

    def _bind_parts(self) -> None:
        hub, visit = self.hub, self.visit
        hub.card_read.connect(self._card)
        hub.measured.connect(visit.vitals.take)
        hub.told.connect(self._told)
        hub.state_changed.connect(self._device_changed)
        self.identity.chosen.connect(self.open_person)
        visit.tubes.scanned.connect(self._tube_scanned)
        visit.alarm_raised.connect(self._alarm)
        visit.incomplete.connect(self._incomplete)
        visit.changed.connect(self._visit_changed)
        visit.left.connect(self._left)

    def _card(self, arrived: Arrived) -> None:
        card, encounter = arrived.event, self.visit.encounter
        if not isinstance(card, CardRead):
            return
        self.context.open_page("front_desk")  # whatever list the nurse was looking at
        if encounter is not None and encounter.id_number == card.number:
            self.visit.go("leave")
        elif self._may_switch():
            self.identity.read_card(card)

    def _scan_tube(self, scanned: Scanned) -> None:
        visit = self.visit
        if scanned.kind == UNKNOWN:
            visit.tubes.refuse(scanned.reason or "scan.unknown", text=scanned.text)
        elif visit.encounter is not None and visit.step == "labels":
            visit.tubes.verify(scanned.text)
        elif visit.encounter is not None:
            visit.go("collect")
            visit.tubes.collect(scanned.text)
        elif scanned.record_id is not None:
            store, actor, specimen_id = self.context.desk.store, self.context.actor, scanned.record_id
            self.query(lambda: visit_of_tube(store, actor, specimen_id), self._tube_found, "tube")
        else:
            self.toast("specimen.unknown", "danger", value=scanned.text)
            self.sound.emit("bad")

    def _tube_found(self, visit_id: Id | None) -> None:
        if visit_id is not None:
            self.open_visit(visit_id, "collect")

    def _may_switch(self) -> bool:
        """Tell whether another client may be opened: values that wait for their confirmation come first."""
        encounter = self.visit.encounter
        if encounter is None or not self.visit.unconfirmed:
            return True
        self.toast("front_desk.confirm_first", "danger", name=encounter.name)
        self.sound.emit("bad")
        return False

    def _begin_registration(self) -> None:
        if self._may_switch():
            self.visit.close()
            self.identity.begin()

    def _attach(self) -> None:
        if self.visit.encounter is None:
            self.toast("front_desk.attach_nobody", "warning")
        else:
            self.attach_asked.emit()

    def _measure(self) -> None:
        try:
            self.hub.command("bp", "start")
        except UnavailableError as error:
            self.message.emit(self.explain(error), "warning")

    def _told(self, arrived: Arrived) -> None:
        event = arrived.event
        if isinstance(event, Notice | Refusal):
            tone = "info" if isinstance(event, Notice) else "warning"
            self.notice.emit(self.context.say(event.code, **dict(event.facts)), tone)

    def _device_changed(self, _port: str) -> None:
        self.devices_changed.emit()

    def _tube_scanned(self, good: object, _sentence: str) -> None:
        self.sound.emit("good" if good else "bad")

    def _alarm(self, _sentence: str) -> None:
        self.sound.emit("alarm")

    def _incomplete(self) -> None:
        self.sound.emit("bad")

    def _visit_changed(self) -> None:
        if self.visit.encounter is not None:
            self.identity.cancel()

    def _left(self, name: str) -> None:
        self.toast("front_desk.left", "success", name=name)
        self.load_today()

    def _today_read(self, found: list[TodaysVisit]) -> None:
        self.today = found
        self.today_changed.emit()
