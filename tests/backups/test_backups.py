"""Backups on the real store: made beside work, copied, put back, rehearsed; what is wrong with one is told."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.backups.records import BackupDuty, BackupKind, BackupRun
from domain.kernel.authority import system_actor
from domain.kernel.clock import ManualClock
from domain.kernel.errors import DomainError, UnavailableError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from server.app import build_centre
from server.backups.keys import make_key, read_key, read_spelled, spelled
from server.backups.making import make_backup
from server.backups.restoring import chosen, rehearse, restore
from server.backups.shelf import Shelf
from server.settings import Settings
from server.storage_key import centre_blobs, storage_key
from tests.fixtures.product_source import ROOT
from tests.server.conftest import START, prepare, prepared  # noqa: F401  (a fixture)
from tests.server.conftest import mariadb as mariadb_urls  # noqa: F401  (a fixture)

KEY = bytes(range(32))
PICTURE = b"MAGNIFIED " * 30_000
NAME = "欧阳美娜"


def quiet(_done, _total):
    pass


class House:
    """A centre with a client and a picture, two places for backups, and a clock."""

    def __init__(self, home, folder, url=""):
        self.home, self.clock = home, ManualClock(START)
        self.near, self.far = folder / "near", folder / "far"
        self.near.mkdir()
        self.far.mkdir()
        make_key(home / "backup.key")
        self.settings = Settings(
            data_dir=home, store=url, development=True, least_free_bytes=0, backup_to=(self.near, self.far)
        )
        self.centre = build_centre(self.settings, self.clock)
        self.add(NAME)
        self.picture = self.centre.blobs.put([PICTURE])

    @property
    def key(self):
        return read_key(self.home / "backup.key")

    @property
    def shelf(self):
        return Shelf(self.near, self.key)

    def add(self, name):
        actor = system_actor(self.centre.identity.org_id, self.centre.identity.device_id)
        order = RegisterPatient(
            name=name, sex=Sex.FEMALE, birth_date=date(1990, 3, 7), phone="13800000000", another_person=True
        )
        return self.centre.dispatcher.run(order, actor).receipt

    def back_up(self, after=timedelta(0)):
        self.clock.advance(after)
        return make_backup(
            store=self.centre.store, blobs=self.centre.blobs, data_dir=self.home, shelf=self.shelf,
            moment=self.clock(), storage_key=storage_key(self.settings),
        )  # fmt: skip

    def kept(self, record):
        with self.centre.store.read() as connection:
            return connection.execute(select(record.__table__)).all()


@pytest.fixture
def house(prepared, tmp_path):  # noqa: F811
    home = tmp_path / "home"
    shutil.copytree(prepared.home, home)
    made = House(home, tmp_path)
    yield made
    made.centre.close()


def put_back(house, home, name=None, url="", key=None):
    shelf = Shelf(house.near, key or house.key)
    settings = Settings(data_dir=home, store=url, development=True, least_free_bytes=0)
    return settings, restore(
        shelf,
        name or shelf.newest(),
        home,
        store_url=url,
        blobs_of=lambda _home: centre_blobs(settings),
        tell=quiet,
    )


def names_in(settings, clock):
    centre = build_centre(settings, clock)
    with contextlib.closing(centre), centre.store.read() as connection:
        return connection.execute(select(Patient.name)).scalars().all(), centre.identity, centre.blobs


def test_what_was_backed_up_is_put_back_whole_into_an_empty_home(house, tmp_path):
    made = house.back_up()
    house.add("备份之后")
    settings, found = put_back(house, tmp_path / "new")
    names, identity, blobs = names_in(settings, house.clock)
    assert names == [NAME]
    assert identity.public_key == house.centre.identity.public_key, "branches know the centre by its key"
    assert blobs.get(house.picture) == PICTURE
    assert (found.name, found.org, found.files) == (made.name, "总院", 1)
    assert found.rows > 50
    assert not list((tmp_path / "new").glob("restore-work*"))


def test_nothing_of_a_backup_is_to_be_read_without_its_key(house):
    house.back_up()
    everything = b"".join(p.read_bytes() for p in house.near.rglob("*") if p.is_file())
    for secret in (
        NAME.encode(),
        b"MAGNIFIED",
        b"SQLite format",
        house.centre.identity.key.private_bytes_raw(),
    ):
        assert secret not in everything
    with pytest.raises(UnavailableError, match=r"backup\.damaged"):
        Shelf(house.near, KEY).manifest(house.shelf.newest())


def test_a_second_night_costs_what_is_new(house):
    assert (house.back_up().new_files, house.back_up(timedelta(days=1)).new_files) == (1, 0)
    house.centre.blobs.put([b"a second picture"])
    again = house.back_up(timedelta(days=1))
    assert (again.new_files, again.files) == (1, 2)
    assert len(house.shelf.names()) == 3


@pytest.mark.parametrize("part", ["store.sealed", "keys.sealed", "manifest.sealed", "pool"])
def test_a_flipped_bit_is_noticed_and_nothing_is_put_back(house, tmp_path, part):
    made = house.back_up()
    paths = {"pool": next((house.near / "pool").rglob("??/*"))}
    path = paths.get(part) or house.near / "backups" / made.name / part
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UnavailableError, match=r"backup\.damaged"):
        rehearse(house.shelf, made.name, tmp_path / "scratch")
    with pytest.raises(UnavailableError, match=r"backup\.damaged"):
        put_back(house, tmp_path / "new")
    assert not (tmp_path / "new" / "centre.db").exists()
    assert not (tmp_path / "scratch").exists()


def test_a_home_with_data_is_never_overwritten(house):
    house.back_up()
    before = {p: p.stat().st_mtime_ns for p in house.home.rglob("*") if p.name == "centre.key"}
    with pytest.raises(DomainError, match=r"backup\.home_not_empty"):
        put_back(house, house.home)
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_an_old_newest_backup_wants_to_be_known(house):
    with pytest.raises(UnavailableError, match=r"backup\.none"):
        chosen(house.shelf, None, house.clock())
    made = house.back_up()
    house.clock.advance(timedelta(days=3))
    with pytest.raises(DomainError, match=r"backup\.old") as refused:
        chosen(house.shelf, None, house.clock())
    assert refused.value.facts["days"] == 3
    assert chosen(house.shelf, None, house.clock(), accept_old=True) == made.name
    with pytest.raises(UnavailableError, match=r"backup\.unknown"):
        chosen(house.shelf, "20200101T000000Z", house.clock())


def test_a_full_disk_is_told_and_leaves_the_backups_that_are_there(house, monkeypatch):
    made = house.back_up()
    monkeypatch.setattr(Shelf, "free_bytes", lambda _shelf: 1 << 20)
    with pytest.raises(UnavailableError, match=r"backup\.no_room"):
        house.back_up(timedelta(days=1))
    monkeypatch.undo()
    monkeypatch.setattr("server.backups.shelf.os.fsync", _full)
    with pytest.raises(UnavailableError, match=r"backup\.disk_full"):
        house.back_up(timedelta(days=1))
    monkeypatch.undo()
    assert house.shelf.names() == [made.name]
    assert not list((house.near / "backups").glob("*.part"))
    assert not (house.home / "backup-work").exists()


def _full(_descriptor):
    raise OSError(28, "No space left on device")


def test_a_damaged_file_of_the_centre_is_told_and_the_rest_is_backed_up(house):
    path = house.centre.blobs.path(house.picture)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert house.centre.backups.run(BackupKind.MADE) is False
    [duty] = house.kept(BackupDuty)
    assert (duty.failures, duty.good_at) == (1, None)
    assert "1 个附件" in duty.problem
    assert len(house.shelf.names()) == 1


def test_a_night_is_made_copied_and_rehearsed_by_itself(house):
    keeper = house.centre.backups
    everything = [BackupKind.MADE, BackupKind.COPIED, BackupKind.REHEARSED]
    assert keeper.run_due() == everything
    assert keeper.run_due() == []
    assert Shelf(house.far, house.key).names() == house.shelf.names()
    house.clock.advance(timedelta(hours=17))  # two o'clock in the clinic's night
    assert keeper.run_due() == [BackupKind.MADE, BackupKind.COPIED]
    house.clock.advance(timedelta(days=6))
    assert BackupKind.REHEARSED in keeper.run_due()
    runs = house.kept(BackupRun)
    assert all(run.good for run in runs)
    assert {run.kind for run in runs} == set(everything)
    assert all(run.rows > 50 for run in runs if run.kind == BackupKind.REHEARSED)


def test_a_place_that_is_gone_is_told_and_tried_again_within_the_hour(house):
    shutil.rmtree(house.near)
    assert house.centre.backups.run_due() == [BackupKind.MADE]
    [duty] = house.kept(BackupDuty)
    assert (duty.failures, str(house.near) in duty.problem) == (1, True)
    house.near.mkdir()
    assert house.centre.backups.run_due() == []
    house.clock.advance(timedelta(hours=1))
    assert BackupKind.MADE in house.centre.backups.run_due()
    [made] = [d for d in house.kept(BackupDuty) if d.kind == BackupKind.MADE]
    assert (made.failures, made.problem) == (0, None)


def test_old_backups_go_and_weeks_and_the_last_three_stay(house):
    shelf, days = house.shelf, 40
    first = house.back_up().name
    for day in range(1, days):
        name = (house.clock() + timedelta(days=day)).strftime("%Y%m%dT%H%M%SZ")
        shutil.copytree(house.near / "backups" / first, house.near / "backups" / name)
    stray = house.near / "pool" / "ab"
    stray.mkdir(exist_ok=True)
    (stray / ("ab" * 32)).write_bytes(b"nobody's")
    assert shelf.forget(house.clock() + timedelta(days=days), days=14, weeks=8) > 15
    assert 14 <= len(shelf.names()) <= 14 + 5
    assert shelf.has(house.picture)
    assert not shelf.has("ab" * 32)
    assert shelf.forget(house.clock() + timedelta(days=4000), days=14, weeks=8) > 0
    assert len(shelf.names()) == 3


def test_a_key_is_written_down_and_typed_again():
    text = spelled(KEY)
    assert read_spelled(text.lower().replace("-", " ")) == KEY
    for wrong in (
        text[:-1],
        text[:-1] + ("A" if text[-1] != "A" else "B"),
        "",
        "??",
        text.replace(text[0], "Z", 1),
    ):
        with pytest.raises(DomainError, match=r"backup\.key_mistyped"):
            read_spelled(wrong)


def test_a_second_key_is_refused(house):
    with pytest.raises(DomainError, match=r"backup\.key_there"):
        make_key(house.home / "backup.key")


@pytest.mark.deep
@pytest.mark.mariadb
def test_a_centre_on_mariadb_is_backed_up_at_one_moment_and_put_back_on_either(mariadb_urls, tmp_path):  # noqa: F811
    url, other = mariadb_urls(), mariadb_urls()
    settings = Settings(data_dir=tmp_path / "home", store=url, development=True, least_free_bytes=0)
    settings.data_dir.mkdir()
    prepare(settings, ManualClock(START))
    house = House(settings.data_dir, tmp_path, url)
    try:
        made = house.back_up()
        rehearse(house.shelf, made.name, tmp_path / "scratch")
        for home, target in ((tmp_path / "file", ""), (tmp_path / "database", other)):
            again, found = put_back(house, home, url=target)
            assert names_in(again, house.clock)[0] == [NAME]
            assert found.name == made.name
        with pytest.raises(DomainError, match=r"backup\.database_not_empty"):
            put_back(house, tmp_path / "third", url=other)
    finally:
        house.centre.close()


def command(home, *words, config=None, failpoint=""):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")}
    environment |= {"AFTERCHECK_LEAST_FREE_BYTES": "0", "AFTERCHECK_DEVELOPMENT": "true"}
    if failpoint:
        environment["AFTERCHECK_FAILPOINT"] = failpoint
    given = ["--config", str(config)] if config else []
    return subprocess.run(
        [sys.executable, "-m", "server", *given, "--home", str(home), *words], cwd=ROOT, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_one_command_each_and_a_kill_in_between_loses_nothing(house, tmp_path):
    house.centre.store.close()
    config = tmp_path / "centre.toml"
    config.write_text(f'backup_to = ["{house.near}"]\n', "utf-8")
    killed = command(house.home, "backup", config=config, failpoint="backup-before-named")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert house.shelf.names() == []
    assert json.loads(command(house.home, "backup", config=config).stdout) == {"made": "ok"}
    [listed] = command(house.home, "backups", config=config).stdout.splitlines()
    assert json.loads(listed)["org"] == "总院"
    key = tmp_path / "written-down.txt"
    key.write_text(spelled(house.key).replace("-", " "), "ascii")
    asked = ("restore", "--from", str(house.near), "--key-file", str(key), "--accept-old")
    new = tmp_path / "new"
    assert command(new, *asked, failpoint="restore-before-named").returncode == -signal.SIGKILL
    assert not (new / "centre.db").exists()
    done = command(new, *asked)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["org"], told["files"], len(told["life"]) > 8) == ("总院", 1, True)
    again = command(new, *asked)
    assert (again.returncode, "没有覆盖" in again.stderr) == (1, True)
    assert Path(new / "backup.key").exists() is False, "the key of the backups is in no backup"


def test_the_copy_is_of_one_moment_while_others_write(house):
    """A client who comes while the copy is made is in it with the log's entry, or in it not at all."""
    import threading

    stop, added = threading.Event(), []

    def write():
        while not stop.is_set():
            added.append(house.add("写入中"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = house.back_up()
    finally:
        stop.set()
        writer.join()
    manifest = house.shelf.manifest(made.name)
    with house.centre.store.read() as connection:
        assert manifest.rows["patient"] < (
            connection.execute(select(func.count()).select_from(Patient)).scalar() or 0
        )
    assert manifest.digest["patient"][0] == manifest.rows["patient"]
    assert rehearse(house.shelf, made.name, house.home / "rehearsal").position == manifest.position
