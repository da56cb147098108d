"""Consents that are being signed on phones."""

from sqlalchemy import select

from domain.consent.remote_commands import AnswerRemoteConsent, CloseRemoteConsent
from domain.consent.remote_records import RemoteConsent
from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.studies.records import Study
from domain.studies.subject_records import StudySubject


@worklist("consent.remote", "远程签署", permission="consent.view", record=RemoteConsent, order="due_at")
def remote() -> Query:
    """What was sent to phones, what waits for somebody first; a row that was signed opens the page to witness it."""
    r = RemoteConsent
    return (
        select(
            StudySubject.number.label("subject"), Study.code.label("study"), Patient.name.label("client"),
            r.signer_name, r.relation, r.version, r.state, r.due_at, r.question, r.answer, r.signed_at, r.sent_at,
            r.sent_name, r.reason,
        )
        .join(StudySubject, StudySubject.id == r.subject_id)
        .join(Study, Study.id == r.study_id)
        .outerjoin(Patient, Patient.id == r.patient_id)
    )  # fmt: skip


remote.offers(AnswerRemoteConsent, CloseRemoteConsent)
remote.opens("consent")
