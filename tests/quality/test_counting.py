"""Figures are counted of real alerts, messages, answers, tasks and results, also late ones, and judged by the day."""

import itertools
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.alerts.commands import AcknowledgeAlert, HandleAlert, TakeAlert
from domain.alerts.engine_commands import EscalateAlert, OpenAlert
from domain.alerts.records import Alert, AlertCause, Indicator, Outcome, Severity
from domain.conversations.records import Conversation, ConversationMessage, Direction
from domain.followup.feedback_records import Feedback
from domain.followup.plan_records import Way
from domain.followup.task_records import FollowTask
from domain.kernel.authority import system_actor
from domain.kernel.clock import clinic
from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import Pages, worklists
from domain.messaging.records import Category, Channel, OutboxMessage
from domain.people.records import Organization, OrganizationKind
from domain.quality.analysis_commands import AnalyseIndicator
from domain.quality.counter import QualityCounter
from domain.quality.counting_commands import away_of, fall_of
from domain.quality.indicators import COUNTS, load_indicators
from domain.quality.records import IndicatorAnalysis, IndicatorDay
from domain.tracking.records import AbnormalTracking, TrackingGrade
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLIENT = uuid.UUID(int=5)
NUMBERS = itertools.count(1)


class Place:
    """A centre with its counter; what is kept is a row as its feature writes it."""

    def __init__(self, desk, clock):
        self.desk, self.clock = desk, clock
        self.counter = QualityCounter(desk, SYSTEM, load_indicators(resources.folder("quality")), gather_s=0)
        self.follower = Follower(desk.store, self.counter)

    def look(self):
        self.follower.catch_up()
        return self.counter.look()

    def keep(self, *records):
        with self.desk.store.write() as connection:
            work = UnitOfWork(connection, SYSTEM, now=self.clock(), new_id=self.desk.ids)
            for record in records:
                work.add(record)
            work.commit_entry("test.keep", txn_id=self.desk.ids())
            work.close()

    def rows(self, kind, **where):
        with self.desk.store.read() as connection:
            found = connection.execute(select(kind.__table__)).all()
        return [r for r in found if all(getattr(r, name) == value for name, value in where.items())]

    def tally(self, code, back=0):
        """Return numerator and denominator of a day, None if nothing was counted of it."""
        day = clinic(self.clock()).date() - timedelta(days=back)
        found = self.rows(IndicatorDay, code=code, day=day)
        return (found[0].numerator, found[0].denominator) if found else None

    def figure(self, code):
        [found] = self.rows(Indicator, code=code)
        return found


@pytest.fixture
def place(desk, clock):
    return Place(desk, clock)


def opens(place, **more):
    number = uuid.UUID(int=next(NUMBERS))
    values = {
        "alert_id": number, "rule": "A-701", "rule_version": 1, "name": "x", "org_id": BRANCH, "subject": "visit",
        "subject_id": number, "summary": "x", "facts": {}, "severity": Severity.GENERAL, "receivers": ["nurse"],
        "opened_at": place.clock(),
    }  # fmt: skip
    place.desk.run(OpenAlert(**values | more), SYSTEM)
    return number


def settles(place, nurse, alert_id, outcome=Outcome.ACTED, cause=None):
    [row] = place.rows(Alert, id=alert_id)
    place.desk.run(TakeAlert(alert_id=alert_id, revision=row.revision), nurse)
    [row] = place.rows(Alert, id=alert_id)
    order = HandleAlert(
        alert_id=alert_id, note="已处理", outcome=outcome, root_cause=cause, revision=row.revision
    )
    place.desk.run(order, nurse)


