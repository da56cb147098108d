"""Mail through the sender against a mail server on this machine, and what comes back."""

import uuid
from datetime import timedelta

import pytest

from domain.kernel.errors import DomainError
from domain.messaging.commands import SendMessage
from domain.messaging.records import Category, Channel
from domain.messaging.sending_commands import NoteReceipt, Parcel
from server.channels.accounts import Account
from server.channels.mail import answered, read_dsn, written
from server.channels.simulators.mail import MailSimulator
from tests.channels.conftest import bound


@pytest.fixture
def post_office():
    simulator = MailSimulator()
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def account(post_office):
    return Account(
        id="mail",
        kind="smtp",
        host="127.0.0.1",
        port=post_office.port,
        security="none",
        sender="care@hospital.example",
    )


@pytest.fixture
def post(desk, operator, client):
    bound(desk, operator, client, "email", "zhou@example.com")
    order = SendMessage(patient_id=client, template="activity_week", channel=Channel.EMAIL)
    return lambda: desk.run(order, operator).receipt


def test_a_mail_bears_our_number_and_no_content_but_a_link(sender_of, account, post_office, post, told):
    message_id = post()
    sender_of(account).step(Channel.EMAIL)
    (mail,) = post_office.inbox
    assert mail["Message-ID"] == f"<{message_id.hex}@hospital.example>"
    assert (mail["Subject"], mail["To"]) == ("本周健康建议", "zhou@example.com")
    text = mail.get_content()
    assert "https://p.example/p/" in text
    assert "150" not in text, "the advice itself stands behind the link"
    assert told()[0].state == "accepted"


REPLIES = [
    ("451 later", "retrying", 0), ("550 no such user", "failed", 0), ("552 mailbox full", "retrying", 86_000),
    ("535 who are you", "retrying", 0),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "state", "wait"), REPLIES)
def test_replies_of_smtp(reply, state, wait, sender_of, account, post_office, post, told, clock):
    post_office.replies.append(reply)
    post()
    sender = sender_of(account)
    sender.step(Channel.EMAIL)
    row = told()[0]
    assert (row.state, row.detail) == (state, reply)
    assert row.send_at >= clock() + timedelta(seconds=wait)
    if reply.startswith("535"):
        clock.advance(timedelta(hours=1))
        assert sender.step(Channel.EMAIL) == 0, "the channel is stopped"


def test_an_accepted_mail_whose_answer_was_lost_is_not_sent_again(
    sender_of, account, post_office, post, told, clock
):
    post_office.replies.append("lost")
    post()
    sender = sender_of(account)
    sender.step(Channel.EMAIL)
    assert told()[0].state == "unknown"
    clock.advance(timedelta(minutes=1))
    sender.tick()
    sender.step(Channel.EMAIL)
    assert (told()[0].state, told()[0].reason, len(post_office.inbox)) == ("failed", "maybe_sent", 1)


def test_mail_is_not_sent_in_clear_where_tls_was_asked_for(sender_of, account, post_office, post, told):
    import msgspec

    asks = msgspec.structs.replace(account, security="starttls")
    post()
    sender_of(asks).step(Channel.EMAIL)
    assert post_office.inbox == []
    assert told()[0].state == "retrying"


def test_nothing_gets_into_a_header():
    parcel = Parcel(
        uuid.uuid4(), uuid.uuid4(), Channel.EMAIL, Category.NOTICE, "x", "标题\r\nBcc: all@example.com", "正文", {},
        "zhou@example.com", None, 1, None, has_body=False, again=False,
    )  # fmt: skip
    mail = written(parcel, "care@hospital.example")
    assert mail["Bcc"] is None
    assert "\n" not in str(mail["Subject"])


@pytest.mark.parametrize(
    "address", ["a@b", "@b.cn", "a b@c.cn", "a@b.cn\r\nBcc: x@y.cn", "a,b@c.cn", "<a@b.cn>"]
)
def test_what_is_no_mail_address_is_refused(address, desk, operator, client):
    with pytest.raises(DomainError, match=r"bad_address|control"):
        bound(desk, operator, client, "email", address)


def dsn(message_id, action, status="5.1.1"):
    return (
        "From: mailer-daemon@example.com\r\nTo: care@hospital.example\r\nSubject: Undelivered\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; zhou@example.com\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id.hex}@hospital.example>\r\n"
        "Subject: x\r\n\r\n--b--\r\n"
    ).encode()


def test_a_notification_of_failure_is_read_into_the_state(sender_of, account, post, told, desk, system):
    message_id = post()
    sender_of(account).step(Channel.EMAIL)
    bounce = read_dsn(dsn(message_id, "failed"))
    assert (bounce.message_id, bounce.result) == (message_id, "failed")
    desk.run(NoteReceipt(message_id=bounce.message_id, result=bounce.result, detail=bounce.detail), system)
    assert (told()[0].state, told()[0].reason) == ("failed", "receipt_failed")


@pytest.mark.parametrize(
    "raw", [b"", b"Subject: hello\r\n\r\nhi", dsn(uuid.uuid4(), "delayed"), b"\xff\x00" * 50]
)
def test_what_is_no_notification_says_nothing(raw):
    assert read_dsn(raw) is None


def test_classes_of_replies():
    assert [answered(code, b"x").kind for code in (250, 421, 550, 552, 535)] == [
        "accepted", "retry", "failed", "retry", "configuration",
    ]  # fmt: skip
