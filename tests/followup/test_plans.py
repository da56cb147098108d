"""R1.5.2: a plan is one key away, can be edited, and moves to a new version of its template when a person says so."""

import dataclasses
from datetime import timedelta

import msgspec
import pytest

from domain.followup.definitions import FOLLOWUP
from domain.followup.group_records import GroupMember
from domain.followup.plan_commands import (
    AcceptPlan,
    ComparePlan,
    DeclinePlan,
    EditPlan,
    FinishPlan,
    MovePlan,
    NewPlan,
)
from domain.followup.plan_records import FollowPlan, PlanChange, Way
from domain.followup.task_commands import CompleteTask
from domain.followup.task_records import FollowTask
from domain.kernel.errors import DomainError
from tests.followup.conftest import WELL

HIGH = WELL | {"ldl": 4.3}
"""High LDL: a client at high risk, without a finding of a class."""


@pytest.fixture
def proposed(care):
    care.client(**HIGH)
    return care.one(FollowPlan)


def refused(care, order, actor=None):
    with pytest.raises(DomainError) as found:
        care.run(order, actor)
    return found.value.code


def test_one_key_accepts_covers_the_groups_and_gives_the_first_task_an_owner(care, proposed, clock):
    assert refused(care, AcceptPlan(plan_id=proposed.id), care.lead) == "permission.denied"
    clock.advance(timedelta(hours=2))
    task_id = care.run(AcceptPlan(plan_id=proposed.id))
    plan, task = care.one(FollowPlan), care.one(FollowTask)
    assert (plan.state, plan.accepted_by) == ("active", care.manager.staff_id)
    assert {m.state for m in care.rows(GroupMember)} == {"covered"}
    assert (task.id, task.number, task.state) == (task_id, 1, "waiting")
    assert task.planned_at == proposed.proposed_at + timedelta(days=plan.after_days[0]) == task.due_at
    assert (task.owner_id, task.assigned_why) == (care.manager.staff_id, "least_load")
    assert refused(care, AcceptPlan(plan_id=plan.id)) == "follow_plan.wrong_state"


def test_a_plan_goes_on_contact_by_contact_and_ends_with_its_last(care, proposed):
    care.run(EditPlan(plan_id=proposed.id, after_days="10、20", reason="客户要求"))
    care.run(AcceptPlan(plan_id=proposed.id))
    first = care.one(FollowTask)
    second_id = care.run(CompleteTask(task_id=first.id, result="血脂复查安排在下周"))
    second = care.one(FollowTask, FollowTask.__table__.c.id == second_id)
    assert (second.number, second.owner_id) == (2, first.owner_id)
    assert second.planned_at == proposed.proposed_at + timedelta(days=20)
    assert care.run(CompleteTask(task_id=second_id, result="已达标")) is None
    plan = care.one(FollowPlan, FollowPlan.__table__.c.id == proposed.id)
    assert (plan.state, plan.done) == ("finished", 2)
    assert all(p.template != plan.template for p in care.rows(FollowPlan) if p.id != plan.id), "it was served"


def test_editing_says_what_was_changed_and_refuses_nonsense(care, proposed):
    for days in ("30 20", "abc", "10、10", "2000", "1.5", "３０"):
        order = EditPlan(plan_id=proposed.id, after_days=days, reason="x")
        assert refused(care, order) == "followup.bad_days", days
    assert refused(care, EditPlan(plan_id=proposed.id, owner="nobody", reason="x")) == "followup.no_staff"
    assert (
        refused(care, EditPlan(plan_id=proposed.id, way=Way.PHONE, reason="x")) == "followup.nothing_changed"
    )
    care.run(
        EditPlan(
            plan_id=proposed.id, after_days="7,14，30", way=Way.VISIT, content="血压\n\n用药", reason="面谈"
        )
    )
    plan = care.one(FollowPlan)
    assert (plan.after_days, plan.way, plan.content, plan.edited) == (
        [7, 14, 30],
        "visit",
        ["血压", "用药"],
        True,
    )
    [change] = [c for c in care.rows(PlanChange) if c.act == "edited"]
    assert change.after == {"after_days": "[7, 14, 30]", "content": "['血压', '用药']", "way": "visit"}
    assert change.staff_id == care.manager.staff_id
    care.run(DeclinePlan(plan_id=plan.id, reason="外院"))
    assert refused(care, EditPlan(plan_id=plan.id, way=Way.PHONE, reason="x")) == "followup.plan_over"


