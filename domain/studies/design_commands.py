"""Setting a study up: protocol, criteria, arms, visits, tubes, members; and the approved changes of its plan."""

import enum
from datetime import date

from sqlalchemy import func, select

from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.studies.criteria import NAMED, Comparison, Condition, read_value
from domain.studies.numbers import CODE
from domain.studies.records import (
    ProtocolVisit,
    SpecimenRequirement,
    Study,
    StudyArm,
    StudyChange,
    StudyMember,
    StudyRole,
)
from domain.studies.workflow import study_life

DESIGN = "study.design"


class CriterionKind(enum.StrEnum):
    """Whether a condition lets in or keeps out."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


@command("study.create", "新建研究项目", permission=DESIGN)
class CreateStudy:
    """Begin a study; nobody is taken in before it is opened."""

    code: str = ask("项目代码", max_length=12)
    name: str = ask("项目名称")
    protocol: str = ask("方案编号与版本", max_length=120)
    ethics_number: str | None = ask("伦理批件号", default=None, max_length=120)
    leader: str = ask("课题负责人工号", max_length=60)
    planned_subjects: int = ask("计划入组数", kind=Kind.NUMBER, low=1, high=1_000_000)
    recruit_from: date = ask("入组开始日", kind=Kind.DATE)
    recruit_until: date = ask("入组截止日", kind=Kind.DATE)


@handles(CreateStudy)
def create(order: CreateStudy, work: UnitOfWork) -> Id:
    """Return the study's id; its leader is its first member.

    Raises:
        DomainError: ``study.code_form`` (letters and digits only), ``study.code_taken``, ``study.dates`` (ends
            before it begins), ``study.no_such_staff`` (``leader``).
    """
    code = order.code.upper()
    if CODE.fullmatch(code) is None:
        raise DomainError("study.code_form", field="code", value=order.code)
    if work.find(Study, code=code) is not None:
        raise DomainError("study.code_taken", field="code", value=code)
    if order.recruit_until < order.recruit_from:
        raise DomainError("study.dates", field="recruit_until")
    leader = _staff(work, order.leader, "leader")
    study = Study(
        code=code, name=order.name, protocol=order.protocol, ethics_number=order.ethics_number, leader_id=leader.id,
        leader_name=leader.name, planned_subjects=order.planned_subjects, recruit_from=order.recruit_from,
        recruit_until=order.recruit_until, criteria={"include": [], "exclude": []}, revision=0,
    )  # fmt: skip
    work.start(study_life, study)
    work.add(study)
    _join(work, study, leader, StudyRole.LEADER)
    return study.id


@command("study.add_criterion", "添加入组标准", permission=DESIGN)
class AddCriterion:
    """One condition on the record that lets somebody in or keeps them out."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    kind: CriterionKind = ask("类别", kind=Kind.CHOICE)
    item: str = ask("项目（年龄、性别、体重指数或检查项目名称）", max_length=60)
    op: Comparison = ask("比较", kind=Kind.CHOICE)
    value: str = ask("数值（性别填男或女）", max_length=20)


@handles(AddCriterion)
def add_criterion(order: AddCriterion, work: UnitOfWork) -> int:
    """Return how many conditions there are now.

    Raises:
        DomainError: ``study.criterion_item`` for what is neither in the catalogue nor of the person;
            ``study.criterion_value``; ``study.not_draft`` once it is open: then it is a change of the plan.
    """
    study = _draft(work, order.study_id)
    field, label = _criterion_field(work, order.item)
    one = Condition(field, label, order.op, read_value(field, order.value)).as_json()
    kept = {name: list(study.criteria.get(name, [])) for name in ("include", "exclude")}
    kept[order.kind.value].append(one)
    study.criteria = kept
    return sum(map(len, kept.values()))


