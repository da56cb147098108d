"""R1.5.7: tasks are given by load and skill, done, handed over, put off; every step is on their trail and counted."""

from datetime import date, timedelta

import pytest

from domain.followup.count_commands import CountFollowUp
from domain.followup.hand_over_commands import (
    AddHelper,
    HandOverTask,
    NoteDelivery,
    NoteSent,
    RefuseTask,
    SendTaskMessage,
    TakeTask,
)
from domain.followup.plan_records import Way
from domain.followup.staffing import Candidate, pick
from domain.followup.task_commands import (
    AddTask,
    AssignTask,
    AssignWaiting,
    BeginTask,
    CancelTask,
    CompleteTask,
    LoseTask,
    NoteContact,
    RescheduleTask,
    SetCareStaff,
)
from domain.followup.task_records import CareStaff, FollowTask, Outcome, TaskEvent
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import OutboxMessage
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from tests.followup.conftest import SYSTEM, WELL
from tests.followup.test_plans import refused


def someone(number, load=0, *skills, limit=50, on_duty=True):
    import uuid

    return Candidate(uuid.UUID(int=number), f"人{number}", frozenset(skills), load, limit, on_duty)


@pytest.mark.parametrize(
    ("people", "bound", "topics", "expected"),
    [
        ([someone(1, 5), someone(2, 3)], None, [], (2, "least_load")),
        ([someone(1, 5, "diabetes"), someone(2, 3)], None, ["diabetes"], (1, "skill")),
        (
            [someone(1, 5, "diabetes"), someone(2, 3, "diabetes", "gout")],
            None,
            ["diabetes", "gout"],
            (2, "skill"),
        ),
        ([someone(1, 9), someone(2, 3)], 1, [], (1, "bound")),
        ([someone(1, 50), someone(2, 49)], 1, [], (2, "least_load")),
        ([someone(1, 0, on_duty=False), someone(2, 49)], None, [], (2, "least_load")),
        ([someone(1, 50), someone(2, 50)], None, [], None),
        ([], None, [], None),
    ],
)
def test_who_gets_a_task_and_why(people, bound, topics, expected):
    found = pick(people, someone(bound).staff_id if bound else None, topics)
    assert (found and (found.staff_id.int, found.why)) == expected


@pytest.fixture
def patient(care):
    return care.client()


def add(care, patient, title="电话随访", days=5, **facts):
    order = AddTask(
        patient_id=patient, title=title, planned_at=care.desk.clock() + timedelta(days=days), **facts
    )
    return care.run(order)


def task(care, task_id):
    return care.one(FollowTask, FollowTask.__table__.c.id == task_id)


def acts(care, task_id):
    return [e.act for e in care.rows(TaskEvent, TaskEvent.__table__.c.task_id == task_id)]


def test_from_call_to_result_with_every_step_on_its_trail(care, patient):
    own = add(care, patient)
    care.run(BeginTask(task_id=own))
    assert (task(care, own).state, task(care, own).due_at) == ("in_progress", task(care, own).planned_at)
    assert care.run(NoteContact(task_id=own, outcome=Outcome.NO_ANSWER)) == "in_progress"
    assert care.run(NoteContact(task_id=own, outcome=Outcome.REACHED)) == "executed"
    assert task(care, own).due_at == care.desk.clock() + timedelta(hours=24)
    assert refused(care, CompleteTask(task_id=own, result=" ")) == "input.missing"
    care.run(CompleteTask(task_id=own, result="家测血压 128/80"))
    done = task(care, own)
    assert (done.state, done.attempts, done.closed_at) == ("done", 2, care.desk.clock())
    assert acts(care, own) == ["created", "assigned", "begun", "contacted", "contacted", "completed"]
    assert refused(care, CompleteTask(task_id=own, result="再来")) == "follow_task.wrong_state"


