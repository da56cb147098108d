"""SIGKILL while a workstation is filled from a stick: it goes on, and what it holds in the end is the centre's."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sync.local_tables import snapshot_part
from sync.snapshot_format import key_of
from sync.snapshots import manifest_of
from tests.fixtures.patience import PATIENCE_S
from tests.sync.test_bootstrap import full, numbers  # noqa: F401 (a fixture)
from tests.sync.test_snapshot_forms import indexed, made_anew, stick  # noqa: F401 (a fixture)

PLACES = ("part-fetched", "part-unpacked", "part-before-commit", "part-loaded")
SHORT = {("part-before-commit", 2)}
ROOT = Path(__file__).resolve().parents[2]


def filled(station, folder, key, place=""):
    """Fill a closed store in a process of its own; returns how that ended."""
    command = [sys.executable, "-m", "tests.sync.filling_process", str(station.path), str(folder)]
    command += [str(station.sync.bootstrap._folder), key]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AFTERCHECK_FAILPOINT": place}
    return subprocess.run(command, cwd=ROOT, env=environment, timeout=PATIENCE_S, check=False).returncode


@pytest.mark.parametrize(
    ("place", "time"),
    [
        pytest.param(place, time, marks=[] if (place, time) in SHORT else pytest.mark.deep)
        for place in PLACES
        for time in (1, 2, 4)
    ],
)
def test_a_kill_there_costs_one_part(full, stick, tmp_path, place, time):  # noqa: F811
    folder, station = stick
    key = key_of(full.sync._key, manifest_of(folder).salt).hex()
    assert filled(station, folder, key, f"{place}:{time}") == -signal.SIGKILL
    loaded = sum(row.state == "loaded" for row in station.all(snapshot_part))
    assert loaded in {time, time - 1, time - 2}
    shutil.copytree(folder, tmp_path / "another stick")
    assert filled(station, tmp_path / "another stick", key) == 0
    assert len(numbers(station)) == 40
    assert full.differing(station) == []
    assert indexed(station.store) == made_anew(station.store)
    assert not station.sync.bootstrap._folder.exists()
