"""What people do with an alert: take it, hand it on, put it off, say what came of it, open it again, put it away.

Each says the `revision` its person saw; one that acts on an older one is refused and told who was faster. What is
done is in the trail with who, when and why.
"""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from domain.alerts.digests import waiting_in
from domain.alerts.records import Alert, AlertCause, Outcome
from domain.alerts.steps import check_may_settle, check_seen, move, note_event
from domain.alerts.workflow import UNSETTLED
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff

PERMISSION = "alert.handle"
LONGEST_SHELF = timedelta(days=30)
MOST_AT_ONCE = 500
MOST_COUNTED = 100_000


@command("alert.acknowledge", "接收预警", permission=PERMISSION)
class AcknowledgeAlert:
    """Say that one has seen it; the ladder goes on until it is settled."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    revision: int | None = ask("所见步次", kind=Kind.HIDDEN, default=None)


@handles(AcknowledgeAlert)
def acknowledge(order: AcknowledgeAlert, work: UnitOfWork) -> None:
    """Note who took it in.

    Raises:
        DomainError: ``alert.stale``; ``alert.wrong_state`` for one taken or settled meanwhile.
    """
    alert = _alert(work, order)
    _keeping_the_ladder(work, alert, "acknowledge")
    note_event(work, alert, "acknowledged")


@command("alert.take", "开始处理", permission=PERMISSION)
class TakeAlert:
    """Become its owner; the ladder goes on until it is settled."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    revision: int | None = ask("所见步次", kind=Kind.HIDDEN, default=None)


@handles(TakeAlert)
def take(order: TakeAlert, work: UnitOfWork) -> None:
    """Make the person who acts its owner. Raises what `acknowledge` raises."""
    alert = _alert(work, order)
    _keeping_the_ladder(work, alert, "take")
    alert.owner_id, alert.owner_name = work.actor.staff_id, work.actor.name
    note_event(work, alert, "taken")


@command("alert.hand_over", "转交预警", permission=PERMISSION)
class HandOverAlert:
    """Give it to a colleague, who is its owner from then on."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    to: str = ask("接手人登录名", max_length=60)
    note: str = ask("转交说明", kind=Kind.NOTE)
    revision: int | None = ask("所见步次", kind=Kind.HIDDEN, default=None)


@handles(HandOverAlert)
def hand_over(order: HandOverAlert, work: UnitOfWork) -> None:
    """Name the new owner.

    Raises:
        DomainError: ``alert.no_such_owner`` for a login that is unknown, closed, or may not handle alerts;
            ``alert.stale``; ``alert.wrong_state``.
    """
    alert = _alert(work, order)
    staff = work.find(Staff, login=order.to.strip())
    authority = work.content.get("authority")
    able = staff is not None and (
        authority is None or (staff.role in authority.roles and authority.roles[staff.role].may(PERMISSION))
    )
    if staff is None or staff.active is False or not able:
        raise DomainError("alert.no_such_owner", field="to", value=order.to)
    _keeping_the_ladder(work, alert, "hand_over")
    alert.owner_id, alert.owner_name = staff.id, staff.name
    note_event(work, alert, "handed_over", note=f"{staff.name}：{order.note}")


@command("alert.shelve", "搁置预警", permission=PERMISSION)
class ShelveAlert:
    """Put it off with a reason; when the time is over it is judged again at once."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    hours: int = ask("搁置时长", kind=Kind.NUMBER, low=1, high=720, unit="h")
    note: str = ask("搁置原因", kind=Kind.NOTE)
    revision: int | None = ask("所见步次", kind=Kind.HIDDEN, default=None)


@handles(ShelveAlert)
def shelve(order: ShelveAlert, work: UnitOfWork) -> datetime:
    """Return until when it is silent.

    Raises:
        DomainError: ``alert.cause_stands``; ``alert.stale``; ``alert.wrong_state``.
    """
    alert = _alert(work, order)
    check_may_settle(work, alert)
    until = work.now + min(timedelta(hours=order.hours), LONGEST_SHELF)
    move(work, alert, "shelve")
    alert.shelved_until = alert.due_at = until
    note_event(work, alert, "shelved", note=order.note)
    return until


@command("alert.handle", "处理预警", permission=PERMISSION)
class HandleAlert:
    """Write what was done about it."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    note: str = ask("处理结果", kind=Kind.NOTE)
    outcome: Outcome = ask("处理结论", kind=Kind.CHOICE, default=Outcome.ACTED)
    root_cause: AlertCause | None = ask("根因", kind=Kind.CHOICE, default=None)
    revision: int | None = ask("所见步次", kind=Kind.HIDDEN, default=None)


@handles(HandleAlert)
def handle(order: HandleAlert, work: UnitOfWork) -> None:
    """End the ladder.

    Raises:
        DomainError: ``alert.note_missing``; ``alert.cause_stands`` for a rule that only the cure of its cause
            settles (a critical value); ``alert.digest_members`` for a digest with unsettled ones; ``alert.stale``;
            ``alert.wrong_state``.
    """
    alert = _alert(work, order)
    _settle(work, alert, "handle", order.note, order.outcome)
    alert.root_cause = order.root_cause
    note_event(work, alert, "handled", note=order.note)


@command("alert.reopen", "重新打开预警", permission=PERMISSION)
class ReopenAlert:
    """Take back that it was handled: what was done did not help."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    note: str = ask("重新打开的原因", kind=Kind.NOTE)
    revision: int | None = ask("所见步次", kind=Kind.HIDDEN, default=None)


@handles(ReopenAlert)
def reopen(order: ReopenAlert, work: UnitOfWork) -> None:
    """Open it again; the engine brings it to where its ladder stands. Raises what `acknowledge` raises."""
    alert = _alert(work, order)
    move(work, alert, "reopen")
    alert.outcome, alert.root_cause, alert.due_at = None, None, work.now
    note_event(work, alert, "reopened", note=order.note)


