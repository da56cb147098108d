"""The tree of containers: levels, places, temperature, counts and when a freezer will be full."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.biobank.commands import StoreSpecimen
from domain.biobank.custody_commands import DiscardReason, DiscardSpecimen
from domain.kernel.errors import DomainError
from domain.storage.container_commands import BlockPosition, MoveContainer
from domain.storage.filling import rebuild_fill
from domain.storage.reading import forecast_of, read_container, read_tree
from domain.storage.tree import Forecast, forecast, natural


def tree(desk, actor):
    with desk.store.read() as connection:
        return read_tree(connection, actor)


def refused(act, *args, **facts):
    with pytest.raises(DomainError) as told:
        act(*args, **facts)
    return told.value.code


def test_the_way_goes_by_door_order_then_place(desk, technician, room):
    assert [node.code for node in tree(desk, technician)] == ["S1", "F1", "L1", "R1", "B2", "B10", "L2", "B3"]
    depths = {node.code: node.depth for node in tree(desk, technician)}
    assert depths["B2"] == 4


def test_nothing_lies_in_something_further_inside(put_up, room):
    assert refused(put_up, "X1", "freezer", "B3") == "container.wrong_level"
    assert refused(put_up, "X1", "box", "NONE") == "container.unknown"
    assert refused(put_up, "X1", "box", "R1", at="C1") == "container.no_such_position"
    assert refused(put_up, "X1", "box", "R1", at="a01") == "container.place_taken"
    assert refused(put_up, "X1", "box", at="A1") == "container.place_without_parent"
    assert refused(put_up, "X1", "box", "R1", temperature="2 to 10") == "container.temperature_differs"
    assert refused(put_up, "F1", "box") == "container.exists"


def test_a_box_moves_with_what_lies_in_it(desk, technician, room, tubes):
    [number] = tubes.aliquots(1)
    tubes.run(StoreSpecimen(number=number, container="B2", position="A1"))
    tubes.run(MoveContainer(container="B2", parent="L2", at="A1"))
    assert [n.code for n in tree(desk, technician) if n.kind == "box" and n.depth] == ["B10", "B3", "B2"]
    assert tubes.of(number).slot == "B2:A1"
    with desk.store.read() as connection:
        assert read_container(connection, technician, "B2").path == ("S1", "F1", "L2", "B2")
    assert refused(tubes.run, MoveContainer(container="F1", parent="L2")) == "container.wrong_level"


def test_counts_follow_the_log_up_the_tree(desk, technician, room, tubes, counted, second_technician):
    made = tubes.aliquots(3)
    for place, number in zip(("A1", "A2", "A3"), made, strict=True):
        tubes.run(StoreSpecimen(number=number, container="B2", position=place))
    counted()
    by_code = {node.code: node for node in tree(desk, technician)}
    assert {code: by_code[code].used for code in ("S1", "F1", "R1", "B2", "B3")} == {
        "S1": 3, "F1": 3, "R1": 3, "B2": 3, "B3": 0,
    }  # fmt: skip
    assert (by_code["R1"].capacity, by_code["R1"].free) == (12, 9)
    tubes.run(DiscardSpecimen(number=made[0], reason=DiscardReason.DAMAGED, witness=second_technician))
    counted()
    assert next(n for n in tree(desk, technician) if n.code == "F1").used == 2
    with desk.store.write() as connection:
        rebuild_fill(connection)
    assert next(n for n in tree(desk, technician) if n.code == "F1").used == 2, "counted anew it is the same"


def test_a_position_out_of_use_takes_nothing_and_does_not_count(desk, technician, room, tubes):
    [number] = tubes.aliquots(1)
    assert tubes.run(BlockPosition(container="B2", position="A1")) == ["A1"]
    store = StoreSpecimen(number=number, container="B2", position="A1")
    assert refused(tubes.run, store) == "container.blocked"
    assert (
        refused(tubes.run, StoreSpecimen(number=number, container="R1", position="A1"))
        == "container.not_a_box"
    )
    assert next(n for n in tree(desk, technician) if n.code == "B2").capacity == 5
    assert tubes.run(BlockPosition(container="B2", position="A1", blocked=False)) == []
    tubes.run(store)
    assert refused(tubes.run, BlockPosition(container="B2", position="A1")) == "container.taken"


def test_the_day_it_is_full_comes_from_how_it_filled(desk, technician, room, tubes, counted):
    made = iter(tubes.aliquots(6))
    for day, places in enumerate((("A1", "A2"), ("A3", "B1"))):
        tubes.clock.advance(timedelta(days=day))
        for place in places:
            tubes.run(StoreSpecimen(number=next(made), container="B2", position=place))
    counted()
    nodes = tree(desk, technician)
    freezer = next(n for n in nodes if n.code == "F1")
    today = date(2026, 11, 24)
    with desk.store.read() as connection:
        told = forecast_of(connection, nodes, freezer, today)
    assert told.a_day == 2.0
    assert freezer.free == 17
    assert told.full_on == today + timedelta(days=9)


@given(
    st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 3, 1)), st.integers(-50, 50)),
    st.integers(0, 10_000),
)
def test_a_forecast_never_lies_before_today(net, free):
    told = forecast(net, free, date(2026, 3, 1))
    assert told == Forecast(told.a_day, None) if told.a_day <= 0 else told.full_on >= date(2026, 3, 1)


def test_two_comes_before_ten():
    assert sorted(["F10", "F2", "F²", "F1"], key=natural) == ["F1", "F2", "F10", "F²"]
