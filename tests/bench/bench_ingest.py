"""Keeping HL7 results: parse, code, judge, rows, log entry, alerts and audit, one durable transaction a message.

Measured against inserting the very same rows raw: what the product wrote of a message into the clinical tables is
read back and inserted by sqlite3 alone into the same tables with the same indexes, synchronous=FULL, one
transaction a message. A store that begins empty and one with ten times the data take turns with their raw
counterparts, a hundred messages each, so that all four meet the same machine.
"""

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import resources
from domain import features
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.audit.chain import AuditReader
from domain.catalog.content import load_catalog
from domain.kernel.authority import Authority, system_actor
from domain.kernel.clock import CLINIC_TIME, utc_now
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from server.interfaces.hl7.message import parse_message
from server.interfaces.hl7.oru import read_results
from server.interfaces.hl7.population import load_samples, population
from server.interfaces.hl7.samples import result_message
from server.interfaces.intake import order_of
from sync.schema import prepare_store
from sync.stores import CACHE_KIB, open_embedded_store
from tests.bench.goals import Goals

ORG, DEVICE = uuid.UUID(int=0xB1), uuid.UUID(int=0xC0)
ROUND = 100
SCHEMA = (
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index') AND tbl_name IN "
    "('patient', 'visit', 'observation', 'finding', 'critical_value') ORDER BY type DESC"
)
TABLES = ("patient", "visit", "observation", "finding", "critical_value")

Rows = dict[str, list[tuple[Any, ...]]]
"""Rows of one message by table."""


class Product:
    """The whole path, as the listener runs it."""

    def __init__(self, folder: Path) -> None:
        self.catalog = load_catalog(resources.folder("catalog"))
        self.texts = Texts.load(resources.folder("texts") / "zh")
        self.store = open_embedded_store(folder / "centre.db")
        prepare_store(self.store)
        self.desk = Dispatcher(self.store, content={"catalog": self.catalog, "number_prefix": "100"})
        self.actor = system_actor(ORG, DEVICE)
        roles = Authority.load(resources.folder("roles.yaml")).roles
        engine = AlertEngine(self.desk, load_rules(resources.folder("alerts"), roles), self.actor)
        self.followers = [Follower(self.store, AuditReader()), Follower(self.store, engine)]

    def keep(self, messages: list[bytes]) -> None:
        """Take messages in and let alerts and audit catch up."""
        for raw in messages:
            message = read_results(parse_message(raw), self.catalog, zone=CLINIC_TIME, now=utc_now())
            self.desk.run(order_of(message, ORG, self.catalog, self.texts), self.actor)
        for follower in self.followers:
            follower.catch_up()


class Raw:
    """The floor: the same rows into the same tables by sqlite3 alone.

    Args:
        path: File of its own.
        product: Whose rows are inserted.
    """

    def __init__(self, path: Path, product: Product) -> None:
        self.product = product
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", f"cache_size = -{CACHE_KIB}"):
            self.connection.execute(f"PRAGMA {pragma}")
        marks = "SELECT count(*) FROM pragma_table_info('{}')"
        with product.store.read() as connection:
            for statement in connection.exec_driver_sql(SCHEMA).scalars():
                self.connection.execute(statement)
            self.inserts = {
                table: f"INSERT INTO {table} VALUES ({', '.join('?' * self._count(marks.format(table)))})"
                for table in TABLES
            }
        self.seen = dict.fromkeys(TABLES, 0)

    def _count(self, query: str) -> int:
        return int(self.connection.execute(query).fetchone()[0])

    def fresh(self) -> list[Rows]:
        """Return what the product wrote since last time, message by message."""
        by_visit: dict[bytes, Rows] = {}
        patients: dict[bytes, tuple[Any, ...]] = {}
        with self.product.store.read() as connection:
            for table in TABLES:
                query = f"SELECT rowid, * FROM {table} WHERE rowid > {self.seen[table]} ORDER BY rowid"
                for row in connection.exec_driver_sql(query).mappings():
                    values = dict(row)
                    self.seen[table] = values.pop("rowid")
                    if table == "patient":
                        patients[values["id"]] = tuple(values.values())
                        continue
                    rows = by_visit.setdefault(values["id" if table == "visit" else "visit_id"], {})
                    rows.setdefault(table, []).append(tuple(values.values()))
                    if table == "visit" and values["patient_id"] in patients:
                        rows["patient"] = [patients.pop(values["patient_id"])]
        return list(by_visit.values())

    def keep(self, messages: list[Rows]) -> None:
        for rows in messages:
            self.connection.execute("BEGIN IMMEDIATE")
            for table, some in rows.items():
                self.connection.executemany(self.inserts[table], some)
            self.connection.execute("COMMIT")


class Pair:
    """A store of the product and the raw one beside it, with the seconds each took."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.product = Product(folder)
        self.raw = Raw(folder / "raw.db", self.product)
        self.ours = self.theirs = 0.0
        self.count = 0

    def keep(self, batch: list[bytes]) -> None:
        """Take messages in on both sides."""
        begun = time.perf_counter()
        self.product.keep(batch)
        self.ours += time.perf_counter() - begun
        rows = self.raw.fresh()
        begun = time.perf_counter()
        self.raw.keep(rows)
        self.theirs += time.perf_counter() - begun
        self.count += len(batch)

    def fill(self, batch: list[bytes]) -> None:
        """Take messages in without counting the time."""
        for start in range(0, len(batch), ROUND):
            self.keep(batch[start : start + ROUND])
        self.ours = self.theirs = 0.0
        self.count = 0

    def close(self) -> None:
        self.product.store.close()
        self.raw.connection.close()


def messages(catalog: Any, count: int, seed: int) -> Iterator[bytes]:
    """Yield generated messages of ten results."""
    data = load_samples(resources.folder("samples"))
    at = datetime(2026, 11, 23, 8, tzinfo=CLINIC_TIME)
    for number, person in enumerate(population(data, catalog, count, seed=seed, today=date(2026, 11, 23))):
        yield result_message(
            person, data, catalog, visit_barcode=f"V{seed:02d}{number:08d}", facility="B01",
            control_id=f"{seed}-{number}", sampled_at=at,
        )  # fmt: skip


def main() -> int:
    """Run the benchmark; ``--messages`` is the size of 1x."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1000)
    count = parser.parse_args().messages
    features.load()
    goals = Goals("ingest")
    folder = Path(tempfile.mkdtemp(dir=Path.cwd(), prefix=".bench-"))
    try:
        small, large = Pair(folder / "small"), Pair(folder / "large")
        catalog = small.product.catalog
        small.fill(list(messages(catalog, 20, seed=1)))
        large.fill(list(messages(catalog, 9 * count, seed=3)))
        batches = list(messages(catalog, count, seed=2)), list(messages(catalog, count, seed=4))
        for start in range(0, count, ROUND):
            for pair, batch in zip((small, large), batches, strict=True):
                pair.keep(batch[start : start + ROUND])
        for name, pair in (("1x", small), ("10x", large)):
            goals.note(
                **{
                    f"messages_per_s_{name}": pair.count / pair.ours,
                    f"raw_per_s_{name}": pair.count / pair.theirs,
                }
            )
            goals.goal(f"ingest_rate_vs_raw_{name}", pair.theirs / pair.ours, ">=", 0.2)
        goals.goal("ingest_rate_10x_vs_1x", small.ours / large.ours, ">=", 0.9)
        small.close()
        large.close()
    finally:
        shutil.rmtree(folder)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
