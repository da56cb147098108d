"""R1.5.7, R1.5.8, R3.3.3: what is under way, who did what, and what clients said of it, counted as it happens."""

from datetime import timedelta

import pytest

from domain.followup.count_commands import CountFollowUp
from domain.followup.feedback_commands import GiveFeedback
from domain.followup.lanes import BOARDS, LANES, boards_of, count_lanes
from domain.followup.performance_records import ServicePerformance
from domain.followup.plan_records import Way
from domain.followup.task_commands import AddTask, BeginTask, CompleteTask, NoteContact
from domain.followup.task_records import FollowTask, Outcome
from domain.kernel.clock import clinic
from domain.kernel.worklists import worklists
from domain.reception.booking_commands import BookSlot, ReceiveClient, RecordReception
from tests.followup.test_receptions import HOUR, block  # noqa: F401


def board(care, name, actor=None):
    with care.desk.store.read() as connection:
        found = count_lanes(connection, actor or care.lead, name, care.desk.clock())
    return {one.lane.name: {c.state: (c.count, c.overdue) for c in one.counts} for one in found}


def a_task(care, clock, **facts):
    given = {"patient_id": care.client(), "title": "血压随访", "way": Way.PHONE, "planned_at": clock() + HOUR}
    return care.run(AddTask(**(given | facts)))


def test_every_lane_shows_states_of_its_workflow_and_a_list_that_can_be_filtered_by_them():
    assert {lane.board for lane in LANES} == set(BOARDS)
    for lane in LANES:
        assert set(lane.states) <= lane.life.states.keys()
        for listing in {lane.listing, *([lane.ended[2]] if lane.ended else [])}:
            names = {c.name for c in worklists()[listing].columns}
            assert {"state", *lane.where} <= names, (lane.name, listing)


def test_tasks_are_counted_by_state_and_by_whom_they_are_for(care, clock):
    first, second = a_task(care, clock), a_task(care, clock)
    written = a_task(care, clock, way=Way.MESSAGE)
    care.run(BeginTask(task_id=second))
    assert board(care, "person")["tasks"] == {
        "unassigned": (0, 0), "waiting": (1, 0), "in_progress": (1, 0), "executed": (0, 0), None: (0, 0),
    }  # fmt: skip
    assert board(care, "message")["messages"]["waiting"] == (1, 0)
    clock.advance(2 * HOUR)
    assert board(care, "person")["tasks"]["waiting"] == (1, 1)
    care.run(NoteContact(task_id=first, outcome=Outcome.REACHED))
    assert board(care, "person")["tasks"]["executed"] == (1, 0)
    care.run(CompleteTask(task_id=first, result="好转"))
    assert board(care, "person")["tasks"][None] == (1, 0)
    care.run(CompleteTask(task_id=written, result="已读"))
    assert board(care, "message")["messages"][None] == (1, 0)
    assert board(care, "person")["tasks"][None] == (1, 0)


def test_the_oldest_that_is_late_is_told(care, clock):
    due = clock() + HOUR
    a_task(care, clock, planned_at=due + HOUR)
    a_task(care, clock, planned_at=due)
    clock.advance(5 * HOUR)
    with care.desk.store.read() as connection:
        [tasks] = [
            one for one in count_lanes(connection, care.lead, "person", clock()) if one.lane.name == "tasks"
        ]
    assert (tasks.open, tasks.overdue) == (2, 2)
    assert [c.oldest for c in tasks.counts if c.overdue] == [due]


def test_who_may_not_see_a_kind_sees_no_lane_of_it(care):
    assert "tracking" not in boards_of(care.lead) or care.lead.may("tracking.view")
    assert set(board(care, "unit", care.nurse)) == ({"events"} if care.nurse.may("unit.view") else set())
    for one in LANES:
        if not care.manager.may(one.permission):
            assert one.name not in board(care, one.board, care.manager)


def test_abnormal_results_stand_on_the_board_by_grade(care):
    from domain.checkup.records import Finding
    from domain.tracking.commands import TellClient, TrackFindings
    from domain.tracking.records import AbnormalTracking, TellingWay
    from tests.followup.conftest import SYSTEM, WELL

    care.client(**(WELL | {"sbp": 184.0, "dbp": 112.0}))
    care.run(TrackFindings(finding_ids=[f.id for f in care.rows(Finding)], amended_ids=[]), SYSTEM)
    tracked = care.rows(AbnormalTracking)
    assert tracked
    before = board(care, "tracking", care.head)["tracking_high"]
    high = [t for t in tracked if t.grade == "high"]
    assert before == {"urgent_notice": (len(high), 0), "follow": (0, 0), None: (0, 0)}
    care.run(TellClient(tracking_id=high[0].id, way=TellingWay.PHONE, known_by="客户复述"), care.head)
    assert board(care, "tracking", care.head)["tracking_high"]["follow"] == (1, 0)


