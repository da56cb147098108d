"""Groups, plans and tasks as lists: filtered by any column, each with what may be done on a row."""

from sqlalchemy import select

from domain.followup.feedback_commands import (
    AskFeedback,
    CloseCase,
    GiveFeedback,
    ReopenCase,
    ReportFeedback,
    ResolveCase,
    TakeCase,
)
from domain.followup.feedback_records import Feedback, FeedbackCase, ServiceScore
from domain.followup.group_commands import ExemptMember, LabelClient, SetCareProfile, UnlabelClient
from domain.followup.group_records import CareProfile, GroupChange, GroupMember
from domain.followup.hand_over_commands import AddHelper, HandOverTask, RefuseTask, SendTaskMessage, TakeTask
from domain.followup.own_commands import (
    RestoreContent,
    SetLimits,
    VerifyContent,
    WithdrawContent,
    WriteHandout,
    WriteLabel,
    WritePlan,
    WriteScript,
)
from domain.followup.own_records import FollowContent
from domain.followup.performance_records import ServicePerformance
from domain.followup.plan_commands import AcceptPlan, DeclinePlan, EditPlan, FinishPlan, NewPlan
from domain.followup.plan_records import FollowPlan, PlanChange
from domain.followup.task_commands import (
    AddTask,
    AssignTask,
    AssignWaiting,
    BeginTask,
    CancelTask,
    CompleteTask,
    LoseTask,
    NoteContact,
    RescheduleTask,
)
from domain.followup.task_records import CareStaff, FollowTask, TaskEvent
from domain.followup.workflow import OPEN_TASKS
from domain.kernel.worklists import Query, without_index, worklist
from domain.people.records import Patient, Staff
from domain.reception.booking_commands import BookSlot
from domain.reception.contract_commands import SignPackage
from domain.reception.unit_commands import JoinUnit
from domain.reception.visit_commands import BookTask

VIEW = "followup.view"


@worklist("followup.groups", "随访分组", permission=VIEW, record=GroupMember, order="-since")
def groups() -> Query:
    """Who is in which group about what, the latest first; filters pick any group, topic, state or level."""
    return (
        select(
            GroupMember.segment, Patient.name, Patient.number.label("patient_number"), GroupMember.topic_label,
            GroupMember.state, CareProfile.level, GroupMember.since, GroupMember.due_at, GroupMember.unverified,
            GroupMember.patient_id, GroupMember.topic,
        )
        .join(Patient, Patient.id == GroupMember.patient_id)
        .outerjoin(CareProfile, CareProfile.patient_id == GroupMember.patient_id)
        .where(without_index(GroupMember.state) != "left")
    )  # fmt: skip


groups.offers(ExemptMember, UnlabelClient)


@worklist("followup.clients", "客户服务档案", permission=VIEW, record=Patient, order="number")
def clients() -> Query:
    """Clients with level and who looks after them; what may be begun with a client begins here."""
    return select(
        Patient.number, Patient.name, Patient.sex, CareProfile.level, Staff.name.label("manager_name"),
        CareProfile.changed_at,
    ).outerjoin(CareProfile, CareProfile.patient_id == Patient.id).outerjoin(
        Staff, Staff.id == CareProfile.manager_id
    )  # fmt: skip


clients.offers(NewPlan, AddTask, BookSlot, LabelClient, SetCareProfile, SignPackage, JoinUnit)


@worklist("followup.group_changes", "分组变动", permission=VIEW, record=GroupChange, order="-at")
def group_changes() -> Query:
    """Who entered and left which group, when and on what, the latest first."""
    return select(
        GroupChange.segment, Patient.name, Patient.number.label("patient_number"), GroupChange.topic_label,
        GroupChange.act, GroupChange.staff_name, GroupChange.at, GroupChange.note,
    ).join(Patient, Patient.id == GroupChange.patient_id)  # fmt: skip


