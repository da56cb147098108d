"""Positions in the order of commits, with eight writers and pullers at full speed, and what that costs.

Each writer is a process that writes transactions of rows and entries of the log; each puller a process that follows
the log by its cursor and keeps what it saw. Ours takes positions under a lock held to the commit. The other scheme,
wrong on MariaDB, lets AUTO_INCREMENT number the entries as they are inserted; it has the same columns and indexes,
its puller does the same work, and what it misses is told. Rounds alternate.
"""

import multiprocessing
import os
import queue
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, func, select

from domain.kernel.change_log import Body, Change, change_log, encode_body, head_position
from domain.kernel.errors import UnavailableError
from domain.kernel.store import Store
from sync.entries import append_stored, cut_body
from sync.feed import entries_for
from sync.retry import retried
from sync.schema import prepare_store
from sync.stores import open_centre_store
from tests.bench.goals import Goals
from tests.bench.sync_mariadb import database
from tests.bench.sync_records import fields_of
from tests.peers import MissingPeerError

WRITERS, PULLERS = 8, 2
ROWS = 20
"""Records a transaction: a visit's registration and results, or a branch's day in a few dozen of these."""
PIECE = 500
ORG = uuid.UUID(int=0xB1)
STARTED_S, LONGEST_S = 120, 900
_WORK = {
    "sqlite": "CREATE TABLE bench_work (id BLOB PRIMARY KEY, content BLOB NOT NULL)",
    "mysql": "CREATE TABLE bench_work (id BINARY(16) PRIMARY KEY, content BLOB NOT NULL)",
}
_WRONG = {
    "sqlite": "CREATE TABLE bench_log (position INTEGER PRIMARY KEY AUTOINCREMENT, txn_id BLOB NOT NULL UNIQUE,"
    " device_id BLOB NOT NULL, epoch INTEGER NOT NULL, dev_seq INTEGER, at INTEGER NOT NULL, outcome TEXT NOT NULL,"
    " body BLOB NOT NULL, org_id BLOB NOT NULL)",
    "mysql": "CREATE TABLE bench_log (position BIGINT AUTO_INCREMENT PRIMARY KEY, txn_id BINARY(16) NOT NULL UNIQUE,"
    " device_id BINARY(16) NOT NULL, epoch INTEGER NOT NULL, dev_seq BIGINT, at BIGINT NOT NULL,"
    " outcome VARCHAR(20) NOT NULL, body LONGBLOB NOT NULL, org_id BINARY(16) NOT NULL)",
}
_INDEXES = (
    "CREATE INDEX bench_log_device ON bench_log (device_id, epoch, dev_seq)",
    "CREATE INDEX bench_log_org ON bench_log (org_id, position)",
)
_COLUMNS = ("txn_id", "device_id", "epoch", "dev_seq", "at", "outcome", "body", "org_id")


def append_ours(connection: Connection, ids: list[bytes], device: bytes, body: bytes) -> None:
    """Number the entries last, under the lock."""
    entries = [(one, device, 1, None, 0, "done", body) for one in ids]
    append_stored(connection, entries, [[ORG.bytes]] * len(entries))


def append_wrong(connection: Connection, ids: list[bytes], device: bytes, body: bytes) -> None:
    """Let the database number the entries as they come."""
    insert(
        connection, "bench_log", _COLUMNS, [(one, device, 1, None, 0, "done", body, ORG.bytes) for one in ids]
    )


