"""The link in a message: made when the message is sent, opens the whole of it to who knows the birth date."""

from datetime import timedelta

from sqlalchemy import select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.links.commands import ANOTHER, check_digest, usable
from domain.links.records import LinkPurpose, PersonLink
from domain.messaging.commands import mark_read
from domain.messaging.records import OutboxMessage
from domain.messaging.sending_commands import SENDER
from domain.reception.digest_commands import DIGEST, offer_digest
from domain.scales.records import FormTask

FORM_TASK = "form_task"
"""What a message is about whose link opens a questionnaire instead of the message."""
REMOTE_CONSENT = "remote_consent"
"""What a message is about whose link opens a consent to be signed."""
CONSENT_VALID_FOR = timedelta(hours=72)
VALID_FOR = timedelta(hours=24)
"""The longest that a link in a text that others may see is good (``interfaces/channels.md`` section 0)."""


@command("link.offer_message", "生成消息链接", permission=SENDER, place="internal")
class OfferMessage:
    """The sender is about to send a text with a link; every try of one message has the same link."""

    message_id: Id = ask("消息", kind=Kind.HIDDEN)
    token_sha256: str = ask("链接摘要", kind=Kind.HIDDEN, max_length=64)


@handles(OfferMessage)
def offer_message(order: OfferMessage, work: UnitOfWork) -> Id | None:
    """Return the link's id, None for a message that goes to no client."""
    check_digest(order.token_sha256)
    message = work.require(OutboxMessage, order.message_id, "message_id")
    if message.patient_id is None:
        return offer_digest(work, message.about_id, order.token_sha256) if message.about == DIGEST else None
    known = work.find(PersonLink, token_sha256=order.token_sha256)
    if known is not None:
        known.expires_at = work.now + (
            CONSENT_VALID_FOR if known.purpose == LinkPurpose.CONSENT else VALID_FOR
        )
        return known.id
    if message.about == FORM_TASK:
        return _offer_form(order, work, message)
    consents = message.about == REMOTE_CONSENT
    link = PersonLink(
        org_id=message.org_id, token_sha256=order.token_sha256, patient_id=message.patient_id,
        purpose=LinkPurpose.CONSENT if consents else LinkPurpose.MESSAGE, message_id=message.id,
        about_id=message.about_id if consents else None, issued_by=message.queued_by, issued_at=work.now,
        expires_at=work.now + (CONSENT_VALID_FOR if consents else VALID_FOR),
    )  # fmt: skip
    return work.add(link).id


def _offer_form(order: OfferMessage, work: UnitOfWork, message: OutboxMessage) -> Id:
    task = work.require(FormTask, message.about_id, "message_id")
    return renew_form_link(work, task, order.token_sha256, message).id


def renew_form_link(
    work: UnitOfWork, task: FormTask, token_sha256: str, message: OutboxMessage | None = None
) -> PersonLink:
    """Return a link of a questionnaire; what was answered by an earlier one goes on in it, and that is closed."""
    standing = work.list(
        select(PersonLink)
        .where(PersonLink.task_id == task.id, PersonLink.used_at.is_(None), PersonLink.revoked_at.is_(None))
        .order_by(PersonLink.issued_at)
    )
    saved = [(one.saved_at, one.id) for one in standing if one.saved_at is not None]
    latest = work.get(PersonLink, max(saved)[1]) if saved else None
    link = PersonLink(
        org_id=message.org_id if message else task.org_id, token_sha256=token_sha256, patient_id=task.patient_id,
        visit_id=task.visit_id, task_id=task.id, form=task.form, form_version=task.form_version,
        message_id=message.id if message else None, draft=latest.draft if latest else None,
        saved_at=latest.saved_at if latest else None, uploads=latest.uploads if latest else 0,
        issued_by=message.queued_by if message else None, issued_at=work.now, expires_at=work.now + VALID_FOR,
    )  # fmt: skip
    for earlier in standing:
        earlier.revoked_at, earlier.reason = work.now, ANOTHER
    return work.add(link)


@command("link.read_message", "客户查看消息", permission="client_page.write", place="internal")
class ReadMessage:
    """Somebody with the link and the birth date is shown the message; of the server's page alone."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)


@handles(ReadMessage)
def read_message(order: ReadMessage, work: UnitOfWork) -> None:
    """The message counts as read. Raises as `usable`."""
    link = usable(work, order.link_id)
    if link.purpose == LinkPurpose.MESSAGE:
        link.openings += 1
    link.opened_at = work.now
    mark_read(work, work.require(OutboxMessage, link.message_id, "message_id"))
