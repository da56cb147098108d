"""What people see of alerts: those that wait, and the trail of what was done."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from domain.alerts.commands import (
    AcknowledgeAlert,
    CloseAlert,
    HandleAlert,
    HandleSeveral,
    HandOverAlert,
    ReopenAlert,
    ShelveAlert,
    TakeAlert,
)
from domain.alerts.heart_records import AlertHeart
from domain.alerts.receivers import SEVERITIES, receiver_table
from domain.alerts.records import Alert, AlertEvent, AlertRuleChange, Severity
from domain.alerts.workflow import OPEN_STATES, in_states
from domain.kernel.authority import Actor
from domain.kernel.clients import client_conditions
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import column_info
from domain.kernel.worklists import Query, without_index, worklist
from domain.people.records import Patient

PERMISSION = "alert.view"
MOST = 500


@worklist("alert.open", "待处理预警", permission=PERMISSION, record=Alert, order="-severity")
def open_alerts() -> Query:
    """Alerts somebody must act on, the most severe first (the levels sort as their names do)."""
    return (
        select(
            Alert.severity, Alert.name, Patient.name.label("patient_name"), Alert.summary, Alert.opened_at,
            Alert.state, Alert.owner_name, Alert.act_by, Alert.step, Alert.receivers, Alert.due_at, Alert.revision,
        )
        .outerjoin(Patient, Patient.id == Alert.patient_id)
        .where(in_states(Alert.state, *OPEN_STATES))
    )  # fmt: skip


open_alerts.offers(AcknowledgeAlert, TakeAlert, HandleAlert, HandOverAlert, ShelveAlert, CloseAlert)
open_alerts.offers_several(
    HandleSeveral, acknowledge=AcknowledgeAlert, take=TakeAlert, handle=HandleAlert, shelve=ShelveAlert
)


@worklist("alert.mine", "我的预警", permission=PERMISSION, record=Alert, order="act_by")
def mine() -> Query:
    """Alerts in somebody's hands, the first to run out first; filter by owner."""
    return (
        select(
            Alert.act_by, Alert.owner_name, Alert.severity, Alert.name, Patient.name.label("patient_name"),
            Alert.summary, Alert.state, Alert.opened_at, Alert.revision,
        )
        .outerjoin(Patient, Patient.id == Alert.patient_id)
        .where(in_states(Alert.state, "in_hand"))
    )  # fmt: skip


mine.offers(HandleAlert, HandOverAlert, ShelveAlert)
mine.offers_several(HandleSeveral, handle=HandleAlert, shelve=ShelveAlert)


@worklist("alert.shelved", "已搁置预警", permission=PERMISSION, record=Alert, order="shelved_until")
def shelved() -> Query:
    """Alerts put off, the first to come back first."""
    return select(
        Alert.shelved_until, Alert.severity, Alert.name, Alert.summary, Alert.opened_at, Alert.state,
        Alert.owner_name, Alert.revision,
    ).where(in_states(Alert.state, "shelved"))  # fmt: skip


shelved.offers(HandleAlert)


@worklist("alert.settled", "已处理预警", permission=PERMISSION, record=Alert, order="-state_since")
def settled_alerts() -> Query:
    """Alerts that were handled or closed, the latest first."""
    return select(
        Alert.name, Alert.severity, Alert.summary, Alert.opened_at, Alert.state, Alert.state_since,
        Alert.outcome, Alert.root_cause, Alert.owner_name, Alert.handled_note, Alert.revision,
    ).where(Alert.state.in_(("handled", "closed")))  # fmt: skip


settled_alerts.offers(CloseAlert, ReopenAlert)


@worklist(
    "alert.rule_changes",
    "预警规则修订",
    permission="alert.rules",
    record=AlertRuleChange,
    order="-published_at",
)
def rule_changes() -> Query:
    """Every change of a rule with what it was expected to raise, the latest first."""
    return select(
        AlertRuleChange.published_at, AlertRuleChange.rule, AlertRuleChange.name, AlertRuleChange.number,
        AlertRuleChange.patch, AlertRuleChange.tested, AlertRuleChange.reason, AlertRuleChange.published_name,
    )  # fmt: skip


