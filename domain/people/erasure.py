"""Erasing a person by law: every record about them goes, at the centre and everywhere, and what is left says so.

The command deletes the client and whatever refers to them, directly or through other records, as the columns declare
it (`ref`). The deletion travels like any change; at each store a reader of the log then takes the values out of the
log, the tombstones and the files (`sync.erasing`). The audit keeps who erased which records, when and why.
"""

import functools
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, Table, select

from domain.kernel.columns import Id16
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import column_info, record_classes, shared_tables
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

ERASE = "patient.erase"
_CHUNK = 400
_BY_ENTITY = (("conflict", "record_id"), ("alert", "subject_id"), ("attachment", "subject_id"))
"""Columns that name a record of any kind; which kind stands beside them or does not matter, for ids are unique."""


@command(ERASE, "依法删除个人数据", permission="privacy.erase", place="centre")
class ErasePatient:
    """Delete everything about a person for good; only that it was done, by whom and why, is kept."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    basis: str = ask("依据", max_length=200)
    confirm_number: str = ask("再次输入客户编号", max_length=40)


@handles(ErasePatient)
def erase(order: ErasePatient, work: UnitOfWork) -> int:
    """Return how many records were erased.

    Raises:
        DomainError: ``patient.unknown``, or ``patient.erase_other``: the number is not this client's.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    if order.confirm_number.strip() != patient.number:
        raise DomainError("patient.erase_other", field="confirm_number")
    count = 0
    for entity, ids in concerning(work.connection, {"patient": {patient.id}}).items():
        kind = record_classes()[entity]
        for record_id in ids:
            record = work.get(kind, record_id)
            if record is not None:
                work.remove(record)
                count += 1
    work.note.update(basis=order.basis.strip(), count=count)
    return count


def concerning(connection: Connection, start: dict[str, set[Id]]) -> dict[str, set[Id]]:
    """Return, by entity, some records and every shared record that refers to them, however far removed."""
    found: dict[str, set[Id]] = defaultdict(set, {entity: set(ids) for entity, ids in start.items()})
    fresh = {entity: set(ids) for entity, ids in start.items()}
    while fresh:
        came: dict[str, set[Id]] = defaultdict(set)
        for entity, ids in fresh.items():
            for table, name in referring(entity):
                known = found[table.name]
                came[table.name] |= _rows(connection, table, name, ids) - known
        for entity, ids in came.items():
            found[entity] |= ids
        fresh = {entity: ids for entity, ids in came.items() if ids}
    return {entity: ids for entity, ids in found.items() if ids}


@functools.cache
def referring(entity: str) -> tuple[tuple[Table, str], ...]:
    """Return the (table, column) of every shared column that names a record of this kind."""
    found = []
    for table in shared_tables():
        for column in table.columns:
            info = column_info(column)
            named = isinstance(column.type, Id16) and info is not None and info.ref == entity
            if named or (table.name, column.name) in _BY_ENTITY:
                found.append((table, column.name))
    return tuple(found)


def _rows(connection: Connection, table: Table, name: str, ids: Iterable[Id]) -> set[Id]:
    wanted = list(ids)
    found: set[Id] = set()
    for start in range(0, len(wanted), _CHUNK):
        chosen = table.c[name].in_(wanted[start : start + _CHUNK])
        found |= set(connection.scalars(select(table.c.id).where(chosen)))
    return found
