"""R3.1.7: what was said and how clients were received is fetched and judged in one go, and printed with remarks."""

from datetime import timedelta

import pypdfium2
import pytest

import resources
from domain.conduct.reception_records import ReceptionCheck
from domain.conduct.receptions import RECEPTION_RULES, load_reception_rules
from domain.conduct.records import MessageFinding
from domain.conduct.review_commands import ReviewConduct
from domain.conduct.review_records import ConductReview
from domain.conduct.rules import MESSAGE_RULES, load_message_rules
from domain.conversations.commands import BindClient, ReceiveMessage, ReplyToClient
from domain.conversations.records import Conversation, ConversationMessage
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.messaging.records import Channel
from domain.reception.booking_commands import BookSlot, ReceiveClient, RecordReception
from domain.reception.records import ReceptionKind
from forms.printables import printables_for
from tests.conftest import BRANCH
from tests.followup import conftest as followup
from tests.followup import test_receptions as desk_of
from tests.followup.test_plans import refused

content, care, block = followup.content, followup.care, desk_of.block
BAD = "坚持三个月可以根治脂肪肝"


@pytest.fixture
def talked(care, clock):
    """A client who was answered before there were rules, once by words that promise a cure."""
    patient_id = care.client()
    for number, (question, answer) in enumerate((("能好吗", BAD), ("谢谢", "请三个月后复查血脂"))):
        care.desk.run(
            ReceiveMessage(
                channel=Channel.PAGE, account="page", peer="oZhou", key=f"k{number}", org_id=BRANCH, text=question,
                at=clock(), patient_id=patient_id,
            ),
            followup.SYSTEM,
        )  # fmt: skip
        talk = care.one(Conversation)
        if talk.patient_id is None:
            care.run(BindClient(conversation_id=talk.id, patient_id=patient_id), care.head)
        clock.advance(timedelta(minutes=5))
        care.run(ReplyToClient(conversation_id=talk.id, text=answer), care.head)
    care.desk.content[MESSAGE_RULES] = load_message_rules(resources.folder("conduct"))
    return patient_id


def test_what_nobody_saw_is_found_once_and_waits_to_be_looked_into(care, talked):
    assert care.rows(MessageFinding) == []
    told = care.run(ReviewConduct(patient_id=talked), care.lead)
    assert (told.messages, told.remarks, told.found_now) == (4, 1, 1)
    found = care.one(MessageFinding)
    assert (found.source, found.state, found.text, found.staff_name) == ("review", "open", BAD, "主任甲")
    again = care.run(ReviewConduct(login="head"), care.lead)
    assert (again.messages, again.remarks, again.found_now) == (2, 1, 0), (
        "only what the head said, nothing twice"
    )
    kept = care.rows(ConductReview)
    assert [one.labels for one in kept] == [{"承诺疗效": 1}] * 2
    assert [one.about_name for one in kept] == [None, "主任甲"]


def test_a_reception_that_went_wrong_is_among_them(care, block, clock):
    care.desk.content[MESSAGE_RULES] = load_message_rules(resources.folder("conduct"))
    care.desk.content[RECEPTION_RULES] = load_reception_rules(resources.folder("conduct"))
    patient_id = care.client()
    own = care.run(BookSlot(patient_id=patient_id, kind=ReceptionKind.CONSULTATION)).appointment_id
    care.run(ReceiveClient(appointment_id=own))
    care.run(RecordReception(appointment_id=own, course="解释血脂", steps="咨询 小结"))
    assert care.one(ReceptionCheck).irregular
    told = care.run(
        ReviewConduct(patient_id=patient_id, until=clock().date() + timedelta(days=30)), care.lead
    )
    assert (told.receptions, told.irregular) == (1, 1)


def test_the_records_are_printed_in_full_with_their_remarks(care, talked):
    care.desk.content["texts"] = Texts.load(resources.folder("texts") / "zh")
    review = care.run(ReviewConduct(patient_id=talked), care.lead).review_id
    [one] = printables_for("conduct_review", care.head)
    pdf = pypdfium2.PdfDocument(one.make(care.desk, care.head, review))
    text = "".join("".join(page.get_textpage().get_text_range() for page in pdf).split())
    assert "客户：王建军" in text
    assert f"{BAD}▲承诺疗效：“可以根治”" in text
    assert "请三个月后复查血脂" in text
    assert one.make(care.desk, care.lead, review).startswith(b"%PDF"), "who looks into it prints it"
    with pytest.raises(DomainError, match=r"permission\.denied"):
        one.make(care.desk, care.nurse, review)


def test_what_cannot_be_asked_is_refused_at_its_field(care, talked, clock):
    today = clock().date()
    before = today - timedelta(days=3)
    assert refused(care, ReviewConduct(since=today, until=before), care.lead) == "conduct.bad_span"
    assert refused(care, ReviewConduct(login="nobody"), care.lead) == "conduct.no_staff"
    assert refused(care, ReviewConduct(), care.nurse) == "permission.denied"
    assert care.rows(ConductReview) == []
    assert len(care.rows(ConversationMessage)) == 4
