"""Keeping HL7 results: parse, code, judge, rows, log entry, alerts and audit, one durable transaction a message.

Measured against inserting the very same rows raw: every row the product wrote for a message, of results, log, audit
and alerts, is read back and inserted by sqlite3 alone into the same tables with the same indexes, synchronous=FULL,
one transaction a message. Beside it stands, as a figure, what inserting the rows of the results alone takes. A store
that begins empty and one with ten times the data take turns with their raw counterparts, a hundred messages each, so
that all of them meet the same machine.
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

from sqlalchemy import Connection

import resources
from domain import features
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.audit.chain import AuditReader
from domain.catalog.content import load_catalog
from domain.kernel.authority import Authority, system_actor
from domain.kernel.change_log import decode_body
from domain.kernel.clock import CLINIC_TIME, utc_now
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from server.garbage import settle
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
RESULTS = ("patient", "visit", "observation", "finding", "critical_value")
ALL = (*RESULTS, "change_log", "log_scope", "audit_entry", "audit_subject", "alert", "alert_event")
ORDER = {"log_scope": "position", "audit_subject": "number"}
"""Column by which the new rows of a table are known; the others have a rowid."""
RECEIVE = "checkup.receive_results"

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


class Written:
    """What the product wrote since last time, message by message."""

    def __init__(self, product: Product) -> None:
        self._store = product.store
        self._seen = dict.fromkeys(ALL, 0)

    def fresh(self) -> list[Rows]:
        """Return the rows of each message; what follows from several (alerts) goes to the last of them."""
        with self._store.read() as connection:
            new = {table: self._new(connection, table) for table in ALL}
        entries = [row for row in new["change_log"] if decode_body(row["body"]).command == RECEIVE]
        visits = {row["id"]: {} for row in new["visit"]}
        if len(visits) != len(entries):
            raise RuntimeError(f"{len(visits)} visits and {len(entries)} messages")
        by_position = dict(zip((row["position"] for row in entries), visits.values(), strict=True))
        by_number = {row["number"]: by_position.get(row["position"]) for row in new["audit_entry"]}
        patients = {row["patient_id"]: visits[row["id"]] for row in new["visit"]}
        last = list(visits.values())[-1]
        for table, rows in new.items():
            for row in rows:
                if table in {"visit", "patient"}:
                    where = (visits if table == "visit" else patients).get(row["id"])
                elif table in RESULTS:
                    where = visits.get(row["visit_id"])
                elif table == "audit_subject":
                    where = by_number.get(row["number"])
                else:
                    where = by_position.get(row.get("position"))
                place = last if where is None else where
                place.setdefault(table, []).append(tuple(row.values()))
        return list(visits.values())

    def _new(self, connection: Connection, table: str) -> list[dict[str, Any]]:
        key = ORDER.get(table, "rowid")
        query = f"SELECT {key} AS seen_key, * FROM {table} WHERE {key} > {self._seen[table]} ORDER BY {key}"
        rows = [dict(row) for row in connection.exec_driver_sql(query).mappings()]
        for row in rows:
            self._seen[table] = row.pop("seen_key")
        return rows


class Raw:
    """The floor: the same rows into the same tables by sqlite3 alone.

    Args:
        path: File of its own.
        product: Whose tables they are.
        tables: Which of them.
    """

    def __init__(self, path: Path, product: Product, tables: tuple[str, ...]) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", f"cache_size = -{CACHE_KIB}"):
            self.connection.execute(f"PRAGMA {pragma}")
        schema = (
            "SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
        )
        with product.store.read() as connection:
            for table, statement in connection.exec_driver_sql(f"{schema} ORDER BY type DESC"):
                if table in tables:
                    self.connection.execute(statement)
        self.inserts = {table: self._insert(table) for table in tables}
        self.seconds = self.processor = 0.0

    def _insert(self, table: str) -> str:
        count = self.connection.execute(f"SELECT count(*) FROM pragma_table_info('{table}')").fetchone()[0]
        return f"INSERT INTO {table} VALUES ({', '.join('?' * count)})"

    def keep(self, messages: list[Rows]) -> None:
        begun, spent = time.perf_counter(), time.process_time()
        for rows in messages:
            self.connection.execute("BEGIN IMMEDIATE")
            for table, insert in self.inserts.items():
                if table in rows:
                    self.connection.executemany(insert, rows[table])
            self.connection.execute("COMMIT")
        self.seconds += time.perf_counter() - begun
        self.processor += time.process_time() - spent


class Lane:
    """A store of the product and the raw ones beside it, with the time each took, by the clock and of processor."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.product = Product(folder)
        self.written = Written(self.product)
        self.raw = Raw(folder / "raw.db", self.product, ALL)
        self.results = Raw(folder / "results.db", self.product, RESULTS)
        self.reset()

    def reset(self) -> None:
        for side in (self, self.raw, self.results):
            side.seconds = side.processor = 0.0
        self.count = 0

    def keep(self, batch: list[bytes]) -> None:
        """Take messages in on all sides."""
        begun, spent = time.perf_counter(), time.process_time()
        self.product.keep(batch)
        self.seconds += time.perf_counter() - begun
        self.processor += time.process_time() - spent
        rows = self.written.fresh()
        self.raw.keep(rows)
        self.results.keep(rows)
        self.count += len(batch)

    def fill(self, batch: list[bytes]) -> None:
        """Take messages in without counting the time."""
        for start in range(0, len(batch), ROUND):
            self.keep(batch[start : start + ROUND])
        self.reset()

    def close(self) -> None:
        self.product.store.close()
        self.raw.connection.close()
        self.results.connection.close()


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
        small, large = Lane(folder / "small"), Lane(folder / "large")
        settle()  # as the server's processes do
        catalog = small.product.catalog
        small.fill(list(messages(catalog, 20, seed=1)))
        large.fill(list(messages(catalog, 9 * count, seed=3)))
        batches = list(messages(catalog, count, seed=2)), list(messages(catalog, count, seed=4))
        for start in range(0, count, ROUND):
            for lane, batch in zip((small, large), batches, strict=True):
                lane.keep(batch[start : start + ROUND])
        for name, lane in (("1x", small), ("10x", large)):
            goals.note(
                **{
                    f"messages_per_s_{name}": lane.count / lane.seconds,
                    f"raw_per_s_{name}": lane.count / lane.raw.seconds,
                    f"raw_results_alone_per_s_{name}": lane.count / lane.results.seconds,
                    f"rate_vs_raw_results_alone_{name}": lane.results.seconds / lane.seconds,
                    f"processor_ms_{name}": lane.processor / lane.count * 1000,
                    f"processor_vs_raw_{name}": lane.raw.processor / lane.processor,
                }
            )
            goals.goal(f"ingest_rate_vs_raw_{name}", lane.raw.seconds / lane.seconds, ">=", 0.2)
        goals.goal("ingest_rate_10x_vs_1x", small.seconds / large.seconds, ">=", 0.9)
        small.close()
        large.close()
    finally:
        shutil.rmtree(folder)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
