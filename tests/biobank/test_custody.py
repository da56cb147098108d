"""Out of the cold and back: minutes, thaws, amounts, the right box, two persons at the end."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain.biobank.commands import CreateContainer, StoreSpecimen
from domain.biobank.custody_commands import (
    DiscardReason,
    DiscardSpecimen,
    ReturnSpecimen,
    TakeOutSpecimen,
    UseSpecimen,
)
from domain.biobank.records import EventKind, SpecimenEvent
from domain.kernel.errors import DomainError


def refused(tubes, order):
    with pytest.raises(DomainError) as told:
        tubes.run(order)
    return told.value.code


def test_the_code_is_computed_when_it_is_stored(tubes):
    [number] = tubes.aliquots(1)
    tubes.clock.advance(timedelta(minutes=40))
    tubes.run(StoreSpecimen(number=number, container="BOX1", position="A1"))
    assert tubes.of(number).sprec == "SER-SST-A-B-N-B-A"


def test_a_box_takes_only_its_kind_and_temperature(tubes):
    [number] = tubes.aliquots(1)
    tubes.run(CreateContainer(code="URINE", name="尿液盒", types=["URN"]))
    tubes.run(CreateContainer(code="FRIDGE", name="冷藏盒", temperature="2 to 10"))
    wrong = StoreSpecimen(number=number, container="URINE", position="A1")
    assert refused(tubes, wrong) == "container.wrong_type"
    warm = StoreSpecimen(number=number, container="FRIDGE", position="A1")
    assert refused(tubes, warm) == "container.wrong_temperature"
    assert (tubes.of(number).state, tubes.of(number).slot) == ("processed", None)


def test_a_short_time_out_is_no_thaw_and_a_long_one_is(tubes):
    number = tubes.stored()
    place = tubes.of(number).slot
    for minutes, thaws, out_s in ((5, 0, 300), (6, 1, 660)):
        tubes.run(TakeOutSpecimen(number=number))
        assert (tubes.of(number).state, tubes.of(number).slot) == ("out", place), "its position is kept"
        tubes.clock.advance(timedelta(minutes=minutes))
        back = tubes.run(ReturnSpecimen(number=number))
        found = tubes.of(number)
        assert (back.out_s, found.thaws, found.out_s, found.state) == (minutes * 60, thaws, out_s, "stored")


def test_a_time_nobody_knows_counts_as_a_thaw(tubes):
    number = tubes.stored()
    tubes.run(TakeOutSpecimen(number=number))
    tubes.clock.advance(timedelta(minutes=-10))
    assert tubes.run(ReturnSpecimen(number=number)).out_s is None
    assert (tubes.of(number).thaws, tubes.of(number).out_s) == (1, 0)


def test_after_the_last_thaw_it_stays_in_the_cold(tubes):
    number = tubes.stored()
    for _ in range(tubes.desk.content["biobank"].keeping.most_thaws):
        tubes.run(TakeOutSpecimen(number=number))
        tubes.clock.advance(timedelta(minutes=20))
        tubes.run(ReturnSpecimen(number=number))
    assert refused(tubes, TakeOutSpecimen(number=number)) == "specimen.too_many_thaws"


def test_what_was_used_is_gone_and_no_more_than_there_was(tubes):
    number = tubes.stored()
    use = UseSpecimen(number=number, volume_ul=200, purpose="ELISA")
    assert refused(tubes, use) == "specimen.wrong_state"
    tubes.run(TakeOutSpecimen(number=number))
    tubes.run(use)
    assert (tubes.of(number).remaining_ul, tubes.of(number).remaining_percent) == (300, 60)
    assert refused(tubes, UseSpecimen(number=number, volume_ul=301, purpose="x")) == "specimen.not_enough"
    tubes.run(UseSpecimen(number=number, volume_ul=300, purpose="ELISA"))
    assert (tubes.of(number).state, tubes.of(number).slot) == ("used_up", None)


def test_two_persons_destroy_a_tube(tubes, second_technician, nurse):
    number = tubes.stored()
    alone = DiscardSpecimen(number=number, reason=DiscardReason.EXPIRED, witness="nobody")
    assert refused(tubes, alone) == "witness.unknown"
    tubes.run(DiscardSpecimen(number=number, reason=DiscardReason.EXPIRED, witness=second_technician))
    with tubes.desk.store.read() as connection:
        event = connection.execute(
            select(SpecimenEvent.__table__).where(SpecimenEvent.kind == EventKind.DISCARDED)
        ).one()
    assert (event.reason, event.witness_name, event.place) == ("expired", "周技师", "BOX1:A1")
    assert (tubes.of(number).state, tubes.of(number).slot) == ("discarded", None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["out", "use", "back"]), st.integers(1, 400)), max_size=12))
def test_amounts_never_fall_below_nothing_and_agree_with_the_events(tubes, acts):
    number = tubes.stored()
    for act, value in acts:
        order = {
            "out": TakeOutSpecimen(number=number),
            "use": UseSpecimen(number=number, volume_ul=value, purpose="试验"),
            "back": ReturnSpecimen(number=number),
        }[act]
        try:
            tubes.run(order)
        except DomainError:
            continue
    found = tubes.of(number)
    with tubes.desk.store.read() as connection:
        used = connection.execute(
            select(func.coalesce(func.sum(SpecimenEvent.consumed_ul), 0)).where(
                SpecimenEvent.specimen_id == found.id
            )
        ).scalar_one()
    assert found.remaining_ul == 500 - used >= 0
