"""The pre-analytical code: the worked example of the standard, both sides of every cut, and what is not known."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from domain.biobank.protocols import load_biobank
from domain.biobank.sprec import Course, sprec_of
from domain.kernel.content import ContentError

CONTENT = load_biobank(resources.folder("biobank"))
NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def course(**changed):
    facts = {
        "type": "SER", "container": "SST", "protocol": "serum", "volume_ul": 500, "temperature": "-60 to -85",
        "collected_at": NINE, "processed_at": NINE + timedelta(minutes=100),
        "stored_at": NINE + timedelta(minutes=140),
    }  # fmt: skip
    return Course(**{**facts, **changed})


def test_the_worked_example():
    found = sprec_of(course(), CONTENT)
    assert (found.code, found.missing) == ("SER-SST-A-B-N-B-A", ())


@pytest.mark.parametrize(
    ("hours", "code"), [(2, "C"), (4, "E"), (8, "G"), (12, "I"), (24, "K"), (48, "M"), (500, "M")]
)
def test_a_time_belongs_to_the_band_it_reaches(hours, code):
    def third(seconds):
        spun = NINE + timedelta(seconds=seconds)
        return sprec_of(course(processed_at=spun, stored_at=spun), CONTENT).code.split("-")[2]

    assert third(hours * 3600) == code
    assert third(hours * 3600 - 1) == (
        "K" if code == "M" and hours == 48 else chr(ord(code) - 2) if hours < 48 else "M"
    )


@pytest.mark.parametrize(
    ("volume", "temperature", "code"),
    [
        (499, "-60 to -85", "S"), (500, "-60 to -85", "A"), (2000, "-60 to -85", "A"), (2001, "-60 to -85", "Z"),
        (39, "-60 to -85", "Z"), (40, "<-135", "W"), (1000, "-18 to -35", "B"), (5000, "-18 to -35", "K"),
        (500, "2 to 10", "Z"),
    ],
)  # fmt: skip
def test_where_it_lies(volume, temperature, code):
    assert sprec_of(course(volume_ul=volume, temperature=temperature), CONTENT).code[-1] == code


def test_urine_is_kept_cold_and_stool_is_not_spun():
    urine = sprec_of(course(type="URN", container="PPS", protocol="urine", volume_ul=1000), CONTENT)
    assert urine.code == "URN-PPS-B-D-N-A-A"
    assert sprec_of(course(type="STL", protocol="stool"), CONTENT).code == "STL-SST-B-N-N-A-A"


@pytest.mark.parametrize(
    ("lost", "missing"),
    [
        ("collected_at", ("before_spin",)),
        ("processed_at", ("before_spin", "after_spin")),
        ("stored_at", ("after_spin",)),
        ("protocol", ("before_spin", "first_spin", "second_spin", "after_spin")),
        ("volume_ul", ("storage",)),
        ("temperature", ("storage",)),
    ],
)
def test_what_is_not_known_is_told_and_never_guessed(lost, missing):
    found = sprec_of(course(**{lost: None}), CONTENT)
    assert found.missing == missing
    assert found.code.count("X") == len(missing)


def test_a_clock_that_went_backwards_tells_nothing():
    assert sprec_of(course(processed_at=NINE - timedelta(seconds=1)), CONTENT).missing == ("before_spin",)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_longer_never_reads_as_shorter(first, second):
    order = [band.room for band in CONTENT.sprec.before_spin]

    def place(seconds):
        spun = NINE + timedelta(seconds=seconds)
        return order.index(sprec_of(course(processed_at=spun, stored_at=spun), CONTENT).code.split("-")[2])

    assert (place(first) <= place(second)) or first > second


def test_mistakes_in_the_files_are_told(tmp_path):
    folder = resources.folder("biobank")
    for name in ("sprec.yaml", "protocols.yaml"):
        (tmp_path / name).write_text((folder / name).read_text("utf-8"), "utf-8")
    wrong = (
        (tmp_path / "sprec.yaml")
        .read_text("utf-8")
        .replace("{below: 2, room: A, cold: B}", "{below: 5, room: A, cold: B}")
    )
    (tmp_path / "sprec.yaml").write_text(wrong, "utf-8")
    twice = (tmp_path / "protocols.yaml").read_text("utf-8").replace("types: [PL1]", "types: [SER]")
    (tmp_path / "protocols.yaml").write_text(twice, "utf-8")
    with pytest.raises(ContentError) as told:
        load_biobank(tmp_path)
    assert told.value.problems == [
        "sprec.yaml: before_spin: the bands do not rise to an open end", "protocols.yaml: SER: has two protocols",
    ]  # fmt: skip
