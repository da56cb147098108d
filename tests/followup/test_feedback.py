"""R1.5.8: what a client says is tied to the exact step; what is bad goes to its root and to its end, or alarms."""

from datetime import timedelta

import pytest

from domain.checkup.form_commands import AnswerForm
from domain.followup.count_commands import CountFollowUp
from domain.followup.feedback_commands import (
    AskFeedback,
    CloseCase,
    GiveFeedback,
    ReopenCase,
    ReportFeedback,
    ResolveCase,
    TakeCase,
)
from domain.followup.feedback_records import Feedback, FeedbackCase, RootCause, ServiceScore
from domain.followup.task_commands import AddTask
from domain.scales.records import FormTask
from tests.followup.test_plans import refused


@pytest.fixture
def step(care):
    at = care.desk.clock() + timedelta(days=5)
    return care.run(AddTask(patient_id=care.client(), title="电话随访", planned_at=at))


def give(care, step, score, **facts):
    return care.run(GiveFeedback(step="follow_task", step_id=step, score=score, **facts))


@pytest.mark.parametrize(
    ("score", "complaint", "cases"), [(3, False, 0), (2, False, 1), (1, False, 1), (5, True, 1)]
)
def test_a_low_score_or_a_complaint_opens_a_case_at_once(care, step, score, complaint, cases):
    give(care, step, score, complaint=complaint, comment="等太久")
    said = care.one(Feedback)
    assert (said.step, said.step_id, said.step_kind) == ("follow_task", step, "phone")
    assert (said.staff_id, said.staff_name) == (care.manager.staff_id, "王管理")
    assert len(care.rows(FeedbackCase)) == cases


def test_what_was_no_low_score_can_still_be_reported_with_one_key(care, step):
    own = give(care, step, 4, comment="其实不太好")
    case = care.run(ReportFeedback(feedback_id=own))
    assert care.run(ReportFeedback(feedback_id=own)) == case
    assert care.one(FeedbackCase).state == "open"


def test_a_step_that_is_not_there_is_refused(care, step):
    assert refused(care, GiveFeedback(step="patient", step_id=step, score=3)) == "feedback.no_step"
    assert refused(care, GiveFeedback(step="appointment", step_id=step, score=3)) == "feedback.no_step"
    assert (
        refused(care, GiveFeedback(step="follow_task", step_id=care.desk.ids(), score=3))
        == "feedback.no_step"
    )
    assert refused(care, GiveFeedback(step="follow_task", step_id=step, score=6)) == "input.range"


def test_the_loop_is_closed_with_root_and_confirmation_and_not_by_whom_it_is_about(care, step):
    give(care, step, 1, comment="态度差")
    own = care.one(FeedbackCase).id
    assert refused(care, TakeCase(case_id=own, plan="道歉")) == "permission.denied"
    manager_as_lead = care.authority.actor(
        staff_id=care.manager.staff_id, name="王管理", role="service_lead", org_id=care.manager.org_id,
        device_id=care.manager.device_id, subtree=(),
    )  # fmt: skip
    assert refused(care, TakeCase(case_id=own, plan="道歉"), manager_as_lead) == "feedback.own_work"
    assert refused(care, CloseCase(case_id=own, confirmed="好"), care.lead) == "feedback_case.wrong_state"
    care.run(TakeCase(case_id=own, plan="致电道歉"), care.lead)
    resolved = ResolveCase(case_id=own, root_cause=RootCause.ATTITUDE, resolution="已培训")
    care.run(resolved, care.lead)
    care.run(ReopenCase(case_id=own, confirmed="客户仍不满意"), care.lead)
    care.run(resolved, care.lead)
    assert refused(care, CloseCase(case_id=own, confirmed=" "), care.lead) == "input.missing"
    care.run(CloseCase(case_id=own, confirmed="客户接受"), care.lead)
    case = care.one(FeedbackCase)
    told = (case.state, case.owner_name, case.root_cause, case.confirmed)
    assert told == ("closed", "主管甲", "attitude", "客户接受")
    day = care.desk.clock().date()
    [cause] = care.run(CountFollowUp(since=day, until=day), care.lead).causes
    assert (cause.step_kind, cause.root_cause, cause.cases) == ("phone", "attitude", 1)


