"""Filling a new workstation from a snapshot: parts made at the centre, fetched, proven and loaded into SQLCipher.

Measured against inserting the very same rows raw (sqlcipher3, synchronous=FULL, one transaction a part, the same
tables without the guard) in the same run, in alternating rounds. A figure counts only with its line of correctness:
the digests of centre and branch are equal. ``--clients 200000`` is the requirement's size (5 million observations).
"""

import argparse
import shutil
import sys
import tempfile
import threading
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from domain import features
from domain.kernel.clock import utc_now
from domain.kernel.columns import to_microseconds
from sync.bootstrap import Bootstrap, Media
from sync.branch import enrolled_rows
from sync.device_auth import new_key, public_text
from sync.digest import differing, store_digest
from sync.local_tables import installation
from sync.schema import prepare_store
from sync.snapshot_format import blocks_of
from sync.snapshots import Snapshots, manifest_of
from sync.stores import open_branch_store, open_embedded_store
from tests.bench.goals import Goals

ORG, DEVICE, KEY = uuid.UUID(int=0xB1), uuid.UUID(int=0xC0), bytes(range(32))
RESULTS = 25
EVERYBODY = uuid.UUID(int=0)
PATIENT = (
    "INSERT INTO patient (id, org_id, number, name, sex, birth_date, id_type, phone, ver) "
    "VALUES (?,?,?,?,?,?,?,?,1)"
)
VISIT = (
    "INSERT INTO visit (id, org_id, number, patient_id, visit_date, state, state_since, ver) "
    "VALUES (?,?,?,?,?,?,?,1)"
)
OBSERVATION = (
    "INSERT INTO observation (id, org_id, visit_id, patient_id, item, label, loinc, value_number, value_text, ucum, "
    "flag, range_text, unverified, status, effective_at, source, ver) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)"
)


def now_us() -> int:
    return to_microseconds(utc_now())


def made_id(name: str, day: date) -> bytes:
    """Return an id as `domain.kernel.ids` makes them: the time first, then what tells it from others."""
    ms = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    return ms.to_bytes(6, "big") + uuid.uuid5(DEVICE, name).bytes[6:]


def fill_centre(store: Any, clients: int) -> None:
    """Put clients with one visit of `RESULTS` results each into the centre; one in five was here this year."""
    today = utc_now().date()
    at = now_us()
    for start in range(0, clients, 2000):
        patients, visits, results = [], [], []
        for n in range(start, min(start + 2000, clients)):
            lately = n % 5 == 0
            day = today - timedelta(days=30 if lately else 800)
            patient, visit = made_id(f"p{n}", day), made_id(f"v{n}", day)
            patients.append(
                (patient, ORG.bytes, f"P{n:08d}", f"王美{n}", "2", "1980-05-01", "01", f"1380{n:07d}")
            )
            visits.append((visit, ORG.bytes, f"V{n:08d}", patient, f"{day}", "registered", at))
            results += [
                (
                    made_id(f"o{n}-{i}", day), ORG.bytes, visit, patient, f"item{i}", "空腹血糖", "14771-0", 5.2 + i,
                    f"{5.2 + i:.2f}", "mmol/L", "N", "3.9–6.1", 0, "F", at, "interface",
                )
                for i in range(RESULTS)
            ]  # fmt: skip
        with store.write() as connection:
            connection.exec_driver_sql(PATIENT, patients)
            connection.exec_driver_sql(VISIT, visits)
            connection.exec_driver_sql(OBSERVATION, results)


def new_branch(folder: Path, key: Any) -> Any:
    """Return an enrolled, empty workstation."""
    store = open_branch_store(folder / "branch.db", KEY)
    prepare_store(store)
    row = enrolled_rows(
        device_id=uuid.uuid4(), org_id=ORG, epoch=1, name="站", server="http://centre", number_prefix="901"
    )
    with store.write() as connection:
        connection.execute(installation.insert(), {**row, "server_key": public_text(key)})
    return store