@worklist("alert.hearts", "预警运行监测", permission="sync.watch", record=AlertHeart, order="-state_since")
def hearts() -> Query:
    """What of alerting stopped, and when the time it missed was evaluated; what turned last first."""
    c = AlertHeart
    return select(c.name, c.part, c.state, c.state_since, c.last_beat, c.evaluated_at, c.reason)


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
    revision: int
    owner_id: Id | None = None


def alerts_for(connection: Connection, actor: Actor, *, limit: int = 100) -> list[AlertCard]:
    """Return the alerts that wait for the actor's role within the scope, by severity, then the longest first."""
    actor.check(PERMISSION)
    told, alert, patient = receiver_table(), Alert.__table__, Patient.__table__
    query = (
        select(alert, patient.c.name.label("patient_name"))
        .select_from(told)
        .join(alert, alert.c.id == told.c.alert_id)
        .outerjoin(patient, patient.c.id == alert.c.patient_id)
        .where(*_mine(actor), without_index(alert.c.state).in_(OPEN_STATES))
        .order_by(told.c.rank, told.c.opened_at, told.c.alert_id)
        .limit(min(limit, MOST))
    )
    return [_card(row, actor) for row in connection.execute(query)]


def alerts_among(connection: Connection, actor: Actor, ids: Sequence[Id]) -> list[AlertCard]:
    """Return those of some alerts, whatever their state, that the actor's role is told of or that are theirs.

    Read from the alerts themselves, so that nothing waits for the index of the receivers; most pressing first. Those
    of a digest are told by the digest.
    """
    actor.check(PERMISSION)
    alert, patient = Alert.__table__, Patient.__table__
    scope = [] if actor.orgs is None else [without_index(alert.c.org_id).in_(actor.orgs)]
    scope += _of_clients(actor)
    query = (
        select(alert, patient.c.name.label("patient_name"))
        .outerjoin(patient, patient.c.id == alert.c.patient_id)
        .where(alert.c.id.in_(list(ids)[:MOST]), alert.c.digest_id.is_(None), *scope)
    )
    rows = [
        row
        for row in connection.execute(query)
        if actor.role in row.receivers or row.owner_id == actor.staff_id
    ]
    rows.sort(key=lambda row: (SEVERITIES.index(row.severity), row.opened_at, row.id))
    return [_card(row, actor) for row in rows]


def count_for(connection: Connection, actor: Actor) -> tuple[int, Severity | None]:
    """Return how many alerts wait for the actor's role within the scope, and the highest severity among them.

    As of the last look of the reader of the log, which is a moment behind what was done a moment ago.
    """
    actor.check(PERMISSION)
    told = receiver_table()
    query = select(func.count(), func.min(told.c.rank)).where(*_mine(actor))
    count, rank = connection.execute(query).one()
    return count, None if rank is None else SEVERITIES[rank]


def _mine(actor: Actor) -> Sequence[Any]:
    told = receiver_table()
    scope = [] if actor.orgs is None else [without_index(told.c.org_id).in_(actor.orgs)]
    if of_clients := _of_clients(actor):
        scope.append(told.c.alert_id.in_(select(Alert.__table__.c.id).where(*of_clients)))
    return (told.c.role == actor.role, *scope)


def _of_clients(actor: Actor) -> list[Any]:
    """Return what keeps alerts to an actor's clients; what is in their own hands stays theirs."""
    found = client_conditions(Alert, actor)
    return [or_(Alert.__table__.c.owner_id == actor.staff_id, *found)] if found else []


def _card(row: Row[Any], actor: Actor) -> AlertCard:
    names = [f.name for f in dataclasses.fields(AlertCard)]
    values = {name: getattr(row, name) for name in names}
    info = column_info(Patient.__table__.c.name)
    values["patient_name"] = masked(info, row.patient_name, actor.clearance)
    return AlertCard(**values)
