"""Filling a new workstation from a snapshot: parts made at the centre, fetched, proven and loaded into SQLCipher.

Measured against inserting the very same rows raw (sqlcipher3, synchronous=FULL, one transaction a part, the same
tables without the guard) in the same run, in alternating rounds; and at a tenth of the size, in processor time, for
what a row costs more where more is stored. From the recent parts on somebody writes all the time, as a person at
work, and it is told how long each write takes. A figure counts only with its line of correctness: the digests of
centre and branch are equal. ``--clients 200000`` is the requirement's size (5 million observations).
"""

import argparse
import contextlib
import shutil
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
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
from sync.marks import set_pull_state
from sync.schema import prepare_store
from sync.snapshot_file import INDEX_TABLES, examined, lay_out, listed, unpacked
from sync.snapshot_format import Part, key_of, unsealed
from sync.snapshots import Snapshots, manifest_of
from sync.stores import open_branch_store, open_embedded_store
from tests.bench.goals import Goals, percentile

ORG, DEVICE, KEY = uuid.UUID(int=0xB1), uuid.UUID(int=0xC0), bytes(range(32))
RESULTS = 25
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉红建文辉力云莉鹏宇欣怡晨阳思"
PAUSE_S = 0.02
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


def made_id(name: str, day: date, number: int) -> bytes:
    """Return an id as `domain.kernel.ids` makes them: the time first, to the millisecond `number` of a day."""
    ms = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) + number
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
            first = n * (RESULTS + 2)
            patient, visit = made_id(f"p{n}", day, first), made_id(f"v{n}", day, first + 1)
            name = SURNAMES[n % 20] + GIVEN[n // 20 % 40] + GIVEN[n // 800 % 39]
            patients.append((patient, ORG.bytes, f"P{n:08d}", name, "2", "1980-05-01", "01", f"1380{n:07d}"))
            visits.append((visit, ORG.bytes, f"V{n:08d}", patient, f"{day}", "registered", at))
            results += [
                (
                    made_id(f"o{n}-{i}", day, first + 2 + i), ORG.bytes, visit, patient, f"item{i}", "空腹血糖",
                    "14771-0", 5.2 + i, f"{5.2 + i:.2f}", "mmol/L", "N", "3.9–6.1", 0, "F", at, "interface",
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


@dataclass
class Filled:
    """A workstation that was filled: seconds until it was usable and full, and those of each write meanwhile."""

    store: Any
    usable_s: float
    whole_s: float
    cpu_s: float
    writes: list[float]


class Person(threading.Thread):
    """Somebody who saves something small again and again."""

    def __init__(self, store: Any) -> None:
        super().__init__(daemon=True)
        self.took: list[float] = []
        self._store = store
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(PAUSE_S):
            begun = time.perf_counter()
            with self._store.write() as connection:
                set_pull_state(connection, compared_at=len(self.took))
            self.took.append(time.perf_counter() - begun)


def product(folder: Path, snapshot: Path, key: Any, *, at_work: bool = True) -> Filled:
    """Fill a workstation; somebody is at work there as soon as it can be used."""
    store = new_branch(folder, key)
    person = Person(store)
    usable: list[float] = []
    begun, cpu = time.perf_counter(), time.process_time()

    def between() -> None:
        if not usable:
            usable.append(time.perf_counter() - begun)
            if at_work:
                person.start()

    filler = Bootstrap(store, folder / "parts", now_us)
    stick = Media(snapshot, lambda _: key_of(key, manifest_of(snapshot).salt))
    filler.run(stick, lambda _done, _total: None, threading.Event(), between)
    whole_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    person.ended.set()
    if at_work:
        person.join()
    return Filled(store, usable[0], whole_s, cpu_s, person.took)


def blocks(
    snapshot: Path, part: Part, folder: Path, key: bytes
) -> Iterator[tuple[str, tuple[str, ...], list[Any]]]:
    """Yield the rows of a part by entity."""
    path = folder / "rows"
    image = unpacked(unsealed((snapshot / part.name).read_bytes(), key, part.name), part)
    lay_out(image, path, part, None)
    tables = examined(image, part)
    with contextlib.closing(sqlcipher.connect(str(path))) as connection:
        for entity, table in tables.items():
            if not entity.startswith(INDEX_TABLES):
                query = f'SELECT {listed(table.columns)} FROM "{entity}"'
                yield entity, table.columns, connection.execute(query).fetchall()


def raw(folder: Path, snapshot: Path, schema: list[str], centre: Any) -> float:
    """Insert the same rows by the driver alone; returns the time, reading the parts not counted."""
    connection = sqlcipher.connect(str(folder / "raw.db"), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16384"):
        connection.execute(f"PRAGMA {pragma}")
    for statement in schema:
        connection.execute(statement)
    spent = 0.0
    for part in manifest_of(snapshot).parts:
        found = list(blocks(snapshot, part, folder, key_of(centre, manifest_of(snapshot).salt)))
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for entity, names, rows in found:
            marks = ", ".join("?" * len(names))
            connection.executemany(f'INSERT INTO "{entity}" ({listed(names)}) VALUES ({marks})', rows)
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


@dataclass
class Source:
    """A centre and the snapshot it has made."""

    snapshot: Path
    rows: int
    size: int
    made_s: float
    digest: Any
    schema: list[str]
    key: Any


def source(home: Path, clients: int) -> Source:
    """Make a centre of so many clients, and its snapshot."""
    home.mkdir()
    key = new_key()
    centre = open_embedded_store(home / "centre.db")
    prepare_store(centre)
    fill_centre(centre, clients)
    begun = time.perf_counter()
    snapshot = Snapshots(centre, home / "snapshots", key, now_us).make([ORG, EVERYBODY])
    made_s = time.perf_counter() - begun
    manifest = manifest_of(snapshot)
    with centre.read() as connection:
        wanted = store_digest(connection, [ORG, EVERYBODY])
        tables = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
        found = connection.exec_driver_sql(tables).scalars().all()
        schema = [one for one in found if "sqlite_" not in one and "search_" not in one]
    centre.close()
    size = sum(part.size for part in manifest.parts)
    return Source(snapshot, sum(manifest.entities.values()), size, made_s, wanted, schema, key)


def measure(goals: Goals, home: Path, clients: int, rounds: int) -> None:
    """Make a snapshot, then fill workstations and raw stores from it in turns, and one from a tenth of it."""
    small, large = source(home / "small", clients // 10), source(home / "large", clients)
    goals.note(
        rows=large.rows, parts=len(manifest_of(large.snapshot).parts), megabytes=large.size / 1e6,
        made_rows_per_s=large.rows / large.made_s,
    )  # fmt: skip
    ratios, rates, usable, growth, writes, equal = [], [], [], [], [], 0
    for number in range(rounds):
        folder = home / f"round{number}"
        costs = []
        for origin in (small, large):
            folder.mkdir()
            raw_s = raw(folder, origin.snapshot, origin.schema, origin.key) if origin is large else 0.0
            done = product(folder, origin.snapshot, origin.key)
            with done.store.read() as connection:
                equal += not differing(store_digest(connection, [ORG, EVERYBODY]), origin.digest)
            done.store.close()
            shutil.rmtree(folder)
            costs.append(done.cpu_s / origin.rows)
        ratios.append(raw_s / done.whole_s)
        rates.append(large.rows / done.whole_s)
        usable.append(done.usable_s / done.whole_s)
        growth.append(costs[1] / costs[0])
        writes += done.writes
        goals.note(**{f"round_{number}_usable_s": done.usable_s, f"round_{number}_whole_s": done.whole_s,
                      f"round_{number}_cpu_s": done.cpu_s})  # fmt: skip
    goals.note(
        rows_per_s=median(rates), bytes_per_row=large.size / large.rows, writes=len(writes),
        write_median_s=median(writes), write_longest_s=max(writes),
    )  # fmt: skip
    goals.goal("digests_equal_stores", equal, ">=", 2 * rounds)
    goals.goal("load_rate_vs_raw_inserts", median(ratios), ">=", 0.9)
    goals.goal("usable_after_share_of_the_whole", median(usable), "<=", 0.5)
    goals.goal("cost_of_a_row_at_10x", median(growth), "<=", 1.3)
    goals.goal("a_write_meanwhile_p95_s", percentile(writes, 0.95), "<=", 0.2)


if __name__ == "__main__":
    sys.exit(main())
