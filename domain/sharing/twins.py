"""The same person at another site: by the identity number, or because somebody confirmed it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, or_, select

from domain.interop.one_person import in_force
from domain.interop.person_records import SamePerson
from domain.kernel.ids import Id, stable_id
from domain.people.records import Patient


def shared_id(source_id: Id, other_id: Id) -> Id:
    """Return the id of what the site of `other_id` has of `source_id`."""
    return stable_id("shared_portrait", source_id, other_id)


def twins(connection: Connection, patient_id: Id) -> list[Any]:
    """Return (id, org_id, number) of a person's records at other sites."""
    p, s = Patient.__table__.c, SamePerson.__table__.c
    own = connection.execute(select(p.org_id, p.id_number).where(p.id == patient_id)).one_or_none()
    if own is None:
        return []
    linked: set[Id] = set()
    query = select(s.patient_id, s.other_id).where(
        or_(s.patient_id == patient_id, s.other_id == patient_id), in_force()
    )
    for row in connection.execute(query):
        linked |= {row.patient_id, row.other_id}
    same: Iterable[Any] = (p.id.in_(linked),)
    if own.id_number:
        same = (*same, p.id_number == own.id_number)
    query = select(p.id, p.org_id, p.number).where(or_(*same), p.id != patient_id, p.org_id != own.org_id)
    return list(connection.execute(query.order_by(p.id)).all())
