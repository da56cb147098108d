"""A branch's whole day, with real processes, SIGKILL and a line that is cut; small, but every step of it."""

import os
import subprocess
import sys
from datetime import date

import pytest

from domain.people.idnumber import read_id
from tests.journeys.day.opening import order_of
from tests.journeys.day.people import SURVEY, expected
from tests.journeys.day.play import play
from tests.journeys.day.processes import ROOT
from tests.journeys.day.report import Summary


@pytest.mark.journey
def test_a_branchs_day_from_the_first_card_to_the_signed_report(tmp_path):
    summary = Summary(quiet=True)
    try:
        play(tmp_path, summary, clients=40, day=date(2026, 11, 23))
    finally:
        (tmp_path / "summary.txt").write_text(summary.table(), "utf-8")
    assert [line.what for line in summary.lines if not line.held] == []
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    pictures = {p.stem for p in (tmp_path / "screens").glob("*.png")}
    assert {name.removesuffix("-1366") for name in pictures if name.endswith("-1366")} == {
        name.removesuffix("-1920") for name in pictures if name.endswith("-1920")
    }
    assert {f"{station}-1366" for station in ("front-desk", "bench", "review-chief", "sign-in")} <= pictures
    assert summary.comparison.count("＝") > 20
    assert "≠" not in summary.comparison
    opened = subprocess.run(
        [sys.executable, "-m", "tests.journeys.day", "--open", tmp_path, "--as", "chief_physician"],
        input="quit\n", capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert (opened.returncode, opened.stderr[-800:]) == (0, "")
    assert "已登录：李慎之" in opened.stdout


CARDS = [{"name": "王美娜", "sex": "2", "number": "32010219750823062X", "birth": "19750823"}]


@pytest.mark.parametrize(
    ("line", "device", "order"),
    [
        ("lift", "card", "lift"),
        ("bp 142 91 76\n", "nibp", 'measure {"systolic": 142, "diastolic": 91, "pulse": 76}'),
        ("scale 71.2 168.5", "scale", 'measure {"weight": 71.2, "height": 168.5}'),
        ("scan T26112300001", "scanner", "scan T26112300001"),
    ],
)
def test_lines_typed_beside_the_window_go_to_the_devices(line, device, order):
    assert order_of(line, CARDS) == (device, order)


def test_a_card_is_one_of_those_listed():
    assert order_of("card 1", CARDS)[1].startswith('card {"name": "王美娜"')
    for line in ("card 2", "card x", "bp 142", "", "format c:"):
        with pytest.raises((ValueError, IndexError)):
            order_of(line, CARDS)


@pytest.mark.parametrize("generated", [True, False])
def test_the_day_has_people_with_and_without_the_survey(generated):
    source, people = expected(20, date(2026, 11, 23), generated=generated)
    crowd = list(people)
    assert len({e.visit_barcode for e in crowd}) == 20
    assert {e.branch for e in crowd} == {"B01", "B02"}
    assert all(len(e.person.values) >= 5 and e.message.startswith(b"MSH") for e in crowd)
    assert source == ("NHANES III" if SURVEY.exists() and not generated else "生成数据")
    assert all(read_id(e.person.id_number, today=date(2026, 11, 23)) for e in crowd)
