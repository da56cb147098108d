"""What a filled-in form is handed in as: a response, or the correction of one that came in elsewhere. No Qt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from client.pages.form.choosing import Choice
from client.pages.form.subject import Subject
from domain.checkup.form_commands import AnswerForm, Source
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from forms.handing_in import parts_of, plain
from forms.session import FormSession
from forms.shelf import Taken


@dataclass(frozen=True, slots=True)
class HandIn:
    """Answers as records keep them, their score, and of a composite the answers of each instrument."""

    answers: dict[str, Any]
    score: float | None
    parts: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(cls, session: FormSession, now: datetime, taken: Taken | None = None) -> "HandIn":
        """Return what a session has.

        Raises:
            DomainError: ``form.incomplete``.
        """
        score = session.score()
        response = session.response(now)
        parts = parts_of(session.form, {} if taken is None else taken.parts, response)
        return cls(plain(response), None if score is None else float(score), tuple(parts))

    def order(self, subject: Subject, choice: Choice, version: str, source: Source) -> AnswerForm:
        """Return the command that hands it in."""
        return AnswerForm(
            visit_id=choice.task.visit_id if choice.task else subject.visit_id, patient_id=subject.patient_id,
            task_id=choice.task.id if choice.task else None, form=choice.form, form_version=version,
            answers=self.answers, score=self.score, source=source, parts=list(self.parts),
        )  # fmt: skip

    def correction(self, response_id: Id) -> dict[str, Any]:
        """Return what is known of the command that corrects a response by it; a person says why."""
        known = {"response_id": response_id, "answers": self.answers, "score": self.score}
        return {**known, "parts": list(self.parts)}


def in_already(error: KnownError) -> Id | None:
    """Return the response that came in elsewhere, of a refusal that tells of one."""
    told = error.facts.get("response_id") if isinstance(error, DomainError) else None
    return Id(str(told)) if error.code == "form.in_already" and told else None
