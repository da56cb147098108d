"""What a client is told of an appointment: that it is booked, the day before, and when it is called off.

By the first channel of the template that reaches the client; who is reached by none is not told, and the booking
stands. What has not gone when an appointment is moved or called off is taken back.
"""

from datetime import timedelta

from sqlalchemy import select

from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.ending import ended
from domain.messaging.queueing import queue_message
from domain.messaging.records import OutboxMessage
from domain.messaging.workflow import outbox_life
from domain.reception.records import Appointment

ENTITY = "appointment"
BOOKED, REMINDER, CALLED_OFF = "appointment_booked", "appointment_reminder", "appointment_called_off"
DAY_BEFORE = timedelta(hours=24)
_NOT_TOLD = frozenset({"message.unreachable", "message.no_template", "message.channel_not_allowed"})


def booked(work: UnitOfWork, appointment: Appointment) -> None:
    """Tell that it is booked, and have it said again the day before."""
    _tell(work, appointment, BOOKED)
    remind_at = appointment.starts_at - DAY_BEFORE
    if remind_at > work.now:
        _tell(work, appointment, REMINDER, remind=True)


def called_off(work: UnitOfWork, appointment: Appointment) -> None:
    """Take back what has not gone, and tell that it is off."""
    take_back(work, appointment)
    _tell(work, appointment, CALLED_OFF)


def take_back(work: UnitOfWork, appointment: Appointment) -> None:
    """Cancel the messages of an appointment that have not been sent."""
    m = OutboxMessage
    waiting = select(m).where(
        m.patient_id == appointment.patient_id, m.about_id == appointment.id, m.state == "queued"
    )
    for message in work.list(waiting):
        if outbox_life.allows(message.state, "cancel"):
            work.move(outbox_life, message, "cancel")
            message.reason = "visit_over"
            ended(work, message)


def _tell(work: UnitOfWork, appointment: Appointment, template: str, *, remind: bool = False) -> None:
    params = {"date": f"{clinic(appointment.starts_at):%m月%d日 %H:%M}", "staff": appointment.staff_name}
    try:
        queue_message(
            work, template, patient_id=appointment.patient_id, params=params,
            key=(ENTITY, appointment.id, template), about=(ENTITY, appointment.id),
            send_at=appointment.starts_at - DAY_BEFORE if remind else None,
        )  # fmt: skip
    except DomainError as error:
        if error.code not in _NOT_TOLD:
            raise
