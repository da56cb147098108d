"""What is said to clients against the rules: asked before it goes, kept when it went, looked into by another."""

import pytest
from sqlalchemy import select

import resources
from domain.conduct.commands import ReleaseMessage, WithdrawMessage
from domain.conduct.records import MessageFinding
from domain.conduct.rules import MESSAGE_RULES, load_message_rules
from domain.conversations.commands import NoteSaidElsewhere, ReplyToClient
from domain.conversations.faq_commands import SaveFaq
from domain.conversations.records import ConversationMessage
from domain.kernel.errors import DomainError
from domain.messaging.records import Category, Channel, OutboxMessage
from domain.messaging.template_commands import SaveTemplate
from tests.channels import test_conversations as talk

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
