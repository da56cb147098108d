"""The engine: restarts, two installations, long absence, people who act, and its cost."""

import contextlib
import dataclasses
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from domain.alerts.commands import AcknowledgeAlert, CloseAlert, HandleAlert
from domain.alerts.engine import AlertEngine
from domain.alerts.engine_commands import ClearAlert, EscalateAlert, OpenAlert
from domain.alerts.plans import rule_book
from domain.alerts.records import Alert, Severity
from domain.alerts.worklists import alerts_for, count_for
from domain.checkup.records import Report, Visit
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower, ReaderThread
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import Pages, worklists
from tests.fixtures.patience import until
from tests.readers.conftest import CENTRE_DEVICE, Watch
from tests.readers.logs import carry
from tests.readers.plans import plans_of, walked

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STAYED_ON = "A-091"
"""Clients of these tests never leave, which is told after eight hours."""


@pytest.fixture
def centre_watch(centre, book, catalog):
    centre.content["catalog"] = catalog
    return Watch(centre, book, system_actor(uuid.UUID(int=0xA0), CENTRE_DEVICE))


def refused(desk, order, actor):
    with pytest.raises(DomainError) as error:
        desk.run(order, actor)
    return error.value.code


def test_a_restart_between_any_two_steps_loses_and_doubles_nothing(world, watch, clock, monkeypatch):
    """The engine dies before each of its commands in turn; a new one over the same store finishes the work."""
    world.collect()
    world.potassium()
    world.write()
    run = AlertEngine._command
    monkeypatch.setattr("domain.alerts.engine.TOGETHER", 1)
    for lives in range(4):
        left = [lives]

        def mortal(engine, order, left=left):
            if isinstance(order, OpenAlert | ClearAlert):
                if not left[0]:
                    raise KeyboardInterrupt
                left[0] -= 1
            return run(engine, order)

        monkeypatch.setattr(AlertEngine, "_command", mortal)
        reborn = Watch(watch.desk, watch.book, watch.engine.actor)
        with contextlib.suppress(KeyboardInterrupt):
            reborn.look()
            clock.advance(25 * HOUR)
            reborn.look()
    monkeypatch.setattr(AlertEngine, "_command", run)
    clock.advance(25 * HOUR)
    watch.look()
    found = [a.rule for a in watch.alerts() if a.rule != STAYED_ON]
    assert sorted(found) == ["A-007", "A-073", "A-085", "A-093"]
    for alert in watch.alerts():
        assert [e.kind for e in watch.events(alert.id)].count("opened") == 1
    assert [t.rule for t in watch.timers()] == ["A-074"]


def test_branch_and_centre_make_one_alert_of_one_happening(world, watch, centre_watch, clock):
    world.potassium()
    world.collect()
    at = carry(watch.desk.store, centre_watch.desk.store)
    watch.look()
    centre_watch.look()
    clock.advance(2 * HOUR)
    watch.look()
    centre_watch.look()
    branch, centre = watch.alerts(), centre_watch.alerts()
    assert [a.rule for a in branch] == ["A-007", "A-085", "A-073"]
    assert branch == centre
    events = {e.id for a in branch for e in watch.events(a.id)}
    assert events == {e.id for a in centre for e in centre_watch.events(a.id)}
    carry(watch.desk.store, centre_watch.desk.store, at)
    centre_watch.look()
    assert centre_watch.alerts() == branch
    assert {e.id for a in centre for e in centre_watch.events(a.id)} == events


def test_what_arrives_by_sync_fires_and_clears_like_what_was_done_here(world, watch, centre_watch, clock):
    world.potassium()
    at = carry(watch.desk.store, centre_watch.desk.store)
    centre_watch.look()
    assert [a.state for a in centre_watch.alerts("A-085")] == ["open"]
    world.handle_critical()
    carry(watch.desk.store, centre_watch.desk.store, at)
    centre_watch.look()
    assert [a.state for a in centre_watch.alerts("A-085")] == ["closed"]


