"""Groups: brought in step by the reader of the log, labelled and exempted by people; and a client's level."""

from domain.followup.group_records import CareProfile, ClientLevel, GroupAct, GroupMember, Segment
from domain.followup.registers import follow_registers
from domain.followup.regrouping import leave, members_of, note_group, profile_of, propose, regroup
from domain.followup.workflow import member_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Staff


@command("followup.regroup", "更新分组", permission="followup.group", place="internal")
class RegroupSeveral:
    """Several clients in one transaction, for whoever follows the log."""

    patient_ids: list[Id] = ask("客户", kind=Kind.HIDDEN)
    level_changed: bool = ask("客户等级有变", kind=Kind.HIDDEN, default=False)


@handles(RegroupSeveral)
def regroup_several(order: RegroupSeveral, work: UnitOfWork) -> int:
    """Return how many memberships changed; a client who is not there any more is passed over."""
    changed = 0
    for patient_id in order.patient_ids:
        patient = work.get(Patient, patient_id)
        if patient is None:
            continue
        done = regroup(work, patient)
        if order.level_changed and not done:
            propose(work, patient, members_of(work, patient.id))
        changed += done + follow_registers(work, patient)
    return changed


@command("followup.label", "添加客户标签", permission="followup.group")
class LabelClient:
    """A label of one's own on a client."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    label: str = ask("标签", max_length=40)
    note: str | None = ask("说明", kind=Kind.NOTE, default=None)


@handles(LabelClient)
def label_client(order: LabelClient, work: UnitOfWork) -> Id:
    """Return the id of the membership; a label that is there already stays as it is.

    A label that counts for plans lets the plan that leads now be proposed.

    Raises:
        DomainError: ``input.missing`` (``label``) for blanks.
    """
    label = order.label.strip()
    if not label:
        raise DomainError("input.missing", field="label", label="标签")
    patient = work.require(Patient, order.patient_id, "patient_id")
    member_id = stable_id("group_member", patient.id, Segment.LABEL, label)
    member = work.get(GroupMember, member_id)
    if member is not None and member.state != "left":
        return member.id
    if member is None:
        member = GroupMember(
            id=member_id, org_id=patient.org_id, patient_id=patient.id, segment=Segment.LABEL, topic=label,
            topic_label=label, why={"rule": "by_hand"}, since=work.now,
        )  # fmt: skip
        work.start(member_life, member)
        work.add(member)
    else:
        work.move(member_life, member, "enter_again")
        member.since, member.left_at = work.now, None
    work.move(member_life, member, "note")
    note_group(work, member, GroupAct.ENTERED, order.note)
    _propose_anew(work, patient, member)
    return member.id


def _propose_anew(work: UnitOfWork, patient: Patient, changed: GroupMember) -> None:
    """Propose what leads now, and follow with the registers; `changed` may not be in the store yet."""
    others = [one for one in members_of(work, patient.id) if one.id != changed.id]
    propose(work, patient, [*others, changed])
    follow_registers(work, patient)


@command("followup.unlabel", "移除客户标签", permission="followup.group")
class UnlabelClient:
    """The label is not right any more."""

    member_id: Id = ask("分组成员", kind=Kind.HIDDEN)
    note: str | None = ask("说明", kind=Kind.NOTE, default=None)


@handles(UnlabelClient)
def unlabel_client(order: UnlabelClient, work: UnitOfWork) -> None:
    """Take the label off.

    Raises:
        DomainError: ``followup.not_a_label`` for a group that follows from results.
    """
    member = work.require(GroupMember, order.member_id, "member_id")
    if member.segment != Segment.LABEL:
        raise DomainError("followup.not_a_label", field="member_id")
    leave(work, member, order.note)
    patient = work.require(Patient, member.patient_id, "member_id")
    _propose_anew(work, patient, member)


@command("followup.exempt", "登记随访豁免", permission="followup.plan")
class ExemptMember:
    """This client need not be followed up for this group, and why."""

    member_id: Id = ask("分组成员", kind=Kind.HIDDEN)
    reason: str = ask("豁免原因", kind=Kind.NOTE)


@handles(ExemptMember)
def exempt_member(order: ExemptMember, work: UnitOfWork) -> None:
    """End the wait for a plan.

    Raises:
        DomainError: ``group_member.wrong_state``; ``input.missing`` (``reason``).
    """
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="豁免原因")
    member = work.require(GroupMember, order.member_id, "member_id")
    work.move(member_life, member, "exempt")
    member.exempt_reason = order.reason.strip()
    note_group(work, member, GroupAct.EXEMPTED, order.reason)


@command("followup.set_profile", "设置客户等级与对接人", permission="followup.plan")
class SetCareProfile:
    """A client's level, and who looks after them; what is left out stays."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    level: ClientLevel | None = ask("客户等级", kind=Kind.CHOICE, default=None)
    manager: str | None = ask("专属健康管理师登录名", default=None, max_length=60)
    expert: str | None = ask("专属专家登录名", default=None, max_length=60)


@handles(SetCareProfile)
def set_care_profile(order: SetCareProfile, work: UnitOfWork) -> Id:
    """Return the id of the profile.

    Raises:
        DomainError: ``followup.no_staff`` (``manager``, ``expert``) for a login nobody active has.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    profile = ensure_profile(work, patient)
    if order.level is not None:
        profile.level = order.level
    if order.manager:
        profile.manager_id = staff_of(work, order.manager, "manager").id
    if order.expert:
        profile.expert_id = staff_of(work, order.expert, "expert").id
    profile.changed_at = work.now
    return profile.id


def ensure_profile(work: UnitOfWork, patient: Patient) -> CareProfile:
    """Return the client's profile, a new standard one if there is none."""
    profile = profile_of(work, patient.id)
    if profile is None:
        profile = work.add(
            CareProfile(
                id=stable_id("care_profile", patient.id), org_id=patient.org_id, patient_id=patient.id,
                level=ClientLevel.STANDARD, changed_at=work.now,
            )
        )  # fmt: skip
    return profile


def staff_of(work: UnitOfWork, login: str, field: str) -> Staff:
    """Return the active person of a login.

    Raises:
        DomainError: ``followup.no_staff`` with the field.
    """
    found = work.find(Staff, login=login.strip())
    if found is None or not found.active:
        raise DomainError("followup.no_staff", field=field, login=login)
    return found
