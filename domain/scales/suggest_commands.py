"""Asking which forms suit a person; nothing is changed by it."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.scales.drafting import SUGGESTIONS
from domain.scales.history import history_of
from domain.scales.profile import person_of
from domain.scales.suggesting import suggest


@dataclasses.dataclass(frozen=True, slots=True)
class Proposed:
    """A form that suits the person, why, and how pressing it is (smaller is more)."""

    form: str
    reasons: list[str]
    order: int


@command("form.suggest", "推荐量表", permission="form.answer")
class SuggestForms:
    """Which questionnaires suit this client now."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)


@handles(SuggestForms)
def suggest_forms(order: SuggestForms, work: UnitOfWork) -> list[Proposed]:
    """Return the forms, the most pressing first; none that was handed in lately."""
    patient = work.require(Patient, order.patient_id, "patient_id")
    return proposals(work.connection, work.content, patient, work.now)


def proposals(
    connection: Connection, content: Mapping[str, Any], patient: Patient, at: datetime
) -> list[Proposed]:
    """Return the forms that suit a person within the scope of whoever asks, as `suggest_forms` does."""
    book = content[SUGGESTIONS]
    history = history_of(connection, patient.id, content, at)
    person = person_of(connection, patient, book, at, history=history)
    return [Proposed(one.form, list(one.reasons), one.order) for one in suggest(book, person)]