def test_what_was_settled_before_it_arrived_never_fires(world, watch, centre_watch, clock):
    world.potassium()
    world.collect()
    clock.advance(3 * HOUR)
    world.handle_critical()
    world.receive()
    world.process()
    carry(watch.desk.store, centre_watch.desk.store)
    centre_watch.look()
    clock.advance(DAY)
    centre_watch.look()
    found = [a.rule for a in centre_watch.alerts() if a.rule != STAYED_ON]
    assert found == ["A-007"]  # nobody has dealt with that one
    assert centre_watch.timers() == []


def test_a_state_entered_and_left_within_one_batch_still_starts_its_clock(world, watch, clock):
    world.collect()
    clock.advance(HOUR)
    world.receive()
    watch.look()
    clock.advance(HOUR)
    watch.look()
    assert [(a.rule, a.opened_at) for a in watch.alerts()] == [("A-074", clock())]


def test_a_store_that_was_off_for_days_tells_once_and_at_the_right_step(world, watch, clock):
    world.potassium()
    world.collect()
    world.write()
    clock.advance(4 * DAY)
    watch.look()
    found = {a.rule: (a.step, str(a.severity), len(watch.events(a.id))) for a in watch.alerts()}
    assert found.pop(STAYED_ON) == (1, "urgent", 1)
    assert found.pop("A-007") == (2, "urgent", 1)
    assert found == {"A-085": (3, "urgent", 1), "A-073": (1, "urgent", 1), "A-093": (1, "urgent", 1)}
    [report] = watch.alerts("A-093")
    assert report.opened_at == clock() - 3 * DAY
    assert report.receivers == ["physician", "department_head"]
    clock.advance(timedelta(minutes=1))
    assert (watch.look().opened, len(watch.events(report.id))) == (0, 1)


def test_an_engine_off_between_two_steps_goes_straight_to_the_last_one(world, watch, clock):
    world.potassium()
    watch.look()
    [alert] = watch.alerts("A-085")
    clock.advance(2 * DAY)
    watch.look()
    [alert] = watch.alerts("A-085")
    assert alert.step == 3
    assert [e.kind for e in watch.events(alert.id)] == ["opened", "escalated"]
    assert alert.due_at - clock() <= timedelta(minutes=10)


def test_coming_back_to_a_state_is_a_new_occasion(world, watch, clock):
    for step in ("write", "submit", "pass_first"):
        getattr(world, step)()
    watch.look()
    clock.advance(DAY)
    watch.look()
    world.send_back()
    clock.advance(HOUR)
    world.submit()
    watch.look()
    assert [a.state for a in watch.alerts("A-137")] == ["closed"]
    clock.advance(DAY - timedelta(seconds=1))
    watch.look()
    assert len(watch.alerts("A-137")) == 1
    clock.advance(timedelta(seconds=1))
    watch.look()
    assert [a.state for a in watch.alerts("A-137")] == ["closed", "open"]


def test_a_limit_set_by_the_site_moves_the_alert(world, watch, clock):
    world.write()
    watch.look()
    sooner = clock() + HOUR
    with watch.desk.store.write() as connection:
        connection.execute(update(Report.__table__).values(due_at=sooner))
    clock.advance(DAY)
    watch.look()
    [alert] = watch.alerts("A-093")
    assert alert.opened_at == clock()  # the timer was set before; nothing is lost, nothing comes twice


def test_people_take_handle_and_close(world, watch, clock, nurse, as_role):
    world.pressure(180)
    watch.look()
    [alert] = watch.alerts("A-007")
    head = as_role("department_head")
    watch.desk.run(AcknowledgeAlert(alert_id=alert.id), nurse)
    [taken] = watch.alerts("A-007")
    assert (taken.state, taken.due_at) == ("acknowledged", alert.due_at)
    assert refused(watch.desk, AcknowledgeAlert(alert_id=alert.id), nurse) == "alert.wrong_state"
    clock.advance(timedelta(minutes=30))
    watch.look()
    assert [a.step for a in watch.alerts("A-007")] == [1]
    assert refused(watch.desk, HandleAlert(alert_id=alert.id, note="  "), nurse) == "alert.note_missing"
    assert refused(watch.desk, CloseAlert(alert_id=alert.id), nurse) == "permission.denied"
    watch.desk.run(HandleAlert(alert_id=alert.id, note="已电话通知客户"), nurse)
    clock.advance(DAY)
    assert watch.look().escalated == 0
    watch.desk.run(CloseAlert(alert_id=alert.id), head)
    [closed] = watch.alerts("A-007")
    assert (closed.state, closed.handled_note, closed.handled_by) == (
        "closed",
        "已电话通知客户",
        nurse.staff_id,
    )
    kinds = [e.kind for e in watch.events(alert.id)]
    assert kinds == ["opened", "acknowledged", "escalated", "handled", "closed"]


