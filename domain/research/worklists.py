"""What left of a study's data, what was asked for, and what was corrected."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.research.correction_commands import (
    CorrectValue,
    ExemptMissing,
    ReleaseResult,
    RequireResult,
    WithdrawCorrection,
)
from domain.research.export_commands import DecideIdentified
from domain.research.quality_commands import JudgePair
from domain.research.quality_records import ResearchPerformance, SimilarPair, StudyData, VisitData
from domain.research.records import DataCorrection, DataNeed, IdentifiedRequest, StudyExport, StudyExportEnd
from domain.studies.records import ProtocolVisit, Study
from domain.studies.worklists import visit_plans, visits


@worklist("study.exports", "科研数据导出", permission="study.export", record=StudyExport, order="-started_at")
def exports() -> Query:
    """Every export with what was in it and how it ended, the latest first."""
    e = StudyExport
    return (
        select(
            e.started_at, Study.code.label("study"), e.staff_name, e.told, e.purpose, e.use, e.identified, e.formats,
            e.subjects, e.visits, e.small_cells, StudyExportEnd.result, StudyExportEnd.corrected,
        )
        .join(Study, Study.id == e.study_id)
        .outerjoin(StudyExportEnd, StudyExportEnd.export_id == e.id)
    )  # fmt: skip


@worklist(
    "study.identified_requests", "身份信息导出申请", permission="study.export", record=IdentifiedRequest,
    order="-asked_at"
)  # fmt: skip
def identified_requests() -> Query:
    """Who asked for data with who the subjects are, and what was decided."""
    r = IdentifiedRequest
    return select(
        r.asked_at, Study.code.label("study"), r.asked_name, r.reason, r.approval, r.state, r.decided_name,
        r.decided_at, r.valid_until, r.remark,
    ).join(Study, Study.id == r.study_id)  # fmt: skip


identified_requests.offers(DecideIdentified)


@worklist(
    "study.corrections", "科研数据更正", permission="study.view", record=DataCorrection, order="-corrected_at"
)
def corrections() -> Query:
    """Values that research reads in place of recorded ones, the latest first."""
    c = DataCorrection
    return select(
        c.corrected_at, Study.code.label("study"), c.number, c.visit, c.variable, c.original, c.corrected,
        c.withdrawn, c.reason, c.staff_name,
    ).join(Study, Study.id == c.study_id)  # fmt: skip


corrections.offers(WithdrawCorrection)


@worklist("study.needs", "必备变量", permission="study.view", record=DataNeed, order="label")
def needs() -> Query:
    """Results that visits must bring, beside their questionnaires and tubes."""
    n = DataNeed
    return (
        select(
            Study.code.label("study"), ProtocolVisit.name.label("visit"), n.label, n.variable,
            n.within_days, n.retired_at
        )
        .join(Study, Study.id == n.study_id)
        .join(ProtocolVisit, ProtocolVisit.id == n.plan_id)
    )  # fmt: skip


needs.offers(ReleaseResult)
visit_plans.offers(RequireResult)


@worklist("study.lacking", "缺失数据", permission="study.view", record=VisitData, order="-counted_at")
def lacking() -> Query:
    """Visits that lack something due, each with what; a reason is put on record here."""
    v = VisitData
    return (
        select(
            Study.code.label("study"), v.number, v.visit, v.missing, v.lacking, v.wanted, v.present, v.exempted,
            v.subject_visit_id, v.counted_at,
        )
        .join(Study, Study.id == v.study_id)
        .where(v.missing > 0)
    )  # fmt: skip


lacking.offers(ExemptMissing)
visits.offers(CorrectValue, ExemptMissing)


@worklist(
    "study.completeness", "科研数据完整率", permission="study.view", record=StudyData, order="-counted_at"
)
def completeness() -> Query:
    """How complete each study's must-haves are that are due by now."""
    d = StudyData
    return select(d.code, d.wanted, d.present, d.exempted, d.rate, d.lacking_visits, d.counted_at)


@worklist("study.alike", "结果相似", permission="study.view", record=SimilarPair, order="-likeness")
def alike() -> Query:
    """Visits whose results are more than 70 % alike, the likest first; what a person finds is put on record here."""
    p = SimilarPair
    return select(
        Study.code.label("study"), p.first, p.second, p.same_subject, p.likeness, p.equal, p.compared, p.standing,
        p.verdict, p.judged_name, p.found_at,
    ).join(Study, Study.id == p.study_id)  # fmt: skip


alike.offers(JudgePair)


@worklist(
    "study.performance", "科研绩效", permission="study.view", record=ResearchPerformance, order="-month"
)
def performance() -> Query:
    """Month by month who obtained how many tubes of those owed, and settled how many alerts in time."""
    p = ResearchPerformance
    return select(
        p.month, p.code, p.staff_name, p.owed, p.collected, p.rate, p.alerts, p.in_time, p.late, p.in_time_rate,
        p.core_alerts, p.core_in_time, p.counted_at,
    )  # fmt: skip
