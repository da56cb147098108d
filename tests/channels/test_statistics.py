"""How messages fare is counted: sent, arrived, read, answered, failed, each message once."""

from datetime import timedelta

from domain.conversations.commands import ReceiveMessage
from domain.messaging.commands import SendMessage
from domain.messaging.records import Channel
from domain.messaging.sending_commands import NoteReceipt, ReportOutcome, TakeDue
from domain.messaging.statistics_commands import ANSWERED_WITHIN, CountMessages
from tests.conftest import BRANCH


def counted(desk, operator, clock):
    today = clock().date()
    order = CountMessages(since=today - timedelta(days=30), until=today)
    return {(one.template, one.channel): one for one in desk.run(order, operator).receipt}


def sent(desk, operator, system, client, template, outcome="accepted", **params):
    order = SendMessage(patient_id=client, template=template, channel=Channel.SMS, params=params)
    message_id = desk.run(order, operator).receipt
    for parcel in desk.run(TakeDue(channels=["sms"]), system).receipt:
        desk.run(ReportOutcome(message_id=parcel.message_id, attempt=parcel.attempt, outcome=outcome,
                               reason="bad_address" if outcome == "failed" else None), system)  # fmt: skip
    return message_id


def test_each_is_counted_by_what_became_of_it(desk, operator, system, client, clock):
    read = sent(desk, operator, system, client, "form_invite")
    sent(desk, operator, system, client, "form_invite")
    sent(desk, operator, system, client, "form_invite", outcome="failed")
    desk.run(NoteReceipt(message_id=read, result="delivered"), system)
    desk.run(NoteReceipt(message_id=read, result="read"), system)
    row = counted(desk, operator, clock)["form_invite", "sms"]
    assert (row.queued, row.sent, row.delivered, row.read, row.failed, row.answered) == (3, 2, 1, 1, 1, 0)
    assert (row.read_rate, row.answer_rate, row.label) == (0.5, 0.0, "问卷填写邀请")


def test_who_writes_to_us_within_three_days_has_answered(desk, operator, system, client, clock):
    sent(desk, operator, system, client, "form_invite")
    clock.advance(ANSWERED_WITHIN + timedelta(minutes=1))
    says(desk, system, client, clock, "k1")
    assert counted(desk, operator, clock)["form_invite", "sms"].answered == 0
    sent(desk, operator, system, client, "contact_us", service_phone="010-12345678")
    clock.advance(timedelta(hours=1))
    says(desk, system, client, clock, "k2")
    row = counted(desk, operator, clock)["contact_us", "sms"]
    assert (row.answered, row.answer_rate) == (1, 1.0)


def says(desk, system, client, clock, key):
    order = ReceiveMessage(
        channel=Channel.PAGE, account="page", peer="p", key=key, org_id=BRANCH, text="收到", at=clock(),
        patient_id=client,
    )  # fmt: skip
    desk.run(order, system)
