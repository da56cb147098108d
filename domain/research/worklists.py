"""What left of a study's data, what was asked for, and what was corrected."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.research.correction_commands import WithdrawCorrection
from domain.research.export_commands import DecideIdentified
from domain.research.records import DataCorrection, IdentifiedRequest, StudyExport, StudyExportEnd
from domain.studies.records import Study


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
