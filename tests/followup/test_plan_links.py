"""R1.5.2: a plan hangs on the risk and the labels of its client, its contacts on the receptions they are made at."""

from datetime import timedelta

import pytest

from domain.followup.group_commands import LabelClient, SetCareProfile, UnlabelClient
from domain.followup.group_records import ClientLevel, GroupMember, Segment
from domain.followup.pace import pace_of
from domain.followup.plan_commands import AcceptPlan, EditPlan
from domain.followup.plan_records import FollowPlan, Way
from domain.followup.task_commands import CompleteTask
from domain.followup.task_records import FollowTask, TaskEvent
from domain.reception.booking_commands import (
    BookSlot,
    CancelAppointment,
    EndReception,
    NoteNoShow,
    Rebook,
    ReceiveClient,
    RecordReception,
)
from domain.reception.records import Appointment, ReceptionKind
from domain.reception.visit_commands import BookTask, TakeTaskAlong
from tests.followup.conftest import WELL
from tests.followup.test_plans import refused
from tests.followup.test_receptions import HOUR, block  # noqa: F401


@pytest.mark.parametrize(
    ("level", "colour", "labels", "rhythm"),
    [
        ("standard", None, (), "standard"),
        ("standard", "orange", (), "standard"),
        ("standard", "red", (), "vip"),
        ("premium", "red", (), "premium"),
        ("standard", "green", ("VIP",), "vip"),
        ("standard", "green", ("高端", "VIP"), "premium"),
        ("vip", "green", ("企业高管",), "vip"),
        ("standard", "green", ("企业高管",), "standard"),
    ],
)
def test_the_strictest_of_level_label_and_colour_makes_the_rhythm(level, colour, labels, rhythm, content):
    found = pace_of(ClientLevel(level), colour, labels, content)
    assert (found.level, found.rhythm) == (level, rhythm)
    assert "企业高管" not in found.labels


def proposed(care):
    [plan] = [p for p in care.rows(FollowPlan) if p.state == "proposed"]
    return plan


def test_a_label_shortens_the_proposal_and_taking_it_off_puts_it_back(care):
    patient_id = care.client(**(WELL | {"ua": 500.0}))
    before = proposed(care)
    member_id = care.run(LabelClient(patient_id=patient_id, label="VIP"))
    labelled = proposed(care)
    assert (labelled.template, labelled.labels, labelled.rhythm, labelled.level) == (
        before.template, ["VIP"], "vip", "standard",
    )  # fmt: skip
    assert labelled.after_days[0] < before.after_days[0]
    assert labelled.strict
    care.run(LabelClient(patient_id=patient_id, label="企业高管"))
    assert proposed(care).id == labelled.id
    care.run(UnlabelClient(member_id=member_id))
    assert proposed(care).after_days == before.after_days


def test_a_running_plan_gives_way_when_the_risk_turns_red(care):
    patient_id = care.client(**(WELL | {"ua": 500.0}))
    care.run(AcceptPlan(plan_id=proposed(care).id))
    care.measure(patient_id, sbp=184.0, dbp=112.0, fpg=17.0)
    plan = proposed(care)
    assert (plan.colour, plan.rhythm) == ("red", "vip")
    assert plan.replaces is not None


def test_a_label_with_a_template_of_its_own_brings_its_plan(care, content):
    import msgspec

    from domain.followup.definitions import FOLLOWUP

    own = msgspec.structs.replace(
        content.plans["general"],
        id="pilots",
        name="飞行员随访",
        segment=Segment.LABEL,
        topics=("飞行员",),
        priority=90,
    )
    care.desk.content[FOLLOWUP] = msgspec.structs.replace(content, plans={**content.plans, "pilots": own})
    patient_id = care.client(**(WELL | {"ua": 500.0}))
    care.run(LabelClient(patient_id=patient_id, label="飞行员"))
    assert (proposed(care).template, proposed(care).name) == ("pilots", "飞行员随访")
    assert [m.topic for m in care.rows(GroupMember) if m.segment == Segment.LABEL] == ["飞行员"]