@command("study.clear_criteria", "清空入组标准", permission=DESIGN)
class ClearCriteria:
    """Begin the conditions anew, before the study is open."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)


@handles(ClearCriteria)
def clear_criteria(order: ClearCriteria, work: UnitOfWork) -> None:
    """Take all conditions away. Raises ``study.not_draft``."""
    _draft(work, order.study_id).criteria = {"include": [], "exclude": []}


@command("study.add_arm", "添加研究分组", permission=DESIGN)
class AddArm:
    """One arm."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    code: str = ask("分组代码", max_length=20)
    name: str = ask("分组名称")
    planned: int | None = ask("计划人数", kind=Kind.NUMBER, default=None, low=1, high=1_000_000)


@handles(AddArm)
def add_arm(order: AddArm, work: UnitOfWork) -> Id:
    """Return the arm's id. Raises ``study.part_taken`` for a code the study has."""
    study = work.require(Study, order.study_id, "study_id")
    if work.find(StudyArm, study_id=study.id, code=order.code) is not None:
        raise DomainError("study.part_taken", field="code", value=order.code)
    arm = StudyArm(
        org_id=study.org_id, study_id=study.id, code=order.code, name=order.name, planned=order.planned
    )
    return work.add(arm).id


@command("study.add_visit", "添加方案访视", permission=DESIGN)
class AddProtocolVisit:
    """One visit with its window, questionnaires and the time each node may take."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    code: str = ask("访视代码", max_length=20)
    name: str = ask("访视名称")
    day: int = ask("距入组天数", kind=Kind.NUMBER, low=0, high=36_500, unit="d")
    before_days: int = ask("窗口提前", kind=Kind.NUMBER, default=0, low=0, high=365, unit="d")
    after_days: int = ask("窗口延后", kind=Kind.NUMBER, default=0, low=0, high=365, unit="d")
    forms: str | None = ask("访视问卷（代码@版本，逗号分隔）", default=None, max_length=1000)
    questionnaire_hours: int = ask("问卷填写时限", kind=Kind.NUMBER, default=24, low=1, high=2000, unit="h")
    collection_hours: int = ask("标本采集时限", kind=Kind.NUMBER, default=8, low=1, high=2000, unit="h")
    processing_hours: int = ask("标本处理时限", kind=Kind.NUMBER, default=2, low=1, high=2000, unit="h")
    storage_hours: int = ask("标本入库时限", kind=Kind.NUMBER, default=2, low=1, high=2000, unit="h")


@handles(AddProtocolVisit)
def add_visit(order: AddProtocolVisit, work: UnitOfWork) -> Id:
    """Return the visit's id; subjects enrolled from now on are given it.

    Raises:
        DomainError: ``study.part_taken`` (``code``), ``study.form_written`` (``forms``) for what names no version.
    """
    study = work.require(Study, order.study_id, "study_id")
    if work.find(ProtocolVisit, study_id=study.id, code=order.code) is not None:
        raise DomainError("study.part_taken", field="code", value=order.code)
    forms = [one.strip() for one in (order.forms or "").replace("，", ",").split(",") if one.strip()]
    for one in forms:
        name, _, version = one.partition("@")
        if not name or not version:
            raise DomainError("study.form_written", field="forms", value=one)
    plan = ProtocolVisit(
        org_id=study.org_id, study_id=study.id, code=order.code, name=order.name, day=order.day,
        before_days=order.before_days, after_days=order.after_days, forms=forms,
        questionnaire_hours=order.questionnaire_hours, collection_hours=order.collection_hours,
        processing_hours=order.processing_hours, storage_hours=order.storage_hours,
    )  # fmt: skip
    return work.add(plan).id


@command("study.set_limits", "调整节点时限", permission=DESIGN)
class SetNodeLimits:
    """How long each node of a visit may take, from the next node on."""

    plan_id: Id = ask("方案访视", kind=Kind.HIDDEN)
    questionnaire_hours: int = ask("问卷填写时限", kind=Kind.NUMBER, low=1, high=2000, unit="h")
    collection_hours: int = ask("标本采集时限", kind=Kind.NUMBER, low=1, high=2000, unit="h")
    processing_hours: int = ask("标本处理时限", kind=Kind.NUMBER, low=1, high=2000, unit="h")
    storage_hours: int = ask("标本入库时限", kind=Kind.NUMBER, low=1, high=2000, unit="h")


@handles(SetNodeLimits)
def set_limits(order: SetNodeLimits, work: UnitOfWork) -> None:
    """Keep the new limits."""
    plan = work.require(ProtocolVisit, order.plan_id, "plan_id")
    plan.questionnaire_hours, plan.collection_hours = order.questionnaire_hours, order.collection_hours
    plan.processing_hours, plan.storage_hours = order.processing_hours, order.storage_hours


@command("study.require_specimen", "添加样本要求", permission=DESIGN)
class RequireSpecimen:
    """Tubes of one kind wanted at a visit."""

    plan_id: Id = ask("方案访视", kind=Kind.HIDDEN)
    name: str = ask("样本名称", max_length=60)
    type: SpecimenType = ask("标本类型", kind=Kind.CHOICE)
    container: PrimaryContainer = ask("采集管", kind=Kind.CHOICE)
    tubes: int = ask("管数", kind=Kind.NUMBER, default=1, low=1, high=20)
    volume_ul: int | None = ask("每管体积", kind=Kind.NUMBER, default=None, low=10, high=500_000, unit="uL")
    quota: int | None = ask("总配额（管）", kind=Kind.NUMBER, default=None, low=1, high=10_000_000)


@handles(RequireSpecimen)
def require_specimen(order: RequireSpecimen, work: UnitOfWork) -> Id:
    """Return the requirement's id. Raises ``study.part_taken`` (``name``)."""
    plan = work.require(ProtocolVisit, order.plan_id, "plan_id")
    if work.find(SpecimenRequirement, plan_id=plan.id, name=order.name, retired_at=None) is not None:
        raise DomainError("study.part_taken", field="name", value=order.name)
    wanted = SpecimenRequirement(
        org_id=plan.org_id, study_id=plan.study_id, plan_id=plan.id, name=order.name, type=order.type,
        container=order.container, tubes=order.tubes, volume_ul=order.volume_ul, quota=order.quota,
    )  # fmt: skip
    return work.add(wanted).id