def test_a_declined_plan_is_not_proposed_again_until_something_new_happens(care, proposed):
    care.run(DeclinePlan(plan_id=proposed.id, reason="在外院随访"))
    care.measure(proposed.patient_id, ldl=4.4)
    assert [p.state for p in care.rows(FollowPlan) if p.template == "high_risk"] == ["declined"]
    assert "waiting" in {m.state for m in care.rows(GroupMember)}
    assert refused(care, NewPlan(patient_id=proposed.patient_id, template="没有")) == "followup.no_template"
    plan_id = care.run(NewPlan(patient_id=proposed.patient_id, template="高危人群随访"))
    assert (
        refused(care, NewPlan(patient_id=proposed.patient_id, template="high_risk"))
        == "followup.proposed_already"
    )
    care.run(AcceptPlan(plan_id=plan_id))
    assert "waiting" not in {m.state for m in care.rows(GroupMember)}


def test_a_stricter_plan_takes_the_place_of_the_running_one_with_its_tasks(care, proposed):
    care.run(AcceptPlan(plan_id=proposed.id))
    care.measure(proposed.patient_id, sbp=184.0, dbp=96.0)
    [stricter] = [p for p in care.rows(FollowPlan) if p.state == "proposed"]
    assert (stricter.template, stricter.replaces) == ("abnormal_class_a", proposed.id)
    care.run(AcceptPlan(plan_id=stricter.id))
    states = {t.plan_id: t.state for t in care.rows(FollowTask)}
    assert states == {proposed.id: "cancelled", stricter.id: "waiting"}
    assert care.one(FollowPlan, FollowPlan.__table__.c.id == proposed.id).state == "replaced"


def test_ending_a_plan_cancels_what_is_open_and_proposes_what_else_is_due(care, proposed):
    care.run(AcceptPlan(plan_id=proposed.id))
    care.run(FinishPlan(plan_id=proposed.id, reason="客户转外地"))
    assert [t.state for t in care.rows(FollowTask)] == ["cancelled"]
    rest = [p.template for p in care.rows(FollowPlan) if p.state == "proposed"]
    assert rest == ["abnormal_results"], "the flagged result still asks for a look"


def test_a_new_template_version_changes_nothing_until_a_person_moves_the_plan_after_seeing_what_changes(
    care, proposed, content
):
    care.run(AcceptPlan(plan_id=proposed.id))
    template = content.plans["high_risk"]
    days = dict.fromkeys(template.after_days, (15, 45))
    newer = msgspec.structs.replace(template, version=2, after_days=days, way=Way.VISIT)
    care.desk.content[FOLLOWUP] = msgspec.structs.replace(
        content, plans={**content.plans, "high_risk": newer}
    )
    care.measure(proposed.patient_id, ldl=4.5)
    plan = care.one(FollowPlan)
    assert (plan.template_version, plan.way, plan.after_days) == (1, "phone", proposed.after_days)
    difference = care.run(ComparePlan(plan_id=plan.id))
    assert difference.version == 2
    assert difference.changes["after_days"] == (str(proposed.after_days), "[15, 45]")
    assert difference.changes["way"] == ("phone", "visit")
    wrong = MovePlan(plan_id=plan.id, seen="0" * 16, reason="按新模板")
    assert refused(care, wrong) == "followup.difference_unseen"
    care.run(dataclasses.replace(wrong, seen=difference.seen))
    plan = care.one(FollowPlan)
    assert (plan.template_version, plan.way, plan.after_days) == (2, "visit", [15, 45])
    [moved] = [c for c in care.rows(PlanChange) if c.act == "moved"]
    assert moved.before["way"] == "phone"


def test_what_goes_by_message_is_given_to_who_writes_messages(care):
    care.person("yun", "云运营", "messaging_operator")
    care.client(**WELL)
    plan = care.one(FollowPlan)
    assert (plan.template, plan.way, plan.owner_role) == ("general", "message", "messaging_operator")
    care.run(AcceptPlan(plan_id=plan.id))
    task = care.one(FollowTask)
    assert (task.owner_name, task.audience) == ("云运营", "messaging")
