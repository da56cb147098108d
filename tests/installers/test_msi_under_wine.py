"""The MSI under wine, which is not Windows: installed silently, started, upgraded, refused, repaired, removed.

What real Windows does is known from its documents alone; docs/operations.md says so.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from installers.windows.msi import build_msi
from tests.fixtures.product_source import ROOT
from tests.installers.test_msi_tables import program
from tests.installers.wine import Prefix, missing

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}"),
]
HOME = Path("ProgramData", "Aftercheck")
INSTALLED = Path("Program Files", "Aftercheck")


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    prefix = Prefix(tmp_path_factory.mktemp("windows"))
    yield prefix
    prefix.close()


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    return {
        version: build_msi(program(folder / version, version), folder / f"{version}.msi", version)
        for version in ("1.0.0", "1.1.0")
    }


def msiexec(windows, *arguments):
    return windows.run("msiexec", *arguments, "/qn", check=False).returncode


def registry(windows, key, name):
    told = windows.run("reg", "query", rf"HKLM\{key}", "/v", name, check=False).stdout
    return told.split("REG_SZ")[-1].strip() if "REG_SZ" in told else None


SETUP, RUN = r"Software\Aftercheck\Setup", r"Software\Microsoft\Windows\CurrentVersion\Run"


def test_a_silent_life_from_installation_to_removal(windows, packages):
    first, second = packages["1.0.0"], packages["1.1.0"]
    given = ("SERVER=https://centre.example:8443", "SITE=B01", "TOKEN=AAAAA-BBBBB", "AUTOSTART=1")
    assert msiexec(windows, "/i", first, *given) == 0
    program_file = windows.drive / INSTALLED / "aftercheck.exe"
    assert program_file.read_text() == "1.0.0"
    assert registry(windows, SETUP, "Server") == "https://centre.example:8443"
    assert registry(windows, SETUP, "Token") == "AAAAA-BBBBB"
    assert "aftercheck.exe" in registry(windows, RUN, "Aftercheck")
    kept = windows.drive / HOME / "branch.db"
    kept.parent.mkdir(parents=True)
    kept.write_text("people")

    inner = windows.drive / INSTALLED / "app" / "client" / "main.py"
    inner.unlink()
    program_file.unlink()
    # What /fa stands for; wine's own /f takes other arguments than Windows.
    assert msiexec(windows, "/i", first, "REINSTALL=ALL", "REINSTALLMODE=amus") == 0
    assert (program_file.read_text(), inner.read_text()) == ("1.0.0", "1.0.0")

    assert msiexec(windows, "/i", second) == 0
    assert program_file.read_text() == "1.1.0"
    assert registry(windows, SETUP, "Server") == "https://centre.example:8443", "remembered"
    assert "aftercheck.exe" in registry(windows, RUN, "Aftercheck")
    assert kept.read_text() == "people"

    assert msiexec(windows, "/i", first) != 0
    assert program_file.read_text() == "1.1.0", "an older one is refused"

    assert msiexec(windows, "/x", second) == 0
    assert not program_file.exists()
    assert registry(windows, RUN, "Aftercheck") is None
    assert registry(windows, SETUP, "Server") is None
    assert kept.read_text() == "people", "data stay"

    assert msiexec(windows, "/i", second, "SERVER=https://other.example") == 0
    assert registry(windows, RUN, "Aftercheck") is None, "nobody asked for it"
    assert msiexec(windows, "/x", second, "PURGE=1") == 0
    assert not kept.exists(), "asked for"


def test_the_whole_program_is_installed_and_shows_the_page_of_the_first_start(windows, tmp_path):
    """Needs the MSI built by ``./dev package msi`` (or AFTERCHECK_MSI): building it takes minutes."""
    built = sorted((ROOT / "dist").glob("Aftercheck-*.msi"))
    told = os.environ.get("AFTERCHECK_MSI") or (built[-1] if built else None)
    if told is None:
        pytest.skip("no MSI in dist: ./dev package msi")
    assert msiexec(windows, "/i", told, "SERVER=https://127.0.0.1:9", "SITE=B01", "TOKEN=AAAAA-BBBBB") == 0
    try:
        program_file = rf"C:\{INSTALLED.parts[0]}\Aftercheck\aftercheckc.exe"
        with windows.start(program_file, "--pilot") as running:
            try:
                assert order(running, do="wait", until={"visible": "enrol"}, timeout=240)["ok"]
                shown = order(running, do="screenshot", path=r"C:\first.png", size=[1366, 768])
                assert shown["ok"], shown
                assert order(running, do="text", name="field_server")["text"] == "https://127.0.0.1:9"
            finally:
                running.kill()
                windows.close()
        picture = windows.drive / "first.png"
        assert picture.stat().st_size > 10_000
        picture.rename(tmp_path / "first.png")
    finally:
        assert msiexec(windows, "/x", told, "PURGE=1") == 0


def order(running, **told):
    running.stdin.write(json.dumps(told) + "\n")
    running.stdin.flush()
    while line := running.stdout.readline():
        if line.startswith("{"):
            return json.loads(line)
    raise AssertionError(f"the program ended: {subprocess.list2cmdline(running.args)}")
