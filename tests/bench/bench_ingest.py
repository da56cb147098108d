"""Keeping HL7 results: parse, code, judge, rows, log entry, alerts and audit, one durable transaction a message.

Measured against inserting the very same rows raw (sqlite3, synchronous=FULL, one transaction a message) in the
same run, in alternating rounds so that both meet the same machine; once on a store of its own, once with ten times
the data in it.
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
from sync.stores import open_embedded_store
from tests.bench.goals import Goals

ORG, DEVICE = uuid.UUID(int=0xB1), uuid.UUID(int=0xC0)
ROUND = 100
OBSERVATION = (
    "INSERT INTO observation (id, org_id, visit_id, patient_id, item, label, loinc, value_number, value_text, ucum, "
    "flag, range_text, important_class, critical_level, unverified, status, effective_at, source, ver) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
PATIENT = (
    "INSERT INTO patient (id, org_id, number, name, sex, birth_date, id_type, id_number, ver) "
    "VALUES (?,?,?,?,?,?,?,?,?)"
)
VISIT = (
    "INSERT INTO visit (id, org_id, number, patient_id, visit_date, state, state_since, ver) "
    "VALUES (?,?,?,?,?,?,?,?)"
)


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
    """The floor: the same rows into the same tables by sqlite3 alone."""

    def __init__(self, path: Path, schema: list[str]) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16384"):
            self.connection.execute(f"PRAGMA {pragma}")
        for statement in schema:
            self.connection.execute(statement)
        self.count = 0

    def keep(self, rows: list[tuple[Any, Any, list[Any]]]) -> None:
        for patient, visit, observations in rows:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute(PATIENT, patient)
            self.connection.execute(VISIT, visit)
            self.connection.executemany(OBSERVATION, observations)
            self.connection.execute("COMMIT")


def messages(catalog: Any, count: int, seed: int) -> Iterator[bytes]:
    """Yield generated messages of ten results."""
    data = load_samples(resources.folder("samples"))
    at = datetime(2026, 11, 23, 8, tzinfo=CLINIC_TIME)
    for number, person in enumerate(population(data, catalog, count, seed=seed, today=date(2026, 11, 23))):
        yield result_message(
            person, data, catalog, visit_barcode=f"V{seed:02d}{number:08d}", facility="B01",
            control_id=f"{seed}-{number}", sampled_at=at,
        )  # fmt: skip


def raw_rows(count: int) -> list[tuple[Any, Any, list[Any]]]:
    """Return rows of the same shape and size as the product writes for a message."""
    found = []
    for _ in range(count):
        patient, visit = uuid.uuid4().bytes, uuid.uuid4().bytes
        results = [
            (uuid.uuid4().bytes, ORG.bytes, visit, patient, f"item{i}", "空腹血糖", "14771-0", 5.2, "5.20", "mmol/L",
             "N", "3.9–6.1", None, None, 0, "F", 1_795_000_000_000_000, "interface", 0)
            for i in range(10)
        ]  # fmt: skip
        person = (patient, ORG.bytes, patient.hex(), "王美娜", "2", "1980-05-01", "01", patient.hex()[:18], 0)
        found.append(
            (person, (visit, ORG.bytes, visit.hex(), patient, "2026-11-23", "registered", 0, 0), results)
        )
    return found


def schema_of(product: Product) -> list[str]:
    """Return the statements that make the three tables with their indexes."""
    with product.store.read() as connection:
        return list(
            connection.exec_driver_sql(
                "SELECT sql FROM sqlite_master WHERE tbl_name IN ('patient', 'visit', 'observation') "
                "AND sql IS NOT NULL AND type IN ('table', 'index')"
            ).scalars()
        )


def measure(product: Product, raw: Raw, batch: list[bytes]) -> tuple[float, float]:
    """Return messages a second of the product and of raw inserts, in alternating rounds."""
    ours = theirs = 0.0
    for start in range(0, len(batch), ROUND):
        part, rows = batch[start : start + ROUND], raw_rows(len(batch[start : start + ROUND]))
        begun = time.perf_counter()
        raw.keep(rows)
        between = time.perf_counter()
        product.keep(part)
        theirs += between - begun
        ours += time.perf_counter() - between
    return len(batch) / ours, len(batch) / theirs


def main() -> int:
    """Run the benchmark; ``--messages`` is the size of 1x."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1000)
    count = parser.parse_args().messages
    features.load()
    goals = Goals("ingest")
    folder = Path(tempfile.mkdtemp(dir=Path.cwd(), prefix=".bench-"))
    try:
        product = Product(folder)
        raw = Raw(folder / "raw.db", schema_of(product))
        product.keep(list(messages(product.catalog, 20, seed=1)))
        first_ours, first_raw = measure(product, raw, list(messages(product.catalog, count, seed=2)))
        goals.note(messages_per_s_1x=first_ours, raw_per_s_1x=first_raw)
        product.keep(list(messages(product.catalog, 9 * count, seed=3)))
        raw.keep(raw_rows(9 * count))
        ours, raw_rate = measure(product, raw, list(messages(product.catalog, count, seed=4)))
        goals.note(messages_per_s_10x=ours, raw_per_s_10x=raw_rate)
        goals.goal("ingest_rate_vs_raw_1x", first_ours / first_raw, ">=", 0.2)
        goals.goal("ingest_rate_vs_raw_10x", ours / raw_rate, ">=", 0.2)
        goals.goal("ingest_rate_10x_vs_1x", ours / first_ours, ">=", 0.9)
        product.store.close()
        raw.connection.close()
    finally:
        shutil.rmtree(folder)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
