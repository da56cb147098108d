"""Visits that have results and no report yet: what a physician who writes finds in the queue besides reports."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, case, exists, func, select

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
    """Yield the visits without a report in the actor's scope, the most urgent and oldest first; for who writes."""
    if not writes(actor):
        return
    mask = column_info(Patient.__table__.c.name)
    visit, patient = Visit.__table__, Patient.__table__
    query = (
        _unwritten(desk, visit.c.id, visit.c.number, visit.c.state_since, patient.c.name, patient.c.sex)
        .join(patient, patient.c.id == visit.c.patient_id)
        .order_by(_urgency().desc(), visit.c.visit_date, visit.c.id)
        .limit(MOST_UNWRITTEN)
    )
    for row in connection.execute(scoped(query, Visit, actor)).all():
        yield QueueRow(
            key=CaseKey("visit", row.id),
            urgency=row.urgency,
            number=row.number,
            name=masked(mask, row.name, actor.clearance),
            sex=str(row.sex),
            state=UNWRITTEN,
            due_at=None,
            at=row.state_since,
        )


def unwritten_counts(connection: Any, desk: Any, actor: Actor) -> dict[int, int]:
    """Return how many visits without a report there are, by urgency."""
    if not writes(actor):
        return {}
    found = scoped(_unwritten(desk), Visit, actor).subquery()
    query = select(found.c.urgency, func.count()).group_by(found.c.urgency)
    return {row[0]: row[1] for row in connection.execute(query)}


def _urgency() -> Any:
    visit, critical, finding = Visit.__table__, CriticalValue.__table__, Finding.__table__
    is_critical = exists().where(
        critical.c.patient_id == visit.c.patient_id, critical.c.visit_id == visit.c.id
    )
    is_class_a = exists().where(finding.c.visit_id == visit.c.id, finding.c.important_class == "A")
    return case((is_critical, 2), (is_class_a, 1), else_=0)


def _unwritten(desk: Any, *columns: Any) -> "Select[Any]":
    visit = Visit.__table__
    first = (desk.clock() - timedelta(days=UNWRITTEN_DAYS)).date()
    return (
        select(*columns, _urgency().label("urgency"))
        .select_from(visit)
        .where(
            visit.c.visit_date >= first,
            ~exists().where(Report.__table__.c.visit_id == visit.c.id),
            exists().where(Observation.__table__.c.visit_id == visit.c.id),
        )
    )
