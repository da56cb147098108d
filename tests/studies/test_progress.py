"""Rates rise with every tube, what is missing has its cause, each visit has one bar and one clock a node."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from domain.biobank.commands import CreateContainer, ProcessSpecimen, ReceiveSpecimen, StoreSpecimen
from domain.checkup.records import Visit
from domain.kernel.ids import new_id
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.count_commands import planned_by, tally
from domain.studies.counter import StudyCounter
from domain.studies.design_commands import ChangePlan, SetNodeLimits
from domain.studies.nodes import Tube, VisitFacts, bar_of, is_over, nodes_of
from domain.studies.progress_records import CollectionRate, ResearchTask, StudyProgress
from domain.studies.specimen_commands import NoteMissing
from domain.studies.subject_commands import WithdrawSubject
from domain.studies.subject_records import ExpectedSpecimen, MissingCause, SubjectVisit
from tests.conftest import START
from tests.studies.conftest import SYSTEM


@pytest.fixture
def going_on(lab):
    lab.set_up(criterion=False)
    lab.counter = StudyCounter(lab.desk, SYSTEM)
    lab.followers.append(Follower(lab.desk.store, lab.counter))
    lab.patient = lab.client()
    lab.visit_id = lab.checkup(lab.patient)
    lab.subject = lab.enrolled(lab.patient).subject_id
    lab.agreed(lab.subject)
    lab.drawn = lab.begun(lab.subject)
    lab.settle()
    return lab


def bar(lab):
    return lab.first_visit(lab.subject).bar


def tasks(lab):
    return {str(t.kind): (t.state, t.due_at, t.late) for t in lab.rows(ResearchTask)}


def test_one_bar_and_a_clock_for_each_node(going_on):
    lab, start = going_on, going_on.clock()
    assert bar(lab) == "▶采集 □处理 □入库"
    assert tasks(lab) == {"collection": ("open", start + timedelta(hours=8), False)}
    assert lab.first_visit(lab.subject).due_at == start + timedelta(hours=8)
    lab.later(minutes=30)
    for tube in lab.drawn:
        lab.draw(tube.number)
    lab.settle()
    assert bar(lab) == "■采集 ▶处理 □入库"
    assert tasks(lab)["processing"][1] == lab.clock() + timedelta(hours=2)
    lab.later(hours=3)
    for tube in lab.drawn:
        for order in (ReceiveSpecimen, ProcessSpecimen):
            lab.run(order(number=tube.number), lab.technician)
    lab.settle()
    assert bar(lab) == "■采集 ■处理 ▶入库"
    assert tasks(lab)["processing"][::2] == ("done", True), "three hours were more than two"
    assert tasks(lab)["storage"][1] == lab.clock() + timedelta(hours=2), "storage counts from the processing"
    lab.run(CreateContainer(code="BOX1", name="一号盒"), lab.technician)
    for place, tube in enumerate(lab.drawn, 1):
        lab.run(StoreSpecimen(number=tube.number, container="BOX1", position=f"A{place}"), lab.technician)
    lab.settle()
    visit = lab.first_visit(lab.subject)
    assert (visit.bar, visit.state, visit.due_at) == ("■采集 ■处理 ■入库", "done", None)


def test_the_limits_of_a_node_are_the_studys_own(going_on):
    lab = going_on
    lab.run(
        SetNodeLimits(
            plan_id=lab.plan_id,
            questionnaire_hours=1,
            collection_hours=1,
            processing_hours=5,
            storage_hours=1,
        ),
        lab.head,
    )
    lab.draw(lab.drawn[0].number)
    lab.settle()
    assert tasks(lab)["processing"][1] == lab.clock() + timedelta(hours=5)


def test_who_leaves_has_no_clock_running(going_on):
    going_on.run(WithdrawSubject(subject_id=going_on.subject, reason="不愿继续"))
    going_on.settle()
    assert {state for state, *_ in tasks(going_on).values()} == {"void"}


def test_rates_follow_every_tube_and_name_the_cause(going_on):
    lab = going_on
    assert lab.rows(CollectionRate)[0].rate is None, "this morning's tubes are owed by nobody yet"
    lab.draw(lab.drawn[0].number)
    lab.settle()
    assert (lab.rows(CollectionRate)[0].owed, lab.rows(CollectionRate)[0].rate) == (1, 100.0)
    [expected] = lab.rows(ExpectedSpecimen)
    lab.run(NoteMissing(expected_id=expected.id, cause=MissingCause.FAILED_DRAW))
    lab.settle()
    [rate] = lab.rows(CollectionRate)
    assert (rate.owed, rate.collected, rate.rate, rate.causes) == (2, 1, 50.0, {"failed_draw": 1})
    assert rate.days == [{"day": "2026-11-23", "nurse": "秦护士", "due": 2, "collected": 1}]
    lab.clock.advance(timedelta(days=40))
    lab.counter.tick()
    assert lab.rows(CollectionRate)[0].owed == 0, "the window has moved on"


def test_a_reminder_lasts_while_the_client_is_in_the_building(going_on):
    assert going_on.first_visit(going_on.subject).in_building
    with going_on.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=going_on.clock(), new_id=new_id)
        work.get(Visit, going_on.visit_id).state = "finished"
        work.commit_entry("test.leave", txn_id=new_id())
        work.close()
    going_on.settle()
    assert not going_on.first_visit(going_on.subject).in_building


def test_progress_is_what_is_planned_by_today(going_on):
    lab = going_on
    found = {str(p.measure): (p.planned, p.actual, p.rate) for p in lab.rows(StudyProgress)}
    assert found["enrolment"] == (23, 1, 4.3)
    order = ChangePlan(
        study_id=lab.study_id,
        planned_subjects=4,
        recruit_until=date(2027, 2, 8),
        approval="伦审 2",
        reason="减量",
    )
    lab.run(order, lab.head)
    lab.settle()
    found = {str(p.measure): (p.planned, p.actual, p.rate) for p in lab.rows(StudyProgress)}
    assert found["enrolment"] == (0, 1, None), "an approved change of the plan ends the delay"
    lab.clock.advance(timedelta(days=20))
    lab.counter.tick()
    found = {str(p.measure): (p.planned, p.actual, p.rate) for p in lab.rows(StudyProgress)}
    assert (found["sampling"], found["completion"]) == ((2, 0, 0.0), (1, 0, 0.0))
    assert len(lab.rows(SubjectVisit)) == 2


@pytest.mark.parametrize(
    ("today", "wanted"),
    [(date(2026, 10, 31), 0), (date(2026, 11, 1), 1), (date(2026, 11, 10), 10), (date(2027, 1, 1), 100)],
)
def test_a_plan_is_even_over_its_days(today, wanted):
    assert planned_by(100, date(2026, 11, 1), date(2027, 2, 8), today) == min(
        wanted, 62 if today.year == 2027 else wanted
    )


def test_three_weeks_each_worse_are_told_as_a_fall():
    start = date(2026, 11, 1)
    rows = [
        SimpleNamespace(
            day=start + timedelta(days=7 * week), expected=10, collected=got, cause="unable", staff_name="秦"
        )
        for week, got in enumerate((9, 8, 7))
    ]
    counted = tally(rows, start, start + timedelta(days=29))
    assert [one["rate"] for one in counted["trend"]] == [90.0, 80.0, 70.0]
    assert counted["falling"]
    rows[2].collected = 8
    assert not tally(rows, start, start + timedelta(days=29))["falling"]


def test_questionnaires_are_a_node_of_the_same_bar():
    began = START
    facts = VisitFacts(
        began, forms=2, forms_waiting=1, tubes_expected=1, tubes_open=0, tubes=[Tube("stored", began)]
    )
    nodes = nodes_of(facts)
    assert bar_of(nodes, facts) == "▶问卷 ■采集 ■处理 ■入库"
    assert not is_over(nodes, facts)
    assert [node.kind.value for node in nodes if not node.over] == ["questionnaire"]
