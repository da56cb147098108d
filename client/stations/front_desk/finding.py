"""Who stands at the desk: by card, number or name; and whose visit is open today. Plain reads, off the UI thread."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_

from domain.checkup.records import Visit
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.kernel.worklists import Filter, NamedRow, Pages, records, worklists
from domain.people.idnumber import normalise
from domain.people.records import Patient, Sex

LIKELY = 9
"""So many are shown: each has a number key."""
TODAY = 60
OPEN = ("registered", "arrived")


@dataclass(frozen=True, slots=True)
class Person:
    """A client as found: enough to tell two of one name apart."""

    patient_id: Id
    number: str
    name: str
    sex: Sex
    birth_date: date | None
    phone: str
    id_number: str


@dataclass(frozen=True, slots=True)
class TodaysVisit:
    """A visit of today that has not ended."""

    visit_id: Id
    number: str
    name: str
    sex: Sex
    state: str


def by_id_number(store: Store, actor: Actor, id_number: str) -> Person | None:
    """Return the client with this number."""
    found = _persons(store, actor, Patient.id_number == normalise(id_number))
    return found[0] if found else None


def by_id(store: Store, actor: Actor, patient_id: Id) -> Person | None:
    """Return a client by the record's id."""
    found = _persons(store, actor, Patient.id == patient_id)
    return found[0] if found else None


def likely_same(
    store: Store, actor: Actor, *, name: str, birth_date: date | None, phone: str = "", id_number: str = ""
) -> list[Person]:
    """Return clients who may be this one: same name and birth date, same mobile number, same identity number."""
    conditions = []
    if id_number:
        conditions.append(Patient.id_number == normalise(id_number))
    if name and birth_date:
        conditions.append((Patient.name == name) & (Patient.birth_date == birth_date))
    if phone:
        conditions.append(Patient.phone == phone)
    return _persons(store, actor, or_(*conditions)) if conditions else []


def search(store: Store, actor: Actor, text: str) -> list[Person]:
    """Return clients by archive number, identity number, mobile number, member card or the beginning of the name."""
    text = text.strip()
    if not text:
        return []
    plain = normalise(text)
    return _persons(
        store, actor,
        or_(
            Patient.number == plain, Patient.id_number == plain, Patient.phone == plain, Patient.card_no == plain,
            Patient.name.startswith(text, autoescape=True),
        ),
    )  # fmt: skip


def visit_on(store: Store, actor: Actor, patient_id: Id, day: date) -> Id | None:
    """Return the client's visit of a day, also one the checkup system announced."""
    with store.read() as connection:
        found = records(
            connection, actor, Visit, Visit.patient_id == patient_id, Visit.visit_date == day, limit=1
        )
    return found[0].id if found else None


def todays_visits(pages: Pages, actor: Actor, day: date) -> list[TodaysVisit]:
    """Return who is expected or here today, who came last first; nobody for who may not see the list."""
    listing = worklists()["checkup.visits"]
    if not actor.may(listing.permission):
        return []
    conditions = (Filter("visit_date", "eq", day), Filter("state", "in", OPEN))
    page = pages.page(listing, actor, filters=conditions, order="-number", limit=TODAY)
    names = [column.name for column in listing.columns]
    rows = [dict(zip(names, row.values, strict=True)) | {"id": row.id} for row in page.rows]
    return [TodaysVisit(r["id"], r["number"], r["name"], r["sex"], r["state"]) for r in rows]


def _persons(store: Store, actor: Actor, *where: object) -> list[Person]:
    with store.read() as connection:
        rows: Iterable[NamedRow] = records(connection, actor, Patient, *where, limit=LIKELY)
    return [
        Person(
            row.id,
            row.number,
            row.name,
            row.sex,
            row.birth_date,
            str(row.phone or ""),
            str(row.id_number or ""),
        )
        for row in rows
    ]


def born(text: str) -> date | None:
    """Return the day of ``19800501``, ``1980-05-01`` or ``1980.5.1``; None for anything else."""
    digits = text.strip().replace(".", "-").replace("/", "-")
    try:
        if digits.isascii() and digits.isdigit() and len(digits) == 8:
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        year, month, day = (int(part) for part in digits.split("-"))
        return date(year, month, day)
    except ValueError:
        return None


def day_of(moment: datetime) -> date:
    """Return the clinic's day of a time: a checkup at half past seven is not yesterday's."""
    return clinic(moment).date()
