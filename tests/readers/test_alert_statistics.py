"""Figures of rules from their own history, and what they propose."""

from datetime import timedelta

import pytest

from domain.alerts.commands import CloseAlert, HandleAlert, HandleSeveral, ReopenAlert
from domain.alerts.parts import Condition
from domain.alerts.records import AlertCause, Outcome
from domain.alerts.statistics_commands import CountAlerts, proposed

MINUTE = timedelta(minutes=1)


def test_each_rule_is_counted_with_speed_and_outcome(world, watch, nurse, as_role, clock):
    for _ in range(4):
        world.pressure(180)
    world.node(trouble=1)
    watch.look()
    first, second, third, _ = [a.id for a in watch.alerts("A-007")]
    clock.advance(10 * MINUTE)
    watch.desk.run(HandleAlert(alert_id=first, note="已通知"), nurse)
    watch.desk.run(HandleAlert(alert_id=second, note="袖带错", outcome=Outcome.FALSE), nurse)
    clock.advance(10 * MINUTE)
    watch.desk.run(CloseAlert(alert_id=third, note="重复"), as_role("department_head"))
    world.node()
    watch.look()
    found = {one.rule: one for one in watch.desk.run(CountAlerts(), nurse).receipt}
    positive = found["A-007"]
    assert (positive.opened, positive.waiting, positive.settled_by_people, positive.cleared) == (4, 1, 3, 0)
    assert positive.median_minutes == 10
    assert positive.false_share == positive.no_action_share == pytest.approx(1 / 3)
    assert (found["A-129"].opened, found["A-129"].cleared, found["A-129"].false_share) == (1, 1, None)
    clock.advance(timedelta(days=2))
    assert watch.desk.run(CountAlerts(days=1), nurse).receipt == []


def test_root_causes_are_kept_when_people_settle_and_counted_by_rule(world, watch, nurse, as_role):
    for _ in range(4):
        world.pressure(180)
    watch.look()
    first, second, third, fourth = [a.id for a in watch.alerts("A-007")]
    skill, process = AlertCause.SKILL, AlertCause.PROCESS
    watch.desk.run(HandleAlert(alert_id=first, note="袖带错", root_cause=skill), nurse)
    several = HandleSeveral(alert_ids=[second, third], act="handle", note="漏交班", root_cause=process)
    watch.desk.run(several, nurse)
    watch.desk.run(HandleAlert(alert_id=fourth, note="已通知"), nurse)
    [figures] = [f for f in watch.desk.run(CountAlerts(), nurse).receipt if f.rule == "A-007"]
    assert (figures.causes, figures.unexplained) == ({"process": 2, "skill": 1}, 1)
    head = as_role("department_head")
    watch.desk.run(CloseAlert(alert_id=first), head)
    watch.desk.run(CloseAlert(alert_id=fourth, root_cause=AlertCause.DISEASE), head)
    watch.desk.run(ReopenAlert(alert_id=second, note="又发生"), nurse)
    kept = {a.id: a.root_cause for a in watch.alerts("A-007")}
    assert (kept[first], kept[second], kept[third]) == (skill, None, process), (
        "putting away keeps what was found"
    )
    assert kept[fourth] == AlertCause.DISEASE


OVER = [Condition("count", "gt", 500)]


def history(*of):
    return [({"count": value}, outcome) for value, outcome, times in of for _ in range(times)]


def test_a_threshold_is_proposed_that_spares_what_led_to_nothing():
    settled = history((510, Outcome.FALSE, 8), (600, Outcome.NO_ACTION, 4), (900, Outcome.ACTED, 10))
    found = proposed(OVER, settled)
    assert (found.op, found.value, found.instead_of) == ("ge", 900, 500)
    assert (found.spared, found.lost, found.of) == (12, 0, 22)


def test_nothing_is_proposed_that_would_lose_what_mattered_or_from_too_little():
    mixed = history((510, Outcome.ACTED, 5), (600, Outcome.FALSE, 10), (900, Outcome.ACTED, 5))
    assert proposed(OVER, mixed) is None
    assert proposed(OVER, history((510, Outcome.FALSE, 9), (900, Outcome.ACTED, 10))) is None
    assert proposed(OVER, history((510, Outcome.FALSE, 2), (900, Outcome.ACTED, 30))) is None
    assert proposed([Condition("state", "eq", "x")], mixed) is None


def test_a_lower_limit_is_lowered():
    settled = history((70, Outcome.FALSE, 15), (50, Outcome.ACTED, 15))
    found = proposed([Condition("count", "lt", 80)], settled)
    assert (found.op, found.value, found.spared) == ("le", 50, 15)
