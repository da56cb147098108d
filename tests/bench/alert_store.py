"""An encrypted branch store with many clients, open tasks with their timers, and open alerts, put in by the row."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table

from domain.alerts.receivers import receiver_table
from domain.alerts.records import Alert
from domain.alerts.situations import timer_table
from domain.checkup.records import CriticalValue
from domain.kernel.columns import to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.store import Store
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.scales.records import FormTask

ORG, DEVICE = uuid.UUID(int=0xB1), uuid.UUID(int=0xD1)
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ROLES = ("nurse", "physician", "health_manager", "department_head")
AT_ONCE = 10_000


def number(kind: int, place: int) -> uuid.UUID:
    """Return the id of the `place`-th row of a kind; ids of a kind rise, as those made in time do."""
    return uuid.UUID(int=(0x019A << 112) | (kind << 96) | place)


def fill(store: Store, *, clients: int, tasks: int, alerts: int) -> None:
    """Put clients, tasks that wait for weeks, their timers, and alerts that nobody has dealt with."""
    _insert(store, Patient.__table__, _clients(clients))  # type: ignore[arg-type]
    _insert(store, FormTask.__table__, _tasks(tasks, clients))  # type: ignore[arg-type]
    _insert(store, timer_table(), _timers(tasks))
    _insert(store, Alert.__table__, _alerts(alerts, clients))  # type: ignore[arg-type]
    _insert(store, receiver_table(), _receivers(alerts))


def _insert(store: Store, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Put rows into a table with its indexes and triggers off, which are made again over all of them."""
    with store.write() as connection:
        cursor = connection.connection.cursor()
        made = cursor.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger')"
            " AND sql IS NOT NULL",
            (table.name,),
        ).fetchall()
        for kind, name, _sql in made:
            cursor.execute(f'DROP {kind} "{name}"')
        for some in _parts(rows):
            columns, marks = ", ".join(f'"{n}"' for n in some[0]), ", ".join("?" * len(some[0]))
            cursor.executemany(
                f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})',
                [tuple(row.values()) for row in some],
            )
        for _kind, _name, sql in made:
            cursor.execute(sql)


def _parts(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _clients(count: int) -> Iterator[dict[str, Any]]:
    for place in range(count):
        yield {
            "id": number(1, place).bytes, "org_id": ORG.bytes, "ver": 1, "number": f"1010{place:08}",
            "name": f"客户{place}", "sex": "1", "birth_date": f"{1940 + place % 60}-01-01", "id_type": "01",
        }  # fmt: skip


def _tasks(count: int, clients: int) -> Iterator[dict[str, Any]]:
    issued = to_microseconds(NOW)
    for place in range(count):
        since = issued - place % 86_400 * 1_000_000
        yield {
            "id": number(2, place).bytes, "org_id": ORG.bytes, "ver": 1,
            "patient_id": number(1, place % clients).bytes, "form": "gad7", "form_version": "1.0.0",
            "issued_at": since, "state": "issued", "state_since": since, "due_at": since + 30 * 86_400_000_000,
        }  # fmt: skip


def _timers(count: int) -> Iterator[dict[str, Any]]:
    issued = to_microseconds(NOW)
    for place in range(count):
        since = issued - place % 86_400 * 1_000_000
        yield {
            "rule": "A-062", "record_id": number(2, place).bytes, "entity": "form_task", "occasion": str(since),
            "org_id": ORG.bytes, "fire_at": since + 30 * 86_400_000_000,
        }  # fmt: skip


def _alerts(count: int, clients: int) -> Iterator[dict[str, Any]]:
    opened = to_microseconds(NOW)
    for place in range(count):
        at = opened - place * 1_000_000
        yield {
            "id": uuid.uuid5(ORG, str(place)).bytes, "org_id": ORG.bytes, "ver": 1, "rule": f"A-{place % 100 + 1:03}",
            "name": f"预警{place % 100}", "rule_version": 1, "severity": _severity(place), "subject": "patient",
            "subject_id": number(1, place % clients).bytes, "patient_id": number(1, place % clients).bytes,
            "summary": "需要处理", "facts": "{}", "receivers": f'["{ROLES[place % 4]}"]', "step": 0, "opened_at": at,
            "state": "open", "state_since": at, "due_at": opened + 30 * 86_400_000_000, "revision": 0,
        }  # fmt: skip


def _severity(place: int) -> str:
    return "urgent" if place % 50 == 0 else "important" if place % 3 == 0 else "general"


def _receivers(count: int) -> Iterator[dict[str, Any]]:
    ranks = {"urgent": 0, "important": 1, "general": 2}
    opened = to_microseconds(NOW)
    for place in range(count):
        yield {
            "role": ROLES[place % 4], "alert_id": uuid.uuid5(ORG, str(place)).bytes, "org_id": ORG.bytes,
            "rank": ranks[_severity(place)], "opened_at": opened - place * 1_000_000,
        }  # fmt: skip


def change(desk: Dispatcher, actor: Any, count: int, *, tasks: int, clients: int, seed: int) -> None:
    """Make `count` changes, an entry of the log each: six of ten new tasks, three handed in, one a critical value."""
    with desk.store.write() as connection:
        for place in range(count):
            work = UnitOfWork(connection, actor, now=desk.clock(), new_id=desk.ids)
            client = number(1, (seed + place * 97) % clients)
            if place % 10 < 6:
                work.add(_task(desk, client))
            elif place % 10 < 9:
                task = work.require(FormTask, number(2, (seed + place * 89) % tasks))
                task.state, task.state_since, task.due_at = "handed_in", desk.clock(), None
            else:
                work.add(_critical(desk, client))
            work.commit_entry("bench.change", txn_id=desk.ids())
            work.close()


def _task(desk: Dispatcher, client: uuid.UUID) -> FormTask:
    return FormTask(
        patient_id=client, form="gad7", form_version="1.0.0", issued_at=desk.clock(), state="issued",
        state_since=desk.clock(), due_at=desk.clock() + 7 * DAY,
    )  # fmt: skip


def _critical(desk: Dispatcher, client: uuid.UUID) -> CriticalValue:
    return CriticalValue(
        patient_id=client, visit_id=desk.ids(), observation_id=desk.ids(), label="钾", value_text="6.8 mmol/L",
        level=1, unverified=False, state="reported", state_since=desk.clock(),
        due_at=desk.clock() + timedelta(minutes=30),
    )  # fmt: skip
