"""Applying at the centre on SQLite against raw inserts of the same rows, and what comes before and after it.

One record a transaction: packed into bundles, sent in one process, applied, receipt taken, then pulled by another
workstation. Raw is the driver alone (sqlite3, executemany, synchronous=FULL, as many a transaction, the same tables
and indexes) writing the very rows that the centre has afterwards, in alternating rounds.
"""

import shutil
import sqlite3
import time
import uuid
from pathlib import Path
from statistics import median
from typing import Any

from sync import branch as branch_module
from sync import sending
from sync.apply import SLICE
from sync.digest import differing, store_digest
from sync.intake import Intake
from sync.schema import prepare_store
from sync.stores import open_branch_store, open_embedded_store
from tests.bench.goals import Goals
from tests.bench.sync_records import EVERYBODY, write_records

KEY = bytes(range(32))
STORED = ("patient", "change_log", "log_scope", "applied_txn")


class NothingAhead:
    """Branch and centre share this process: what is packed ahead would slow down what is measured of the centre."""

    def __enter__(self) -> Any:
        self._ahead, sending.AHEAD = sending.AHEAD, 0
        return self

    def __exit__(self, *_: object) -> None:
        sending.AHEAD = self._ahead


class Clocked(NothingAhead):
    """Adds up the time spent in the centre's intake."""

    def __init__(self) -> None:
        self.spent = self.cpu = 0.0
        self._take = Intake.take

    def __enter__(self) -> "Clocked":
        super().__enter__()
        outer = self

        def take(intake: Intake, *given: Any) -> Any:
            begun, cpu = time.perf_counter(), time.thread_time()
            try:
                return outer._take(intake, *given)
            finally:
                outer.spent += time.perf_counter() - begun
                outer.cpu += time.thread_time() - cpu

        Intake.take = take  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        Intake.take = self._take  # type: ignore[method-assign]


def stored_rows(store: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the records became at the centre: rows, entries of the log, their scopes, their outcomes."""
    with store.read() as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}").all()]
            for name in STORED
        }


def raw(path: Path, centre: Any) -> tuple[float, float]:
    """Insert the centre's rows and log entries by sqlite3 alone; returns the time, and the processor's."""
    with centre.store.read() as connection:
        tables = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
        schema = [s for s in connection.exec_driver_sql(tables).scalars() if "sqlite_" not in s]
    stored = stored_rows(centre.store)
    target = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16384"):
        target.execute(f"PRAGMA {pragma}")
    for statement in schema:
        target.execute(statement)
    begun, cpu = time.perf_counter(), time.thread_time()
    for start in range(0, max(map(len, stored.values())), SLICE):
        target.execute("BEGIN IMMEDIATE")
        for table, rows in stored.items():
            some = rows[start : start + SLICE]
            if some:
                marks = ", ".join("?" * len(some[0]))
                target.executemany(f"INSERT INTO {table} VALUES ({marks})", some)
        target.execute("COMMIT")
    spent = time.perf_counter() - begun, time.thread_time() - cpu
    target.close()
    return spent


def world_of(folder: Path) -> Any:
    """Return a centre and two workstations of one branch on new stores, in this process."""
    from tests.sync.world import NORTH, World

    for opened in (open_branch_store(folder / "b.db", KEY), open_embedded_store(folder / "c.db")):
        prepare_store(opened)
        with opened.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        opened.close()
    world = World(folder, folder / "b.db", folder / "c.db")
    return world, world.add_branch(NORTH), world.add_branch(NORTH)


def equal(org: uuid.UUID, *stores: Any) -> bool:
    """Tell by digest whether all stores hold the same rows."""
    digests = []
    for store in stores:
        with store.read() as connection:
            digests.append(store_digest(connection, [org, EVERYBODY]))
    return not any(differing(digests[0], other) for other in digests[1:])


def one_round(folder: Path, count: int) -> dict[str, float]:
    """Send and pull once; returns rates and whether the stores are equal."""
    folder.mkdir()
    world, sender, puller = world_of(folder)
    branch_module.SNAPSHOT_FROM = 1 << 60
    for station in (sender, puller):
        station.exchange()
    write_records(sender.store, sender.org_id, sender.device_id, count)
    with Clocked() as clock:
        sender.exchange()
    begun = time.perf_counter()
    puller.exchange()
    pull_s = time.perf_counter() - begun
    same = equal(sender.org_id, world.centre.store, sender.store, puller.store)
    raw_s, raw_cpu_s = raw(folder / "raw.db", world.centre)
    world.close()
    shutil.rmtree(folder)
    return {
        "apply": count / clock.spent, "pull": count / pull_s, "ratio": raw_s / clock.spent,
        "equal": float(same), "raw": count / raw_s,
        "cpu": raw_cpu_s / clock.cpu,
    }  # fmt: skip


def run(goals: Goals, home: Path, count: int, rounds: int) -> None:
    """Measure and judge."""
    found = [one_round(home / f"apply-{n}", count) for n in range(rounds)]
    middle = {name: median(one[name] for one in found) for name in found[0]}
    goals.note(
        apply_records_per_s=middle["apply"], pull_in_one_process_per_s=middle["pull"],
        raw_records_per_s=middle["raw"], apply_vs_raw_in_cpu=middle["cpu"],
    )  # fmt: skip
    goals.goal("apply_digests_equal_rounds", sum(one["equal"] for one in found), ">=", rounds)
    goals.goal("apply_rate_vs_raw_inserts", middle["ratio"], ">=", 0.30)
