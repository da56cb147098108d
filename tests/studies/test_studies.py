"""People are taken in by what is on record, seen by members alone; who leaves takes every tube out of use."""

from datetime import date, timedelta

import pytest

from domain.biobank.commands import (
    AliquotSpecimen,
    CreateContainer,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.records import Specimen
from domain.checkup.records import Observation
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.kernel.errors import DomainError
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import Pages, worklists
from domain.scales.records import FormTask
from domain.studies.design_commands import AddMember, ChangePlan, RemoveMember
from domain.studies.numbers import parse_subject_number
from domain.studies.records import Study, StudyChange, StudyMember, StudyRole
from domain.studies.specimen_commands import NoteMissing, PlanTubes
from domain.studies.subject_commands import BeginSubjectVisit, EnrolClient, ScreenClient, WithdrawSubject
from domain.studies.subject_records import (
    ExpectedSpecimen,
    MissingCause,
    StudyScreening,
    StudySubject,
    SubjectVisit,
)
from tests.studies.conftest import FORM, SYSTEM


def glucose(lab, patient_id, value):
    visit = lab.checkup(patient_id)
    lab.run(RecordMeasurement(visit_id=visit, values=[Measured(item="fpg", value=value, unit="mmol/L")]))
    return visit


def test_reasons_are_shown_and_decide(lab):
    lab.set_up()
    patient = lab.client()
    with pytest.raises(DomainError, match=r"study\.not_eligible") as refused:
        lab.enrolled(patient)
    assert "档案里没有空腹血糖" in refused.value.facts["reasons"]
    glucose(lab, patient, 5.5)
    found = lab.run(ScreenClient(study="C1", patient_id=patient))
    assert [(one["fits"], one["found"]) for one in found] == [(True, "51"), (False, "5.5")]
    assert lab.rows(StudyScreening)[0].fits is False
    lab.clock.advance(timedelta(hours=1))
    glucose(lab, patient, 5.6)
    assert lab.enrolled(patient).visits == 2
    with pytest.raises(DomainError, match=r"study\.enrolled"):
        lab.enrolled(patient)


def test_subject_numbers_carry_the_installation_and_a_check(lab):
    lab.set_up(criterion=False)
    first, second = (lab.enrolled(lab.client(name=name)).number for name in ("王一", "王二"))
    assert first[:-1] == "C1-1010002", "the first serial would end in an O"
    assert second[:-1] == "C1-1010003"
    assert parse_subject_number(f" {first.lower()} ") == first
    lab.desk.content["number_prefix"] = "102"
    assert lab.enrolled(lab.client(name="王三")).number.startswith("C1-102")
    with pytest.raises(DomainError, match="check_character"):
        parse_subject_number(first[:-2] + ("2" if first[-2] != "2" else "3") + first[-1])


def test_only_members_see_subjects_and_may_enrol(lab):
    lab.set_up(criterion=False, member=False)
    patient = lab.client()
    with pytest.raises(DomainError, match=r"study\.not_member"):
        lab.enrolled(patient)
    member = lab.run(AddMember(study_id=lab.study_id, login="nurse", role=StudyRole.NURSE), lab.head)
    subject = lab.enrolled(patient)
    pages, listing = Pages(lab.desk.store), worklists()["study.subjects"]
    assert len(pages.page(listing, lab.nurse).rows) == 1
    assert pages.page(listing, lab.physician).rows == ()
    assert len(pages.page(listing, lab.head).rows) == 1, "who oversees sees all"
    lab.run(RemoveMember(member_id=member), lab.head)
    assert pages.page(listing, lab.nurse).rows == ()
    with pytest.raises(DomainError, match=r"study_subject\.unknown"):
        lab.run(WithdrawSubject(subject_id=subject.subject_id, reason="x"))
    assert {m.left_at is None for m in lab.rows(StudyMember)} == {True, False}


def test_a_visit_gives_out_forms_and_expects_tubes_within_its_quota(lab):
    lab.set_up(criterion=False, form=FORM, tubes=2, quota=3)
    one, two = lab.client(name="王一"), lab.client(name="王二")
    lab.checkup(one)
    first = lab.enrolled(one)
    lab.agreed(first.subject_id)
    tubes = lab.begun(first.subject_id)
    visit = lab.first_visit(first.subject_id)
    assert (len(tubes), visit.open_tubes, visit.in_building, visit.off_window) == (2, 2, True, False)
    assert lab.run(PlanTubes(subject_visit_id=visit.id)) == tubes, "asking twice makes no second set"
    [task] = lab.rows(FormTask)
    assert (task.form, task.form_version, task.due_at - lab.clock()) == ("phq9", "1.0.0", timedelta(hours=24))
    second = lab.enrolled(two)
    assert len(lab.begun(second.subject_id)) == 1, "the quota is three in all"
    lab.draw(tubes[0].number)
    [expected] = lab.rows(ExpectedSpecimen, subject_id=first.subject_id)
    assert (expected.collected, lab.first_visit(first.subject_id).open_tubes) == (1, 1)
    assert lab.run(NoteMissing(expected_id=expected.id, cause=MissingCause.FAILED_DRAW)) == 0
    with pytest.raises(DomainError, match=r"study\.cause_told"):
        lab.run(NoteMissing(expected_id=expected.id, cause=MissingCause.OTHER))


def test_out_of_its_window_a_visit_says_so(lab):
    lab.set_up(criterion=False)
    subject = lab.enrolled(lab.client())
    lab.later(days=4)
    visit = lab.first_visit(subject.subject_id)
    lab.run(BeginSubjectVisit(subject_visit_id=visit.id))
    assert lab.first_visit(subject.subject_id).off_window


def test_leaving_freezes_every_tube_at_once_and_no_command_uses_one(lab):
    lab.set_up(criterion=False)
    patient = lab.client()
    lab.checkup(patient)
    subject = lab.enrolled(patient)
    lab.agreed(subject.subject_id)
    drawn, waiting = lab.begun(subject.subject_id)
    lab.draw(drawn.number)
    for order in (ReceiveSpecimen, ProcessSpecimen):
        lab.run(order(number=drawn.number), lab.technician)
    parts = lab.run(AliquotSpecimen(number=drawn.number, count=2, volume_ul=500), lab.technician)
    lab.run(CreateContainer(code="BOX1", name="一号盒"), lab.technician)
    lab.run(StoreSpecimen(number=parts[0].number, container="BOX1", position="A1"), lab.technician)
    assert lab.run(WithdrawSubject(subject_id=subject.subject_id, reason="不愿继续")) == 3
    assert {t.number: t.frozen_at is not None for t in lab.tubes()} == {
        drawn.number: False, waiting.number: True, parts[0].number: True, parts[1].number: True,
    }  # fmt: skip
    uses = [
        (lab.nurse, lambda: lab.draw(waiting.number)),
        (
            lab.technician,
            lambda: lab.run(
                StoreSpecimen(number=parts[1].number, container="BOX1", position="A2"), lab.technician
            ),
        ),
        (
            lab.technician,
            lambda: lab.run(AliquotSpecimen(number=parts[1].number, count=1, volume_ul=100), lab.technician),
        ),
        (lab.technician, lambda: lab.run(ProcessSpecimen(number=parts[1].number), lab.technician)),
    ]
    for _who, use in uses:
        with pytest.raises(DomainError, match=r"specimen\.frozen") as refused:
            use()
        assert refused.value.facts["reason"] == "不愿继续"
    states = {v.name: v.state for v in lab.rows(SubjectVisit)}
    assert states == {"基线": "cancelled", "一年": "cancelled"}
    with pytest.raises(DomainError, match=r"study\.subject_gone"):
        lab.begun(subject.subject_id)


def test_what_a_branch_made_meanwhile_is_refused_at_contact_and_frozen_by_its_reader(lab):
    """The subject's row has come from the centre, the tubes here were not frozen by it."""
    lab.set_up(criterion=False)
    patient = lab.client()
    lab.checkup(patient)
    subject = lab.enrolled(patient)
    lab.agreed(subject.subject_id)
    tube, _ = lab.begun(subject.subject_id)
    lab.draw(tube.number)
    lab.run(ReceiveSpecimen(number=tube.number), lab.technician)
    lab.settle()
    with lab.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=lab.clock(), new_id=new_id)
        there = work.get(StudySubject, subject.subject_id)
        there.state, there.state_since, there.reason = "withdrawn", lab.clock(), "在别处退出"
        work.commit_entry("sync.apply", txn_id=new_id())
        work.close()
    with pytest.raises(DomainError, match=r"specimen\.frozen"):
        lab.run(ProcessSpecimen(number=tube.number), lab.technician)
    assert all(t.frozen_at is None for t in lab.rows(Specimen))
    lab.settle()
    assert all(t.frozen_at is not None for t in lab.rows(Specimen))


def test_a_change_of_the_plan_keeps_what_stood(lab):
    lab.set_up(criterion=False)
    order = ChangePlan(
        study_id=lab.study_id,
        planned_subjects=60,
        recruit_until=date(2027, 3, 1),
        approval="伦审-2",
        reason="减量",
    )
    assert lab.run(order, lab.head) == 1
    [change] = lab.rows(StudyChange)
    assert (change.before["planned_subjects"], lab.rows(Study)[0].planned_subjects) == (100, 60)


def test_enrolling_needs_a_recruiting_study(lab):
    lab.set_up(criterion=False)
    with pytest.raises(DomainError, match=r"study\.no_such_arm"):
        lab.run(EnrolClient(study="C1", patient_id=lab.client(), arm="X"))
    assert lab.rows(Observation) == []
