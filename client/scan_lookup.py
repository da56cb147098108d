"""What a scanned text is: a tube, a visit, a client, a box, a report, a badge, or a citizen's number.

Each is one look into a unique index, within the reader's scope; a code of ours that belongs to somebody else's
branch is as unknown as a foreign one.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from client.ports import Scanned
from domain.biobank.records import Specimen, StorageContainer
from domain.checkup.records import Report, Visit
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.record import Record
from domain.kernel.store import Store
from domain.kernel.worklists import records
from domain.people.idnumber import normalise, read_id
from domain.people.records import Patient, Staff

NUMBERS: tuple[tuple[type[Record], str], ...] = (
    (Specimen, "number"),
    (Visit, "number"),
    (Patient, "number"),
    (StorageContainer, "code"),
    (Report, "number"),
    (Patient, "card_no"),
    (Staff, "card_no"),
)
ID_LENGTHS = (15, 18)


def lookup_in(store: Store, today: Callable[[], Any]) -> Callable[[Actor, str], Scanned]:
    """Return the lookup of a store; `today` gives the clinic's day, for the check of a citizen's number."""

    def lookup(actor: Actor, text: str) -> Scanned:
        code = text.strip()
        with store.read() as connection:
            return _numbered(connection, actor, code) or _citizen(connection, actor, code, today())

    return lookup


def _numbered(connection: Connection, actor: Actor, code: str) -> Scanned | None:
    for kind, column in NUMBERS:
        found = records(connection, actor, kind, kind.__table__.c[column] == code, limit=1)
        if found:
            return Scanned(kind.record_info.entity, code, found[0].id, f"{kind.record_info.label} {code}")
    return None


def _citizen(connection: Connection, actor: Actor, code: str, today: Any) -> Scanned:
    if len(code) not in ID_LENGTHS:
        return Scanned("unknown", code)
    number = normalise(code)
    known = records(connection, actor, Patient, Patient.id_number == number, limit=1)
    if known:
        return Scanned("patient", code, known[0].id, f"{Patient.record_info.label} {known[0].number}")
    try:
        read_id(number, today=today)
    except DomainError:
        return Scanned("unknown", code)
    return Scanned("id_number", number)


def join_scans(desk: Any) -> None:
    """Join the lookup to a desk: a part of `client.desk.INSTALLED`."""
    from domain.kernel.clock import clinic

    desk.scan_lookup = lookup_in(desk.store, lambda: clinic(desk.clock()).date())
