"""Each kind of rule on real records: what makes it fire, what just does not, once, and without walking a table."""

import uuid
from datetime import date, timedelta

import pytest

from domain.alerts import habits
from domain.alerts.content import load_rules
from domain.alerts.engine_commands import ClearAlert, OpenAlert
from domain.alerts.habits import Baseline, Deed, unusual
from domain.alerts.indicator_commands import NoteIndicator
from domain.alerts.parts import Anomaly, Spread, Trend
from domain.alerts.records import Severity
from domain.alerts.trends import judged
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.conversations.records import ConversationKind
from domain.exchange.node_records import Contact
from domain.kernel.change_log import entries_after
from domain.kernel.content import ContentError
from tests.readers.alert_cases_more import account, hears, series, sets_hours, signs_in
from tests.readers.conftest import Watch
from tests.readers.plans import plans_of, walked

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASE = {
    "name": "试", "version": "1", "source": "test", "origin": "default", "severity": "important",
    "receivers": "[nurse]",
}  # fmt: skip


@pytest.fixture
def watching(tmp_path, authority, day, system):
    """Return a function that makes an engine with rules given as facts."""

    def make(*rules):
        for number, facts in enumerate(rules):
            text = "\n".join(f"{k}: {v}" for k, v in (BASE | {"id": f"A-{800 + number}"} | facts).items())
            (tmp_path / f"rule{number}.yaml").write_text(text, "utf-8")
        return Watch(day, load_rules(tmp_path, authority.roles), system)

    return make


def problems(watching, *rules):
    with pytest.raises(ContentError) as error:
        watching(*rules)
    return error.value.problems


ENTERS = {
    "kind": "event", "watch": "report", "moment": "enter", "when": "[{field: state, op: eq, value: returned}]",
    "summary": '"{number}"',
}  # fmt: skip


def test_an_event_fires_each_time_it_happens_and_not_again_for_other_changes(world, watching, clock):
    watch = watching(ENTERS)
    world.write()
    watch.look()
    assert watch.alerts() == []
    for step in ("submit", "pass_first", "send_back"):
        getattr(world, step)()
    watch.look()
    watch.look()
    assert len(watch.alerts("A-800")) == 1
    world.submit()  # leaves the state: what happened stays told
    watch.look()
    assert [a.state for a in watch.alerts("A-800")] == ["open"]
    world.send_back()
    watch.look()
    assert len(watch.alerts("A-800")) == 2


def test_a_new_record_is_an_event_once(world, watching):
    watch = watching({"kind": "event", "watch": "report", "summary": '"{number}"'})
    for step in ("write", "submit", "pass_first"):
        getattr(world, step)()
        watch.look()
    assert len(watch.alerts("A-800")) == 1


RESULTS = {
    "kind": "absence", "watch": "visit", "since": "state_since", "within": "2h", "summary": '"{number}"',
    "when": "[{field: state, op: eq, value: arrived}]",
    "expects": "{record: observation, by: visit_id, at: effective_at, when: [{field: item, op: eq, value: k}]}",
}  # fmt: skip


def test_an_absence_fires_when_nothing_came_and_ends_when_it_comes(world, watching, clock):
    watch = watching(RESULTS)
    visit = world.new_visit()
    watch.look()
    clock.advance(2 * HOUR - timedelta(minutes=1))
    watch.look()
    assert watch.alerts() == []
    clock.advance(timedelta(minutes=1))
    watch.look()
    assert [(a.state, a.opened_at) for a in watch.alerts()] == [("open", clock())]
    measured(world, visit, "sbp", 120, "mm[Hg]")  # another kind of result
    watch.look()
    assert [a.state for a in watch.alerts()] == ["open"]
    measured(world, visit, "k", 4.1, "mmol/L")
    watch.look()
    assert [a.state for a in watch.alerts()] == ["closed"]
    assert watch.timers() == []


def test_what_came_before_the_anchor_was_read_counts(world, watching, clock):
    watch = watching(RESULTS)
    measured(world, world.new_visit(), "k", 4.1, "mmol/L")
    clock.advance(DAY)
    watch.look()
    assert watch.alerts() == []
    assert watch.timers() == []


def test_each_arrival_starts_the_time_anew_where_the_rule_says_so(world, watching, clock):
    watch = watching(RESULTS | {"resets": "true"})
    visit = world.new_visit()
    for _ in range(3):
        clock.advance(HOUR)
        measured(world, visit, "k", 4.1, "mmol/L")
        watch.look()
    clock.advance(2 * HOUR - timedelta(minutes=1))
    watch.look()
    assert watch.alerts() == []
    clock.advance(timedelta(minutes=1))
    watch.look()
    assert [a.state for a in watch.alerts()] == ["open"]
    measured(world, visit, "k", 4.1, "mmol/L")
    clock.advance(2 * HOUR)
    watch.look()
    assert [a.state for a in watch.alerts()] == ["closed", "open"]


