"""A reception is judged by its steps when its record is entered, and what was done about it is said by another."""

import pytest
from sqlalchemy import select

import resources
from domain.conduct.reception_commands import RectifyReception
from domain.conduct.reception_records import ReceptionCheck
from domain.conduct.receptions import RECEPTION_RULES, judge, load_reception_rules
from domain.conduct.records import MessageFinding
from domain.conduct.rules import MESSAGE_RULES, load_message_rules
from domain.followup.own_commands import WriteScript
from domain.reception.booking_commands import BookSlot, ReceiveClient, RecordReception
from domain.reception.records import ReceptionKind
from tests.followup import conftest as followup
from tests.followup import test_receptions as desk_of
from tests.followup.test_plans import refused

RULES = load_reception_rules(resources.folder("conduct"))
STEPS = ["核对身份", "了解诉求", "咨询", "小结", "满意度评价"]

content, care, block = followup.content, followup.care, desk_of.block


@pytest.mark.parametrize(
    ("done", "missing", "disordered", "score", "irregular"),
    [
        (STEPS, (), 0, 100, False),
        (STEPS[:-1], (), 0, 95, False),
        (STEPS[1:], ("核对身份",), 0, 70, True),
        ([*STEPS[1:], "核对身份"], (), 1, 90, True),
        ([*STEPS, "咨询"], (), 0, 100, False),
        ([], tuple(STEPS[:-1]), 0, 0, True),
    ],
)
def test_steps_are_judged_by_what_lacks_and_by_their_order(done, missing, disordered, score, irregular):
    came = judge("consultation", STEPS, done, RULES)
    assert (came.missing, came.disordered, came.score, came.irregular) == (
        missing,
        disordered,
        score,
        irregular,
    )


def test_a_step_that_the_institutions_own_flow_does_not_have_is_not_asked_for():
    own = STEPS[1:]
    assert not judge("consultation", own, own, RULES).irregular


def test_a_reception_without_its_steps_waits_for_what_is_done_about_it(care, block):
    care.desk.content[RECEPTION_RULES] = RULES
    own = care.run(BookSlot(patient_id=care.client(), kind=ReceptionKind.CONSULTATION)).appointment_id
    care.run(ReceiveClient(appointment_id=own))
    wrong = RecordReception(appointment_id=own, course="解释血脂", steps="核对身份、小节")
    assert refused(care, wrong) == "reception.no_step"
    care.run(RecordReception(appointment_id=own, course="解释血脂", steps="核对身份，咨询 小结"))
    check = care.one(ReceptionCheck)
    assert (check.state, check.missing, check.missing_steps, check.score) == (
        "open", 1, ["了解诉求", "满意度评价"], 65,
    )  # fmt: skip
    lead = care.person("supervisor", "刘主管", "service_lead")
    assert refused(care, RectifyReception(reception_check_id=check.id, note=" "), lead) == "input.missing"
    care.run(RectifyReception(reception_check_id=check.id, note="已复训"), lead)
    with care.desk.store.read() as connection:
        rows = connection.execute(select(ReceptionCheck.state, ReceptionCheck.concluded_name)).all()
    assert rows == [("rectified", "刘主管")]
    assert refused(care, RectifyReception(reception_check_id=check.id, note="再次"), lead) == (
        "reception_check.wrong_state"
    )


def test_a_reception_with_all_its_steps_asks_for_nothing(care, block):
    care.desk.content[RECEPTION_RULES] = RULES
    own = care.run(BookSlot(patient_id=care.client(), kind=ReceptionKind.CONSULTATION)).appointment_id
    care.run(ReceiveClient(appointment_id=own))
    care.run(RecordReception(appointment_id=own, course="解释血脂"))
    check = care.one(ReceptionCheck)
    assert (check.state, check.irregular, check.due_at) == ("in_order", False, None)


def test_a_script_that_promises_a_cure_is_not_published(care):
    care.desk.content[MESSAGE_RULES] = load_message_rules(resources.folder("conduct"))
    script = {"code": "fatty_liver", "title": "脂肪肝", "source": "本院", "reason": "新增"}
    head = care.person("boss", "科主任", "department_head")
    bad = WriteScript(**script, points="先问感受\n我们的方案可以根治")
    assert refused(care, bad, head) == "conduct.not_for_many"
    care.run(WriteScript(**script, points="先问感受\n这个肯定能报销", never="可以根治"), head)
    found = care.one(MessageFinding)
    assert (found.source, found.code, found.labels) == ("script", "fatty_liver", "虚假承诺")
