"""SMS through the sender against simulated services that verify signatures and fail as they are told."""

from datetime import timedelta

import pytest

from domain.messaging.commands import SendMessage
from domain.messaging.records import Channel
from server.channels.accounts import Secrets
from server.channels.simulators.sms import AliyunSimulator, TencentSimulator
from server.channels.sms_aliyun import AliyunSms
from server.channels.sms_tencent import TencentSms
from tests.channels.conftest import SECRETS, parcel_for, sms_account

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
    ("isv.BUSINESS_LIMIT_CONTROL", "retry", "limited"), ("isp.SYSTEM_ERROR", "retry", "busy"),
    ("isv.MOBILE_NUMBER_ILLEGAL", "failed", "bad_address"), ("isv.BLACK_KEY_CONTROL_LIMIT", "failed", "bad_template"),
    ("isv.SOMETHING_NEW", "failed", "refused"), ("isv.AMOUNT_NOT_ENOUGH", "configuration", "no_balance"),
    ("isv.DENY_IP_RANGE", "configuration", "configuration"), ("Throttling.User", "retry", "busy"),
]  # fmt: skip


@pytest.fixture
def aliyun(clock):
    """An adapter beside its vendor, without a store."""
    with AliyunSimulator().running() as vendor:
        adapter = AliyunSms(sms_account("sms_aliyun", vendor.url), Secrets(None, SECRETS), clock)
        adapter._wire._read_s = 0.5
        yield adapter, vendor


@pytest.fixture
def tencent(clock):
    with TencentSimulator().running() as vendor:
        yield TencentSms(sms_account("sms_tencent", vendor.url), Secrets(None, SECRETS), clock), vendor


@pytest.mark.parametrize(("code", "kind", "reason"), ANSWERS)
def test_codes_of_aliyun(code, kind, reason, aliyun):
    adapter, vendor = aliyun
    vendor.fail("/", {"kind": "answer", "body": {"Code": code, "Message": "说明"}})
    outcome = adapter.send(parcel_for("sms"))
    assert (outcome.kind, outcome.reason, outcome.detail) == (kind, reason, f"{code} 说明")


def test_who_was_refused_for_being_too_often_waits(sender_of, post, told, clock):
    with AliyunSimulator().running() as vendor:
        vendor.fail("/", {"kind": "answer", "body": {"Code": "isv.BUSINESS_LIMIT_CONTROL"}})
        sender = sender_of(sms_account("sms_aliyun", vendor.url))
        post()
        sender.step(Channel.SMS)
        assert (told()[0].state, told()[0].reason) == ("retrying", "limited")
        assert told()[0].send_at >= clock() + timedelta(seconds=65), "wait, do not hammer"
        assert sender.step(Channel.SMS) == 0


TENCENT = [
    ("LimitExceeded.PhoneNumberThirtySecondLimit", "retry", 31),
    ("LimitExceeded.PhoneNumberOneHourLimit", "retry", 3600),
    ("LimitExceeded.PhoneNumberDailyLimit", "retry", 86_000),
    ("FailedOperation.PhoneNumberInBlacklist", "failed", 0),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kind", "wait"), TENCENT)
def test_codes_of_tencent_stand_with_each_number(code, kind, wait, tencent):
    adapter, vendor = tencent
    status = {"SerialNo": "", "Code": code, "Message": "x"}
    vendor.fail("/", {"kind": "answer", "body": {"Response": {"SendStatusSet": [status]}}})
    outcome = adapter.send(parcel_for("sms"))
    assert outcome.kind == kind
    assert outcome.wait_s >= wait


TOP = [
    "AuthFailure.SecretIdNotFound", "UnauthorizedOperation.RequestIpNotInWhitelist",
    "FailedOperation.InsufficientBalanceInSmsPackage",
]  # fmt: skip


@pytest.mark.parametrize("code", TOP)
def test_tencents_errors_at_the_top_are_our_set_up(code, tencent):
    adapter, vendor = tencent
    vendor.fail("/", {"kind": "answer", "body": {"Response": {"Error": {"Code": code, "Message": "x"}}}})
    assert adapter.send(parcel_for("sms")).kind == "configuration"


FAULTS = [
    ({"kind": "status", "status": 500}, "retry"), ({"kind": "status", "status": 502}, "retry"),
    ({"kind": "html", "status": 502}, "retry"), ({"kind": "html", "status": 200}, "unknown"),
    ({"kind": "empty"}, "unknown"), ({"kind": "cut"}, "unknown"), ({"kind": "lost"}, "unknown"),
    ({"kind": "slow", "seconds": 1.5}, "unknown"), ({"kind": "status", "status": 429}, "retry"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "kind"), FAULTS)
def test_faults_of_the_line(fault, kind, aliyun):
    adapter, vendor = aliyun
    vendor.fail("/", fault)
    assert adapter.send(parcel_for("sms")).kind == kind


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