def test_a_late_click_never_opens_a_settled_alert_again(world, watch, nurse, as_role):
    world.pressure(180)
    watch.look()
    [alert] = watch.alerts("A-007")
    watch.desk.run(CloseAlert(alert_id=alert.id, note="误报，复测正常"), as_role("department_head"))
    for order in (AcknowledgeAlert(alert_id=alert.id), HandleAlert(alert_id=alert.id, note="x")):
        assert refused(watch.desk, order, nurse) == "alert.wrong_state"
    watch.follower = Follower(watch.desk.store, watch.engine)
    with watch.desk.store.write() as connection:
        connection.execute(text("DELETE FROM log_reader WHERE name = 'alerts'"))
    watch.look()
    assert [a.state for a in watch.alerts("A-007")] == ["closed"]


def test_a_critical_value_is_not_settled_by_a_note(world, watch, nurse, as_role):
    world.potassium()
    watch.look()
    [alert] = watch.alerts("A-085")
    assert refused(watch.desk, HandleAlert(alert_id=alert.id, note="知道了"), nurse) == "alert.cause_stands"
    head = as_role("department_head")
    assert refused(watch.desk, CloseAlert(alert_id=alert.id, note="知道了"), head) == "alert.cause_stands"


def test_severity_never_falls_and_receivers_never_leave(world, watch, system):
    world.pressure(180)
    watch.look()
    [alert] = watch.alerts("A-007")
    lower = EscalateAlert(alert_id=alert.id, step=1, severity=Severity.GENERAL, receivers=["it"])
    watch.desk.run(lower, system)
    [raised] = watch.alerts("A-007")
    assert (raised.severity, raised.receivers) == (Severity.URGENT, [*alert.receivers, "it"])


def test_people_may_not_run_the_engines_commands(world, watch, as_role, clock):
    order = OpenAlert(
        alert_id=uuid.UUID(int=1), rule="A-999", rule_version=1, name="x", org_id=uuid.UUID(int=1), subject="visit",
        subject_id=uuid.UUID(int=2), summary="x", facts={}, severity=Severity.URGENT, receivers=[], opened_at=clock(),
    )  # fmt: skip
    for role in ("department_head", "administrator", "it"):
        assert refused(watch.desk, order, as_role(role)) == "permission.denied"


def test_alerts_of_a_rule_no_longer_in_force_stay_and_rise_no_more(world, watch, clock):
    world.potassium()
    watch.look()
    rules = {i: r for i, r in watch.book.rules.items() if r.watch != "A-085" and i != "A-085"}
    later = Watch(watch.desk, rule_book(rules), watch.engine.actor)
    clock.advance(DAY)
    later.look()
    [alert] = later.alerts("A-085")
    assert (alert.state, alert.step, alert.due_at) == ("open", 0, None)


def test_a_record_that_is_gone_clears_its_alerts(world, watch, clock, as_role):
    world.write()
    watch.look()
    clock.advance(DAY)
    watch.look()
    with watch.desk.store.write() as connection:
        work = UnitOfWork(connection, as_role("department_head"), now=clock(), new_id=watch.desk.ids)
        work.remove(work.find(Report))
        work.commit_entry("test.remove", txn_id=watch.desk.ids())
        work.close()
    watch.look()
    assert [a.state for a in watch.alerts("A-093")] == ["closed"]


