"""An abnormal result is tracked from its finding to an outcome; whoever forgets it is told, without a line too."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.catalog.content import load_catalog
from domain.checkup.records import Finding, Observation
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.tracking.commands import (
    FollowUp,
    NotReached,
    ReferTracking,
    RefuseTracking,
    TellClient,
    TrackFindings,
    TrackResult,
)
from domain.tracking.follower import TrackingFollower
from domain.tracking.rates import RateFollower
from domain.tracking.records import AbnormalTracking, TellingWay, TrackingOutcome, TrackingRate, TrackingStep
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE)
CATALOG = load_catalog(resources.folder("catalog"))


class Tracked:
    """A branch with its readers; time moves when a test says so."""

    def __init__(self, desk, clock, authority, nurse, physician):
        desk.content |= {"catalog": CATALOG, "authority": authority}
        self.desk, self.clock, self.nurse, self.physician = desk, clock, nurse, physician
        self.engine = AlertEngine(desk, load_rules(resources.folder("alerts"), authority.roles), SYSTEM)
        self.followers = [
            Follower(desk.store, reader)
            for reader in (TrackingFollower(desk, SYSTEM), RateFollower(desk, SYSTEM), self.engine)
        ]

    def settle(self):
        while sum(follower.step() for follower in self.followers):
            pass
        self.engine.tick()

    def later(self, **span):
        self.clock.advance(timedelta(**span))
        self.settle()

    def run(self, order, actor=None):
        receipt = self.desk.run(order, actor or self.physician).receipt
        self.settle()
        return receipt

    def measured(self, visit, sbp, dbp=95):
        order = [
            Measured(item="sbp", value=sbp, unit="mm[Hg]"),
            Measured(item="dbp", value=dbp, unit="mm[Hg]"),
        ]
        self.run(RecordMeasurement(visit_id=visit, values=order), self.nurse)

    def rows(self, record, **values):
        table = record.__table__
        wanted = [table.c[name] == value for name, value in values.items()]
        with self.desk.store.read() as connection:
            return connection.execute(select(table).where(*wanted)).all()

    def one(self):
        (found,) = self.rows(AbnormalTracking)
        return found

    def alerts(self, *rules):
        with self.desk.store.read() as connection:
            query = select(Alert.rule, Alert.state, Alert.receivers).where(Alert.rule.in_(rules))
            return connection.execute(query.order_by(Alert.rule)).all()

    @property
    def today(self):
        return clinic(self.clock()).date()


@pytest.fixture
def branch(desk, clock, authority, nurse, as_role):
    return Tracked(desk, clock, authority, nurse, as_role("physician"))


@pytest.fixture
def visit(branch):
    born = RegisterPatient(name="王建军", sex=Sex.MALE, birth_date=date(1968, 3, 2))
    patient = branch.run(born, branch.nurse).patient_id
    visit = branch.run(OpenVisit(patient_id=patient), branch.nurse).visit_id
    branch.run(Arrive(visit_id=visit), branch.nurse)
    return visit


@pytest.fixture
def high(branch, visit):
    """A class A finding: blood pressure beyond the limit of the consensus."""
    branch.measured(visit, 185, 112)
    found = [row for row in branch.rows(AbnormalTracking) if row.grade == "high"]
    for row in branch.rows(AbnormalTracking):
        if row.id != found[0].id:
            branch.run(RefuseTracking(tracking_id=row.id, note="与收缩压一并处理"))
    return found[0]


def state_of(branch, tracking):
    return branch.rows(AbnormalTracking, id=tracking.id)[0]


def refused(branch, order):
    with pytest.raises(DomainError) as found:
        branch.run(order)
    return found.value.code, found.value.field


def test_each_finding_is_tracked_once_with_its_grade_and_time(branch, visit):
    branch.measured(visit, 185, 112)
    found = branch.rows(Finding)
    tracked = branch.rows(AbnormalTracking)
    assert found
    assert {row.finding_id for row in tracked} == {row.id for row in found}
    grades = {"A": "high", "B": "important"}
    assert {row.finding_id: row.grade for row in tracked} == {
        row.id: grades[row.important_class] for row in found
    }
    for row in tracked:
        hours = 24 if row.grade == "high" else 7 * 24
        assert row.due_at - row.found_at == timedelta(hours=hours)
    again = TrackFindings(finding_ids=[row.id for row in found], amended_ids=[])
    assert branch.desk.run(again, SYSTEM).receipt == 0


def test_a_client_who_was_not_told_is_an_alert_that_climbs_and_ends_when_told(branch, high):
    branch.later(hours=23)
    assert branch.alerts("A-111") == []
    branch.later(hours=1, minutes=1)
    ((rule, state, receivers),) = branch.alerts("A-111")
    assert (rule, state) == ("A-111", "open")
    assert set(receivers) == {"physician", "nurse"}
    branch.later(hours=25)
    assert "department_head" in branch.alerts("A-111")[0].receivers
    branch.later(hours=48)
    assert "chief_physician" in branch.alerts("A-111")[0].receivers
    told = TellClient(tracking_id=high.id, way=TellingWay.PHONE, known_by="客户复述：高压一百八十五")
    day = branch.run(told)
    assert day == branch.today + timedelta(days=7)
    assert branch.alerts("A-111")[0].state == "closed"


def test_a_follow_up_that_is_forgotten_is_an_alert_that_climbs_and_ends_with_the_result(branch, high):
    day = branch.today + timedelta(days=3)
    branch.run(TellClient(tracking_id=high.id, way=TellingWay.IN_PERSON, known_by="已复述", follow_on=day))
    branch.later(days=3)
    assert branch.alerts("A-112") == []
    branch.later(days=1)
    assert branch.alerts("A-112")[0].receivers == ["health_manager"]
    branch.later(days=4)
    assert "department_head" in branch.alerts("A-112")[0].receivers
    branch.run(FollowUp(tracking_id=high.id, outcome=TrackingOutcome.TREATED, note="已在心内科规律服药"))
    assert branch.alerts("A-112")[0].state == "closed"
    ended = state_of(branch, high)
    assert (ended.state, ended.outcome, ended.due_at) == ("ended", "treated", None)


def test_what_shows_that_the_client_knows_is_asked_for(branch, high):
    order = TellClient(tracking_id=high.id, way=TellingWay.PHONE, known_by=" 好")
    assert refused(branch, order) == ("tracking.not_proven", "known_by")
    past = TellClient(
        tracking_id=high.id,
        way=TellingWay.PHONE,
        known_by="已复述",
        follow_on=branch.today - timedelta(days=1),
    )
    assert refused(branch, past) == ("tracking.day_past", "follow_on")
    assert state_of(branch, high).state == "urgent_notice"


def test_nobody_leaves_without_an_outcome(branch, high):
    early = FollowUp(tracking_id=high.id, outcome=TrackingOutcome.SAME, note="未变")
    assert refused(branch, early)[0] == "tracking.not_told"
    branch.run(TellClient(tracking_id=high.id, way=TellingWay.PHONE, known_by="已复述"))
    for outcome in (TrackingOutcome.NOT_REACHED, TrackingOutcome.WORSE):
        order = FollowUp(tracking_id=high.id, outcome=outcome, note="三次未接")
        assert refused(branch, order) == ("tracking.again_missing", "again_on")
    again = branch.today + timedelta(days=2)
    branch.run(
        FollowUp(tracking_id=high.id, outcome=TrackingOutcome.NOT_REACHED, note="三次未接", again_on=again)
    )
    waiting = state_of(branch, high)
    assert (waiting.state, waiting.follow_on, waiting.followed_at, waiting.tries) == (
        "follow",
        again,
        None,
        1,
    )
    branch.run(ReferTracking(tracking_id=high.id, note="市一院心内科"))
    assert state_of(branch, high).state == "referred"
    late = NotReached(tracking_id=high.id, way=TellingWay.PHONE, note="无人接听")
    assert refused(branch, late) == ("tracking.ended", "tracking_id")


def test_every_step_is_kept_with_who_and_when(branch, high):
    branch.run(NotReached(tracking_id=high.id, way=TellingWay.PHONE, note="无人接听"))
    branch.run(TellClient(tracking_id=high.id, way=TellingWay.PHONE, known_by="已复述"))
    branch.run(RefuseTracking(tracking_id=high.id, note="已告知风险，客户拒绝复查"))
    steps = branch.rows(TrackingStep, tracking_id=high.id)
    assert [step.kind for step in sorted(steps, key=lambda s: s.id)] == [
        "begun", "not_reached", "told", "refused",
    ]  # fmt: skip
    assert {step.staff_name for step in steps if step.kind != "begun"} == {branch.physician.name}


def test_a_corrected_result_is_not_followed_any_more(branch, visit, high):
    branch.measured(visit, 122, 78)
    rows = branch.rows(Observation, item="sbp")
    if not any(row.amends for row in rows):
        order = TrackFindings(finding_ids=[], amended_ids=[high.observation_id])
        assert branch.desk.run(order, SYSTEM).receipt == 1
    gone = state_of(branch, high)
    assert (gone.state, gone.due_at) == ("withdrawn", None)
    branch.later(days=9)
    assert branch.alerts("A-111") == []


def test_a_result_without_a_class_is_tracked_by_hand_once(branch, visit):
    branch.measured(visit, 128, 82)
    assert branch.rows(AbnormalTracking) == []
    (result,) = branch.rows(Observation, item="sbp")
    branch.run(TrackResult(observation_id=result.id, reason="家族史明显，三个月后复测"))
    assert branch.one().grade == "general"
    order = TrackResult(observation_id=result.id, reason="再次纳入")
    assert refused(branch, order) == ("tracking.exists", "observation_id")


def test_rates_follow_what_happens(branch, high):
    def rate():
        return branch.rows(TrackingRate, grade="high")[0]

    before = rate()
    assert (before.told, before.told_rate) == (0, 0.0)
    branch.later(hours=30)
    branch.run(
        TellClient(tracking_id=high.id, way=TellingWay.PHONE, known_by="已复述", follow_on=branch.today)
    )
    told = rate()
    assert (told.told, told.in_time, told.to_follow, told.followed) == (1, 0, 1, 0)
    assert told.told_rate == pytest.approx(100 / told.total, abs=0.05)
    assert told.followed_rate == 0.0
    branch.run(FollowUp(tracking_id=high.id, outcome=TrackingOutcome.NORMAL, note="复测正常"))
    after = rate()
    assert (after.followed, after.followed_rate) == (1, 100.0)
    assert after.total == before.total