@worklist("followup.proposals", "待确认随访计划", permission=VIEW, record=FollowPlan, order="due_at")
def proposals() -> Query:
    """Plans that wait for one key, by what runs out first."""
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), FollowPlan.name.label("plan_name"),
            FollowPlan.segment, FollowPlan.level, FollowPlan.colour, FollowPlan.labels, FollowPlan.rhythm,
            FollowPlan.strict, FollowPlan.way, FollowPlan.after_days,
            FollowPlan.source, FollowPlan.unverified, FollowPlan.state, FollowPlan.due_at,
        )
        .join(Patient, Patient.id == FollowPlan.patient_id)
        .where(without_index(FollowPlan.state) == "proposed", FollowPlan.due_at.is_not(None))
    )  # fmt: skip


proposals.offers(AcceptPlan, EditPlan, DeclinePlan)


@worklist("followup.plans", "随访计划", permission=VIEW, record=FollowPlan, order="-proposed_at")
def plans() -> Query:
    """Every plan, the latest first."""
    return select(
        Patient.name, Patient.number.label("patient_number"), FollowPlan.name.label("plan_name"), FollowPlan.segment,
        FollowPlan.level, FollowPlan.colour, FollowPlan.labels, FollowPlan.rhythm, FollowPlan.way,
        FollowPlan.after_days, FollowPlan.done, FollowPlan.edited,
        FollowPlan.template_version, FollowPlan.unverified, FollowPlan.state, FollowPlan.proposed_at,
    ).join(Patient, Patient.id == FollowPlan.patient_id)  # fmt: skip


plans.offers(AcceptPlan, EditPlan, DeclinePlan, FinishPlan)


@worklist("followup.plan_changes", "计划变动", permission=VIEW, record=PlanChange, order="-at")
def plan_changes() -> Query:
    """What became of plans, the latest first."""
    return (
        select(
            Patient.name, FollowPlan.name.label("plan_name"), PlanChange.act, PlanChange.before, PlanChange.after,
            PlanChange.note, PlanChange.staff_name, PlanChange.at,
        )
        .join(Patient, Patient.id == PlanChange.patient_id)
        .join(FollowPlan, FollowPlan.id == PlanChange.plan_id)
    )  # fmt: skip


@worklist("followup.tasks", "随访任务", permission=VIEW, record=FollowTask, order="due_at")
def tasks() -> Query:
    """Tasks somebody must do, by what is due first; what is due before now is overdue."""
    return (
        select(
            FollowTask.urgent, Patient.name, Patient.number.label("patient_number"), FollowTask.title,
            FollowTask.audience, FollowTask.way, FollowTask.state, FollowTask.owner_name, FollowTask.assigned_why,
            FollowTask.attempts, FollowTask.planned_at, FollowTask.due_at,
        )
        .join(Patient, Patient.id == FollowTask.patient_id)
        .where(without_index(FollowTask.state).in_(OPEN_TASKS), FollowTask.due_at.is_not(None))
    )  # fmt: skip


tasks.offers(
    BeginTask, SendTaskMessage, NoteContact, CompleteTask, AssignTask, HandOverTask, TakeTask, RefuseTask, AddHelper,
    LoseTask, CancelTask, RescheduleTask, BookTask, AssignWaiting, GiveFeedback,
)  # fmt: skip


@worklist("followup.done", "已结束随访", permission=VIEW, record=FollowTask, order="-closed_at")
def done() -> Query:
    """Tasks that are over, the latest first."""
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), FollowTask.title, FollowTask.audience,
            FollowTask.way, FollowTask.state, FollowTask.owner_name, FollowTask.outcome, FollowTask.attempts,
            FollowTask.planned_at, FollowTask.closed_at,
        )
        .join(Patient, Patient.id == FollowTask.patient_id)
        .where(FollowTask.closed_at.is_not(None))
    )  # fmt: skip


done.offers(GiveFeedback, AskFeedback)


@worklist("followup.trail", "随访任务轨迹", permission=VIEW, record=TaskEvent, order="-at")
def trail() -> Query:
    """Every step of every task, the latest first."""
    return select(
        FollowTask.title, TaskEvent.act, TaskEvent.staff_name, TaskEvent.to_name, TaskEvent.at, TaskEvent.note,
    ).join(FollowTask, FollowTask.id == TaskEvent.task_id)  # fmt: skip


