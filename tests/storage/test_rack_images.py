"""Pictures of the underside of a rack: 96 codes read, each unread well named, nothing guessed about how it lies."""

import contextlib
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from devices.racks.image import read_rack_image
from devices.racks.simulator import Scene, draw_rack
from domain.biobank.numbers import SpecimenNumberBlock
from domain.biobank.rules import positions
from domain.kernel.errors import DomainError
from domain.storage.racks import Known, RackPurpose, WellStatus, confirmed_by, sheet_of

WELLS = positions(8, 12)


def numbers(count):
    block, made = SpecimenNumberBlock("101", 1, digits=True), []
    for _ in range(count):
        number, block = block.allocate()
        made.append(number)
    return made


TUBES = dict(zip(WELLS, numbers(96), strict=True))


PLAIN = Scene()


def seen(tubes, scene=PLAIN, illegible=frozenset()):
    file = io.BytesIO()
    draw_rack(tubes, scene, illegible=frozenset(illegible)).save(file, "BMP")
    return read_rack_image(file.getvalue())


def code_of(act):
    with pytest.raises(DomainError) as told:
        act()
    return told.value.code


@pytest.mark.parametrize("turned", [0, -4, 3, 90, 180, -88])
def test_all_96_are_read_and_one_of_two_ways_to_lie_is_true(turned):
    placings = seen(TUBES, Scene(turned=turned))
    assert len(placings) == 2
    assert [dict(read.wells) for read in placings].count(TUBES) == 1
    [true] = confirmed_by(placings, TUBES["A1"], "A1")
    assert dict(true.wells) == TUBES
    assert not true.unread
    assert confirmed_by(placings, TUBES["A2"], "A1") == []


def test_unread_wells_are_named_and_a_hole_only_looks_empty():
    there = {p: n for p, n in TUBES.items() if p not in ("A1", "C5", "D4", "H12")}
    placings = seen(there, Scene(turned=1), illegible={"C5", "D4"})
    [read] = confirmed_by(placings, TUBES["B7"], "B7")
    assert dict(read.wells) == there
    assert (read.unread, read.looks_empty) == ({"C5", "D4"}, {"A1", "H12"})


def test_a_frosted_tube_is_never_taken_for_a_hole():
    # White and plain all over: nothing to read, and nothing like a hole.
    file, there = io.BytesIO(), {p: n for p, n in TUBES.items() if p != "A12"}
    picture = draw_rack(there, Scene(blur=0.1, noise=1), illegible=frozenset({"A12"}))
    picture.paste(215, (62, 62, 142, 142))
    picture.save(file, "BMP")
    assert all(read.unread == {"A12"} or read.unread == {"H1"} for read in read_rack_image(file.getvalue()))


def test_a_rack_of_few_tubes_is_read_when_they_tell_the_grid():
    few = {p: TUBES[p] for p in ("B3", "B4", "D9", "D10", "H1")}
    [read] = confirmed_by(seen(few, Scene(turned=1)), TUBES["D9"], "D9")
    assert dict(read.wells) == few


@pytest.mark.parametrize("line", [lambda p: p[0] == "A", lambda p: p[1:] == "12"])
@pytest.mark.parametrize("turned", [1.5, 181])
def test_tubes_in_one_line_are_placed_too(line, turned):
    there = {p: n for p, n in TUBES.items() if line(p)}
    known = sorted(there)[0]
    placings = seen(there, Scene(turned=turned))
    positions_seen = [r.wells.keys() | r.unread | r.looks_empty for r in placings]
    assert all(len(found) == 96 for found in positions_seen), "every well once"
    left = confirmed_by(placings, there[known], known)
    assert [dict(read.wells) for read in left] == [there]
    assert not left[0].unread


@pytest.mark.parametrize(
    ("tubes", "scene", "code"),
    [
        ({"B3": "1", "D9": "2"}, Scene(), "rack.image_few"),
        (
            {p: n for p, n in TUBES.items() if p[0] in "ACEG" and int(p[1:]) % 2},
            Scene(),
            "rack.image_no_grid",
        ),
        ({p: n for p, n in TUBES.items() if (ord(p[0]) + int(p[1:])) % 2}, Scene(), "rack.image_no_grid"),
        (TUBES, Scene(turned=40), "rack.image_no_grid"),
        (TUBES, Scene(blur=6), "rack.image_few"),
    ],
)
def test_what_tells_no_grid_is_refused(tubes, scene, code):
    assert code_of(lambda: seen(tubes, scene)) == code


def test_a_rack_that_is_cut_off_or_no_picture_is_refused():
    whole = draw_rack({p: n for p, n in TUBES.items() if int(p[1:]) < 9})
    file = io.BytesIO()
    whole.crop((300, 0, whole.width, whole.height)).save(file, "JPEG", quality=90)
    assert code_of(lambda: read_rack_image(file.getvalue())) == "rack.image_cut"
    assert code_of(lambda: read_rack_image(file.getvalue()[:2000])) == "rack.image_broken"
    assert code_of(lambda: read_rack_image(b"\x89PNG rubbish")) == "rack.image_broken"
    blank = io.BytesIO()
    Image.new("L", (400, 300), 200).save(blank, "PNG")
    assert code_of(lambda: read_rack_image(blank.getvalue())) == "rack.image_few"


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sets(st.sampled_from(WELLS), min_size=30), st.floats(-8, 8), st.floats(0.2, 0.9), st.floats(0, 0.012),
    st.integers(0, 10**6),
)  # fmt: skip
def test_no_picture_puts_a_number_where_it_is_not(wells, turned, blur, damage, seed):
    there = {p: TUBES[p] for p in wells}
    placings = []
    with contextlib.suppress(DomainError):  # too few were read to tell the grid
        placings = seen(there, Scene(turned, blur, 5.0, damage, seed))
    if not placings:
        return
    known = next((p for p in sorted(wells) if any(r.wells.get(p) == there[p] for r in placings)), None)
    assert known is not None
    left = confirmed_by(placings, there[known], known)
    for read in left:
        if len(left) == 1:
            assert all(there[p] == code for p, code in read.wells.items())
            assert there.keys() <= read.wells.keys() | read.unread, "a tube is read or named, never lost"


def test_a_tube_of_the_records_that_looks_absent_is_missing_and_one_unread_is_not():
    there = {p: n for p, n in TUBES.items() if p not in ("A1", "C5")}
    [read] = confirmed_by(seen(there, illegible={"C5"}), TUBES["B7"], "B7")
    known = {n: Known(n, "stored", f"BOX:{p}", frozen=False) for p, n in TUBES.items()}
    sheet = sheet_of(read, known, RackPurpose.CHECK, box="BOX", recorded=TUBES)
    told = {p: well.status for p, well in sheet.items() if well.status is not WellStatus.MATCH}
    assert told == {"A1": WellStatus.MISSING, "C5": WellStatus.UNREAD}