def test_alerts_become_figures_of_quality_control_when_they_are_settled(place, nurse, as_role):
    first, second, third, open_still = (opens(place) for _ in range(4))
    place.desk.run(EscalateAlert(alert_id=second, step=1, severity=Severity.URGENT, receivers=["it"]), SYSTEM)
    settles(place, nurse, first, cause=AlertCause.WORKLOAD)
    settles(place, nurse, second)
    settles(place, nurse, third, outcome=Outcome.FALSE, cause=AlertCause.RULE)
    place.desk.run(AcknowledgeAlert(alert_id=open_still), nurse)
    place.look()
    assert place.tally("alert.not_escalated") == (2, 3)
    assert place.tally("alert.true") == (2, 3)
    assert place.tally("alert.cause_known") == (2, 3)
    head = as_role("department_head", subtree=(BRANCH,))
    place.keep(Organization(id=BRANCH, code="B01", name="城西分院", kind=OrganizationKind.BRANCH))
    pages, listing = Pages(place.desk.store), worklists()["quality.days"]
    columns = [one.name for one in listing.columns]
    shown = {
        row.values[columns.index("name")]: row.values[columns.index("percent")]
        for row in pages.page(listing, head).rows
    }
    assert shown["预警及时处理率"] == pytest.approx(66.7)
    with pytest.raises(DomainError):
        pages.page(listing, nurse)


def test_what_comes_late_from_a_branch_counts_on_its_own_day(place, clock):
    def said(score, back):
        return Feedback(
            step="visit", step_id=uuid.UUID(int=next(NUMBERS)), step_kind="follow_up", score=score,
            given_at=clock() - back,
        )  # fmt: skip

    place.keep(said(5, DAY))
    place.look()
    assert place.tally("feedback.satisfied", back=1) == (1, 1)
    place.keep(said(3, 20 * DAY), said(4, DAY))
    place.look()
    assert place.tally("feedback.satisfied", back=20) == (0, 1)
    assert place.tally("feedback.satisfied", back=1) == (2, 2)


def test_messages_that_are_on_their_way_are_not_judged(place, clock):
    def message(state, patient=CLIENT):
        return OutboxMessage(
            channel=Channel.SMS, category=Category.NOTICE, template="x", patient_id=patient, title="x", text="x",
            queued_at=clock(), expires_at=clock() + DAY, send_at=clock(), state=state, state_since=clock(),
        )  # fmt: skip

    place.keep(
        *(message(s) for s in ("read", "accepted", "failed", "queued", "cancelled")), message("failed", None)
    )
    place.look()
    assert place.tally("messaging.reached") == (2, 3)


def test_an_answer_counts_by_the_first_thing_that_was_owed(place, clock):
    talk = Conversation(
        channel=Channel.WECOM, account="a", address_id=uuid.UUID(int=9), last_at=clock(), last_text="x",
        state="answered", state_since=clock(),
    )  # fmt: skip
    begin = clock()

    def said(direction, minutes):
        return ConversationMessage(
            conversation_id=talk.id, direction=direction, text="x", at=begin + timedelta(minutes=minutes)
        )

    place.keep(talk)
    clock.advance(6 * HOUR)
    said_in, out = Direction.IN, Direction.OUT
    place.keep(
        said(said_in, 0), said(said_in, 10), said(Direction.NOTE, 12), said(out, 30),
        said(said_in, 60), said(out, 91), said(said_in, 120), said(said_in, 355),
    )  # fmt: skip
    place.look()
    assert place.tally("conversation.answered") == (1, 3), "what was said 5 minutes ago is not late yet"


def test_a_result_nobody_was_told_of_counts_when_its_time_is_over(place, clock):
    def found(grade, told_after):
        return AbnormalTracking(
            patient_id=CLIENT, observation_id=uuid.UUID(int=next(NUMBERS)), grade=grade, sentence="x",
            found_at=clock(), state="follow", state_since=clock(),
            told_at=None if told_after is None else clock() + told_after,
        )  # fmt: skip

    high, general = TrackingGrade.HIGH, TrackingGrade.GENERAL
    place.keep(found(high, HOUR), found(high, 25 * HOUR), found(general, 25 * HOUR), found(general, None))
    place.look()
    assert place.tally("tracking.told_in_time") == (2, 3)
    clock.advance(7 * DAY)
    place.look()
    assert place.tally("tracking.told_in_time", back=7) == (2, 4)


