"""A reader that has seen a position has seen everything up to it, whoever commits when, on every engine."""

import contextlib
import random
import threading
import uuid

import pytest
from sqlalchemy import create_engine, func, select

from domain.kernel.change_log import Body, change_log, encode_body, head_position, log_scope
from domain.kernel.errors import DomainError
from domain.kernel.store import Store
from sync import entries
from sync.entries import NewEntry, append_entries
from sync.feed import entries_for
from tests.sync.world import NORTH

WRITERS, EACH = 4, 25
BODY = encode_body(Body("test", None, "nurse", NORTH.bytes, 1, []))


def append_at_commit(connection, rng):
    """Write an entry as the product does, with work before and after."""
    pause(rng)
    txn_id = uuid.uuid4()
    append_entries(connection, [NewEntry(txn_id, uuid.uuid4(), 1, None, 0, "done", BODY, frozenset({NORTH}))])
    pause(rng)
    return txn_id


def append_with_early_number(store, rng):
    """The mutation: the number is taken before the work, as AUTO_INCREMENT does, and no lock is held."""
    with store.early:
        store.last += 1
        position = store.last
    txn_id = uuid.uuid4()
    pause(rng)
    row = {
        "position": position, "txn_id": txn_id, "device_id": uuid.uuid4(), "epoch": 1, "at": 0,
        "outcome": "done", "body": BODY,
    }  # fmt: skip
    with store.write() as connection:
        connection.execute(change_log.insert(), row)
        connection.execute(log_scope.insert(), {"org_id": NORTH, "position": position})
    return txn_id


def pause(rng):
    threading.Event().wait(rng.random() * 0.004)


def race(store, write_one):
    """Let writers write and a puller pull at full speed; return what was written and what was pulled."""
    written, pulled, lock = set(), [], threading.Lock()
    running = threading.Event()
    running.set()

    def writer(number):
        rng = random.Random(number)  # noqa: S311 (a seed, no secret)
        for _ in range(EACH):
            txn_id = write_one(store, rng)
            with lock:
                written.add(txn_id)
            if rng.random() < 0.2:
                roll_back(store)

    def puller():
        cursors = {NORTH: 0}
        while True:
            last_round = not running.is_set()
            with store.read() as connection:
                piece = entries_for(connection, cursors, 7)
            pulled.extend(uuid.UUID(bytes=entry.txn_id) for entry in piece.entries)
            cursors = piece.cursors
            if last_round and not piece.more and not piece.entries:
                return

    reader = threading.Thread(target=puller)
    writers = [threading.Thread(target=writer, args=[n]) for n in range(WRITERS)]
    for thread in [reader, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    running.clear()
    reader.join()
    return written, pulled


def roll_back(store):
    with contextlib.suppress(DomainError), store.write() as connection:
        entries.take_positions(connection, 3)
        raise DomainError("test.refused")


def in_one_transaction(store, rng):
    with store.write() as connection:
        return append_at_commit(connection, rng)


def check(store):
    written, pulled = race(store, in_one_transaction)
    assert len(written) == WRITERS * EACH
    assert set(pulled) == written
    assert len(pulled) == len(written), "each once"
    with store.read() as connection:
        count, last = connection.execute(select(func.count(), func.max(change_log.c.position))).one()
        assert (count, last) == (last, head_position(connection)), "dense"


def check_mutant(store):
    """Numbers taken early must lose entries for the puller; a few races are tried, one is enough."""
    store.early = threading.Lock()
    store.last = 0
    for _ in range(5):
        written, pulled = race(store, append_with_early_number)
        if set(pulled) < written:
            return True
    return False


@pytest.fixture
def sqlite(world):
    with world.centre.store.write() as connection:
        connection.execute(change_log.delete())
        connection.execute(log_scope.delete())
        connection.exec_driver_sql("UPDATE log_head SET position = 0")
    return world.centre.store


def test_on_sqlite(sqlite):
    check(sqlite)


def test_early_numbers_are_caught_on_sqlite(sqlite):
    assert check_mutant(sqlite)


def at_level(database, level):
    engine = create_engine(database.url, isolation_level=level, connect_args={"charset": "utf8mb4"})
    return Store(engine)


@pytest.mark.mariadb
@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
def test_on_mariadb(mariadb, level):
    store = at_level(mariadb, level)
    check(store)
    store.close()


@pytest.mark.mariadb
@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
def test_early_numbers_are_caught_on_mariadb(mariadb, level):
    store = at_level(mariadb, level)
    assert check_mutant(store)
    store.close()
