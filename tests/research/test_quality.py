"""What is due and missing is counted as it happens, corrections lie over what was recorded, work counts
for people."""

from datetime import date, timedelta

import pytest

from domain.alerts.commands import HandleAlert, TakeAlert
from domain.alerts.engine_commands import OpenAlert
from domain.alerts.records import Severity
from domain.checkup.records import Observation
from domain.kernel.errors import DomainError
from domain.kernel.ids import new_id
from domain.kernel.readers import Follower
from domain.research.correction_commands import (
    CorrectValue,
    ExemptMissing,
    ReleaseResult,
    RequireResult,
    WithdrawCorrection,
)
from domain.research.counter import ResearchCounter
from domain.research.quality_commands import JudgePair
from domain.research.quality_records import (
    PairState,
    ResearchPerformance,
    SimilarPair,
    StudyData,
    VisitData,
)
from domain.research.records import DataCorrection, DataNeed
from domain.studies.progress_records import ResearchTask
from domain.studies.specimen_commands import NoteMissing
from domain.studies.subject_commands import MissSubjectVisit
from domain.studies.subject_records import ExpectedSpecimen, MissingCause, SubjectVisit
from tests.research.test_exporting import table
from tests.studies.conftest import SYSTEM


@pytest.fixture
def counted(data):
    data.counter = ResearchCounter(data.desk, SYSTEM)
    data.followers.append(Follower(data.desk.store, data.counter))
    data.one = data.subject("王美娜", date(1975, 8, 23), "collect", "data", glucose=5.5, answer="some")
    return data


def gap(lab):
    visit = lab.first_visit(lab.one)
    [kept] = lab.rows(VisitData, subject_visit_id=visit.id)
    return kept.wanted, kept.present, kept.exempted, kept.missing, kept.lacking


def test_nothing_is_missing_before_its_time_and_all_of_it_after(counted):
    lab = counted
    lab.counter.tick()
    assert gap(lab) == (1, 1, 0, 0, []), "the questionnaire is there, the tubes are due at the end of the day"
    lab.later(days=1)
    lab.counter.tick()
    assert gap(lab) == (2, 1, 0, 1, ["标本 血清"])
    [study] = lab.rows(StudyData)
    assert (study.wanted, study.present, study.rate, study.lacking_visits) == (2, 1, 50.0, 1)
    for tube in lab.tubes():
        lab.draw(tube.number)
    lab.settle()
    assert gap(lab) == (2, 2, 0, 0, []), "told as soon as it was drawn"
    assert lab.rows(StudyData)[0].rate == 100.0


def test_a_result_that_was_named_is_due_some_days_later(counted):
    lab = counted
    need = lab.run(RequireResult(plan_id=lab.plan_id, item="尿酸", within_days=3), lab.head)
    assert lab.run(RequireResult(plan_id=lab.plan_id, item="空腹血糖", within_days=3), lab.head) != need
    lab.later(days=3)
    lab.counter.tick()
    assert gap(lab)[4] == ["标本 血清"]
    lab.later(days=1)
    lab.counter.tick()
    assert gap(lab) == (4, 2, 0, 2, ["标本 血清", "尿酸"])
    visit = lab.first_visit(lab.one)
    order = ExemptMissing(subject_visit_id=visit.id, variable="lab.ua", reason="采血量不足")
    assert lab.run(order, lab.physician_member()) == 1
    lab.settle()
    assert gap(lab) == (4, 2, 1, 1, ["标本 血清"])
    assert lab.rows(StudyData)[0].rate == 66.7, "what was exempted is owed by nobody"
    with pytest.raises(DomainError, match=r"research\.nothing_missing"):
        lab.run(order, lab.physician_member())
    lab.run(ReleaseResult(data_need_id=need), lab.head)
    lab.settle()
    assert gap(lab)[:2] == (3, 2)
    assert [one.retired_at is None for one in lab.rows(DataNeed)] == [False, True]
    with pytest.raises(DomainError, match=r"study\.criterion_item"):
        lab.run(RequireResult(plan_id=lab.plan_id, item="没有的项目"), lab.head)


