"""Between a plan and a reception: a contact of a plan is booked as an appointment, an appointment takes one along."""

from sqlalchemy import select

from domain.followup.staffing import Pick
from domain.followup.task_making import give
from domain.followup.task_records import FollowTask
from domain.followup.workflow import OPEN_TASKS
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.reception import tied
from domain.reception.booking_commands import Booked, BookSlot, book_slot, clock_text
from domain.reception.records import Appointment, ReceptionKind
from domain.reception.workflow import appointment_life

BOOKABLE = ("unassigned", "waiting", "in_progress", "sent")
"""States of a task whose contact has not been made yet."""


@command("reception.book_task", "预约面访", permission="reception.book")
class BookTask:
    """The contact of a plan is made here: a slot for its client, and the task is planned for it."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    kind: ReceptionKind = ask("接待内容", kind=Kind.CHOICE, default=ReceptionKind.CONSULTATION)
    block_id: Id | None = ask("接待时段", kind=Kind.HIDDEN, default=None)
    slot: int | None = ask("第几档", kind=Kind.HIDDEN, default=None, low=0, high=200)
    note: str | None = ask("备注", kind=Kind.NOTE, default=None)


@handles(BookTask)
def book_task(order: BookTask, work: UnitOfWork) -> Booked:
    """Return the appointment; a task nobody has is given to whoever receives the client.

    Raises:
        DomainError: ``followup.task_over``; ``reception.task_booked`` with the time it has; what `book_slot` raises.
    """
    task = work.require(FollowTask, order.task_id, "task_id")
    if task.state not in BOOKABLE:
        raise DomainError("followup.task_over", field="task_id")
    _check_free(work, task)
    slot = BookSlot(
        patient_id=task.patient_id, kind=order.kind, block_id=order.block_id, slot=order.slot, note=order.note
    )
    booked: Booked = book_slot(slot, work)
    appointment = work.require(Appointment, booked.appointment_id)
    if task.state == "unassigned":
        give(work, task, Pick(appointment.staff_id, appointment.staff_name, "reception"))
    tied.tie(work, appointment, task)
    return booked


def _check_free(work: UnitOfWork, task: FollowTask) -> None:
    query = select(Appointment).where(Appointment.task_id == task.id)
    for known in work.list(query):
        if not appointment_life.states[known.state].final:
            raise DomainError("reception.task_booked", field="task_id", time=clock_text(known.starts_at))


@command("reception.take_task", "关联随访任务", permission="reception.book")
class TakeTaskAlong:
    """What the client's plan asks for next is done at this appointment."""

    appointment_id: Id = ask("接待预约", kind=Kind.HIDDEN)


@handles(TakeTaskAlong)
def take_task_along(order: TakeTaskAlong, work: UnitOfWork) -> str:
    """Return the title of the task: the client's first open one.

    Raises:
        DomainError: ``reception.over``; ``reception.has_task``; ``reception.no_task``;
            ``reception.task_booked``.
    """
    appointment = work.require(Appointment, order.appointment_id, "appointment_id")
    if appointment_life.states[appointment.state].final:
        raise DomainError(
            "reception.over", field="appointment_id", state=appointment_life.label_of(appointment.state)
        )
    known = tied.task_of(work, appointment)
    if known is not None:
        raise DomainError("reception.has_task", field="appointment_id", title=known.title)
    query = (
        select(FollowTask)
        .where(FollowTask.patient_id == appointment.patient_id, FollowTask.state.in_(OPEN_TASKS))
        .order_by(FollowTask.planned_at, FollowTask.id)
    )
    task = next((one for one in work.list(query) if one.state in BOOKABLE), None)
    if task is None:
        raise DomainError("reception.no_task", field="appointment_id")
    _check_free(work, task)
    tied.tie(work, appointment, task)
    if appointment.state == "arrived":
        tied.begun(work, appointment)
    return task.title
