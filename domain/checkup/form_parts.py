"""The answers to a composite, kept once for each of its instruments as a response of its own.

What they are is worked out where the form is filled in (`forms.handing_in`): only the form engine can split answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from domain.checkup.records import QuestionnaireResponse
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

LONGEST_NAME, LONGEST_VERSION = 120, 40
"""Characters that the columns of a response hold."""


@dataclass(frozen=True, slots=True)
class Part:
    """The answers of one instrument."""

    form: str
    form_version: str
    answers: dict[str, Any]


def response_parts(told: Sequence[dict[str, Any]]) -> list[Part]:
    """Return the parts as a command was given them.

    Raises:
        DomainError: ``form.bad_part`` (``parts``).
    """
    found = []
    for one in told:
        form, version, answers = (one.get(name) for name in ("form", "form_version", "answers"))
        if not isinstance(form, str) or not isinstance(version, str) or not isinstance(answers, dict):
            raise DomainError("form.bad_part", field="parts")
        if not form or len(form) > LONGEST_NAME or len(version) > LONGEST_VERSION:
            raise DomainError("form.bad_part", field="parts")
        found.append(Part(form, version, answers))
    return found


def keep_part(
    work: UnitOfWork,
    whole: QuestionnaireResponse,
    part: Part,
    *,
    amends: Id | None = None,
    reason: str | None = None,
) -> QuestionnaireResponse:
    """Keep the response of one instrument of `whole`; with `amends` in the place of an earlier one."""
    return work.add(
        QuestionnaireResponse(
            org_id=whole.org_id, visit_id=whole.visit_id, patient_id=whole.patient_id, form=part.form,
            form_version=part.form_version, answers=part.answers, authored_at=whole.authored_at,
            authored_by=whole.authored_by, source=whole.source, part_of=whole.id, amends=amends, reason=reason,
            corrected_at=whole.corrected_at,
        )
    )  # fmt: skip


def standing_parts(work: UnitOfWork, response_id: Id) -> list[QuestionnaireResponse]:
    """Return the parts of a response that no correction of their own took the place of."""
    table = QuestionnaireResponse
    found = work.list(select(table).where(table.part_of == response_id).order_by(table.id))
    amended = {one.amends for one in found}
    return [one for one in found if one.id not in amended]
