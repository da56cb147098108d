"""Critical limits of the house: in force at once, by sex, age and site, numbered, taken back; who answers."""

import uuid

import pytest
from sqlalchemy import select, update

from domain.checkup.limit_commands import (
    ForSex,
    RestoreCriticalLimit,
    SetCriticalLimit,
    WithdrawCriticalLimit,
)
from domain.checkup.limit_records import CriticalLimit, CriticalLimitChange, LimitSide
from domain.checkup.records import CriticalValue, Observation
from domain.checkup.report_commands import WriteReport
from domain.kernel.errors import DomainError
from domain.people.records import Staff
from tests.readers.logs import carry


@pytest.fixture
def head(as_role):
    return as_role("department_head")


def limit(value, **more):
    given = {"item": "k", "level": 1, "direction": LimitSide.HIGH, "reason": "本院检验科核定"} | more
    return SetCriticalLimit(value=value, **given)


def levels(desk):
    with desk.store.read() as connection:
        return (
            connection.execute(select(CriticalValue.level).order_by(CriticalValue.observation_id))
            .scalars()
            .all()
        )


def one(desk, kind):
    with desk.store.read() as connection:
        return connection.execute(select(kind.__table__)).one()


def refused(desk, order, actor):
    with pytest.raises(DomainError) as error:
        desk.run(order, actor)
    return error.value.code


def test_a_limit_of_the_house_stands_before_the_one_that_ships_on_both_sides_of_it(world, watch, head):
    world.potassium(6.3)
    assert levels(watch.desk) == [2]
    watch.desk.run(limit(6.3), head)
    world.potassium(6.29)
    world.potassium(6.3)
    assert levels(watch.desk) == [2, 2, 1]
    with watch.desk.store.read() as connection:
        rule = connection.execute(select(Observation.value_number, Observation.critical_level)).all()
    assert rule[-1] == (6.3, 1)


def test_a_limit_is_changed_withdrawn_and_restored_by_number(world, watch, head):
    watch.desk.run(limit(6.3), head)
    assert watch.desk.run(limit(6.4), head).receipt.number == 2
    kept = one(watch.desk, CriticalLimit)
    assert (kept.value, kept.number, kept.in_force) == (6.4, 2, True)
    assert watch.desk.run(WithdrawCriticalLimit(limit_id=kept.id, reason="试行结束"), head).receipt == 3
    world.potassium(6.4)
    assert levels(watch.desk) == [2], "what ships counts again"
    with watch.desk.store.read() as connection:
        changes = connection.execute(
            select(CriticalLimitChange.__table__).order_by(CriticalLimitChange.number)
        ).all()
    assert [(c.before, c.value) for c in changes] == [(None, 6.3), (6.3, 6.4), (6.4, None)]
    assert all(c.changed_name == head.name and c.reason for c in changes)
    assert watch.desk.run(RestoreCriticalLimit(change_id=changes[0].id, reason="仍用首版"), head).receipt == 4
    world.potassium(6.3)
    assert levels(watch.desk) == [2, 1]
    again = WithdrawCriticalLimit(limit_id=kept.id, reason="x")
    watch.desk.run(again, head)
    assert refused(watch.desk, again, head) == "limit.withdrawn"


def test_a_limit_counts_for_the_sex_age_and_site_it_names(world, watch, head, nurse):
    watch.desk.run(limit(6.3, sex=ForSex.MALE), head)
    world.potassium(6.3)  # the clients of these tests are women
    assert levels(watch.desk) == [2]
    watch.desk.run(limit(6.35, sex=ForSex.FEMALE, age_from=60), head)
    world.potassium(6.35)
    assert levels(watch.desk)[-1] == 1
    watch.desk.run(limit(6.45, sex=ForSex.FEMALE, age_below=60), head)
    world.potassium(6.36)
    assert levels(watch.desk)[-1] == 1, "a limit for the younger changes nothing for the old"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (limit(6.3, item="nonsense"), "limit.no_item"),
        (limit(4.0), "limit.normal"),
        (limit(400), "limit.implausible"),
        (limit(6.0), "limit.levels"),
        (limit(6.3, age_from=60, age_below=50), "limit.ages"),
        (limit(6.3, site="没有这个院区"), "limit.no_site"),
    ],
)
def test_what_no_limit_can_be_is_refused(watch, head, order, code):
    assert refused(watch.desk, order, head) == code
    with watch.desk.store.read() as connection:
        assert connection.execute(select(CriticalLimit.__table__)).all() == []


def test_a_limit_that_would_flood_is_refused(world, watch, head, monkeypatch):
    monkeypatch.setattr("domain.checkup.limit_commands.EXAMINED", 3)
    for _ in range(3):
        world.potassium(6.3)
    assert refused(watch.desk, limit(6.25), head) == "limit.storm"


def test_only_who_may_sets_limits(watch, as_role):
    for role in ("nurse", "physician", "administrator"):
        assert refused(watch.desk, limit(6.3), as_role(role)) == "permission.denied"


def test_a_limit_reaches_another_installation_with_the_log(world, watch, head, centre, catalog):
    from domain.checkup.limits import house_catalog

    watch.desk.run(limit(6.3), head)
    carry(watch.desk.store, centre.store)
    with centre.store.read() as connection:
        there = house_catalog(connection, catalog, uuid.UUID(int=9)).observation("k")
    assert any(rule.house and rule.low == 6.3 for rule in there.rules)


@pytest.fixture
def staff(watch, nurse):
    def make(login, role):
        own = uuid.uuid4()
        with watch.desk.store.write() as connection:
            row = {"id": own, "org_id": nurse.org_id, "login": login, "name": login, "role": role, "ver": 1}
            row |= {"active": True, "password_hash": "x", "password_set_at": watch.desk.clock()}
            connection.execute(
                Staff.__table__.insert(), {k: v for k, v in row.items() if k in Staff.__table__.c}
            )
        return own

    return make


def test_the_head_of_the_department_answers_where_nobody_else_is_known(world, watch, staff):
    own = staff("王主任", "department_head")
    world.potassium()
    kept = one(watch.desk, CriticalValue)
    assert (kept.physician_id, kept.physician_name, kept.physician_why) == (own, "王主任", "head")
    watch.look()
    [alert] = watch.alerts("A-085")
    assert (alert.owner_id, alert.owner_name) == (own, "王主任")
    assert alert.facts["physician_name"] == "王主任"


def test_nobody_is_invented(world, watch):
    world.potassium()
    assert one(watch.desk, CriticalValue).physician_id is None
    watch.look()
    assert watch.alerts("A-085")[0].owner_id is None


def test_who_writes_the_report_answers_before_the_head(world, watch, staff, nurse):
    from domain.checkup.result_commands import Measured, RecordMeasurement

    staff("王主任", "department_head")
    author = staff("李医生", "physician")
    visit = world.new_visit()
    watch.desk.run(WriteReport(visit_id=visit, conclusion="血压偏高"), world.doctor)
    with watch.desk.store.write() as connection:
        connection.execute(update(world_report()).values(author_id=author))
    order = RecordMeasurement(visit_id=visit, values=[Measured(item="k", value=6.8, unit="mmol/L")])
    watch.desk.run(order, nurse)
    assert one(watch.desk, CriticalValue).physician_why == "report"


def world_report():
    from domain.checkup.records import Report

    return Report.__table__
