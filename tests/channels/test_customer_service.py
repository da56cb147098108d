"""WeCom customer service: what clients write is fetched, kept once, answered, and stands with what staff said."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.conversations.commands import ReplyToClient
from domain.conversations.records import Conversation, ConversationMessage
from domain.kernel.errors import DomainError
from domain.messaging.records import Channel, OutboxMessage
from server.channels.accounts import Account
from server.channels.incoming import Pushed
from server.channels.service_reader import ServiceReader
from server.channels.simulators.wechat import WeChatSimulator
from tests.channels.conftest import SECRETS, bound
from tests.conftest import BRANCH

KEYS = {**SECRETS, "AFTERCHECK_SECRET_WX": "wechat-secret-of-the-simulator"}


@pytest.fixture
def vendor():
    with WeChatSimulator(known={"zhangsan", "wmZhou"}).running() as running:
        yield running


@pytest.fixture
def account(vendor):
    return Account(
        id="corp", kind="wecom", base_url=vendor.url, app_id=vendor.app_id, secret="wx", contact_secret="wx",
        service_secret="wx",
    )  # fmt: skip


@pytest.fixture
def sender(sender_of, account):
    return sender_of(account, secrets=KEYS)


@pytest.fixture
def pushed(tmp_path, clock):
    found = Pushed(tmp_path / "inbox.db", clock)
    yield found
    found.close()


@pytest.fixture
def reader(desk, system, sender, pushed):
    return ServiceReader(desk, system, sender.book, pushed)


def at(clock):
    return int(clock().timestamp())


def rows(desk, record):
    with desk.store.read() as connection:
        return connection.execute(select(record.__table__).order_by(record.__table__.c.id)).all()


def texts(desk):
    return sorted((str(m.direction), m.text) for m in rows(desk, ConversationMessage))


def test_a_text_becomes_a_conversation_of_the_contact_that_is_known(
    vendor, reader, account, desk, operator, client, clock
):
    bound(desk, operator, client, "wecom_client", "wmZhou", via="zhangsan")
    token = vendor.client_says("wmZhou", "text", {"content": "请问复查要空腹吗"}, at=at(clock))
    assert reader.read(account, BRANCH, "kfDesk", token) == 1
    [conversation] = rows(desk, Conversation)
    assert (conversation.patient_id, conversation.state) == (client, "owed")
    assert conversation.channel == Channel.WECOM_SERVICE
    assert texts(desk) == [("in", "请问复查要空腹吗")]
    assert rows(desk, ConversationMessage)[0].patient_id == client


def test_pages_are_read_to_the_end_and_read_twice_are_kept_once(vendor, reader, account, desk, pushed, clock):
    vendor.page_size = 2
    for number in range(5):
        vendor.client_says("wmNew", "text", {"content": f"第{number}句"}, at=at(clock))
    assert reader.read(account, BRANCH, "kfDesk", "t") == 5
    pushed.read_to("corp", "kfDesk", "")
    assert reader.read(account, BRANCH, "kfDesk", "t") == 0
    assert len(texts(desk)) == 5


def test_a_lost_line_in_the_middle_loses_nothing(vendor, reader, account, desk, pushed, clock):
    vendor.page_size = 2
    for number in range(4):
        vendor.client_says("wmNew", "text", {"content": f"第{number}句"}, at=at(clock))
    vendor.fail("/sync_msg", {"kind": "lost"})
    with pytest.raises(DomainError) as refused:
        reader.read(account, BRANCH, "kfDesk", "t")
    assert refused.value.code == "callback.not_fetched"
    assert reader.read(account, BRANCH, "kfDesk", "t") == 4


def test_what_no_callback_told_of_is_found_by_looking(vendor, reader, account, desk, clock):
    vendor.client_says("wmNew", "text", {"content": "第一句"}, at=at(clock))
    reader.read(account, BRANCH, "kfDesk", "t")
    reader.tick()
    vendor.client_says("wmNew", "text", {"content": "回调丢失"}, at=at(clock))
    clock.advance(timedelta(minutes=9))
    reader.tick()
    assert len(texts(desk)) == 1
    clock.advance(timedelta(minutes=2))
    reader.tick()
    assert texts(desk) == [("in", "回调丢失"), ("in", "第一句")]


@pytest.mark.parametrize(
    ("kind", "content", "shown", "form"),
    [
        ("image", {"media_id": "M1"}, "[图片]", "image"), ("voice", {"media_id": "M2"}, "[语音]", "voice"),
        ("video", {"media_id": "M3"}, "[视频]", "video"), ("file", {"media_id": "M4"}, "[文件]", "file"),
        ("location", {"name": "体检中心"}, "[位置] 体检中心", "other"),
    ],
)  # fmt: skip
def test_pictures_voices_and_files_are_kept_as_what_they_are(
    vendor, reader, account, desk, clock, kind, content, shown, form
):
    vendor.client_says("wmNew", kind, content, at=at(clock))
    reader.read(account, BRANCH, "kfDesk", "t")
    [message] = rows(desk, ConversationMessage)
    assert (message.text, message.form, message.media) == (shown, form, content.get("media_id"))


def test_what_staff_answer_in_wecom_stands_in_the_transcript_and_nothing_is_owed(
    vendor, reader, account, desk, clock
):
    vendor.client_says("wmNew", "text", {"content": "在吗"}, at=at(clock))
    reader.read(account, BRANCH, "kfDesk", "t")
    assert rows(desk, Conversation)[0].state == "owed"
    clock.advance(timedelta(minutes=1))
    vendor.client_says("wmNew", "text", {"content": "在的"}, staff="zhangsan", at=at(clock))
    reader.read(account, BRANCH, "kfDesk", "t")
    assert texts(desk) == [("in", "在吗"), ("out", "在的")]
    [answer] = [m for m in rows(desk, ConversationMessage) if m.direction == "out"]
    assert answer.staff_name == "zhangsan"
    assert rows(desk, Conversation)[0].state == "answered"


def test_an_answer_goes_by_the_service_that_was_written_to(
    vendor, reader, account, desk, operator, sender, clock
):
    vendor.client_says("wmZhou", "text", {"content": "在吗"}, service="kfNight", at=at(clock))
    reader.read(account, BRANCH, "kfNight", "t")
    [conversation] = rows(desk, Conversation)
    desk.run(ReplyToClient(conversation_id=conversation.id, text="您好，血压请早晚各测一次"), operator)
    sender.step(Channel.WECOM_SERVICE)
    [sent] = vendor.inbox
    assert (sent["touser"], sent["open_kfid"]) == ("wmZhou", "kfNight")
    assert rows(desk, Conversation)[0].state == "answered"


def test_an_answer_that_did_not_arrive_after_all_is_owed_again(
    vendor, reader, account, desk, operator, sender, clock
):
    vendor.client_says("wmZhou", "text", {"content": "在吗"}, at=at(clock))
    reader.read(account, BRANCH, "kfDesk", "t")
    [conversation] = rows(desk, Conversation)
    desk.run(ReplyToClient(conversation_id=conversation.id, text="在的"), operator)
    sender.step(Channel.WECOM_SERVICE)
    number = rows(desk, OutboxMessage)[0].vendor_id
    event = {"event_type": "msg_send_fail", "fail_msgid": number, "fail_type": 4}
    vendor.client_says("wmZhou", "event", event, at=at(clock))
    reader.read(account, BRANCH, "kfDesk", "t")
    assert rows(desk, OutboxMessage)[0].state == "failed"
    vendor.known.discard("wmZhou")
    desk.run(ReplyToClient(conversation_id=conversation.id, text="再试"), operator)
    sender.step(Channel.WECOM_SERVICE)
    assert rows(desk, Conversation)[0].state == "owed", "the vendor refuses after 48 hours"
