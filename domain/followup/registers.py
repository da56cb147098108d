"""Bringing a client's places in disease registers in step with groups, tags and findings."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.records import Observation
from domain.followup.client_facts import facts_of_client
from domain.followup.definitions import Register
from domain.followup.group_records import GroupMember, Segment
from domain.followup.pace import pace_of_client
from domain.followup.register_records import RegisterAct, RegisterMember, RegisterStep
from domain.followup.register_workflow import register_life
from domain.followup.registering import Fit, RegisterFacts, fits_of
from domain.followup.regrouping import (
    content_of,
    disease_names,
    level_of_client,
    members_of,
    plans_of,
    propose_template,
)
from domain.interop.one_person import of_person
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.tags.records import ClientTag
from domain.tracking.records import AbnormalTracking, TrackingGrade

_GRADES = (TrackingGrade.HIGH, TrackingGrade.IMPORTANT)


def follow_registers(work: UnitOfWork, patient: Patient) -> int:
    """Let a client's places follow the facts; returns how many changed. What did not change writes nothing."""
    content = content_of(work)
    facts = register_facts(work, patient.id)
    fits = {fit.register.id: fit for fit in fits_of(facts, content.registers.values(), disease_names(work))}
    there = {m.register: m for m in places_of(work, patient.id)}
    changed = 0
    for code, fit in fits.items():
        place = there.get(code)
        changed += propose_place(work, patient, fit) if place is None else _follow(work, place, fit)
    for code, place in there.items():
        if code not in fits and place.fits and not place.by_hand:
            place.fits = False
            if place.state == "candidate":
                work.move(register_life, place, "lapse")
                note_place(work, place, RegisterAct.LAPSED)
            else:
                note_place(work, place, RegisterAct.FITS_NO_MORE)
            changed += 1
    return changed


def places_of(work: UnitOfWork, patient_id: Id) -> list[RegisterMember]:
    """Return every place of a client in a register, those that are over too."""
    return list(work.list(select(RegisterMember).where(RegisterMember.patient_id == patient_id)))


def register_facts(work: UnitOfWork, patient_id: Id) -> RegisterFacts:
    """Return what registers look at: groups and levels as they stand, tags put on by hand, tracked findings.

    What a rule tags follows from the groups, or from the registers themselves.
    """
    work.flush()
    connection = work.connection
    m, t = GroupMember.__table__.c, ClientTag.__table__.c
    groups = connection.execute(
        select(m.segment, m.topic, m.topic_label).where(
            of_person(connection, m.patient_id, patient_id), m.state != "left"
        )
    ).all()
    tags = connection.execute(
        select(t.name).where(
            of_person(connection, t.patient_id, patient_id), t.by_hand.is_(True), t.off_at.is_(None)
        )
    ).scalars()
    diagnosed = {g.topic: g.topic_label for g in groups if g.segment == Segment.DISEASE and g.topic}
    known = facts_of_client(connection, patient_id, content_of(work).rules, work.now)
    levels = {topic: level for topic, level in known.levels.items() if topic not in diagnosed}
    labels = {g.topic for g in groups if g.segment == Segment.LABEL} | set(tags)
    return RegisterFacts(diagnosed, levels, frozenset(labels), _findings(connection, patient_id))


def _findings(connection: Connection, patient_id: Id) -> Mapping[str, str]:
    a: Any = AbnormalTracking.__table__.c
    o: Any = Observation.__table__.c
    query = (
        select(o.item, o.label)
        .join_from(AbnormalTracking.__table__, Observation.__table__, o.id == a.observation_id)
        .where(of_person(connection, a.patient_id, patient_id), a.grade.in_(_GRADES), a.state != "withdrawn")
    )
    return {row.item: row.label for row in connection.execute(query)}


def propose_place(work: UnitOfWork, patient: Patient, fit: Fit) -> int:
    """Begin a place for who fits; enters at once where the register takes such clients in by itself."""
    register = fit.register
    place = new_place(patient, register, fit.why, fit.because)
    place.since, place.unverified = work.now, register.status == "UNVERIFIED"
    work.start(register_life, place)
    work.add(place)
    if fit.by_itself:
        enter(work, place, register)
    else:
        note_place(work, place, RegisterAct.PROPOSED)
    return 1


def new_place(patient: Patient, register: Register, why: dict[str, Any], because: str) -> RegisterMember:
    """Return a place of a client in a register that is not kept yet."""
    return RegisterMember(
        id=stable_id("register_member", patient.id, register.id), org_id=patient.org_id, patient_id=patient.id,
        register=register.id, register_name=register.name, why=why, because=because, fits=True, by_hand=False,
    )  # fmt: skip


def _follow(work: UnitOfWork, place: RegisterMember, fit: Fit) -> int:
    again = not place.fits
    if again:
        place.fits, place.since = True, work.now
        if register_life.allows(place.state, "propose"):
            place.why, place.because, place.unverified = (
                fit.why,
                fit.because,
                fit.register.status == "UNVERIFIED",
            )
            work.move(register_life, place, "propose")
            if fit.by_itself:
                enter(work, place, fit.register)
            else:
                note_place(work, place, RegisterAct.PROPOSED)
            return 1
    if place.why == fit.why:
        return int(again)
    place.why, place.because, place.unverified = fit.why, fit.because, fit.register.status == "UNVERIFIED"
    if place.state == "candidate" and fit.by_itself:
        enter(work, place, fit.register)
    else:
        note_place(work, place, RegisterAct.OTHER_WHY)
    return 1


def enter(work: UnitOfWork, place: RegisterMember, register: Register, note: str | None = None) -> None:
    """Put a client into a register; who has no follow-up plan gets the register's proposed."""
    work.move(register_life, place, "enrol")
    place.entered_at, place.reason = work.now, None
    place.due_at = work.now + timedelta(days=register.review_days)
    note_place(work, place, RegisterAct.ENTERED, note)
    work.flush()
    plans = plans_of(work, place.patient_id)
    if register.plan is not None and not any(plan.state in {"proposed", "active"} for plan in plans):
        content, members = content_of(work), members_of(work, place.patient_id)
        pace = pace_of_client(
            work, place.patient_id, level_of_client(work, place.patient_id), members, content
        )
        groups = [(Segment(m.segment), m.topic) for m in members if m.state not in {"left", "exempt"}]
        patient = work.require(Patient, place.patient_id)
        propose_template(work, patient, content.plans[register.plan], groups, plans, pace)


def note_place(work: UnitOfWork, place: RegisterMember, act: RegisterAct, note: str | None = None) -> None:
    """Add a line to the history of a place."""
    work.add(
        RegisterStep(
            org_id=place.org_id, member_id=place.id, patient_id=place.patient_id,
            register_name=place.register_name, act=act, why=place.why, because=place.because, note=note,
            staff_id=work.actor.staff_id, staff_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip


def named_register(registers: Iterable[Register], name: str) -> Register | None:
    """Return a register by its code or its name."""
    wanted = name.strip()
    return next((one for one in registers if wanted in {one.id, one.name}), None)