def measured(world, visit_id, item, value, unit):
    order = RecordMeasurement(visit_id=visit_id, values=[Measured(item=item, value=value, unit=unit)])
    world.desk.run(order, world.nurse)


def run_of(*values, flag="H"):
    return [{"value_number": v, "flag": flag, "item": "x"} for v in reversed(values)]


def trend(**facts):
    return Trend(value="value_number", at="effective_at", series=("patient_id", "item"), **facts)


@pytest.mark.parametrize(
    ("values", "counts"),
    [((5.0, 5.3, 5.6, 5.86), True), ((5.0, 5.3, 5.6, 5.84), False), ((5.0, 5.6, 5.5, 6.5), False), ((5, 6), False)],
)  # fmt: skip
def test_a_run_counts_only_beyond_what_measuring_and_the_day_explain(values, counts):
    spread = Spread(analytical=3.0, within=5.3, source="test")
    assert spread.change == pytest.approx(16.88, abs=0.01)  # sqrt(2) * 1.96 * sqrt(9 + 28.09), by hand
    found = judged(trend(count=3, spreads={"x": spread}), run_of(*values))
    assert (found is not None) is counts


def test_the_flag_tells_which_way_is_worse_and_without_one_nothing_is_judged():
    falling = trend(count=1, percent=10)
    assert judged(falling, run_of(5.0, 4.4, flag="L")) == pytest.approx(12)
    assert judged(falling, run_of(5.0, 4.4, flag="H")) is None
    assert judged(falling, run_of(5.0, 4.4, flag=None)) is None
    assert judged(trend(count=1, spreads={"y": Spread(1, 1, "t")}), run_of(5.0, 9.0)) is None


RATE = {"kind": "rate", "watch": "indicator", "days": "3", "summary": '"{name} {under_days}"'}


def test_a_rate_fires_on_the_third_day_in_a_row_and_ends_on_the_first_good_one(day, watching, system, clock):
    watch = watching(RATE)

    def note(on, value):
        order = NoteIndicator(
            code="x", name="回收率", day=date(2026, 11, on), numerator=value, denominator=100, target=0.8
        )
        day.run(order, system)
        watch.look()
        return [a.state for a in watch.alerts()]

    assert [note(1, 79), note(2, 79), note(2, 78), note(3, 80), note(4, 70)] == [[]] * 5
    assert [note(5, 70), note(6, 70), note(7, 70)] == [[], ["open"], ["open"]]
    assert note(8, 90) == ["closed"]
    assert note(9, 70) == ["closed"]
    assert note(11, 70) == ["closed"]  # a day was not counted: no run
    day.run(
        NoteIndicator(
            code="x", name="回收率", day=date(2026, 11, 12), numerator=0, denominator=0, target=0.8
        ),
        system,
    )
    assert [note(13, 70), note(14, 70)] == [["closed"], ["closed", "open"]]


STACKED = {
    "kind": "stack",
    "watch": "alert",
    "stack": "{by: client, least: 2}",
    "summary": '"同时 {least} 项"',
}


def opens(world, system, clock, rule, patient_id, number):
    order = OpenAlert(
        alert_id=uuid.UUID(int=number), rule=rule, rule_version=1, name="x", org_id=world.nurse.org_id,
        subject="visit", subject_id=uuid.UUID(int=number), patient_id=patient_id, summary="x", facts={},
        severity=Severity.GENERAL, receivers=["nurse"], opened_at=clock(),
    )  # fmt: skip
    world.desk.run(order, system)
    return order.alert_id


def test_a_stack_is_one_more_alert_that_goes_when_the_others_do(
    world, watching, system, clock, new_client, nurse
):
    watch = watching(STACKED)
    client, other = new_client("王美娜"), new_client("李二")
    first = opens(world, system, clock, "A-701", client, 1)
    opens(world, system, clock, "A-702", other, 2)
    watch.look()
    assert watch.alerts("A-800") == []
    opens(world, system, clock, "A-703", client, 3)
    watch.look()
    opens(world, system, clock, "A-704", client, 4)
    watch.look()
    [stacked] = watch.alerts("A-800")
    assert (stacked.patient_id, stacked.state) == (client, "open")
    world.desk.run(ClearAlert(alert_id=first), system)
    watch.look()
    assert [a.state for a in watch.alerts("A-800")] == ["open"]
    world.desk.run(ClearAlert(alert_id=uuid.UUID(int=3)), system)
    watch.look()
    assert [a.state for a in watch.alerts("A-800")] == ["closed"]