@pytest.fixture
def served(care, clock, block):  # noqa: F811
    """A task done in time and one done late, a reception, and what two clients said."""
    in_time, late = a_task(care, clock), a_task(care, clock)
    care.run(CompleteTask(task_id=in_time, result="好转"))
    own = care.run(BookSlot(patient_id=care.client())).appointment_id
    clock.advance(3 * HOUR)
    care.run(CompleteTask(task_id=late, result="稳定"))
    care.run(ReceiveClient(appointment_id=own))
    care.run(RecordReception(appointment_id=own, course="讲解"))
    care.run(GiveFeedback(step_id=in_time, score=5))
    care.run(GiveFeedback(step_id=own, score=1, comment="等太久"))
    care.settle()


def test_what_people_did_and_clients_thought_counts_for_performance(care, served, clock):
    [wang] = [p for p in care.rows(ServicePerformance) if p.staff_name == "王管理"]
    assert (wang.month, wang.role) == (f"{clinic(clock()):%Y-%m}", "health_manager")
    assert (wang.contacts, wang.messages, wang.on_time, wang.on_time_rate, wang.lost) == (2, 0, 1, 50.0, 0)
    assert (wang.receptions, wang.answers, wang.mean_score, wang.bad) == (1, 2, 3.0, 1)
    before = wang.counted_at
    clock.advance(timedelta(days=1))
    care.settle()
    assert care.one(ServicePerformance).counted_at == before


def test_messages_count_for_who_writes_them(care, clock):
    writer = care.person("zhou", "周运营", "messaging_operator")
    task = a_task(care, clock, way=Way.MESSAGE)
    from domain.followup.task_commands import AssignTask

    care.run(AssignTask(task_id=task, login="zhou", despite="专人"), care.lead)
    care.run(CompleteTask(task_id=task, result="客户已读并回复"), writer)
    care.settle()
    assert care.one(FollowTask).audience == "messaging"
    found = care.one(ServicePerformance)
    assert (found.staff_name, found.role, found.messages, found.contacts) == (
        "周运营",
        "messaging_operator",
        1,
        0,
    )


def test_what_arrives_late_is_counted_for_the_month_before(care, served, clock):
    month = f"{clinic(clock()):%Y-%m}"
    clock.advance(timedelta(days=20))
    task = a_task(care, clock)
    care.run(CompleteTask(task_id=task, result="好转"))
    care.settle()
    by_month = {p.month: p.contacts for p in care.rows(ServicePerformance)}
    assert by_month[month] == 2
    assert len(by_month) == 2


def test_satisfaction_is_told_by_person_step_and_month(care, served, clock):
    today = clinic(clock()).date()
    told = care.run(CountFollowUp(since=today - timedelta(days=31), until=today), care.lead).satisfaction
    assert [(s.name, s.answers, s.mean, s.low) for s in told.staff] == [("王管理", 2, 3.0, 1)]
    assert {(s.name, s.mean, s.low) for s in told.steps} == {("phone", 5.0, 0), ("interpretation", 1.0, 1)}
    assert [(s.name, s.answers) for s in told.months] == [(f"{today:%Y-%m}", 2)]
    empty = care.run(
        CountFollowUp(since=today - timedelta(days=90), until=today - timedelta(days=60)), care.lead
    )
    assert (empty.satisfaction.staff, empty.satisfaction.months) == ([], [])


def rules():
    import yaml

    import resources

    return [yaml.safe_load(path.read_text("utf-8")) for path in resources.folder("alerts").glob("*.yaml")]


def test_every_limit_of_a_contact_is_watched_online_and_offline():
    """Plans, tasks called or written, receptions, events and conversations: whatever has a limit has its alert."""
    from domain.conversations.workflow import conversation_life
    from domain.followup.workflow import plan_life, task_life
    from domain.reception.workflow import appointment_life, event_life

    watched = {rule["watch"] for rule in rules() if "watch" in rule}
    for (
        rule
    ) in rules():  # a clock that goes on through a later state: it stops where the record is in none of these
        for part in rule.get("clears_when", []):
            if (part["field"], part["op"]) == ("state", "not_in"):
                watched |= {f"{rule['watch'].partition('.')[0]}.{state}" for state in part["value"]}
    for life in (plan_life, task_life, appointment_life, event_life, conversation_life):
        for state in life.states.values():
            if state.limit is not None:
                assert {f"{life.name}.{state.name}", life.name} & watched, f"{life.name}.{state.name}"
    waits = {rule["id"] for rule in rules() if "waits_for" in rule}
    assert waits.isdisjoint({f"A-0{number}" for number in range(30, 45)})


def test_the_message_that_did_not_arrive_is_one_alert_under_both_names():
    found = [rule for rule in rules() if rule.get("watch") == "follow_task.sent"]
    assert [(rule["id"], rule["name"]) for rule in found] == [("A-039", "私域沟通未触达预警")]
    assert not [rule for rule in rules() if "私域触达未完成" in rule["name"]]
