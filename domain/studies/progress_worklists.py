"""The clocks of visits, what is collected, and how far studies are."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.studies.progress_records import CollectionRate, ResearchTask, StudyProgress
from domain.studies.records import Study
from domain.studies.subject_records import SubjectVisit

VIEW = "study.view"


@worklist("study.tasks", "科研任务时限", permission=VIEW, record=ResearchTask, order="due_at")
def tasks() -> Query:
    """Nodes going on, the most urgent first, each with the whole bar of its visit."""
    t = ResearchTask
    return (
        select(t.due_at, t.number, SubjectVisit.name.label("visit"), t.kind, SubjectVisit.bar, t.began_at, t.state)
        .join(SubjectVisit, SubjectVisit.id == t.subject_visit_id)
        .where(t.state == "open")
    )  # fmt: skip


@worklist("study.done_tasks", "已完成科研节点", permission=VIEW, record=ResearchTask, order="-done_at")
def done_tasks() -> Query:
    """Who finished what, in time or late: what research performance is judged by."""
    t = ResearchTask
    return (
        select(t.done_at, t.owner_name, t.number, SubjectVisit.name.label("visit"), t.kind, t.began_at, t.late)
        .join(SubjectVisit, SubjectVisit.id == t.subject_visit_id)
        .where(t.state == "done")
    )  # fmt: skip


@worklist("study.rates", "标本留取率", permission=VIEW, record=CollectionRate, order="-counted_at")
def rates() -> Query:
    """Rates of the last 30 days by kind and site, with weeks, days, nurses and causes."""
    r = CollectionRate
    return select(
        Study.code.label("study"), r.name, r.owed, r.collected, r.rate, r.falling, r.told, r.window_from,
        r.counted_at,
    ).join(Study, Study.id == r.study_id)  # fmt: skip


@worklist("study.progress", "科研进度", permission=VIEW, record=StudyProgress, order="-counted_at")
def progress() -> Query:
    """Every study against its plan by today."""
    p = StudyProgress
    return select(p.code, p.measure, p.planned, p.actual, p.rate, p.counted_on, p.counted_at)
