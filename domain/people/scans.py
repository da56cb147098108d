"""The one rule for what a scanned text is: a tube, a visit, a client, a report, a box, a card; by whole numbers.

Stations and lists never decide it again: they say which kinds they take (`client.station.Station.scans`,
`domain.biobank.bench.TAKES`) and get a `Scanned`.
"""

import functools
import hashlib
import re
import unicodedata
from datetime import date
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Table, bindparam, literal, select, union_all

from domain.biobank.bench import read_card
from domain.biobank.numbers import is_specimen_number, looks_like_specimen_number
from domain.biobank.records import Specimen, StorageContainer
from domain.checkup.numbers import is_damaged_visit_number
from domain.checkup.records import Report, Visit
from domain.checkup.sheets import looks_like_sheet, read_sheet_code
from domain.kernel.authority import Actor
from domain.kernel.clients import visible
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import Record, record_classes
from domain.links.records import LinkPurpose, PersonLink
from domain.people.idnumber import read_id
from domain.people.records import Patient, Staff
from domain.people.scanned import BENCH_CARD, FORM_LINK, FORM_SHEET, ID_NUMBER, SEVERAL, UNKNOWN, Scanned

NUMBERS: tuple[tuple[type[Record], str, str | None], ...] = (
    (Specimen, "number", "number"),
    (Visit, "number", "number"),
    (Patient, "number", "number"),
    (Patient, "id_number", "number"),
    (Patient, "card_no", "number"),
    (Report, "number", "number"),
    (StorageContainer, "code", "code"),
    (Staff, "card_no", None),
)
"""Record, the column that is scanned, and the column a person tells two records apart by (None: the kind will do)."""
ID_LENGTH = 18
_PRODUCT = re.compile(r"[0-9]{13}", re.ASCII)
_LINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_OURS = re.compile(r"https?://[^/?#\s]+(?:/[^/?#\s]+)*/p/([A-Za-z0-9_-]{16,64})/?", re.IGNORECASE | re.ASCII)
"""Where a link of ours leads, at whatever address the centre has; the secret is its end."""


def route_scan(connection: Connection, text: str, actor: Actor, *, today: date) -> Scanned:
    """Return what a scanned or typed number is, within the actor's scope: one look into each unique index.

    A code of ours that belongs to somebody else's branch is as unknown as a foreign one.

    Args:
        connection: To the store.
        text: As scanned or typed; spaces, hyphens, small letters and full-width forms are understood.
        actor: Whose scope counts.
        today: The clinic's day, for the check of a citizen's number.
    """
    if looks_like_sheet(text):
        return _sheet(connection, text, actor)
    if (link := _OURS.fullmatch(unicodedata.normalize("NFKC", text).strip())) is not None:
        return _link(connection, link[1], actor)
    forms = spellings(text)
    found: dict[Id, Scanned] = {}
    for row in holders(connection, text, actor):
        if row.id not in found:
            label = f"{record_classes()[row.kind].record_info.label} {row.shown}".strip()
            found[row.id] = Scanned(row.kind, row.text, row.id, label)
    if len(found) > 1:
        return Scanned(SEVERAL, forms[0], choices=tuple(found.values()))
    return next(iter(found.values())) if found else _of_nobody(forms, today)


def holders(connection: Connection, text: str, actor: Actor) -> list[Any]:
    """Return the records in the actor's scope that a scan of `text` names.

    Each has ``kind`` (its entity), ``field``, ``id``, ``text`` (the number as stored) and ``shown`` (what a person
    tells it by).
    """
    rows = connection.execute(_statement(), {"forms": spellings(text)})
    return [
        row
        for row in rows
        if actor.sees(row.org_id) and visible(connection, actor, record_classes()[row.kind], row.id)
    ]


def _sheet(connection: Connection, text: str, actor: Actor) -> Scanned:
    """Return the client whose printed form was scanned; `text` stays the code, which names form and version."""
    code = read_sheet_code(text)
    if code is None:
        return Scanned(UNKNOWN, text.strip(), reason="scan.damaged_sheet")
    entity = Patient.record_info.entity
    found = [
        row for row in holders(connection, code.number, actor) if row.kind == entity and row.field == "number"
    ]
    if not found:
        return Scanned(UNKNOWN, code.number, reason="scan.sheet_of_nobody")
    return Scanned(FORM_SHEET, text.strip(), found[0].id, f"纸质问卷 {code.number}")


def _link(connection: Connection, secret: str, actor: Actor) -> Scanned:
    """Return the link by which a form was handed to a phone; whether it may still be used is for whoever opens it."""
    table = PersonLink.__table__
    digest = hashlib.sha256(secret.encode()).hexdigest()
    query = select(table.c.id, table.c.org_id, table.c.purpose).where(table.c.token_sha256 == digest)
    row = connection.execute(query).first()
    if row is None or not actor.sees(row.org_id):
        return Scanned(UNKNOWN, "", reason="scan.link_of_nobody")
    if row.purpose != LinkPurpose.FORM:
        return Scanned(UNKNOWN, "", reason="scan.link_for_phone")
    return Scanned(FORM_LINK, "", row.id, PersonLink.record_info.label)


@functools.cache
def _statement() -> "CompoundSelect[Any]":
    """Return one statement that looks into every index of numbers."""
    parts = []
    for kind, field, shown in NUMBERS:
        table: Table = kind.__table__  # type: ignore[assignment]
        text = table.c[field]
        entity = literal(kind.record_info.entity).label("kind")
        which = literal(field).label("field")
        told = (literal("") if shown is None else table.c[shown]).label("shown")
        wanted = select(entity, which, table.c.id, table.c.org_id, text.label("text"), told)
        parts.append(wanted.where(text.in_(bindparam("forms", expanding=True))))
    return union_all(*parts)


def spellings(text: str) -> list[str]:
    """Return the forms a number may be stored in: as scanned, in capitals, and without spaces and hyphens."""
    plain = unicodedata.normalize("NFKC", text).strip()
    bare = "".join(plain.upper().split()).replace("-", "")
    return list(dict.fromkeys([plain, plain.upper(), bare]))


def _of_nobody(forms: list[str], today: date) -> Scanned:
    plain, number = forms[0], forms[-1]
    if is_specimen_number(number):
        return Scanned(Specimen.record_info.entity, number, None, f"{Specimen.record_info.label} {number}")
    if read_card(plain) is not None:
        return Scanned(BENCH_CARD, plain)
    if len(number) == ID_LENGTH and number[:-1].isdigit():
        try:
            read_id(number, today=today)
        except DomainError:
            return Scanned(UNKNOWN, plain, reason="scan.bad_id_number")
        return Scanned(ID_NUMBER, number)
    return Scanned(UNKNOWN, plain, reason=_why_unknown(plain, number))


def _why_unknown(plain: str, number: str) -> str:
    if looks_like_specimen_number(number):
        return "scan.damaged_number"
    if is_damaged_visit_number(number):
        return "scan.damaged_visit_number"
    if _PRODUCT.fullmatch(number) and _ean13(number):
        return "scan.product_code"
    return "scan.link" if _LINK.match(plain) else "scan.unknown"


def _ean13(code: str) -> bool:
    """Tell whether the last of 13 digits is the check digit of a trade item (GS1 General Specifications 7.9)."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10 == 0
