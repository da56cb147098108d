"""WeCom, Official Account and mini program through the sender against simulated services."""

from datetime import timedelta

import pytest

from domain.kernel.errors import DomainError
from domain.messaging.commands import SendMessage
from domain.messaging.records import Channel
from server.channels.accounts import Account, Secrets, VendorTemplate
from server.channels.mini_program import MiniProgram, fits
from server.channels.simulators.sms import AliyunSimulator
from server.channels.simulators.wechat import WeChatSimulator
from server.channels.tokens import Fetched, Tokens
from server.channels.wecom import WeCom
from tests.channels.conftest import SECRETS, bound, parcel_for, sms_account

KEYS = {**SECRETS, "AFTERCHECK_SECRET_WX": "wechat-secret-of-the-simulator"}


@pytest.fixture
def vendor():
    with WeChatSimulator(known={"zhangsan", "wmZhou", "oZhou"}).running() as running:
        yield running


def wecom(vendor, **more):
    given = {"app_id": vendor.app_id, "secret": "wx", "contact_secret": "wx", "agent_id": 1000002}
    return Account(id="corp", kind="wecom", base_url=vendor.url, **{**given, **more})


def official(vendor):
    templates = {
        "form_invite": VendorTemplate("T1", ("client", "org"), {"client": "thing1", "org": "thing2"})
    }
    return Account(
        id="oa",
        kind="official_account",
        base_url=vendor.url,
        app_id=vendor.app_id,
        secret="wx",
        templates=templates,
    )


def mini(vendor, **more):
    templates = {
        "form_invite": VendorTemplate("M1", ("client", "org"), {"client": "thing1", "org": "thing2"})
    }
    return Account(
        id="mini", kind="mini_program", base_url=vendor.url, app_id=vendor.app_id, secret="wx",
        templates={**templates, **more},
    )  # fmt: skip


@pytest.fixture
def reach(desk, operator, client):
    """Return a function that makes the client reachable by a channel and queues a message."""

    def queue(channel, address, template="form_invite", **more):
        bound(desk, operator, client, channel, address, **more)
        order = SendMessage(patient_id=client, template=template, channel=Channel(channel))
        return desk.run(order, operator).receipt

    return queue


def test_a_task_for_a_client_waits_for_the_member_of_staff(vendor, sender_of, reach, told, clock):
    sender = sender_of(wecom(vendor), secrets=KEYS)
    reach("wecom_client", "wmZhou", via="zhangsan")
    sender.step(Channel.WECOM_CLIENT)
    (task,) = vendor.inbox
    assert (task["to"], task["sender"]) == (["wmZhou"], "zhangsan")
    row = told()[0]
    assert (row.state, row.reason, row.vendor_id) == ("accepted", "waits_for_staff", task["msgid"])
    sender.tick()
    assert told()[0].state == "accepted", "nobody has confirmed it"
    vendor.results[task["msgid"]] = {"external_userid": "wmZhou", "status": 1}
    clock.advance(timedelta(minutes=6))
    sender.tick()
    assert (told()[0].state, told()[0].reason) == ("delivered", None)


def test_errcode_0_with_an_invalid_user_has_reached_nobody(
    vendor, sender_of, reach, told, desk, operator, client
):
    vendor.fail(
        "/message/send",
        {"kind": "answer", "body": {"errcode": 0, "errmsg": "ok", "invaliduser": "u9", "msgid": "m"}},
    )
    sender = sender_of(wecom(vendor), secrets=KEYS)
    staff_message(desk, operator)
    sender.step(Channel.WECOM)
    assert (told()[0].state, told()[0].reason) == ("failed", "bad_address")
    assert "u9" in told()[0].detail


def staff_message(desk, operator, address="zhangsan"):
    """Queue an alert to a member of staff; returns the message's id."""
    from domain.kernel.unit_of_work import UnitOfWork
    from domain.messaging.queueing import queue_message
    from domain.people.records import Staff

    with desk.store.write() as connection:
        work = UnitOfWork(connection, operator, now=desk.clock(), new_id=desk.ids, content=desk.content)
        staff = work.add(
            Staff(
                login=f"u{address}",
                name="张三",
                role="it",
                password_hash="x",
                password_set_at=desk.clock(),
                active=True,
            )
        )
        work.commit_entry("test.staff", txn_id=desk.ids())
        work.close()
    from domain.messaging.commands import BindAddress

    desk.run(BindAddress(staff_id=staff.id, channel=Channel.WECOM, address=address), operator)
    with desk.store.write() as connection:
        work = UnitOfWork(connection, operator, now=desk.clock(), new_id=desk.ids, content=desk.content)
        params = {"alert": "接口中断预警", "level": "紧急", "at": "11-23 09:00"}
        message = queue_message(work, "staff_alert", staff_id=staff.id, params=params)
        work.commit_entry("test.queue", txn_id=desk.ids())
        work.close()
    return message.id


