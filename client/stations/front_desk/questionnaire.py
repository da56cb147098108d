"""The short form, one question at a time: number keys pick, the next question has the focus, each answer is kept.

Every answer is written as a draft in the background, in order; `kept_at` tells when the disk had it. Opening the
visit again, also after a crash, goes on where it was.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

import resources
from client.station import PageModel
from client.stations.front_desk.asking import (
    Question,
    asked_items,
    options_of,
    question_at,
    toggled,
    with_text,
)
from client.stations.front_desk.drafts import Drafts, drafts_of
from client.stations.front_desk.encounter import FORM, Encounter
from client.stations.front_desk.handing_over import hand_over
from domain.checkup.form_commands import AnswerForm
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from forms.questionnaire import Item, Questionnaire
from forms.response import to_json
from forms.session import FormSession
from forms.shelf import take


@dataclass(frozen=True, slots=True)
class _Loaded:
    visit_id: Id
    form: Questionnaire
    drafts: Drafts | None
    draft: dict[str, Any] | None
    problem: KnownError | None


class FormModel(QObject):
    """The form of the open encounter."""

    changed = Signal()
    """Question, answers or progress changed."""
    problem = Signal(str)
    """Sentence about the question on screen, empty for none."""
    handed_in = Signal()
    handed_over = Signal(object)
    """`HandedOver`: the client goes on on the phone."""

    def __init__(self, page: PageModel) -> None:
        super().__init__(page)
        self._page = page
        self._drafts: Drafts | None = None
        self._form: Questionnaire | None = None
        self._visit_id: Id | None = None
        self._patient_id: Id | None = None
        self._session: FormSession | None = None
        self._at = 0
        self._handing_in = False
        self.kept_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self._session is not None

    def open(self, encounter: Encounter) -> None:
        """Begin, or go on with the draft; a form already handed in is not asked again."""
        self.close()
        if encounter.answered:
            return
        self._visit_id, self._patient_id = encounter.visit_id, encounter.patient_id
        visit_id, form, drafts, desk = encounter.visit_id, self._form, self._drafts, self._page.context.desk
        self._page.query(lambda: _load(visit_id, form, drafts, desk), self._opened, "form")

    def close(self) -> None:
        """Let go of the form; the draft stays."""
        self._visit_id = self._session = self.kept_at = None
        self._at, self._handing_in = 0, False
        self.changed.emit()

    def questions(self) -> list[Item]:
        """Return what is asked now, in order."""
        return asked_items(self._form, self._session) if self._form and self._session else []

    def progress(self) -> tuple[int, int]:
        """Return answered and asked."""
        if self._session is None:
            return 0, 0
        told = self._session.progress()
        return told.answered, told.total

    def missing(self) -> list[str]:
        """Return the texts of what still has to be answered."""
        waiting = set(self._session.missing()) if self._session else set()
        return [item.text for item in self.questions() if item.link_id in waiting]

    def question(self) -> Question | None:
        """Return the question on screen; None when all have been passed."""
        if self._form is None or self._session is None:
            return None
        return question_at(self._at, self._form, self._session, self._page.context.say)

    def pick(self, key: int) -> None:
        """Choose the option of a number key; a single choice goes on to the next question by itself."""
        question = self.question()
        if question is None or self._session is None or not 1 <= key <= len(question.choices):
            return
        item = self.questions()[self._at]
        value = options_of(item, self._page.context.say)[key - 1][1]
        if question.kind == "choice":
            if self._answer(item, (value,)):
                self.next()
        else:
            self._answer(item, toggled(item, self._session.answers(item.link_id), value))

    def type(self, text: str) -> bool:
        """Take typed text for the question on screen and go on; False when it does not fit (see `problem`)."""
        question = self.question()
        if question is None or self._session is None:
            return False
        item = self.questions()[self._at]
        given = self._session.answers(item.link_id)
        values = with_text(item, given, text) if question.kind == "open" else (text,)
        return self._answer(item, values) and self.next()

    def next(self) -> bool:
        """Go to the next question; what is wrong with this one is said first and keeps it on screen."""
        question = self.question()
        if question is None:
            return False
        sentence = self._problem_of(question.link_id)
        self.problem.emit(sentence)
        if sentence:
            return False
        self._at += 1
        self.changed.emit()
        return True

    def back(self) -> None:
        """Go to the question before."""
        if self._at > 0:
            self._at -= 1
            self.problem.emit("")
            self.changed.emit()

    def hand_in(self) -> None:
        """Hand the form in; if something is missing, go to the first such question and say so."""
        session, form, visit_id = self._session, self._form, self._visit_id
        if session is None or form is None or visit_id is None or self._handing_in:
            return
        try:
            response = session.response(self._page.context.desk.clock())
        except DomainError as error:
            asked = [item.link_id for item in self.questions()]
            self._at = asked.index(error.field) if error.field in asked else 0
            self.changed.emit()
            self.problem.emit(self._problem_of(str(error.field)) or self._page.explain(error))
            return
        score = session.score()
        order = AnswerForm(
            visit_id=visit_id, form=FORM, form_version=form.version,
            answers=msgspec.json.decode(to_json(response)), score=None if score is None else float(score),
        )  # fmt: skip
        self._handing_in = True
        self._page.run(order, lambda _done: self._handed_in(visit_id), self._not_handed_in)

    def hand_over(self) -> None:
        """Give the form to the client's phone as it is; it stays here too, for whoever hands it in first."""
        session, patient_id = self._session, self._patient_id
        if session is None or patient_id is None:
            return
        desk = self._page.context.desk
        order, shown = hand_over(
            session, FORM, patient_id=patient_id, visit_id=self._visit_id, server=desk.installation.server,
            now=desk.clock(),
        )  # fmt: skip
        self._page.run(order, lambda _done: self.handed_over.emit(shown), self._not_handed_in)

    def _handed_in(self, visit_id: Id) -> None:
        drafts = self._drafts
        if drafts is not None:
            self._page.context.jobs.write(lambda _job: drafts.forget(visit_id, FORM), "forget_draft")
        if visit_id == self._visit_id:
            self.close()
        self.handed_in.emit()

    def _not_handed_in(self, error: KnownError) -> None:
        self._handing_in = False
        self.problem.emit(self._page.explain(error))

    def _opened(self, found: _Loaded) -> None:
        self._form, self._drafts = found.form, found.drafts
        if found.visit_id != self._visit_id:
            return
        session, problem = FormSession(found.form), found.problem
        if found.draft:
            try:
                session = FormSession.restore(found.form, found.draft)
            except DomainError as refusal:
                problem = refusal
        if problem is not None:
            self._page.message.emit(self._page.explain(problem), "warning")
        self._session = session
        waiting = [n for n, item in enumerate(self.questions()) if not session.answers(item.link_id)]
        self._at = waiting[0] if waiting else len(self.questions())
        self.changed.emit()

    def _answer(self, item: Item, values: tuple[Any, ...]) -> bool:
        if self._session is None:
            return False
        try:
            self._session.set_answer(item.link_id, *values)
        except DomainError as error:
            self.problem.emit(self._page.explain(error))
            return False
        self._keep()
        self.problem.emit("")
        self.changed.emit()
        return True

    def _keep(self) -> None:
        drafts, session, visit_id = self._drafts, self._session, self._visit_id
        if drafts is None or session is None or visit_id is None:
            return
        now = self._page.context.desk.clock()
        draft = session.draft(now)

        def save() -> datetime:
            drafts.save(visit_id, FORM, draft)
            return now

        job = self._page.context.jobs.write(lambda _job: save(), "draft")
        job.succeeded.connect(self._kept)
        job.refused.connect(self._not_kept)

    @Slot(object)
    def _kept(self, at: datetime) -> None:
        self.kept_at = at
        self.changed.emit()

    @Slot(object)
    def _not_kept(self, error: KnownError) -> None:
        self.kept_at = None
        self._page.message.emit(self._page.explain(error), "danger")

    def _problem_of(self, link_id: str) -> str:
        problems = self._session.problems() if self._session else []
        found = next((p for p in problems if p.link_id == link_id), None)
        return self._page.context.say(found.code, **found.facts) if found else ""


def _in_force(desk: Any) -> Questionnaire:
    """Return the questionnaire that ships, or the words that the institution was licensed to put in their place."""
    with desk.store.read() as connection:
        return take(connection, resources.folder("forms"), FORM, {desk.installation.org_id}).form


def _load(visit_id: Id, form: Questionnaire | None, drafts: Drafts | None, desk: Any) -> _Loaded:
    form = form or _in_force(desk)
    try:
        drafts = drafts or drafts_of(desk)
        return _Loaded(visit_id, form, drafts, drafts.load(visit_id, FORM), None)
    except KnownError as error:
        return _Loaded(visit_id, form, drafts, None, error)
