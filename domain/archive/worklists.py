"""Health records over the sites one may see, and those that are not yet as the standard wants them."""

from sqlalchemy import select

from domain.archive.records import HealthArchive
from domain.interop.one_person import stays_in_lists
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization, Patient

VIEW = "people.view"


@worklist("people.archives", "健康档案", permission=VIEW, record=HealthArchive, order="-updated_at")
def archives() -> Query:
    """Every client's record: checkups, reports, hospital, receptions, talks and tags, at every site one may see."""
    return _archives()


@worklist("people.archive_gaps", "健康档案缺项", permission=VIEW, record=HealthArchive, order="-updated_at")
def gaps() -> Query:
    """Records that lack what a standard health record has, or hold results without a standard code."""
    return _archives().where(HealthArchive.missing.is_not(None))


def _archives() -> Query:
    a = HealthArchive
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), Organization.name.label("site_name"), a.missing,
            a.coded_percent, a.visits, a.last_visit, a.reports, a.hospital, a.last_hospital, a.receptions,
            a.last_reception, a.talks, a.last_talk, a.tags, a.results, a.coded, a.updated_at,
        )
        .join(Patient, Patient.id == a.patient_id)
        .where(stays_in_lists(a.patient_id))
        .outerjoin(Organization, Organization.id == a.org_id)
    )  # fmt: skip
