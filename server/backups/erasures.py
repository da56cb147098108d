"""Who was erased by law, kept beside the backups: a backup made before has the person still.

The list names nobody: entities and ids of records, and when they were erased; it is sealed like a backup. Whoever
puts a backup back lays the list into the home before the store gets its name, and what is on it is erased again
before anybody may look, also if the restore was cut off in between.
"""

import uuid
from collections.abc import Iterable
from pathlib import Path

import msgspec
from sqlalchemy import func, select

from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Follower
from domain.kernel.store import Store
from domain.people.erasure import ErasePatient
from domain.people.records import Patient
from server.backups.shelf import Shelf
from sync.blobs import sync_directory
from sync.local_tables import erased_record

BESIDE = "erasures"
DUE = "erasures-due.json"
FIRST = {"audit", "erasure"}
"""Readers of the log that have to have followed before a person is gone from it."""
_AT_ONCE = 400

Erased = tuple[str, str, int]
"""Entity, id (hexadecimal), moment (microseconds UTC)."""


def erased_count(store: Store) -> int:
    """Return how many records were erased, for who wants to know whether there is news."""
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(erased_record)).scalar() or 0


def note_erasures(store: Store, shelves: Iterable[Shelf]) -> int:
    """Write the list beside the backups of each shelf; what is on it stays on it. Returns how many records."""
    columns = (erased_record.c.entity, erased_record.c.record_id, erased_record.c.at)
    with store.read() as connection:
        here = {(e, i.hex, at) for e, i, at in connection.execute(select(*columns))}
    for shelf in shelves:
        there = set(listed(shelf))
        if here - there or not there:
            shelf.seal_beside(BESIDE, msgspec.json.encode(sorted(here | there)))
    return len(here)


def listed(shelf: Shelf) -> list[Erased]:
    """Return the list beside the backups of a shelf, empty if there is none; raises as `Shelf.manifest`."""
    content = shelf.read_beside(BESIDE)
    return [] if content is None else msgspec.json.decode(content, type=list[Erased])


def leave_due(shelf: Shelf, home: Path) -> None:
    """Lay into a home that is being put back what has to be erased in it again."""
    patients = [one for one in listed(shelf) if one[0] == "patient"]
    if patients:
        (home / DUE).write_bytes(msgspec.json.encode(patients))
        sync_directory(home)


def erase_again(
    home: Path, store: Store, dispatcher: Dispatcher, actor: Actor, followers: Iterable[Follower]
) -> int:
    """Erase whom a backup that was put back has still; returns how many. Nothing to do in a home without a list."""
    path = home / DUE
    if not path.exists():
        return 0
    due = {
        uuid.UUID(record_id): at
        for _, record_id, at in msgspec.json.decode(path.read_bytes(), type=list[Erased])
    }
    found = []
    with store.read() as connection:
        ids = list(due)
        for start in range(0, len(ids), _AT_ONCE):
            query = select(Patient.id, Patient.number).where(Patient.id.in_(ids[start : start + _AT_ONCE]))
            found += connection.execute(query).all()
    for patient_id, number in found:
        day = f"{clinic(from_microseconds(due[patient_id])):%Y-%m-%d}"
        basis = f"{day} 已依法删除；恢复的备份早于删除，重新执行"
        dispatcher.run(ErasePatient(patient_id=patient_id, basis=basis, confirm_number=number), actor)
    for follower in followers:
        if follower.name in FIRST:
            follower.catch_up()
    path.unlink()
    return len(found)
