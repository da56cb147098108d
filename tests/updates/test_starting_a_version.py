"""The boot script with real processes: a new version runs once it has started, and never costs a working program."""

import time

import pytest

from client.updating.state import ProgramState
from tests.updates.making import Installed, app


@pytest.fixture
def machine(tmp_path):
    return Installed(tmp_path)


def try_out(machine, version, **how):
    machine.put(version, **how)
    ProgramState(machine.home).put_on_trial(version, "1.0.0")


def test_a_version_that_starts_is_the_one_from_then_on(machine):
    assert machine.start() == (0, ["1.0.0"])
    try_out(machine, "1.1.0")
    assert machine.start() == (0, ["1.1.0"])
    assert machine.state()["current"] == "1.1.0"
    assert machine.start() == (0, ["1.1.0"])


@pytest.mark.parametrize(
    ("does", "wait", "reason"),
    [
        ("raise RuntimeError('broken')", "30", "did_not_start"),
        ("os._exit(75)", "30", "did_not_start"),
        ("time.sleep(60)", "0.5", "silent"),
    ],
)
def test_a_version_that_does_not_start_gives_way_at_once_and_is_not_tried_again(machine, does, wait, reason):
    try_out(machine, "1.1.0", does=does)
    assert machine.start(AFTERCHECK_TRIAL_S=wait) == (0, ["1.1.0", "1.0.0"])
    assert ProgramState(machine.home).bad() == {"1.1.0": reason}
    assert machine.start() == (0, ["1.0.0"])


def test_a_version_with_a_fault_in_its_very_modules_gives_way(machine):
    try_out(machine, "1.1.0")
    (machine.home / "program" / "versions" / "1.1.0" / "client" / "main.py").write_text("def main(:\n")
    assert machine.start() == (0, ["1.0.0"])


def test_the_store_it_migrated_is_put_back_as_it_was(machine):
    store, older = machine.home / "branch.db", machine.home / "branch.before-0001.db"
    store.write_text("as it was")
    older.write_text("long ago")
    long_ago = time.time() - 86_400
    import os

    os.utime(older, (long_ago, long_ago))
    migrates = (
        "h = pathlib.Path(sys.argv[sys.argv.index('--home') + 1]); (h / 'branch.before-0009.db').write_bytes("
        "(h / 'branch.db').read_bytes()); (h / 'branch.db').write_text('new shape'); "
        "(h / 'branch.db-wal').write_text('more'); sys.exit(9)"
    )
    try_out(machine, "1.1.0", does=migrates)
    assert machine.start() == (0, ["1.1.0", "1.0.0"])
    assert store.read_text() == "as it was"
    assert not (machine.home / "branch.db-wal").exists()
    assert older.read_text() == "long ago", "the copy of another upgrade is not touched"


def test_power_that_fails_in_the_middle_of_a_trial_costs_a_few_tries_and_no_program(machine):
    try_out(machine, "1.1.0", does="os.kill(os.getppid(), 9); os._exit(9)")
    for _ in range(3):
        status, ran = machine.start()
        assert (status, ran) == (-9, ["1.1.0"])
    assert machine.start() == (0, ["1.0.0"])


def test_closing_the_window_early_is_no_failure(machine):
    try_out(machine, "1.1.0", does="os._exit(0)")
    assert machine.start() == (0, ["1.1.0"])
    assert ProgramState(machine.home).bad() == {}
    machine.put("1.1.0")
    assert machine.start() == (0, ["1.1.0"])
    assert machine.state()["current"] == "1.1.0"


def test_one_word_goes_back_and_the_version_is_not_taken_again_by_itself(machine):
    for version in ("1.1.0", "1.2.0"):
        try_out(machine, version)
        machine.start()
    assert machine.start("--previous-version") == (0, ["1.1.0"])
    assert ProgramState(machine.home).bad() == {"1.2.0": "by_hand"}
    assert machine.start() == (0, ["1.1.0"])


def test_what_an_installer_brings_goes_before_earlier_updates(machine):
    try_out(machine, "1.1.0")
    machine.start()
    app(machine.base / "app", "2.0.0")
    assert machine.start() == (0, ["2.0.0"])


def test_a_state_that_cannot_be_read_or_a_version_that_is_gone_starts_the_installed_one(machine):
    try_out(machine, "1.1.0")
    machine.start()
    (machine.home / "program" / "versions" / "1.1.0" / "client" / "main.py").unlink()
    import shutil

    shutil.rmtree(machine.home / "program" / "versions")
    assert machine.start() == (0, ["1.0.0"])
    machine.state_file.write_text("{")
    assert machine.start() == (0, ["1.0.0"])
    assert ProgramState(machine.home).bad() == {}


def test_a_module_of_ours_runs_in_the_version_in_force_and_starts_no_trial(machine):
    try_out(machine, "1.1.0", check=4)
    assert machine.start("--run-module", "client.updating.check")[0] == 0
    assert machine.state()["trial"] == "1.1.0"
