"""Bringing a client's memberships in step with the facts, and proposing the plan that follows from them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from domain.followup.client_facts import facts_of_client
from domain.followup.definitions import FOLLOWUP, FollowUpContent, PlanTemplate
from domain.followup.group_records import (
    CareProfile,
    ClientLevel,
    GroupAct,
    GroupChange,
    GroupMember,
    Segment,
)
from domain.followup.grouping import Belongs, days_of, groups_of, is_strict, leading_template
from domain.followup.own_content import content_in_force
from domain.followup.pace import Pace, pace_of_client
from domain.followup.plan_records import FollowPlan, PlanChange
from domain.followup.workflow import member_life, plan_life
from domain.interop.one_person import of_person, who_stays
from domain.kernel.clock import clinic
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.risk.content import RISK


def content_of(work: UnitOfWork) -> FollowUpContent:
    """Return the follow-up content in force: what ships, with the institution's own in its place."""
    return content_in_force(work.connection, work.content[FOLLOWUP])


def disease_names(work: UnitOfWork) -> Mapping[str, str]:
    """Return what diseases are called; empty where the risk models are not there."""
    models = work.content.get(RISK)
    return {} if models is None else {code: one.name for code, one in models.diseases.items()}


def profile_of(work: UnitOfWork, patient_id: Id) -> CareProfile | None:
    """Return what is kept of a client as a customer."""
    return work.find(CareProfile, patient_id=patient_id)


def level_of_client(work: UnitOfWork, patient_id: Id) -> ClientLevel:
    """Return the level of a client; the standard one where nothing is kept."""
    profile = profile_of(work, patient_id)
    return ClientLevel(profile.level) if profile else ClientLevel.STANDARD


def regroup(work: UnitOfWork, patient: Patient) -> int:
    """Let a client's memberships follow the facts; returns how many changed. What did not change writes nothing."""
    content = content_of(work)
    facts = facts_of_client(work.connection, patient.id, content.rules, work.now)
    wanted = {one.key: one for one in groups_of(facts, content.rules, disease_names(work))}
    members = members_of(work, patient.id)
    there = {(Segment(m.segment), m.topic): m for m in members if m.segment != Segment.LABEL}
    changed = 0
    for key, one in wanted.items():
        member = there.get(key)
        if member is None:
            members.append(_enter(work, patient, one))
            changed += 1
        else:
            changed += _follow(work, member, one)
    for key, member in there.items():
        if key not in wanted and member.state != "left":
            leave(work, member)
            changed += 1
    if changed:
        propose(work, patient, members)
    return changed


def members_of(work: UnitOfWork, patient_id: Id) -> list[GroupMember]:
    """Return every membership of a client, those that were left too."""
    return list(work.list(select(GroupMember).where(GroupMember.patient_id == patient_id)))


def _enter(work: UnitOfWork, patient: Patient, one: Belongs) -> GroupMember:
    member = GroupMember(
        id=stable_id("group_member", patient.id, one.segment, one.topic), org_id=patient.org_id,
        patient_id=patient.id, segment=one.segment, topic=one.topic, topic_label=one.topic_label, why=dict(one.why),
        unverified=one.unverified, since=work.now,
    )  # fmt: skip
    work.start(member_life, member)
    work.add(member)
    _settle(work, member)
    note_group(work, member, GroupAct.ENTERED)
    return member


def _settle(work: UnitOfWork, member: GroupMember) -> None:
    """A group that need not be followed up waits for nobody."""
    if member.segment not in content_of(work).rules.follow:
        work.move(member_life, member, "note")


def _follow(work: UnitOfWork, member: GroupMember, one: Belongs) -> int:
    if member.state == "left":
        work.move(member_life, member, "enter_again")
        member.since, member.left_at, member.why, member.exempt_reason = work.now, None, dict(one.why), None
        _settle(work, member)
        note_group(work, member, GroupAct.ENTERED)
        return 1
    if member.why == dict(one.why):
        return 0
    member.why, member.unverified = dict(one.why), one.unverified
    note_group(work, member, GroupAct.OTHER_WHY)
    return 1


def leave(work: UnitOfWork, member: GroupMember, note: str | None = None) -> None:
    """Take a client out of a group; the row stays as history."""
    work.move(member_life, member, "leave")
    member.left_at = work.now
    note_group(work, member, GroupAct.LEFT, note)


