"""Whether a message may go now: the client's wish, its words, the hour, the caps, the quota, and where it goes to."""

import dataclasses
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from domain.conduct.outgoing import HELD, TAKEN_BACK, Standing, standing_of
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.channel_states import channel_state
from domain.messaging.queueing import address_of, preference_of, refuses
from domain.messaging.records import Category, Channel, ContactAddress, MassSending, OutboxMessage
from domain.messaging.rules import AT_ANY_HOUR, DAILY_CAP, UNCAPPED, day_start, is_quiet, morning_after
from domain.people.records import Patient, Staff

LOOK_AGAIN = timedelta(minutes=5)
"""When the messages of a mass sending that is held back are looked at again."""

MAY_HAVE_ARRIVED = ("maybe_sent", "receipt_failed")
"""Reasons of failures after which a message may be with the client all the same; another one disturbed nobody."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done: send to `address`, wait until `later`, or make the workflow's `move`; why is `reason`."""

    address: str = ""
    via: str | None = None
    later: datetime | None = None
    move: str = ""
    reason: str | None = None


def look_at(work: UnitOfWork, message: OutboxMessage) -> Verdict:
    """Return what is to be done with a message that is due."""
    if work.now >= message.expires_at:
        return Verdict(move="expire", reason=message.reason or "too_old")
    category, channel = Category(message.category), Channel(message.channel)
    patient, staff = work.get(Patient, message.patient_id), work.get(Staff, message.staff_id)
    if staff is not None and not staff.active:
        return Verdict(move="cancel", reason="left_us")
    wish = _held(work, message) or _wish(work, message, category)
    if wish is not None:
        return wish
    address, row = address_of(work, channel, patient, staff)
    if message.address_id is not None:
        row = work.get(ContactAddress, message.address_id)
        address = row.address if row is not None and row.opted_out_at is None else ""
    if not address:
        return (
            Verdict(move="fail", reason="no_address")
            if row is None
            else Verdict(move="cancel", reason="opted_out")
        )
    if row is not None and row.consents == 0 and channel is Channel.MINI_PROGRAM:
        return Verdict(move="fail", reason="no_consent")
    standing = standing_of(work, message)
    if standing is Standing.WITHDRAWN:
        return Verdict(move="cancel", reason=TAKEN_BACK)
    if standing is Standing.HELD:
        # One message waits until it makes no sense any more: whoever lets it pass says when it goes.
        return Verdict(later=work.now + LOOK_AGAIN if message.mass_id else message.expires_at, reason=HELD)
    when = _when(work, message, category, channel)
    return when or Verdict(address=address, via=row.via if row is not None else None)


def _held(work: UnitOfWork, message: OutboxMessage) -> Verdict | None:
    """Return what holds for a message of a mass sending that is paused or stopped."""
    mass = work.get(MassSending, message.mass_id) if message.mass_id else None
    if mass is None or (mass.paused_at is None and mass.stopped_at is None):
        return None
    if mass.stopped_at is not None:
        return Verdict(move="cancel", reason="mass_stopped")
    return Verdict(later=work.now + LOOK_AGAIN, reason="mass_paused")


def _wish(work: UnitOfWork, message: OutboxMessage, category: Category) -> Verdict | None:
    preference = preference_of(work, message.patient_id) if message.patient_id else None
    if preference is None:
        return None
    if refuses(preference, category):
        return Verdict(move="cancel", reason="opted_out")
    if preference.paused_at is not None and category not in (Category.CRITICAL, Category.CONVERSATION):
        # Kept until it makes no sense any more; whoever resumes lets it go.
        return Verdict(later=message.expires_at, reason="paused")
    return None


def _when(work: UnitOfWork, message: OutboxMessage, category: Category, channel: Channel) -> Verdict | None:
    if category not in AT_ANY_HOUR and is_quiet(work.now):
        return Verdict(later=morning_after(work.now), reason="quiet_hours")
    tomorrow = morning_after(morning_after(work.now)) if is_quiet(work.now) else morning_after(work.now)
    state = channel_state(work, channel)
    if state.quota is not None and state.used >= state.quota and category is not Category.CRITICAL:
        return Verdict(later=tomorrow, reason="quota")
    if message.patient_id and category not in UNCAPPED and message.attempt == 0:
        preference = preference_of(work, message.patient_id)
        cap = preference.daily_cap if preference and preference.daily_cap is not None else DAILY_CAP
        if _sent_today(work, message) >= cap:
            return Verdict(later=tomorrow, reason="daily_cap")
    return None


def _sent_today(work: UnitOfWork, message: OutboxMessage) -> int:
    work.flush()
    sent = (
        select(func.count())
        .select_from(OutboxMessage)
        .where(
            OutboxMessage.patient_id == message.patient_id, OutboxMessage.attempt > 0, OutboxMessage.rank == 1
        )
        .where(OutboxMessage.state_since >= day_start(work.now), OutboxMessage.state != "cancelled")
        .where(or_(OutboxMessage.state != "failed", OutboxMessage.reason.in_(MAY_HAVE_ARRIVED)))
    )
    return int(work.value(sent) or 0)
