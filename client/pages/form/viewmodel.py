"""Any form for a client: which one, page by page, kept after every answer, handed in, what it came to.

Nothing typed is lost: each answer is written as an encrypted draft in the background, and the form goes on from it
after a crash, also when a newer version of the form has come meanwhile.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

import resources
from client.actions import Action
from client.navigation import RECORD_PAGES
from client.pages.form.choosing import Choice, read_choices
from client.pages.form.filling import Filling, Line
from client.pages.form.keeping import Recovered, begin, recover, to_keep
from client.pages.form.known import known_factors
from client.pages.form.result import Told, read_result
from client.pages.form.subject import FOR, Subject, read_subject
from client.station import Context, PageModel
from client.stations.front_desk.drafts import Drafts, drafts_of
from domain.checkup.form_commands import AnswerForm, BeginForm
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from forms.nodes import Place
from forms.prefill import apply_prefills, prefill_from
from forms.questionnaire_reader import load_form
from forms.response import to_json

CHOOSING, FILLING, RESULT = "choosing", "filling", "result"


@dataclass(frozen=True, slots=True)
class _Begun:
    choice: Choice
    recovered: Recovered
    problem: KnownError | None


class ViewModel(PageModel):
    """One client's forms; `stage` is ``choosing``, ``filling`` or ``result``."""

    stage_changed = Signal(str)
    choices_changed = Signal(object)
    page_changed = Signal()
    """Another page of the form, or its lines changed."""
    focus_asked = Signal(object)
    """`Place` of the question to go to; None for the first that waits on the page."""
    result_changed = Signal(object)

    actions = (
        Action("back", "form_page.back", "F7"),
        Action("next", "form_page.next", "F9", primary=True),
    )

    def __init__(
        self, context: Context, entity: str, record_id: Id, parent: QObject | None = None, *,
        folder: Path | None = None,
    ) -> None:  # fmt: skip
        super().__init__(context, parent)
        context.actor.check(str(RECORD_PAGES["form"]))
        if entity not in FOR:
            raise DomainError("page.unknown", page=f"form:{entity}")
        self._entity, self._record_id = entity, record_id
        self._folder = folder or resources.folder("forms")
        self._drafts: Drafts | None = None
        self._subject: Subject | None = None
        self._handing_in = self._opening = False
        self.stage = CHOOSING
        self.choice: Choice | None = None
        self.filling: Filling | None = None
        self.recovered: Recovered | None = None
        self.kept_at: datetime | None = None
        self.action_set.on("back", self.back)
        self.action_set.on("next", self.go_on)

    def on_open(self, **arguments: Any) -> None:
        """Find out whose forms; one that was given out opens at once, one that is open stays."""
        if self.filling is None:
            self.query(self._read, self._found, "form_subject")

    # Choosing

    def choose(self, choice: Choice) -> None:
        """Begin a form, or go on with its draft."""
        subject = self._subject
        if subject is None or self._opening:
            return
        self._opening = True
        job = self.query(lambda: self._begin(subject, choice), self._begun, "form")
        job.finished.connect(self._opened)

    # Filling in

    def lines(self) -> list[Line]:
        """Return the lines of the open page."""
        return self.filling.lines() if self.filling else []

    def pick(self, place: Place, key: int) -> None:
        """Choose an option by its number; a single choice goes on by itself."""
        if self.filling is None:
            return
        single = next((line for line in self.lines() if line.place == place and line.kind == "choice"), None)
        taken = self.filling.pick(place, key)
        self._answered(taken)
        following = self._behind(place)
        if taken and single is not None and following is not None:
            self.focus_asked.emit(following)

    def clear(self, place: Place) -> None:
        """Take an answer back."""
        if self.filling is not None:
            self._answered(self.filling.clear(place))

    def type(self, place: Place, text: str) -> bool:
        """Take typed text; False if the question does not take it."""
        if self.filling is None:
            return False
        before = self.filling.session.answers(*place)
        taken = self.filling.type(place, text)
        self._answered(taken and self.filling.session.answers(*place) != before)
        return taken

    def looked_at(self, place: Place) -> None:
        """A question was left: an answer taken from the record that stands there is confirmed."""
        known = self.filling is not None and any(
            line.place == place and line.is_asked for line in self.lines()
        )
        if known and self.filling is not None and self.filling.confirm(place):
            self._answered(kept=True)

    def leave(self, place: Place) -> None:
        """Go to the question behind one, or to the next page behind the last; F9 alone hands in."""
        self.looked_at(place)
        following = self._behind(place)
        if following is None and self.filling is not None and not self.filling.is_last:
            self.go_on()
        else:
            self.focus_asked.emit(following or place)

    def add(self, place: Place) -> None:
        """Add an instance of a repeating group and go there."""
        self._change_instances(lambda filling: filling.add(place))

    def remove(self, place: Place) -> None:
        """Take an instance of a repeating group away."""
        self._change_instances(lambda filling: filling.remove(place))

    @Slot()
    def go_on(self) -> None:
        """F9: the next page, behind the last one hand in; from the result back to the forms."""
        if self.stage == RESULT:
            self.show_choices()
        filling = self.filling
        if self.stage != FILLING or filling is None or not filling.pages():
            return
        if filling.is_last:
            self._hand_in(filling)
            return
        place = filling.forward()
        self._answered(kept=True)
        if place is not None:
            self.toast("form_page.missing_here", "warning")
        self.focus_asked.emit(place)

    @Slot()
    def back(self) -> None:
        """F7: the page before; before the first one the forms; from those the record."""
        if self.stage == FILLING and self.filling is not None and self.filling.back():
            self.page_changed.emit()
            self.focus_asked.emit(None)
        elif self.stage == CHOOSING:
            self.context.open_page(f"record:{self._entity}:{self._record_id}")
        else:
            self.show_choices()

    def show_choices(self) -> None:
        """Leave the form, whose draft stays, and show all forms anew."""
        self.filling = self.choice = self.recovered = self.kept_at = None
        self._show(CHOOSING)
        subject = self._subject
        if subject is not None:
            self.query(
                lambda: read_choices(self.context, subject, self._folder, self._drafts),
                self.choices_changed.emit, "forms",
            )  # fmt: skip

    # What happens behind

    def _read(self) -> tuple[Subject, Drafts | None, list[Choice], KnownError | None]:
        drafts, problem = self._drafts, None
        with self.context.desk.store.read() as connection:
            subject = read_subject(connection, self.context, self._entity, self._record_id)
        try:
            drafts = drafts or drafts_of(self.context.desk)
        except KnownError as error:
            problem = error
        return subject, drafts, read_choices(self.context, subject, self._folder, drafts), problem

    def _found(self, answer: tuple[Subject, Drafts | None, list[Choice], KnownError | None]) -> None:
        self._subject, self._drafts, choices, problem = answer
        self.patient_changed.emit(self._subject.patient_id)
        if problem is not None:
            self.message.emit(self.explain(problem), "warning")
        self._show(CHOOSING)
        self.choices_changed.emit(choices)
        task = self._subject.task
        given = next(
            (one for one in choices if task is not None and one.task and one.task.id == task.id), None
        )
        if given is not None:
            self.choose(given)

    def _begin(self, subject: Subject, choice: Choice) -> _Begun:
        """Read the form, its draft, and what is known; off the UI thread."""
        clock, drafts = self.context.desk.clock, self._drafts
        form = load_form(self._folder / f"{choice.form}.json")
        if choice.task is not None and choice.task.version != form.version:
            raise DomainError("form.other_task", given=choice.task.version, version=form.version)
        choice = replace(choice, title=form.title)
        problem: KnownError | None = None
        try:
            kept = drafts.load(subject.patient_id, choice.form) if drafts is not None else None
            if kept is not None:
                return _Begun(choice, recover(form, kept, clock), None)
        except DomainError as error:
            problem = error
            if drafts is not None:
                drafts.set_aside(subject.patient_id, choice.form)
        fresh = begin(form, clock)
        apply_prefills(
            fresh.session, prefill_from(form, known_factors(self.context, subject.patient_id, clock()))
        )
        return _Begun(choice, fresh, problem)

    def _begun(self, begun: _Begun) -> None:
        if begun.problem is not None:
            self.message.emit(self.explain(begun.problem), "warning")
        self.choice, self.recovered = begun.choice, begun.recovered
        self.filling = Filling(begun.recovered.session, self.context.say, self.explain)
        self._show(FILLING)
        self.page_changed.emit()
        self.focus_asked.emit(None)
        if begun.choice.task is not None:
            self.run(BeginForm(task_id=begun.choice.task.id), refused=self._not_begun)

    @Slot()
    def _opened(self) -> None:
        self._opening = False

    def _behind(self, place: Place) -> Place | None:
        asked = [line.place for line in self.lines() if line.is_asked]
        following = asked[asked.index(place) + 1 :] if place in asked else []
        return following[0] if following else None

    def _change_instances(self, change: Any) -> None:
        if self.filling is None:
            return
        try:
            place = change(self.filling)
        except DomainError as error:
            self.message.emit(self.explain(error), "warning")
            return
        self._answered(kept=True)
        inside = [line.place for line in self.lines() if line.is_asked]
        at = place.at if place is not None else ()
        self.focus_asked.emit(next((one for one in inside if at and one.at[: len(at)] == at), None))

    def _answered(self, kept: bool) -> None:
        if kept:
            self._keep()
        self.page_changed.emit()

    def _keep(self) -> None:
        drafts, recovered, subject, choice = self._drafts, self.recovered, self._subject, self.choice
        if drafts is None or recovered is None or subject is None or choice is None:
            return
        now = self.context.desk.clock()
        draft = to_keep(recovered, now)

        def save() -> tuple[str, datetime]:
            drafts.save(subject.patient_id, choice.form, draft)
            return choice.form, now

        job = self.context.jobs.write(lambda _job: save(), "draft")
        self._follow(job, self._kept, self._not_kept)

    def _kept(self, what: tuple[str, datetime]) -> None:
        if self.choice is not None and what[0] == self.choice.form:
            self.kept_at = what[1]
            self.page_changed.emit()

    def _not_kept(self, error: KnownError) -> None:
        self.kept_at = None
        self.message.emit(self.explain(error), "danger")

    def _hand_in(self, filling: Filling) -> None:
        subject, choice = self._subject, self.choice
        if subject is None or choice is None or self._handing_in:
            return
        place = filling.finish()
        general = filling.general()
        self._answered(kept=True)
        if place is not None or general:
            missing = (
                self.context.say("form_page.missing", count=filling.missing()) if filling.missing() else ""
            )
            self.message.emit(
                general[0] if general else missing or self.context.say("form_page.wrong"), "warning"
            )
            self.focus_asked.emit(place)
            return
        score = filling.session.score()
        response = filling.session.response(self.context.desk.clock())
        order = AnswerForm(
            visit_id=choice.task.visit_id if choice.task else subject.visit_id, patient_id=subject.patient_id,
            task_id=choice.task.id if choice.task else None, form=choice.form,
            form_version=filling.session.form.version, answers=msgspec.json.decode(to_json(response)),
            score=None if score is None else float(score),
        )  # fmt: skip
        self._handing_in = True
        job = self.run(order, lambda done: self._handed_in(done.receipt.response_id), self._not_handed_in)
        jobs, drafts = self.context.jobs, self._drafts
        if drafts is not None:  # also when the page is gone by then: what was handed in is no draft any more
            forget = drafts.forget
            job.succeeded.connect(
                lambda _done: jobs.write(lambda _job: forget(subject.patient_id, choice.form), "forget_draft")
            )

    def _handed_in(self, response_id: Id) -> None:
        self._handing_in = False
        self.filling = self.recovered = self.kept_at = None
        self._show(RESULT)
        self.query(lambda: read_result(self.context, response_id), self._tell, "form_result")

    def _tell(self, told: list[Told]) -> None:
        self.result_changed.emit(told or [Told(self.context.say("form_page.result.none"))])

    def _not_begun(self, error: KnownError) -> None:
        self.message.emit(self.explain(error), "warning")

    def _not_handed_in(self, error: KnownError) -> None:
        self._handing_in = False
        self.message.emit(self.explain(error), "danger")

    def _show(self, stage: str) -> None:
        self.stage = stage
        title = self.choice.title if self.choice is not None else self.context.say("form_page.title")
        self.title_changed.emit(title)
        self.stage_changed.emit(stage)