@pytest.fixture
def task(care):
    """The first contact of a plan that is made face to face."""
    care.client(**(WELL | {"ua": 500.0}))
    plan = proposed(care)
    care.run(EditPlan(plan_id=plan.id, way=Way.VISIT, reason="面谈"))
    return care.run(AcceptPlan(plan_id=plan.id))


def one(care, kind, own):
    return care.one(kind, kind.__table__.c.id == own)


def acts(care, task_id):
    return [e.act for e in care.rows(TaskEvent, TaskEvent.__table__.c.task_id == task_id)]


def test_a_contact_is_booked_received_and_its_record_is_the_result_of_the_task(care, task, block, clock):  # noqa: F811
    booked = care.run(BookTask(task_id=task, kind=ReceptionKind.INTERPRETATION))
    assert one(care, FollowTask, task).planned_at == booked.starts_at == clock() + HOUR
    assert one(care, Appointment, booked.appointment_id).task_id == task
    assert refused(care, BookTask(task_id=task)) == "reception.task_booked"
    moved = care.run(
        Rebook(appointment_id=booked.appointment_id, block_id=block, slot=2, reason="客户改时间")
    )
    assert one(care, FollowTask, task).planned_at == moved.starts_at
    care.run(ReceiveClient(appointment_id=moved.appointment_id))
    assert one(care, FollowTask, task).state == "in_progress"
    care.run(EndReception(appointment_id=moved.appointment_id))
    care.run(
        RecordReception(appointment_id=moved.appointment_id, course="讲解尿酸", next_step="三个月后复查")
    )
    done = one(care, FollowTask, task)
    assert (done.state, done.result) == ("done", "讲解尿酸\n三个月后复查")
    assert acts(care, task) == ["created", "assigned", "booked", "booked", "begun", "completed"]
    following = [t for t in care.rows(FollowTask) if t.id != task]
    assert [t.number for t in following] == [2]
    assert refused(care, BookTask(task_id=task)) == "followup.task_over"


def test_a_client_who_stayed_away_was_tried_and_a_new_slot_can_be_had(care, task, block):  # noqa: F811
    first = care.run(BookTask(task_id=task)).appointment_id
    care.run(CancelAppointment(appointment_id=first, reason="客户出差"))
    assert one(care, FollowTask, task).attempts == 0
    second = care.run(BookTask(task_id=task)).appointment_id
    care.run(NoteNoShow(appointment_id=second))
    kept = one(care, FollowTask, task)
    assert (kept.state, kept.attempts, kept.outcome) == ("waiting", 1, "no_answer")
    assert acts(care, task)[-3:] == ["visit_cancelled", "booked", "visit_missed"]


def test_an_appointment_takes_the_clients_next_contact_along(care, task, block, clock):  # noqa: F811
    patient_id = one(care, FollowTask, task).patient_id
    own = care.run(BookSlot(patient_id=patient_id)).appointment_id
    care.run(ReceiveClient(appointment_id=own))
    assert care.run(TakeTaskAlong(appointment_id=own)) == one(care, FollowTask, task).title
    assert one(care, FollowTask, task).state == "in_progress"
    assert refused(care, TakeTaskAlong(appointment_id=own)) == "reception.has_task"
    other = care.run(BookSlot(patient_id=patient_id)).appointment_id
    assert refused(care, TakeTaskAlong(appointment_id=other)) == "reception.task_booked"
    care.run(CompleteTask(task_id=task, result="电话里已说完"))
    clock.advance(timedelta(minutes=5))
    care.run(RecordReception(appointment_id=own, course="当面讲解"))
    assert one(care, FollowTask, task).result == "电话里已说完"
    stranger = care.run(BookSlot(patient_id=care.client())).appointment_id
    assert refused(care, TakeTaskAlong(appointment_id=stranger)) == "reception.no_task"
    care.run(ReceiveClient(appointment_id=other))
    care.run(RecordReception(appointment_id=other, course="再谈"))
    assert refused(care, TakeTaskAlong(appointment_id=other)) == "reception.over"


def test_a_level_still_counts(care):
    patient_id = care.client(**(WELL | {"ua": 500.0}))
    care.run(SetCareProfile(patient_id=patient_id, level=ClientLevel.PREMIUM))
    care.settle()
    assert (proposed(care).level, proposed(care).rhythm) == ("premium", "premium")
