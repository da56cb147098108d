"""R3.3.3: what was done about an abnormal result stands in the client's conversation, without the result itself."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.conversations.records import Conversation, ConversationKind, ConversationMessage, Direction
from domain.kernel.clock import clinic
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel
from domain.tracking.commands import FollowUp, NotReached, ReferTracking, TellClient
from domain.tracking.records import AbnormalTracking, TellingWay, TrackingOutcome
from tests.tracking.test_tracking import SYSTEM, branch, high, visit  # noqa: F401


def conversation(branch, patient_id, owner_id):  # noqa: F811
    own = uuid.uuid4()
    with branch.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=branch.desk.clock(), new_id=branch.desk.ids)
        work.add(
            Conversation(
                id=own, channel=Channel.WECOM_CLIENT, account="main", kind=ConversationKind.SERVICE,
                address_id=uuid.uuid4(), patient_id=patient_id, owner_id=owner_id, labels=[], handed_on=0,
                last_at=work.now, last_text="好的", state="answered", state_since=work.now,
            )
        )  # fmt: skip
        work.commit_entry("test.conversation", txn_id=branch.desk.ids())
        work.close()
    return own


def tracked(branch, own):  # noqa: F811
    with branch.desk.store.read() as connection:
        table = AbnormalTracking.__table__
        return connection.execute(select(table).where(table.c.id == own)).one()


def notes(branch):  # noqa: F811
    with branch.desk.store.read() as connection:
        table = ConversationMessage.__table__
        return connection.execute(select(table).order_by(table.c.at, table.c.id)).all()


@pytest.fixture
def mine(branch, high):  # noqa: F811
    """The client's conversation, which belongs to a messaging operator the physician does not oversee."""
    return conversation(branch, tracked(branch, high.id).patient_id, uuid.uuid4())


def test_each_step_is_a_note_for_whoever_writes_with_the_client(branch, high, mine):  # noqa: F811
    other = conversation(branch, uuid.uuid4(), uuid.uuid4())
    run = branch.desk.run
    run(NotReached(tracking_id=high.id, way=TellingWay.PHONE, note="无人接听"), branch.physician)
    branch.clock.advance(timedelta(minutes=5))
    run(TellClient(tracking_id=high.id, way=TellingWay.PHONE, known_by="客户复述无误"), branch.physician)
    day = tracked(branch, high.id).follow_on
    branch.clock.advance(timedelta(days=1))
    again = clinic(branch.clock()).date() + timedelta(days=5)
    run(
        FollowUp(tracking_id=high.id, outcome=TrackingOutcome.SAME, note="复查未做", again_on=again),
        branch.physician,
    )
    branch.clock.advance(timedelta(days=1))
    run(ReferTracking(tracking_id=high.id, note="市一院心内科"), branch.physician)
    kept = notes(branch)
    assert [n.text for n in kept] == [
        "高危异常结果：电话未联系上客户，已试 1 次", f"高危异常结果：已电话通知，客户已知晓，应随访日期 {day}",
        f"高危异常结果：已随访，下次随访日期 {again}", "高危异常结果：客户已转诊",
    ]  # fmt: skip
    assert {(n.conversation_id, n.direction, n.staff_name) for n in kept} == {
        (mine, Direction.NOTE, branch.physician.name)
    }
    assert other not in {n.conversation_id for n in kept}


def test_the_note_does_not_tell_the_result(branch, high, mine):  # noqa: F811
    branch.desk.run(
        TellClient(tracking_id=high.id, way=TellingWay.IN_PERSON, known_by="签字"), branch.physician
    )
    [note] = notes(branch)
    row = tracked(branch, high.id)
    assert row.sentence not in note.text
    assert "签字" not in note.text


def test_a_client_who_writes_with_nobody_has_no_note(branch, high):  # noqa: F811
    branch.desk.run(TellClient(tracking_id=high.id, way=TellingWay.LETTER, known_by="回执"), branch.physician)
    assert notes(branch) == []
