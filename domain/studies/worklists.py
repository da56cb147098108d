"""What the people of a study look at: the protocol, its subjects, visits, tubes and members."""

from sqlalchemy import select

from domain.biobank.records import Specimen
from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.studies.design_commands import (
    AddArm,
    AddCriterion,
    AddMember,
    AddProtocolVisit,
    ChangePlan,
    ChangeRequirement,
    ClearCriteria,
    MoveStudy,
    RemoveMember,
    RequireSpecimen,
    SetNodeLimits,
)
from domain.studies.records import ProtocolVisit, SpecimenRequirement, Study, StudyChange, StudyMember
from domain.studies.specimen_commands import NoteMissing, PlanTubes
from domain.studies.subject_commands import (
    BeginSubjectVisit,
    CompleteSubject,
    MissSubjectVisit,
    WithdrawSubject,
)
from domain.studies.subject_records import ExpectedSpecimen, StudyScreening, StudySubject, SubjectVisit

VIEW = "study.view"


@worklist("study.studies", "研究项目", permission=VIEW, record=Study, order="code")
def studies() -> Query:
    """Every study."""
    s = Study
    return select(
        s.code, s.name, s.state, s.leader_name, s.protocol, s.ethics_number, s.planned_subjects, s.recruit_from,
        s.recruit_until, s.revision,
    )  # fmt: skip


studies.offers(AddCriterion, ClearCriteria, AddArm, AddProtocolVisit, AddMember, MoveStudy, ChangePlan)


@worklist("study.visit_plans", "方案访视", permission=VIEW, record=ProtocolVisit, order="day")
def visit_plans() -> Query:
    """The visits of the protocols with what each node may take."""
    p = ProtocolVisit
    return select(
        Study.code.label("study"), p.code, p.name, p.day, p.before_days, p.after_days, p.forms,
        p.questionnaire_hours, p.collection_hours, p.processing_hours, p.storage_hours,
    ).join(Study, Study.id == p.study_id)  # fmt: skip


visit_plans.offers(RequireSpecimen, SetNodeLimits)


@worklist("study.requirements", "样本类型与数量", permission=VIEW, record=SpecimenRequirement, order="name")
def requirements() -> Query:
    """Which tubes each visit is to bring."""
    r = SpecimenRequirement
    return (
        select(
            Study.code.label("study"), ProtocolVisit.name.label("visit"), r.name, r.type, r.container, r.tubes,
            r.volume_ul, r.quota, r.retired_at,
        )
        .join(Study, Study.id == r.study_id)
        .join(ProtocolVisit, ProtocolVisit.id == r.plan_id)
    )  # fmt: skip


requirements.offers(ChangeRequirement)


@worklist("study.members", "研究成员", permission=VIEW, record=StudyMember, order="staff_name")
def members() -> Query:
    """Who works on which study."""
    m = StudyMember
    return select(
        m.staff_name, Study.code.label("study"), Study.name.label("title"), m.role, m.joined_at, m.left_at
    ).join(Study, Study.id == m.study_id)


members.offers(RemoveMember)


@worklist("study.changes", "方案变更记录", permission=VIEW, record=StudyChange, order="-changed_at")
def changes() -> Query:
    """Approved changes, the latest first."""
    c = StudyChange
    return select(
        c.changed_at,
        Study.code.label("study"),
        c.revision,
        c.before,
        c.after,
        c.approval,
        c.reason,
        c.staff_name,
    ).join(Study, Study.id == c.study_id)


@worklist("study.subjects", "受试者", permission=VIEW, record=StudySubject, order="-enrolled_at")
def subjects() -> Query:
    """Whom the studies one works on follow, the latest first."""
    s = StudySubject
    return (
        select(
            s.number, Study.code.label("study"), Patient.name.label("client"), s.consent, s.state, s.enrolled_at,
            s.reasons, s.reason,
        )
        .join(Study, Study.id == s.study_id)
        .outerjoin(Patient, Patient.id == s.patient_id)
    )  # fmt: skip


subjects.offers(WithdrawSubject, CompleteSubject)


@worklist("study.screenings", "入组筛查", permission=VIEW, record=StudyScreening, order="-screened_at")
def screenings() -> Query:
    """Who was looked at, and what spoke for or against it."""
    s = StudyScreening
    return (
        select(
            s.screened_at, Study.code.label("study"), Patient.name.label("client"), s.fits, s.reasons, s.staff_name
        )
        .join(Study, Study.id == s.study_id)
        .outerjoin(Patient, Patient.id == s.patient_id)
    )  # fmt: skip


@worklist("study.visits", "研究访视", permission=VIEW, record=SubjectVisit, order="target_on")
def visits() -> Query:
    """Visits to come and going on, the nearest first."""
    v = SubjectVisit
    return (
        select(
            v.target_on, StudySubject.number.label("subject"), Study.code.label("study"),
            Patient.name.label("client"), v.name, v.window_from, v.window_until, v.state, v.bar, v.open_tubes,
            v.due_at,
        )
        .join(StudySubject, StudySubject.id == v.subject_id)
        .join(Study, Study.id == v.study_id)
        .outerjoin(Patient, Patient.id == v.patient_id)
        .where(v.state.in_(("planned", "going_on")))
    )  # fmt: skip


visits.offers(BeginSubjectVisit, PlanTubes, MissSubjectVisit)


@worklist("study.expected", "应留标本", permission=VIEW, record=ExpectedSpecimen, order="-day")
def expected() -> Query:
    """Expected against collected, visit by visit; reasons are noted here."""
    e = ExpectedSpecimen
    return (
        select(
            e.day, StudySubject.number.label("subject"), Patient.name.label("client"), e.name, e.type, e.expected,
            e.collected, e.cause, e.note, e.staff_name, e.settled_at,
        )
        .join(StudySubject, StudySubject.id == e.subject_id)
        .outerjoin(Patient, Patient.id == e.patient_id)
    )  # fmt: skip


expected.offers(NoteMissing)


@worklist("study.frozen", "冻结标本", permission="biobank.view", record=Specimen, order="-frozen_at")
def frozen() -> Query:
    """Tubes nobody may use any more; they wait to be discarded."""
    s = Specimen
    return select(s.number, s.type, s.state, s.slot, s.frozen_at, s.frozen_reason).where(
        s.frozen_at.is_not(None), s.state.not_in(("used_up", "discarded"))
    )
