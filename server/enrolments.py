"""Answering an enrolment again: a workstation whose answer was lost asks with the same code and the same key."""

from sqlalchemy import select

from domain.kernel.store import Store
from domain.people.enrolment_commands import Enrolled, digest_of
from domain.people.records import EnrolmentCode, Organization, Workstation


def answered_before(store: Store, code: str, public_key: str) -> Enrolled | None:
    """Return the identity that this code gave to the holder of this key, None if it gave none or another's.

    Nothing is told that would help a thief of the code: without the private key the identity is of no use.
    """
    codes, stations = EnrolmentCode.__table__, Workstation.__table__
    organizations = Organization.__table__
    query = (
        select(stations, organizations.c.name.label("org_name"))
        .join(codes, codes.c.workstation_id == stations.c.id)
        .join(organizations, organizations.c.id == stations.c.org_id)
        .where(
            codes.c.digest == digest_of(code),
            stations.c.public_key == public_key,
            stations.c.revoked_at.is_(None),
        )
    )
    with store.read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Enrolled(row.id, row.org_id, row.org_name, row.epoch, row.number_prefix)
