"""What a rule file may say: every mistake of every file is told, with file and field; and the ladder's arithmetic."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from domain.alerts.content import doubled, free_number, load_rules
from domain.alerts.decisions import (
    RECHECK,
    DropTimer,
    KnownAlert,
    Open,
    SetTimer,
    Situation,
    Touched,
    on_change,
    on_time,
)
from domain.alerts.ladder import Ladder, Rung, joined
from domain.alerts.parts import Condition, duration
from domain.alerts.records import Severity
from domain.alerts.rules import Rule, highest
from domain.kernel.content import ContentError, load_folder
from domain.kernel.ids import stable_id

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
GOOD = {
    "id": "A-901", "name": "试", "version": "1", "kind": "deadline", "watch": "report.drafting", "source": "test",
    "origin": "default", "severity": "important", "receivers": "[nurse]", "summary": '"报告 {number}"',
}  # fmt: skip


@pytest.fixture
def rules(tmp_path, authority):
    """Return a function that loads rule files given as texts or as changes of a good one."""

    def load(*files):
        for number, facts in enumerate(files):
            text = "\n".join(f"{k}: {v}" for k, v in (GOOD | facts).items() if v is not None)
            (tmp_path / f"rule{number}.yaml").write_text(text, "utf-8")
        return load_rules(tmp_path, authority.roles)

    return load


def problems(rules, *files):
    with pytest.raises(ContentError) as error:
        rules(*files)
    return error.value.problems


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"id": "85"}, "id"),
        ({"colour": "red"}, "colour"),
        ({"severity": "critical"}, "severity"),
        ({"receivers": "[chief]"}, "no role chief"),
        ({"receivers": "[]"}, "nobody is told"),
        ({"escalate": "[{after: 2x, to: [nurse], severity: urgent}]"}, "after"),
        ({"escalate": "[{after: 2h, to: [boss], severity: urgent}]"}, "no role boss"),
        (
            {
                "escalate": "[{after: 2h, to: [it], severity: urgent}, {after: 1h, to: [it], severity: urgent}]"
            },
            "rise in time",
        ),
        ({"watch": "report.nowhere"}, "no workflow state report.nowhere"),
        ({"watch": "nothing.drafting"}, "no record nothing"),
        ({"watch": "report.issued"}, "no time limit"),
        ({"kind": "threshold"}, "report.drafting is not a record"),
        ({"kind": "trend"}, "trend: missing"),
        ({"days": "3"}, "days: not for deadline"),
        ({"kind": "weekly"}, "kind"),
        ({"summary": None}, "summary: missing"),
        ({"summary": '"{conclusion}"'}, "conclusion is no public field"),
        ({"facts": "[colour]"}, "colour is no public field"),
        ({"when": "[{field: colour, op: eq, value: 1}]"}, "no field colour"),
        ({"when": "[{field: state, op: eq, value: lost}]"}, "no state lost"),
        ({"when": "[{field: state, op: in, value: drafting}]"}, "in needs a list"),
        ({"when": "[{field: state, op: like, value: d}]"}, "like"),
        ({"occasion": "[colour]"}, "no field colour"),
        ({"inhibits": "[A-999]"}, "no rule A-999"),
        ({"every": "10m"}, "only for rules that extend"),
        ({"kind": "repeat", "watch": "A-999", "every": "10m"}, "no rule A-999"),
        ({"kind": "repeat", "watch": "A-901"}, "needs its interval"),
        ({"kind": "escalation", "watch": "A-901"}, "needs its time"),
        ({"channels": "[pigeon]"}, "pigeon"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_field(rules, facts, told):
    found = problems(rules, facts)
    assert any(p.startswith("rule0.yaml: ") and told in p for p in found), found


def test_all_mistakes_are_told_at_once(rules):
    found = problems(rules, {"receivers": "[a]"}, {"receivers": "[b]"}, {"id": "A-902"})
    assert len(found) == 3
    assert "rule1.yaml: id: A-901 stands in rule0.yaml already; A-903 is free" in found


def test_a_number_that_another_rule_covers_is_taken_too(rules):
    found = problems(rules, {"covers": "[A-955]"}, {"id": "A-955"})
    assert found == ["rule1.yaml: id: A-955 stands in rule0.yaml already; A-902 is free"]


def test_the_folder_is_the_register_of_our_numbers(book):
    """Whoever adds a rule takes the number a doubled one is told of: no list beside the files to forget."""
    files = load_folder(resources.folder("alerts"), Rule)
    assert list(doubled(files)) == []
    free = free_number(files.values())
    assert free.startswith("A-9")
    assert free not in {number for rule in files.values() for number in (rule.id, *rule.covers)}
    assert {rule.id for rule in files.values()} == {*book.rules, *book.waiting}


def test_a_good_file_loads(rules):
    book = rules({}, {"id": "A-902", "kind": "repeat", "watch": "A-901", "every": "1h"})
    assert book.plans.keys() == {"A-901"}
    assert book.plans["A-901"].ladder.every == timedelta(hours=1)


@pytest.mark.parametrize(
    ("op", "wanted", "fits", "misfits"),
    [
        ("eq", 2, [2], [1, None]),
        ("ne", 2, [1, None], [2]),
        ("lt", 2, [1.9], [2, None]),
        ("le", 2, [2], [2.1, None]),
        ("gt", 2, [2.1], [2, None]),
        ("ge", 2, [2], [1.9, None]),
        ("in", [1, 2], [1, 2], [3, None]),
        ("not_in", [1, 2], [3, None], [1]),
        ("empty", None, [None, ""], ["x", 0]),
        ("filled", None, ["x", 0], [None, ""]),
    ],
)
def test_conditions(op, wanted, fits, misfits):
    condition = Condition("value", op, wanted)
    assert all(condition.holds({"value": v}) for v in fits)
    assert not any(condition.holds({"value": v}) for v in misfits)


def test_durations_and_severities():
    assert [duration(t) for t in ("30m", "2h", "1d")] == [
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(days=1),
    ]
    assert highest(Severity.GENERAL, Severity.URGENT, Severity.IMPORTANT) is Severity.URGENT
    assert sorted(Severity) == list(Severity)  # the lists sort by the stored text


RUNGS = st.lists(
    st.builds(
        Rung,
        st.integers(1, 500).map(lambda m: timedelta(minutes=m)),
        st.lists(st.sampled_from("abcdef"), min_size=1, max_size=2).map(tuple),
        st.sampled_from(Severity),
        st.sampled_from([("A-001",), ("A-002",)]),
    ),
    max_size=6,
)


@given(RUNGS, st.none() | st.integers(1, 60), st.lists(st.integers(0, 800), min_size=2, max_size=8))
def test_a_ladder_only_rises_and_always_names_its_next_move(rungs, every, minutes):
    interval = timedelta(minutes=every) if every else None
    ladder = Ladder(Severity.GENERAL, ("z",), joined(rungs), interval, "r")
    before = ladder.standing(NOW, NOW)
    for minute in sorted(minutes):
        at = NOW + timedelta(minutes=minute)
        standing = ladder.standing(NOW, at)
        assert standing.step == len({r.after for r in rungs if r.after <= at - NOW})
        assert standing.step >= before.step
        assert highest(before.severity, standing.severity) is standing.severity
        assert set(before.receivers) <= set(standing.receivers)
        later = [r.after for r in rungs if r.after > at - NOW]
        if standing.due_at is None:
            assert not later
            assert not every
        else:
            assert at < standing.due_at <= NOW + min(later, default=timedelta(days=9))
            moved = ladder.standing(NOW, standing.due_at)
            assert (moved.step, moved.reminders) > (
                standing.step,
                standing.reminders,
            ) or moved.reminders > standing.reminders
        before = standing


def test_rungs_of_the_same_minute_are_one():
    one, two = Rung(timedelta(minutes=30), ("a",), Severity.GENERAL, ("A-001",)), None
    two = Rung(timedelta(minutes=30), ("b", "a"), Severity.URGENT, ("A-002",))
    assert joined([two, one]) == (
        Rung(timedelta(minutes=30), ("b", "a"), Severity.URGENT, ("A-002", "A-001")),
    )


@pytest.fixture
def threshold(rules):
    return rules(
        {"kind": "threshold", "watch": "critical_value", "summary": "x",
         "when": "[{field: level, op: ge, value: 1}]", "clears_when": "[{field: state, op: eq, value: handled}]"},
        {"id": "A-902", "inhibits": "[A-901]"},
    ).plans["A-901"]  # fmt: skip


RECORD = stable_id("record")
ROW = {"id": RECORD, "org_id": stable_id("org"), "level": 1, "state": "reported", "due_at": None}


def situation(*alerts, **row):
    known = {stable_id(a): KnownAlert(stable_id(a), a, "open") for a in alerts}
    return Situation(RECORD, ROW | row, known, {})


def test_a_silenced_rule_looks_again_and_speaks_when_it_may(threshold):
    touched, silent = Touched(NOW - timedelta(minutes=1)), frozenset({"A-902"})
    [waits] = on_change(threshold, situation("A-902"), touched, silent, NOW)
    assert isinstance(waits, SetTimer)
    assert waits.fire_at == NOW + RECHECK
    again = on_time(threshold, situation("A-902"), waits.occasion, NOW, silent, NOW)
    assert isinstance(again, SetTimer)
    speaks = on_time(threshold, situation(), waits.occasion, NOW, silent, NOW)
    assert isinstance(speaks, Open)
    settled = on_time(threshold, situation(state="handled"), waits.occasion, NOW, silent, NOW)
    assert isinstance(settled, DropTimer)


def test_a_threshold_counts_from_the_change_and_never_from_the_future(threshold):
    [past] = on_change(threshold, situation(), Touched(NOW - timedelta(hours=1)), frozenset(), NOW)
    [future] = on_change(threshold, situation(), Touched(NOW + timedelta(days=3)), frozenset(), NOW)
    assert (past.opened_at, future.opened_at) == (NOW - timedelta(hours=1), NOW)
    assert list(on_change(threshold, situation(level=0), Touched(NOW), frozenset(), NOW)) == []
