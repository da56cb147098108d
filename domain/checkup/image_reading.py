"""What a case knows of its client and its images, read from the store for `image_identity.compare`."""

from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.image_identity import Shown
from domain.interop.order_records import ImagingStudy
from domain.people.records import Sex


def shown_of(connection: Connection, patient: Any, visit: Any) -> Shown:
    """Return what images of a visit are compared with.

    Args:
        connection: An open read.
        patient: The row of the client.
        visit: The row of the visit.
    """
    study = ImagingStudy.__table__
    told = connection.execute(
        select(study.c.study_uid, study.c.accession, study.c.visit_number).where(study.c.visit_id == visit.id)
    ).all()
    numbers = {patient.number, patient.id_number, visit.number, *(row.accession for row in told)}
    return Shown(
        name=patient.name,
        sex=Sex(patient.sex),
        birth_date=patient.birth_date,
        numbers=frozenset(n for n in numbers if n),
        study_uids=frozenset(row.study_uid for row in told if row.study_uid),
    )
