"""Rules that an administrator changes: tried first, in force everywhere, taken back; what would flood is refused."""

import uuid
from datetime import timedelta

import pytest

from domain.alerts import back_tests
from domain.alerts.rule_commands import ChangeRule, RollBackRule, TryRule
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.messaging.alerting import AlertMessenger
from tests.readers.alert_cases_more import exports
from tests.readers.conftest import CENTRE_DEVICE, Watch
from tests.readers.logs import carry

HOUR = timedelta(hours=1)


@pytest.fixture
def boss(watch, as_role, authority):
    watch.desk.content["authority"] = authority
    return as_role("administrator")


def change(watch, boss, rule, text):
    number = watch.desk.run(ChangeRule(rule=rule, text=text, reason="试"), boss).receipt
    watch.look()
    return number


def refused(desk, order, actor):
    with pytest.raises(DomainError) as error:
        desk.run(order, actor)
    return error.value


def test_a_changed_threshold_is_in_force_at_once_and_can_be_taken_back(world, watch, boss):
    assert change(watch, boss, "A-120", "thresholds: {count: 800}") == 1
    exports(800)(world)
    watch.look()
    assert watch.alerts("A-120") == []
    exports_only(world, 801)
    watch.look()
    [alert] = watch.alerts("A-120")
    assert alert.rule_version == watch.engine.files.rules["A-120"].version + 1
    assert watch.desk.run(RollBackRule(rule="A-120", number=0, reason="太松"), boss).receipt == 2
    watch.look()
    exports_only(world, 501)
    watch.look()
    assert len(watch.alerts("A-120")) == 2
    assert (
        refused(watch.desk, RollBackRule(rule="A-120", number=9, reason="x"), boss).code == "alert.no_change"
    )


def exports_only(world, rows):
    from domain.outgoing.commands import ExportList

    world.desk.run(ExportList(listing="alert.trail", columns=["kind"], rows=rows), world.head)


def test_a_change_reaches_another_installation_with_the_log(world, watch, boss, centre, book, catalog):
    centre.content["catalog"] = catalog
    there = Watch(centre, book, system_actor(uuid.UUID(int=0xA0), CENTRE_DEVICE))
    change(watch, boss, "A-120", "severity: general\nreceivers: [it]")
    exports(501)(world)
    carry(watch.desk.store, centre.store)
    there.look()
    watch.look()
    [here], [far] = watch.alerts("A-120"), there.alerts("A-120")
    assert (str(here.severity), here.receivers, here.id) == ("general", ["it"], far.id)
    assert (far.severity, far.receivers, far.rule_version) == (here.severity, ["it"], here.rule_version)
    again = Watch(centre, book, there.engine.actor)  # a restart finds it in the store
    assert again.engine.book.rules["A-120"].receivers == ("it",)


def test_a_shorter_limit_moves_what_already_waits(world, watch, boss, clock):
    world.write()
    watch.look()
    change(watch, boss, "A-093", "limit: 1h")
    clock.advance(HOUR)
    watch.look()
    [alert] = watch.alerts("A-093")
    assert alert.opened_at == clock()


def test_a_rule_counts_only_where_it_is_wanted_and_may_be_silent(world, watch, boss, nurse):
    change(watch, boss, "A-120", f"sites: ['{uuid.UUID(int=7).hex}']")
    exports(501)(world)
    watch.look()
    assert watch.alerts("A-120") == []
    change(watch, boss, "A-120", f"sites: ['{nurse.org_id.hex}']")
    exports_only(world, 502)
    watch.look()
    assert len(watch.alerts("A-120")) == 1
    change(watch, boss, "A-120", "silent: true")
    exports_only(world, 503)
    watch.look()
    assert len(watch.alerts("A-120")) == 1


