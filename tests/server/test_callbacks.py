"""What vendors push to a running centre: checked, kept once, worked off; and the alert of what nobody answered."""

from datetime import date, timedelta

import pytest
import requests
from sqlalchemy import select

from domain.alerts.records import Alert
from domain.conversations.commands import ReplyToClient
from domain.conversations.records import Conversation, ConversationMessage
from domain.messaging.commands import BindAddress, SendMessage
from domain.messaging.records import Channel, ContactAddress, OutboxMessage
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex, Staff
from server.channels.simulators.sms import AliyunSimulator
from server.channels.simulators.wechat import WeChatSimulator
from tests.fixtures.patience import until
from tests.server.conftest import running_copy
from tests.server.phone import Phone

CHANNELS = """
public_url = "http://phone.example"
[[account]]
id = "oa"
kind = "official_account"
orgs = ["B01"]
base_url = "{wechat}"
app_id = "wx5823bf96d3bd56c7"
secret = "wechat"
callback_token = "token"
callback_aes_key = "aes"
[[account]]
id = "corp"
kind = "wecom"
base_url = "{corp}"
app_id = "wx5823bf96d3bd56c7"
secret = "wechat"
contact_secret = "wechat"
callback_token = "token"
callback_aes_key = "aes"
welcome = "您好，欢迎"
[[account]]
id = "sms"
kind = "sms_aliyun"
base_url = "{sms}"
app_id = "key"
secret = "ali"
callback_token = "path"
sign_name = "检后通"
[account.templates.activity_week]
code = "SMS_9"
params = ["client", "link"]
"""


@pytest.fixture(scope="module")
def vendors():
    with (
        WeChatSimulator(known={"oZhou"}).running() as oa,
        WeChatSimulator(known={"lisi"}).running() as corp,
        AliyunSimulator().running() as sms,
    ):
        yield {"oa": oa, "corp": corp, "sms": sms}


@pytest.fixture(scope="module")
def server(prepared, vendors, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    urls = {"wechat": vendors["oa"].url, "corp": vendors["corp"].url, "sms": vendors["sms"].url}
    (home / "channels.toml").write_text(CHANNELS.format(**urls), "utf-8")
    secrets = home / "secrets"
    secrets.mkdir()
    oa = vendors["oa"]
    for name, value in {
        "wechat": oa.secret, "token": oa.token, "aes": oa.aes_key, "ali": vendors["sms"].secret,
        "path": "quite-secret",
    }.items():  # fmt: skip
        (secrets / name).write_text(value, "utf-8")
    with running_copy(prepared, home, secrets_dir=secrets) as found:
        yield found


@pytest.fixture
def push(server, vendors):
    def send(fields, account="oa", **more):
        vendor = vendors[account]
        more.setdefault("at", int(server.clock().timestamp()))
        return vendor.push(f"{server.api.url}/callbacks/wechat/{account}", fields, **more)

    return send


def rows(server, record, **wanted):
    conditions = [getattr(record, name) == value for name, value in wanted.items()]
    with server.centre.store.read() as connection:
        return connection.execute(select(record.__table__).where(*conditions)).all()


def said(text, number, peer="oZhou"):
    return {
        "FromUserName": peer,
        "CreateTime": "1795395600",
        "MsgType": "text",
        "Content": text,
        "MsgId": number,
    }


def test_the_address_is_confirmed_with_the_text_alone(server, vendors):
    url = f"{server.api.url}/callbacks/wechat/oa"
    at = int(server.clock().timestamp())
    answer = vendors["oa"].verify_url(url, "1616140317555161061", at=at)
    assert (answer.status_code, answer.text) == (200, "1616140317555161061")
    assert vendors["oa"].verify_url(url, "x", at=at - 400).status_code == 403


def test_a_message_becomes_a_conversation_and_its_answer_reaches_the_client(server, vendors, push):
    for _ in range(3):  # the vendor did not hear our answer
        assert push(said("我能吃钙片吗", "m1")).text == "success"
    (conversation,) = until(lambda: rows(server, Conversation, channel="official_account"))
    assert len(rows(server, ConversationMessage, conversation_id=conversation.id)) == 1
    assert (conversation.state, conversation.org_id) == ("owed", server.orgs["B01"])
    operator = rows(server, Staff, login="messaging_operator")[0]
    assert conversation.owner_id == operator.id
    answer = server.api.post(
        "/api/commands/conversation.reply", token=server.token("messaging_operator"),
        json={"conversation_id": str(conversation.id), "text": "可以，饭后吃"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    until(lambda: vendors["oa"].inbox)
    assert vendors["oa"].inbox[0]["text"]["content"] == "可以，饭后吃"
    until(lambda: rows(server, Conversation, id=conversation.id)[0].state == "answered")


def test_replays_wrong_signatures_other_receivers_and_old_ones_are_refused(server, push):
    nonce = {"nonce": "n1"}
    assert push(said("一次", "m7"), **nonce).status_code == 200
    before = len(rows(server, ConversationMessage))
    assert push(said("伪造", "m8"), wrong="signature").status_code == 403
    assert push(said("他人", "m9"), receive_id="wx0000000000000000").status_code == 403
    assert push(said("过时", "m10"), at=int(server.clock().timestamp()) - 400).status_code == 403
    assert (
        requests.post(f"{server.api.url}/callbacks/wechat/oa", data=b"<xml>", timeout=10).status_code == 403
    )
    assert requests.post(f"{server.api.url}/callbacks/wechat/nobody", data=b"", timeout=10).status_code == 404
    until(lambda: len(rows(server, ConversationMessage)) >= before)
    texts = {r.text for r in rows(server, ConversationMessage)}
    assert not texts & {"伪造", "他人", "过时"}


def test_the_very_same_request_is_refused_the_second_time(server, vendors):
    from server.channels.callback_crypto import encrypt, pushed, signature

    oa = vendors["oa"]
    encrypted = encrypt(pushed(said("重放", "m20")), oa.aes_key, oa.app_id)
    stamp = str(int(server.clock().timestamp()))
    query = {
        "timestamp": stamp,
        "nonce": "again",
        "msg_signature": signature(oa.token, stamp, "again", encrypted),
    }
    body = pushed({"Encrypt": encrypted}).encode()
    url = f"{server.api.url}/callbacks/wechat/oa"
    answers = [requests.post(url, params=query, data=body, timeout=10).status_code for _ in range(2)]
    assert answers == [200, 403]


def test_following_and_leaving_and_a_welcome(server, vendors, push):
    added = {"MsgType": "event", "Event": "change_external_contact", "ChangeType": "add_external_contact",
             "UserID": "lisi", "ExternalUserID": "wmNew", "WelcomeCode": "W1", "CreateTime": "1"}  # fmt: skip
    assert push(added, "corp").status_code == 200
    until(lambda: rows(server, ContactAddress, address="wmNew"))
    until(lambda: any(c.path.endswith("send_welcome_msg") for c in vendors["corp"].calls))
    gone = {**added, "ChangeType": "del_follow_user", "CreateTime": "2"}
    push(gone, "corp")
    until(lambda: rows(server, ContactAddress, address="wmNew")[0].opted_out_at)


def test_receipts_of_sms_come_late_twice_and_for_others(server, vendors):
    order = RegisterPatient(
        name="周回执", sex=Sex.FEMALE, birth_date=date(1980, 5, 1), phone="13800000001", another_person=True
    )
    client = server.as_system(order).patient_id
    message_id = server.as_system(
        SendMessage(patient_id=client, template="activity_week", channel=Channel.SMS)
    )
    until(lambda: rows(server, OutboxMessage, id=message_id)[0].state == "accepted")
    biz = rows(server, OutboxMessage, id=message_id)[0].vendor_id
    url = f"{server.api.url}/callbacks/sms/sms"
    receipts = [
        {"biz_id": "nobody", "out_id": "", "success": True, "err_code": "DELIVERED"},
        {"biz_id": biz, "out_id": message_id.hex, "success": False, "err_code": "DB:0103"},
        {"biz_id": biz, "out_id": message_id.hex, "success": True, "err_code": "DELIVERED"},
    ]
    assert requests.post(f"{url}/wrong", json=receipts, timeout=10).status_code == 404
    for _ in range(2):
        answer = requests.post(f"{url}/quite-secret", json=receipts, timeout=10)
        assert answer.json() == {"code": 0, "msg": "成功"}
    until(lambda: rows(server, OutboxMessage, id=message_id)[0].state == "delivered")
    token = server.centre.sender.link_token(message_id)
    phone = Phone(server, token)
    phone.open()
    phone.verify()
    phone.open()
    phone.send(say="可以每天跑步吗", **{"~once": "k1"})
    phone.send(say="可以每天跑步吗", **{"~once": "k1"})
    (question,) = rows(server, Conversation, channel="page")
    assert (question.kind, question.patient_id, question.state) == ("consultation", client, "owed")
    server.as_system(ReplyToClient(conversation_id=question.id, text="循序渐进为好"))
    phone.open()
    assert "循序渐进为好" in phone.text()
    assert phone.text().count("可以每天跑步吗") == 1


def test_what_nobody_answers_for_half_an_hour_is_told_also_outside_the_program(server, vendors, push):
    operator = rows(server, Staff, login="messaging_operator")[0]
    server.as_system(BindAddress(staff_id=operator.id, channel=Channel.WECOM, address="lisi"))
    push(said("有人吗", "m30", peer="oNew"))
    asked = until(lambda: [r for r in rows(server, Conversation) if r.last_text == "有人吗"])[0]
    server.clock.advance(timedelta(minutes=29))
    server.centre.readers._wake.set()
    server.clock.advance(timedelta(minutes=2))
    until(lambda: rows(server, Alert, rule="A-031", subject_id=asked.id))
    told = until(lambda: [m for m in vendors["corp"].inbox if m["to"] == ["lisi"]])
    assert "私域消息未回复预警" in told[0]["content"]
    handed = next(r for r in rows(server, Conversation) if r.last_text == "有人吗")
    server.as_system(ReplyToClient(conversation_id=handed.id, text="在"))
    until(lambda: rows(server, Alert, rule="A-031", subject_id=asked.id)[0].state == "closed")
    assert len([m for m in vendors["corp"].inbox if m["to"] == ["lisi"]]) == 1
