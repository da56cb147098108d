"""May this be used for that? One question, asked at every use of a tube or of data, answered from the store alone.

`consent_allows` tells, `require_consent` refuses. A tube or record of no study is clinical care and is not asked
about. It looks past study circles on purpose: whoever holds the tube gets the same answer, member or not.
"""

import dataclasses
from datetime import datetime

from sqlalchemy import Connection, select

from domain.biobank.records import Specimen
from domain.consent.records import Consent, ConsentUse
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.subject_records import StudySubject


@dataclasses.dataclass(frozen=True, slots=True)
class Permitted:
    """The answer: `code` is the text of why not, empty if it may be; `facts` are what that sentence names."""

    code: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether it may be used."""
        return not self.code


def consent_allows(connection: Connection, subject_id: Id | None, use: ConsentUse, at: datetime) -> Permitted:
    """Return whether a subject's consent covers a use at a time.

    Codes: ``consent.subject_left``, ``consent.missing``, ``consent.taken_back``, ``consent.outdated`` (a newer
    version has to be signed), ``consent.expired``, ``consent.not_agreed``.
    """
    if subject_id is None:
        return Permitted()
    subject = StudySubject.__table__.c
    found = connection.execute(select(subject.number, subject.state).where(subject.id == subject_id)).first()
    if found is None:
        return Permitted("consent.missing", (("number", "—"),))
    named = (("number", found.number),)
    if found.state == "withdrawn":
        return Permitted("consent.subject_left", named)
    c = Consent.__table__.c
    query = select(c.state, c.uses, c.expires_at, c.outdated).where(c.subject_id == subject_id)
    kept = connection.execute(query.order_by(c.signed_at.desc(), c.id.desc())).all()
    valid = next((one for one in kept if one.state == "valid"), None)
    if valid is None:
        return Permitted(
            "consent.taken_back" if kept and kept[0].state == "withdrawn" else "consent.missing", named
        )
    if valid.outdated:
        return Permitted("consent.outdated", named)
    if valid.expires_at is not None and at >= valid.expires_at:
        return Permitted("consent.expired", named)
    return Permitted() if use.value in valid.uses else Permitted("consent.not_agreed", named)


def require_consent(work: UnitOfWork, tube: Specimen, use: ConsentUse) -> None:
    """Refuse a use of a tube that its subject's consent does not cover.

    Raises:
        DomainError: The codes of `consent_allows`; the field is ``number``.
    """
    found = consent_allows(work.connection, tube.subject_id, use, work.now)
    if not found.allowed:
        raise DomainError(found.code, field="number", **dict(found.facts))
