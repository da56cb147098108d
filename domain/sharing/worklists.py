"""Agreements to be known at other sites, and what other sites know of this one's clients."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.people.worklists import clients
from domain.sharing.commands import EndSharing, ShareRecord
from domain.sharing.records import RecordSharing, SharedPortrait

clients.offers(ShareRecord)


@worklist("people.sharings", "跨院区共享授权", permission="people.view", record=RecordSharing, order="-since")
def sharings() -> Query:
    """Who agreed that the group's other sites see portrait and tags, until when, and who ended it."""
    s = RecordSharing
    return select(
        Patient.name, Patient.number.label("patient_number"), s.agreed, s.basis, s.since, s.until, s.noted_name,
        s.ended_at, s.ended_reason,
    ).join(Patient, Patient.id == s.patient_id)  # fmt: skip


sharings.offers(EndSharing)


@worklist(
    "people.shared", "他院区健康画像", permission="risk.view", record=SharedPortrait, order="-updated_at"
)
def shared() -> Query:
    """What other sites of the group know of our clients who agreed; Enter shows the portrait."""
    s = SharedPortrait
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), s.source_site, s.source_number, s.colour, s.tags,
            s.findings, s.last_visit, s.updated_at,
        )
        .join(Patient, Patient.id == s.patient_id)
        .where(s.valid.is_(True))
    )  # fmt: skip


shared.opens("portrait")
