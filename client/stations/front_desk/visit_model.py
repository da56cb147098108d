"""The visit that is open at the desk: how it is found, read, refreshed, and which step is worked on."""

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from client.label_jobs import LabelJobs
from client.station import PageModel
from client.stations.front_desk.encounter import VITALS, Alarm, Encounter, read_encounter
from client.stations.front_desk.omitting import OmissionModel
from client.stations.front_desk.progress import STEPS, Missing, StepState, first_open, missing, step_states
from client.stations.front_desk.questionnaire import FormModel
from client.stations.front_desk.tubes import TubeLine, TubesModel
from client.stations.front_desk.visits import arrive_person
from client.stations.front_desk.vitals import VitalsModel
from domain.catalog.content import Catalog
from domain.checkup.visit_commands import Arrive, FinishVisit
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id
from domain.process.item_commands import CheckExit
from domain.process.standing import ItemLine


class VisitModel(QObject):
    """`encounter` is the visit that is open, None while the desk waits; its parts follow it."""

    changed = Signal()
    """Another visit, none, or newer facts of the same."""
    step_changed = Signal()
    """The step on screen, or the state of any step."""
    alarm_raised = Signal(str)
    incomplete = Signal()
    """The client is to leave and something is missing; the second F9 asks what is refused or postponed."""
    omission_asked = Signal()
    left = Signal(str)
    """Name of the client who left."""

    def __init__(
        self, page: PageModel, labels: LabelJobs, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(page)
        self._page = page
        self.vitals = VitalsModel(page, monotonic)
        self.form = FormModel(page)
        self.tubes = TubesModel(page, labels)
        self.encounter: Encounter | None = None
        self.step = "arrive"
        self.states: list[StepState] = []
        self.leave_asked = False
        self._asked = 0
        self._reloads = 0
        self._chosen = False
        self._leaving = False
        self.vitals.saved.connect(self.reload)
        self.tubes.stored.connect(self.reload)
        self.tubes.changed.connect(self._parts_changed)
        self.form.changed.connect(self._parts_changed)
        self.form.handed_in.connect(self.reload)

    @property
    def unconfirmed(self) -> bool:
        """Whether values wait that would be lost with a change of client."""
        return self.encounter is not None and bool(self.vitals.pending or self.vitals.doubt)

    def open_person(self, patient_id: Id) -> None:
        """The client is here: today's visit is found or opened, its clock starts, its labels print."""
        desk, actor = self._page.context.desk, self._page.context.actor
        self._asked += 1
        asked = self._asked
        job = self._page.context.jobs.write(
            lambda _job: (asked, *arrive_person(desk, actor, patient_id)), "arrive"
        )
        self._page._follow(job, self._person_opened, None)

    def open_visit(self, visit_id: Id, step: str = "") -> None:
        """Show a visit as it stands; nothing is started by looking."""
        self._asked += 1
        asked = self._asked

        def show(encounter: Encounter, catalog: Catalog) -> None:
            if asked == self._asked:
                self._show(encounter, catalog, step)

        self._read(visit_id, show)

    def reload(self) -> None:
        """Read the open visit anew; of several readings under way only the last counts."""
        if self.encounter is None:
            return
        self._reloads += 1
        number = self._reloads

        def refresh(encounter: Encounter, catalog: Catalog) -> None:
            if number == self._reloads:
                self._refresh(encounter, catalog)

        self._read(self.encounter.visit_id, refresh)

    def close(self) -> None:
        """Let go of the client; the desk waits for the next card."""
        self._asked += 1
        self.encounter, self.states, self.leave_asked, self._leaving = None, [], False, False
        for part in (self.vitals, self.form, self.tubes):
            part.close()
        self._page.patient_changed.emit(None)
        self.changed.emit()

    def go(self, step: str) -> None:
        """Work on a step, done or not."""
        if self.encounter is not None and step in STEPS:
            self.step, self.leave_asked, self._chosen = step, False, True
            self.step_changed.emit()

    def next_step(self) -> None:
        """Go on to the step after this one."""
        self.go(STEPS[(STEPS.index(self.step) + 1) % len(STEPS)])

    def missing(self) -> list[Missing]:
        """Return what is missing before the client may go."""
        if self.encounter is None:
            return []
        say = self._page.context.say
        names = {item: say(f"front_desk.item.{item}") for item in (*VITALS, "form", "tubes")}

        def waits(tube: TubeLine) -> str:
            return say("front_desk.tube_open", label=tube.label, number=tube.shown_number)

        def not_done(item: ItemLine) -> str:
            code = "front_desk.key_item_open" if item.key else "front_desk.item_open"
            return say(code, label=item.label)

        return missing(self.encounter, self.tubes.lines(), names, waits, not_done)

    def not_entered(self) -> list[str]:
        """Return what was carried out and has no result yet: nothing the client has to wait for."""
        items = () if self.encounter is None else self.encounter.items
        return [one.label for one in items if one.standing == "done"]

    def arrive(self) -> None:
        """Start the clock of a visit that was only looked at."""
        if self.encounter is not None and self.encounter.state == "registered":
            self._page.run(Arrive(visit_id=self.encounter.visit_id), self._arrived)

    def leave(self) -> None:
        """End the visit; what is missing is said first, then asked to be refused or postponed with a signature."""
        encounter = self.encounter
        if encounter is None or encounter.state == "finished":
            return
        if not self.missing():
            self._page.run(FinishVisit(visit_id=encounter.visit_id), self._left, self._not_left)
        elif self.leave_asked:
            self.omission_asked.emit()
        else:
            self.leave_asked = True
            if encounter.items and self._page.context.actor.may("process.edit"):
                self._page.run(CheckExit(visit_id=encounter.visit_id), lambda _count: None)
            self.step_changed.emit()
            self.incomplete.emit()

    def omission(self) -> OmissionModel | None:
        """Return the form of what the client does not have done today; when it is kept, the visit goes on."""
        if self.encounter is None:
            return None
        model = OmissionModel(self._page, self.encounter.visit_id, self)
        model.kept.connect(self._omitted)
        return model

    def stay(self) -> None:
        """Take back the wish to leave."""
        self.leave_asked = False
        self.step_changed.emit()

    def _read(self, visit_id: Id, then: Callable[[Encounter, Catalog], None]) -> None:
        desk, actor = self._page.context.desk, self._page.context.actor

        def work() -> tuple[Encounter | None, Catalog]:
            catalog = desk.dispatcher.content["catalog"]
            return read_encounter(desk.store, actor, catalog, visit_id), catalog

        def answer(found: tuple[Encounter | None, Catalog]) -> None:
            if found[0] is not None:
                then(found[0], found[1])

        self._page.query(work, answer, "encounter")

    def _person_opened(self, answer: tuple[int, Encounter, Catalog, bool]) -> None:
        asked, encounter, catalog, arrived = answer
        if asked != self._asked:
            return
        self._show(encounter, catalog, "")
        if arrived or (encounter.state != "finished" and not encounter.tubes):
            self.tubes.prepare()

    def _show(self, encounter: Encounter, catalog: Catalog, step: str) -> None:
        self.encounter, self.states, self.leave_asked = encounter, [], False
        self.vitals.open(encounter, catalog, anew=True)
        self.tubes.open(encounter, anew=True)
        self.form.open(encounter)
        self.states = self._states()
        self.step, self._chosen = step or first_open(self.states), False
        self._page.patient_changed.emit(encounter.patient_id)
        self.changed.emit()
        self.step_changed.emit()
        self._raise_alarms(())

    def _refresh(self, encounter: Encounter, catalog: Catalog) -> None:
        before = self.encounter
        if before is None or before.visit_id != encounter.visit_id:
            return
        self.encounter = encounter
        self.vitals.open(encounter, catalog, anew=False)
        self.tubes.open(encounter, anew=False)
        self._parts_changed()
        self.changed.emit()
        self._raise_alarms(before.alarms)
        if self._leaving:
            self._leaving = False
            if not self.missing():
                self.leave()

    def _raise_alarms(self, known: tuple[Alarm, ...]) -> None:
        alarms = self.encounter.alarms if self.encounter else ()
        fresh = [a for a in alarms if a not in known and (a.level == "A" or a.open_critical)]
        if fresh:
            self.alarm_raised.emit(fresh[0].sentence)

    def _parts_changed(self) -> None:
        """Compute the steps anew; a step that has just been done gives way to the next one."""
        if self.encounter is None or not self.states:
            return
        before = {s.id: s.state for s in self.states}
        self.states = self._states()
        now = {s.id: s.state for s in self.states}
        stays = self._chosen and self.step == "labels"  # who came to print one again is not sent away
        if now[self.step] == "done" and before[self.step] != "done" and not stays:
            self.step, self._chosen = first_open(self.states), False
        self.step_changed.emit()

    def _states(self) -> list[StepState]:
        if self.encounter is None:
            return []
        answered, asked = self.form.progress()
        labelled = self.tubes.all_labelled()
        return step_states(
            self.encounter, self.tubes.lines(), answered=answered, asked=asked, labelled=labelled
        )

    def _arrived(self, _done: Any) -> None:
        self.reload()
        self.tubes.prepare()

    def _omitted(self) -> None:
        self.leave_asked = False
        self._leaving = True
        self.reload()

    def _not_left(self, error: KnownError) -> None:
        self._page.message.emit(self._page.explain(error), "danger")

    def _left(self, _done: Any) -> None:
        name = self.encounter.name if self.encounter else ""
        self.close()
        self.left.emit(name)
