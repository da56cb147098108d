"""Values measured at home are typed in, judged by the client's own limits or the reference, and told at once."""

from datetime import timedelta

import pytest

from domain.care.monitored_commands import ClientNotesValue, NoteHomeValue, SetWatchLimits
from domain.care.monitored_records import MonitoredValue
from domain.care.records import CareEvent, CareKind, CareOutcome
from domain.checkup.records import Observation
from domain.kernel.errors import DomainError
from domain.kernel.ids import stable_id


@pytest.fixture
def item(care):
    _, items = care.signed(CareKind.MONITORING)
    return items[CareKind.MONITORING]


def test_a_value_typed_in_is_a_result_counts_as_measured_and_is_told_when_it_is_outside(care, item):
    care.run(NoteHomeValue(care_item_id=item, value=128), care.nurse)
    [result] = care.rows(Observation)
    assert (result.item, result.value_number, result.visit_id, result.system) == (
        "sbp",
        128,
        None,
        "居家监测",
    )
    [event] = care.rows(CareEvent)
    assert (event.outcome, event.observation_id) == (CareOutcome.DONE, result.id)
    assert care.alerts("A-023") == []
    care.later(minutes=10)
    care.run(NoteHomeValue(care_item_id=item, value=152), care.nurse)
    kept = care.one(MonitoredValue)
    assert (kept.value, kept.outside, kept.personal, kept.limits) == (152, True, False, "90–139")
    assert care.alerts("A-023") == [("A-023", "open")]
    care.later(minutes=10)
    care.run(NoteHomeValue(care_item_id=item, value=150), care.nurse)
    assert len(care.alerts("A-023")) == 1, "one stretch is one alert"
    care.later(minutes=10)
    care.run(NoteHomeValue(care_item_id=item, value=131), care.nurse)
    assert care.alerts("A-023") == [("A-023", "closed")]


def test_a_clients_own_limits_go_before_the_reference(care, item):
    care.run(SetWatchLimits(care_item_id=item, low=100, high=130, reason="糖尿病肾病，目标更严"))
    care.run(NoteHomeValue(care_item_id=item, value=134), care.nurse)
    kept = care.one(MonitoredValue)
    assert (kept.outside, kept.personal, kept.limits) == (True, True, "100–130")
    assert care.alerts("A-023") == [("A-023", "open")]
    care.run(SetWatchLimits(care_item_id=item, reason="改回参考区间"))
    care.later(minutes=5)
    care.run(NoteHomeValue(care_item_id=item, value=134), care.nurse)
    assert care.alerts("A-023") == [("A-023", "closed")]


def test_an_older_value_that_comes_late_changes_no_verdict(care, item):
    care.later(hours=2)
    care.run(NoteHomeValue(care_item_id=item, value=128), care.nurse)
    late = NoteHomeValue(care_item_id=item, value=190, measured_at=care.clock() - timedelta(hours=1))
    care.run(late, care.nurse)
    assert care.one(MonitoredValue).value == 128
    assert len(care.rows(Observation)) == 2


def test_what_cannot_be_is_refused_and_leaves_nothing(care, item):
    def refused(order, actor=None):
        with pytest.raises(DomainError) as error:
            care.run(order, actor or care.nurse)
        return error.value

    assert refused(NoteHomeValue(care_item_id=item, value=400)).field == "value"
    for at in (care.clock() + timedelta(hours=1), care.clock() - timedelta(days=31)):
        assert refused(NoteHomeValue(care_item_id=item, value=120, measured_at=at)).field == "measured_at"
    other = ClientNotesValue(patient_id=stable_id("x"), care_item_id=item, value=120)
    assert refused(other, care.reader.actor).code == "care_item.unknown"
    wrong = SetWatchLimits(care_item_id=item, low=140, high=100, reason="试")
    assert refused(wrong, care.doctor).field == "high"
    assert care.rows(Observation) == care.rows(MonitoredValue) == []