def test_a_token_that_somebody_else_replaced_is_fetched_anew_once(vendor, sender_of, told, desk, operator):
    sender = sender_of(wecom(vendor), secrets=KEYS)
    staff_message(desk, operator)
    sender.step(Channel.WECOM)
    assert (told()[0].state, vendor.fetched) == ("accepted", 1)
    vendor.rotate()
    staff_message(desk, operator, "wmZhou")
    sender.step(Channel.WECOM)
    assert (told()[1].state, vendor.fetched) == ("accepted", 2)
    assert len(vendor.inbox) == 2


def test_a_token_that_is_never_accepted_is_not_asked_for_for_ever(vendor, sender_of, told, desk, operator):
    refused = {"kind": "answer", "body": {"errcode": 42001, "errmsg": "expired"}}
    vendor.fail("/message/send", refused, refused)
    sender = sender_of(wecom(vendor), secrets=KEYS)
    staff_message(desk, operator)
    sender.step(Channel.WECOM)
    assert (told()[0].state, told()[0].reason, vendor.fetched) == ("retrying", "token", 2)


def test_a_wrong_secret_is_our_set_up(vendor, sender_of, told, desk, operator):
    sender = sender_of(wecom(vendor), secrets={"AFTERCHECK_SECRET_WX": "wrong"})
    staff_message(desk, operator)
    sender.step(Channel.WECOM)
    assert (told()[0].state, told()[0].reason) == ("retrying", "configuration")
    assert sender.step(Channel.WECOM) == 0


