"""A centre of several machines loses each of them in turn while branches work; nothing that was confirmed is lost."""

import pytest

from tests.journeys.grown.__main__ import Day
from tests.journeys.grown.lan import missing


@pytest.mark.deep
@pytest.mark.mariadb
def test_machines_die_under_load_and_nothing_is_lost(tmp_path):
    if why := missing():
        pytest.skip(why)
    found = Day(tmp_path, branches=4, steady_s=5.0).run()
    assert found["errors"] == [], "the centre refused nothing that was right"
    assert found["registered"] > 20, "there was something to lose"
    assert found["files"] > 4
    assert (found["missing"], found["twice"], found["files_lost"]) == ([], [], [])
    assert found["dense"]
    assert found["audit"] == "ok"
