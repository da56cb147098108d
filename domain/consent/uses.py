"""May this be used for that? One question, asked at every use of a tube or of data, answered from the store alone.

`consent_allows` tells, `require_consent` refuses. A tube or record of no study is clinical care and is not asked
about. It looks past study circles on purpose: whoever holds the tube gets the same answer, member or not.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.biobank.records import Specimen
from domain.consent.records import Consent, ConsentUse
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.subject_records import StudySubject

AT_ONCE = 400


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
    return consents_allow(connection, [subject_id], use, at)[subject_id]


def consents_allow(
    connection: Connection, subject_ids: Sequence[Id], use: ConsentUse, at: datetime
) -> dict[Id, Permitted]:
    """Return the same for many subjects, in two queries for each few hundred."""
    subject, c = StudySubject.__table__.c, Consent.__table__.c
    found: dict[Id, Permitted] = {}
    for start in range(0, len(subject_ids), AT_ONCE):
        some = list(subject_ids[start : start + AT_ONCE])
        known = {
            row.id: row
            for row in connection.execute(
                select(subject.id, subject.number, subject.state).where(subject.id.in_(some))
            )
        }
        kept: dict[Id, list[Any]] = {}
        query = select(c.subject_id, c.state, c.uses, c.expires_at, c.outdated).where(c.subject_id.in_(some))
        for row in connection.execute(query.order_by(c.signed_at.desc(), c.id.desc())):
            kept.setdefault(row.subject_id, []).append(row)
        for one in some:
            found[one] = _judged(known.get(one), kept.get(one, []), use, at)
    return found


def _judged(subject: Any, kept: Sequence[Any], use: ConsentUse, at: datetime) -> Permitted:
    if subject is None:
        return Permitted("consent.missing", (("number", "—"),))
    named = (("number", subject.number),)
    if subject.state == "withdrawn":
        return Permitted("consent.subject_left", named)
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
