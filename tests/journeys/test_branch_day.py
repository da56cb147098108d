"""A branch's whole day, with real processes, SIGKILL and a line that is cut; small, but every step of it."""

from datetime import date

import pytest

from tests.journeys.day.play import play
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
    assert len(list((tmp_path / "screens").glob("*.png"))) >= 8
