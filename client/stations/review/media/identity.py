"""Whether what a file says of its client fits the case, read off the UI thread. No Qt."""

from typing import Any

from sqlalchemy import select

from client.stations.review.case import Case
from domain.checkup.image_identity import Match, Shown, Verdict, compare
from domain.checkup.image_reading import shown_of
from domain.checkup.records import Visit
from domain.people.records import Patient
from forms.imaging.shapes import Facts


def read_shown(desk: Any, case: Case) -> Shown | None:
    """Return what images of a case are compared with; None where its rows are gone."""
    patient, visit = Patient.__table__, Visit.__table__
    with desk.store.read() as connection:
        person = connection.execute(select(patient).where(patient.c.id == case.patient_id)).one_or_none()
        opened = connection.execute(select(visit).where(visit.c.id == case.visit_id)).one_or_none()
        return None if person is None or opened is None else shown_of(connection, person, opened)


def verdict_on(shown: Shown | None, facts: Facts | None) -> Verdict:
    """Return the verdict on a file; photos and PDFs say nothing of their client and are taken as filed."""
    if facts is None or facts.kind in {"photo", "pdf"}:
        return Verdict(Match.SAME)
    if shown is None:
        return Verdict(Match.UNSURE)
    return compare(
        shown, patient_id=facts.patient_id, name=facts.patient_name, birth_date=facts.birth_date, sex=facts.sex,
        accession=facts.accession, study_uid=facts.study_uid,
    )  # fmt: skip
