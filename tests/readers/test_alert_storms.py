"""A workstation that comes back after a month: nothing lost, nobody flooded; what is urgent is told at once."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain.alerts.commands import HandleAlert, HandleSeveral
from domain.alerts.digests import MOST_SINGLE
from domain.alerts.groups import BUDGET, groups_of, shift_digest, told_now
from domain.alerts.records import Alert, Severity
from domain.alerts.situations import timer_table
from domain.alerts.worklists import alerts_for, count_for
from domain.checkup.form_commands import AnswerForm, IssueForm
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import DomainError
from domain.scales.records import FormTask
from tests.scales.answering import least
from tests.scales.conftest import SCALES

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def overdue(watch, clock, nurse):
    """Return a function that puts questionnaires overdue into the store, with their timers, past the log."""

    def make(count, days=30):
        issued = clock() - days * DAY
        due = issued + 7 * DAY
        rows, timers = [], []
        for _ in range(count):
            record_id = watch.desk.ids()
            rows.append(
                {
                    "id": record_id, "org_id": nurse.org_id, "patient_id": watch.desk.ids(), "form": "gad7", "ver": 0,
                    "form_version": "1", "issued_at": issued, "state": "issued", "state_since": issued, "due_at": due,
                }
            )  # fmt: skip
            timers.append(
                {
                    "rule": "A-062", "record_id": record_id, "entity": "form_task", "org_id": nurse.org_id,
                    "occasion": str(to_microseconds(issued)), "fire_at": to_microseconds(due), "key": None,
                }
            )  # fmt: skip
        with watch.desk.store.write() as connection:
            connection.execute(FormTask.__table__.insert(), rows)
            connection.execute(timer_table().insert(), timers)

    return make


def told(watch, actor):
    with watch.desk.store.read() as connection:
        return alerts_for(connection, actor, limit=500), count_for(connection, actor)[0]


def test_a_month_of_timers_is_one_card_and_every_alert_is_in_the_list(watch, overdue, nurse, clock, world):
    overdue(300)
    world.potassium()  # something urgent of today comes in between
    watch.look()
    watch.look()
    members = [a for a in watch.alerts("A-062") if a.digest_id]
    [digest] = [a for a in watch.alerts("A-062") if not a.digest_id]
    assert len(members) == 300
    assert {a.digest_id for a in members} == {digest.id}
    assert {a.due_at for a in members} == {None}
    assert "300" in digest.summary
    cards, count = told(watch, nurse)
    assert (len(cards), count) == (3, 3)
    assert {c.rule for c in cards[:2]} == {"A-007", "A-085"}, "both are urgent and of one moment"
    assert cards[2].rule == "A-062"
    assert watch.timers() == [t for t in watch.timers() if t.rule != "A-062"]


def test_the_digest_rises_by_the_ladder_and_ends_with_the_last_of_them(watch, overdue, nurse, clock):
    overdue(MOST_SINGLE + 1)
    watch.look()
    watch.look()
    clock.advance(3 * DAY)
    watch.look()
    [digest] = [a for a in watch.alerts("A-062") if not a.digest_id]
    assert (digest.step, str(digest.severity)) == (1, "important")
    assert all(a.step == 0 or a.id == digest.id for a in watch.alerts("A-062") if not a.digest_id)
    with pytest.raises(DomainError) as error:
        watch.desk.run(HandleAlert(alert_id=digest.id, note="都看过了"), nurse)
    assert (error.value.code, error.value.facts["count"]) == ("alert.digest_members", MOST_SINGLE + 1)
    members = [a.id for a in watch.alerts("A-062") if a.digest_id]
    watch.desk.run(HandleSeveral(alert_ids=members[1:], act="handle", note="已电话催填"), nurse)
    watch.look()
    assert next(a for a in watch.alerts("A-062") if a.id == digest.id).state == "open"
    watch.desk.run(HandleSeveral(alert_ids=members[:1], act="handle", note="已电话催填"), nurse)
    watch.look()
    assert next(a for a in watch.alerts("A-062") if a.id == digest.id).state == "closed"


def test_a_few_late_ones_are_told_one_by_one(watch, overdue, nurse):
    overdue(MOST_SINGLE)
    watch.look()
    watch.look()
    assert told(watch, nurse)[1] == MOST_SINGLE


def test_what_falls_due_now_is_told_one_by_one_until_twenty_wait_and_the_rest_by_the_days_digest(
    watch, overdue, nurse
):
    overdue(MOST_SINGLE, days=7)
    watch.look()
    watch.look()
    assert told(watch, nurse)[1] == MOST_SINGLE
    overdue(40, days=7)
    watch.look()
    watch.look()
    assert told(watch, nurse)[1] == MOST_SINGLE + 1
    members = [a for a in watch.alerts("A-062") if a.digest_id]
    assert len(members) == 40, "every one of them is an alert in the list"
    [digest] = [a for a in watch.alerts("A-062") if a.id == members[0].digest_id]
    assert str(MOST_SINGLE) in digest.summary


FORMS = ("gad7", "phq9", "isi")


def owing(world):
    """Give one client three questionnaires at once."""
    world.give_out()
    for form in FORMS[1:]:
        order = IssueForm(patient_id=world.client, form=form, form_version="1.0.0")
        world.desk.run(order, world.nurse)


def hand_in_one(world, watch):
    """Hand in the questionnaire that is told of."""
    [told_of] = [a for a in watch.alerts("A-062") if a.state == "open"]
    form = told_of.facts["form"]
    order = AnswerForm(
        patient_id=world.client, task_id=told_of.subject_id, form=form, form_version="1.0.0",
        answers=least(SCALES[form]),
    )  # fmt: skip
    world.desk.run(order, world.nurse)
    watch.look()
    watch.look()


def test_what_one_client_owes_is_one_card_and_the_next_comes_when_the_cause_of_the_first_is_gone(
    world, watch, clock
):
    owing(world)
    watch.look()
    clock.advance(8 * DAY)
    watch.look()
    assert len(watch.alerts("A-062")) == 1
    due = watch.alerts("A-062")[0].opened_at
    hand_in_one(world, watch)
    first, second = sorted(watch.alerts("A-062"), key=lambda a: a.state)
    assert (first.state, second.state) == ("closed", "open")
    assert second.opened_at - due < HOUR, "its own time ran all along, the ladder does not begin anew"
    hand_in_one(world, watch)
    hand_in_one(world, watch)
    assert [a.state for a in watch.alerts("A-062")] == ["closed"] * 3


def test_what_a_person_settled_is_settled_for_the_client(world, watch, clock, nurse):
    owing(world)
    watch.look()
    clock.advance(8 * DAY)
    watch.look()
    [alert] = watch.alerts("A-062")
    watch.desk.run(HandleAlert(alert_id=alert.id, note="客户要求下月再填"), nurse)
    watch.look()
    clock.advance(DAY)
    watch.look()
    assert [a.state for a in watch.alerts("A-062")] == ["handled"]


def test_a_restart_in_the_middle_makes_one_digest(watch, overdue, nurse, monkeypatch):
    from domain.alerts.engine import AlertEngine

    overdue(120)
    run, left = AlertEngine._together, [1]

    def mortal(engine, orders):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return run(engine, orders)

    monkeypatch.setattr(AlertEngine, "_together", mortal)
    with pytest.raises(KeyboardInterrupt):
        watch.look()
    monkeypatch.setattr(AlertEngine, "_together", run)
    watch.look()
    alerts = watch.alerts("A-062")
    assert len([a for a in alerts if a.digest_id]) == 120
    assert len([a for a in alerts if not a.digest_id]) == 1


@pytest.mark.deep
def test_ten_thousand(watch, overdue, nurse):
    overdue(10_000)
    watch.look()
    watch.look()
    with watch.desk.store.read() as connection:
        table = Alert.__table__
        query = select(func.count()).select_from(table).where(table.c.rule == "A-062")
        assert connection.execute(query).scalar() == 10_001
    assert told(watch, nurse)[1] == 1


def test_one_card_a_client_and_a_budget_of_interruptions(world, watch, nurse, clock):
    world.assess(tc=6.3)
    world.assess(ldl=5.0)
    for _ in range(3):
        world.pressure(180)
    watch.look()
    watch.look()
    with watch.desk.store.read() as connection:
        groups = groups_of(alerts_for(connection, nurse, limit=500))
        digest = shift_digest(connection, nurse, clock() - HOUR)
    keys = [g.key for g in groups]
    assert len(keys) == len(set(keys)) < sum(len(g.cards) for g in groups) + 1
    assert sum(digest.opened.values()) == len(watch.alerts())
    assert digest.settled == {}
    urgent = [g for g in groups if g.worst.severity is Severity.URGENT]
    all_told = told_now(groups, [], clock())
    assert len(all_told.now) == len(groups)
    spent = told_now(groups, [clock() - timedelta(minutes=m) for m in range(BUDGET)], clock())
    assert list(spent.now) == urgent  # urgent ones come through an empty budget
    assert spent.later == sum(len(g.cards) for g in groups if g not in urgent)
    rested = told_now(groups, [clock() - HOUR] * BUDGET, clock())
    assert len(rested.now) == len(groups)
    assert uuid.UUID(int=0) not in keys
