"""Out of limits for long enough, rising, silent, at fault; back again; every tube with its exposure; a decision."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.biobank.commands import StoreSpecimen
from domain.biobank.custody_commands import TakeOutSpecimen
from domain.environment import excursion_commands
from domain.environment.excursion_commands import AssessExcursion, DecideExposed
from domain.environment.judging import Limits, Point, exposure, judge
from domain.environment.listing import list_waiting
from domain.environment.probe_commands import AddProbe, NoteAlarmTest, SnoozeProbe
from domain.environment.reading_commands import LookAtProbes, TakenReading, TakeReadings
from domain.environment.records import (
    AlarmTest,
    EnvironmentHour,
    EnvironmentProbe,
    EnvironmentReading,
    ExposedTube,
    TubeDisposition,
)
from domain.kernel.errors import DomainError
from tests.conftest import START

MINUTE = timedelta(minutes=1)
LIMITS = Limits(-90, -60, 10, 8.0, 10, 5)


def refused(freezer, order):
    with pytest.raises(DomainError) as told:
        freezer.desk.run(order, freezer.who)
    return told.value.code


def test_an_opened_door_is_no_excursion_and_a_warm_freezer_is(freezer):
    freezer.read(-80, -75, -68, -61)
    freezer.read(*[-55] * 10)
    assert [e.cause for e in freezer.excursions()] == ["rise"], "what rises fast is told before it is out"
    freezer.read(*[-80] * 3)
    assert freezer.excursions()[0].state == "recovered"


def test_it_begins_after_the_delay_and_not_a_minute_before(freezer):
    freezer.read(-64, -63, -62, -61)
    freezer.read(*[-59] * 10)
    assert freezer.excursions() == []
    freezer.read(-59)
    [found] = freezer.excursions()
    assert (found.cause, found.state) == ("high", "ongoing")
    assert found.begun_at == freezer.clock() - 10 * MINUTE
    assert found.cause_words == "-59 ℃，高于上限 -60 ℃"
    freezer.read(-50)
    freezer.read(-65)
    assert freezer.excursions()[0].state == "ongoing", "one reading is not back yet"
    freezer.read(-66)
    [found] = freezer.excursions()
    assert (found.state, found.worst) == ("recovered", -50)
    assert found.ended_at == freezer.clock() - MINUTE


def test_silence_is_told_by_the_clock_and_ends_with_a_reading(freezer):
    freezer.read(-80, -80)
    freezer.clock.advance(4 * MINUTE)
    freezer.desk.run(LookAtProbes(codes=["P1", "NOBODY"]), freezer.who)
    assert freezer.excursions() == []
    freezer.clock.advance(MINUTE)
    assert freezer.desk.run(LookAtProbes(codes=["P1"]), freezer.who).receipt.begun == 1
    freezer.desk.run(LookAtProbes(codes=["P1"]), freezer.who)
    [found] = freezer.excursions()
    assert (found.cause, found.cause_words) == ("lost", "监测信号丢失满 5 分钟，最后读数 -80 ℃")
    freezer.read(-79, -79)
    assert freezer.excursions()[0].state == "recovered"


def test_a_broken_probe_is_a_fault_and_never_a_temperature(freezer):
    freezer.read(-80, -80)
    freezer.read(*[None] * 11)
    [found] = freezer.excursions()
    assert (found.cause, found.worst) == ("fault", None)


def test_readings_count_once_and_what_cannot_be_is_not_kept(freezer):
    at = freezer.clock()
    same = TakenReading("P1", at, -80.0, "mqtt")
    order = TakeReadings(
        readings=[same, same, TakenReading("P1", at + timedelta(minutes=11), -80.0, "mqtt"),
                  TakenReading("P1", at - MINUTE, 900.0, "mqtt")]
    )  # fmt: skip
    receipt = freezer.desk.run(order, freezer.who).receipt
    assert (receipt.kept, receipt.refused) == (1, 2)
    assert freezer.desk.run(order, freezer.who).receipt.kept == 0
    unknown = TakeReadings(readings=[same, TakenReading("P9", at, 1.0, "mqtt")])
    assert refused(freezer, unknown) == "environment.no_probe"
    with freezer.desk.store.read() as connection:
        assert len(connection.execute(select(EnvironmentReading.id)).all()) == 1


def test_a_memory_that_comes_late_is_judged_as_of_its_time(freezer):
    """Two hours of a logger's memory, at once, with an excursion that was over before anybody heard of it."""
    start = freezer.clock()
    freezer.clock.advance(timedelta(hours=2))
    values = [-64.0] * 40 + [-58.0] * 20 + [-64.0] * 61
    order = TakeReadings(
        readings=[TakenReading("P1", start + n * MINUTE, v, "file") for n, v in enumerate(values)]
    )
    freezer.desk.run(order, freezer.who)
    [hour] = [h for h in hours(freezer) if h.readings == 60 and h.highest == -58.0]
    assert hour.lowest == -64.0
    [found] = freezer.excursions()
    assert (found.cause, found.state, found.begun_at) == ("high", "recovered", start + 40 * MINUTE)
    assert found.ended_at == start + 60 * MINUTE
    assert found.degree_minutes == pytest.approx(2 * 19 + 1 / 3, abs=0.01)


def hours(freezer):
    with freezer.desk.store.read() as connection:
        return connection.execute(EnvironmentHour.__table__.select()).all()


