"""Keeping an assessment and the level that follows from it, in the unit of work of whoever asks for it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from domain.kernel.clock import clinic
from domain.kernel.ids import Id, stable_id
from domain.kernel.prepared import Prepared
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.risk.content import RISK, RiskModels
from domain.risk.detail import kept_of
from domain.risk.foreseeing import FORESEEN, Ahead, Basis, Foreseen, read_basis
from domain.risk.levels import RANK, Colour, risen
from domain.risk.records import Act, Cause, RiskAssessment, RiskLevel, RiskLevelChange
from domain.risk.rule_commands import rules_in_force
from domain.risk.working import Worked, work_out


def assess_patient(work: UnitOfWork, patient: Patient, cause: Cause) -> RiskAssessment | None:
    """Assess a client on what is stored now; None where nothing the models look at has changed.

    The same inputs by the same models and rules are one assessment, whoever notices first.
    """
    models: RiskModels = work.content[RISK]
    rules = rules_in_force(work, models)
    version, today = rules.file.version, clinic(work.now).date()
    foreseen: Foreseen | None = work.content.get(FORESEEN)
    ahead = foreseen.take(work.connection, patient.id, models, version, today) if foreseen else None
    if ahead is None:
        ahead = Ahead(read_basis(work.connection, patient, models, version, work.now), None)
    basis = ahead.basis
    if _latest_digest(work, patient.id) == basis.digest:
        return None
    worked = ahead.worked or work_out(models.book.know(basis.factors, today), today, models, rules)
    kept = work.add(_assessment(work, patient, cause, worked, basis))
    _follow(work, patient, kept, worked)
    return kept


_A = RiskAssessment.__table__.c
_LATEST = Prepared(
    select(_A.digest)
    .where(_A.patient_id == bindparam("patient"))
    .order_by(_A.assessed_at.desc(), _A.id.desc())
    .limit(1)
)


def _latest_digest(work: UnitOfWork, patient_id: Id) -> str | None:
    found = _LATEST.first(work.connection, patient=patient_id.bytes)
    return None if found is None else str(found[0])


def _assessment(
    work: UnitOfWork, patient: Patient, cause: Cause, worked: Worked, basis: Basis
) -> RiskAssessment:
    return RiskAssessment(
        org_id=patient.org_id, patient_id=patient.id, on_date=worked.on, assessed_at=work.now, cause=cause,
        models_version=worked.models_version, rules_version=worked.coloured.rules_version,
        colour=worked.coloured.colour, high=worked.high, medium=worked.medium, diagnosed=worked.diagnosed,
        computed=worked.computed, unverified=worked.unverified, digest=basis.digest, inputs=basis.inputs,
        outcome=worked.outcome, detail=kept_of(worked.detail),
    )  # fmt: skip


def level_of_patient(work: UnitOfWork, patient_id: Id) -> RiskLevel | None:
    """Return the level a client has, or None before the first assessment."""
    return work.find(RiskLevel, patient_id=patient_id)


def _follow(work: UnitOfWork, patient: Patient, kept: RiskAssessment, worked: Worked) -> None:
    """Let the client's level follow a new assessment; what a physician set stays until its last day."""
    level = level_of_patient(work, patient.id)
    fresh = level is None
    if level is None:
        level = work.add(
            RiskLevel(
                id=stable_id("risk_level", patient.id), org_id=patient.org_id, patient_id=patient.id, why={},
                levels={},
                confirmed_levels={}, high_factors={}, noted_factors={}, changed_at=work.now, colour_rank=0, risen=0,
                open_factors=0, confirmed=False,
            )
        )  # fmt: skip
    drop_expired(work, level)
    before, over = level.colour, level.manual_over or level.automatic
    coloured, levels = worked.coloured, dict(worked.levels)
    level.automatic = coloured.colour
    level.why = {"rules": msgspec.to_builtins(coloured.why), "unverified": coloured.unverified}
    level.levels = levels
    level.assessment_id, level.assessed_at = kept.id, work.now
    level.risen = len(risen(level.confirmed_levels, levels))
    high = {one.rule: msgspec.to_builtins(one) for one in coloured.high_factors}
    level.high_factors = high
    level.open_factors = len(set(high) - set(level.noted_factors))
    settle(work, level)
    if level.risen or (RANK[level.colour] if level.colour else 0) > (RANK[before] if before else 0):
        level.confirmed = False
    _look_again(work, level, over, kept.id)
    if fresh or before != level.colour:
        note_change(work, level, Act.AUTOMATIC, before, why=level.why, assessment_id=kept.id)


def _look_again(work: UnitOfWork, level: RiskLevel, over: Colour | None, assessment_id: Id) -> None:
    """Reopen a physician's colour that was set over another automatic one than new data make."""
    if level.manual is None:
        return
    differs = level.automatic is not None and level.automatic not in (over, level.manual)
    if differs and not level.reopened:
        level.confirmed = False
        note_change(work, level, Act.REOPENED, level.colour, why=level.why, assessment_id=assessment_id)
    level.manual_over, level.reopened = over, differs


def decided(level: RiskLevel) -> None:
    """Note that a physician has seen the automatic colour as it is, whatever they made of it."""
    level.manual_over = level.automatic if level.manual is not None else None
    level.reopened = False


def settle(work: UnitOfWork, level: RiskLevel) -> None:
    """Write the colour that counts now: the physician's while it is in force, else the automatic one."""
    level.colour = level.manual or level.automatic
    level.colour_rank = RANK[level.colour] if level.colour else 0
    level.changed_at = work.now


def drop_expired(work: UnitOfWork, level: RiskLevel) -> bool:
    """Take back a manual colour whose last day is past; returns whether there was one."""
    if level.manual is None or not is_past(level.manual_until, clinic(work.now).date()):
        return False
    before = level.colour
    level.manual = level.manual_reason = level.manual_until = level.manual_by = None
    decided(level)
    settle(work, level)
    note_change(work, level, Act.EXPIRED, before)
    return True


def is_past(until: date | None, today: date) -> bool:
    """Tell whether a last day is over."""
    return until is not None and until < today


def note_change(
    work: UnitOfWork, level: RiskLevel, act: Act, before: Colour | None, *, reason: str | None = None,
    until: date | None = None, why: Mapping[str, Any] | None = None, assessment_id: Id | None = None,
) -> None:  # fmt: skip
    """Add a line to the history of a client's level."""
    work.add(
        RiskLevelChange(
            org_id=level.org_id, patient_id=level.patient_id, act=act, colour_before=before,
            colour_after=level.colour, reason=reason, valid_until=until,
            why=dict(why) if why else None, assessment_id=assessment_id,
            staff_id=work.actor.staff_id, staff_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip
