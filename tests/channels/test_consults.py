"""Consultations: what clients send is fetched and kept by content, questions asked again are offered or answered."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.checkup.records import Attachment
from domain.conversations.commands import ReceiveMessage, ReplyToClient
from domain.conversations.faq import alike, exactly, in_force
from domain.conversations.faq_commands import CallOffDuty, PlanDuty, RetireFaq, SaveFaq
from domain.conversations.keeping import AUTOMATIC
from domain.conversations.media import MOST_BYTES, media_kind
from domain.conversations.records import Conversation, ConversationKind, ConversationMessage
from domain.followup.performance_commands import CountPerformance
from domain.followup.performance_records import ServicePerformance
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel, OutboxMessage
from domain.people.records import Staff
from server.channels.accounts import Account, ChannelSettings, Secrets
from server.channels.book import ChannelBook
from server.channels.media import MediaFetcher
from server.channels.simulators.wechat import WeChatSimulator
from server.channels.tokens import Tokens
from sync.blobs import BlobStore
from tests.conftest import BRANCH

JPEG = b"\xff\xd8\xff\xe0" + b"a picture" * 50
AMR = b"#!AMR\n" + b"a voice" * 50
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"a film" * 50


def rows(desk, record):
    with desk.store.read() as connection:
        return connection.execute(select(record.__table__).order_by(record.__table__.c.id)).all()


def states(desk):
    return sorted(one.media_state for one in rows(desk, ConversationMessage))


@pytest.fixture
def vendor():
    with WeChatSimulator(known={"oZhou", "wmZhou"}).running() as found:
        yield found


@pytest.fixture
def fetcher(desk, system, clock, tmp_path, vendor):
    accounts = (
        Account(id="oa", kind="official_account", base_url=vendor.url, app_id="wx1", secret="s"),
        Account(id="corp", kind="wecom", base_url=vendor.url, app_id="wx1", secret="s", service_secret="s"),
    )
    tokens = Tokens(tmp_path / "tokens.db", clock)
    secrets = Secrets(None, {"AFTERCHECK_SECRET_S": vendor.secret})
    book = ChannelBook(ChannelSettings(account=accounts), secrets, desk.store, clock, tokens)
    yield MediaFetcher(desk, system, book, BlobStore(tmp_path / "blobs"))
    book.close()


@pytest.fixture
def says(desk, system, clock):
    """Return a function that lets a client say something."""
    number = iter(range(1000))

    def say(text="[图片]", form="text", media=None, channel=Channel.OFFICIAL_ACCOUNT, account="oa", **more):
        order = ReceiveMessage(
            channel=channel, account=account, peer=more.pop("peer", "oZhou"), key=f"k{next(number)}", org_id=BRANCH,
            text=text, form=form, media=media, at=clock(), **more,
        )  # fmt: skip
        return desk.run(order, system)

    return say


def test_what_a_file_is_is_told_by_its_content():
    assert [media_kind(one).form for one in (JPEG, AMR, MP4)] == ["image", "voice", "video"]
    assert media_kind(b"\x00\x00\x00\x18ftypM4A ").form == "voice"
    assert media_kind(b"MZ\x90\x00") is None
    assert media_kind(b"<html>") is None


@pytest.mark.parametrize(
    ("form", "content", "kind"),
    [("image", JPEG, "image/jpeg"), ("voice", AMR, "audio/amr"), ("video", MP4, "video/mp4")],
)
def test_pictures_voices_and_videos_are_fetched_and_kept_by_content(
    desk, vendor, fetcher, says, tmp_path, form, content, kind
):
    vendor.media["M1"] = content
    says(form=form, media="M1")
    assert fetcher.step() == 1
    [kept], [message] = rows(desk, Attachment), rows(desk, ConversationMessage)
    assert (kept.subject, kept.subject_id, kept.media_type) == ("conversation_message", message.id, kind)
    assert message.media_state == "kept"
    assert BlobStore(tmp_path / "blobs").get(kept.sha256) == content
    assert fetcher.step() == 0
    assert len(rows(desk, Attachment)) == 1


def test_a_video_of_an_official_account_comes_by_its_address_of_the_vendors_alone(
    desk, vendor, fetcher, says
):
    vendor.films["F1"] = MP4
    says(form="video", media="F1")
    assert fetcher.step() == 1
    foreign = {"kind": "answer", "body": {"video_url": "http://127.0.0.1:9/film"}}
    vendor.fail("/cgi-bin/media/get", foreign)
    says(form="video", media="F2")
    assert fetcher.step() == 0
    assert states(desk) == ["gone", "kept"]


def test_by_customer_service_too(desk, vendor, fetcher, says):
    vendor.media["M1"] = AMR
    says(form="voice", media="M1", channel=Channel.WECOM_SERVICE, account="corp", peer="wmZhou")
    assert fetcher.step() == 1


def test_what_is_no_medium_too_large_or_gone_is_not_kept_and_says_so(desk, vendor, fetcher, says):
    vendor.media |= {"M1": b"MZ program", "M2": JPEG + b"x" * (11 << 20)}
    for media in ("M1", "M2", "M3"):
        says(form="image", media=media)
    assert fetcher.step() == 0
    assert states(desk) == ["gone", "too_large", "wrong_kind"]
    assert rows(desk, Attachment) == []
    assert MOST_BYTES == 20 << 20


def test_a_vendor_who_is_away_is_tried_again_later_and_not_for_ever(desk, vendor, fetcher, says, clock):
    vendor.media["M1"] = JPEG
    vendor.fail("/cgi-bin/media/get", {"kind": "status", "status": 502}, {"kind": "cut"})
    says(form="image", media="M1")
    assert fetcher.step() == 0
    assert fetcher.step() == 0, "not before a minute is over"
    clock.advance(timedelta(minutes=2))
    assert fetcher.step() == 0
    clock.advance(timedelta(minutes=5))
    assert fetcher.step() == 1
    vendor.fail("/cgi-bin/media/get", *[{"kind": "status", "status": 502}] * 20)
    says(form="image", media="M1")
    for _ in range(20):
        clock.advance(timedelta(hours=25))
        fetcher.step()
    assert states(desk) == ["gone", "kept"]


def faq(**more):
    facts = {
        "code": "fasting", "question": "体检前要空腹吗？", "variants": "抽血前能吃早饭吗\n体检能不能吃东西",
        "answer": "抽血前一晚 22 点后不再进食，少量饮水可以。", "reason": "首次编写",
    }  # fmt: skip
    return SaveFaq(**(facts | more))


def known(desk):
    with desk.store.read() as connection:
        return in_force(connection, BRANCH)


def refused(desk, order, actor):
    with pytest.raises(DomainError) as found:
        desk.run(order, actor)
    return found.value


def test_a_question_has_versions_and_the_newest_counts_until_it_is_retired(desk, as_role):
    physician = as_role("physician")
    desk.run(faq(), physician)
    second = desk.run(faq(answer="抽血前禁食 8 小时。", reason="改写"), physician).receipt
    [one] = known(desk)
    assert (one.version, one.answer) == (2, "抽血前禁食 8 小时。")
    desk.run(RetireFaq(faq_entry_id=second, reason="另有规定"), physician)
    assert known(desk) == []
    assert refused(desk, RetireFaq(faq_entry_id=second, reason="再停"), physician).code == "faq.retired"
    desk.run(faq(reason="恢复"), physician)
    assert known(desk)[0].version == 4


def test_health_advice_names_its_source_and_one_question_has_one_answer(desk, as_role):
    physician = as_role("physician")
    wrong = refused(desk, faq(advice=True), physician)
    assert (wrong.code, wrong.field) == ("message.no_source", "answer")
    told = "每周至少 150 分钟中等强度运动[1]。"
    desk.run(faq(code="move", question="每周运动多久", variants="", answer=told, advice=True,
                 sources="A|2020|世界卫生组织身体活动指南|https://www.who.int"), physician)  # fmt: skip
    twice = refused(desk, faq(question="每周运动多久？"), physician)
    assert (twice.code, twice.field) == ("faq.asked_twice", "question")
    assert refused(desk, faq(code="大写"), physician).field == "code"
    assert refused(desk, faq(sources="Q|2020|没有这个等级|"), physician).field == "sources"
    assert refused(desk, faq(answer="长" * 600), physician).field == "answer"
    assert refused(desk, faq(), as_role("messaging_operator")).code == "permission.denied"


def test_like_questions_are_offered_and_others_are_not(desk, as_role):
    desk.run(faq(), as_role("physician"))
    desk.run(
        faq(code="pick", question="报告什么时候能拿到", variants="多久出报告", answer="三个工作日。"),
        as_role("physician"),
    )
    found = known(desk)
    assert [one.code for one in alike("请问体检之前需要空腹吗", found)] == ["fasting"]
    assert [one.code for one in alike("我的报告什么时候出来", found)] == ["pick"]
    assert alike("附近有停车场吗", found) == []
    assert exactly("体检前要空腹吗", found).code == "fasting"
    assert exactly("体检前要空腹吗我有糖尿病", found) is None


def test_an_exact_question_is_answered_at_once_marked_and_a_person_is_still_owed(desk, as_role, says, told):
    desk.run(faq(automatic=True), as_role("physician"))
    says("抽血前能吃早饭吗？")
    out = next(one for one in rows(desk, ConversationMessage) if one.direction == "out")
    assert out.automatic
    assert out.text.startswith(AUTOMATIC)
    [message] = told(template="reply")
    assert message.text.startswith(AUTOMATIC)
    assert rows(desk, Conversation)[0].state == "owed"
    says("我有糖尿病，抽血前能吃早饭吗")
    assert len(told(template="reply")) == 1, "another question goes to a person alone"


def test_without_leave_nothing_is_answered_by_itself(desk, as_role, says):
    desk.run(faq(), as_role("physician"))
    says("体检前要空腹吗？")
    assert rows(desk, OutboxMessage) == []


def staff(desk, system, clock, login, role="physician", **more):
    with desk.store.write() as connection:
        work = UnitOfWork(connection, system, now=clock(), new_id=desk.ids)
        made = work.add(
            Staff(org_id=BRANCH, login=login, name=login, role=role, password_hash="x", password_set_at=clock(),
                  active=True, **more)
        )  # fmt: skip
        work.commit_entry("test.staff", txn_id=desk.ids())
        work.close()
    return made.id


def test_who_is_on_duty_answers_consultations(desk, as_role, system, clock, says, client):
    staff(desk, system, clock, "a_first")
    duty = staff(desk, system, clock, "z_duty")
    head = as_role("department_head")
    order = PlanDuty(login="z_duty", starts_at=clock(), ends_at=clock() + timedelta(hours=8))
    shift = desk.run(order, head).receipt
    asked = {"kind": ConversationKind.CONSULTATION, "channel": Channel.PAGE, "account": "page"}
    says("头晕怎么办", peer="p1", **asked)
    assert rows(desk, Conversation)[0].owner_id == duty
    desk.run(CallOffDuty(duty_shift_id=shift), head)
    says("头晕怎么办", peer="p2", **asked)
    assert {one.owner_id for one in rows(desk, Conversation)} != {duty}
    late = PlanDuty(login="z_duty", starts_at=clock(), ends_at=clock() + timedelta(hours=25))
    assert refused(desk, late, head).field == "ends_at"
    assert refused(desk, order, as_role("nurse")).code == "permission.denied"


def test_answered_consultations_count_for_who_answered_and_automatic_ones_do_not(
    desk, as_role, system, clock, says
):
    desk.run(faq(automatic=True), as_role("physician"))
    me = staff(desk, system, clock, "me", "health_manager")
    asked = {"channel": Channel.PAGE, "account": "page", "kind": ConversationKind.CONSULTATION}
    says("体检前要空腹吗", peer="p1", **asked)
    says("头晕怎么办", peer="p2", **asked)
    actor = dataclasses.replace(as_role("department_head"), staff_id=me)
    first, second = rows(desk, Conversation)
    clock.advance(timedelta(minutes=10))
    desk.run(ReplyToClient(conversation_id=first.id, text="可以喝水"), actor)
    desk.run(ReplyToClient(conversation_id=first.id, text="还有问题吗"), actor)
    clock.advance(timedelta(minutes=40))
    desk.run(ReplyToClient(conversation_id=second.id, text="请来院"), actor)
    desk.run(CountPerformance(staff_ids=[me]), system)
    [month] = rows(desk, ServicePerformance)
    assert (month.consults, month.consults_in_time) == (2, 1)
