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
from domain.risk.assess import assess_known
from domain.risk.content import RISK, RiskModels
from domain.risk.detail import kept_of, packed
from domain.risk.factors import Known
from domain.risk.foreseeing import FORESEEN, Foreseen
from domain.risk.gathering import digest_of, gather, inputs_of
from domain.risk.levels import RANK, SCORE, Colour, Coloured, risen
from domain.risk.records import Act, Cause, RiskAssessment, RiskLevel, RiskLevelChange
from domain.risk.results import Assessment
from domain.risk.rule_commands import rules_in_force


def assess_patient(work: UnitOfWork, patient: Patient, cause: Cause) -> RiskAssessment | None:
    """Assess a client on what is stored now; None where nothing the models look at has changed.

    The same inputs by the same models and rules are one assessment, whoever notices first.
    """
    models: RiskModels = work.content[RISK]
    today = clinic(work.now).date()
    factors = gather(work.connection, patient, models, work.now)
    known = models.book.know(factors, today)
    inputs = inputs_of(factors, known.age)
    rules = rules_in_force(work, models)
    digest = digest_of(inputs, f"{models.version}|{rules.file.version}")
    if _latest_digest(work, patient.id) == digest:
        return None
    assessment, detail = _worked_out(work, models, known, inputs, today)
    coloured = rules.colour(assessment, known)
    kept = work.add(_assessment(work, patient, cause, assessment, coloured, inputs, digest, detail))
    _follow(work, patient, kept, assessment, coloured)
    return kept


def _worked_out(
    work: UnitOfWork, models: RiskModels, known: Known, inputs: dict[str, Any], today: date
) -> tuple[Assessment, dict[str, Any]]:
    """Return what the models say, and the same packed: as it was worked out ahead, else now."""
    foreseen: Foreseen | None = work.content.get(FORESEEN)
    made = foreseen.take(models, (digest_of(inputs, models.version), today)) if foreseen else None
    if made is None:
        assessment = assess_known(known, today, models)
        return assessment, packed(assessment)
    return msgspec.json.decode(made[0], type=Assessment), kept_of(made[1])


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
    work: UnitOfWork, patient: Patient, cause: Cause, assessment: Assessment, coloured: Coloured,
    inputs: dict[str, Any], digest: str, detail: dict[str, Any],
) -> RiskAssessment:  # fmt: skip
    of = [one for one in assessment.diseases if one.disease != SCORE]
    counted = [one.level for one in of if one.level is not None]
    diagnosed = sum(one.status == "already_diagnosed" for one in of)
    return RiskAssessment(
        org_id=patient.org_id, patient_id=patient.id, on_date=assessment.on, assessed_at=work.now, cause=cause,
        models_version=assessment.models_version, rules_version=coloured.rules_version, colour=coloured.colour,
        high=counted.count("high"), medium=counted.count("medium"), diagnosed=diagnosed,
        computed=len(counted) + diagnosed, unverified=any(one.unverified for one in of), digest=digest,
        inputs=inputs, outcome=outcome_of(assessment), detail=detail,
    )  # fmt: skip


def outcome_of(assessment: Assessment) -> dict[str, Any]:
    """Return what is kept of the results: each disease's status and level, each model's number or why none."""
    return {
        "diseases": {
            one.disease: {"status": one.status, "level": one.level, "model": one.model, "raised_by": one.raised_by}
            for one in assessment.diseases
        },
        "models": {
            one.model: {
                "version": one.version, "status": one.status, "value": one.value, "level": one.level,
                "relative": one.relative, "why": [why.code for why in one.why],
            }
            for one in assessment.results
        },
    }  # fmt: skip


def level_of_patient(work: UnitOfWork, patient_id: Id) -> RiskLevel | None:
    """Return the level a client has, or None before the first assessment."""
    return work.find(RiskLevel, patient_id=patient_id)


def _follow(
    work: UnitOfWork, patient: Patient, kept: RiskAssessment, assessment: Assessment, coloured: Coloured
) -> None:
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
    before = level.colour
    levels = {one.disease: one.level for one in assessment.diseases if one.level and one.disease != SCORE}
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
    if fresh or before != level.colour:
        note_change(work, level, Act.AUTOMATIC, before, why=level.why, assessment_id=kept.id)


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