def test_who_tells_the_staff_asks_for_the_channels_each_time(world, watch, boss, system):
    told = []

    class Desk:
        store = watch.desk.store

        def run(self, order, _actor):
            told.append(order.channels)

    messenger = AlertMessenger(Desk(), system, lambda rule: watch.engine.book.channels_of(rule))
    follower = Follower(watch.desk.store, messenger)
    exports(501)(world)
    watch.look()
    follower.catch_up()
    assert told == [], "the file names none beside the list"
    change(watch, boss, "A-120", "channels: [in_app, email]\nsummary: 一次导出 {count} 行")
    exports_only(world, 502)
    watch.look()
    follower.catch_up()
    assert told == [["email"]]
    assert watch.alerts("A-120")[-1].summary == "一次导出 502 行"


def test_numbers_of_a_stack_and_times_of_what_extends_a_rule_are_changed(watch, boss):
    change(watch, boss, "A-123", "thresholds: {stack.least: 5}")
    change(watch, boss, "A-086", "every: 5m")
    change(watch, boss, "A-087", "after: 20m")
    rules = watch.engine.book.rules
    assert (rules["A-123"].stack.least, rules["A-086"].every, rules["A-087"].after) == (5, "5m", "20m")
    assert watch.engine.book.plans["A-123"].rule.stack.least == 5


def test_a_change_is_tried_on_what_is_stored_and_says_for_whom(world, watch, boss, nurse):
    exports(*[600] * 10, *[100] * 15)(world)
    found = watch.desk.run(TryRule(rule="A-120", text="thresholds: {count: 500}"), boss).receipt
    assert (found.examined, found.raised, found.by_place) == (25, 10, {nurse.org_id.hex: 10})
    assert (found.receivers, found.standing) == (("administrator",), False)
    assert watch.desk.run(TryRule(rule="A-120", text="thresholds: {count: 99}"), boss).receipt.always
    assert watch.desk.run(TryRule(rule="A-012", text="severity: important"), boss).receipt is None


@pytest.mark.parametrize(
    ("rule", "text", "code", "told"),
    [
        ("A-999", "silent: true", "alert.no_rule", ""),
        ("A-120", "thresholds: {colour: 1}", "alert.bad_rule", "colour"),
        ("A-120", "receivers: [boss]", "alert.bad_rule", "no role boss"),
        ("A-120", "receivers: []", "alert.bad_rule", "nobody"),
        ("A-120", "limit: 1h", "alert.bad_rule", "limit"),
        ("A-120", "watch: patient", "alert.bad_rule", "watch"),
        ("A-120", "{", "alert.bad_rule", ""),
        ("A-120", "a: &a [1]\nb: *a", "alert.bad_rule", "aliases"),
        ("A-120", "escalate: [{after: 2h, to: [it], severity: urgent}, {after: 1h, to: [it], severity: urgent}]",
         "alert.bad_rule", "rise"),
        ("A-120", "thresholds: {count: 1}", "alert.rule_always", ""),
        ("A-120", "summary: '{patient_name}'", "alert.bad_rule", "summary"),
        ("A-120", "summary: '{count'", "alert.bad_rule", ""),
        ("A-120", "summary: '{count:999999999}'", "alert.bad_rule", "wide"),
        ("A-120", "channels: [pigeon]", "alert.bad_rule", "pigeon"),
        ("A-123", "thresholds: {stack.least: 1}", "alert.bad_rule", "stack"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(world, watch, boss, rule, text, code, told):
    exports(*[5] * 20)(world)
    error = refused(watch.desk, ChangeRule(rule=rule, text=text, reason="x"), boss)
    assert error.code == code
    assert told in str(error.facts)


def test_what_would_have_flooded_a_place_is_refused(world, watch, boss, monkeypatch):
    monkeypatch.setattr(back_tests, "STORM", 9)
    exports(*[600] * 10, *[100] * 15)(world)
    order = ChangeRule(rule="A-120", text="thresholds: {count: 500}", reason="x")
    error = refused(watch.desk, order, boss)
    assert (error.code, error.facts["count"]) == ("alert.rule_storm", 10)


def test_only_who_keeps_the_rules_changes_them(world, watch, boss, nurse, as_role):
    order = ChangeRule(rule="A-120", text="silent: true", reason="x")
    for role in ("nurse", "physician", "it"):
        assert refused(watch.desk, order, as_role(role)).code == "permission.denied"
