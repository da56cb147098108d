"""Every rule that ships: fires on its cause, not just before or below, rises by its ladder, and clears."""

from datetime import timedelta

import pytest

import resources
from domain.alerts.parts import EXTENSIONS, Kind
from domain.alerts.plans import Plan
from domain.alerts.records import Severity
from tests.readers.alert_cases import every_case

MINUTE = timedelta(minutes=1)
CASES = every_case()

OURS = "A-9"
"""Numbers from here on are rules of this project that no requirement asks for."""


def test_every_rule_that_fires_has_its_case(book):
    assert {case.rule for case in CASES} == book.plans.keys()


def test_every_number_of_the_requirements_has_its_rule(book):
    """Evaluated, covered by one that is, or waiting for what would trigger it."""
    evaluated = {n for rule in book.rules.values() for n in (rule.id, *rule.covers)}
    assert not evaluated & book.waiting.keys()
    numbers = {n for n in evaluated | book.waiting.keys() if not n.startswith(OURS)}
    assert numbers == {f"A-{number:03}" for number in range(1, 145)}
    assert all(
        rule.waits_for and rule.trigger and rule.closes and rule.metric for rule in book.waiting.values()
    )


def test_a_rule_that_waits_is_never_evaluated(book):
    assert not book.plans.keys() & book.waiting.keys()
    assert book.waiting.keys() <= {f"A-{number:03}" for number in range(1, 145)}


def test_what_extends_another_rule_is_in_its_ladder(book):
    for rule in book.rules.values():
        if rule.kind in EXTENSIONS:
            ladder = book.plans[rule.watch].ladder
            assert rule.id in ladder.reminder or any(rule.id in rung.rules for rung in ladder.rungs)


def test_numbers_of_the_requirements_are_taken_once(book):
    numbers = [n for r in book.rules.values() for n in (r.id, *r.covers)]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.rule)
def test_fires_on_its_cause_and_not_before_and_rises_to_the_minute(case, world, watch, clock):
    case.cause(world)
    watch.look()
    if case.after:
        clock.advance(case.after - MINUTE)
        watch.look()
        assert watch.alerts(case.rule) == []
        clock.advance(MINUTE)
        watch.look()
    [alert] = watch.alerts(case.rule)
    plan: Plan = watch.book.plans[case.rule]
    assert alert.opened_at == clock()
    assert (alert.state, alert.step) == ("open", 0)
    assert (alert.severity, tuple(alert.receivers)) == (plan.rule.severity, plan.rule.receivers)
    assert (alert.patient_id is not None) == case.of_a_client
    assert "{" not in alert.summary
    assert "None" not in alert.summary
    assert [e.kind for e in watch.events(alert.id)] == ["opened"]
    opened = clock()
    told, severity = list(plan.rule.receivers), plan.rule.severity
    for step, rung in enumerate(plan.ladder.rungs, 1):
        clock.advance(opened + rung.after - MINUTE - clock())
        watch.look()
        [alert] = watch.alerts(case.rule)
        assert alert.step == step - 1
        clock.advance(MINUTE)
        watch.look()
        told = list(dict.fromkeys([*told, *rung.to]))
        severity = max(severity, rung.severity, key=list(Severity).index)
        [alert] = watch.alerts(case.rule)
        assert (alert.step, alert.severity, alert.receivers) == (step, severity, told)
        assert all(rule in watch.events(alert.id)[-1].note for rule in rung.rules)
    if plan.ladder.every is None:
        assert alert.due_at is None
        events = watch.events(alert.id)
        clock.advance(timedelta(days=30))
        watch.look()
        assert watch.events(alert.id) == events


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.rule)
def test_does_not_fire_without_its_cause(case, world, watch, clock):
    case.harmless(world)
    watch.look()
    for _ in range(4):
        clock.advance(timedelta(hours=1))
        watch.look()
        assert watch.alerts(case.rule) == []


