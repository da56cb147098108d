"""Assessing a client, and a physician's say: another colour for a time, confirmation, factors dealt with."""

import dataclasses
from datetime import date

from sqlalchemy import select

from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.risk.keeping import assess_patient, decided, drop_expired, level_of_patient, note_change, settle
from domain.risk.levels import Colour
from domain.risk.records import Act, Cause, RiskLevel

LONGEST_DAYS = 366
"""A manual colour holds a year at most: then the automatic one counts again, or a physician sets it anew."""


@dataclasses.dataclass(frozen=True, slots=True)
class Assessed:
    """What came of an assessment; `assessment_id` is None where nothing had changed since the last one."""

    assessment_id: Id | None
    colour: Colour | None


@command("risk.assess", "评估健康风险", permission="risk.assess")
class AssessRisks:
    """All models on what is stored of a client now."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    cause: Cause = ask("评估原因", kind=Kind.HIDDEN, default=Cause.ASKED)


@handles(AssessRisks)
def assess_risks(order: AssessRisks, work: UnitOfWork) -> Assessed:
    """Keep an assessment and let the client's level follow it; the same basis is not kept twice."""
    patient = work.require(Patient, order.patient_id, "patient_id")
    kept = assess_patient(work, patient, order.cause)
    level = level_of_patient(work, patient.id)
    return Assessed(kept.id if kept else None, level.colour if level else None)


@command("risk.assess_several", "评估若干客户的健康风险", permission="risk.assess", place="internal")
class AssessSeveral:
    """Several clients in one transaction, for whoever follows the log: a commit costs more than an assessment."""

    patient_ids: list[Id] = ask("客户", kind=Kind.HIDDEN)
    cause: Cause = ask("评估原因", kind=Kind.HIDDEN, default=Cause.ASKED)


@handles(AssessSeveral)
def assess_several(order: AssessSeveral, work: UnitOfWork) -> int:
    """Return how many assessments were kept; a client who is not there any more is passed over."""
    at_once = work.list(
        select(Patient).where(Patient.id.in_(order.patient_ids))
    )  # `get` has them at hand then
    patients = [work.get(Patient, one) for one in order.patient_ids]
    del at_once
    return sum(assess_patient(work, one, order.cause) is not None for one in patients if one is not None)


@command("risk.set_level", "调整风险等级", permission="risk.decide")
class SetRiskLevel:
    """A colour of the physician's own, with the reason and the last day it holds."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    colour: Colour = ask("等级", kind=Kind.CHOICE)
    reason: str = ask("调整理由", kind=Kind.NOTE)
    until: date = ask("有效至", kind=Kind.DATE)


@handles(SetRiskLevel)
def set_risk_level(order: SetRiskLevel, work: UnitOfWork) -> Id:
    """Return the id of the level.

    Raises:
        DomainError: ``risk_level.unknown`` before the first assessment; ``risk.reason_missing`` (``reason``) for
            blanks; ``risk.until_past`` and ``risk.until_far`` (``until``).
    """
    level = _required(order.patient_id, work)
    if not order.reason.strip():
        raise DomainError("risk.reason_missing", field="reason")
    today = clinic(work.now).date()
    if order.until < today:
        raise DomainError("risk.until_past", field="until", day=order.until.isoformat())
    if (order.until - today).days > LONGEST_DAYS:
        raise DomainError("risk.until_far", field="until", days=LONGEST_DAYS)
    before = level.colour
    level.manual, level.manual_reason = order.colour, order.reason.strip()
    level.manual_until, level.manual_by = order.until, work.actor.staff_id
    settle(work, level)
    _confirm(level, work)
    note_change(work, level, Act.MANUAL, before, reason=level.manual_reason, until=order.until)
    return level.id


@command("risk.end_manual", "恢复自动等级", permission="risk.decide")
class EndManualLevel:
    """Let the automatic colour count again before the manual one runs out."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    reason: str = ask("理由", kind=Kind.NOTE)


@handles(EndManualLevel)
def end_manual_level(order: EndManualLevel, work: UnitOfWork) -> Id:
    """Return the id of the level.

    Raises:
        DomainError: ``risk_level.unknown``; ``risk.not_manual`` if no physician has set it.
    """
    level = _required(order.patient_id, work)
    if level.manual is None:
        raise DomainError("risk.not_manual")
    before = level.colour
    level.manual = level.manual_reason = level.manual_until = level.manual_by = None
    decided(level)
    settle(work, level)
    note_change(work, level, Act.ENDED, before, reason=order.reason)
    return level.id


@command("risk.confirm", "确认风险等级", permission="risk.decide")
class ConfirmRiskLevel:
    """A physician has seen the level as it stands; what rises from here on is told anew."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    note: str = ask("处理意见", kind=Kind.NOTE)


@handles(ConfirmRiskLevel)
def confirm_risk_level(order: ConfirmRiskLevel, work: UnitOfWork) -> Id:
    """Return the id of the level."""
    level = _required(order.patient_id, work)
    _confirm(level, work)
    note_change(work, level, Act.CONFIRMED, level.colour, reason=order.note, why=level.why)
    return level.id


@command("risk.note_factors", "登记高风险因素处理", permission="risk.handle")
class NoteFactors:
    """What is done about the factors at high risk, or why nothing is; a new one is told anew."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    note: str = ask("干预措施或不干预原因", kind=Kind.NOTE)


@handles(NoteFactors)
def note_factors(order: NoteFactors, work: UnitOfWork) -> Id:
    """Return the id of the level.

    Raises:
        DomainError: ``risk_level.unknown``; ``risk.no_open_factors`` if nothing waits.
    """
    level = _required(order.patient_id, work)
    if not level.open_factors:
        raise DomainError("risk.no_open_factors")
    level.noted_factors = {**dict.fromkeys(level.high_factors, order.note)}
    level.open_factors = 0
    level.changed_at = work.now
    note_change(work, level, Act.FACTORS, level.colour, reason=order.note)
    return level.id


@command("risk.expire", "人工等级到期", permission="risk.decide", place="internal")
class ExpireManualLevels:
    """Take back the manual colours whose last day is past; the clock of the installation asks for it."""

    patient_ids: list[Id] = ask("客户", kind=Kind.HIDDEN)


@handles(ExpireManualLevels)
def expire_manual_levels(order: ExpireManualLevels, work: UnitOfWork) -> int:
    """Return how many were taken back."""
    rows = work.list(select(RiskLevel).where(RiskLevel.patient_id.in_(order.patient_ids)))
    return sum(drop_expired(work, level) for level in rows)


def _required(patient_id: Id, work: UnitOfWork) -> RiskLevel:
    level = level_of_patient(work, patient_id)
    if level is None:
        raise DomainError("risk_level.unknown", field="patient_id", value=str(patient_id))
    return level


def _confirm(level: RiskLevel, work: UnitOfWork) -> None:
    level.confirmed, level.confirmed_at, level.confirmed_by = True, work.now, work.actor.staff_id
    level.confirmed_levels = dict(level.levels)
    level.risen = 0
    decided(level)
    level.changed_at = work.now
