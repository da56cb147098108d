"""Wrong keys, damaged files, full disks and sudden ends: nothing confirmed is lost, nothing is kept by half."""

import contextlib
import os
import random
import signal
import threading
import uuid
from datetime import date

import pytest
from sqlalchemy import event, select, text

import resources
import sync.stores
from domain.catalog.content import load_catalog
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.clock import ManualClock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import UnavailableError
from domain.kernel.record import record_classes
from domain.kernel.texts import Texts
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, RunningNumber, Sex
from sync.schema import prepare_store
from sync.stores import open_branch_store
from tests.conftest import DEVICE, KEY, START
from tests.fixtures.consistency import assert_whole, txn_ids
from tests.fixtures.whole_day import live_a_day

pytest_plugins = ["tests.fixtures.disks"]
PAGE = 4096
TEXTS = Texts.load(resources.folder("texts/zh"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory, empty_store, authority):
    """The bytes of a store with a day in it, closed cleanly, and what its tables hold."""
    path = tmp_path_factory.mktemp("sound") / "s.db"
    path.write_bytes(empty_store.read_bytes())
    store = open_branch_store(path, KEY)
    live_a_day(store, authority, ManualClock(START), DEVICE)
    held = everything(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path.read_bytes(), held


def everything(store):
    """Return the rows of every record, in the order they lie in the file."""
    with store.read() as connection:
        return {
            name: [tuple(row) for row in connection.execute(select(kind.__table__))]
            for name, kind in record_classes().items()
        }


def refused(open_and_read, path, content):
    """Return the code a damaged store is refused with; the file is left as it was."""
    with pytest.raises(UnavailableError) as caught:
        open_and_read()
    assert path.read_bytes() == content
    assert not [p.name for p in path.parent.iterdir() if p.stat().st_size and p != path], "nothing beside it"
    sentence = TEXTS.explain(caught.value)
    assert "?" not in sentence
    assert "联系信息员" in sentence
    return caught.value.code


def read_all(path, key=KEY):
    store = open_branch_store(path, key)
    try:
        return everything(store)
    finally:
        store.close()


@pytest.mark.parametrize(
    "key", [bytes(32), KEY[:-1] + b"\x00", bytes(reversed(KEY))], ids=["zeros", "one byte", "reversed"]
)
def test_a_wrong_key_is_refused_and_the_file_left_alone(tmp_path, sound, key):
    path = tmp_path / "s.db"
    path.write_bytes(sound[0])
    assert refused(lambda: read_all(path, key), path, sound[0]) == "store.wrong_key"
    assert read_all(path) == sound[1], "the right key still opens it"


@pytest.mark.parametrize("content", [b"hello, this is a text file\n" * 400, bytes(PAGE * 4)])
def test_what_is_no_store_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "s.db"
    path.write_bytes(content)
    assert refused(lambda: read_all(path), path, content) == "store.wrong_key"


@pytest.mark.parametrize("position", [0, 15, 16, 100, PAGE - 1])
def test_a_flipped_byte_of_the_first_page_is_refused(tmp_path, sound, position):
    path, damaged = tmp_path / "s.db", bytearray(sound[0])
    damaged[position] ^= 1
    path.write_bytes(damaged)
    assert refused(lambda: read_all(path), path, damaged) == "store.wrong_key"


def test_a_flipped_byte_of_a_later_page_is_told_when_it_is_read(tmp_path, sound):
    """In whichever page: either the rows are the true ones (the page was not read) or the store is refused."""
    codes, path = [], tmp_path / "s.db"
    pages = len(sound[0]) // PAGE
    chosen = random.Random(7)  # noqa: S311  (the same each time)
    for page in sorted({1, pages - 1, *chosen.sample(range(1, pages), 28)}):
        damaged = bytearray(sound[0])
        damaged[page * PAGE + chosen.randrange(PAGE)] ^= 1 << chosen.randrange(8)
        path.write_bytes(damaged)
        try:
            assert read_all(path) == sound[1], "never another value"
        except UnavailableError as error:
            codes.append(error.code)
        assert path.read_bytes() == damaged
    assert set(codes) == {"store.damaged"}
    assert "总院恢复" in TEXTS.explain(UnavailableError("store.damaged"))


def test_a_cut_file_is_refused(tmp_path, sound):
    path, cut = tmp_path / "s.db", sound[0][: len(sound[0]) // 2 // PAGE * PAGE]
    path.write_bytes(cut)
    with pytest.raises(UnavailableError, match=r"store\.damaged"):
        read_all(path)
    assert path.read_bytes() == cut


def clerk(store, authority):
    """Return a desk and a nurse."""
    desk = Dispatcher(store, clock=ManualClock(START), content={"number_prefix": "101"})
    desk.content["catalog"] = load_catalog(resources.folder("catalog"))
    nurse = authority.actor(
        staff_id=uuid.UUID(int=7),
        name="周",
        role="nurse",
        org_id=uuid.UUID(int=0xB1),
        device_id=DEVICE,
        subtree=(),
    )
    return desk, nurse


def register(desk, nurse, name, address=None):
    order = RegisterPatient(name=name, sex=Sex.FEMALE, birth_date=date(1980, 5, 1), address=address)
    return desk.run(order, nurse)


def names_in(store):
    with store.read() as connection:
        return list(connection.execute(select(Patient.name).order_by(Patient.number)).scalars())


def fill_the_disk(desk, nurse):
    """Register until it is refused; returns the names that were confirmed."""
    confirmed, full = [], None
    for number in range(20_000):
        name = f"客户{number}"
        try:
            register(desk, nurse, name, address="青云巷" * 80)
        except UnavailableError as error:
            full = error
            break
        confirmed.append(name)
    assert full.code == "store.disk_full"
    assert "磁盘空间已满" in TEXTS.explain(full)
    return confirmed


def test_a_full_disk_refuses_whole_and_goes_on_when_there_is_room(tiny_disk, empty_store, authority):
    path = tiny_disk / "s.db"
    path.write_bytes(empty_store.read_bytes())
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"x" * 700_000)
    store = open_branch_store(path, KEY)
    desk, nurse = clerk(store, authority)
    confirmed = fill_the_disk(desk, nurse)
    assert confirmed
    assert names_in(store) == confirmed
    assert_whole(store)
    ballast.unlink()
    register(desk, nurse, "又有空间了")
    assert names_in(store) == [*confirmed, "又有空间了"]
    store.close()
    again = open_branch_store(path, KEY)
    assert names_in(again) == [*confirmed, "又有空间了"]
    assert len(assert_whole(again)) == len(confirmed) + 1
    again.close()


def test_a_store_that_may_not_grow_refuses_whole(tmp_path, empty_store, authority):
    """The same by SQLite's own limit of pages, where no file system can be mounted."""
    path = tmp_path / "s.db"
    path.write_bytes(empty_store.read_bytes())
    store = open_branch_store(path, KEY)

    room = [len(empty_store.read_bytes()) // PAGE + 20]

    @event.listens_for(store.engine, "begin")
    def limit(connection):
        connection.exec_driver_sql(f"PRAGMA max_page_count = {room[0]}")

    desk, nurse = clerk(store, authority)
    confirmed = fill_the_disk(desk, nurse)
    assert names_in(store) == confirmed
    assert_whole(store)
    room[0] *= 2
    register(desk, nurse, "又有空间了")
    assert names_in(store) == [*confirmed, "又有空间了"]
    assert_whole(store)
    store.close()


def work_until_killed(path, authority, told):
    """Child: register clients with a visit and critical values, telling the id of each confirmed transaction."""
    store = open_branch_store(path, KEY)
    desk, nurse = clerk(store, authority)
    values = [Measured(item=i, value=v, unit=u) for i, v, u in [("sbp", 190, "mm[Hg]"), ("k", 6.8, "mmol/L")]]
    for number in range(100_000):
        done = [register(desk, nurse, f"客户{os.getpid()}-{number}", address="青云巷" * 50)]
        done.append(desk.run(OpenVisit(patient_id=done[0].receipt.patient_id), nurse))
        done.append(desk.run(RecordMeasurement(visit_id=done[1].receipt.visit_id, values=values), nurse))
        for one in done:
            os.write(told, one.txn_id.bytes)


def killed_run(path, authority, after_s):
    """Fork a worker, kill it outright after a time, and return the transactions it had confirmed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with contextlib.suppress(BaseException):
            work_until_killed(path, authority, writing)
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        first = told.read(16)
        threading.Event().wait(after_s)
        os.kill(child, signal.SIGKILL)
        rest = told.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, "it ended by itself"
    whole = first + rest[: len(rest) // 16 * 16]
    return {uuid.UUID(bytes=whole[i : i + 16]) for i in range(0, len(whole), 16)}


def kill_repeatedly(times, path, authority, seed):
    chance = random.Random(seed)  # noqa: S311  (the same each time)
    confirmed = set()
    for _ in range(times):
        confirmed |= killed_run(path, authority, chance.uniform(0, 0.06))
        store = open_branch_store(path, KEY)
        assert confirmed - txn_ids(store) == set(), "what was confirmed is there"
        store.close()
    store = open_branch_store(path, KEY)
    entries = assert_whole(store)
    with store.read() as connection:
        counters = dict(connection.execute(select(RunningNumber.purpose, RunningNumber.next_value)).all())
        patients = connection.execute(text("SELECT count(*) FROM patient")).scalar_one()
        visits = connection.execute(text("SELECT count(*) FROM visit")).scalar_one()
        criticals = connection.execute(text("SELECT count(*) FROM critical_value")).scalar_one()
        measured = sum(e.body.command == "checkup.measure" for e in entries)
    assert (counters["patient"], counters["visit"]) == (patients + 1, visits + 1)
    assert criticals == measured
    assert len(confirmed) >= times
    store.close()


def test_twenty_sudden_ends_lose_nothing_and_leave_nothing_half(tmp_path, empty_store, authority):
    path = tmp_path / "s.db"
    path.write_bytes(empty_store.read_bytes())
    kill_repeatedly(20, path, authority, seed=1)


@pytest.mark.deep
def test_five_hundred_sudden_ends_lose_nothing_and_leave_nothing_half(tmp_path, empty_store, authority):
    path = tmp_path / "s.db"
    path.write_bytes(empty_store.read_bytes())
    kill_repeatedly(500, path, authority, seed=2)


def test_a_sudden_end_while_migrating_leaves_a_store_that_can_be_migrated(tmp_path):
    """The first start may be cut too: whatever was reached, the next start ends with a whole store."""
    for step in range(6):
        path = tmp_path / f"{step}.db"
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                prepare_store(open_branch_store(path, KEY))
            os._exit(0)
        threading.Event().wait(0.02 + 0.03 * step)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        store = open_branch_store(path, KEY)
        prepare_store(store)
        assert_whole(store)
        store.close()


def test_a_store_is_copied_as_of_one_moment_while_another_process_commits(tmp_path, sound, monkeypatch):
    """A backup of a running centre: what is committed during the copy is in neither copy nor comparison."""
    path = tmp_path / "s.db"
    path.write_bytes(sound[0])
    store, other = open_branch_store(path, KEY), open_branch_store(path, KEY)
    measure, asked = sync.stores._measure, []

    def measure_late(raw):
        """Let another process commit once the pages are copied, before anything is compared."""
        asked.append(raw)
        if len(asked) == 1:
            desk = Dispatcher(other, content={"number_prefix": "777"})
            order = RegisterPatient(
                name="迟到者", sex=Sex.FEMALE, birth_date=date(1980, 5, 1), another_person=True
            )
            desk.run(order, system_actor(uuid.UUID(int=0xB1), DEVICE))
        return measure(raw)

    monkeypatch.setattr(sync.stores, "_measure", measure_late)
    store.copy_to(tmp_path / "copy.db")
    copy = open_branch_store(tmp_path / "copy.db", KEY)
    assert len(asked) == 2
    assert everything(copy) == sound[1]
    assert everything(store) != sound[1]
    for one in (store, other, copy):
        one.close()
