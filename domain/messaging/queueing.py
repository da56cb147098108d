"""Putting a message into the outbox: what a command of any feature calls in its own transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import (
    Category,
    Channel,
    ContactAddress,
    MessagingPreference,
    OutboxMessage,
)
from domain.messaging.rules import AT_ANY_HOUR, KEPT_FOR, SHORT
from domain.messaging.templates import (
    Template,
    check_minimum,
    check_template,
    filled,
    placeholders,
    template_of,
)
from domain.messaging.workflow import outbox_life
from domain.people.records import Organization, Patient, Sex, Staff

PLANNED_FOR = timedelta(days=90)
"""How far ahead a message may be planned."""
_TITLES = {Sex.MALE: "先生", Sex.FEMALE: "女士"}


def preference_id(patient_id: Id) -> Id:
    """Return the id of a client's preferences, the same wherever they are first set."""
    return stable_id("messaging_preference", patient_id)


def queue_message(
    work: UnitOfWork,
    template: str | Template,
    *,
    patient_id: Id | None = None,
    staff_id: Id | None = None,
    address: ContactAddress | None = None,
    channel: Channel | None = None,
    params: Mapping[str, Any] | None = None,
    key: Sequence[object] = (),
    send_at: datetime | None = None,
    about: tuple[str, Id] | None = None,
    mass_id: Id | None = None,
    repeats: OutboxMessage | None = None,
) -> OutboxMessage:
    """Write a message into the outbox in the transaction of `work`; a sender at the centre takes it from there.

    Args:
        work: The caller's unit of work.
        template: Code of a template, or the template itself.
        patient_id: The client it goes to, or
        staff_id: the member of staff, or
        address: this very address, whoever it belongs to (an answer goes where the question came from).
        channel: By which; the first of the template's that reaches the person if left out.
        params: Values of the template's placeholders.
        key: What makes it one message: the same key twice gives the first message back.
        send_at: Not before this; now if left out.
        about: Entity and id of what it is about.
        mass_id: The mass sending it belongs to.
        repeats: The message that it sends once more.

    Raises:
        DomainError: ``message.no_template``, ``message.missing_param``, ``message.too_much``,
            ``message.channel_not_allowed``, ``message.unreachable``.
    """
    found = template if isinstance(template, Template) else template_of(work, template)
    check_template(found)
    message_id = stable_id("outbox", *key) if key else work.new_id()
    if key and (known := work.get(OutboxMessage, message_id)) is not None:
        return known
    patient = work.require(Patient, patient_id, "patient_id") if patient_id else None
    staff = work.require(Staff, staff_id, "staff_id") if staff_id else None
    person = patient or staff or address
    if person is None:
        raise DomainError("input.missing", field="patient_id", label="客户")
    if channel is not None and channel not in found.channels:
        raise DomainError("message.channel_not_allowed", field="channel", label=found.label)
    by = (
        channel
        or (Channel(address.channel) if address else None)
        or _first_channel(work, found, patient, staff)
    )
    values = {**(params or {}), "org": _name_of(work, person.org_id), "client": _address(patient, staff)}
    short = by in SHORT
    text, body = filled(found.short if short else (found.text or found.short), values), None
    if short:
        check_minimum(text, "params")
        body = filled(found.text, values) if found.text else None
    title = filled(found.title, values)
    named = (
        placeholders(found.short) | placeholders(found.text) | placeholders(found.title) | set(found.params)
    )
    check_minimum(title, "params")
    message = OutboxMessage(
        id=message_id, org_id=person.org_id, channel=by, category=found.category, template=found.code,
        patient_id=patient_id, staff_id=staff_id,
        address_id=address.id if address else None, title=title, text=text[:2000],
        body=body or (None if short else text),
        params={name: str(value) for name, value in values.items() if name in named},
        sources=[msgspec.to_builtins(one) for one in found.sources] or None, important=found.important,
        rank=0 if found.category in AT_ANY_HOUR else 1,
        repeats_id=repeats.id if repeats else None, about=about[0] if about else None,
        about_id=about[1] if about else None, mass_id=mass_id, queued_at=work.now, queued_by=work.actor.staff_id,
        expires_at=(send_at or work.now) + KEPT_FOR[found.category], send_at=send_at or work.now,
    )  # fmt: skip
    work.start(outbox_life, message)
    return work.add(message)


def check_time(send_at: datetime | None, work: UnitOfWork) -> None:
    """Refuse a time to send that has no zone (``input.type``), is past or too far off (``message.bad_time``)."""
    if send_at is None:
        return
    if send_at.tzinfo is None:
        raise DomainError("input.type", field="send_at", label="计划发送时间", value=str(send_at))
    if not work.now <= send_at <= work.now + PLANNED_FOR:
        raise DomainError("message.bad_time", field="send_at", days=PLANNED_FOR.days)


def address_of(
    work: UnitOfWork, channel: Channel, patient: Patient | None, staff: Staff | None
) -> tuple[str, ContactAddress | None]:
    """Return where a person is reached by a channel ('' for nowhere) and the record that says so.

    A client's telephone number is good for SMS without a record; an address that was opted out of reaches nobody.
    """
    wanted = select(ContactAddress).where(ContactAddress.channel == channel)
    if patient is not None:
        wanted = wanted.where(ContactAddress.patient_id == patient.id)
    elif staff is not None:
        wanted = wanted.where(ContactAddress.staff_id == staff.id)
    rows = work.list(wanted.order_by(ContactAddress.bound_at.desc(), ContactAddress.id))
    for row in rows:
        if row.opted_out_at is None:
            return row.address, row
    if rows:
        return "", rows[0]
    if channel is Channel.SMS and patient is not None and patient.phone:
        return patient.phone, None
    return "", None


def preference_of(work: UnitOfWork, patient_id: Id) -> MessagingPreference | None:
    """Return what a client has said about messages, if anything."""
    return work.get(MessagingPreference, preference_id(patient_id))


def refuses(preference: MessagingPreference | None, category: Category) -> bool:
    """Tell whether a client does not want messages of a category; critical ones are always sent."""
    return preference is not None and category is not Category.CRITICAL and category in preference.opted_out


def _first_channel(
    work: UnitOfWork, template: Template, patient: Patient | None, staff: Staff | None
) -> Channel:
    for channel in template.channels:
        if address_of(work, channel, patient, staff)[0]:
            return channel
    raise DomainError("message.unreachable", field="channel", label=template.label)


def _name_of(work: UnitOfWork, org_id: Id) -> str:
    org = work.get(Organization, org_id)
    return org.name if org is not None else "体检中心"


def _address(patient: Patient | None, staff: Staff | None) -> str:
    if patient is not None:
        return f"{patient.name[:1]}{_TITLES.get(Sex(patient.sex), '先生/女士')}"
    return staff.name if staff is not None else ""
