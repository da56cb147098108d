"""What the engine does with an alert: opens, escalates, wakes and clears it.

Each looks at the state it finds, so one that comes late (from a second engine) changes nothing; an alert that is over
is never opened again. Events of the engine have stable ids: branch and centre may both notice, the trail has one.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.alerts.records import Alert, AlertEvent, Severity
from domain.alerts.rules import highest
from domain.alerts.steps import move, note_event
from domain.alerts.workflow import OPEN_STATES, alert_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

ENGINE = "system.alerts"
"""Permission of the engine's own commands; no role has it."""


@command("alert.open", "发出预警", permission=ENGINE, place="internal")
class OpenAlert:
    """Tell somebody of a happening; `alert_id` names it, so it is told once."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    rule: str = ask("规则", max_length=20)
    rule_version: int = ask("规则版本")
    name: str = ask("预警名称")
    org_id: Id = ask("机构", kind=Kind.HIDDEN)
    subject: str = ask("对象类型", max_length=60)
    subject_id: Id = ask("对象", kind=Kind.HIDDEN)
    patient_id: Id | None = ask("客户", kind=Kind.HIDDEN, default=None)
    summary: str = ask("内容", max_length=1000)
    facts: dict[str, Any] = ask("依据", kind=Kind.HIDDEN)
    severity: Severity = ask("级别")
    receivers: list[str] = ask("接收角色", kind=Kind.HIDDEN)
    step: int = ask("升级次数", default=0)
    opened_at: datetime = ask("发出时间")
    due_at: datetime | None = ask("下次升级", default=None)
    act_by: datetime | None = ask("处理期限", default=None)
    digest_id: Id | None = ask("汇总", kind=Kind.HIDDEN, default=None)
    owner_id: Id | None = ask("负责人", kind=Kind.HIDDEN, default=None)
    owner_name: str | None = ask("负责人姓名", default=None)


@handles(OpenAlert)
def open_alert(order: OpenAlert, work: UnitOfWork) -> bool:
    """Return whether the alert is new; one that exists, whatever became of it, stays as it is."""
    if work.find(Alert, id=order.alert_id) is not None:
        return False
    alert = Alert(
        id=order.alert_id, org_id=order.org_id, rule=order.rule, rule_version=order.rule_version,
        name=order.name, severity=order.severity, subject=order.subject, subject_id=order.subject_id,
        patient_id=order.patient_id, summary=order.summary, facts=order.facts, receivers=list(order.receivers),
        step=order.step, opened_at=order.opened_at, act_by=order.act_by, digest_id=order.digest_id,
        owner_id=order.owner_id, owner_name=order.owner_name,
    )  # fmt: skip
    alert_life.enter(alert, "open", order.opened_at)
    alert.due_at = order.due_at
    work.add(alert)
    note_event(work, alert, "opened", event_id=stable_id("alert_event", alert.id, "opened"))
    return True


@command("alert.escalate", "升级预警", permission=ENGINE, place="internal")
class EscalateAlert:
    """Bring an alert to where its ladder stands now."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    step: int = ask("升级次数")
    severity: Severity = ask("级别")
    receivers: list[str] = ask("接收角色", kind=Kind.HIDDEN)
    due_at: datetime | None = ask("下次升级", default=None)
    reminders: int = ask("提醒次数", default=0)
    note: str | None = ask("说明", default=None, max_length=4000)


@handles(EscalateAlert)
def escalate(order: EscalateAlert, work: UnitOfWork) -> bool:
    """Return whether somebody was told; severity only rises, receivers are only added."""
    alert = work.get(Alert, order.alert_id)
    if alert is None or alert.state not in OPEN_STATES:
        return False
    alert.due_at = order.due_at
    if order.step > alert.step:
        alert.step = order.step
        alert.severity = highest(alert.severity, order.severity)
        alert.receivers = list(dict.fromkeys([*alert.receivers, *order.receivers]))
        kind, count = "escalated", order.step
    elif order.reminders:
        kind, count = "reminded", order.reminders
    else:
        return False
    event_id = stable_id("alert_event", alert.id, kind, count)
    if work.get(AlertEvent, event_id) is not None:
        return False
    note_event(work, alert, kind, note=order.note, event_id=event_id)
    return True