def test_timers_of_a_store_filled_without_a_log_are_set_anew(world, watch, clock):
    world.collect()
    world.write()
    watch.look()
    before = watch.timers()
    with watch.desk.store.write() as connection:
        connection.execute(text("DELETE FROM alert_timer"))
    assert watch.engine.rebuild() == len(before) == 5
    assert sorted(watch.timers()) == sorted(before)


def test_each_look_costs_what_is_due_not_what_is_stored(world, watch, clock):
    """No statement of a round with records, timers and alerts in the store walks a table."""
    for _ in range(3):
        world.collect()
        world.pressure(180)
    watch.look()
    world.potassium()
    clock.advance(3 * HOUR)
    plans = plans_of(watch.desk.store, watch.look)
    assert len(plans) > 20
    assert not walked(plans), sorted(set(plans))


def test_the_receivers_see_their_alerts_the_urgent_first(world, watch, clock, as_role, nurse):
    world.potassium()
    world.collect()
    watch.look()
    clock.advance(2 * HOUR)
    watch.look()
    store = watch.desk.store
    [positive] = watch.alerts("A-007")
    watch.desk.run(HandleAlert(alert_id=positive.id, note="已通知"), nurse)
    watch.look()
    with store.read() as connection:
        assert [c.rule for c in alerts_for(connection, nurse)] == ["A-085"]
        assert [c.rule for c in alerts_for(connection, world.technician)] == ["A-073"]
        [card] = alerts_for(connection, as_role("administrator"))
        assert (card.rule, card.patient_name) == ("A-085", "王*娜")
        assert alerts_for(connection, nurse)[0].patient_name == "王美娜"
        assert count_for(connection, nurse) == (1, Severity.URGENT)
        elsewhere = as_role("nurse", uuid.UUID(int=0xB2))
        assert alerts_for(connection, elsewhere) == []
        assert count_for(connection, elsewhere) == (0, None)
        with pytest.raises(DomainError):
            alerts_for(connection, system_less(nurse))
    page = Pages(store).page(worklists()["alert.open"], as_role("department_head"))
    assert [str(row.values[0]) for row in page.rows] == ["urgent", "important"]
    assert len(Pages(store).page(worklists()["alert.settled"], nurse).rows) == 1
    assert len(Pages(store).page(worklists()["alert.trail"], nurse).rows) >= 5


def system_less(actor):
    return dataclasses.replace(actor, rights=dataclasses.replace(actor.rights, permissions=[]))


def test_the_thread_shows_what_fell_due_by_itself(world, watch, clock):
    thread = ReaderThread(watch.desk.store, [watch.follower], ticks=[watch.engine.tick], interval_s=0.05)
    rung = []
    watch.desk.store.on_commit(rung.append)
    thread.start()
    try:
        world.collect()
        until(lambda: len(watch.timers()) == 3)
        clock.advance(2 * HOUR)
        until(lambda: len(watch.alerts("A-073")) == 1)
    finally:
        assert thread.stop()
    assert thread.failing() == {}


def test_a_year_of_rounds_keeps_the_ladder_to_the_minute(world, watch, clock):
    """Rounds at uneven times for a year: each step is taken in the first round at or after its minute."""
    world.potassium()
    watch.look()
    [alert] = watch.alerts("A-085")
    with watch.desk.store.read() as connection:
        assert connection.execute(select(Visit.id)).first()
    gaps = [timedelta(minutes=m) for m in (1, 7, 2, 9, 11, 13, 60, 1440, 43200, 480000)]
    for gap in gaps:
        clock.advance(gap)
        watch.look()
        [now] = watch.alerts("A-085")
        plan = watch.book.plans["A-085"]
        assert now.step == plan.ladder.standing(alert.opened_at, clock()).step
        assert clock() < now.due_at <= clock() + timedelta(minutes=10)


def test_alerts_have_the_subject_they_are_about(world, watch):
    world.pressure(180)
    watch.look()
    table = Alert.__table__
    with watch.desk.store.read() as connection:
        row = connection.execute(select(table)).one()
    assert (row.subject, row.org_id, row.facts["important_class"]) == ("finding", world.nurse.org_id, "A")
