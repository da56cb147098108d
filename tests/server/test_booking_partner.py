"""A partner's booking system sees the slots it was given, books each once, calls off, hears what became of it."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest

from domain.interop.partner_commands import EditPartner, RegisterPartner
from domain.interop.partner_records import PartnerRole
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.people.records import Patient
from domain.reception.booking_commands import AssignBlock, BookSlot, CancelAppointment
from domain.reception.external_commands import GiveToPartner, SetBookingKey
from domain.reception.external_records import BookingKey, ExternalBooking
from domain.reception.records import Appointment
from server.interfaces.simulators.booking import BookingPartner
from tests.server.phone import a_client
from tests.server.test_portal import rows

KEY = "kq8Zt3-Vw7yN2pR5sX9bC1dF4gH6jL0mA"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def house(server):
    """A desk with two blocks of two slots, of which the partner was given the first."""
    desk = server.enrol().device_id
    made = RegisterPartner(
        system_name="互联预约", role=PartnerRole.BOOKING, application="BOOK", facility="B01", reason="对接"
    )
    partner = server.as_system(made)
    server.as_system(SetBookingKey(partner_id=partner, password=KEY))
    begins = server.clock().replace(minute=0, second=0, microsecond=0) + 24 * HOUR
    blocks = [
        server.as_system(AssignBlock(login="physician", device_id=desk, starts_at=at, ends_at=at + HOUR))
        for at in (begins, begins + 2 * HOUR)
    ]

    def at_desk(order):
        return server.centre.dispatcher.run(order, system_actor(server.orgs["B01"], desk)).receipt

    at_desk(GiveToPartner(block_id=blocks[0], partner="互联预约"))
    return SimpleNamespace(
        server=server,
        partner_id=partner,
        blocks=blocks,
        at_desk=at_desk,
        system=BookingPartner(server.api.url, KEY),
    )


@pytest.fixture
def client(house):
    found = rows(house.server, Patient, id=a_client(house.server, "周预约"))[0]
    return SimpleNamespace(id=found.id, number=found.number, born="1980-05-01")


def test_slots_go_out_bookings_come_in_and_each_side_hears_of_the_other(house, client):
    free = house.system.free()
    assert [one["id"] for one in free] == [f"{house.blocks[0].hex}-{slot}" for slot in (0, 1)]
    made = house.system.book(free[0]["id"], "E-1", client.number, client.born, "想看血压")
    assert (house.system.answer.status_code, made["resourceType"], made["status"]) == (
        201,
        "Appointment",
        "booked",
    )
    assert house.system.answer.headers["location"].endswith(made["id"])
    assert [one["id"] for one in house.system.free()] == [free[1]["id"]]
    again = house.system.book(free[0]["id"], "E-1", client.number, client.born)
    assert (house.system.answer.status_code, again["id"]) == (201, made["id"]), "a repeat is the same booking"
    [kept] = rows(house.server, Appointment, patient_id=client.id)
    assert (kept.id.hex, kept.state, kept.note, kept.starts_at.isoformat()) == (
        made["id"], "booked", "想看血压", free[0]["start"]
    )  # fmt: skip

    house.server.clock.advance(timedelta(minutes=5))
    since = house.server.clock().isoformat()
    house.server.as_system(CancelAppointment(appointment_id=kept.id, reason="医师停诊"))
    assert [(one["id"], one["status"]) for one in house.system.changed(since)] == [(made["id"], "cancelled")]
    assert house.system.changed((house.server.clock() + HOUR).isoformat()) == []
    assert len(house.system.free()) == 2, "the slot is free again"

    other = house.system.book(free[1]["id"], "E-2", client.number, client.born)
    off = house.system.cancel(other["id"], "客户有事")
    assert (house.system.answer.status_code, off["status"]) == (200, "cancelled")
    assert house.system.cancel(other["id"], "客户有事")["status"] == "cancelled"
    assert rows(
        house.server, Appointment, id=rows(house.server, ExternalBooking, external_id="E-2")[0].appointment_id
    )[0].reason.startswith("互联预约：")


def test_two_who_ask_for_one_slot_at_once_get_it_once(house, client):
    slot = house.system.free()[0]["id"]
    several = [BookingPartner(house.server.api.url, KEY) for _ in range(4)]
    barrier = threading.Barrier(len(several))

    def ask(at):
        barrier.wait()
        several[at].book(slot, f"RACE-{at}", client.number, client.born)

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(len(several))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(one.answer.status_code for one in several)
    assert statuses == [201, 409, 409, 409]
    lost = next(one for one in several if one.answer.status_code == 409)
    assert lost.answer.json()["issue"][0]["code"] == "conflict"
    key = slot.replace("-", ":")
    [taken] = rows(house.server, Appointment, slot_key=key)
    house.server.as_system(CancelAppointment(appointment_id=taken.id, reason="清理"))


def test_a_slot_is_booked_by_the_one_who_has_it(house, client):
    given, own = house.blocks
    with pytest.raises(DomainError, match=r"reception\.other_desk"):
        house.at_desk(BookSlot(patient_id=client.id, block_id=given, slot=0))
    house.system.book(f"{own.hex}-0", "E-9", client.number, client.born)
    assert house.system.answer.status_code == 422
    assert "没有分给本预约系统" in house.system.answer.text
    assert rows(house.server, Appointment, patient_id=client.id) == []


def test_what_does_not_fit_is_told_and_leaves_nothing(house, client):
    slot = house.system.free()[0]["id"]
    for number, born in ((client.number, "1980-05-02"), ("P999", client.born)):
        told = house.system.book(slot, "E-10", number, born)
        assert (house.system.answer.status_code, told["resourceType"]) == (422, "OperationOutcome")
        assert told["issue"][0]["details"]["text"] == "没有档案号与出生日期都相符的客户。"
    for asked in (("x", "E-11", client.number, client.born), (slot, "E-11", client.number, "昨天")):
        assert "请求不能识别" in house.system.book(*asked)["issue"][0]["details"]["text"]
    for raw in (b"{", b"[]", b"{}", b"x" * 70_000):
        answer = house.system.http.post(f"{house.system.base}/Appointment", data=raw, timeout=10)
        assert answer.status_code == 422
    assert house.system.http.get(f"{house.system.base}/Slot?start=gebald", timeout=10).status_code == 422
    house.system.cancel("0" * 32, "无")
    assert house.system.answer.status_code == 404
    assert rows(house.server, Appointment, patient_id=client.id) == []


def test_nobody_without_the_key_of_a_partner_in_use(house):
    assert KEY not in str(rows(house.server, BookingKey))
    for key in ("", "x" * 40):
        stranger = BookingPartner(house.server.api.url, key or "-")
        assert stranger.free() == []
        assert stranger.answer.status_code == 401
    house.server.as_system(EditPartner(partner_id=house.partner_id, active=False, reason="停用"))
    house.system.free()
    assert house.system.answer.status_code == 401
    house.server.as_system(EditPartner(partner_id=house.partner_id, active=True, reason="恢复"))
    with pytest.raises(DomainError, match=r"booking\.weak_key"):
        house.server.as_system(SetBookingKey(partner_id=house.partner_id, password="a" * 40))
