"""Who writes much does not copy the write-ahead log at its own commit, and the log does not stay long for it."""

import pytest
from sqlalchemy.exc import IntegrityError

from domain.kernel.checkpoints import ROWS, USUAL_PAGES
from sync.stores import open_branch_store, open_embedded_store
from tests.fixtures.patience import until

CONTENT = "x" * 1000


@pytest.fixture(params=["plain", "encrypted"])
def store(request, tmp_path):
    path = tmp_path / "store.db"
    made = (
        open_embedded_store(path) if request.param == "plain" else open_branch_store(path, bytes(range(32)))
    )
    with made.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, content TEXT)")
    yield made
    made.close()


def insert(store, count, *, bulk):
    with store.write(bulk=bulk) as connection:
        connection.exec_driver_sql("INSERT INTO t (content) VALUES (?)", [(CONTENT,)] * count)


def pages_in_the_file(store):
    return store.path.stat().st_size // 4096


def test_what_was_written_in_bulk_is_copied_beside_it(store):
    few = pages_in_the_file(store)
    insert(store, ROWS - 1, bulk=True)
    assert pages_in_the_file(store) == few, "the log holds it, long as it is"
    insert(store, 1, bulk=True)
    until(lambda: pages_in_the_file(store) > few + ROWS // 5, "the copying of the log")
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == ROWS


def test_a_connection_that_wrote_in_bulk_is_as_before(store):
    insert(store, 10, bulk=True)
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == USUAL_PAGES


def test_a_bulk_that_was_rolled_back_leaves_nothing(store):
    with pytest.raises(IntegrityError), store.write(bulk=True) as connection:
        connection.exec_driver_sql("INSERT INTO t (id, content) VALUES (?, ?)", [(1, CONTENT)] * 2)
    insert(store, 1, bulk=False)
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == USUAL_PAGES


def test_closing_waits_for_the_copying(store):
    for _ in range(3):
        insert(store, ROWS, bulk=True)
    store.close()
    assert not store.path.with_name("store.db-wal").exists(), "the last to close leaves one file"