def answers(score, complaint="no"):
    given = {"score": [{"valueCoding": {"code": score}}], "complaint": [{"valueCoding": {"code": complaint}}]}
    given["comment"] = [{"valueString": "电话太晚"}]
    items = [{"linkId": link, "answer": value} for link, value in given.items()]
    return {"resourceType": "QuestionnaireResponse", "item": [{"linkId": "part-1", "item": items}]}


def test_a_questionnaire_on_one_step_becomes_its_feedback_once(care, step):
    task_id = care.run(AskFeedback(step="follow_task", step_id=step))
    assert care.run(AskFeedback(step="follow_task", step_id=step)) == task_id
    asked = care.one(FormTask)
    order = AnswerForm(
        patient_id=asked.patient_id, task_id=task_id, form="satisfaction", form_version="1.0.0",
        answers=answers("bad"),
    )  # fmt: skip
    response = care.run(order, care.nurse).response_id
    care.settle()
    care.settle()
    said = care.one(Feedback)
    assert (said.score, said.comment, said.step_id, said.response_id) == (2, "电话太晚", step, response)
    assert care.one(FeedbackCase).score == 2


def test_months_in_a_row_below_the_mean_are_counted_and_a_good_one_ends_the_row(care, step, clock):
    streaks = []
    for score in (3, 3, 5, 3):
        for _ in range(3):
            give(care, step, score)
        care.settle()
        streaks.append(max(care.rows(ServiceScore), key=lambda row: row.month).low_streak)
        clock.advance(timedelta(days=31))
    assert streaks == [1, 2, 0, 1]
    give(care, step, 1)
    care.settle()
    latest = max(care.rows(ServiceScore), key=lambda row: row.month)
    assert (latest.answers, latest.low_streak) == (1, 0), "one answer is no month"


def test_receptions_events_and_conversations_can_be_spoken_of_as_well(care, step):
    from domain.conversations.records import Conversation, ConversationKind
    from domain.messaging.records import Channel
    from domain.people.records import Workstation
    from domain.reception.booking_commands import AssignBlock, BookSlot
    from domain.reception.unit_commands import AddUnit, PlanEvent
    from domain.reception.unit_records import EventType
    from tests.conftest import DEVICE
    from tests.fixtures.followup_day import keep
    from tests.followup.conftest import SYSTEM

    now, hour, patient = care.desk.clock(), timedelta(hours=1), care.client()
    keep(
        care.desk, SYSTEM,
        Workstation(id=DEVICE, name="前台", public_key="-", enrolled_at=now, number_prefix="901"),
    )  # fmt: skip
    care.run(
        AssignBlock(login="wang", device_id=DEVICE, starts_at=now + hour, ends_at=now + 2 * hour), SYSTEM
    )
    appointment = care.run(BookSlot(patient_id=patient)).appointment_id
    unit = care.run(AddUnit(name="滨江制造", manager="wang"), SYSTEM)
    event = PlanEvent(unit_id=unit, kind=EventType.LECTURE, title="控压", starts_at=now + hour, expected=10)
    event_id, talk = care.run(event, SYSTEM), care.desk.ids()
    conversation = Conversation(
        id=talk, channel=Channel.WECOM_CLIENT, account="main", kind=ConversationKind.SERVICE, address_id=unit,
        patient_id=patient, owner_id=care.manager.staff_id, labels=[], handed_on=0, last_at=now, last_text="谢谢",
        state="answered", state_since=now,
    )  # fmt: skip
    keep(care.desk, SYSTEM, conversation)
    for own in (step, appointment, event_id, talk):
        care.run(GiveFeedback(step_id=own, score=4))
    said = {f.step: (f.step_kind, f.staff_name) for f in care.rows(Feedback)}
    assert said == {
        "follow_task": ("phone", "王管理"), "appointment": ("interpretation", "王管理"),
        "group_event": ("lecture", "王管理"), "conversation": ("message", "王管理"),
    }  # fmt: skip
