"""What a scanned text is: a tube, a visit, a client, a report, a box or a person's card, found by whole numbers."""

import dataclasses
import functools
import unicodedata
from datetime import date
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Table, bindparam, literal, select, union_all

from domain.biobank.numbers import is_specimen_number
from domain.biobank.records import Specimen, StorageContainer
from domain.checkup.records import Report, Visit
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import Record, record_classes
from domain.people.idnumber import read_id
from domain.people.records import Patient, Staff

_SOURCES: tuple[tuple[type[Record], str], ...] = (
    (Specimen, "number"),
    (Visit, "number"),
    (Patient, "number"),
    (Patient, "id_number"),
    (Patient, "card_no"),
    (Report, "number"),
    (StorageContainer, "code"),
    (Staff, "card_no"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class ScanTarget:
    """What was scanned.

    `kind` is the entity found (``specimen``, ``visit``, ``patient``, ``report``, ``storage_container``, ``staff``);
    ``specimen`` without a record for a valid number of a tube that is not in this store; ``id_number`` for a citizen
    number nobody has; ``unknown`` for anything else. `text` is the number in its stored form.
    """

    kind: str
    text: str
    record_id: Id | None = None
    label: str = ""


def route_scan(connection: Connection, text: str, actor: Actor) -> ScanTarget:
    """Return what a scanned or typed number is, within the actor's scope: one look into each unique index.

    Raises:
        DomainError: ``scan.several`` when two kinds of record carry this number; the person has to choose.
    """
    forms = spellings(text)
    found: dict[Id, ScanTarget] = {}
    for row in connection.execute(_statement(), {"forms": forms}):
        if actor.sees(row.org_id):
            label = record_classes()[row.kind].record_info.label
            found[row.id] = ScanTarget(row.kind, row.text, row.id, label)
    if len(found) > 1:
        raise DomainError("scan.several", text=forms[0], kinds="、".join(t.label for t in found.values()))
    return next(iter(found.values())) if found else _of_nobody(forms[-1])


@functools.cache
def _statement() -> "CompoundSelect[Any]":
    """Return one statement that looks into every index of numbers."""
    parts = []
    for kind, field in _SOURCES:
        table: Table = kind.__table__  # type: ignore[assignment]
        text = table.c[field]
        entity = literal(kind.record_info.entity).label("kind")
        wanted = select(entity, table.c.id, table.c.org_id, text.label("text"))
        parts.append(wanted.where(text.in_(bindparam("forms", expanding=True))))
    return union_all(*parts)


def spellings(text: str) -> list[str]:
    """Return the forms a number may be stored in: as scanned, in capitals, and without spaces and hyphens."""
    plain = unicodedata.normalize("NFKC", text).strip()
    bare = "".join(plain.upper().split()).replace("-", "")
    return list(dict.fromkeys([plain, plain.upper(), bare]))


def _of_nobody(number: str) -> ScanTarget:
    if is_specimen_number(number):
        return ScanTarget(Specimen.record_info.entity, number, None, Specimen.record_info.label)
    try:
        read_id(number, today=date.max)
    except DomainError:
        return ScanTarget("unknown", number)
    return ScanTarget("id_number", number)