def test_a_day_that_is_over_is_judged_once_by_its_whole_period(place, clock, as_role):
    def task(state, back):
        at = clock() - timedelta(days=back)
        return FollowTask(
            patient_id=CLIENT, title="x", way=Way.PHONE, content=[], topics=[], owner_role="nurse",
            planned_at=at, created_at=at, state=state, state_since=at,
        )  # fmt: skip

    place.keep(*(task("done", back) for back in range(1, 9)), *(task("waiting", back) for back in (2, 3)))
    place.keep(task("waiting", 0), task("cancelled", 1))
    place.look()
    figure = place.figure("follow.completed")
    assert (figure.numerator, figure.denominator, figure.percent) == (8, 10, 80.0)
    assert (figure.core, figure.quality, figure.under, figure.under_days) == (True, False, True, 1)
    assert figure.day == clinic(clock()).date() - timedelta(days=1)
    place.look()
    assert place.figure("follow.completed").under_days == 1, "the same day is not counted twice"
    clock.advance(DAY)
    place.look()
    assert place.figure("follow.completed").under_days == 2
    head = as_role("department_head", subtree=(BRANCH,))
    order = {
        "indicator_id": figure.id,
        "cause": AlertCause.WORKLOAD,
        "finding": "人手不足",
        "measures": "调班",
    }
    with pytest.raises(DomainError, match=r"quality\.nothing_said"):
        place.desk.run(AnalyseIndicator(**order | {"measures": " "}), head)
    assert place.rows(IndicatorAnalysis) == []
    place.desk.run(AnalyseIndicator(**order), head)
    [analysis] = place.rows(IndicatorAnalysis)
    assert (analysis.percent, analysis.target, analysis.staff_name) == (72.7, 90.0, head.name)


def test_too_little_is_told_and_not_judged(place, clock):
    at = clock() - DAY
    place.keep(
        *(
            Feedback(step="visit", step_id=uuid.UUID(int=next(NUMBERS)), step_kind="x", score=1, given_at=at)
            for _ in range(4)
        )
    )
    place.look()
    figure = place.figure("feedback.satisfied")
    assert (figure.percent, figure.under, figure.strange_since) == (0.0, False, None)


LAST = date(2026, 11, 20)


def history(*percents, of=100):
    return {LAST - timedelta(days=back): (round(of * p / 100), of) for back, p in enumerate(percents)}


def test_how_far_a_day_is_away_is_more_than_chance_explains():
    steady = history(80, *[90] * 28)
    # by hand: no deviation between the days, so chance: sqrt(0.9 * 0.1 / 100) = 0.03; 0.1 / 0.03
    assert away_of(steady, LAST, 5) == pytest.approx(3.333, abs=0.001)
    restless = history(80, *[70, 100, 85, 95, 90] * 5)
    assert away_of(restless, LAST, 5) < 1
    assert away_of(history(80, *[90] * 13), LAST, 5) == 0, "too few days to compare with"
    assert away_of(history(50, *[90] * 28, of=4), LAST, 5) == 0, "too little on the day"
    assert away_of(history(90, *[100] * 28), LAST, 5) > 3, "what was always whole has a width too"


def test_a_fall_is_of_the_week_before():
    assert fall_of(history(*[81] * 7, *[90] * 7), LAST, 5) == pytest.approx(10)
    assert fall_of(history(*[95] * 7, *[90] * 7), LAST, 5) == 0
    assert fall_of(history(*[81] * 7), LAST, 5) == 0


def test_every_figure_that_is_counted_is_declared_and_the_other_way_round(tmp_path):
    shipped = load_indicators(resources.folder("quality"))
    assert {one.code for one in shipped} == COUNTS.keys()
    assert all(one.core or one.quality or one.messaging for one in shipped)
    text = (resources.folder("quality") / "indicators.yaml").read_text("utf-8")
    (tmp_path / "indicators.yaml").write_text(text.replace("alert.true", "alert.nobody"), "utf-8")
    with pytest.raises(ContentError, match=r"alert\.nobody: nothing counts it"):
        load_indicators(tmp_path)
