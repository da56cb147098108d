"""A centre's store in the clear is encrypted on a copy: whole, compared, and never half."""

import shutil

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

import sync.store_sealing
from domain.kernel.errors import DomainError, UnavailableError
from sync.store_sealing import lies_in_the_clear, seal_store
from sync.stores import open_embedded_store

KEY = bytes(range(32))


@pytest.fixture
def plain(empty_centre, tmp_path):
    """A store as an older program left it, with names in its tables, its index and its log of writing."""
    path = tmp_path / "centre.db"
    shutil.copyfile(empty_centre, path)
    raw = sqlcipher.connect(str(path), isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL").fetchall()
    raw.execute("CREATE TABLE loose (name TEXT PRIMARY KEY)")  # search names rows by their row ids
    raw.executemany("INSERT INTO loose VALUES (?)", [(f"王建国{n}",) for n in range(50)])
    raw.execute("DELETE FROM loose WHERE rowid < 20")
    raw.execute("CREATE TABLE keyed (name TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID")
    raw.execute("INSERT INTO keyed VALUES ('王建国', NULL)")
    raw.execute("CREATE VIRTUAL TABLE words USING fts5(name)")
    raw.execute("INSERT INTO words (rowid, name) VALUES (77, '王建国')")
    raw.execute("PRAGMA user_version = 7")
    raw.close()
    return path


def content(path, key=None):
    store = open_embedded_store(path, key)
    try:
        with store.read() as connection:
            run = connection.exec_driver_sql
            tables = [row[0] for row in run("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE TABLE%'")]
            found = {name: sorted(map(repr, run(f'SELECT * FROM "{name}"'))) for name in tables}
            found["numbers"] = [tuple(row) for row in run("SELECT rowid, name FROM loose")]
            found["hits"] = [tuple(row) for row in run("SELECT rowid FROM words WHERE words MATCH '王建国'")]
            found["version"] = run("PRAGMA user_version").scalar()
            return found
    finally:
        store.close()


def test_all_rows_are_there_and_nothing_lies_in_the_clear(plain):
    before = content(plain)
    assert lies_in_the_clear(plain)
    seal_store(plain, KEY)
    assert not lies_in_the_clear(plain)
    assert content(plain, KEY) == before
    for path in plain.parent.iterdir():
        assert "王建国".encode() not in path.read_bytes(), path.name
    with pytest.raises(UnavailableError, match=r"store\.wrong_key"):
        open_embedded_store(plain, bytes(32))
    with pytest.raises(DomainError, match=r"store\.not_in_clear"):
        seal_store(plain, KEY)


def test_a_crash_before_the_copy_takes_its_place_changes_nothing(plain, monkeypatch):
    before = content(plain)

    def crash(_step):
        raise KeyboardInterrupt

    monkeypatch.setattr(sync.store_sealing, "reached", crash)
    with pytest.raises(KeyboardInterrupt):
        seal_store(plain, KEY)
    assert lies_in_the_clear(plain)
    assert content(plain) == before
    monkeypatch.undo()
    seal_store(plain, KEY)
    assert content(plain, KEY) == before
    assert not list(plain.parent.glob("*.sealed"))


def test_a_store_in_use_or_a_copy_that_differs_stays_as_it_is(plain, monkeypatch):
    before = content(plain)
    other = sqlcipher.connect(str(plain), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match=r"store\.in_use"):
        seal_store(plain, KEY)
    other.close()
    monkeypatch.setattr(sync.store_sealing, "_compared", lambda _raw, _table: (1, 1))
    with pytest.raises(UnavailableError, match=r"store\.copy_differs"):
        seal_store(plain, KEY)
    assert content(plain) == before
