"""A high-risk client, from the result to the plan, the call, and the task that is over."""

from datetime import timedelta

import pytest

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.followup.feedback_commands import GiveFeedback
from domain.followup.group_records import GroupMember, Segment
from domain.followup.performance_records import ServicePerformance
from domain.followup.plan_commands import AcceptPlan
from domain.followup.plan_records import FollowPlan
from domain.followup.task_commands import BeginTask, CompleteTask, NoteContact
from domain.followup.task_records import FollowTask, Outcome, TaskEvent
from domain.kernel.readers import Follower
from tests.followup.conftest import SYSTEM, WELL

HIGH = {**WELL, "sbp": 184.0, "dbp": 112.0, "tc": 7.6, "ldl": 5.1}


@pytest.fixture
def alerts(care):
    engine = AlertEngine(care.desk, load_rules(resources.folder("alerts"), care.authority.roles), SYSTEM)
    care.followers.append(Follower(care.desk.store, engine))

    def look():
        care.settle()
        engine.tick()
        care.settle()
        return {row.rule: row for row in sorted(care.rows(Alert), key=lambda row: row.opened_at)}

    return look


def test_from_the_result_to_the_plan_the_call_and_the_task_that_is_over(care, alerts, clock):
    # Monday morning: the results come in. Nobody has pressed a key yet.
    patient_id = care.client(**HIGH)
    waiting = alerts()
    member = next(row for row in care.rows(GroupMember) if row.segment == Segment.HIGH_RISK)
    assert member.left_at is None
    assert member.why, "the facts that put the client there"
    [plan] = [row for row in care.rows(FollowPlan) if row.state == "proposed"]
    assert (plan.patient_id, plan.strict) == (patient_id, True)
    assert "A-030" not in waiting, "a plan is missing after a day only"

    # The manager accepts what is proposed: one key, nothing typed.
    care.run(AcceptPlan(plan_id=plan.id))
    [task] = [row for row in care.rows(FollowTask) if row.plan_id == plan.id]
    assert (task.owner_name, task.state, task.patient_id) == ("王管理", "waiting", patient_id)
    assert task.assigned_why, "the reason is kept"
    clock.advance(timedelta(hours=25))
    assert "A-030" not in alerts(), "there is one"

    # The contact comes due, is announced, becomes overdue, and is made: no answer, then reached.
    clock.advance(task.due_at - clock() + timedelta(minutes=1))
    assert alerts()["A-037"].owner_name == "王管理"
    care.run(BeginTask(task_id=task.id))
    care.run(NoteContact(task_id=task.id, outcome=Outcome.NO_ANSWER))
    care.run(NoteContact(task_id=task.id, outcome=Outcome.REACHED))
    care.run(CompleteTask(task_id=task.id, result="家测血压 150/92，已约心内科"))
    over = alerts()
    assert over["A-037"].state == "closed", "the alert ends with its cause"
    done = next(row for row in care.rows(FollowTask) if row.id == task.id)
    assert (done.state, done.result, done.attempts) == ("done", "家测血压 150/92，已约心内科", 2)
    acts = [row.act for row in care.rows(TaskEvent, TaskEvent.__table__.c.task_id == task.id)]
    assert acts == ["created", "assigned", "begun", "contacted", "contacted", "completed"]

    # What comes next is there by itself, and the client says how it was.
    following = [row for row in care.rows(FollowTask) if row.plan_id == plan.id and row.state == "waiting"]
    assert [row.number for row in following] == [2]
    care.run(GiveFeedback(step="follow_task", step_id=task.id, score=5, comment="很耐心"))
    care.settle()
    [figures] = [row for row in care.rows(ServicePerformance) if row.staff_name == "王管理"]
    assert (figures.contacts, figures.answers, figures.mean_score) == (1, 1, 5.0)
