"""The Debian package, really installed by dpkg into a root of its own: started, upgraded, removed, purged."""

import json
import os
import shutil
import subprocess

import pytest

from installers.debian.deb import build_deb
from tests.fixtures.product_source import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("dpkg") is None or os.geteuid() != 0, reason="needs dpkg, and root to unpack as root"
)


def program(folder, version):
    """A program that says its version, in the layout of the frozen one."""
    (folder / "app").mkdir(parents=True)
    (folder / "app" / f"only-in-{version}").write_text("")
    start = folder / "aftercheck"
    start.write_text(f"#!/bin/sh\necho {version}\n")
    start.chmod(0o755)
    return folder


class Root:
    """A file system of its own for dpkg."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("info", "updates", "triggers"):
            (folder / "var/lib/dpkg" / name).mkdir(parents=True)
        (folder / "var/lib/dpkg/status").write_text("")

    def dpkg(self, *arguments):
        command = ["dpkg", f"--root={self.folder}", "--force-script-chrootless", "--force-depends"]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self):
        answer = subprocess.run(
            [self.folder / "opt/aftercheck/aftercheck"], capture_output=True, text=True, check=True
        )
        return answer.stdout.strip()


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path / "root")


def test_installed_started_upgraded_removed_and_what_people_have_stays(root, tmp_path):
    packages = {
        version: build_deb(program(tmp_path / version, version), tmp_path / f"{version}.deb", version)
        for version in ("1.0.0", "1.1.0")
    }
    root.dpkg("-i", packages["1.0.0"])
    assert root.start() == "1.0.0"
    assert str((root.folder / "usr/bin/aftercheck").readlink()) == "/opt/aftercheck/aftercheck"
    entry = (root.folder / "usr/share/applications/aftercheck.desktop").read_text("utf-8")
    assert "Exec=/opt/aftercheck/aftercheck" in entry
    assert "Name[zh_CN]=检后通" in entry
    assert (root.folder / "usr/share/icons/hicolor/scalable/apps/aftercheck.svg").is_file()
    rules = (root.folder / "usr/lib/udev/rules.d/70-aftercheck.rules").read_text("utf-8")
    assert 'SUBSYSTEM=="tty", SUBSYSTEMS=="usb", TAG+="uaccess"' in rules
    data = root.folder / "home/nurse/.local/share/aftercheck/branch.db"
    data.parent.mkdir(parents=True)
    data.write_text("people")
    policy = root.folder / "etc/aftercheck/policy.json"
    policy.write_text("{}")

    root.dpkg("-i", packages["1.1.0"])
    assert root.start() == "1.1.0"
    assert not (root.folder / "opt/aftercheck/app/only-in-1.0.0").exists(), "nothing of the old one is left"

    root.dpkg("-r", "aftercheck")
    assert not (root.folder / "opt/aftercheck").exists()
    assert not (root.folder / "usr/bin/aftercheck").is_symlink()
    assert (data.read_text(), policy.read_text()) == ("people", "{}")
    root.dpkg("-P", "aftercheck")
    assert not policy.exists()
    assert data.read_text() == "people"


def test_every_library_it_needs_is_named_for_debian_and_none_twice():
    from installers.debian.deb import NEEDS

    names = [part.split()[0] for part in NEEDS.replace("|", ",").split(",")]
    assert len(names) == len(set(names))
    wanted = next(
        line for line in (ROOT / "dev").read_text("utf-8").splitlines() if line.startswith("SYSTEM=")
    )
    ours = wanted.split('"')[1].split()
    assert set(ours) - {"poppler-utils"} <= set(names), (
        "what ./dev installs for the client, the package asks for"
    )


@pytest.mark.deep
def test_the_whole_program_is_installed_and_shows_the_page_of_the_first_start(root, tmp_path):
    """Needs the package built by ``./dev package deb`` (or AFTERCHECK_DEB): building it takes minutes."""
    built = sorted((ROOT / "dist").glob("aftercheck_*_amd64.deb"))
    told = os.environ.get("AFTERCHECK_DEB") or (built[-1] if built else None)
    if told is None:
        pytest.skip("no package in dist: ./dev package deb")
    root.dpkg("-i", told)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK") and k != "PYTHONPATH"}
    machine = tmp_path / "machine"
    machine.mkdir()
    (machine / "setup.json").write_text(json.dumps({"Server": "https://127.0.0.1:9", "Token": "AAAAA-BBBBB"}))
    environment = {
        **kept, "QT_QPA_PLATFORM": "offscreen", "AFTERCHECK_MACHINE": str(machine),
        "AFTERCHECK_KEY_FILE": str(tmp_path / "key"),
    }  # fmt: skip
    command = [root.folder / "opt/aftercheck/aftercheck", "--home", tmp_path / "home", "--pilot"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            for order in (
                {"do": "wait", "until": {"visible": "enrol"}, "timeout": 120},
                {"do": "screenshot", "path": str(tmp_path / "first.png"), "size": [1366, 768]},
                {"do": "text", "name": "field_server"},
            ):
                running.stdin.write(json.dumps(order) + "\n")
                running.stdin.flush()
                answer = json.loads(next(line for line in running.stdout if line.startswith("{")))
                assert answer["ok"], answer
            assert answer["text"] == "https://127.0.0.1:9"
        finally:
            running.kill()
    assert (tmp_path / "first.png").stat().st_size > 10_000
    root.dpkg("-P", "aftercheck")
