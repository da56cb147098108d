"""Any form for a client: which one, page by page, kept after every answer, handed in, what it came to.

Nothing typed is lost: each answer is written as an encrypted draft in the background, and the form goes on from it
after a crash, also when a newer version of the form has come meanwhile.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

import resources
from client.actions import Action
from client.background import while_there
from client.navigation import RECORD_PAGES
from client.pages.form.choosing import Choice, read_choices
from client.pages.form.filling import Filling
from client.pages.form.handing_in import HandIn, in_already
from client.pages.form.keeping import Recovered, to_keep
from client.pages.form.lines import FILES, SIGN, Line
from client.pages.form.opening import Begun, read_begun
from client.pages.form.paper_model import PaperModel
from client.pages.form.result import Told, read_result
from client.pages.form.sending import SendingLook
from client.pages.form.subject import FOR, Subject, read_subject
from client.station import Context
from client.stations.front_desk.drafts import Drafts, drafts_of
from domain.checkup.form_commands import BeginForm, HandedIn, Source
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.scales.gap_commands import NoteGaps
from forms.nodes import Place
from forms.shelf import Taken

CHOOSING, FILLING, RESULT = "choosing", "filling", "result"


class ViewModel(PaperModel):
    """One client's forms; `stage` is ``choosing``, ``filling`` or ``result``."""

    stage_changed = Signal(str)
    choices_changed = Signal(object)
    page_changed = Signal()
    """Another page of the form, or its lines changed."""
    focus_asked = Signal(object)
    """`Place` of the question to go to; None for the first that waits on the page."""
    result_changed = Signal(object)
    correction_asked = Signal(object)
    """What is known of the correction that the form is to be handed in as: a person says why."""
    sending_changed = Signal(str)
    """How far what was handed in is on its way to the centre."""

    actions = (
        Action("back", "form_page.back", "F7"),
        Action("next", "form_page.next", "F9", primary=True),
        Action("attach", "form_page.attach", "Ctrl+O"),
        Action("kiosk", "form_page.kiosk", "Ctrl+J"),
        Action("print", "form_page.print", "F8", permission="document.print"),
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
        self._corrects: Id | None = None
        self._gaps: int | None = None
        self._sending = SendingLook(context, self)
        self._sending.told.connect(self.sending_changed)
        self.stage = CHOOSING
        self.choice: Choice | None = None
        self.filling: Filling | None = None
        self.recovered: Recovered | None = None
        self.taken: Taken | None = None
        self.kept_at: datetime | None = None
        self.action_set.on("back", self.back)
        self.action_set.on("next", self.go_on)
        self.action_set.on("attach", lambda: self.ask_files(FILES))

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
        context, folder, drafts = self.context, self._folder, self._drafts
        job = self.query(lambda: read_begun(context, folder, drafts, subject, choice), self._begun, "form")
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
        self._note_gaps(filling)
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
        self.filling = self.choice = self.recovered = self.taken = self.kept_at = None
        self._corrects, self.source = None, Source.NURSE
        self._sending.stop()
        self._show(CHOOSING)
        subject = self._subject
        if subject is not None:
            self.query(
                lambda: read_choices(self.context, subject, self._folder, self._drafts),
                self.choices_changed.emit, "forms",
            )  # fmt: skip

    def close(self) -> None:
        """Stop looking; the draft stays."""
        self._sending.stop()
        super().close()

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
        if (form := self._subject.form) and self._sheet is None:
            given = Choice(form, form, "given", "", self._subject.task, self._subject.left_version)
        if self._sheet is not None:
            self._open_sheet(self._sheet)
        elif given is not None:
            self.choose(given)

    def _begun(self, begun: Begun) -> None:
        if begun.problem is not None:
            self.message.emit(self.explain(begun.problem), "warning")
        if begun.taken.is_retired:
            self.toast("form_page.retired", "warning", version=begun.taken.form.version)
        self.choice, self.recovered, self.taken = begun.choice, begun.recovered, begun.taken
        self._corrects = self._subject.corrects if self._subject is not None else None
        if photos := self._photos_waiting():
            self.add_photos(photos)
        self.filling = Filling(begun.recovered.session, self.context.say, self.explain)
        self._gaps = 0 if begun.choice.why not in ("begun", "given") else None
        self._show(FILLING)
        self.page_changed.emit()
        self.focus_asked.emit(None)
        if begun.choice.task is not None:
            self.run(BeginForm(task_id=begun.choice.task.id), refused=self._not_begun)

    @Slot()
    def _opened(self) -> None:
        self._opening = False

    def _behind(self, place: Place) -> Place | None:
        asked = [line.place for line in self.lines() if line.is_asked and line.place != FILES]
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
            unsigned = general and filling.session.form.signature_required and place is None
            self.focus_asked.emit(Place(SIGN) if unsigned else place)
            return
        version = filling.session.form.version
        ready = HandIn.of(filling.session, self.context.desk.clock(), self.taken)
        if self._corrects is not None:
            self.correction_asked.emit(ready.correction(self._corrects))
            return
        self._handing_in = True
        order = ready.order(subject, choice, version, self.source)
        job = self.run(order, lambda done: self.handed_in(done.receipt), self._not_handed_in)
        job.succeeded.connect(while_there(self, lambda _done: self._forget(subject, choice)))

    def _note_gaps(self, filling: Filling) -> None:
        """A page is turned: keep how much is missing by now, where that is news; the page itself says it at once."""
        subject, choice, gaps = self._subject, self.choice, filling.gaps()
        if subject is None or choice is None or self._corrects is not None or gaps == self._gaps:
            return
        self._gaps = gaps
        order = NoteGaps(
            patient_id=subject.patient_id, task_id=choice.task.id if choice.task else None, form=choice.form,
            form_version=filling.session.form.version, gaps=gaps, source=self.source,
        )  # fmt: skip
        self.run(order, refused=self._not_begun)

    def _forget(self, subject: Subject, choice: Choice) -> None:
        """Remove the draft, also when the page is gone by then: what was handed in is no draft any more."""
        drafts = self._drafts
        if drafts is not None and subject.left is None:
            forget = drafts.forget
            self.context.jobs.write(lambda _job: forget(subject.patient_id, choice.form), "forget_draft")

    def corrected(self, receipt: HandedIn) -> None:
        """The form was handed in as a correction."""
        if self._subject is not None and self.choice is not None:
            self._forget(self._subject, self.choice)
        self.handed_in(receipt)

    def handed_in(self, receipt: HandedIn) -> None:
        """Show what the form came to, and whether it has reached the centre."""
        self._handing_in = False
        self.filling = self.recovered = self.taken = self.kept_at = self._corrects = None
        response_id = receipt.response_id
        self._show(RESULT)
        self.query(
            lambda: read_result(self.context, response_id),
            lambda told: self._tell(told, retired=receipt.retired), "form_result",
        )  # fmt: skip
        self._sending.follow(response_id)

    def _tell(self, told: list[Told], *, retired: bool) -> None:
        found = told or [Told(self.context.say("form_page.result.none"))]
        if retired:
            found = [Told(self.context.say("form_page.result.retired"), "warning"), *found]
        self.result_changed.emit(found)

    def _not_begun(self, error: KnownError) -> None:
        self.message.emit(self.explain(error), "warning")

    def _not_handed_in(self, error: KnownError) -> None:
        self._handing_in = False
        self._corrects = in_already(error) or self._corrects
        self.message.emit(self.explain(error), "danger")

    def _show(self, stage: str) -> None:
        self.stage = stage
        title = self.choice.title if self.choice is not None else self.context.say("form_page.title")
        self.title_changed.emit(title)
        self.stage_changed.emit(stage)
