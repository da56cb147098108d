"""Two small versions, a real centre, signed lists: what is offered, fetched, resumed, proven, and every refusal."""

import argparse
import json
import shutil
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

import resources
from client.updating.fetching import Bringing, is_lasting
from client.updating.lane import UpdateLane
from client.updating.state import BOOT, ProgramState
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.texts import Texts
from domain.versions.records import VersionRing
from installers.updates import add_version, make_keys, renew, withdraw
from server import operator_commands
from server.settings import Settings
from server.updates import updates_folder
from sync.http_client import HttpCentre
from sync.tus.client_state import SqliteTransferState
from sync.updates.archive import digest, pack
from tests.fixtures.disks import mounted
from tests.server.conftest import START, Running, prepared  # noqa: F401  (a fixture)
from tests.updates.making import Installed, app

NOW = datetime.now(UTC).replace(microsecond=0)
TEXTS = Texts.load(resources.folder("texts") / "zh")
RUNTIME = "runtime-1"
BALLAST = "".join(f"line {n}: {n * 7919 % 1_000_003}\n" for n in range(20_000))


@pytest.fixture(scope="module")
def vendor(tmp_path_factory):
    """Keys, and a signed folder with versions 1.0.0 and 1.1.0; made once and copied."""
    folder = tmp_path_factory.mktemp("vendor")
    make_keys(folder / "keys", NOW)
    for version in ("1.0.0", "1.1.0"):
        made = app(folder / version, version, ballast=f"{BALLAST}{version}\n")
        add_version(folder / "keys", folder / "out", made, version, RUNTIME, NOW)
    return folder


@pytest.fixture(scope="module")
def running(prepared, tmp_path_factory):  # noqa: F811
    home = tmp_path_factory.mktemp("centre")
    shutil.copytree(prepared.home, home, dirs_exist_ok=True)
    from domain.kernel.clock import ManualClock

    server = Running(Settings(data_dir=home, least_free_bytes=0), ManualClock(START), prepared.facts)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stations(running):
    return [running.enrol("B01"), running.enrol("B01"), running.enrol("B02")]


class Site:
    """A workstation of the centre with version 1.0.0 installed."""

    def __init__(self, running, station, vendor, folder, monkeypatch):
        self.centre = running
        self.folder = updates_folder(running.settings.data_dir)
        shutil.rmtree(self.folder, ignore_errors=True)
        with running.centre.store.write() as connection:
            connection.execute(delete(VersionRing.__table__))
        self.out = shutil.copytree(vendor / "out", folder / "out")
        self.keys = vendor / "keys"
        self.machine = Installed(folder, "1.0.0", ballast=f"{BALLAST}1.0.0\n")
        monkeypatch.setenv(BOOT, str(self.machine.boot))
        self.line = HttpCentre(
            running.api.url, station.device_id, station.key, SqliteTransferState(folder / "transfers.db"),
            now_us=running.centre.sync.now_us,
        )  # fmt: skip
        self.fetched = []
        self.bringing = Bringing(
            self.machine.home, (vendor / "keys" / "root.json").read_bytes(), RUNTIME,
            self.machine.base / "app", self.line.program_metadata, self.fetch,
        )  # fmt: skip
        self.state = ProgramState(self.machine.home)
        self.lane = UpdateLane(self.state, self.line.offered_program, self.bringing, "1.0.0", "1.0.0")
        self.publish()

    def fetch(self, name, sha256, target, cancel):
        self.fetched.append((name, target.stat().st_size if target.exists() else 0))
        self.line.fetch_program(name, sha256, target, lambda _done, _total: None, cancel)

    def publish(self):
        options = argparse.Namespace(folder=self.out)
        return operator_commands.take_updates(self.centre.settings, options)

    def allow(self, version, *, device="", org=""):
        options = argparse.Namespace(version=version, device=device, org=org)
        return operator_commands.allow_version(self.centre.settings, options, self.centre.centre.store)

    def refused(self):
        """Bring 1.1.0, which is refused in a whole sentence, and nothing of it is begun."""
        with pytest.raises(KnownError) as caught:
            self.bringing.bring("1.1.0")
        sentence = TEXTS.explain(caught.value)
        assert "继续使用现有版本" in sentence
        assert "{" not in sentence
        assert is_lasting(caught.value)
        assert not self.state.version_folder("1.1.0").exists()
        assert self.machine.start() == (0, ["1.0.0"])
        return caught.value.code


