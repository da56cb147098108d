"""What people see of alerts: those that wait, and the trail of what was done."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from domain.alerts.commands import AcknowledgeAlert, CloseAlert, HandleAlert
from domain.alerts.records import Alert, AlertEvent, Severity
from domain.alerts.workflow import OPEN_STATES
from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import column_info
from domain.kernel.worklists import Query, scoped, worklist
from domain.people.records import Patient

PERMISSION = "alert.view"
MOST = 500


@worklist("alert.open", "待处理预警", permission=PERMISSION, record=Alert, order="-severity")
def open_alerts() -> Query:
    """Alerts somebody must act on, the most severe first (the levels sort as their names do)."""
    return (
        select(
            Alert.severity, Alert.name, Patient.name.label("patient_name"), Alert.summary, Alert.opened_at,
            Alert.state, Alert.step, Alert.receivers, Alert.due_at,
        )
        .outerjoin(Patient, Patient.id == Alert.patient_id)
        .where(Alert.state.in_(OPEN_STATES))
    )  # fmt: skip


open_alerts.offers(AcknowledgeAlert, HandleAlert, CloseAlert)


@worklist("alert.settled", "已处理预警", permission=PERMISSION, record=Alert, order="-state_since")
def settled_alerts() -> Query:
    """Alerts that were handled or closed, the latest first."""
    return select(
        Alert.name, Alert.severity, Alert.summary, Alert.opened_at, Alert.state, Alert.state_since,
        Alert.handled_note,
    ).where(Alert.state.not_in(OPEN_STATES))  # fmt: skip


settled_alerts.offers(CloseAlert)


@worklist("alert.trail", "预警轨迹", permission=PERMISSION, record=AlertEvent, order="-at")
def trail() -> Query:
    """Every step in the life of alerts, the latest first."""
    return select(
        Alert.name, AlertEvent.kind, AlertEvent.at, AlertEvent.staff_name, AlertEvent.severity,
        AlertEvent.receivers, AlertEvent.note,
    ).join(Alert, Alert.id == AlertEvent.alert_id)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class AlertCard:
    """An alert as it is shown to one of its receivers; the client's name is masked by clearance."""

    id: Id
    rule: str
    name: str
    severity: Severity
    summary: str
    patient_name: str | None
    subject: str
    subject_id: Id
    patient_id: Id | None
    opened_at: datetime
    state: str
    step: int
    due_at: datetime | None


def alerts_for(connection: Connection, actor: Actor, *, limit: int = 100) -> list[AlertCard]:
    """Return the alerts that wait for the actor's role within the scope, by severity, then the longest first."""
    actor.check(PERMISSION)
    alert, patient = Alert.__table__, Patient.__table__
    query = (
        select(alert, patient.c.name.label("patient_name"))
        .outerjoin_from(alert, patient, patient.c.id == alert.c.patient_id)
        .where(*_mine(actor))
        .order_by(alert.c.severity.desc(), alert.c.opened_at, alert.c.id)
        .limit(min(limit, MOST))
    )
    return [_card(row, actor) for row in connection.execute(scoped(query, Alert, actor))]


def count_for(connection: Connection, actor: Actor) -> tuple[int, Severity | None]:
    """Return how many alerts wait for the actor's role within the scope, and the highest severity among them."""
    actor.check(PERMISSION)
    alert = Alert.__table__
    query = select(func.count(), func.max(alert.c.severity)).select_from(alert).where(*_mine(actor))
    count, worst = connection.execute(scoped(query, Alert, actor)).one()
    return count, Severity(worst) if worst else None


def _mine(actor: Actor) -> Sequence[Any]:
    columns = Alert.__table__.c
    # The roles are kept as JSON text: ["nurse","physician"].
    told = func.instr(columns.receivers, f'"{actor.role}"') > 0
    return (columns.state.in_(OPEN_STATES), told)


def _card(row: Row[Any], actor: Actor) -> AlertCard:
    names = [f.name for f in dataclasses.fields(AlertCard)]
    values = {name: getattr(row, name) for name in names}
    info = column_info(Patient.__table__.c.name)
    values["patient_name"] = masked(info, row.patient_name, actor.clearance)
    return AlertCard(**values)
