"""Visits that have results and no report yet: what a physician who writes finds in the queue besides reports."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, exists, select

from client.stations.review.case import UNWRITTEN, CaseKey
from client.stations.review.queue_rows import QueueRow
from domain.checkup.records import CriticalValue, Finding, Observation, Report, Visit
from domain.kernel.authority import Actor
from domain.kernel.masking import masked
from domain.kernel.record import column_info
from domain.kernel.worklists import scoped
from domain.people.records import Patient

UNWRITTEN_DAYS = 90
"""Older visits without a report are found by search, not waited for."""
MOST_UNWRITTEN = 200


def writes(actor: Actor) -> bool:
    """Tell whether a person writes reports, and so has visits waiting for one."""
    return actor.may("report.write")


def unwritten_rows(connection: Any, desk: Any, actor: Actor) -> Iterator[QueueRow]:
    """Yield the visits without a report within the actor's scope, the oldest first; none for who does not write."""
    if not writes(actor):
        return
    mask = column_info(Patient.__table__.c.name)
    for row in connection.execute(scoped(_unwritten_query(desk), Visit, actor)).all():
        yield QueueRow(
            key=CaseKey("visit", row.id),
            urgency=2 if row.critical else 1 if row.class_a else 0,
            number=row.number,
            name=masked(mask, row.name, actor.clearance),
            sex=str(row.sex),
            state=UNWRITTEN,
            due_at=None,
            at=row.state_since,
        )


def _unwritten_query(desk: Any) -> "Select[Any]":
    visit, patient, critical = Visit.__table__, Patient.__table__, CriticalValue.__table__
    first = (desk.clock() - timedelta(days=UNWRITTEN_DAYS)).date()
    return (
        select(
            visit.c.id, visit.c.number, visit.c.state_since, patient.c.name, patient.c.sex,
            exists().where(critical.c.patient_id == visit.c.patient_id, critical.c.visit_id == visit.c.id)
            .label("critical"),
            exists()
            .where(Finding.__table__.c.visit_id == visit.c.id, Finding.__table__.c.important_class == "A")
            .label("class_a"),
        )
        .join(patient, patient.c.id == visit.c.patient_id)
        .where(
            visit.c.visit_date >= first,
            ~exists().where(Report.__table__.c.visit_id == visit.c.id),
            exists().where(Observation.__table__.c.visit_id == visit.c.id),
        )
        .order_by(visit.c.visit_date, visit.c.id)
        .limit(MOST_UNWRITTEN)
    )  # fmt: skip