def test_reading_the_log_twice_learns_a_habit_once(world, watch, system):
    signs_in(last_hours=25)(world)
    watch.look()
    with world.desk.store.read() as connection:
        [before] = connection.execute(habits.baseline_table().select()).all()
        entries = entries_after(connection, 0, 10_000)
    rest = watch.engine.act(entries)
    assert rest is not None
    with world.desk.store.write() as connection:
        rest(connection)
    with world.desk.store.read() as connection:
        assert connection.execute(habits.baseline_table().select()).all() == [before]


def test_what_is_unusual_is_explained_by_the_counts(clock):
    words = dict.fromkeys(("hours", "places", "number"), "{time} {near}/{count} {places} {size} {largest}")
    anomaly = Anomaly(who="w", hours=True, places=True, number="n", least=20, factor=3, floor=10, words=words)
    past = Baseline()
    usual = Deed("a", clock(), "p", 10, "", 1)
    for _ in range(19):
        past.learn(usual)
    strange = Deed("a", clock() + 9 * HOUR, "q", 31, "", 2)
    assert unusual(anomaly, past, strange) == []  # too little is known yet
    past.learn(usual)
    assert unusual(anomaly, past, usual) == []
    assert unusual(anomaly, past, strange) == ["18:00 0/20 1 31 10"] * 3
    assert unusual(anomaly, past, Deed("a", clock() + HOUR, "p", 30, "", 3)) == []


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (RESULTS | {"expects": "{record: nothing, by: id}"}, "no record nothing"),
        (RESULTS | {"expects": "{record: observation, by: value_text}"}, "no index of observation"),
        (RESULTS | {"since": "birthday"}, "no field birthday"),
        (RESULTS | {"resets": "true", "expects": "{record: observation, by: visit_id}"}, "needs its time"),
        (RATE | {"watch": "report"}, "keeps no days"),
        (STACKED | {"stack": "{by: client, least: 2, rules: [A-999]}"}, "no rule A-999"),
        (ENTERS | {"silent_while": "[{rule: A-800, by: id}]"}, "a circle: A-800 > A-800"),
        ({"kind": "anomaly", "watch": "command:nobody.knows", "summary": "x", "anomaly": "{who: login, hours: true}"},
         "no command:nobody.knows"),
        ({"kind": "anomaly", "watch": "outgoing", "summary": "x", "anomaly": "{who: staff_id, hours: true}"},
         "no words for hours"),
        ({"kind": "event", "waits_for": "[R9.9]"}, "says in words"),
    ],
)  # fmt: skip
def test_mistakes_of_the_kinds_are_told(watching, facts, told):
    found = problems(watching, facts)
    assert any(told in problem for problem in found), found


def test_rules_that_silence_each_other_in_a_circle_are_refused(watching):
    one, two = ENTERS | {"inhibits": "[A-801]"}, ENTERS | {"inhibits": "[A-800]"}
    assert any("A-800 > A-801 > A-800" in p for p in problems(watching, one, two))


def test_another_records_alert_silences_while_it_waits(world, watching, clock, system):
    """A workstation that is offline says why nothing comes from its organisation."""
    watch = watching(
        {"kind": "threshold", "watch": "sync_node", "when": "[{field: contact, op: eq, value: offline}]",
         "clears_when": "[{field: contact, op: ne, value: offline}]", "occasion": "[contact_since]", "summary": "x"},
        {"kind": "deadline", "watch": "visit.arrived", "limit": "2h", "summary": '"{number}"',
         "silent_while": "[{rule: A-800, by: org_id, of: org_id}]"},
    )  # fmt: skip
    world.node(contact=Contact.OFFLINE)
    world.new_visit()
    watch.look()
    clock.advance(3 * HOUR)
    watch.look()
    assert [a.rule for a in watch.alerts()] == ["A-800"]
    world.node()
    watch.look()
    watch.look()
    assert [(a.rule, a.state) for a in watch.alerts()] == [("A-800", "closed"), ("A-801", "open")]


def test_lookups_of_every_kind_go_by_an_index(world, watch, clock):
    series("fpg", "mmol/L", 6.2, 6.6, 7.0, 7.4)(world)
    account(world)
    watch.look()
    world.potassium()
    plans = plans_of(watch.desk.store, watch.look)
    assert not walked(plans), sorted(set(walked(plans)))


def test_half_an_hour_of_an_answer_runs_in_office_hours_only(world, watch, clock):
    sets_hours()(world)
    clock.advance(timedelta(hours=8, minutes=20))  # Monday 17:20 in the clinic
    hears(ConversationKind.SERVICE)(world)
    watch.look()
    clock.advance(timedelta(hours=14, minutes=59))  # Tuesday 08:19
    watch.look()
    assert watch.alerts("A-031") == []
    clock.advance(timedelta(minutes=1))
    watch.look()
    [alert] = watch.alerts("A-031")
    assert "11-24 08:20" in alert.summary
