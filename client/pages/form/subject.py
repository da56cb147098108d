"""For whom a form is filled in, as the page was opened: a client, a visit, or a questionnaire that was given out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from client.station import Context
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import Record, record_classes
from domain.kernel.worklists import records
from domain.links.commands import why_not
from domain.people.records import Patient
from domain.scales.records import FormTask
from domain.scales.workflow import form_task_life
from forms.response import from_json

FOR = ("patient", "visit", "form_task", "person_link")
"""Records the page can be opened for."""


@dataclass(frozen=True, slots=True)
class Task:
    """A questionnaire that was given out and waits."""

    id: Id
    form: str
    version: str
    purpose: str
    due_at: datetime | None
    visit_id: Id | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose form; `task` where the page was opened for one that was given out.

    `left` is what a client had answered on the phone when the form came in at the desk as response `corrects`.
    `handed` is what a form had been answered with, by nurse or client, when it last was saved for the phone, at
    `handed_at`: the code of the hand-over was scanned here.
    """

    patient_id: Id
    visit_id: Id | None = None
    task: Task | None = None
    form: str = ""
    left: dict[str, Any] | None = None
    left_version: str = ""
    corrects: Id | None = None
    handed: dict[str, Any] | None = None
    handed_at: datetime | None = None


def read_subject(connection: Connection, context: Context, entity: str, record_id: Id) -> Subject:
    """Return for whom the page was opened.

    Raises:
        DomainError: ``<entity>.unknown`` outside of the reader's scope; ``form.over`` for what waits no more;
            ``form.not_left`` for a link of something else; ``link.used``, ``link.closed``, ``link.expired`` for the
            code of a hand-over that is over and holds nothing to take over.
    """
    kind: type[Record] = record_classes()[entity]
    found = records(connection, context.actor, kind, kind.__table__.c.id == record_id, limit=1)
    if not found:
        raise DomainError("record.gone")
    row = found[0].as_dict()
    if entity == "patient":
        return Subject(record_id)
    if entity == "visit":
        return Subject(row["patient_id"], record_id)
    if entity == "person_link":
        return _left(row) if row["settled_by"] is not None else _handed_over(connection, context, row)
    if row["state"] != form_task_life.first:
        raise DomainError("form.over", state=form_task_life.label_of(row["state"]))
    return Subject(row["patient_id"], row["visit_id"], _task({"id": record_id, **row}))


def _left(row: dict[str, Any]) -> Subject:
    if not row["draft"]:
        raise DomainError("link.used")
    draft = from_json(msgspec.json.encode(row["draft"]))  # numbers as the digits they were given
    return Subject(
        row["patient_id"], row["visit_id"], form=row["form"], left=draft, left_version=row["form_version"],
        corrects=row["settled_by"],
    )  # fmt: skip


def _handed_over(connection: Connection, context: Context, row: dict[str, Any]) -> Subject:
    if row["form"] is None:
        raise DomainError("form.not_left")
    why = why_not(
        used=row["used_at"] is not None, settled=False, revoked=row["revoked_at"] is not None,
        expired=context.desk.clock() >= row["expires_at"],
    )  # fmt: skip
    if why:
        raise DomainError(why)
    tasks = waiting_tasks(connection, context, row["patient_id"])
    draft = from_json(msgspec.json.encode(row["draft"])) if row["draft"] else None
    return Subject(
        row["patient_id"], row["visit_id"], next((one for one in tasks if one.id == row["task_id"]), None),
        row["form"], left_version=row["form_version"], handed=draft, handed_at=row["saved_at"],
    )  # fmt: skip


def read_patient(connection: Connection, context: Context, patient_id: Id) -> Patient:
    """Return the person within the reader's scope, for rules that look at one.

    Raises:
        DomainError: ``patient.unknown``.
    """
    row = connection.execute(select(Patient.__table__).where(Patient.id == patient_id)).one_or_none()
    if row is None or not context.actor.sees(row.org_id):
        raise DomainError("patient.unknown", field="patient_id", value=str(patient_id))
    return Patient(**{name: value for name, value in row._asdict().items() if name not in ("ver", "extra")})


def orgs_for(connection: Connection, context: Context, patient_id: Id) -> frozenset[Id]:
    """Return the organisations whose forms may be filled in: the person's, and that of whoever asks."""
    return frozenset({context.actor.org_id, read_patient(connection, context, patient_id).org_id})


def waiting_tasks(connection: Connection, context: Context, patient_id: Id) -> list[Task]:
    """Return what was given to a person and has not come back, by what runs out first."""
    table = FormTask.__table__
    mine = (table.c.patient_id == patient_id) & (table.c.state == form_task_life.first)
    rows = [row.as_dict() | {"id": row.id} for row in records(connection, context.actor, FormTask, mine)]
    return sorted((_task(row) for row in rows), key=lambda one: (one.due_at is None, one.due_at))


def _task(row: dict[str, Any]) -> Task:
    return Task(
        row["id"], row["form"], row["form_version"], row["purpose"] or "", row["due_at"], row["visit_id"]
    )