def insert(connection: Connection, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows as they are, by the driver's ``executemany``."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    listed, marks = ", ".join(f"`{name}`" for name in columns), ", ".join([mark] * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {table} ({listed}) VALUES ({marks})", rows)


def pulled_ours(connection: Connection, cursor: int) -> tuple[list[bytes], int]:
    piece = entries_for(connection, {ORG: cursor}, PIECE)
    return [entry.txn_id for entry in piece.entries], piece.cursors[ORG]


def pulled_wrong(connection: Connection, cursor: int) -> tuple[list[bytes], int]:
    query = (
        "SELECT position, txn_id, body FROM bench_log WHERE org_id = {0} AND position > {0} "
        "ORDER BY position LIMIT {0}"
    )
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    rows = connection.exec_driver_sql(query.format(mark), (ORG.bytes, cursor, PIECE)).all()
    found = [(bytes(row.txn_id), cut_body(bytes(row.body), {ORG.bytes})) for row in rows]
    return [txn_id for txn_id, _ in found], rows[-1].position if rows else cursor


SCHEMES: dict[str, tuple[Callable[..., None], Callable[..., tuple[list[bytes], int]]]] = {
    "ours": (append_ours, pulled_ours), "autoincrement": (append_wrong, pulled_wrong),
}  # fmt: skip


def writer(address: str, scheme: str, transactions: int, rows: int, start: Any, told: Any) -> None:
    """Write; tells the ids of the entries it has committed."""
    store = open_centre_store(address)
    append, device, content = SCHEMES[scheme][0], os.urandom(16), str(fields_of(1)).encode()
    change = Change("patient", device, ORG.bytes, "ins", 0, fields_of(1), {})
    body = encode_body(Body("bench", None, "nurse", ORG.bytes, 1, [change]))
    written: list[bytes] = []

    def transaction() -> list[bytes]:
        ids = [os.urandom(16) for _ in range(rows)]
        with store.write() as connection:
            insert(connection, "bench_work", ("id", "content"), [(one, content) for one in ids])
            append(connection, ids, device, body)
        return ids

    start.wait()
    for _ in range(transactions):
        written += _patiently(transaction)
    store.close()
    told.put(("written", b"".join(written)))


def puller(address: str, scheme: str, start: Any, finished: Any, told: Any) -> None:
    """Follow the log at full speed; tells the ids of the entries it saw."""
    store, pull = open_centre_store(address), SCHEMES[scheme][1]
    seen: list[bytes] = []
    cursor = 0
    start.wait()
    while True:
        last = finished.is_set()
        with store.read() as connection:
            ids, cursor = pull(connection, cursor)
        seen += ids
        if last and not ids:
            break
    store.close()
    told.put(("seen", b"".join(seen)))


def _patiently(work: Callable[[], list[bytes]]) -> list[bytes]:
    """Repeat what met a lock, as the centre does; on SQLite writers of several processes queue without an order."""
    while True:
        try:
            return retried(work)
        except UnavailableError as error:
            if error.code != "store.busy":
                raise


def race(address: str, scheme: str, entries: int, rows: int) -> tuple[float, int, int]:
    """Let all run; returns entries a second, how many a puller missed at most, and how many were written."""
    context = multiprocessing.get_context("spawn")
    told, finished = context.Queue(), context.Event()
    start = context.Barrier(WRITERS + PULLERS + 1)
    transactions = -(-entries // (WRITERS * rows))
    writers = [
        context.Process(target=writer, args=(address, scheme, transactions, rows, start, told))
        for _ in range(WRITERS)
    ]
    pullers = [
        context.Process(target=puller, args=(address, scheme, start, finished, told)) for _ in range(PULLERS)
    ]
    for process in [*writers, *pullers]:
        process.start()
    try:
        start.wait(STARTED_S)
        begun = time.perf_counter()
        written = [_told(told) for _ in writers]
        took = time.perf_counter() - begun
        finished.set()
        seen = [_told(told) for _ in pullers]
        for process in [*writers, *pullers]:
            process.join(60)
    finally:
        for process in [*writers, *pullers]:
            process.kill()
    everything = {one for ids in written for one in ids}
    if any(len(ids) != len(set(ids)) for ids in seen):
        raise RuntimeError("a puller saw an entry twice")
    return len(everything) / took, max(len(everything - set(ids)) for ids in seen), len(everything)


def _told(told: Any) -> list[bytes]:
    try:
        _, joined = told.get(timeout=LONGEST_S)
    except queue.Empty as error:
        raise RuntimeError("a writer or puller has died") from error
    return [joined[at : at + 16] for at in range(0, len(joined), 16)]


def emptied(store: Store) -> None:
    """Begin anew: no entries, no rows."""
    with store.engine.begin() as connection:
        for table in ("bench_work", "bench_log"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        for statement in (_WORK[connection.dialect.name], _WRONG[connection.dialect.name], *_INDEXES):
            connection.exec_driver_sql(statement)
    with store.write() as connection:
        for table in ("change_log", "log_scope"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("UPDATE log_head SET position = 0")


def dense(store: Store) -> bool:
    """Tell whether the positions of the log are 1, 2, 3 without gaps up to its head."""
    with store.read() as connection:
        count, last = connection.execute(select(func.count(), func.max(change_log.c.position))).one()
        return bool(count == last == head_position(connection))


def addresses(home: Path) -> Iterator[tuple[str, str]]:
    """Give the name and address of each engine that is here."""
    yield "sqlite", str(home / "order.db")
    try:
        with database() as place:
            yield "mariadb", place.url
    except MissingPeerError as error:
        sys.stdout.write(f"  {error}\n")


def run(goals: Goals, home: Path, count: int, rounds: int) -> None:
    """Measure and judge."""
    for engine, address in addresses(home):
        store = open_centre_store(address)
        prepare_store(store)
        rates: dict[str, list[float]] = {scheme: [] for scheme in SCHEMES}
        missed, written, gaps = dict.fromkeys(SCHEMES, 0), 0, 0
        for _ in range(rounds):
            for scheme in SCHEMES:
                emptied(store)
                rate, lost, wrote = race(address, scheme, count, ROWS)
                rates[scheme].append(rate)
                missed[scheme] += lost
                if scheme == "ours":
                    written += wrote
                    gaps += not dense(store)
        store.close()
        ratios = [ours / wrong for ours, wrong in zip(*rates.values(), strict=True)]
        goals.note(**{
            f"order_{engine}_entries": written, f"order_{engine}_gaps": gaps,
            f"order_{engine}_entries_per_s": median(rates["ours"]),
            f"order_{engine}_autoincrement_per_s": median(rates["autoincrement"]),
            f"order_{engine}_autoincrement_missed": missed["autoincrement"],
        })  # fmt: skip
        goals.goal(f"order_{engine}_missed", missed["ours"] + gaps, "<=", 0)
        goals.goal(f"order_{engine}_rate_vs_autoincrement", median(ratios), ">=", 0.45)