@command("alert.clear", "预警自动关闭", permission=ENGINE, place="internal")
class ClearAlert:
    """Close an alert whose cause is gone."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)


@handles(ClearAlert)
def clear(order: ClearAlert, work: UnitOfWork) -> bool:
    """Return whether it was closed by this; a closed one stays as it is."""
    alert = work.get(Alert, order.alert_id)
    if alert is None or not alert_life.allows(alert.state, "close"):
        return False
    move(work, alert, "close")
    event_id = stable_id("alert_event", alert.id, "cleared", alert.revision)
    if work.get(AlertEvent, event_id) is None:
        note_event(work, alert, "cleared", event_id=event_id)
    return True


@command("alert.assign", "预警随任务转给新的负责人", permission=ENGINE, place="internal")
class AssignAlert:
    """What an alert is about was given to somebody else before anybody had taken it."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    owner_id: Id = ask("负责人", kind=Kind.HIDDEN)
    owner_name: str = ask("负责人姓名")


@handles(AssignAlert)
def assign(order: AssignAlert, work: UnitOfWork) -> bool:
    """Return whether it is news; one that somebody has taken meanwhile stays theirs."""
    alert = work.get(Alert, order.alert_id)
    if alert is None or alert.state != "open" or alert.owner_id == order.owner_id:
        return False
    event_id = stable_id("alert_event", alert.id, "assigned", order.owner_id, alert.revision or 0)
    alert.owner_id, alert.owner_name = order.owner_id, order.owner_name
    alert.revision = (alert.revision or 0) + 1
    if work.get(AlertEvent, event_id) is None:
        note_event(work, alert, "assigned", note=order.owner_name, event_id=event_id)
    return True


@command("alert.wake", "搁置到期", permission=ENGINE, place="internal")
class WakeAlert:
    """Bring back an alert whose shelf is over and whose cause is still there, to where its ladder stands now."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    shelved_until: datetime = ask("搁置至")
    severity: Severity = ask("级别")
    receivers: list[str] = ask("接收角色", kind=Kind.HIDDEN)
    step: int = ask("升级次数")
    due_at: datetime | None = ask("下次升级", default=None)


@handles(WakeAlert)
def wake(order: WakeAlert, work: UnitOfWork) -> bool:
    """Return whether it is open again; one that was shelved anew, or is not shelved any more, stays as it is."""
    alert = work.get(Alert, order.alert_id)
    if alert is None or alert.state != "shelved" or alert.shelved_until != order.shelved_until:
        return False
    move(work, alert, "wake")
    alert.shelved_until, alert.due_at, alert.step = None, order.due_at, order.step
    alert.severity = highest(alert.severity, order.severity)
    alert.receivers = list(dict.fromkeys([*alert.receivers, *order.receivers]))
    event_id = stable_id("alert_event", alert.id, "woken", order.shelved_until)
    if work.get(AlertEvent, event_id) is None:
        note_event(work, alert, "woken", event_id=event_id)
    return True


@command("alert.run", "预警处理（批）", permission=ENGINE, place="internal")
class RunAlerts:
    """Several of the engine's orders (`OpenAlert`, `EscalateAlert`, `ClearAlert` …) in one transaction."""

    orders: list[Any] = ask("内容", kind=Kind.HIDDEN)


@handles(RunAlerts)
def run_alerts(order: RunAlerts, work: UnitOfWork) -> list[bool]:
    """Return of each whether it changed something."""
    return [bool(_ENGINE_HANDLERS[type(one)](one, work)) for one in order.orders]


_ENGINE_HANDLERS: dict[type[Any], Callable[[Any, UnitOfWork], Any]] = {
    OpenAlert: open_alert,
    EscalateAlert: escalate,
    ClearAlert: clear,
    WakeAlert: wake,
    AssignAlert: assign,
}
