"""What is said to clients against the rules: asked before it goes, kept when it went, looked into by another."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

import resources
from domain.conduct.commands import ReleaseMessage, WithdrawMessage
from domain.conduct.records import MessageFinding
from domain.conduct.rules import MESSAGE_RULES, load_message_rules
from domain.conversations.commands import NoteSaidElsewhere, ReplyToClient
from domain.conversations.faq_commands import SaveFaq
from domain.conversations.records import Conversation, ConversationMessage
from domain.kernel.errors import DomainError
from domain.messaging.commands import RepeatMessage, SendMessage
from domain.messaging.records import Category, Channel, OutboxMessage
from domain.messaging.sending_commands import TakeDue
from domain.messaging.template_commands import SaveTemplate, SendToMany
from tests.channels import test_conversations as talk
from tests.channels.conftest import bound

hear, org, people = talk.hear, talk.org, talk.people

BAD = "这个方案可以根治脂肪肝"


@pytest.fixture
def ruled(desk):
    desk.content[MESSAGE_RULES] = load_message_rules(resources.folder("conduct"))
    return desk


def rows(desk, kind):
    with desk.store.read() as connection:
        return connection.execute(select(kind.__table__)).all()


@pytest.fixture
def owed(ruled, hear, people):
    hear("能治好吗")
    with ruled.store.read() as connection:
        return connection.execute(select(ConversationMessage.conversation_id)).scalar_one()


def refused(desk, order, actor):
    with pytest.raises(DomainError) as caught:
        desk.run(order, actor)
    return caught.value.code, caught.value.field


def test_a_severe_answer_goes_with_a_reason_only_and_is_looked_into_by_another(ruled, owed, people):
    head = people["head"]
    assert refused(ruled, ReplyToClient(conversation_id=owed, text=BAD), head) == (
        "conduct.reason_needed",
        "reason",
    )
    blank = ReplyToClient(conversation_id=owed, text=BAD, reason="  ")
    assert refused(ruled, blank, head) == ("conduct.reason_needed", "reason")
    assert not rows(ruled, OutboxMessage), "nothing half-written"
    ruled.run(ReplyToClient(conversation_id=owed, text=BAD, reason="引用客户原话"), head)
    (found,) = rows(ruled, MessageFinding)
    assert (found.state, found.severe, found.labels, found.words) == ("open", True, "承诺疗效", "可以根治")
    assert (found.reason, found.text, found.conversation_id) == ("引用客户原话", BAD, owed)
    own = WithdrawMessage(message_finding_id=found.id, note="已电话更正")
    assert refused(ruled, own, head) == ("conduct.own_message", "message_finding_id")


def test_what_still_waits_is_taken_back_and_the_client_is_owed_again(ruled, owed, people, authority):
    ruled.run(ReplyToClient(conversation_id=owed, text=BAD, reason="急"), people["op1"])
    (found,) = rows(ruled, MessageFinding)
    blank = WithdrawMessage(message_finding_id=found.id, note=" ")
    assert refused(ruled, blank, people["head"]) == ("input.missing", "note")
    assert (
        ruled.run(WithdrawMessage(message_finding_id=found.id, note="改发说明"), people["head"]).receipt
        is True
    )
    assert [one.state for one in rows(ruled, OutboxMessage)] == ["cancelled"]
    assert [one.state for one in rows(ruled, MessageFinding)] == ["withdrawn"]
    again = ReleaseMessage(message_finding_id=found.id, note="x")
    assert refused(ruled, again, people["head"])[0] == "message_finding.wrong_state"


def test_a_lesser_remark_goes_and_is_kept(ruled, owed, people):
    ruled.run(ReplyToClient(conversation_id=owed, text="这个肯定能报销"), people["op1"])
    (found,) = rows(ruled, MessageFinding)
    assert (found.severe, found.labels) == (False, "虚假承诺")
    ruled.run(ReleaseMessage(message_finding_id=found.id, note="医保目录内"), people["head"])
    assert [(one.state, one.note) for one in rows(ruled, MessageFinding)] == [("released", "医保目录内")]


def test_what_was_written_in_the_vendors_program_is_found_once(ruled, owed, people, system, org, clock):
    order = NoteSaidElsewhere(
        channel=Channel.OFFICIAL_ACCOUNT, account="oa", peer="oZhou", key="x1", org_id=org, text=BAD, staff="wang",
        at=clock(),
    )  # fmt: skip
    ruled.run(order, system)
    ruled.run(order, system)
    (found,) = rows(ruled, MessageFinding)
    assert (found.source, found.staff_name) == ("elsewhere", "wang")


def test_no_text_for_many_is_saved_with_a_severe_word(ruled, people):
    template = {
        "code": "promo", "label": "活动", "category": Category.NOTICE, "channels": [Channel.OFFICIAL_ACCOUNT],
        "title": "通知",
    }  # fmt: skip
    bad = SaveTemplate(**template, text=BAD)
    assert refused(ruled, bad, people["op1"]) == ("conduct.not_for_many", "text")
    ruled.run(SaveTemplate(**template, text="我们拥有全国第一的设备"), people["op1"])
    answer = SaveFaq(code="fatty", question="脂肪肝能好吗", answer=BAD, reason="新增")
    assert refused(ruled, answer, people["head"]) == ("conduct.not_for_many", "answer")
    assert [(one.source, one.code, one.labels) for one in rows(ruled, MessageFinding)] == [
        ("template", "promo", "绝对化用语")
    ]


def one_sent(desk, who, client, text, **more):
    """Save a template whose gap a person fills in, and have it sent to one client."""
    given = {
        "code": "gap",
        "label": "活动",
        "category": Category.NOTICE,
        "channels": [Channel.OFFICIAL_ACCOUNT],
    }
    desk.run(SaveTemplate(**given, title="通知", text="{what}"), who)
    order = SendMessage(patient_id=client, template="gap", params={"what": text}, **more)
    return desk.run(order, dataclasses.replace(who, own_clients=False)).receipt  # the client is theirs


def taken(desk, system):
    order = TakeDue(channels=[Channel.OFFICIAL_ACCOUNT], quotas={})
    return [parcel.message_id for parcel in desk.run(order, system).receipt]


@pytest.fixture
def reached(ruled, client, operator):
    bound(ruled, operator, client, Channel.OFFICIAL_ACCOUNT, "oZhou")
    return client


def test_what_a_person_filled_in_waits_until_another_lets_it_pass(ruled, reached, people, system):
    message_id = one_sent(ruled, people["op1"], reached, BAD)
    assert taken(ruled, system) == []
    assert [(one.state, one.reason) for one in rows(ruled, OutboxMessage)] == [("queued", "content_review")]
    assert taken(ruled, system) == []
    (found,) = rows(ruled, MessageFinding)
    assert (found.source, found.outbox_id, found.patient_id, found.staff_name) == (
        "outgoing", message_id, reached, "员工op1",
    )  # fmt: skip
    own = ReleaseMessage(message_finding_id=found.id, note="可以")
    assert refused(ruled, own, people["op1"])[0] in ("permission.denied", "conduct.own_message")
    ruled.run(own, people["head"])
    assert taken(ruled, system) == [message_id]


def test_what_is_taken_back_goes_by_no_other_way(ruled, reached, people, system):
    message_id = one_sent(ruled, people["op1"], reached, BAD)
    assert taken(ruled, system) == []
    (found,) = rows(ruled, MessageFinding)
    assert (
        ruled.run(WithdrawMessage(message_finding_id=found.id, note="不妥"), people["head"]).receipt is True
    )
    operator = dataclasses.replace(people["op1"], own_clients=False)
    again = ruled.run(RepeatMessage(message_id=message_id), operator).receipt
    assert taken(ruled, system) == []
    states = {one.id: (one.state, one.reason) for one in rows(ruled, OutboxMessage)}
    assert states == {message_id: ("cancelled", "by_hand"), again: ("cancelled", "content_withdrawn")}
    assert len(rows(ruled, MessageFinding)) == 1


def test_a_critical_message_and_one_in_order_wait_for_nobody(ruled, reached, people, system):
    fine = one_sent(ruled, people["op1"], reached, "周六上午有健康讲座")
    assert taken(ruled, system) == [fine]
    assert not rows(ruled, MessageFinding)


def test_a_sending_to_many_is_checked_as_it_is_filled_in_and_is_one_finding(
    ruled, reached, people, system, operator, clock
):
    ruled.content.pop(MESSAGE_RULES)  # saved before there were rules
    given = {
        "code": "promo",
        "label": "活动",
        "category": Category.NOTICE,
        "channels": [Channel.OFFICIAL_ACCOUNT],
    }
    ruled.run(SaveTemplate(**given, title="通知", text="{what}"), people["op1"])
    to_many = {"label": "活动", "template": "promo", "channel": Channel.OFFICIAL_ACCOUNT, "chosen": "全部"}
    sent = SendToMany(**to_many, patient_ids=[reached], params={"what": BAD})
    ruled.run(sent, people["head"])
    ruled.content[MESSAGE_RULES] = load_message_rules(resources.folder("conduct"))
    assert refused(ruled, sent, people["head"]) == ("conduct.not_for_many", "template")
    assert taken(ruled, system) == []
    (found,) = rows(ruled, MessageFinding)
    assert (found.source, found.code, found.mass_id is not None) == ("outgoing", "promo", True)
    lesser = SendToMany(**to_many, patient_ids=[reached], params={"what": "这个肯定能报销"})
    ruled.run(lesser, people["head"])
    assert sorted(one.source for one in rows(ruled, MessageFinding)) == ["mass", "outgoing"]
    assert len(taken(ruled, system)) == 1, "a lesser remark goes and is looked into"
    ruled.run(WithdrawMessage(message_finding_id=found.id, note="停发"), operator)
    clock.advance(timedelta(minutes=6))
    assert taken(ruled, system) == []
    assert ("cancelled", "mass_stopped") in [(one.state, one.reason) for one in rows(ruled, OutboxMessage)]


def test_no_automatic_answer_says_what_must_not_be_said(ruled, hear, people, system):
    ruled.content.pop(MESSAGE_RULES)
    answer = SaveFaq(code="fatty", question="脂肪肝能好吗", answer=BAD, automatic=True, reason="新增")
    ruled.run(answer, people["head"])
    ruled.content[MESSAGE_RULES] = load_message_rules(resources.folder("conduct"))
    hear("脂肪肝能好吗？")
    hear("脂肪肝能好吗")
    assert not rows(ruled, OutboxMessage)
    (found,) = rows(ruled, MessageFinding)
    assert (found.source, found.code, found.text) == ("automatic", "fatty", BAD)
    assert {one.state for one in rows(ruled, Conversation)} == {"owed"}
