"""One person with several records: which belong together, and how a reader asks for all of them.

A confirmed merge moves nothing. What was recorded stays under the record it was made for, signed and sealed as it is;
the records lead to each other (`SamePerson`), and readers ask for the rows of all of them with `of_person`. So what a
workstation that was offline sends later for the record that was given up belongs to the person at once, wherever the
link is by then, and taking the link back (`SamePersonEnded`) separates what was never mixed. Records of different
organisations are not read together: what one site may know of another's is a matter of consent (`domain.sharing`).
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, exists, select

from domain.interop.person_records import SamePerson, SamePersonEnded
from domain.kernel.change_log import Entry
from domain.kernel.disputes import Beside, safety_columns, source
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.prepared import Among, Prepared
from domain.kernel.record import Record
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

R = TypeVar("R", bound=Record)

_S, _E = SamePerson.__table__, SamePersonEnded.__table__
LINKS = frozenset({"same_person", "same_person_ended"})
MOST = 20
"""Steps from record to record that are followed; nobody has so many."""


def in_force() -> ColumnElement[bool]:
    """Return the condition of `SamePerson` that nobody has taken back."""
    return ~exists(select(_E.c.id).where(_E.c.link_id == _S.c.id))


class Link(NamedTuple):
    """A link in force: the record that stays, and the one that was given up for it."""

    confirmed_at: int
    id: bytes
    patient_id: Id
    other_id: Id


def _leading(key: ColumnElement[Any]) -> Among:
    stays, other = Patient.__table__.alias(), Patient.__table__.alias()
    query = (
        select(_S.c.confirmed_at, _S.c.id, _S.c.patient_id, _S.c.other_id)
        .join(stays, stays.c.id == _S.c.patient_id)
        .join(other, other.c.id == _S.c.other_id)
        .where(stays.c.org_id == other.c.org_id, in_force())
    )
    return Among(query, key)


_FROM_AND_TO = (_leading(_S.c.patient_id), _leading(_S.c.other_id))


def links_of(connection: Connection, patient_ids: Collection[Id]) -> list[Link]:
    """Return the links in force from or to these records, of one organisation each, the oldest first.

    Every reader of a client's data asks this first, so its statements are made once.
    """
    ids = [one.bytes for one in patient_ids]
    rows = {row for leading in _FROM_AND_TO for row in leading.rows(connection, ids)}
    return [
        Link(at, own, uuid.UUID(bytes=stays), uuid.UUID(bytes=other))
        for at, own, stays, other in sorted(rows)
    ]


def records_of(connection: Connection, patient_id: Id) -> tuple[Id, ...]:
    """Return every record of the person whose record this is, itself first."""
    return persons(connection, [patient_id])[patient_id]


def persons(connection: Connection, patient_ids: Iterable[Id]) -> dict[Id, tuple[Id, ...]]:
    """Return of each record every record of its person, itself first; one look where nobody has several."""
    asked = list(dict.fromkeys(patient_ids))
    beside: dict[Id, set[Id]] = {}
    fresh, seen = set(asked), set(asked)
    for _ in range(MOST):
        if not fresh:
            break
        found: set[Id] = set()
        for link in links_of(connection, fresh):
            beside.setdefault(link.patient_id, set()).add(link.other_id)
            beside.setdefault(link.other_id, set()).add(link.patient_id)
            found |= {link.patient_id, link.other_id}
        fresh, seen = found - seen, seen | found
    return {one: (one, *sorted(_reached(one, beside) - {one})) for one in asked}


def with_links(connection: Connection, found: Collection[Id], entries: Iterable[Entry]) -> set[Id]:
    """Return these records, those that entries link or part, and every record of the persons they are.

    For readers of the log: what follows from facts follows from the facts of all records of a person.
    """
    people = {*found, *linked_in(entries)}
    return (
        {record for records in persons(connection, people).values() for record in records}
        if people
        else people
    )


def linked_in(entries: Iterable[Entry]) -> set[Id]:
    """Return the records that became one person's by these entries, or several persons' again."""
    return {
        uuid.UUID(bytes=change.fields[name])
        for entry in entries
        if any(touch.entity in LINKS for touch in entry.glance.changes)
        for change in entry.body.changes
        if change.entity in LINKS
        for name in ("patient_id", "other_id")
    }


def _reached(start: Id, beside: dict[Id, set[Id]]) -> set[Id]:
    found, waiting = {start}, [start]
    while waiting:
        for one in beside.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found


def who_stays(connection: Connection, patient_id: Id) -> Id:
    """Return the record that stays for a person: the one that was given up for no other."""
    at, passed = patient_id, {patient_id}
    for _ in range(MOST):
        stays = [link.patient_id for link in links_of(connection, [at]) if link.other_id == at]
        if not stays or stays[0] in passed:
            return at
        at = stays[0]
        passed.add(at)
    return at


def of_person(connection: Connection, column: Any, patient_id: Id) -> ColumnElement[bool]:
    """Return the condition that a row is the person's whose record this is, under whichever of their records."""
    ids = records_of(connection, patient_id)
    found: ColumnElement[bool] = column == patient_id if len(ids) == 1 else column.in_(ids)
    return found


