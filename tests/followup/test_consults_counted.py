"""Answered consultations are part of the figures of follow-up, as they are answered."""

from sqlalchemy import select

from domain.conversations.commands import ReceiveMessage, ReplyToClient
from domain.conversations.keeping import conversation_id
from domain.conversations.records import ConversationKind
from domain.followup.performance_records import ServicePerformance
from domain.messaging.records import Channel
from tests.conftest import BRANCH
from tests.followup.conftest import SYSTEM


def test_an_answer_counts_as_it_is_given(care):
    asked = ReceiveMessage(
        channel=Channel.PAGE, account="page", peer="p1", key="k1", org_id=BRANCH, text="头晕怎么办",
        at=care.desk.clock(), kind=ConversationKind.CONSULTATION,
    )  # fmt: skip
    care.run(asked, SYSTEM)
    care.run(
        ReplyToClient(conversation_id=conversation_id(Channel.PAGE, "page", "p1"), text="请先测血压"),
        care.head,
    )
    care.settle()
    with care.desk.store.read() as connection:
        [month] = connection.execute(select(ServicePerformance.__table__)).all()
    assert (month.staff_id, month.consults, month.consults_in_time) == (care.head.staff_id, 1, 1)