@pytest.mark.parametrize("case", [c for c in CASES if c.clear], ids=lambda c: c.rule)
def test_clears_when_its_cause_is_gone(case, world, watch, clock):
    case.cause(world)
    watch.look()
    clock.advance(case.after)
    watch.look()
    case.clear(world)
    watch.look()
    [alert] = watch.alerts(case.rule)
    assert (alert.state, alert.due_at) == ("closed", None)
    assert watch.events(alert.id)[-1].kind == "cleared"
    assert case.rule not in {t.rule for t in watch.timers()}
    clock.advance(timedelta(days=3))
    watch.look()
    assert [a.state for a in watch.alerts(case.rule)] == ["closed"]


def test_a_critical_value_is_repeated_every_ten_minutes_until_it_is_handled(world, watch, clock):
    world.potassium()
    watch.look()
    [alert] = watch.alerts("A-085")
    for _ in range(60):
        clock.advance(MINUTE)
        watch.look()
    events = watch.events(alert.id)
    assert [(e.kind, (e.at - alert.opened_at) // MINUTE) for e in events] == [
        ("opened", 0), ("escalated", 10), ("reminded", 20), ("escalated", 30), ("reminded", 40), ("reminded", 50),
        ("reminded", 60),
    ]  # fmt: skip
    assert events[2].note == "A-086 未处理危急值重复提醒"
    assert "A-087" in events[3].note
    assert {"department_head", "administrator"} <= set(events[3].receivers)
    world.handle_critical()
    watch.look()
    clock.advance(timedelta(hours=5))
    watch.look()
    assert len(watch.events(alert.id)) == len(events) + 1


def test_a_tube_not_received_is_one_card_and_the_lateness_of_processing_shows_once_it_is(world, watch, clock):
    world.collect()
    watch.look()
    clock.advance(timedelta(hours=3))
    watch.look()
    assert [(a.rule, a.state) for a in watch.alerts()] == [("A-073", "open")]
    world.receive()
    watch.look()
    watch.look()
    assert [(a.rule, a.state) for a in watch.alerts()] == [("A-073", "closed"), ("A-074", "open")]


def test_no_summary_or_fact_shows_more_than_public_fields(world, watch, clock):
    world.potassium()
    watch.look()
    for alert in watch.alerts():
        shown = f"{alert.summary} {alert.facts}"
        assert "6.8" not in shown
        assert "王" not in shown


def test_the_files_agree_with_the_list_of_the_requirements(book):
    """Names, severities and first limits are those of the requirements where the list is at hand."""
    import yaml

    path = resources.folder("..").resolve().parent / "shared" / "requirements" / "alerts.yaml"
    if not path.exists():
        pytest.skip("the requirement list is not on this machine")
    listed = {a["id"]: a for a in yaml.safe_load(path.read_text("utf-8"))["alerts"]}
    for rule in [*book.rules.values(), *book.waiting.values()]:
        if rule.id.startswith(OURS):
            assert rule.id not in listed
            continue
        assert (rule.name, str(rule.severity)) == (listed[rule.id]["name_zh"], listed[rule.id]["severity"])
        assert rule.origin == listed[rule.id]["threshold_default"]["origin"]
        if rule.waits_for:
            assert rule.waits_for == (listed[rule.id]["row"],)
            assert len(rule.escalate) == len(listed[rule.id]["escalation"])


def test_every_alert_has_somebody_a_time_to_act_by_and_an_end(book, authority):
    """R3.4.3: nothing is told that nobody may do anything about, and nothing stays that nobody can end."""
    ends_itself = {Kind.ABSENCE, Kind.STACK, Kind.TREND}
    for rule, plan in book.plans.items():
        told = [*plan.ladder.receivers, *(role for rung in plan.ladder.rungs for role in rung.to)]
        able = [
            role for role in told if role in authority.roles and authority.roles[role].may("alert.handle")
        ]
        assert able, f"{rule}: nobody who may handle it"
        assert plan.ladder.act_within > timedelta(), f"{rule}: no time to act by"
        ends = bool(plan.state or plan.rule.clears_when or plan.rule.when) or plan.kind in ends_itself
        assert plan.rule.by_hand or ends, f"{rule}: nothing ends it"