@command("study.change_requirement", "调整样本数量", permission=DESIGN)
class ChangeRequirement:
    """How many tubes are wanted from the next visit on, and up to how many in all; none ends it."""

    requirement_id: Id = ask("样本要求", kind=Kind.HIDDEN)
    tubes: int = ask("管数（0 表示停用）", kind=Kind.NUMBER, low=0, high=20)
    quota: int | None = ask("总配额（管）", kind=Kind.NUMBER, default=None, low=1, high=10_000_000)


@handles(ChangeRequirement)
def change_requirement(order: ChangeRequirement, work: UnitOfWork) -> None:
    """Keep the new numbers; what was expected of visits that have begun stays."""
    wanted = work.require(SpecimenRequirement, order.requirement_id, "requirement_id")
    if order.tubes == 0:
        wanted.retired_at = work.now
        return
    wanted.tubes, wanted.quota, wanted.retired_at = order.tubes, order.quota, None


@command("study.add_member", "添加研究成员", permission=DESIGN)
class AddMember:
    """Let somebody work on the study: from now on they see its subjects."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    login: str = ask("工号", max_length=60)
    role: StudyRole = ask("研究角色", kind=Kind.CHOICE)


@handles(AddMember)
def add_member(order: AddMember, work: UnitOfWork) -> Id:
    """Return the membership's id. Raises ``study.no_such_staff`` or ``study.is_member`` (``login``)."""
    study = work.require(Study, order.study_id, "study_id")
    staff = _staff(work, order.login, "login")
    known = work.find(StudyMember, study_id=study.id, staff_id=staff.id, left_at=None)
    if known is not None:
        raise DomainError("study.is_member", field="login", name=staff.name)
    return _join(work, study, staff, order.role).id


@command("study.remove_member", "移出研究成员", permission=DESIGN)
class RemoveMember:
    """End somebody's work on the study."""

    member_id: Id = ask("研究成员", kind=Kind.HIDDEN)