@pytest.fixture
def site(running, stations, vendor, tmp_path, monkeypatch):
    return Site(running, stations[0], vendor, tmp_path, monkeypatch)


def test_a_version_comes_as_a_difference_is_tried_and_runs_from_the_next_start(site, vendor):
    site.allow("1.1.0")
    site.lane.once()
    assert (site.lane.ready, site.lane.trouble) == ("1.1.0", None)
    assert [name.endswith(".zdelta") for name, _ in site.fetched] == [True]
    whole = (site.out / "targets" / "app-1.1.0.tar.zst").stat().st_size
    assert (site.out / "targets" / site.fetched[0][0]).stat().st_size * 20 < whole
    laid_out = site.state.version_folder("1.1.0")
    assert digest(pack(laid_out)) == digest(pack(vendor / "1.1.0"))
    assert site.machine.start() == (0, ["1.1.0"])
    site.lane.once()
    assert len(site.fetched) == 1, "what is here is not fetched again"


def test_from_changed_files_the_whole_is_fetched(site):
    (site.machine.base / "app" / "client" / "extra.py").write_text("odd = 1\n")
    site.bringing.bring("1.1.0")
    assert [name for name, _ in site.fetched] == ["app-1.1.0.tar.zst"]


def test_a_fetch_that_was_cut_goes_on_where_it_stopped(site):
    (site.machine.base / "app" / "client" / "extra.py").write_text("odd = 1\n")
    target = site.out / "targets" / "app-1.1.0.tar.zst"
    data = target.read_bytes()
    import hashlib

    part = site.machine.home / "program" / "incoming" / hashlib.sha256(data).hexdigest()
    part.parent.mkdir(parents=True)
    part.write_bytes(data[: len(data) // 2])
    site.bringing.bring("1.1.0")
    assert site.fetched == [("app-1.1.0.tar.zst", len(data) // 2)]
    part.write_bytes(b"?" * (len(data) // 2))  # another half than the centre has: found by its hash
    shutil.rmtree(site.state.version_folder("1.1.0"))
    assert site.refused() == "update.damaged"
    site.bringing.bring("1.1.0")
    assert site.machine.home.joinpath("program", "versions", "1.1.0").is_dir()


def test_rings_one_desk_one_branch_all(site, running, stations):
    lines = [
        HttpCentre(
            running.api.url,
            s.device_id,
            s.key,
            SqliteTransferState(site.machine.home / "t.db"),
            now_us=running.centre.sync.now_us,
        )
        for s in stations
    ]

    def offered():
        return [line.offered_program() for line in lines]

    assert offered() == ["", "", ""]
    site.allow("1.1.0", device=str(stations[1].device_id))
    assert offered() == ["", "1.1.0", ""]
    site.allow("1.1.0", org="B01")
    assert offered() == ["1.1.0", "1.1.0", ""]
    site.allow("1.1.0")
    assert offered() == ["1.1.0", "1.1.0", "1.1.0"]
    site.allow("1.0.0", org="B02")
    assert offered() == ["1.1.0", "1.1.0", "1.0.0"], "a branch goes back by one word"
    site.allow("", org="B02")
    assert offered()[2] == "1.1.0"
    for wrong, code in (
        ({"version": "9.9.9"}, "update.not_here"),
        ({"version": "1.1.0", "org": "B77"}, "organization.unknown"),
        ({"version": "1.1.0", "device": "nobody"}, "workstation.unknown"),
    ):
        with pytest.raises(DomainError) as caught:
            site.allow(**wrong)
        assert caught.value.code == code
    with pytest.raises(DomainError, match=r"update\.two_rings"):
        site.allow("1.1.0", org="B01", device=str(stations[1].device_id))


def test_rings_of_an_older_program_are_taken_over_once(site, running, stations):
    desk = str(stations[1].device_id)
    (site.folder / "rings.json").write_text(
        json.dumps({
            "all": "1.0.0", "orgs": {str(running.orgs["B02"]): "1.1.0", str(uuid.UUID(int=1)): "1.1.0"},
            "devices": {desk: "1.1.0"},
        })
    )  # fmt: skip
    running.centre._take_rings()
    rings = site.allow("1.1.0", org="B02")["rings"]
    assert sorted((kind, version) for kind, _, version in rings) == [
        ("all", "1.0.0"), ("organization", "1.1.0"), ("workstation", "1.1.0"),
    ]  # fmt: skip
    assert not (site.folder / "rings.json").exists()
    for listing in ("update.rings", "update.in_force"):
        assert running.api.get(f"/api/worklists/{listing}", token=running.token("it")).status_code == 200
    assert running.api.get("/api/worklists/update.rings", token=running.token("nurse")).status_code == 403


def test_files_of_the_centre_are_given_to_workstations_alone_and_none_beside_them(site, running):
    assert running.api.get("/sync/v1/program/metadata/timestamp.json").status_code == 401
    for name in ("..%2Frings.json", "rings.json", ".hidden"):
        assert site.line.program_metadata(name) is None


def test_a_damaged_version_is_thrown_away(site):
    for path in (site.folder / "targets").iterdir():
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    assert site.refused() == "update.damaged"
    assert list((site.machine.home / "program" / "incoming").iterdir()) == []
    site.publish()
    site.bringing.bring("1.1.0")


def test_a_list_that_was_changed_or_signed_by_others_is_not_believed(site, tmp_path):
    listed = site.folder / "metadata" / "targets.json"
    listed.write_text(listed.read_text().replace('"1.1.0"', '"6.6.6"'))
    assert site.refused() == "update.unsigned"
    make_keys(tmp_path / "others", NOW)
    shutil.copytree(site.folder / "targets", tmp_path / "foreign" / "targets")
    made = app(tmp_path / "evil", "1.1.0", does="os.abort()")
    add_version(tmp_path / "others", tmp_path / "foreign", made, "1.1.0", RUNTIME, NOW)
    site.out = tmp_path / "foreign"
    site.publish()
    assert site.refused() == "update.unsigned"


def test_an_older_list_is_refused_once_a_newer_was_seen(site, vendor):
    renew(site.keys, site.out, NOW)
    site.publish()
    site.bringing.bring("1.1.0")
    shutil.rmtree(site.state.version_folder("1.1.0"))
    site.out = vendor / "out"
    site.publish()
    assert site.refused() == "update.older"


def test_a_list_past_its_date_is_refused_until_it_is_renewed(site):
    renew(site.keys, site.out, NOW - timedelta(days=40))
    site.publish()
    assert site.refused() == "update.expired"
    renew(site.keys, site.out, NOW)
    site.publish()
    site.bringing.bring("1.1.0")


def test_a_version_the_vendor_took_back_is_not_gone_back_to(site):
    withdraw(site.keys, site.out, "1.1.0", NOW)
    site.publish()
    assert site.refused() == "update.unknown"


def test_a_disk_that_fills_in_the_middle_costs_nothing(site, tmp_path):
    (site.machine.base / "app" / "client" / "extra.py").write_text("odd = 1\n")
    site.machine.home.joinpath("program").mkdir()
    with mounted(site.machine.home / "program" / "versions", "200k"):
        assert site.refused() == "update.disk_full"
        assert list((site.machine.home / "program" / "versions").iterdir()) == []
    site.bringing.bring("1.1.0")


def test_another_runtime_needs_the_installer(site):
    site.bringing._runtime = "runtime-2"
    assert site.refused() == "update.needs_installer"


def test_a_version_that_fails_on_the_copy_of_the_store_is_not_begun(site, tmp_path):
    made = app(tmp_path / "bad", "1.2.0", check=1)
    add_version(site.keys, site.out, made, "1.2.0", RUNTIME, NOW)
    site.publish()
    site.allow("1.2.0")
    site.lane.once()
    assert site.lane.trouble.code == "update.check_failed"
    assert site.lane.ready == ""
    assert site.state.read() == {}
    assert site.machine.start() == (0, ["1.0.0"])


def test_no_line_and_no_list_are_no_trouble_of_a_person(site, running):
    shutil.rmtree(site.folder / "metadata")
    site.allow("1.1.0")
    site.lane.once()
    assert (site.lane.ready, site.lane.trouble) == ("", None)
    site.lane.stop()
    assert isinstance(site.bringing.cancel, threading.Event)
    assert site.bringing.cancel.is_set()


def test_a_version_that_did_not_start_is_not_brought_again(site):
    site.allow("1.1.0")
    site.lane.once()
    shutil.rmtree(site.state.version_folder("1.1.0"))
    app(site.state.version_folder("1.1.0"), "1.1.0", does="sys.exit(5)")
    assert site.machine.start() == (0, ["1.1.0", "1.0.0"])
    again = UpdateLane(site.state, site.line.offered_program, site.bringing, "1.0.0", "1.0.0")
    before = len(site.fetched)
    again.once()
    assert (again.ready, len(site.fetched)) == ("", before)