@command("alert.close", "关闭预警", permission="alert.close")
class CloseAlert:
    """Put an alert away: one that was handled, or another with the reason."""

    alert_id: Id = ask("预警", kind=Kind.HIDDEN)
    note: str | None = ask("处理结果", kind=Kind.NOTE, default=None)
    outcome: Outcome = ask("处理结论", kind=Kind.CHOICE, default=Outcome.NO_ACTION)
    root_cause: AlertCause | None = ask("根因", kind=Kind.CHOICE, default=None)
    revision: int | None = ask("所见步次", kind=Kind.HIDDEN, default=None)


@handles(CloseAlert)
def close(order: CloseAlert, work: UnitOfWork) -> None:
    """Close it; one that nobody handled needs the note. Raises what `handle` raises."""
    alert = _alert(work, order)
    if alert.state == "handled":
        move(work, alert, "close")
    else:
        _settle(work, alert, "close", order.note or "", order.outcome)
    if order.root_cause is not None:  # one found when it was handled stands, unless another is named now
        alert.root_cause = order.root_cause
    note_event(work, alert, "closed", note=order.note)


@dataclasses.dataclass(frozen=True, slots=True)
class BatchDone:
    """How many were done, and of the others the id with the code of the refusal."""

    done: int
    refused: list[tuple[Id, str]]


@command("alert.batch", "批量处理预警", permission=PERMISSION)
class HandleSeveral:
    """Do the same with several alerts: those that can are done, the others are named with the reason."""

    alert_ids: list[Id] = ask("预警", kind=Kind.HIDDEN)
    revisions: list[int] | None = ask("所见步次", kind=Kind.HIDDEN, default=None)
    act: str = ask("操作", kind=Kind.HIDDEN, max_length=20)
    note: str | None = ask("说明", kind=Kind.NOTE, default=None)
    hours: int = ask("搁置时长", kind=Kind.NUMBER, default=24, low=1, high=720, unit="h")
    outcome: Outcome = ask("处理结论", kind=Kind.CHOICE, default=Outcome.ACTED)
    root_cause: AlertCause | None = ask("根因", kind=Kind.CHOICE, default=None)


@handles(HandleSeveral)
def handle_several(order: HandleSeveral, work: UnitOfWork) -> BatchDone:
    """Return what came of each.

    Raises:
        DomainError: ``alert.unknown_act``; ``alert.too_many``; ``alert.note_missing`` where the act needs words;
            ``alert.batch_uneven`` when there is not one revision for each alert.
    """
    act = _ACTS.get(order.act)
    if act is None:
        raise DomainError("alert.unknown_act", field="act", value=order.act, known="、".join(_ACTS))
    if len(order.alert_ids) > MOST_AT_ONCE:
        raise DomainError("alert.too_many", field="alert_ids", most=MOST_AT_ONCE, count=len(order.alert_ids))
    unseen: list[int | None] = [None] * len(order.alert_ids)
    seen: list[int | None] = unseen if order.revisions is None else [*order.revisions]
    if len(seen) != len(order.alert_ids):
        raise DomainError("alert.batch_uneven", field="revisions")
    if order.act in {"handle", "shelve"} and not (order.note or "").strip():
        raise DomainError("alert.note_missing", field="note", name=f"{len(order.alert_ids)}")
    refused: list[tuple[Id, str]] = []
    for alert_id, revision in dict(zip(order.alert_ids, seen, strict=True)).items():
        try:
            act(order, alert_id, revision, work)
        except DomainError as error:  # each handler checks everything before it changes anything
            refused.append((alert_id, error.code))
    return BatchDone(len(set(order.alert_ids)) - len(refused), refused)


_ACTS: dict[str, Callable[[HandleSeveral, Id, int | None, UnitOfWork], Any]] = {
    "acknowledge": lambda o, i, r, w: acknowledge(AcknowledgeAlert(alert_id=i, revision=r), w),
    "take": lambda o, i, r, w: take(TakeAlert(alert_id=i, revision=r), w),
    "shelve": lambda o, i, r, w: shelve(
        ShelveAlert(alert_id=i, hours=o.hours, note=o.note or "", revision=r), w
    ),
    "handle": lambda o, i, r, w: handle(
        HandleAlert(alert_id=i, note=o.note or "", outcome=o.outcome, root_cause=o.root_cause, revision=r), w
    ),
}


def _alert(work: UnitOfWork, order: Any) -> Alert:
    alert = work.require(Alert, order.alert_id, "alert_id")
    check_seen(work, alert, order.revision)
    return alert


def _keeping_the_ladder(work: UnitOfWork, alert: Alert, name: str) -> None:
    next_step = alert.due_at
    move(work, alert, name)
    alert.due_at = next_step


def _settle(work: UnitOfWork, alert: Alert, name: str, note: str, outcome: Outcome) -> None:
    if alert.state in UNSETTLED:
        check_may_settle(work, alert)
    # A digest is never in one: of the thousands inside nothing has to be asked.
    inside = waiting_in(work.connection, alert.id, MOST_COUNTED) if alert.digest_id is None else 0
    if inside:
        raise DomainError("alert.digest_members", field="alert_id", name=alert.name, count=inside)
    if not note.strip():
        raise DomainError("alert.note_missing", field="note", name=alert.name)
    move(work, alert, name)
    alert.shelved_until, alert.outcome = None, outcome
    alert.handled_note, alert.handled_by = note, work.actor.staff_id
    if alert.owner_id is None:
        alert.owner_id, alert.owner_name = work.actor.staff_id, work.actor.name