@handles(RemoveMember)
def remove_member(order: RemoveMember, work: UnitOfWork) -> None:
    """Note when they left; they see its subjects no more."""
    member = work.require(StudyMember, order.member_id, "member_id")
    member.left_at = member.left_at or work.now


class StudyStep(enum.StrEnum):
    """Where a study is moved to."""

    OPEN = "open"
    STOP = "stop_recruiting"
    REOPEN = "reopen"
    CLOSE = "close"


@command("study.move", "变更项目状态", permission=DESIGN)
class MoveStudy:
    """Open it, stop or resume taking people in, or end it."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    step: StudyStep = ask("操作", kind=Kind.CHOICE)


@handles(MoveStudy)
def move_study(order: MoveStudy, work: UnitOfWork) -> str:
    """Return the state it is in.

    Raises:
        DomainError: ``study.no_visit`` (``step``): nothing can be followed without a visit; ``study.wrong_state``.
    """
    study = work.require(Study, order.study_id, "study_id")
    visits = select(func.count()).select_from(ProtocolVisit).where(ProtocolVisit.study_id == study.id)
    if order.step is StudyStep.OPEN and not work.value(visits):
        raise DomainError("study.no_visit", field="step")
    work.move(study_life, study, order.step.value)
    return study.state


@command("study.change_plan", "变更研究计划", permission=DESIGN)
class ChangePlan:
    """An approved change of how many are planned and until when; what stood before is kept."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    planned_subjects: int = ask("计划入组数", kind=Kind.NUMBER, low=1, high=1_000_000)
    recruit_until: date = ask("入组截止日", kind=Kind.DATE)
    approval: str = ask("批准文号", max_length=120)
    reason: str = ask("变更原因", kind=Kind.NOTE)


@handles(ChangePlan)
def change_plan(order: ChangePlan, work: UnitOfWork) -> int:
    """Return the number of the revision. Raises ``study.dates`` (``recruit_until``)."""
    study = work.require(Study, order.study_id, "study_id")
    if order.recruit_until < study.recruit_from:
        raise DomainError("study.dates", field="recruit_until")
    before = {"planned_subjects": study.planned_subjects, "recruit_until": study.recruit_until.isoformat()}
    study.planned_subjects, study.recruit_until = order.planned_subjects, order.recruit_until
    study.revision += 1
    after = {"planned_subjects": order.planned_subjects, "recruit_until": order.recruit_until.isoformat()}
    work.add(
        StudyChange(
            org_id=study.org_id, study_id=study.id, revision=study.revision, before=before, after=after,
            approval=order.approval, reason=order.reason, changed_at=work.now, staff_name=work.actor.name,
        )
    )  # fmt: skip
    return study.revision


def _draft(work: UnitOfWork, study_id: Id) -> Study:
    study = work.require(Study, study_id, "study_id")
    if study.state != study_life.first:
        raise DomainError("study.not_draft", field="study_id", name=study.name)
    return study


def _staff(work: UnitOfWork, login: str, field: str) -> Staff:
    found = work.find(Staff, login=login.strip())
    if found is None:
        raise DomainError("study.no_such_staff", field=field, value=login)
    return found


def _join(work: UnitOfWork, study: Study, staff: Staff, role: StudyRole) -> StudyMember:
    return work.add(
        StudyMember(
            org_id=study.org_id, study_id=study.id, staff_id=staff.id, staff_name=staff.name, role=role,
            joined_at=work.now,
        )
    )  # fmt: skip


def _criterion_field(work: UnitOfWork, item: str) -> tuple[str, str]:
    """Return the fact that somebody named, and what people call it."""
    word = item.strip()
    if word in NAMED:
        return NAMED[word], word
    catalog = work.content.get("catalog")
    found = None if catalog is None else (catalog.observations.get(word) or catalog.by_local(word))
    if found is None:
        raise DomainError("study.criterion_item", field="item", item=item)
    return found.key, found.name
