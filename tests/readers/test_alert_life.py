"""What people do with an alert: owner, shelf, stale screens, several at once, and the trail of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.alerts.commands import (
    AcknowledgeAlert,
    HandleAlert,
    HandleSeveral,
    HandOverAlert,
    ReopenAlert,
    ShelveAlert,
    TakeAlert,
)
from domain.alerts.receivers import receiver_table
from domain.alerts.records import Outcome
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Pages, worklists
from tests.readers.alert_cases_more import account

HOUR = timedelta(hours=1)


@pytest.fixture
def positive(world, watch):
    """An alert that people may settle: a class A result."""
    world.pressure(180)
    watch.look()
    [alert] = watch.alerts("A-007")
    return alert.id


def now(watch, alert_id):
    return next(a for a in watch.alerts() if a.id == alert_id)


def refused(desk, order, actor):
    with pytest.raises(DomainError) as error:
        desk.run(order, actor)
    return error.value


def test_an_alert_has_an_owner_a_deadline_and_an_outcome(positive, watch, world, nurse, clock):
    alert = now(watch, positive)
    assert alert.act_by == alert.opened_at + timedelta(minutes=30)  # when the next ones are told
    watch.desk.run(TakeAlert(alert_id=positive), nurse)
    assert (now(watch, positive).state, now(watch, positive).owner_id) == ("in_hand", nurse.staff_id)
    account(world, "qian")
    watch.desk.run(HandOverAlert(alert_id=positive, to="qian", note="我下班"), nurse)
    assert now(watch, positive).owner_name == "赵工"
    watch.desk.run(HandleAlert(alert_id=positive, note="误测，已复测", outcome=Outcome.FALSE), nurse)
    done = now(watch, positive)
    assert (done.state, done.outcome, done.owner_name, done.due_at) == ("handled", "false", "赵工", None)
    kinds = [e.kind for e in watch.events(positive)]
    assert kinds == ["opened", "taken", "handed_over", "handled"]


def test_an_alert_goes_only_to_somebody_who_may_handle_it(positive, watch, world, nurse, authority):
    account(world, "qian")
    watch.desk.content["authority"] = authority
    for login in ("nobody", "qian "):
        order = HandOverAlert(alert_id=positive, to=login, note="x")
        if login == "nobody":
            assert refused(watch.desk, order, nurse).code == "alert.no_such_owner"
        else:
            watch.desk.run(order, nurse)


def test_who_saw_an_older_one_is_refused_and_told_who_was_faster(positive, watch, nurse, as_role):
    seen = now(watch, positive).revision
    doctor = as_role("physician", name="李医生")
    watch.desk.run(TakeAlert(alert_id=positive, revision=seen), doctor)
    for order in (
        AcknowledgeAlert(alert_id=positive, revision=seen),
        HandleAlert(alert_id=positive, note="x", revision=seen),
        ShelveAlert(alert_id=positive, hours=1, note="x", revision=seen),
    ):
        error = refused(watch.desk, order, nurse)
        assert (error.code, error.facts["who"], error.facts["state"]) == ("alert.stale", "李医生", "处理中")
    watch.desk.run(HandleAlert(alert_id=positive, note="x", revision=seen + 1), nurse)


def test_a_ladder_that_rises_meanwhile_makes_nobody_stale(positive, watch, nurse, clock):
    seen = now(watch, positive).revision
    clock.advance(HOUR)
    watch.look()
    assert now(watch, positive).step == 1
    watch.desk.run(TakeAlert(alert_id=positive, revision=seen), nurse)


def test_a_shelf_ends_by_judging_again_at_once(world, watch, nurse, clock):
    world.node(trouble=1)
    watch.look()
    [alert] = watch.alerts("A-129")
    it = nurse
    watch.desk.run(ShelveAlert(alert_id=alert.id, hours=2, note="等厂家"), it)
    watch.look()
    clock.advance(2 * HOUR - timedelta(minutes=1))
    watch.look()
    assert (now(watch, alert.id).state, now(watch, alert.id).step) == ("shelved", 0)
    assert watch.events(alert.id, "escalated") == []
    clock.advance(timedelta(minutes=1))
    watch.look()
    back = now(watch, alert.id)
    assert (back.state, back.step, back.shelved_until) == ("open", 1, None)  # where its ladder stands by now
    assert [e.kind for e in watch.events(alert.id)] == ["opened", "shelved", "woken"]


def test_what_goes_away_on_the_shelf_closes_and_never_comes_back(world, watch, nurse, clock):
    world.node(trouble=1)
    watch.look()
    [alert] = watch.alerts("A-129")
    watch.desk.run(ShelveAlert(alert_id=alert.id, hours=2, note="等厂家"), nurse)
    world.node()
    watch.look()
    assert now(watch, alert.id).state == "closed"
    clock.advance(3 * HOUR)
    watch.look()
    assert now(watch, alert.id).state == "closed"


def test_a_cause_gone_unnoticed_is_found_when_the_shelf_is_over(world, watch, nurse, clock):
    """The store was filled past the log: nobody told the engine that the node is well."""
    from sqlalchemy import update

    from domain.exchange.node_records import SyncNode

    world.node(trouble=1)
    watch.look()
    [alert] = watch.alerts("A-129")
    watch.desk.run(ShelveAlert(alert_id=alert.id, hours=2, note="等厂家"), nurse)
    with watch.desk.store.write() as connection:
        connection.execute(update(SyncNode.__table__).values(trouble=0))
    clock.advance(2 * HOUR)
    watch.look()
    assert now(watch, alert.id).state == "closed"


def test_what_only_its_cure_settles_is_not_put_off(world, watch, nurse):
    world.potassium()
    watch.look()
    [alert] = watch.alerts("A-085")
    order = ShelveAlert(alert_id=alert.id, hours=1, note="稍后")
    assert refused(watch.desk, order, nurse).code == "alert.cause_stands"


def test_handled_in_vain_it_is_opened_again_where_its_ladder_stands(positive, watch, nurse, clock):
    watch.desk.run(HandleAlert(alert_id=positive, note="已电话"), nurse)
    clock.advance(3 * HOUR)
    watch.look()
    watch.desk.run(ReopenAlert(alert_id=positive, note="电话打错了人"), nurse)
    watch.look()
    again = now(watch, positive)
    assert (again.state, again.step, again.outcome) == ("open", 2, None)
    assert refused(watch.desk, ReopenAlert(alert_id=positive, note="x"), nurse).code == "alert.wrong_state"


def test_several_at_once_does_what_it_can_and_names_the_rest(world, watch, nurse):
    for _ in range(3):
        world.pressure(180)
    world.potassium()
    watch.look()
    alerts = watch.alerts("A-007")
    ids, seen = [a.id for a in alerts], [a.revision for a in alerts]
    watch.desk.run(TakeAlert(alert_id=ids[0]), nurse)
    done = watch.desk.run(HandleSeveral(alert_ids=ids, revisions=seen, act="acknowledge"), nurse).receipt
    assert (done.done, done.refused) == (len(ids) - 1, [(ids[0], "alert.stale")])
    critical = watch.alerts("A-085")[0].id
    order = HandleSeveral(alert_ids=[*ids, critical], act="handle", note="已统一通知")
    done = watch.desk.run(order, nurse).receipt
    assert (done.done, done.refused) == (len(ids), [(critical, "alert.cause_stands")])
    assert {a.state for a in watch.alerts("A-007")} == {"handled"}
    for wrong, code in (
        (HandleSeveral(alert_ids=ids, act="forget"), "alert.unknown_act"),
        (HandleSeveral(alert_ids=ids, act="shelve"), "alert.note_missing"),
        (HandleSeveral(alert_ids=ids * 200, act="take"), "alert.too_many"),
        (HandleSeveral(alert_ids=ids, revisions=[1], act="take"), "alert.batch_uneven"),
    ):
        assert refused(watch.desk, wrong, nurse).code == code


def test_the_index_of_who_is_told_follows_every_step(positive, watch, nurse, clock):
    def told():
        with watch.desk.store.read() as connection:
            table = receiver_table()
            mine = select(table.c.role).where(table.c.alert_id == positive)
            return set(connection.execute(mine).scalars())

    watch.look()
    assert told() == {"physician", "nurse"}
    clock.advance(HOUR)
    watch.look()
    assert told() == {"physician", "nurse", "department_head"}
    watch.desk.run(ShelveAlert(alert_id=positive, hours=1, note="x"), nurse)
    watch.look()
    assert told() == set()
    with watch.desk.store.write() as connection:
        connection.execute(receiver_table().delete())
    clock.advance(2 * HOUR)
    watch.look()
    watch.engine.rebuild()
    assert told() == {"physician", "nurse", "department_head", "administrator"}


@pytest.mark.parametrize(
    "name", ["alert.open", "alert.mine", "alert.shelved", "alert.settled", "alert.trail"]
)
def test_each_list_walks_an_index_in_its_order(watch, nurse, name):
    assert Pages(watch.desk.store).walks(worklists()[name], nurse)