def test_every_tube_has_its_own_exposure_and_only_a_decision_ends_it(freezer, tubes, technician):
    made = tubes.aliquots(4)
    freezer.clock.advance(timedelta(minutes=1))
    for place, number in (("A1", made[0]), ("A2", made[1])):
        tubes.run(StoreSpecimen(number=number, container="B2", position=place))
    freezer.read(-62, -61)
    freezer.read(*[-55] * 6)
    tubes.run(StoreSpecimen(number=made[2], container="B3", position="A1"))
    tubes.run(TakeOutSpecimen(number=made[1]))
    freezer.read(*[-55] * 6)
    freezer.read(-70, -70, -70)
    tubes.run(StoreSpecimen(number=made[3], container="B2", position="A3"))
    [found] = freezer.excursions()
    assert found.state == "recovered"
    early = AssessExcursion(excursion_id=found.id, assessment="压缩机检修")
    assert refused(freezer, early) == "environment.not_listed"
    list_waiting(freezer.desk, technician)
    with freezer.desk.store.read() as connection:
        rows = {r.number: r for r in connection.execute(ExposedTube.__table__.select())}
    assert rows.keys() == {made[0], made[1], made[2]}, "what was stored afterwards lay in no excursion"
    assert rows[made[0]].degree_minutes == pytest.approx(found.degree_minutes)
    assert rows[made[1]].degree_minutes == pytest.approx(5 * 5), (
        "taken out after five minutes at five degrees"
    )
    assert rows[made[2]].minutes == pytest.approx(rows[made[0]].minutes - 5)
    assert refused(freezer, early) == "environment.undecided"
    decide = DecideExposed(excursion_id=found.id, disposition=TubeDisposition.RESTRICTED, note="不作代谢组")
    assert freezer.desk.run(decide, technician).receipt == 3
    assert refused(freezer, decide) == "environment.decided"
    freezer.desk.run(early, technician)
    assert freezer.excursions()[0].state == "assessed"


def test_a_full_freezer_is_listed_in_steps(freezer, tubes, technician, monkeypatch):
    monkeypatch.setattr(excursion_commands, "AT_ONCE", 2)
    for place, number in zip(("A1", "A2", "A3", "B1", "B2"), tubes.aliquots(5), strict=True):
        tubes.run(StoreSpecimen(number=number, container="B2", position=place))
    freezer.read(-61)
    freezer.read(*[-59] * 11)
    freezer.read(-70, -70)
    assert list_waiting(freezer.desk, technician) == 5
    [found] = freezer.excursions()
    assert found.tubes == 5
    assert list_waiting(freezer.desk, technician) == 0


def test_work_at_a_freezer_is_announced(freezer):
    freezer.read(-64)
    with freezer.desk.store.read() as connection:
        probe_id = connection.execute(select(EnvironmentProbe.id)).scalar_one()
    freezer.desk.run(SnoozeProbe(environment_probe_id=probe_id, minutes=30, reason="除霜"), freezer.who)
    freezer.read(*[-58] * 29)
    assert freezer.excursions() == []
    freezer.read(-58)
    assert [e.cause for e in freezer.excursions()] == ["high"], "after it what stands is told at once"


def test_an_alarm_test_has_its_excursion_as_proof(freezer):
    with freezer.desk.store.read() as connection:
        probe_id = connection.execute(select(EnvironmentProbe.id)).scalar_one()
    assert freezer.desk.run(NoteAlarmTest(environment_probe_id=probe_id), freezer.who).receipt is False
    freezer.read(-61)
    freezer.read(*[-59] * 11)
    assert freezer.desk.run(NoteAlarmTest(environment_probe_id=probe_id), freezer.who).receipt is True
    [found] = freezer.excursions()
    with freezer.desk.store.read() as connection:
        tests = connection.execute(AlarmTest.__table__.select()).all()
    assert sorted((t.passed, t.excursion_id) for t in tests)[1] == (True, found.id)
    assert found.is_test
    freezer.read(-70, -70)
    list_waiting(freezer.desk, freezer.who)
    freezer.desk.run(AssessExcursion(excursion_id=found.id, assessment="每周测试"), freezer.who)


def test_limits_that_are_none_are_refused(freezer):
    wrong = AddProbe(code="P2", name="x", low=8, high=2)
    assert refused(freezer, wrong) == "environment.limits"
    assert refused(freezer, AddProbe(code="P1", name="x", low=2, high=8)) == "environment.probe_exists"


def points(*values):
    return [Point(START + n * MINUTE, v) for n, v in enumerate(values)]


def test_the_integral_of_a_triangle_is_its_area():
    up_and_down = points(-60, -50, -60)
    assert exposure(up_and_down, LIMITS, START, START + 2 * MINUTE) == pytest.approx(10)
    assert exposure(points(-70, -50), LIMITS, START, START + MINUTE) == pytest.approx(2.5), (
        "half of it is within"
    )
    assert exposure(points(-60, None, -60), LIMITS, START, START + 2 * MINUTE) == 0
    cut = exposure(up_and_down, LIMITS, START, START + MINUTE)
    assert cut == pytest.approx(5)


@given(st.lists(st.floats(-100, -20), min_size=2, max_size=40), st.integers(0, 38))
def test_parts_of_an_exposure_add_up(values, cut):
    series = points(*values)
    end = series[-1].at
    middle = min(START + cut * MINUTE, end)
    whole = exposure(series, LIMITS, START, end)
    assert whole >= 0
    parts = exposure(series, LIMITS, START, middle) + exposure(series, LIMITS, middle, end)
    assert parts == pytest.approx(whole, abs=1e-6)


@given(st.lists(st.one_of(st.none(), st.floats(-89.9, -60.1)), min_size=1, max_size=30))
def test_a_value_within_never_says_out(values):
    told = judge(points(*values), Limits(-90, -60, 10, None, 10, 5), START + len(values) * MINUTE)
    assert told.cause in (None, "fault")
