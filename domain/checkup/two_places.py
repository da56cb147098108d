"""One questionnaire, two places: the client's phone and the desk. The first that is handed in is the response.

* Handed in at the desk: the links to it are closed and say so; what was answered on the phone stays in the link.
* Handed in on the phone: the desk is refused with when it was; its draft stays, and may be handed in as a correction.
* Both, because a branch was offline: both responses are kept and stand in a list until a person says which counts.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from domain.checkup.records import QuestionnaireResponse
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.links.records import PersonLink
from domain.messaging.records import OutboxMessage
from domain.messaging.workflow import WAITING, outbox_life
from domain.scales.gaps import settle_gaps
from domain.scales.records import FormTask

SAME_FILLING = timedelta(hours=24)
"""A form handed in on the phone within this time is what the desk is filling in too."""
CLOSED_BY_DESK = "已在前台提交，以前台的答卷为准"


def standing_links(work: UnitOfWork, patient_id: Id, form: str, version: str) -> list[PersonLink]:
    """Return the open links of a person to a form."""
    query = select(PersonLink).where(
        PersonLink.patient_id == patient_id, PersonLink.form == form, PersonLink.form_version == version,
        PersonLink.used_at.is_(None), PersonLink.revoked_at.is_(None), PersonLink.expires_at > work.now,
    )  # fmt: skip
    return list(work.list(query))


def refuse_second(work: UnitOfWork, patient_id: Id, form: str, version: str) -> None:
    """Refuse what the client has just handed in on the phone.

    Raises:
        DomainError: ``form.in_already`` with the time and, as fact `response_id`, what may be corrected instead.
    """
    query = select(PersonLink).where(
        PersonLink.patient_id == patient_id, PersonLink.form == form, PersonLink.form_version == version,
        PersonLink.used_at > work.now - SAME_FILLING,
    )  # fmt: skip
    for link in work.list(query):
        if link.task_id is not None:
            _refuse(work, link.task_id)


def check_waits(work: UnitOfWork, task: FormTask) -> None:
    """Refuse a second response to a questionnaire that was given out; raises as `refuse_second`."""
    if task.state == "handed_in":
        _refuse(work, task.id)


def _refuse(work: UnitOfWork, task_id: Id) -> None:
    first = standing_responses(work, task_id)
    if first:
        raise DomainError(
            "form.in_already", field="task_id", at=_told(first[0].authored_at), response_id=str(first[0].id)
        )


def standing_responses(work: UnitOfWork, task_id: Id) -> list[QuestionnaireResponse]:
    """Return the responses to one questionnaire that nothing has corrected yet, the earliest first."""
    query = select(QuestionnaireResponse).where(QuestionnaireResponse.task_id == task_id)
    rows = list(work.list(query))
    later = select(QuestionnaireResponse).where(QuestionnaireResponse.amends.in_([row.id for row in rows]))
    gone = {row.amends for row in work.list(later)} if rows else set()
    return sorted((row for row in rows if row.id not in gone), key=lambda row: (row.authored_at, row.id))


def form_is_over(work: UnitOfWork, task: FormTask) -> None:
    """Nothing is missing in it any more, and no message about it goes out that still waits."""
    settle_gaps(work, task.patient_id, task.form)
    query = select(OutboxMessage).where(
        OutboxMessage.about_id == task.id,
        OutboxMessage.about == "form_task",
        OutboxMessage.state.in_(WAITING),
    )
    for message in work.list(query):
        work.move(outbox_life, message, "cancel")
        message.reason = "form_over"


def close_links(work: UnitOfWork, links: list[PersonLink], response_id: Id) -> None:
    """Close links whose form came in at the desk; what they hold stays."""
    for link in links:
        link.revoked_at, link.reason, link.settled_by = work.now, CLOSED_BY_DESK, response_id


def _told(moment: datetime) -> str:
    return f"{clinic(moment):%m-%d %H:%M}"