def test_a_visit_that_never_came_lacks_all_of_it_unless_it_was_given_up(counted):
    lab = counted
    lab.later(days=368)
    lab.counter.tick()
    [planned] = [one for one in lab.rows(SubjectVisit) if one.begun_at is None]
    assert lab.rows(VisitData, subject_visit_id=planned.id) == [], "the second visit asks for nothing"
    other = lab.subject("李大明", date(1960, 1, 2), "collect", "data")
    never = next(v for v in lab.rows(SubjectVisit, subject_id=other) if v.plan_id == lab.plan_id)
    assert never.begun_at is not None
    third = lab.enrolled(lab.client(date(1970, 1, 1), "周三")).subject_id
    lab.later(days=5)
    lab.counter.tick()
    visit = lab.first_visit(third)
    [kept] = lab.rows(VisitData, subject_visit_id=visit.id)
    assert (kept.missing, sorted(kept.lacking)) == (2, ["标本 血清", "问卷 phq9"])
    lab.run(MissSubjectVisit(subject_visit_id=visit.id, reason="出国"))
    lab.settle()
    [kept] = lab.rows(VisitData, subject_visit_id=visit.id)
    assert (kept.wanted, kept.missing) == (0, 0)


def test_a_correction_lies_over_the_record_and_is_marked(counted, tmp_path):
    lab = counted
    visit = lab.first_visit(lab.one)
    order = CorrectValue(subject_visit_id=visit.id, variable="lab.fpg", corrected="5.9", reason="单位抄错")
    with pytest.raises(DomainError, match=r"permission\.denied"):
        lab.run(order, lab.nurse)
    one = lab.run(order, lab.physician_member())
    assert [(row.value_number, row.value_text) for row in lab.rows(Observation)] == [(5.5, "5.50")]
    _begun, written, folder = lab.export(tmp_path / "one", formats=["csv"])
    row = table(folder, "visits")[0]
    assert (row["lab.fpg"], row["corrected"]) == ("5.9", "lab.fpg")
    assert [(r["number"], r["corrected"]) for r in table(folder, "results")] == [("5.9", "1")]
    [kept] = table(folder, "corrections")
    assert (kept["variable"], kept["original"], kept["value"], written.corrected) == (
        "lab.fpg", "5.5", "5.9", 1,
    )  # fmt: skip
    lab.clock.advance(timedelta(minutes=1))
    lab.run(WithdrawCorrection(data_correction_id=one, reason="原值无误"), lab.physician_member())
    _begun, written, folder = lab.export(tmp_path / "two", formats=["csv"])
    row = table(folder, "visits")[0]
    assert (row["lab.fpg"], row["corrected"], written.corrected) == ("5.5", "", 0)
    assert [c.withdrawn for c in lab.rows(DataCorrection)] == [False, True]


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("lab.fpg", "高", "research.not_a_number"),
        ("lab.fpg", "nan", "research.not_a_number"),
        ("lab.fpg", "5.50", "research.nothing_changed"),
        ("lab.ua", "1", "research.no_such_value"),
        ("q.phq9.none", "some", "research.no_such_value"),
        ("绝对没有", "1", "research.no_such_value"),
    ],
)
def test_what_cannot_be_corrected_is_refused(counted, variable, value, code):
    visit = counted.first_visit(counted.one)
    order = CorrectValue(subject_visit_id=visit.id, variable=variable, corrected=value, reason="x")
    with pytest.raises(DomainError) as refused:
        counted.run(order, counted.head)
    assert refused.value.code == code
    assert counted.rows(DataCorrection) == []