def note_group(work: UnitOfWork, member: GroupMember, act: GroupAct, note: str | None = None) -> None:
    """Add a line to the history of a membership."""
    work.add(
        GroupChange(
            org_id=member.org_id, patient_id=member.patient_id, member_id=member.id, segment=member.segment,
            topic_label=member.topic_label, act=act, why=member.why, note=note, staff_id=work.actor.staff_id,
            staff_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip


def plans_of(work: UnitOfWork, patient_id: Id) -> list[FollowPlan]:
    """Return every plan of a client, those made for their other records too: a person has one that runs."""
    return list(
        work.list(select(FollowPlan).where(of_person(work.connection, FollowPlan.patient_id, patient_id)))
    )


def propose(work: UnitOfWork, patient: Patient, members: Sequence[GroupMember]) -> FollowPlan | None:
    """Propose the plan that leads for these memberships; None where a plan that is as good runs or lies proposed.

    What was finished or declined since a client entered a group is not proposed again for it. A proposal that does
    not lead any more gives way. Of several records of a person the one that stays gets the proposal.
    """
    content = content_of(work)
    pace = pace_of_client(work, patient.id, level_of_client(work, patient.id), members, content)
    plans = plans_of(work, patient.id)
    if who_stays(work.connection, patient.id) != patient.id:
        _drop_proposals(work, [p for p in plans if p.patient_id == patient.id], None)
        if any(p.state == "active" for p in plans):
            cover(work, members)
        return None
    inside = [m for m in members if m.state not in {"left", "exempt"}]
    groups = _unserved(inside, plans, content)
    lead = leading_template(groups, content)
    running = next((p for p in plans if p.state == "active"), None)
    if running is not None and (lead is None or _as_good(running, lead, pace, content)):
        _drop_proposals(work, plans, None)
        cover(work, members)
        return None
    if lead is None:
        _drop_proposals(work, plans, None)
        return None
    plan_id = _plan_id(patient.id, lead, pace, plans)
    _drop_proposals(work, plans, plan_id)
    if any(p.id == plan_id for p in plans):
        return None
    return propose_template(work, patient, lead, groups, plans, pace)


def _unserved(
    inside: Sequence[GroupMember], plans: Sequence[FollowPlan], content: FollowUpContent
) -> list[tuple[Segment, str]]:
    """Return the groups for which no plan of their template was finished or declined since they were entered."""
    over = {p.template: p.state_since for p in plans if p.state in {"finished", "declined"}}
    found = []
    for member in inside:
        key = (Segment(member.segment), member.topic)
        template = leading_template([key], content)
        if template is not None and not (template.id in over and over[template.id] >= member.since):
            found.append(key)
    return found


def _as_good(running: FollowPlan, lead: PlanTemplate, pace: Pace, content: FollowUpContent) -> bool:
    own = content.plans.get(running.template)
    return rhythm_of(running) is pace.rhythm and (own is None or own.priority >= lead.priority)


def rhythm_of(plan: FollowPlan) -> ClientLevel:
    """Return the client level whose days a plan was made of."""
    return ClientLevel(plan.rhythm or plan.level)


def _plan_id(patient_id: Id, lead: PlanTemplate, pace: Pace, plans: Sequence[FollowPlan]) -> Id:
    """Return the id of the next plan of a template: two places that propose it at once propose one."""
    over = {"finished", "declined", "replaced"}
    before = sum(p.template == lead.id and rhythm_of(p) is pace.rhythm and p.state in over for p in plans)
    return stable_id("follow_plan", patient_id, lead.id, lead.version, pace.rhythm, before)


def _drop_proposals(work: UnitOfWork, plans: Sequence[FollowPlan], but: Id | None) -> None:
    for plan in plans:
        if plan.state == "proposed" and plan.id != but:
            work.move(plan_life, plan, "replace")
            note_plan(work, plan, "withdrawn")


def propose_template(
    work: UnitOfWork, patient: Patient, lead: PlanTemplate, groups: Sequence[tuple[Segment, str]],
    plans: Sequence[FollowPlan], pace: Pace,
) -> FollowPlan:  # fmt: skip
    """Write a proposal made of a template; it keeps what decided about its days."""
    running = next((p for p in plans if p.state == "active"), None)
    profile = profile_of(work, patient.id)
    names = disease_names(work)
    topics = list(dict.fromkeys(names.get(topic, topic) for _, topic in groups if topic in names))
    plan = FollowPlan(
        id=_plan_id(patient.id, lead, pace, plans), org_id=patient.org_id, patient_id=patient.id, name=lead.name,
        template=lead.id, template_version=lead.version, segment=lead.segment,
        topics=list(dict.fromkeys(topic for _, topic in groups if topic)), level=pace.level,
        rhythm=pace.rhythm, colour=pace.colour, labels=list(pace.labels),
        strict=is_strict(groups, pace.rhythm, content_of(work).rules), way=lead.way, form=lead.form,
        script=lead.script, owner_role=lead.owner_role, owner_id=profile.manager_id if profile else None,
        content=[*lead.content, *topics], after_days=days_of(lead, pace.rhythm), starts_on=clinic(work.now).date(),
        source=lead.source, unverified=lead.status == "UNVERIFIED", replaces=running.id if running else None,
        proposed_at=work.now,
    )  # fmt: skip
    work.start(plan_life, plan)
    work.add(plan)
    note_plan(work, plan, "proposed")
    return plan


def cover(work: UnitOfWork, members: Sequence[GroupMember]) -> int:
    """Note that a plan follows these groups up; returns how many waited for one."""
    waiting = [m for m in members if m.state == "waiting"]
    for member in waiting:
        work.move(member_life, member, "cover")
        note_group(work, member, GroupAct.COVERED)
    return len(waiting)


def note_plan(
    work: UnitOfWork, plan: FollowPlan, act: str, *, before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None, note: str | None = None,
) -> None:  # fmt: skip
    """Add a line to the history of a plan."""
    work.add(
        PlanChange(
            org_id=plan.org_id, plan_id=plan.id, patient_id=plan.patient_id, act=act, before=before, after=after,
            note=note, staff_id=work.actor.staff_id, staff_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip
