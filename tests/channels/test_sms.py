"""SMS through the sender against simulated services that verify signatures and fail as they are told."""

from datetime import timedelta

import pytest

from domain.messaging.commands import SendMessage
from domain.messaging.records import Channel
from server.channels.simulators.sms import AliyunSimulator, TencentSimulator
from tests.channels.conftest import SECRETS, sms_account

ALIYUN = [("sms_aliyun", {"signature": "v1"}), ("sms_aliyun", {"signature": "v3"})]
BOTH = [*ALIYUN, ("sms_tencent", {})]


@pytest.fixture
def post(desk, operator, client):
    def queue(template="form_invite", **params):
        order = SendMessage(patient_id=client, template=template, channel=Channel.SMS, params=params)
        return desk.run(order, operator).receipt

    return queue


def playing(kind):
    return AliyunSimulator() if kind == "sms_aliyun" else TencentSimulator()


@pytest.mark.parametrize(("kind", "more"), BOTH)
def test_an_sms_arrives_with_a_link_that_opens_the_rest(kind, more, sender_of, post, told):
    with playing(kind).running() as vendor:
        sender = sender_of(sms_account(kind, vendor.url, **more))
        message_id = post()
        assert sender.step(Channel.SMS) == 1
        (arrived,) = vendor.inbox
        given = list(arrived["params"].values()) if kind == "sms_aliyun" else arrived["params"]
        assert given[0] == "周女士"
        assert given[2] == f"https://p.example/p/{sender.link_token(message_id)}"
        row = told()[0]
        assert (row.state, row.attempt) == ("accepted", 1)
        assert row.vendor_id == (arrived.get("BizId") or arrived.get("SerialNo"))
        assert given[2] not in row.text, "the secret of a link is nowhere kept"
        assert len(sender.link_token(message_id)) * 6 >= 128


@pytest.mark.parametrize(("kind", "more"), BOTH)
def test_a_wrong_secret_stops_the_channel(kind, more, sender_of, post, told):
    with playing(kind).running() as vendor:
        wrong = {**SECRETS, "AFTERCHECK_SECRET_ALI": "no", "AFTERCHECK_SECRET_TX": "no"}
        sender = sender_of(sms_account(kind, vendor.url, **more), secrets=wrong)
        post()
        sender.step(Channel.SMS)
        assert (vendor.inbox, told()[0].state, told()[0].reason) == ([], "retrying", "configuration")
        assert sender.step(Channel.SMS) == 0


def test_a_secret_that_is_not_there_stops_the_channel(sender_of, post, told):
    with AliyunSimulator().running() as vendor:
        sender = sender_of(sms_account("sms_aliyun", vendor.url), secrets={})
        post()
        sender.step(Channel.SMS)
        assert (told()[0].reason, told()[0].detail) == ("configuration", "channels.no_secret")


ANSWERS = [
    ("isv.BUSINESS_LIMIT_CONTROL", "retrying", "limited"), ("isp.SYSTEM_ERROR", "retrying", "busy"),
    ("isv.MOBILE_NUMBER_ILLEGAL", "failed", "bad_address"), ("isv.BLACK_KEY_CONTROL_LIMIT", "failed", "bad_template"),
    ("isv.SOMETHING_NEW", "failed", "refused"), ("isv.AMOUNT_NOT_ENOUGH", "retrying", "no_balance"),
    ("isv.DENY_IP_RANGE", "retrying", "configuration"), ("Throttling.User", "retrying", "busy"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "state", "reason"), ANSWERS)
def test_codes_of_aliyun(code, state, reason, sender_of, post, told, clock):
    with AliyunSimulator().running() as vendor:
        vendor.fail("/", {"kind": "answer", "body": {"Code": code, "Message": "说明"}})
        sender = sender_of(sms_account("sms_aliyun", vendor.url))
        post()
        sender.step(Channel.SMS)
        row = told()[0]
        assert (row.state, row.reason) == (state, reason)
        assert row.detail == f"{code} 说明"
        if reason == "limited":
            assert row.send_at >= clock() + timedelta(seconds=65), "wait, do not hammer"
            assert sender.step(Channel.SMS) == 0


TENCENT = [
    ("LimitExceeded.PhoneNumberThirtySecondLimit", "retrying", 31),
    ("LimitExceeded.PhoneNumberOneHourLimit", "retrying", 3600),
    ("LimitExceeded.PhoneNumberDailyLimit", "retrying", 86_000),
    ("FailedOperation.PhoneNumberInBlacklist", "failed", 0),
]  # fmt: skip


@pytest.mark.parametrize(("code", "state", "wait"), TENCENT)
def test_codes_of_tencent_stand_with_each_number(code, state, wait, sender_of, post, told, clock):
    with TencentSimulator().running() as vendor:
        status = {"SerialNo": "", "Code": code, "Message": "x"}
        vendor.fail("/", {"kind": "answer", "body": {"Response": {"SendStatusSet": [status]}}})
        sender = sender_of(sms_account("sms_tencent", vendor.url))
        post()
        sender.step(Channel.SMS)
        assert told()[0].state == state
        assert told()[0].send_at >= clock() + timedelta(seconds=wait)


@pytest.mark.parametrize("code", ["AuthFailure.SecretIdNotFound", "UnauthorizedOperation.RequestIpNotInWhitelist",
                                  "FailedOperation.InsufficientBalanceInSmsPackage"])  # fmt: skip
def test_tencents_errors_at_the_top_stop_the_channel(code, sender_of, post, told):
    with TencentSimulator().running() as vendor:
        vendor.fail("/", {"kind": "answer", "body": {"Response": {"Error": {"Code": code, "Message": "x"}}}})
        sender = sender_of(sms_account("sms_tencent", vendor.url))
        post()
        sender.step(Channel.SMS)
        assert told()[0].state == "retrying"
        assert sender.step(Channel.SMS) == 0


FAULTS = [
    ({"kind": "status", "status": 500}, "retrying"), ({"kind": "status", "status": 502}, "retrying"),
    ({"kind": "html", "status": 502}, "retrying"), ({"kind": "html", "status": 200}, "unknown"),
    ({"kind": "empty"}, "unknown"), ({"kind": "cut"}, "unknown"), ({"kind": "lost"}, "unknown"),
    ({"kind": "slow", "seconds": 1.5}, "unknown"), ({"kind": "status", "status": 429}, "retrying"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "state"), FAULTS)
def test_faults_of_the_line(fault, state, sender_of, post, told):
    with AliyunSimulator().running() as vendor:
        vendor.fail("/", fault)
        sender = sender_of(sms_account("sms_aliyun", vendor.url))
        post()
        sender.step(Channel.SMS)
        assert told()[0].state == state


def test_nobody_there_is_tried_again(sender_of, post, told, clock):
    vendor = AliyunSimulator()
    url = vendor.start()
    vendor.stop()
    sender = sender_of(sms_account("sms_aliyun", url))
    post()
    sender.step(Channel.SMS)
    assert (told()[0].state, told()[0].reason) == ("retrying", "unreachable")


@pytest.mark.parametrize(("kind", "more"), BOTH)
def test_a_success_whose_answer_was_lost_is_found_and_not_sent_twice(
    kind, more, sender_of, post, told, clock
):
    with playing(kind).running() as vendor:
        vendor.fail("/", {"kind": "lost"})
        sender = sender_of(sms_account(kind, vendor.url, **more))
        post()
        sender.step(Channel.SMS)
        assert (told()[0].state, len(vendor.inbox)) == ("unknown", 1)
        clock.advance(timedelta(minutes=1))
        sender.tick()
        sender.step(Channel.SMS)
        assert (told()[0].state, len(vendor.inbox)) == ("delivered", 1)


def test_what_the_vendor_does_not_know_is_not_sent_twice(sender_of, post, told, clock):
    with AliyunSimulator().running() as vendor:
        vendor.fail("/", {"kind": "empty"})
        sender = sender_of(sms_account("sms_aliyun", vendor.url))
        post()
        post("contact_us", service_phone="025-1")
        vendor.fail("/", {"kind": "empty"})
        sender.step(Channel.SMS)
        clock.advance(timedelta(minutes=1))
        sender.tick()
        sender.step(Channel.SMS)
        assert [m["TemplateCode"] for m in vendor.inbox] == ["SMS_2"], "only what is critical is sent again"
        assert told(template="form_invite")[0].reason == "maybe_sent"


def test_a_template_the_vendor_does_not_have_is_told(sender_of, desk, operator, client, told):
    with AliyunSimulator().running() as vendor:
        sender = sender_of(sms_account("sms_aliyun", vendor.url))
        desk.run(SendMessage(patient_id=client, template="activity_week", channel=Channel.SMS), operator)
        sender.step(Channel.SMS)
        assert (told()[0].state, told()[0].reason) == ("failed", "not_registered")


def test_links_stay_the_same_from_try_to_try(sender_of, post, told, clock):
    from sqlalchemy import func, select

    from domain.links.records import PersonLink

    with AliyunSimulator().running() as vendor:
        vendor.fail("/", {"kind": "status", "status": 503})
        sender = sender_of(sms_account("sms_aliyun", vendor.url))
        post()
        sender.step(Channel.SMS)
        clock.advance(timedelta(minutes=1))
        assert sender.step(Channel.SMS) == 1
        with sender._dispatcher.store.read() as connection:
            assert connection.execute(select(func.count()).select_from(PersonLink.__table__)).scalar() == 1
