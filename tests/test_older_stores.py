"""Stores that were in use under an older program: brought up to date with all they hold, or left as they were."""

import functools
import hashlib
import os
import shutil
import threading
import time

import pytest
from sqlalchemy import inspect, text

from domain.audit.verification import verify
from domain.kernel.errors import UnavailableError
from sync.guard import guarded_tables
from sync.schema import (
    COPY_KEPT,
    HEAD,
    MIGRATIONS,
    copy_before,
    current_version,
    known_versions,
    prepare_store,
)
from sync.stores import open_branch_store, open_embedded_store, open_mysql_store
from tests.conftest import KEY
from tests.fixtures.disks import mounted
from tests.fixtures.engines import ENGINES, contents, opened, shape_of, triggers
from tests.fixtures.store_dumps import FOLDER, dump_of, load, reflected
from tests.fixtures.whole_day import NAME

pytest_plugins = ["tests.fixtures.mariadb", "tests.fixtures.disks"]
DUMPED = sorted({path.name.partition(".")[0] for path in FOLDER.iterdir()})
FILES = ENGINES[:2]


def engine_of(store):
    return "sqlite" if store.is_sqlite else "mariadb"


def everything(store):
    with store.read() as connection:
        names = [t.name for t in reflected(connection)]
        version = current_version(connection)
    return version, contents(store, names)


@pytest.fixture(params=ENGINES)
def blank(request, tmp_path):
    yield from opened(request, tmp_path, migrated=False)


@pytest.fixture(params=[*FILES, pytest.param("mariadb", marks=[pytest.mark.mariadb, pytest.mark.deep])])
def older(request, tmp_path):
    """A store of the oldest shape, in use."""
    for store in opened(request, tmp_path, migrated=False):
        load(store, dump_of(DUMPED[0], engine_of(store)))
        yield store


@pytest.fixture(params=FILES)
def older_file(request, tmp_path):
    """The same, one that is a file; with the way to open it again."""
    open_again = functools.partial(open_branch_store, key=KEY)
    if request.param == "embedded":
        open_again = open_embedded_store
    for store in opened(request, tmp_path, migrated=False):
        load(store, dump_of(DUMPED[0], "sqlite"))
        yield store, open_again


CLOSED = {"second": "5e7933d872f24ef4dd4149a9884e1e169ec9ded91f2a7e7e6fb470f2e333c4f5"}
"""What the steps of a released shape said, all modules in order of their names."""


@pytest.mark.parametrize("folder", CLOSED)
def test_a_shape_in_use_is_not_changed_afterwards(folder):
    """A step added to it would never be taken by the stores that have this shape already."""
    parts = sorted((MIGRATIONS / folder).glob("*.py"))
    said = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()
    assert said == CLOSED[folder], "write it in the next shape"


def test_every_released_shape_has_its_dumps():
    assert known_versions()[:-1] == DUMPED
    assert all(dump_of(version, engine) for version in DUMPED for engine in ("sqlite", "mariadb"))


@pytest.mark.parametrize(
    "version", [*(pytest.param(v, marks=pytest.mark.deep) for v in DUMPED[:-1]), DUMPED[-1]]
)
def test_a_store_in_use_comes_up_to_date_with_all_it_holds(blank, version):
    load(blank, dump_of(version, engine_of(blank)))
    found, before = everything(blank)
    assert found == version
    assert len(before["change_log"]) > 20
    assert before["patient"][0]["name"] == NAME
    assert prepare_store(blank) is True
    after = contents(blank, before)
    for name, rows in before.items():
        assert rows, name
        assert len(rows) == len(after[name]), name
        for row, now in zip(rows, after[name], strict=True):
            assert row == {k: v for k, v in now.items() if k in row}, name
    with blank.read() as connection:
        assert current_version(connection) == HEAD
        assert verify(connection) is None, "the audit chain holds"
        assert triggers(connection) >= {f"guard_{t.name}_insert" for t in guarded_tables()}
        if blank.is_sqlite:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_it_then_has_the_shape_of_a_fresh_one(older, request, tmp_path):
    prepare_store(older)
    if older.is_sqlite:
        fresh = open_embedded_store(tmp_path / "fresh.db")
        prepare_store(fresh)
    else:
        fresh = request.getfixturevalue("mariadb_store")
    assert shape_of(older) == shape_of(fresh)


def test_a_store_is_copied_before_it_is_migrated(older_file):
    store, open_again = older_file
    before = everything(store)
    prepare_store(store)
    copy = copy_before(store)
    assert not list(copy.parent.glob("*.part*"))
    assert not copy.with_name(f"{copy.name}-wal").exists()
    again = open_again(copy)
    assert everything(again) == before
    assert prepare_store(again) is True, "the copy is a store like any other"
    again.close()


def test_the_copy_is_let_go_of_after_a_month(older_file):
    """What the law had the store forget must not live on in a copy nobody needs any more."""
    store, _ = older_file
    prepare_store(store)
    copy = copy_before(store)
    assert prepare_store(store) is False
    assert copy.exists()
    old = time.time() - COPY_KEPT.total_seconds() - 60
    os.utime(copy, (old, old))
    assert prepare_store(store) is False
    assert not copy.exists()


