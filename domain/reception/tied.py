"""What becomes of a contact of a plan that is made at a reception: it follows its appointment, step by step."""

from domain.followup.task_commands import CompleteTask, complete_task
from domain.followup.task_making import move_task, note_task
from domain.followup.task_records import FollowTask, Outcome
from domain.followup.workflow import OPEN_TASKS, task_life
from domain.kernel.unit_of_work import UnitOfWork
from domain.reception.records import Appointment


def tie(work: UnitOfWork, appointment: Appointment, task: FollowTask) -> None:
    """Let a task be made at an appointment: it is planned for that time, and says so on its trail."""
    appointment.task_id = task.id
    before, task.planned_at = task.planned_at, appointment.starts_at
    if task_life.allows(task.state, "reschedule"):
        move_task(work, task, "reschedule")
    facts = {"before": before.isoformat(), "after": task.planned_at.isoformat()}
    note_task(work, task, "booked", to_name=appointment.staff_name, facts=facts)


def task_of(work: UnitOfWork, appointment: Appointment) -> FollowTask | None:
    """Return the task that is made at an appointment, None where there is none or it is over."""
    task = work.get(FollowTask, appointment.task_id)
    return task if task is not None and task.state in OPEN_TASKS else None


def begun(work: UnitOfWork, appointment: Appointment) -> None:
    """The client is here: the task is in progress."""
    task = task_of(work, appointment)
    if task is not None and task_life.allows(task.state, "begin"):
        move_task(work, task, "begin")
        note_task(work, task, "begun")


def moved(work: UnitOfWork, old: Appointment, new: Appointment) -> None:
    """Another slot: the task goes along."""
    task = task_of(work, old)
    if task is not None:
        tie(work, new, task)


def not_held(work: UnitOfWork, appointment: Appointment, reason: str | None, *, came: bool = True) -> None:
    """The reception is not held: the task waits for another contact; a client who stayed away was tried once."""
    task = task_of(work, appointment)
    if task is None:
        return
    if not came:
        task.attempts += 1
        task.outcome = Outcome.NO_ANSWER
    note_task(work, task, "visit_cancelled" if came else "visit_missed", note=reason)


def recorded(work: UnitOfWork, appointment: Appointment) -> None:
    """What was talked about is the result of the task; its plan goes on with the next contact."""
    task = task_of(work, appointment)
    if task is None or not task_life.allows(task.state, "complete"):
        return
    said = [part for part in (appointment.course, appointment.next_step) if part]
    complete_task(CompleteTask(task_id=task.id, result="\n".join(said)), work)