def product(folder: Path, snapshot: Path, key: Any) -> tuple[Any, float, float]:
    """Fill a workstation; returns its store, the time until it was usable and that until everything was in."""
    store = new_branch(folder, key)
    usable: list[float] = []
    begun = time.perf_counter()

    def told(_done: int, _total: int) -> None:
        """Nothing: the time is taken when the store says that it can be used."""

    Bootstrap(store, folder / "parts", now_us).run(
        Media(snapshot), told, threading.Event(), lambda: usable.append(time.perf_counter() - begun)
    )
    return store, usable[0], time.perf_counter() - begun


def raw(folder: Path, snapshot: Path, schema: list[str]) -> float:
    """Insert the same rows by the driver alone; returns the time, reading the parts not counted."""
    connection = sqlcipher.connect(str(folder / "raw.db"), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16384"):
        connection.execute(f"PRAGMA {pragma}")
    for statement in schema:
        connection.execute(statement)
    spent = 0.0
    for part in manifest_of(snapshot).parts:
        blocks = [
            (e, n, [tuple(r) for r in rows])
            for e, n, rows in blocks_of((snapshot / part.name).read_bytes(), "")
        ]
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for entity, names, rows in blocks:
            listed, marks = ", ".join(f'"{n}"' for n in names), ", ".join("?" * len(names))
            connection.executemany(f'INSERT INTO "{entity}" ({listed}) VALUES ({marks})', rows)
        connection.execute("COMMIT")
        spent += time.perf_counter() - begun
    connection.close()
    return spent


def main(arguments: list[str] | None = None) -> int:
    """Measure and print the closing lines."""
    parser = argparse.ArgumentParser(prog="bench_bootstrap")
    parser.add_argument("--clients", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    features.load()
    goals = Goals("bootstrap")
    home = Path(tempfile.mkdtemp(prefix="bench-bootstrap-"))
    try:
        measure(goals, home, options.clients, options.rounds)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return goals.close()


def measure(goals: Goals, home: Path, clients: int, rounds: int) -> None:
    """Make one snapshot, then fill workstations and raw stores from it in turns."""
    key = new_key()
    centre = open_embedded_store(home / "centre.db")
    prepare_store(centre)
    fill_centre(centre, clients)
    begun = time.perf_counter()
    snapshot = Snapshots(centre, home / "snapshots", key.sign, now_us).make([ORG, EVERYBODY])
    made_s = time.perf_counter() - begun
    manifest = manifest_of(snapshot)
    rows, size = sum(manifest.entities.values()), sum(part.size for part in manifest.parts)
    with centre.read() as connection:
        wanted = store_digest(connection, [ORG, EVERYBODY])
        tables = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
        schema = [s for s in connection.exec_driver_sql(tables).scalars() if "sqlite_" not in s]
    goals.note(rows=rows, parts=len(manifest.parts), megabytes=size / 1e6, made_rows_per_s=rows / made_s)
    ratios, rates, usable, equal = [], [], [], 0
    for number in range(rounds):
        folder = home / f"round{number}"
        folder.mkdir()
        raw_s = raw(folder, snapshot, schema)
        store, usable_s, whole_s = product(folder, snapshot, key)
        with store.read() as connection:
            equal += not differing(store_digest(connection, [ORG, EVERYBODY]), wanted)
        store.close()
        shutil.rmtree(folder)
        ratios.append(raw_s / whole_s)
        rates.append(rows / whole_s)
        usable.append(usable_s / whole_s)
    centre.close()
    goals.note(rows_per_s=median(rates), usable_after_share=median(usable), bytes_per_row=size / rows)
    goals.goal("digests_equal_rounds", equal, ">=", rounds)
    goals.goal("load_rate_vs_raw_inserts", median(ratios), ">=", 0.35)
    goals.goal("usable_after_share_of_the_whole", median(usable), "<=", 0.5)


if __name__ == "__main__":
    sys.exit(main())