def test_a_task_with_a_form_keeps_the_answers_as_a_response(care, patient):
    import dataclasses

    from domain.checkup.records import QuestionnaireResponse

    own = care.client(**(WELL | {"ldl": 4.3}))
    from domain.followup.plan_commands import AcceptPlan
    from domain.followup.plan_records import FollowPlan

    task_id = care.run(AcceptPlan(plan_id=care.one(FollowPlan, FollowPlan.__table__.c.patient_id == own).id))
    order = CompleteTask(task_id=task_id, result="已填生活方式问卷", form_version="1.0.0")
    care.run(
        dataclasses.replace(
            order, answers={"resourceType": "QuestionnaireResponse", "item": [{"linkId": "x"}]}
        )
    )
    kept = care.one(QuestionnaireResponse)
    assert (kept.form, kept.id) == ("lifestyle", task(care, task_id).response_id)


def test_lost_only_after_it_was_tried_often_enough(care, patient):
    own = add(care, patient)
    for _ in range(2):
        care.run(NoteContact(task_id=own, outcome=Outcome.NO_ANSWER))
    assert refused(care, LoseTask(task_id=own, reason="停机")) == "followup.too_few_attempts"
    care.run(NoteContact(task_id=own, outcome=Outcome.NO_ANSWER))
    care.run(LoseTask(task_id=own, reason="停机"))
    assert task(care, own).state == "lost"


def test_put_off_forward_and_cancelled(care, patient, clock):
    own = add(care, patient)
    assert refused(care, RescheduleTask(task_id=own, planned_at=clock(), reason="x")) == "followup.past"
    naive = (clock() + timedelta(days=9)).replace(tzinfo=None)
    assert refused(care, RescheduleTask(task_id=own, planned_at=naive, reason="x")) == "input.type"
    later = clock() + timedelta(days=9)
    care.run(BeginTask(task_id=own))
    care.run(RescheduleTask(task_id=own, planned_at=later, reason="出差"))
    assert (task(care, own).state, task(care, own).due_at) == ("waiting", later)
    care.run(CancelTask(task_id=own, reason="重复"))
    assert (task(care, own).state, task(care, own).due_at) == ("cancelled", None)
    assert refused(care, CancelTask(task_id=own, reason="重复")) == "follow_task.wrong_state"


def test_handed_over_is_taken_or_declined_by_the_one_who_was_asked(care, patient):
    other = care.person("li", "李管理", "health_manager")
    care.run(SetCareStaff(login="li", on_duty=False), care.lead)
    own = add(care, patient)
    assert task(care, own).owner_name == "王管理"
    care.run(SetCareStaff(login="li", on_duty=True), care.lead)
    assert refused(care, HandOverTask(task_id=own, login="wang", note="x")) == "followup.has_it"
    care.run(BeginTask(task_id=own))
    care.run(HandOverTask(task_id=own, login="li", note="我休假"))
    assert refused(care, TakeTask(task_id=own)) == "followup.not_offered"
    care.run(RefuseTask(task_id=own, reason="我也休假"), other)
    assert (task(care, own).owner_name, task(care, own).offered_to) == ("王管理", None)
    care.run(HandOverTask(task_id=own, login="li", note="请再考虑"))
    care.run(TakeTask(task_id=own), other)
    taken = task(care, own)
    assert (taken.owner_name, taken.assigned_why, taken.state) == ("李管理", "taken", "in_progress")
    care.run(AddHelper(task_id=own, login="wang"), other)
    care.run(AddHelper(task_id=own, login="wang"), other)
    assert task(care, own).helpers == ["王管理"]
    expected = ["created", "assigned", "begun", "offered", "refused", "offered", "assigned", "helper"]
    assert acts(care, own) == expected


def test_above_the_limit_work_is_offered_to_who_has_least_and_the_reason_is_kept(care, patient):
    care.run(SetCareStaff(login="wang", task_limit=2), care.lead)
    for number in range(2):
        add(care, patient, f"任务{number}")
    waiting = add(care, patient, "第三件")
    assert (task(care, waiting).state, task(care, waiting).owner_id) == ("unassigned", None)
    assert refused(care, AssignTask(task_id=waiting), care.lead) == "followup.nobody_free"
    care.person("li", "李管理", "health_manager")
    with pytest.raises(DomainError) as found:
        care.run(AssignTask(task_id=waiting, login="wang"), care.lead)
    assert found.value.code == "followup.over_limit"
    assert (found.value.facts["open"], found.value.facts["limit"], found.value.facts["other"]) == (
        2,
        2,
        "李管理",
    )
    care.run(AssignTask(task_id=waiting, login="wang", despite="客户只认王管理"), care.lead)
    assert task(care, waiting).assigned_why == "despite_limit"
    [event] = [e for e in care.rows(TaskEvent) if e.note == "客户只认王管理"]
    assert event.act == "assigned"
    care.settle()
    load = {s.name: (s.open_tasks, s.over_by) for s in care.rows(CareStaff)}
    assert load["王管理"] == (3, 1)
    fourth = add(care, patient, "第四件")
    assert task(care, fourth).owner_name == "李管理"


