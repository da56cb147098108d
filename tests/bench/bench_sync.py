"""Records of about 1 KiB from a branch's change log to the centre and on into an empty branch, all of it durable.

One record a transaction: packed into bundles, sent, applied on SQLite, receipt taken, then pulled by another
workstation. Applying is measured against inserting the same rows and log entries raw (sqlite3, executemany,
synchronous=FULL, as many a transaction) in the same run, in alternating rounds. A figure counts only with its line of
correctness: the digests of the three stores are equal. ``--records 50000`` is the size of the requirement.
"""

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median
from typing import Any

from domain import features
from domain.kernel.change_log import Body, Change, append_entry, change_log
from domain.kernel.clock import utc_now
from domain.kernel.columns import to_microseconds
from domain.kernel.ids import new_id
from sync.apply import SLICE
from sync.digest import differing, store_digest
from sync.intake import Intake
from sync.rows import Rows
from sync.schema import prepare_store
from sync.shapes import shape_of
from sync.stores import open_branch_store, open_embedded_store
from tests.bench.goals import Goals

KEY = bytes(range(32))
EVERYBODY = uuid.UUID(int=0)


def fields_of(number: int) -> dict[str, Any]:
    """Return a client whose row is about 1 KiB."""
    return {
        "number": f"P{number:08d}", "name": f"王美{number}", "sex": "2", "birth_date": "1980-05-01", "id_type": "01",
        "phone": f"138{number:08d}", "address": f"北京市东城区第{number}号", "allergy": f"{number:06d} 青霉素、" * 40,
    }  # fmt: skip


def write_records(branch: Any, count: int) -> None:
    """Give a branch so many records, each with its own entry of the log, as `count` commands would."""
    shape = shape_of("patient")
    org, device, at = branch.org_id.bytes, branch.device_id, to_microseconds(utc_now())
    for start in range(0, count, 1000):
        with branch.store.write() as connection:
            rows = Rows(connection)
            ids = [new_id() for _ in range(start, min(start + 1000, count))]
            rows.load(("patient", one.bytes) for one in ids)
            for number, record_id in enumerate(ids, start):
                fields = fields_of(number)
                rows.insert(shape, record_id.bytes, org, fields, 0)
                body = Body("people.register", None, "nurse", org, 1, [
                    Change("patient", record_id.bytes, org, "ins", 0, fields, {})
                ])  # fmt: skip
                append_entry(
                    connection,
                    txn_id=new_id(),
                    device_id=device,
                    at=at,
                    body=body,
                    for_sync=True,
                    scopes=[org],
                )
            rows.flush()


class Clocked:
    """Adds up the time spent in the centre's intake."""

    def __init__(self) -> None:
        self.spent = 0.0
        self._take = Intake.take

    def __enter__(self) -> "Clocked":
        outer = self

        def take(intake: Intake, *given: Any) -> Any:
            begun = time.perf_counter()
            try:
                return outer._take(intake, *given)
            finally:
                outer.spent += time.perf_counter() - begun

        Intake.take = take  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        Intake.take = self._take  # type: ignore[method-assign]


def raw(path: Path, centre: Any) -> float:
    """Insert the centre's rows and log entries by sqlite3 alone; returns the time."""
    with centre.store.read() as connection:
        tables = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
        schema = [s for s in connection.exec_driver_sql(tables).scalars() if "sqlite_" not in s]
        clients = [tuple(r) for r in connection.exec_driver_sql("SELECT * FROM patient").all()]
        entries = [tuple(r) for r in connection.exec_driver_sql("SELECT * FROM change_log").all()]
        scopes = [tuple(r) for r in connection.exec_driver_sql("SELECT * FROM log_scope").all()]
        applied = [tuple(r) for r in connection.exec_driver_sql("SELECT * FROM applied_txn").all()]
    stored = {"patient": clients, "change_log": entries, "log_scope": scopes, "applied_txn": applied}
    target = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16384"):
        target.execute(f"PRAGMA {pragma}")
    for statement in schema:
        target.execute(statement)
    begun = time.perf_counter()
    for start in range(0, len(entries), SLICE):
        target.execute("BEGIN IMMEDIATE")
        for table, rows in stored.items():
            some = rows[start : start + SLICE]
            if some:
                marks = ", ".join("?" * len(some[0]))
                target.executemany(f"INSERT INTO {table} VALUES ({marks})", some)
        target.execute("COMMIT")
    spent = time.perf_counter() - begun
    target.close()
    return spent


def world_of(folder: Path) -> Any:
    """Return a centre and two workstations of one branch on new stores."""
    from tests.sync.world import NORTH, World

    for opened in (open_branch_store(folder / "b.db", KEY), open_embedded_store(folder / "c.db")):
        prepare_store(opened)
        with opened.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        opened.close()
    world = World(folder, folder / "b.db", folder / "c.db")
    return world, world.add_branch(NORTH), world.add_branch(NORTH)


def one_round(folder: Path, count: int) -> dict[str, float]:
    """Send and pull once; returns rates and whether the stores are equal."""
    from sync import branch as branch_module

    folder.mkdir()
    world, sender, puller = world_of(folder)
    branch_module.SNAPSHOT_FROM = 1 << 60
    for station in (sender, puller):
        station.exchange()
    write_records(sender, count)
    with Clocked() as clock:
        begun = time.perf_counter()
        sender.exchange()
        push_s = time.perf_counter() - begun
    begun = time.perf_counter()
    puller.exchange()
    pull_s = time.perf_counter() - begun
    sent = sum(path.stat().st_size for path in (folder / "blobs").rglob("*") if path.is_file())
    with sender.store.read() as connection:
        body = change_log.c.body
        typed = sum(len(b) for b in connection.scalars(change_log.select().with_only_columns(body)))
    digests = []
    for place in (world.centre, sender, puller):
        with place.store.read() as connection:
            digests.append(store_digest(connection, [sender.org_id, EVERYBODY]))
    equal = not differing(digests[0], digests[1]) and not differing(digests[0], digests[2])
    raw_s = raw(folder / "raw.db", world.centre)
    world.close()
    shutil.rmtree(folder)
    return {
        "push": count / push_s, "pull": count / pull_s, "apply_ratio": raw_s / clock.spent, "equal": float(equal),
        "wire": sent / typed, "raw": count / raw_s,
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure and print the closing lines."""
    parser = argparse.ArgumentParser(prog="bench_sync")
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    features.load()
    home = Path(tempfile.mkdtemp(prefix="bench-sync-"))
    try:
        rounds = [one_round(home / str(n), options.records) for n in range(options.rounds)]
    finally:
        shutil.rmtree(home, ignore_errors=True)
    middle = {name: median(found[name] for found in rounds) for name in rounds[0]}
    goals = Goals("sync")
    goals.note(
        records=options.records, push_records_per_s=middle["push"], pull_records_per_s=middle["pull"],
        raw_records_per_s=middle["raw"], bytes_on_the_wire_of_the_bodies=middle["wire"],
    )  # fmt: skip
    goals.goal("digests_equal_rounds", sum(found["equal"] for found in rounds), ">=", options.rounds)
    goals.goal("apply_rate_vs_raw_inserts", middle["apply_ratio"], ">=", 0.30)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