def is_theirs(connection: Connection, patient_id: Id | None, person_id: Id) -> bool:
    """Return whether a row of one record is the person's whose other record this is; no look where it is the same."""
    return patient_id == person_id or (
        patient_id is not None and patient_id in records_of(connection, person_id)
    )


def require_theirs(work: UnitOfWork, kind: type[R], record_id: Id | None, field: str, person_id: Id) -> R:
    """Return a record that belongs to a person, under whichever of their records.

    Raises:
        DomainError: ``<entity>.unknown`` with `field`, also for one that is somebody else's.
    """
    found = work.require(kind, record_id, field)
    if not is_theirs(work.connection, getattr(found, "patient_id"), person_id):  # noqa: B009  (of any such record)
        raise DomainError(f"{kind.record_info.entity}.unknown", field=field, value=str(record_id))
    return found


def stays_in_lists(column: Any) -> ColumnElement[bool]:
    """Return the condition that a record was not given up for another: such lists show a person once."""
    return ~exists(select(_S.c.id).where(_S.c.other_id == column, in_force()))


@source
def said_by_other_records(connection: Connection, entity: str, record_ids: Collection[Id]) -> Beside:
    """Return what a person's other records say of safety (allergies) beside each record's own word."""
    if entity != "patient":
        return {}
    several = {one: ids[1:] for one, ids in persons(connection, record_ids).items() if len(ids) > 1}
    if not several:
        return {}
    table, names = Patient.__table__, sorted(safety_columns("patient"))
    wanted = {other for others in several.values() for other in others}
    query = select(table.c.id, *(table.c[name] for name in names)).where(table.c.id.in_(wanted))
    rows = {row.id: row for row in connection.execute(query)}
    found: Beside = {}
    for one, others in several.items():
        for name in names:
            values = [getattr(rows[other], name) for other in others if other in rows]
            if said := [value for value in values if value not in (None, "")]:
                found.setdefault(one, {})[name] = said
    return found


def person_rows(
    query: Prepared, connection: Connection, records: Sequence[Id], at: int, **more: Any
) -> list[tuple[Any, ...]]:
    """Return the rows of a prepared query by ``patient`` for every record of a person.

    Args:
        query: Ordered by time.
        connection: Of a store.
        records: All of the person (`records_of`).
        at: Place of the time in a row; the rows of several records are put in its order.
        more: Other parameters.
    """
    # In one order whichever record is asked: of results of the same moment both take the same for the latest.
    records = sorted(records)
    found = [row for one in records for row in query.rows(connection, patient=one.bytes, **more)]
    return found if len(records) == 1 else sorted(found, key=lambda row: row[at])
