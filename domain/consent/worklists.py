"""What is looked at: versions, consents, and whose seals are known here."""

from sqlalchemy import select

from domain.consent.commands import TakeBackConsent
from domain.consent.records import Consent, ConsentDocument, SealAuthority
from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.studies.records import Study
from domain.studies.subject_records import StudySubject

VIEW = "consent.view"


@worklist(
    "consent.documents", "知情同意书版本", permission=VIEW, record=ConsentDocument, order="-published_at"
)
def documents() -> Query:
    """Every version, the newest first."""
    d = ConsentDocument
    return select(
        Study.code.label("study"), d.version, d.title, d.uses, d.valid_days, d.renews, d.approval, d.published_at,
        d.published_name,
    ).join(Study, Study.id == d.study_id)  # fmt: skip


@worklist("consent.consents", "知情同意", permission=VIEW, record=Consent, order="-signed_at")
def consents() -> Query:
    """Who agreed to what, the latest first."""
    c = Consent
    return (
        select(
            c.signed_at, StudySubject.number.label("subject"), Patient.name.label("client"), c.version, c.uses, c.way,
            c.signer_name, c.relation, c.witness_name, c.expires_at, c.outdated, c.state, c.due_at,
        )
        .join(StudySubject, StudySubject.id == c.subject_id)
        .outerjoin(Patient, Patient.id == c.patient_id)
    )  # fmt: skip


consents.offers(TakeBackConsent)
consents.opens("consent")


@worklist("consent.waiting", "待签知情同意", permission=VIEW, record=StudySubject, order="-enrolled_at")
def waiting() -> Query:
    """Subjects without a consent that counts: a row opens the page to sign on."""
    s = StudySubject
    return (
        select(
            s.number, Study.code.label("study"), Patient.name.label("client"), s.consent, s.enrolled_at
        )
        .join(Study, Study.id == s.study_id)
        .outerjoin(Patient, Patient.id == s.patient_id)
        .where(s.state == "enrolled", s.consent != "signed")
    )  # fmt: skip


waiting.opens("consent")


@worklist("consent.authorities", "签章证书颁发者", permission=VIEW, record=SealAuthority, order="-made_at")
def authorities() -> Query:
    """Whose seals can be verified here."""
    a = SealAuthority
    return select(a.name, a.fingerprint, a.made_at)
