"""What the engine orders: an alert opened, brought to where its ladder stands, taken from its shelf."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from domain.alerts.decisions import Action, Assign, Clear, Open
from domain.alerts.engine_commands import AssignAlert, ClearAlert, EscalateAlert, OpenAlert, WakeAlert
from domain.alerts.lookups import stands
from domain.alerts.plans import RuleBook
from domain.kernel.ids import Id


def opening(action: Open, now: datetime, digest_id: Id | None = None) -> OpenAlert:
    """Return the order that opens an alert, where its ladder stands now; `digest_id` is the card it is told by."""
    plan, row = action.plan, action.row
    standing = plan.ladder.standing(action.opened_at, now)
    return OpenAlert(
        alert_id=plan.alert_id(row["id"], action.occasion), rule=plan.rule.id, rule_version=plan.rule.version,
        name=plan.rule.name, org_id=row["org_id"], subject=plan.entity, subject_id=row["id"],
        patient_id=row["id"] if plan.entity == "patient" else row.get("patient_id"),
        summary=plan.summary(row, action.due, action.more), facts=plan.facts({**row, **action.more}),
        severity=standing.severity,
        receivers=list(standing.receivers), step=standing.step, opened_at=action.opened_at,
        due_at=None if digest_id else standing.due_at, act_by=action.opened_at + plan.ladder.act_within,
        digest_id=digest_id, owner_id=row.get(f"{plan.rule.owner}_id"), owner_name=row.get(f"{plan.rule.owner}_name"),
    )  # fmt: skip


def settling(actions: Iterable[Action]) -> list[ClearAlert | AssignAlert]:
    """Return the orders that close alerts, and those that give them to somebody else."""
    found: list[ClearAlert | AssignAlert] = []
    for one in actions:
        if isinstance(one, Clear):
            found.append(ClearAlert(alert_id=one.alert_id))
        elif isinstance(one, Assign):
            found.append(AssignAlert(alert_id=one.alert_id, owner_id=one.owner_id, owner_name=one.owner_name))
    return found


def shelf_over(book: RuleBook, connection: Connection, row: Any, now: datetime) -> WakeAlert | ClearAlert:
    """Return the end of an alert whose shelf is over: open again, or closed where its cause has gone."""
    plan = book.plans.get(row.rule)
    if plan is not None and not stands(connection, plan, row.subject_id):
        return ClearAlert(alert_id=row.id)
    step, severity, receivers, due_at = row.step, row.severity, row.receivers, None
    if plan is not None:
        standing = plan.ladder.standing(row.opened_at, now)
        step, severity, due_at = standing.step, standing.severity, standing.due_at
        receivers = list(standing.receivers)
    return WakeAlert(
        alert_id=row.id, shelved_until=row.shelved_until, severity=severity, receivers=receivers, step=step,
        due_at=due_at,
    )  # fmt: skip


def escalation(book: RuleBook, row: Any, now: datetime) -> EscalateAlert:
    """Return the order that brings an alert to where its ladder stands now."""
    plan = book.plans.get(row.rule)
    if plan is None:  # the rule is no longer in force: the alert stays for people, its ladder ends
        return EscalateAlert(
            alert_id=row.id, step=row.step, severity=row.severity, receivers=row.receivers, due_at=None
        )
    standing = plan.ladder.standing(row.opened_at, now)
    rises = standing.step > row.step
    note = (
        "、".join(f"{rule} {book.rules[rule].name}" for rule in standing.rules)
        if rises
        else plan.ladder.reminder
    )
    return EscalateAlert(
        alert_id=row.id, step=standing.step, severity=standing.severity, receivers=list(standing.receivers),
        due_at=standing.due_at, reminders=standing.reminders, note=note or None,
    )  # fmt: skip
