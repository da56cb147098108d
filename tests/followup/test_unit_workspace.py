"""A unit's own flow, what is said with it, its chat in WeCom, and its figures for its contact."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.kernel.errors import DomainError
from domain.messaging.commands import BindAddress
from domain.messaging.records import Channel, ContactAddress, OutboxMessage
from domain.people.records import Patient
from domain.reception.digest_commands import (
    AskChat,
    AskChatAgain,
    NoteEvent,
    NoteUnit,
    OpenDigest,
    PushDigest,
    SetUnitFlow,
)
from domain.reception.digest_records import UnitChat, UnitDigest, UnitNote, UnitNoteKind
from domain.reception.unit_commands import AddDepartment, AddUnit, Enrol, JoinUnit, PlanEvent
from domain.reception.unit_records import EventType, GroupEvent
from server.channels.accounts import Account, ChannelSettings, Secrets
from server.channels.book import ChannelBook
from server.channels.simulators.wechat import WeChatSimulator
from server.channels.tokens import Tokens
from server.channels.unit_chats import UnitChats
from tests.followup.conftest import SYSTEM


def rows(care, record):
    with care.desk.store.read() as connection:
        return connection.execute(select(record.__table__)).all()


@pytest.fixture
def unit(care):
    order = AddUnit(name="东风机械厂", contact="孙联系", phone="13800001234")
    return care.run(order, care.head)


def planned(care, unit, kind=EventType.LECTURE):
    order = PlanEvent(
        unit_id=unit,
        kind=kind,
        title="冬季讲座",
        starts_at=care.desk.clock() + timedelta(days=3),
        expected=10,
    )
    event = care.run(order, care.head)
    return next(one for one in rows(care, GroupEvent) if one.id == event)


def flow(unit, **more):
    return SetUnitFlow(unit_id=unit, kind=EventType.LECTURE, **({"reason": "按厂方要求"} | more))


def refused(care, order, actor=None):
    with pytest.raises(DomainError) as found:
        care.run(order, actor or care.head)
    return found.value


def test_a_unit_has_a_flow_of_its_own_and_its_departments_follow_it(care, unit):
    shipped = planned(care, unit).steps
    steps, materials = "签到\n厂长致辞\n讲座\n抽奖", "讲义|1|3\n奖品|0|20"
    own = flow(unit, steps=steps, materials=materials)
    care.run(own, care.head)
    event = planned(care, unit)
    assert event.steps == ["签到", "厂长致辞", "讲座", "抽奖"]
    assert event.materials == [{"name": "讲义", "count": 3}, {"name": "奖品", "count": 20}]
    department = care.run(AddDepartment(unit_id=unit, name="一车间"), care.head)
    assert planned(care, department).steps == event.steps
    assert planned(care, unit, EventType.ANNUAL_REVIEW).steps != event.steps
    care.run(flow(unit), care.head)
    assert planned(care, unit).steps == shipped
    assert next(one for one in rows(care, GroupEvent) if one.id == event.id).steps == event.steps


def test_materials_follow_who_enrols_by_the_units_own_flow(care, unit):
    care.run(flow(unit, steps="签到\n讲座", materials="讲义|2|3"), care.head)
    event = planned(care, unit)
    patient = care.client()
    number = next(one.number for one in rows(care, Patient) if one.id == patient)
    care.run(Enrol(event_id=event.id, number=number), care.head)
    assert next(one for one in rows(care, GroupEvent) if one.id == event.id).materials == [
        {"name": "讲义", "count": 5}
    ]


def test_a_bad_flow_is_refused_with_its_line(care, unit):
    bad = refused(care, flow(unit, steps="签到", materials="讲义|1\n奖品|很多"))
    assert (bad.code, bad.field, bad.facts["number"]) == ("unit.bad_materials", "materials", 2)
    twice = refused(care, flow(unit, steps="签到\n签到"))
    assert twice.field == "steps"
    assert refused(care, flow(unit, reason=" ")).field == "reason"
    who = refused(care, flow(unit), care.nurse)
    assert who.code == "permission.denied"


def test_what_is_said_before_on_the_spot_and_after_is_on_record(care, unit):
    event = planned(care, unit)
    care.run(
        NoteUnit(unit_id=unit, kind=UnitNoteKind.BOOKING, text="约在 12 月", with_whom="孙联系"), care.nurse
    )
    care.run(NoteEvent(event_id=event.id, step="签到", text="到场较晚"), care.nurse)
    care.run(
        NoteEvent(event_id=event.id, kind=UnitNoteKind.FOLLOW_UP, text="发回放", next_step="下周回访"),
        care.nurse,
    )
    found = sorted(rows(care, UnitNote), key=lambda one: str(one.id))
    assert [(one.kind, one.step, one.event_id is not None) for one in found] == [
        ("booking", None, False), ("on_site", "签到", True), ("follow_up", None, True),
    ]  # fmt: skip
    assert {one.unit_id for one in found} == {unit}
    wrong = refused(care, NoteEvent(event_id=event.id, step="散步", text="x"), care.nurse)
    assert (wrong.code, "签到" in wrong.facts["steps"]) == ("unit.no_step", True)


@pytest.fixture
def vendor():
    with WeChatSimulator().running() as found:
        yield found


@pytest.fixture
def chats(care, vendor, tmp_path):
    account = Account(
        id="corp", kind="wecom", base_url=vendor.url, app_id="wx1", secret="s", contact_secret="s"
    )
    tokens = Tokens(tmp_path / "tokens.db", care.desk.clock)
    secrets = Secrets(None, {"AFTERCHECK_SECRET_S": vendor.secret})
    book = ChannelBook(ChannelSettings(account=(account,)), secrets, care.desk.store, care.desk.clock, tokens)
    yield UnitChats(care.desk, SYSTEM, book)
    book.close()


def asked(care, unit):
    care.run(BindAddress(staff_id=care.manager.staff_id, channel=Channel.WECOM, address="wang"), care.head)
    return care.run(AskChat(unit_id=unit, name="东风厂健康群", owner="wang"), care.head)


def test_a_chat_is_made_by_the_centre_with_the_code_to_join_and_its_members_are_counted(
    care, unit, chats, vendor, clock
):
    assert refused(care, AskChat(unit_id=unit, name="群", owner="wang")).code == "unit.no_wecom"
    asked(care, unit)
    chats.step()
    [chat] = rows(care, UnitChat)
    assert (chat.state, chat.join_url, chat.members) == ("ready", "https://wework.qpic.cn/way1", 1)
    assert vendor.ways["way1"]["room_base_name"] == "东风厂健康群"
    assert refused(care, AskChat(unit_id=unit, name="又一个", owner="wang")).code == "unit.has_chat"
    vendor.chats["chat1"] += ["wmA", "wmB"]
    chats.step()
    assert rows(care, UnitChat)[0].members == 1, "not before an hour is over"
    clock.advance(timedelta(minutes=61))
    chats.step()
    assert rows(care, UnitChat)[0].members == 3


def test_a_line_that_is_lost_makes_no_second_chat(care, unit, chats, vendor):
    asked(care, unit)
    vendor.fail("/get_join_way", {"kind": "lost"})
    chats.step()
    assert rows(care, UnitChat)[0].state == "asked"
    chats.step()
    assert (rows(care, UnitChat)[0].state, len(vendor.ways)) == ("ready", 1)


def test_one_that_cannot_be_made_says_why_until_somebody_asks_again(care, unit, chats, vendor):
    chat = asked(care, unit)
    refusal = {"kind": "answer", "body": {"errcode": 48002, "errmsg": "api forbidden"}}
    vendor.fail("/add_join_way", *[refusal] * 5)
    for _ in range(6):
        chats.step()
    [kept] = rows(care, UnitChat)
    assert (kept.state, "48002" in kept.problem) == ("failed", True)
    care.run(AskChatAgain(unit_chat_id=chat), care.head)
    chats.step()
    assert rows(care, UnitChat)[0].state == "ready"


def test_figures_go_to_the_contact_without_a_number_and_never_of_a_few(care, unit):
    for _ in range(4):
        care.run(JoinUnit(patient_id=care.client(), unit="东风机械厂"), care.head)
    few = refused(care, PushDigest(unit_id=unit))
    assert (few.code, few.facts["few"]) == ("unit.too_few", 5)
    for _ in range(3):
        care.run(JoinUnit(patient_id=care.client(), unit="东风机械厂"), care.head)
    digest = care.run(PushDigest(unit_id=unit), care.head)
    [message], [kept] = rows(care, OutboxMessage), rows(care, UnitDigest)
    [address] = [one for one in rows(care, ContactAddress) if one.channel == "sms"]
    assert (address.address, address.patient_id) == ("13800001234", None)
    assert (message.template, message.about_id, message.patient_id) == ("unit_digest", digest, None)
    assert "7" not in message.text.replace("（7天内有效", ""), "no figure in the text"
    assert kept.figures["whole"]["people"] == 7
    assert not [name for name in ("王建军", "P101") if name in str(kept.figures)]
    bare = care.run(AddUnit(name="无联系人厂"), care.head)
    assert refused(care, PushDigest(unit_id=bare)).code == "unit.no_contact"


def test_the_digits_of_the_contact_open_it_and_guessing_closes_it(care, unit):
    for _ in range(5):
        care.run(JoinUnit(patient_id=care.client(), unit="东风机械厂"), care.head)
    digest = care.run(PushDigest(unit_id=unit), care.head)
    assert care.run(OpenDigest(digest_id=digest, digits="1234"), SYSTEM) == -1
    left = [care.run(OpenDigest(digest_id=digest, digits="0000"), SYSTEM) for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    assert care.run(OpenDigest(digest_id=digest, digits="1234"), SYSTEM) == 0
