"""A client is told of an appointment, the day before again, and when it is off; what is over is not sent."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.messaging.commands import BindAddress
from domain.messaging.records import Channel, OutboxMessage
from domain.messaging.statistics_commands import CountMessages
from domain.reception.booking_commands import BookSlot, CancelAppointment, Rebook
from tests.followup.test_receptions import cut, station


def messages(care):
    with care.desk.store.read() as connection:
        rows = connection.execute(select(OutboxMessage.__table__)).all()
    return {(one.template, one.about_id): one for one in rows}


@pytest.fixture
def block(care):
    station(care)
    return cut(care, care.desk.clock() + timedelta(days=3))


@pytest.fixture
def reached(care):
    patient = care.client()
    care.run(BindAddress(patient_id=patient, channel=Channel.OFFICIAL_ACCOUNT, address="oZhou"), care.head)
    return patient


def by_template(care):
    return {template: one for (template, _), one in messages(care).items()}


def test_a_booking_is_told_at_once_and_the_day_before(care, block, reached):
    booked = care.run(BookSlot(patient_id=reached))
    told = by_template(care)
    assert set(told) == {"appointment_booked", "appointment_reminder"}
    assert "由王管理接待" in told["appointment_booked"].body
    assert told["appointment_reminder"].send_at == booked.starts_at - timedelta(days=1)
    assert told["appointment_reminder"].about_id == booked.appointment_id
    assert "月" not in told["appointment_booked"].text, "day and hour stand behind the link"


def test_what_is_called_off_is_not_reminded_of_and_told(care, block, reached):
    booked = care.run(BookSlot(patient_id=reached))
    care.run(CancelAppointment(appointment_id=booked.appointment_id, reason="客户出差"))
    told = by_template(care)
    assert (told["appointment_reminder"].state, told["appointment_reminder"].reason) == (
        "cancelled",
        "visit_over",
    )
    assert told["appointment_called_off"].state == "queued"


def test_another_slot_takes_the_old_messages_back(care, block, reached):
    first = care.run(BookSlot(patient_id=reached))
    second = care.run(Rebook(appointment_id=first.appointment_id, reason="改时间"))
    found = messages(care)
    assert found["appointment_reminder", first.appointment_id].state == "cancelled"
    assert found["appointment_reminder", second.appointment_id].state == "queued"


def test_who_is_reached_by_nothing_is_booked_and_not_told(care, block):
    assert care.run(BookSlot(patient_id=care.client())).appointment_id
    assert messages(care) == {}


def test_what_was_sent_read_and_answered_is_counted_within_ones_scope(care, block, reached, as_role):
    care.run(BookSlot(patient_id=reached))
    today = care.desk.clock().date()
    order = CountMessages(since=today - timedelta(days=1), until=today + timedelta(days=1))
    counted = {one.template: one for one in care.run(order, care.head)}
    assert (counted["appointment_booked"].queued, counted["appointment_booked"].sent) == (1, 0)
    assert counted["appointment_booked"].read_rate is None
    assert counted["appointment_booked"].label == "接待预约成功"
    elsewhere = as_role("department_head", org_id=uuid.uuid4())
    assert care.run(order, elsewhere) == []