@worklist("followup.staff", "随访人员", permission="followup.statistics", record=CareStaff, order="-over_by")
def staff() -> Query:
    """Who has how much and is good at what, the most overloaded first."""
    return select(
        CareStaff.name, CareStaff.open_tasks, CareStaff.task_limit, CareStaff.over_by, CareStaff.on_duty,
        CareStaff.skills, CareStaff.counted_at,
    )  # fmt: skip


@worklist(
    "followup.performance",
    "服务绩效",
    permission="followup.statistics",
    record=ServicePerformance,
    order="-month",
)
def performance() -> Query:
    """What each person did month by month and what clients thought of it, the latest first; exported from here."""
    p = ServicePerformance
    return select(
        p.month, p.staff_name, p.role, p.contacts, p.messages, p.on_time, p.on_time_rate, p.lost,
        p.consults, p.consults_in_time, p.receptions, p.answers, p.mean_score, p.bad, p.counted_at,
    )  # fmt: skip


@worklist(
    "followup.contents",
    "随访内容版本",
    permission="followup.content_view",
    record=FollowContent,
    order="-written_at",
)
def contents() -> Query:
    """Templates, scripts, handouts and labels of the institution's own, version by version, the latest first."""
    c = FollowContent
    return select(
        c.kind, c.code, c.version, c.title, c.unverified, c.withdrawn, c.reason, c.written_name, c.written_at,
    )  # fmt: skip


contents.offers(
    VerifyContent,
    WithdrawContent,
    RestoreContent,
    WriteScript,
    WriteHandout,
    WritePlan,
    WriteLabel,
    SetLimits,
)


@worklist("feedback.cases", "负面反馈", permission="feedback.handle", record=FeedbackCase, order="due_at")
def cases() -> Query:
    """Bad words nobody has taken yet, by what runs out first."""
    return (
        select(
            FeedbackCase.score, FeedbackCase.complaint, Patient.name, FeedbackCase.step_kind, FeedbackCase.staff_name,
            FeedbackCase.comment, FeedbackCase.state, FeedbackCase.opened_at, FeedbackCase.due_at,
        )
        .outerjoin(Patient, Patient.id == FeedbackCase.patient_id)
        .where(without_index(FeedbackCase.state) == "open", FeedbackCase.due_at.is_not(None))
    )  # fmt: skip


cases.offers(TakeCase)


@worklist(
    "feedback.all_cases",
    "负面反馈处理",
    permission="feedback.handle",
    record=FeedbackCase,
    order="-opened_at",
)
def all_cases() -> Query:
    """Every case with owner, root and end, the latest first."""
    return select(
        FeedbackCase.score, FeedbackCase.complaint, Patient.name, FeedbackCase.step_kind, FeedbackCase.staff_name,
        FeedbackCase.owner_name, FeedbackCase.root_cause, FeedbackCase.resolution, FeedbackCase.confirmed,
        FeedbackCase.state, FeedbackCase.opened_at,
    ).outerjoin(Patient, Patient.id == FeedbackCase.patient_id)  # fmt: skip


all_cases.offers(TakeCase, ResolveCase, ReopenCase, CloseCase)


@worklist("feedback.given", "满意度评价", permission="feedback.view", record=Feedback, order="-given_at")
def given() -> Query:
    """What clients said of which step and whom, the latest first."""
    return select(
        Feedback.score, Feedback.complaint, Patient.name, Feedback.step_kind, Feedback.staff_name, Feedback.comment,
        Feedback.given_at,
    ).outerjoin(Patient, Patient.id == Feedback.patient_id)  # fmt: skip


given.offers(ReportFeedback)


@worklist("feedback.months", "月度满意度", permission="feedback.handle", record=ServiceScore, order="-month")
def months() -> Query:
    """How people fared month by month, the latest first."""
    return select(
        ServiceScore.month, ServiceScore.staff_name, ServiceScore.answers, ServiceScore.mean, ServiceScore.low_streak,
        ServiceScore.counted_at,
    )  # fmt: skip
