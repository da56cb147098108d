"""A change is tried on last month for every kind of rule; a rule that waits is changed beforehand."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from domain.alerts.back_tests import _BY_KIND
from domain.alerts.parts import EXTENSIONS, Kind
from domain.alerts.plans import rule_book
from domain.alerts.records import Alert
from domain.alerts.rule_changes import RulePatch, book_in_force, changed
from domain.alerts.rule_commands import ChangeRule, TryRule
from domain.kernel.errors import DomainError
from tests.readers.alert_cases import CASES
from tests.readers.alert_cases_more import MORE, exports

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def boss(watch, as_role, authority):
    watch.desk.content["authority"] = authority
    return as_role("administrator")


def tried(watch, boss, rule, text="{}"):
    return watch.desk.run(TryRule(rule=rule, text=text), boss).receipt


def test_no_kind_is_left_out(watch, boss):
    by_kind = {rule.kind: rule_id for rule_id, rule in watch.book.rules.items()}
    assert set(by_kind) == set(Kind)
    assert {*_BY_KIND, *EXTENSIONS} == set(Kind)


def test_every_rule_that_ships_can_be_tried(watch, boss):
    for rule_id in watch.book.rules:
        assert tried(watch, boss, rule_id) is not None, rule_id


def test_reminders_and_steps_are_told_by_the_alerts_that_waited_for_them(world, watch, boss, clock):
    world.potassium()
    watch.look()
    clock.advance(9 * MINUTE)
    assert (tried(watch, boss, "A-086").raised, tried(watch, boss, "A-087").raised) == (0, 0)
    clock.advance(2 * MINUTE)
    assert (tried(watch, boss, "A-086").raised, tried(watch, boss, "A-087").raised) == (1, 0)
    assert tried(watch, boss, "A-087", "after: 10m").raised == 1
    assert tried(watch, boss, "A-086").examined == 1


def test_a_stack_is_told_by_how_often_it_would_have_risen(world, watch, boss, nurse, clock):
    for _ in range(3):
        world.potassium()
        watch.look()
    owner = boss.staff_id
    with watch.desk.store.write() as connection:
        connection.execute(update(Alert.__table__).values(owner_id=owner))
    three = tried(watch, boss, "A-123", "thresholds: {stack.least: 3}")
    assert (three.raised, three.by_place) == (1, {nurse.org_id.hex: 1})
    many = three.examined
    assert tried(watch, boss, "A-123", f"thresholds: {{stack.least: {many + 1}}}").raised == 0
    assert many >= 3


LOOKED_UP = [case for case in (*CASES, *MORE) if case.rule in {"A-008", "A-026", "A-055", "A-063", "A-072"}]


@pytest.mark.parametrize("case", LOOKED_UP, ids=lambda c: c.rule)
def test_trends_absences_and_habits_are_told_on_their_cause(case, world, watch, boss, clock):
    case.cause(world)
    watch.look()
    clock.advance(case.after)
    found = tried(watch, boss, case.rule)
    assert (found.raised, found.examined > 0) == (1, True)
    assert not found.always


@pytest.mark.parametrize("case", LOOKED_UP, ids=lambda c: c.rule)
def test_trends_absences_and_habits_are_not_told_just_below(case, world, watch, boss, clock):
    case.harmless(world)
    watch.look()
    clock.advance(case.after)
    assert tried(watch, boss, case.rule).raised == 0


def test_a_rule_that_waits_is_changed_beforehand_and_its_figure_too(watch, boss):
    name = max(n for n, rule in watch.engine.book.waiting.items() if rule.metric.unit == "hour")
    before = watch.engine.book.waiting[name].version
    order = ChangeRule(rule=name, text="thresholds: {metric: 12}", reason="x")
    assert watch.desk.run(order, boss).receipt == 1
    watch.look()
    rule = watch.engine.book.waiting[name]
    assert (rule.metric.value, rule.version) == (12, before + 1)
    assert name not in watch.engine.book.plans, "it still waits for its function"
    assert tried(watch, boss, name) is None


def test_the_change_of_a_waiting_rule_outlives_the_day_its_function_is_there(book):
    built = book.rules["A-093"]
    patch = RulePatch(thresholds={"metric": 5}, receivers=("it",))
    assert changed(built, patch, 1).receivers == ("it",)
    files = rule_book({"A-093": built})
    assert book_in_force(files, {"A-093": (1, patch)}).rules["A-093"].receivers == ("it",)


def test_a_further_condition_narrows_and_an_unknown_field_is_refused(world, watch, boss):
    exports(*[600] * 10, *[100] * 15)(world)
    assert tried(watch, boss, "A-120").raised == 10
    also = "also: [{field: count, op: lt, value: 600}]"
    assert tried(watch, boss, "A-120", also).raised == 0
    for text, told in (
        ("also: [{field: colour, op: eq, value: 1}]", "no field colour"),
        ("also: [{field: count, op: like, value: 1}]", "like"),
    ):
        with pytest.raises(DomainError) as error:
            tried(watch, boss, "A-120", text)
        assert (error.value.code, told in str(error.value.facts)) == ("alert.bad_rule", True)
    with pytest.raises(DomainError) as error:
        tried(watch, boss, "A-123", also)
    assert "when" in str(error.value.facts)
