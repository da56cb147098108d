"""Files of rack readers, what each position means, and whole racks received, stored and checked."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from domain.biobank.commands import StoreSpecimen
from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from domain.storage.rack_commands import CheckBox, ReceiveRack, StoreRack
from domain.storage.racks import RackPurpose, WellStatus, load_rack_formats, read_rack, sheet_of

FORMATS = load_rack_formats(resources.folder("biobank"))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("A01,X1\nB12,NO READ\nC03,\n", "position_code"),
        ("Rack ID;R7\r\nWell;Code\r\n A1 ; X1 \r\nB12;no read\r\n", "position_code"),
        ('"A01"\t"X1"\t"2026-11-23"\n"B12"\t"ERROR"\n', "position_code"),
        ("Row,Column,Code\nA,01,X1\nB,12,NO CODE\nC,3,NO TUBE\n", "row_column_code"),
        ("No,Position,Code\n1,A01,X1\n2,B12,???\n", "serial_position_code"),
    ],
)
def test_the_forms_readers_write(text, form):
    read = read_rack(text.encode("utf-8-sig"), FORMATS)
    assert (read.format.id, dict(read.wells), set(read.unread)) == (form, {"A1": "X1"}, {"B12"})
    assert (read.rows, read.columns) == (8, 12)


def code_of(data):
    with pytest.raises(DomainError) as told:
        read_rack(data, FORMATS)
    return told.value.code


def test_a_file_is_understood_wholly_or_not_at_all():
    assert code_of(b"A01,X1\nA1,X2\n") == "rack.position_twice"
    assert code_of(b"A01,X1\nrubbish\n") == "rack.no_format"
    assert code_of(b"") == "rack.no_format"
    assert code_of(b"\x00\x01\x02") == "rack.not_text"
    assert code_of(b"x" * 300_000) == "rack.too_big"
    assert code_of("A01，Ｘ1\n".encode()) == "rack.no_format", "a full-width comma is no separator"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(DomainError):
        read = read_rack(data, FORMATS)
        assert not read.wells.keys() & read.unread
        assert all(read.wells.values())


def test_a_format_without_its_groups_is_refused(tmp_path):
    text = (
        (resources.folder("biobank") / "rack_formats.yaml").read_text("utf-8").replace("?P<code>", "?P<cod>")
    )
    (tmp_path / "rack_formats.yaml").write_text(text, "utf-8")
    with pytest.raises(ContentError, match="needs the groups"):
        load_rack_formats(tmp_path)


def test_96_tubes_are_received_in_one_step_within_a_second(tubes):
    numbers = [tubes.collected() for _ in range(96)]
    began = time.perf_counter()
    receipt = tubes.run(ReceiveRack(numbers=numbers))
    assert (receipt.done, receipt.refused) == (96, [])
    assert time.perf_counter() - began < 20, "ordinarily a fraction of a second; the bench measures it"
    again = tubes.run(ReceiveRack(numbers=numbers[:2]))
    assert (again.done, {r.code for r in again.refused}) == (0, {"specimen.wrong_state"})


def test_one_tube_that_is_refused_stops_no_other(tubes, room):
    made = tubes.aliquots(3)
    tubes.run(StoreSpecimen(number=made[0], container="B3", position="A1"))
    order = StoreRack(
        container="B3", tubes={"A1": made[1], "A2": made[2], "A3": "101000000000", "D9": made[0]}
    )
    receipt = tubes.run(order)
    assert receipt.done == 1
    assert {r.number: r.code for r in receipt.refused}[made[1]] == "container.taken"
    assert tubes.of(made[2]).slot == "B3:A2"
    assert tubes.of(made[1]).slot is None
    with pytest.raises(DomainError, match=r"rack\.duplicate"):
        tubes.run(StoreRack(container="B3", tubes={"B1": made[1], "B2": made[1]}))


def test_a_check_counts_and_changes_no_place(tubes, room):
    made = tubes.aliquots(4)
    for place, number in zip(("A1", "A2", "A3"), made, strict=False):
        tubes.run(StoreSpecimen(number=number, container="B3", position=place))
    order = CheckBox(container="B3", found={"A1": made[0], "B1": made[1], "B2": "FOREIGN1"}, unread=["A3"])
    receipt = tubes.run(order)
    assert (receipt.expected, receipt.matched, receipt.missing, receipt.extra, receipt.misplaced) == (
        3,
        1,
        0,
        1,
        1,
    )
    assert [tubes.of(n).slot for n in made] == ["B3:A1", "B3:A2", "B3:A3", None]
    assert tubes.run(order).tasks == 2
    with tubes.desk.store.read() as connection:
        from domain.storage.records import StorageTask

        assert len(connection.execute(StorageTask.__table__.select()).all()) == 2, (
            "checked twice, searched once"
        )


def test_what_cannot_be_read_is_not_searched_for():
    read = read_rack(b"A1,NO READ\n", FORMATS)
    wells = sheet_of(read, {}, RackPurpose.CHECK, box="B", recorded={"A1": "X", "A2": "Y"})
    assert {p: w.status for p, w in wells.items()} == {"A1": WellStatus.UNREAD, "A2": WellStatus.MISSING}
