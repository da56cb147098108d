"""Until when a tube may be kept: the term for its kind or its subject's consent, whichever ends first."""

from datetime import datetime, timedelta

from sqlalchemy import select

from domain.biobank.records import EventKind, Specimen, SpecimenEvent
from domain.biobank.stock_records import StockRule
from domain.consent.records import Consent
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.subject_records import StudySubject


def term_of(work: UnitOfWork, tube: Specimen) -> datetime | None:
    """Return when a tube expires, None where nobody set an end.

    An extension that was approved takes the place of the term for its kind, never of the consent.
    """
    ends = [tube.keep_until] if tube.keep_until is not None else _by_rule(work, tube)
    if tube.subject_id is not None:
        consent = select(Consent.expires_at).where(
            Consent.subject_id == tube.subject_id, Consent.state == "valid", Consent.expires_at.is_not(None)
        )
        ends += [at for at in work.connection.execute(consent).scalars() if at is not None]
    return min(ends, default=None)


def rule_of(work: UnitOfWork, org_id: Id, study_id: Id | None, kind: str) -> StockRule | None:
    """Return the rule of a site for a kind of a study; that of the kind alone where the study has none."""
    for wanted in (study_id, None) if study_id is not None else (None,):
        found = work.find(StockRule, study_id=wanted, type=kind, org_id=org_id)
        if found is not None:
            return found
    return None


def study_of(work: UnitOfWork, tube: Specimen) -> Id | None:
    """Return the study a tube belongs to."""
    query = select(StudySubject.__table__.c.study_id).where(StudySubject.__table__.c.id == tube.subject_id)
    return None if tube.subject_id is None else work.connection.execute(query).scalar()


def _by_rule(work: UnitOfWork, tube: Specimen) -> list[datetime]:
    rule = rule_of(work, tube.org_id, study_of(work, tube), tube.type)
    if rule is None or rule.keep_days is None:
        return []
    first = (
        select(SpecimenEvent.occurred_at)
        .where(SpecimenEvent.specimen_id == tube.id, SpecimenEvent.kind == EventKind.STORED)
        .order_by(SpecimenEvent.occurred_at)
        .limit(1)
    )
    began = work.connection.execute(first).scalar() or work.now
    return [began + timedelta(days=rule.keep_days)]
