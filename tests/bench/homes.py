"""Workstation homes with as many clients as a benchmark wants; made once and kept in .state/bench."""

import base64
import functools
import hashlib
import json
import random
import shutil
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, select

from client.enrolment import ENTRY
from client.home import Home
from client.keys import create_key, read_key
from domain import features
from domain.checkup.records import Visit
from domain.kernel.clock import clinic, utc_now
from domain.kernel.ids import new_id
from domain.kernel.record import Record
from domain.kernel.store import Store
from domain.kernel.unit_of_work import all_columns, stored_values
from domain.people.idnumber import make_id
from domain.people.passwords import hash_password
from domain.people.records import Organization, OrganizationKind, Patient, Sex, Staff
from sync.local_tables import installation
from sync.schema import prepare_store
from sync.stores import open_branch_store

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".state" / "bench"
ORG = uuid.UUID(int=0xB1)
LOGIN, PASSWORD = "zhou", "Tuo7-Shan#Lan"
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉红建文辉力云莉鹏宇欣怡晨阳思佳梓涵䶮"


def home_with(patients: int) -> Home:
    """Return a home whose store holds `patients` clients and one nurse who can sign in."""
    home = Home(FOLDER / f"home-{patients}-{shape()}")
    done = home.folder / "made"
    if not done.exists():
        for older in FOLDER.glob(f"home-{patients}-*"):
            shutil.rmtree(older)
        done.write_text(json.dumps(_make(home, patients)), "utf-8")
    return home


def expect_today(home: Home, count: int) -> None:
    """Let `count` clients be expected today: the list a front desk begins its day with."""
    features.load()
    store = open_branch_store(home.store, read_key(home.store, key_file(home)))
    prepare_store(store)
    today, visits = clinic(utc_now()).date(), Visit.__table__
    with store.read() as connection:
        there = connection.execute(select(func.count()).where(visits.c.visit_date == today)).scalar_one()
        people = connection.execute(select(Patient.__table__.c.id).limit(count)).scalars().all()
    insert_records(
        store,
        [
            Visit(
                id=new_id(), org_id=ORG, number=f"V{today:%y%m%d}{n:05d}", patient_id=people[n], visit_date=today,
                state="registered", state_since=utc_now(), ver=1,
            )
            for n in range(there, count)
        ],
    )  # fmt: skip
    store.close()


def shape() -> str:
    """Return a mark of a store's shape: with another column or index the stores are made anew."""
    features.load()
    tables = Record.metadata.sorted_tables
    parts = [f"{t.name}.{c.name}" for t in tables for c in t.columns] + [
        i.name for t in tables for i in t.indexes
    ]
    return hashlib.sha256("\n".join(sorted(map(str, parts))).encode()).hexdigest()[:8]


def made_in(home: Home) -> dict[str, float]:
    """Return what making a home took: ``index_s`` and ``index_bytes`` of its search index."""
    return json.loads((home.folder / "made").read_text("utf-8") or "{}")


def home_key(home: Home) -> bytes:
    """Return the key of a home's store."""
    return read_key(home.store, key_file(home))


def key_file(home: Home) -> Path:
    """Return the file that holds the home's keys."""
    return home.folder / "store.key"


def _make(home: Home, patients: int) -> dict[str, float]:
    features.load()
    home.folder.mkdir(parents=True, exist_ok=True)
    for leftover in (home.store, key_file(home), key_file(home).with_name(f"store.key.{ENTRY}")):
        leftover.unlink(missing_ok=True)
    create_key(home.folder / ENTRY, key_file(home).with_name(f"store.key.{ENTRY}"))
    store = open_branch_store(home.store, create_key(home.store, key_file(home)))
    _hasten(store)
    prepare_store(store)
    _write(store, home)
    add_patients(store, patients)
    before, begun = home.store.stat().st_size, time.perf_counter()
    build_search(store)
    taken = time.perf_counter() - begun
    store.close()
    return {"index_s": taken, "index_bytes": home.store.stat().st_size - before}


def _hasten(store: Store) -> None:
    """Let a store be filled without waiting for the disk: if that is cut off, it is made anew."""

    def hasten(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute("PRAGMA cache_size = -600000")
        cursor.close()

    store.engine.dispose()
    event.listen(store.engine, "connect", hasten)


def build_search(store: Store) -> None:
    """Build the search index as a workstation has it; the few names of invented people are spelled once each."""
    from domain.people import search_terms
    from sync.search import SearchIndex

    bounded = search_terms._name_terms
    search_terms._name_terms = functools.cache(bounded.__wrapped__)
    try:
        SearchIndex().rebuild(store)
    finally:
        search_terms._name_terms = bounded


def _write(store: Store, home: Home) -> None:
    rows = [
        Organization(
            id=ORG, org_id=ORG, code="B01", name="滨江分院", kind=OrganizationKind.BRANCH, ver=1,
        ),
        Staff(
            id=new_id(), org_id=ORG, login=LOGIN, name="周敏", role="nurse", password_hash=hash_password(PASSWORD),
            password_set_at=datetime.now(UTC), must_change=False, active=True, ver=1,
        ),
    ]  # fmt: skip
    insert_records(store, rows)
    with store.write() as connection:
        connection.execute(
            installation.insert(),
            {"id": 1, "device_id": new_id(), "epoch": 1, "org_id": ORG, "name": "前台一", "server": "",
             "number_prefix": "101", "db_nonce": base64.b16encode(bytes(16)).decode()},
        )  # fmt: skip


def insert_records(store: Store, records: list) -> None:
    """Write rows as sync would have brought them: no log entry of this device."""
    with store.write() as connection:
        for record in records:
            columns = all_columns(type(record))
            marks = ", ".join("?" * len(columns))
            connection.exec_driver_sql(
                f"INSERT INTO {record.record_info.entity} ({', '.join(columns)}) VALUES ({marks})",
                stored_values(record),
            )


def add_patients(store: Store, count: int, *, seed: int = 1, start: int = 0) -> None:
    """Add invented clients, all of them different."""
    chance = random.Random(seed)  # noqa: S311  (invented people)
    columns = all_columns(Patient)
    sql = f"INSERT INTO patient ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    for first in range(start, start + count, 20_000):
        rows = [_patient(chance, n) for n in range(first, min(first + 20_000, start + count))]
        with store.write() as connection:
            connection.exec_driver_sql(sql, rows)


def _patient(chance: random.Random, number: int) -> tuple:
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(25_000))
    name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
    return stored_values(
        Patient(
            id=new_id(), org_id=ORG, number=f"P101{number:07d}", name=name, sex=chance.choice((Sex.MALE, Sex.FEMALE)),
            birth_date=born, id_type="01", id_number=make_id("330106", born, number % 1000),
            phone=f"13{number % 10}{chance.randrange(10**8):08d}", ver=1,
        )
    )  # fmt: skip
