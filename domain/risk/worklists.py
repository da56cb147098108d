"""Levels that wait for a physician, factors that wait for a health manager, and what was assessed and changed."""

from sqlalchemy import select

from domain.followup.task_records import FollowTask
from domain.interop.one_person import stays_in_lists
from domain.kernel.worklists import Query, worklist
from domain.messaging.records import OutboxMessage
from domain.people.records import Patient
from domain.risk.advice_commands import AdviseOnFactors
from domain.risk.advice_records import FactorAdvice
from domain.risk.commands import AssessRisks, ConfirmRiskLevel, EndManualLevel, NoteFactors, SetRiskLevel
from domain.risk.records import RiskAssessment, RiskLevel, RiskLevelChange, RiskRuleSet
from domain.risk.rule_commands import RollBackLevelRules


@worklist("risk.levels", "风险等级", permission="risk.view", record=RiskLevel, order="-changed_at")
def levels() -> Query:
    """The level of each client, what changed last first."""
    return select(
        Patient.name, Patient.number.label("patient_number"), RiskLevel.colour, RiskLevel.automatic, RiskLevel.manual,
        RiskLevel.manual_until, RiskLevel.reopened, RiskLevel.confirmed, RiskLevel.risen, RiskLevel.open_factors,
        RiskLevel.assessed_at, RiskLevel.changed_at,
    ).join(Patient, Patient.id == RiskLevel.patient_id).where(stays_in_lists(RiskLevel.patient_id))  # fmt: skip


levels.opens("risk")
levels.offers(ConfirmRiskLevel, SetRiskLevel, EndManualLevel, NoteFactors, AdviseOnFactors, AssessRisks)


@worklist("risk.advice", "高风险因素干预建议", permission="risk.view", record=FactorAdvice, order="-at")
def advice() -> Query:
    """What was proposed for factors at high risk and where it went, the latest first."""
    return select(
        Patient.name, Patient.number.label("patient_number"), FactorAdvice.summary, FactorAdvice.unverified,
        OutboxMessage.state.label("message_state"), FactorAdvice.not_sent, FollowTask.state.label("task_state"),
        FollowTask.owner_name, FactorAdvice.at,
    ).join(Patient, Patient.id == FactorAdvice.patient_id).outerjoin(
        OutboxMessage, OutboxMessage.id == FactorAdvice.message_id
    ).outerjoin(FollowTask, FollowTask.id == FactorAdvice.task_id)  # fmt: skip


@worklist("risk.changes", "风险等级变动", permission="risk.view", record=RiskLevelChange, order="-at")
def changes() -> Query:
    """Every change of a level, the latest first."""
    return select(
        Patient.name, Patient.number.label("patient_number"), RiskLevelChange.act, RiskLevelChange.colour_before,
        RiskLevelChange.colour_after, RiskLevelChange.reason, RiskLevelChange.valid_until, RiskLevelChange.staff_name,
        RiskLevelChange.at,
    ).join(Patient, Patient.id == RiskLevelChange.patient_id)  # fmt: skip


@worklist(
    "risk.assessments", "风险评估记录", permission="risk.view", record=RiskAssessment, order="-assessed_at"
)
def assessments() -> Query:
    """Every assessment, the latest first."""
    return select(
        Patient.name, Patient.number.label("patient_number"), RiskAssessment.on_date, RiskAssessment.colour,
        RiskAssessment.high, RiskAssessment.medium, RiskAssessment.diagnosed, RiskAssessment.computed,
        RiskAssessment.unverified, RiskAssessment.cause, RiskAssessment.models_version, RiskAssessment.assessed_at,
    ).join(Patient, Patient.id == RiskAssessment.patient_id)  # fmt: skip


@worklist("risk.rules", "分级规则版本", permission="risk.rules", record=RiskRuleSet, order="-published_at")
def rules() -> Query:
    """The sets of level rules that were published, the one in force first."""
    return select(
        RiskRuleSet.version, RiskRuleSet.reason, RiskRuleSet.published_name, RiskRuleSet.published_at
    )


rules.offers(RollBackLevelRules)