def test_the_copy_of_an_encrypted_store_is_encrypted(tmp_path):
    store = open_branch_store(tmp_path / "s.db", KEY)
    load(store, dump_of(DUMPED[0], "sqlite"))
    prepare_store(store)
    content = copy_before(store).read_bytes()
    store.close()
    assert NAME.encode() not in content
    assert not content.startswith(b"SQLite format 3")
    with pytest.raises(UnavailableError, match=r"store\.wrong_key"):
        open_branch_store(copy_before(store), bytes(32))


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """Let the newest migration do its work and then fail; returns a function that mends it."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    [newest] = (folder / "versions").glob(f"{HEAD}_*.py")
    sound = newest.read_text(encoding="utf-8")
    begun, _, rest = sound.partition("def downgrade()")
    steps = [
        "import sqlalchemy as sa",
        "from sync.migrations.steps import add_columns, create_index, create_table",
        "create_table('half_done', sa.Column('id', sa.Integer, primary_key=True))",
        "add_columns('patient', sa.Column('half_done', sa.Integer))",
        "create_index('ix_half_done', 'patient', ['half_done'])",
    ]
    body = "".join(f"    {step}\n" for step in steps)

    def write(*more):
        extra = "".join(f"    {line}\n" for line in more)
        newest.write_text(f"{begun.rstrip()}\n{body}{extra}\n\ndef downgrade(){rest}", encoding="utf-8")

    write("from alembic import op", "op.execute('INSERT INTO nowhere VALUES (1)')")
    monkeypatch.setattr("sync.schema.MIGRATIONS", folder)
    return write


def test_a_migration_that_fails_leaves_the_store_as_it_was(older_file, failing):
    store, _ = older_file
    before, shape = everything(store), shape_of(store)
    with pytest.raises(Exception, match="nowhere"):
        prepare_store(store)
    assert everything(store) == before
    assert shape_of(store) == shape
    assert prepared(store, failing)


def test_a_migration_that_failed_half_way_is_taken_up_again(older, failing):
    """On MariaDB what was done stays done, its number is that of what is whole; the next start goes on from there."""
    before = everything(older)[1]
    with pytest.raises(Exception, match="nowhere"):
        prepare_store(older)
    with older.read() as connection:
        # SQLite takes all of it back; MariaDB keeps the migrations that were whole and the number of the last.
        expected = DUMPED[0] if older.is_sqlite else known_versions()[-2]
        assert current_version(connection) == expected
        left = inspect(connection).has_table("half_done")
    assert left is not older.is_sqlite
    assert prepared(older, failing)
    after = contents(older, before)
    assert {name: len(rows) for name, rows in after.items()} == {n: len(rows) for n, rows in before.items()}
    with older.write() as connection:  # the database may be shared by the tests that follow
        connection.execute(text("DROP TABLE half_done"))


def prepared(store, mend):
    mend()
    prepare_store(store)
    with store.read() as connection:
        found = {i["name"] for i in inspect(connection).get_indexes("patient")}
        return "ix_half_done" in found and current_version(connection) == HEAD


def test_two_processes_that_start_together_migrate_once(older, request, tmp_path):
    """Each with its own connections; both end with a store that is up to date, and one copy of it before."""
    done, stores = [], [older, again_of(older, request)]

    def start(store):
        prepare_store(store)
        done.append(store)

    threads = [threading.Thread(target=start, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 2
    with older.read() as connection:
        assert current_version(connection) == HEAD
    if older.is_sqlite:
        copy = again_of(older, request, copy_before(older))
        with copy.read() as connection:
            assert current_version(connection) == DUMPED[0]
        copy.close()
    stores[1].close()


def again_of(store, request, path=None):
    if not store.is_sqlite:
        return open_mysql_store(request.getfixturevalue("mariadb_url"))
    encrypted = "encrypted" in request.node.callspec.params.values()
    return (
        open_branch_store(path or store.path, KEY) if encrypted else open_embedded_store(path or store.path)
    )


@pytest.fixture
def small_disk(tmp_path):
    """A disk with room for a store, its copy and what a migration writes beside them."""
    with mounted(tmp_path / "small", "12m") as folder:
        yield folder


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_disk_too_full_for_the_copy_refuses_and_changes_nothing(small_disk, encrypted):
    """Before the first change, in the words for a full disk; with room again the same start goes through."""
    path, ballast = small_disk / "s.db", small_disk / "ballast"
    store = open_branch_store(path, KEY) if encrypted else open_embedded_store(path)
    load(store, dump_of(DUMPED[0], "sqlite"))
    before = everything(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 200_000))
    with pytest.raises(UnavailableError, match=r"store\.disk_full"):
        prepare_store(store)
    assert everything(store) == before
    assert not copy_before(store).exists()
    assert not list(small_disk.glob("*.part*"))
    ballast.unlink()
    assert prepare_store(store) is True
    store.close()