CODES = [
    (-1, "retry", "busy"), (45009, "retry", "limited"), (45033, "retry", "limited"),
    (40058, "failed", "bad_template"),
    (81013, "failed", "bad_address"), (60020, "configuration", "configuration"),
    (48002, "configuration", "configuration"),
    (99999, "failed", "refused"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kind", "reason"), CODES)
def test_codes_of_wecom(code, kind, reason, vendor, clock, tmp_path):
    vendor.fail("/message/send", {"kind": "answer", "body": {"errcode": code, "errmsg": "x"}})
    tokens = Tokens(tmp_path / "t.db", clock)
    outcome = WeCom(wecom(vendor), Secrets(None, KEYS), clock, tokens).send(
        parcel_for("wecom", address="zhangsan")
    )
    tokens.close()
    assert (outcome.kind, outcome.reason) == (kind, reason)


def test_busy_busy_good(vendor, sender_of, told, desk, operator, clock):
    busy = {"kind": "answer", "body": {"errcode": -1, "errmsg": "system busy"}}
    vendor.fail("/message/send", busy, busy)
    staff_message(desk, operator)
    sender = sender_of(wecom(vendor), secrets=KEYS)
    for _ in range(3):
        sender.step(Channel.WECOM)
        clock.advance(timedelta(minutes=1))
    assert (told()[0].state, told()[0].attempt, len(vendor.inbox)) == ("accepted", 3, 1)


def test_a_lost_answer_is_repeated_where_the_vendor_drops_repetitions(
    vendor, sender_of, told, desk, operator, clock
):
    vendor.fail("/message/send", {"kind": "lost"})
    staff_message(desk, operator)
    sender = sender_of(wecom(vendor), secrets=KEYS)
    sender.step(Channel.WECOM)
    assert told()[0].state == "unknown"
    clock.advance(timedelta(minutes=1))
    sender.tick()
    sender.step(Channel.WECOM)
    assert (told()[0].state, len(vendor.inbox)) == ("accepted", 1)


def test_a_lost_answer_of_the_official_account_too(vendor, sender_of, reach, told, clock):
    vendor.fail("/template/send", {"kind": "lost"})
    reach("official_account", "oZhou")
    sender = sender_of(official(vendor), secrets=KEYS)
    sender.step(Channel.OFFICIAL_ACCOUNT)
    clock.advance(timedelta(minutes=1))
    sender.tick()
    sender.step(Channel.OFFICIAL_ACCOUNT)
    assert (told()[0].state, len(vendor.inbox)) == ("accepted", 1)
    assert vendor.inbox[0]["data"]["thing1"]["value"] == "周女士"
    assert vendor.inbox[0]["url"].startswith("https://p.example/p/")


def test_who_no_longer_follows_gets_an_sms(vendor, sender_of, reach, told):
    with AliyunSimulator().running() as sms:
        sender = sender_of(official(vendor), sms_account("sms_aliyun", sms.url), secrets=KEYS)
        reach("official_account", "oGone")
        sender.step(Channel.OFFICIAL_ACCOUNT)
        assert (told()[0].state, told()[0].reason) == ("failed", "bad_address")
        sender.step(Channel.SMS)
        assert [m["TemplateCode"] for m in sms.inbox] == ["SMS_1"]
        assert told()[1].repeats_id == told()[0].id


def test_one_consent_is_one_message_then_it_goes_by_sms(vendor, sender_of, reach, told):
    vendor.consents["oMini"] = 1
    with AliyunSimulator().running() as sms:
        sender = sender_of(mini(vendor), sms_account("sms_aliyun", sms.url), secrets=KEYS)
        reach("mini_program", "oMini", consents=2)
        sender.step(Channel.MINI_PROGRAM)
        reach("mini_program", "oMini", consents=1)
        sender.step(Channel.MINI_PROGRAM)
        assert [r.state for r in told()][:2] == ["accepted", "failed"]
        assert told()[1].reason == "no_consent"
        sender.step(Channel.SMS)
        assert len(sms.inbox) == 1


@pytest.mark.parametrize(
    ("field", "value", "good"),
    [
        ("thing1", "字" * 20, True), ("thing1", "字" * 21, False),
        ("phrase3", "已完成", True), ("phrase3", "done", False),
        ("time2", "2026-11-23 09:00", True),
        ("time2", "明天", False), ("number1", "12", True),
        ("name1", "王" * 11, False),
        ("date1", "2026-11-23", True), ("anything", "x" * 99, True),
    ],
)  # fmt: skip
def test_kinds_of_fields_are_checked_here(field, value, good):
    assert fits(field, value) is good


def test_a_login_of_the_mini_program(vendor, clock, tmp_path):
    tokens = Tokens(tmp_path / "t.db", clock)
    program = MiniProgram(mini(vendor), Secrets(None, KEYS), clock, tokens)
    vendor.codes["c1"] = {"openid": "o1", "session_key": "k", "unionid": "u1"}
    assert program.log_in("c1").openid == "o1"
    with pytest.raises(DomainError, match="bad_code"):
        program.log_in("c1")
    stamp = int(clock().timestamp())
    vendor.codes["p1"] = {
        "purePhoneNumber": "13800000009",
        "watermark": {"appid": vendor.app_id, "timestamp": stamp},
    }
    assert program.phone("p1") == "13800000009"
    vendor.codes["p2"] = {"purePhoneNumber": "1", "watermark": {"appid": "another", "timestamp": stamp}}
    with pytest.raises(DomainError, match="bad_code"):
        program.phone("p2")
    vendor.codes["p3"] = {
        "purePhoneNumber": "1",
        "watermark": {"appid": vendor.app_id, "timestamp": stamp - 900},
    }
    with pytest.raises(DomainError, match="bad_code"):
        program.phone("p3")
    tokens.close()


def test_tags_and_welcome_and_what_may_be_used(vendor, sender_of):
    sender = sender_of(wecom(vendor), secrets=KEYS)
    adapter = sender.book._adapters[0][1]
    number = adapter.add_tag("风险", "高危")
    assert adapter.tags() == {"风险/高危": number}
    adapter.mark("zhangsan", "wmZhou", [number], [])
    assert vendor.marked["wmZhou"] == [number]
    adapter.welcome("code", "您好")
    assert adapter.probe().refused == {}
    vendor.fail(
        "/get_follow_user_list", {"kind": "answer", "body": {"errcode": 48002, "errmsg": "no permission"}}
    )
    probe = adapter.probe()
    assert set(probe.usable) == {"app", "tags"}
    assert probe.refused == {"contacts": "48002 no permission"}


def test_only_one_fetches_a_token(clock, tmp_path):
    import threading

    shared = [Tokens(tmp_path / "t.db", clock) for _ in range(4)]
    fetched = []

    def fetch():
        fetched.append(1)
        return Fetched(f"t{len(fetched)}", 7200)

    found = []
    threads = [threading.Thread(target=lambda t=t: found.append(t.get("a", fetch))) for t in shared]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(fetched), set(found)) == (1, {"t1"})
    clock.advance(timedelta(seconds=7200 - 290))
    assert shared[0].get("a", fetch) == "t2", "five minutes before it runs out"
    assert shared[1].get("a", fetch, refused="t1") == "t2", "somebody has fetched another meanwhile"

    def broken():
        raise RuntimeError("away")

    with pytest.raises(RuntimeError):
        shared[2].get("a", broken, refused="t2")
    assert shared[3].get("a", fetch) == "t2"
    for one in shared:
        one.close()
