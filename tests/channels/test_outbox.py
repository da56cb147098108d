"""The outbox: when a message may go, what is kept of each try, and that nobody is told twice or at night."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.kernel.errors import DomainError
from domain.messaging.channel_commands import ResumeChannel
from domain.messaging.commands import (
    CancelMessage,
    OptOut,
    PauseClient,
    RepeatMessage,
    ResumeClient,
    SendMessage,
    SetPreference,
    ToldByPhone,
)
from domain.messaging.records import Category, Channel, ChannelState
from domain.messaging.rules import MOST_TRIES, is_quiet, morning_after, pause_before
from domain.messaging.sending_commands import (
    NoteOrphans,
    NoteReceipt,
    RemindUnread,
    ReportOutcome,
    SettleUnknown,
    TakeDoubtful,
    TakeDue,
)
from domain.messaging.template_commands import SendToMany, budget_of
from tests.channels.conftest import bound

SMS = TakeDue(channels=["sms"])


@pytest.fixture
def send(desk, operator, client):
    def queue(template="form_invite", **params):
        order = SendMessage(patient_id=client, template=template, channel=Channel.SMS, params=params)
        return desk.run(order, operator).receipt

    return queue


@pytest.fixture
def take(desk, system):
    return lambda **more: desk.run(TakeDue(channels=["sms"], **more), system).receipt


@pytest.fixture
def report(desk, system):
    def run(parcel, outcome, **more):
        order = ReportOutcome(message_id=parcel.message_id, attempt=parcel.attempt, outcome=outcome, **more)
        return desk.run(order, system).receipt

    return run


def channel_state(desk):
    from sqlalchemy import select

    with desk.store.read() as connection:
        return connection.execute(select(ChannelState.__table__)).one()


def test_quiet_hours_are_the_clinics(clock):
    assert is_quiet(datetime(2026, 11, 23, 13, 0, tzinfo=UTC))  # 21:00
    assert not is_quiet(datetime(2026, 11, 23, 12, 59, tzinfo=UTC))
    assert is_quiet(datetime(2026, 11, 22, 23, 59, tzinfo=UTC))  # 07:59
    assert morning_after(datetime(2026, 11, 23, 15, 0, tzinfo=UTC)) == datetime(
        2026, 11, 24, 0, 0, tzinfo=UTC
    )
    assert morning_after(datetime(2026, 11, 22, 17, 0, tzinfo=UTC)) == datetime(
        2026, 11, 23, 0, 0, tzinfo=UTC
    )


def test_pauses_grow_with_full_jitter_up_to_a_quarter_of_an_hour():
    assert pause_before(1, lambda: 0.0) == timedelta(0)
    assert pause_before(3, lambda: 0.5) == timedelta(seconds=4)
    assert pause_before(20, lambda: 1.0) == timedelta(minutes=15)
    assert pause_before(1, lambda: 0.0, 65) == timedelta(seconds=65)


def test_a_message_goes_its_way(send, take, report, told, desk, system):
    message_id = send()
    assert told()[0].state == "queued"
    (parcel,) = take()
    assert (parcel.address, parcel.attempt, told()[0].state) == ("13800000001", 1, "sending")
    assert "周女士" in parcel.text
    assert report(parcel, "accepted", vendor_id="B1")
    assert told()[0].state == "accepted"
    assert not report(parcel, "retry"), "an answer that comes twice changes nothing"
    assert desk.run(NoteReceipt(vendor_id="B1", result="delivered"), system).receipt
    assert not desk.run(NoteReceipt(vendor_id="B1", result="delivered"), system).receipt
    assert not desk.run(NoteReceipt(vendor_id="nobody's", result="failed"), system).receipt
    row = told(id=message_id)[0]
    assert (row.state, row.reason) == ("delivered", None)


def test_failed_then_good_is_good_and_good_then_failed_too(send, take, report, told, desk, system):
    send()
    report(take()[0], "accepted", vendor_id="B1")
    desk.run(NoteReceipt(vendor_id="B1", result="failed", detail="DB:0103"), system)
    assert (told()[0].state, told()[0].reason) == ("failed", "receipt_failed")
    desk.run(NoteReceipt(vendor_id="B1", result="delivered"), system)
    desk.run(NoteReceipt(vendor_id="B1", result="failed"), system)
    assert told()[0].state == "delivered"


def test_at_night_only_what_is_critical_goes(send, take, clock, told):
    clock.advance(timedelta(hours=13))  # 22:00
    send()
    send("contact_us", service_phone="025-1")
    assert [p.template for p in take()] == ["contact_us"]
    waiting = told(template="form_invite")[0]
    assert (waiting.state, waiting.reason) == ("queued", "quiet_hours")
    clock.advance(timedelta(hours=10))
    assert [p.template for p in take()] == ["form_invite"]


def test_a_person_gets_three_a_day(send, take, report, told, clock):
    for _ in range(5):
        send()
    taken = [p for _ in range(3) for p in take()]
    assert len(taken) == 3
    assert [r.reason for r in told(state="queued")] == ["daily_cap", "daily_cap"]
    clock.advance(timedelta(days=1))
    assert len(take()) == 2


def test_what_never_left_disturbs_nobody_and_takes_no_place_of_the_day(send, take, report, told):
    for _ in range(3):
        send()
    taken = [p for _ in range(3) for p in take()]
    report(taken[0], "failed", reason="not_registered")
    report(taken[1], "failed", reason="maybe_sent")
    for _ in range(2):
        send()
    assert len(take()) == 1, "the vendor did not know the template of one; the other may have arrived"
    assert [r.reason for r in told(state="queued")] == ["daily_cap"]


def test_a_try_more_of_one_message_counts_once(send, take, report, clock):
    for _ in range(3):
        send()
    for parcel in take():
        report(parcel, "retry", chance=0.0)
    assert len(take()) == 3


def test_who_opted_out_of_a_category_gets_none_of_it(desk, operator, client, send, take, told):
    desk.run(SetPreference(patient_id=client, opted_out=[Category.REMINDER]), operator)
    send()
    send("contact_us", service_phone="025-1")
    assert [p.template for p in take()] == ["contact_us"]
    assert (told()[0].state, told()[0].reason) == ("cancelled", "opted_out")
    with pytest.raises(DomainError, match="critical_stays"):
        desk.run(SetPreference(patient_id=client, opted_out=[Category.CRITICAL]), operator)


def test_an_address_that_was_opted_out_is_not_used(desk, operator, client, send, take, told):
    address = bound(desk, operator, client, "sms", "13900000002")
    send()
    desk.run(OptOut(address_id=address, reason="回复 T"), operator)
    assert take() == []
    assert (told()[0].state, told()[0].reason) == ("cancelled", "opted_out")
    with pytest.raises(DomainError, match="unreachable"):
        desk.run(SendMessage(patient_id=client, template="form_invite"), operator)


def test_paused_clients_wait_and_resume_with_one_key(desk, operator, client, send, take, told):
    send()
    desk.run(PauseClient(patient_id=client), operator)
    assert take() == []
    assert (told()[0].state, told()[0].reason) == ("queued", "paused")
    send("contact_us", service_phone="025-1")
    assert len(take()) == 1, "what is critical is told all the same"
    assert desk.run(ResumeClient(patient_id=client), operator).receipt == 1
    assert [p.template for p in take()] == ["form_invite"]


def test_what_waits_too_long_is_told_as_expired(desk, operator, client, send, take, told, clock):
    send()
    desk.run(PauseClient(patient_id=client), operator)
    take()
    clock.advance(timedelta(days=4))
    assert take() == []
    assert (told()[0].state, told()[0].reason) == ("expired", "paused")


def test_what_nobody_sends_expires_too(send, take, told, clock, desk, system):
    send()
    clock.advance(timedelta(days=4))
    desk.run(TakeDue(channels=["email"]), system)
    assert told()[0].state == "expired"


def test_cancelling_is_for_what_has_not_gone(desk, operator, send, take, told):
    message_id = send()
    take()
    with pytest.raises(DomainError, match="wrong_state"):
        desk.run(CancelMessage(message_id=message_id), operator)
    other = send()
    desk.run(CancelMessage(message_id=other), operator)
    assert told(id=other)[0].state == "cancelled"
    with pytest.raises(DomainError, match="not_over"):
        desk.run(RepeatMessage(message_id=message_id), operator)
    assert told(id=desk.run(RepeatMessage(message_id=other), operator).receipt)[0].repeats_id == other


def test_after_eight_tries_it_is_over_and_somebody_is_told(send, take, report, told, desk, clock):
    send()
    for _ in range(MOST_TRIES):
        (parcel,) = take()
        report(parcel, "retry", reason="busy", chance=1.0)
        clock.advance(timedelta(minutes=16))
    assert (told()[0].state, told()[0].reason, told()[0].attempt) == ("failed", "tries_used", MOST_TRIES)
    assert channel_state(desk).dead == 1
    assert take() == []


def test_a_fault_of_the_set_up_stops_the_channel_once(desk, send, take, report, told, operator):
    for _ in range(3):
        send()
    first, *others = take()
    report(first, "configuration", reason="no_balance", detail="isv.AMOUNT_NOT_ENOUGH")
    for parcel in others:
        report(parcel, "configuration", reason="no_balance")
    state = channel_state(desk)
    assert (state.paused, state.trouble, state.detail) == (1, 2, "isv.AMOUNT_NOT_ENOUGH")
    assert take() == []
    assert {r.state for r in told()} == {"retrying"}, "nothing is lost while the channel stands"
    it = operator
    desk.run(ResumeChannel(state_id=state.id), it)
    assert len(take()) == 3


def test_a_share_of_failures_is_told_before_it_is_an_interruption(desk, client, operator, take, report):
    desk.run(SetPreference(patient_id=client, daily_cap=20), operator)
    orders = [SendMessage(patient_id=client, template="form_invite", channel=Channel.SMS) for _ in range(12)]
    for order in orders:
        desk.run(order, operator)
    parcels = take(most=20)
    assert len(parcels) == 12
    for at, parcel in enumerate(parcels):
        report(parcel, "retry" if at == 0 else "accepted", reason="busy", vendor_id=f"v{at}")
    state = channel_state(desk)
    assert (state.trouble, state.error_percent, state.failures) == (1, 8, 0)


def test_the_quota_is_a_budget_shown_before_a_mass_sending(desk, operator, system, client, clock):
    from domain.messaging.channel_commands import PublishBudgets

    desk.run(TakeDue(channels=["sms"], quotas={"sms": 1}), system)
    desk.run(PublishBudgets(channels=["sms"]), system)
    with desk.store.read() as connection:
        budget = budget_of(connection, operator, Channel.SMS, "2026-11-23")
    assert (budget.quota, budget.left) == (1, 1)
    order = {
        "label": "邀请", "template": "form_invite", "channel": Channel.SMS, "chosen": "全部",
        "patient_ids": [client], "budget_left": 1,
    }  # fmt: skip
    sent = desk.run(SendToMany(**order), operator).receipt
    assert (sent.queued, sent.left_out) == (1, {})
    with pytest.raises(DomainError, match="quota_changed"):
        desk.run(SendToMany(**order), operator)
    with pytest.raises(DomainError, match="over_budget"):
        desk.run(SendToMany(**{**order, "budget_left": 0}), operator)
    desk.run(SendToMany(**{**order, "budget_left": 0, "over_days": True}), operator)
    assert len(desk.run(TakeDue(channels=["sms"], quotas={"sms": 1}), system).receipt) == 2


def test_beyond_the_quota_messages_wait_for_the_morning(send, take, report, told):
    send()
    send()
    (first,) = take(quotas={"sms": 1}, most=1)
    report(first, "accepted", vendor_id="a")
    assert take(quotas={"sms": 1}) == []
    assert told(state="queued")[0].reason == "quota"


def test_a_lost_answer_is_unknown_and_is_not_repeated_unless_critical(
    send, take, report, told, desk, system, clock
):
    send()
    send("contact_us", service_phone="025-1")
    critical, ordinary = take()
    for parcel in (critical, ordinary):
        report(parcel, "unknown", reason="lost")
    assert {r.state for r in told()} == {"unknown"}
    assert desk.run(TakeDoubtful(), system).receipt == [], "the vendor is asked a moment later"
    clock.advance(timedelta(minutes=1))
    assert len(desk.run(TakeDoubtful(), system).receipt) == 2
    assert desk.run(SettleUnknown(message_id=critical.message_id, attempt=1), system).receipt
    assert not desk.run(SettleUnknown(message_id=ordinary.message_id, attempt=1), system).receipt
    (again,) = take()
    assert again.again
    assert told(id=ordinary.message_id)[0].state == "failed"
    assert told(id=ordinary.message_id)[0].reason == "maybe_sent"


def test_what_a_crash_left_is_unknown_after_a_while(send, take, told, desk, system, clock):
    send()
    take()
    desk.run(NoteOrphans(), system)
    assert told()[0].state == "sending", "it may still be under way"
    clock.advance(timedelta(minutes=3))
    assert desk.run(NoteOrphans(), system).receipt == 1
    assert (told()[0].state, told()[0].reason) == ("unknown", "interrupted")
    assert take() == []


def test_important_news_is_pushed_twice_and_then_a_person_calls(
    send, take, report, told, desk, system, operator, clock
):
    send("follow_up_reminder", date="11-30", place="二楼")
    report(take()[0], "accepted", vendor_id="a")
    clock.advance(timedelta(hours=23))
    assert desk.run(RemindUnread(), system).receipt == 0
    clock.advance(timedelta(hours=2))
    assert desk.run(RemindUnread(), system).receipt == 1
    assert desk.run(RemindUnread(), system).receipt == 0
    first, copy = told()
    assert (copy.repeats_id, copy.important, first.unread_stage) == (first.id, False, 1)
    clock.advance(timedelta(hours=24))
    desk.run(RemindUnread(), system)
    assert told()[0].unread_stage == 2
    desk.run(ToldByPhone(message_id=first.id), operator)
    assert (told()[0].state, told()[0].reason, told()[0].unread_stage) == ("read", "by_phone", 0)


def test_who_opened_it_is_not_reminded(send, take, report, desk, system, clock):
    send("follow_up_reminder", date="11-30", place="二楼")
    parcel = take()[0]
    report(parcel, "accepted", vendor_id="a")
    desk.run(NoteReceipt(message_id=parcel.message_id, result="read"), system)
    clock.advance(timedelta(hours=25))
    assert desk.run(RemindUnread(), system).receipt == 0


def test_one_key_is_one_message(desk, operator, client, told):
    from domain.kernel.unit_of_work import UnitOfWork
    from domain.messaging.queueing import queue_message

    for _ in range(2):
        with desk.store.write() as connection:
            work = UnitOfWork(connection, operator, now=desk.clock(), new_id=desk.ids, content=desk.content)
            queue_message(work, "form_invite", patient_id=client, channel=Channel.SMS, key=("visit", 7))
            work.commit_entry("test.queue", txn_id=desk.ids())
            work.close()
    assert len(told()) == 1
