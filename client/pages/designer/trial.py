"""The questionnaire as it would be filled in, with test answers that stay while it changes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from client.pages.form.filling import Filling
from client.pages.form.lines import FILES, Line
from client.station import Context, PageModel
from domain.designs.scoring import read_scoring, scale_of, scoring_mistakes
from domain.kernel.errors import DomainError
from domain.scales.scoring import score
from domain.scales.values import answers_of_response
from forms.carrying import carry
from forms.handing_in import plain
from forms.nodes import Place
from forms.questionnaire import Questionnaire
from forms.questionnaire_reader import parse_form
from forms.response import from_json
from forms.session import FormSession


class Trial(QObject):
    """`filling` is the test, None where it cannot be filled in yet; `results` are its scores in words."""

    changed = Signal()

    def __init__(self, context: Context, model: PageModel) -> None:
        super().__init__(model)
        self._model = model
        self._context = context
        self._scoring: Mapping[str, Any] | None = None
        self._resource: Mapping[str, Any] = {}
        self._wanted = 0
        self.filling: Filling | None = None
        self.reason = ""

    def show(self, resource: Mapping[str, Any], scoring: Mapping[str, Any] | None) -> None:
        """Show another state of the questionnaire; it is read in the background."""
        self._wanted += 1
        turn = self._wanted
        encoded = msgspec.json.encode({**resource, "title": resource.get("title") or "…"})
        self._model.query(
            lambda: _tried(encoded), lambda form: self._read(turn, form, resource, scoring), "trial"
        )

    def lines(self) -> list[Line]:
        """Return the lines of the open page; files and signatures are shown and not taken."""
        if self.filling is None:
            return []
        told = self._context.say("designer.not_tried")
        return [
            dataclasses.replace(line, kind="told", answer=told) if line.kind in ("file", "sign") else line
            for line in self.filling.lines()
            if line.place != FILES
        ]

    def pick(self, place: Place, key: int) -> None:
        """Choose an option."""
        if self.filling is not None:
            self.filling.pick(place, key)
            self.changed.emit()

    def type(self, place: Place, text: str) -> bool:
        """Take typed text."""
        if self.filling is None:
            return False
        taken = self.filling.type(place, text)
        self.changed.emit()
        return taken

    def clear(self, place: Place) -> None:
        """Take an answer back."""
        if self.filling is not None:
            self.filling.clear(place)
            self.changed.emit()

    def add(self, place: Place) -> None:
        """Add an instance."""
        if self.filling is not None:
            self.filling.add(place)
            self.changed.emit()

    def remove(self, place: Place) -> None:
        """Take an instance away."""
        if self.filling is not None:
            self.filling.remove(place)
            self.changed.emit()

    def turn(self, step: int) -> None:
        """Go a page on or back."""
        if self.filling is not None:
            if step > 0 and not self.filling.is_last:
                if self.filling.forward() is not None:
                    self.filling.forward()
            elif step < 0:
                self.filling.back()
            self.changed.emit()

    def begin_again(self) -> None:
        """Forget the test answers."""
        if self.filling is not None:
            self._begin(FormSession(self.filling.session.form, clock=self._context.desk.clock))
            self.changed.emit()

    def results(self) -> list[str]:
        """Return the scores of the test answers in words."""
        if self.filling is None:
            return []
        session = self.filling.session
        found = []
        total = session.score()
        if total is not None:
            found.append(self._context.say("designer.ordinal_sum", score=f"{total:g}"))
        try:
            rules = read_scoring(self._scoring)
        except msgspec.ValidationError:
            return found
        if rules is None or any(True for _ in scoring_mistakes(self._resource, rules)):
            return found
        head = {"url": "urn:trial", "version": "0", "title": self._resource.get("title") or "…"}
        scale = scale_of("trial", {**self._resource, **head}, rules)
        answers = answers_of_response(plain(session.response_now(self._context.desk.clock())))
        return [
            *found,
            *(self._context.say(one.code, **one.facts) for one in score(scale, answers).explanation),
        ]

    def _read(
        self,
        turn: int,
        form: Questionnaire | None,
        resource: Mapping[str, Any],
        scoring: Mapping[str, Any] | None,
    ) -> None:
        if turn != self._wanted:
            return
        if form is None:
            self.filling, self.reason = None, self._context.say("designer.no_trial")
            self.changed.emit()
            return
        session = FormSession(form, clock=self._context.desk.clock)
        known = {item.link_id for item in form.walk()}
        if self.filling is not None:
            for _ in carry(
                self.filling.session, session, lambda item: item.link_id if item.link_id in known else None
            ):
                pass
        self._resource, self._scoring, self.reason = resource, scoring, ""
        self._begin(session)
        self.changed.emit()

    def _begin(self, session: FormSession) -> None:
        number = self.filling.number if self.filling is not None else 0
        self.filling = Filling(session, self._context.say, self._explain)
        self.filling.open_page(number)

    def _explain(self, error: DomainError) -> str:
        return self._context.desk.texts.explain(error)


def _tried(encoded: bytes) -> Questionnaire | None:
    """Return the questionnaire if it can be filled in as it is; what is wrong with it is listed elsewhere."""
    try:
        return parse_form(from_json(encoded))
    except DomainError:
        return None