def test_answers_scales_and_tubes_are_corrected_too(counted, tmp_path):
    visit = counted.first_visit(counted.one)
    for variable, value in (
        ("q.phq9.mood", "most"),
        ("scale.phq9.total", "12"),
        ("tube.血清.collected", "1"),
    ):
        counted.run(
            CorrectValue(subject_visit_id=visit.id, variable=variable, corrected=value, reason="核对纸质"),
            counted.head,
        )
    counted.run(
        CorrectValue(subject_visit_id=visit.id, variable="q.phq9.sleep", reason="受试者否认作答"),
        counted.head,
    )
    _begun, _written, folder = counted.export(tmp_path, formats=["csv"])
    row = table(folder, "visits")[0]
    assert [row[f"q.phq9.{one}"] for one in ("mood", "sleep", "energy")] == ["most", "", "some"]
    assert (row["scale.phq9.total"], row["tube.血清.collected"]) == ("12.0", "1.0")


def test_two_that_are_alike_are_judged_and_stay_judged(counted):
    lab = counted
    items = [Observed(n) for n in range(25)]
    first = lab.first_visit(lab.one)
    other = lab.subject("李大明", date(1960, 1, 2), "collect", "data")
    second = lab.first_visit(other)
    for visit in (first, second):
        lab.observe(visit, items)
    assert lab.compare() == 1
    [pair] = lab.rows(SimilarPair)
    assert (pair.likeness, pair.compared, pair.standing, pair.same_subject) == (
        100.0,
        26,
        PairState.OPEN,
        False,
    )
    order = JudgePair(similar_pair_id=pair.id, real=True, verdict="孪生，已复核原始记录")
    with pytest.raises(DomainError, match=r"permission\.denied"):
        lab.run(order, lab.nurse)
    lab.run(order, lab.physician_member())
    with pytest.raises(DomainError, match=r"research\.judged"):
        lab.run(order, lab.physician_member())
    lab.compare()
    assert lab.rows(SimilarPair)[0].standing == PairState.REAL


def test_a_pair_that_is_no_more_alike_is_closed(counted):
    lab = counted
    items = [Observed(n) for n in range(25)]
    second = lab.first_visit(lab.subject("李大明", date(1960, 1, 2), "collect", "data"))
    for visit in (lab.first_visit(lab.one), second):
        lab.observe(visit, items)
    lab.compare()
    for n in range(8):
        order = CorrectValue(
            subject_visit_id=second.id, variable=f"lab.x{n}", corrected="77", reason="录入错人"
        )
        lab.run(order, lab.head)
    lab.compare()
    assert lab.rows(SimilarPair)[0].standing == PairState.UNLIKE, "18 of 26 are 69.2 %"


class Observed:
    """A result of an item of its own."""

    def __init__(self, number):
        self.item, self.value = f"x{number}", float(number)


def test_tubes_and_alerts_count_for_who_did_them(counted):
    lab = counted
    lab.draw(lab.tubes()[0].number)
    [expected] = lab.rows(ExpectedSpecimen)
    lab.run(NoteMissing(expected_id=expected.id, cause=MissingCause.FAILED_DRAW))
    task = lab.rows(ResearchTask)[0]
    for number, late in ((1, False), (2, True)):
        own = new_id()
        lab.run(
            OpenAlert(
                alert_id=own, rule="A-079", rule_version=2, name="x", org_id=lab.nurse.org_id,
                subject="research_task", subject_id=task.id, patient_id=task.patient_id, summary=f"x{number}",
                facts={}, severity=Severity.IMPORTANT, receivers=["nurse"], opened_at=lab.clock(),
                act_by=lab.clock() + timedelta(hours=1),
            ),
            SYSTEM,
        )  # fmt: skip
        lab.run(TakeAlert(alert_id=own))
        if late:
            lab.clock.advance(timedelta(hours=2))
        lab.run(HandleAlert(alert_id=own, note="已完成"))
    lab.counter.tick()
    [kept] = lab.rows(ResearchPerformance)
    assert (kept.staff_name, kept.month, kept.code) == ("秦护士", "2026-11", "C1")
    assert (kept.owed, kept.collected, kept.rate) == (2, 1, 50.0)
    assert (kept.alerts, kept.in_time, kept.core_alerts, kept.core_in_time) == (2, 1, 2, 1)
    assert (kept.in_time_rate, kept.late) == (50.0, 0)
