"""`./dev test`: what fails is tried once more alone; what passes then is named, what fails again has failed."""

import os
import subprocess
import sys

import pytest

from tests.fixtures.product_source import ROOT

GOOD = "def test_good():\n    pass\n"
BAD = "def test_bad():\n    raise AssertionError\n"
UNSTEADY = """
import os

def test_unsteady():
    assert "PYTEST_XDIST_WORKER" not in os.environ, "only alone"
"""
SET_UP = """
import os, pytest

@pytest.fixture
def shaky():
    assert "PYTEST_XDIST_WORKER" not in os.environ

def test_with_a_shaky_set_up(shaky):
    pass
"""


@pytest.fixture
def steady(tmp_path):
    """Return a function that runs some test files and gives exit code and output."""

    def run(*sources):
        for number, source in enumerate(sources):
            (tmp_path / f"test_{number}.py").write_text(source, "utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
        command = [sys.executable, "tests/steady.py", "-c", tmp_path / "pytest.ini", tmp_path]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    return run


def test_a_good_run_is_run_once(steady):
    code, told = steady(GOOD)
    assert code == 0
    assert "once more" not in told
    assert "UNSTEADY" not in told


def test_what_passes_only_alone_is_let_through_and_named_at_the_end(steady):
    code, told = steady(GOOD, UNSTEADY, SET_UP)
    assert code == 0
    block = told[told.index("UNSTEADY: passed only when run alone:") :].splitlines()
    assert [line.rpartition("::")[2] for line in block[1:]] == ["test_unsteady", "test_with_a_shaky_set_up"]


def test_what_fails_twice_has_failed_beside_what_is_only_unsteady(steady):
    code, told = steady(GOOD, UNSTEADY, BAD)
    assert code == 1
    assert "test_bad" not in told[told.index("UNSTEADY") :]


def test_a_file_that_cannot_be_read_is_no_matter_of_the_machine(steady):
    code, told = steady(GOOD, "import nothing_of_this_name\n")
    assert code != 0
    assert "UNSTEADY" not in told


def test_many_failures_are_not_tried_again(steady):
    code, told = steady(GOOD, "".join(BAD.replace("test_bad", f"test_bad_{n}") for n in range(30)))
    assert code == 1
    assert "once more" not in told