def test_tasks_without_an_owner_are_given_out_in_one_go_evenly(care, patient):
    care.run(SetCareStaff(login="wang", on_duty=False), care.lead)
    for number in range(7):
        add(care, patient, f"任务{number}")
    care.run(SetCareStaff(login="wang", on_duty=True, task_limit=3), care.lead)
    care.person("li", "李管理", "health_manager")
    care.run(SetCareStaff(login="li", task_limit=3), care.lead)
    shared = care.run(AssignWaiting(most=50), care.lead)
    assert (shared.given, shared.left) == (6, 1)
    owners = [t.owner_name for t in care.rows(FollowTask)]
    assert (owners.count("王管理"), owners.count("李管理"), owners.count(None)) == (3, 3, 1)


def test_a_message_waits_to_be_read_and_one_that_failed_is_due_at_once(care, patient, clock):
    own = add(care, patient, way=Way.MESSAGE)
    care.run(NoteSent(task_id=own))
    assert (task(care, own).state, task(care, own).due_at) == ("sent", clock() + timedelta(hours=48))
    clock.advance(timedelta(hours=1))
    care.run(NoteDelivery(task_id=own, reached=False))
    assert (task(care, own).state, task(care, own).due_at) == ("sent", clock())
    assert care.run(NoteDelivery(task_id=own, reached=True)) == "executed"


def test_work_is_counted_by_person_and_kind(care, patient, clock):
    for number, way in enumerate((Way.PHONE, Way.PHONE, Way.MESSAGE)):
        own = add(care, patient, f"任务{number}", days=2, way=way)
        if number < 2:
            clock.advance(timedelta(days=3 * number))
            care.run(CompleteTask(task_id=own, result="好"))
    clock.advance(timedelta(days=3))
    day = date(2026, 11, 1)
    told = care.run(CountFollowUp(since=day, until=date(2026, 12, 31)), care.lead).workload
    lines = {one.audience: one for one in told}
    assert (lines["person"].done, lines["person"].on_time, lines["person"].mean_days) == (2, 0.5, 1.5)
    assert (lines["messaging"].open, lines["messaging"].overdue) == (1, 1)
    assert refused(care, CountFollowUp(since=day, until=date(2026, 10, 1)), care.lead) == "form.period"


def test_a_message_that_is_sent_comes_back_to_its_task_read_or_failed(care, clock):
    who = RegisterPatient(name="李丽", sex=Sex.FEMALE, birth_date=date(1980, 5, 1), phone="13912345678")
    own = care.run(who, care.nurse).patient_id
    states = {}
    for title, outcome in (("读了", "read"), ("失败", "failed"), ("送达", "delivered")):
        task_id = add(care, own, title, way=Way.MESSAGE)
        message_id = care.run(SendTaskMessage(task_id=task_id))
        assert refused(care, SendTaskMessage(task_id=task_id)) == "follow_task.wrong_state"
        care.settle()
        assert task(care, task_id).state == "sent"
        clock.advance(timedelta(hours=1))
        with care.desk.store.write() as connection:
            work = UnitOfWork(connection, SYSTEM, now=clock(), new_id=care.desk.ids)
            message = work.require(OutboxMessage, message_id)
            assert (message.about, message.about_id) == ("follow_task", task_id)
            message.state = outcome
            work.commit_entry("test.outcome", txn_id=care.desk.ids())
            work.close()
        care.settle()
        states[outcome] = (task(care, task_id).state, task(care, task_id).due_at - clock())
    hour = timedelta(hours=1)
    assert (states["read"], states["failed"]) == (("executed", 24 * hour), ("sent", 0 * hour))
    assert states["delivered"] == ("sent", 47 * hour), "delivered is not read"
