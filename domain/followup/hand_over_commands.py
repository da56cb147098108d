"""Working together on a task: handed over and taken, or declined; helpers; and a message that is on its way."""

from domain.followup.group_commands import staff_of
from domain.followup.regrouping import content_of
from domain.followup.staffing import Pick, candidate_of
from domain.followup.task_making import give, move_task, note_task
from domain.followup.task_records import FollowTask, Outcome
from domain.followup.workflow import OPEN_TASKS
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.queueing import queue_message


@command("followup.hand_over", "转交随访任务", permission="followup.task")
class HandOverTask:
    """Offer a task to a colleague; it stays with its owner until they take it."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    login: str = ask("转交给（登录名）", max_length=60)
    note: str = ask("转交说明", kind=Kind.NOTE)


@handles(HandOverTask)
def hand_over_task(order: HandOverTask, work: UnitOfWork) -> None:
    """Offer it.

    Raises:
        DomainError: ``followup.task_over``; ``followup.no_staff`` or ``followup.has_it`` (``login``);
            ``followup.over_limit`` for somebody who has no room.
    """
    task = _open_task(work, order.task_id)
    staff = staff_of(work, order.login, "login")
    if staff.id == task.owner_id:
        raise DomainError("followup.has_it", field="login", name=staff.name)
    asked = candidate_of(work, staff, content_of(work).limits.task_limit)
    if not asked.has_room:
        raise DomainError(
            "followup.over_limit", field="login", name=staff.name, open=asked.open_tasks, limit=asked.limit,
            other="—",
        )  # fmt: skip
    task.offered_to = staff.id
    note_task(work, task, "offered", to_name=staff.name, note=order.note)


@command("followup.take", "接受转交", permission="followup.task")
class TakeTask:
    """Take a task that was offered to oneself."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)


@handles(TakeTask)
def take_task(order: TakeTask, work: UnitOfWork) -> None:
    """Become its owner.

    Raises:
        DomainError: ``followup.not_offered`` for a task that was offered to nobody, or to somebody else.
    """
    task = _offered(work, order.task_id)
    state = task.state
    give(work, task, Pick(task.offered_to, work.actor.name, "taken"))  # type: ignore[arg-type]  # it is the actor
    if state == "in_progress":
        move_task(work, task, "begin")


@command("followup.refuse", "拒绝转交", permission="followup.task")
class RefuseTask:
    """Do not take a task that was offered to oneself, and say why."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    reason: str = ask("拒绝原因", kind=Kind.NOTE)


@handles(RefuseTask)
def refuse_task(order: RefuseTask, work: UnitOfWork) -> None:
    """Leave it with its owner."""
    task = _offered(work, order.task_id)
    task.offered_to = None
    note_task(work, task, "refused", note=order.reason)


@command("followup.add_helper", "邀请协作", permission="followup.task")
class AddHelper:
    """Somebody works on it as well; the owner stays responsible."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    login: str = ask("协作人登录名", max_length=60)
    note: str | None = ask("说明", kind=Kind.NOTE, default=None)


@handles(AddHelper)
def add_helper(order: AddHelper, work: UnitOfWork) -> None:
    """Note who helps; who helps already stays."""
    task = _open_task(work, order.task_id)
    staff = staff_of(work, order.login, "login")
    if staff.name not in (task.helpers or []):
        task.helpers = [*(task.helpers or []), staff.name]
        note_task(work, task, "helper", to_name=staff.name, note=order.note)


@command("followup.sent", "登记消息已发送", permission="followup.task")
class NoteSent:
    """The message of a task is on its way; whoever sends messages says so."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)


@handles(NoteSent)
def note_sent(order: NoteSent, work: UnitOfWork) -> None:
    """Wait for the client to have it: alert A-039 minds the clock."""
    task = work.require(FollowTask, order.task_id, "task_id")
    move_task(work, task, "send")
    task.attempts += 1
    note_task(work, task, "sent")


TEMPLATE = "follow_up_contact"
"""Asks for a time to talk: nothing of the client's health stands in it."""


@command("followup.message", "发送随访消息", permission="followup.task")
class SendTaskMessage:
    """Write to the client of a task; the centre sends it, and what becomes of it comes back to the task."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)


@handles(SendTaskMessage)
def send_task_message(order: SendTaskMessage, work: UnitOfWork) -> Id:
    """Return the id of the message; the same attempt is one message.

    Raises:
        DomainError: ``follow_task.wrong_state``; ``message.unreachable`` for a client no channel reaches.
    """
    task = work.require(FollowTask, order.task_id, "task_id")
    message = queue_message(
        work, TEMPLATE, patient_id=task.patient_id, key=("follow_task", task.id, task.attempts),
        about=("follow_task", task.id),
    )  # fmt: skip
    move_task(work, task, "send")
    task.attempts += 1
    note_task(work, task, "sent")
    return message.id


@command("followup.delivered", "登记消息送达", permission="followup.task")
class NoteDelivery:
    """What became of the message: read or answered, or it failed and the client is reached another way."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    reached: bool = ask("已触达", default=True)


@handles(NoteDelivery)
def note_delivery(order: NoteDelivery, work: UnitOfWork) -> str:
    """Return the state: the result is entered next, or the failed message is due at once."""
    task = work.require(FollowTask, order.task_id, "task_id")
    if order.reached:
        move_task(work, task, "contact")
        task.executed_at, task.outcome = work.now, Outcome.REACHED
    elif task.state == "sent":
        task.due_at = work.now
    note_task(work, task, "delivered" if order.reached else "not_delivered")
    return task.state


def _open_task(work: UnitOfWork, task_id: Id) -> FollowTask:
    task = work.require(FollowTask, task_id, "task_id")
    if task.state not in OPEN_TASKS:
        raise DomainError("followup.task_over", field="task_id")
    return task


def _offered(work: UnitOfWork, task_id: Id) -> FollowTask:
    task = _open_task(work, task_id)
    if task.offered_to is None or task.offered_to != work.actor.staff_id:
        raise DomainError("followup.not_offered", field="task_id")
    return task
