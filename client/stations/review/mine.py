"""The reports whose task a person has: what was given to them, the most urgent and nearest promise first."""

from typing import Any

from sqlalchemy import Select, func, select

from client.stations.review.case import CaseKey
from client.stations.review.queue_rows import QueueRow
from domain.checkup.records import Report
from domain.kernel.authority import Actor
from domain.kernel.masking import masked
from domain.kernel.record import column_info
from domain.kernel.worklists import scoped
from domain.people.records import Patient
from domain.reviewing.records import ReviewTask
from domain.reviewing.workflow import OPEN

MOST_MINE = 200


def takes_tasks(actor: Actor) -> bool:
    """Tell whether reports are given to a person."""
    return actor.may("report.accept")


def my_rows(connection: Any, actor: Actor) -> list[QueueRow]:
    """Return the reports a person has a task of; a range of an index, whatever is stored."""
    mask, report, patient = column_info(Patient.__table__.c.name), Report.__table__.c, Patient.__table__
    query = (
        _mine(actor, report.id, report.number, report.urgency, report.state, report.due_at, report.returns,
              patient.c.name, patient.c.sex)
        .join(patient, patient.c.id == report.patient_id)
        .order_by(report.urgency.desc(), report.due_at, report.id)
        .limit(MOST_MINE)
    )  # fmt: skip
    return [
        QueueRow(
            key=CaseKey("report", row.id), urgency=row.urgency or 0, number=row.number,
            name=masked(mask, row.name, actor.clearance), sex=str(row.sex), state=row.state, due_at=row.due_at,
            returns=row.returns or 0,
        )
        for row in connection.execute(scoped(query, Report, actor)).all()
    ]  # fmt: skip


def my_count(connection: Any, actor: Actor) -> int:
    """Return how many they are."""
    query = _mine(actor, func.count())
    return int(connection.execute(scoped(query, Report, actor)).scalar() or 0)


def _mine(actor: Actor, *columns: Any) -> Select[Any]:
    task, report = ReviewTask.__table__, Report.__table__
    return (
        select(*columns)
        .select_from(report)
        .join(task, (task.c.report_id == report.c.id) & (task.c.level == report.c.state))
        .where(task.c.owner_id == actor.staff_id, task.c.state.in_(OPEN))
    )
