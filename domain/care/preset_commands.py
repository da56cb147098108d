"""Setting presets, and drafting the plans that follow from them."""

from datetime import timedelta

from sqlalchemy import func, or_, select

from domain.care.content import care_of
from domain.care.preset_records import CarePreset
from domain.care.presets import Preset, conditions_said, diseases_of, presets_in_force
from domain.care.programme_commands import ACTIVITY, codes_said, draw_up, level_said
from domain.care.programmes import LEVELS, Level
from domain.care.records import CarePlan
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.risk.records import RiskLevel
from domain.scales.facts import latest

COLOURS = {"绿": "green", "黄": "yellow", "橙": "orange", "红": "red"}
AGAIN_AFTER = timedelta(days=90)
"""A client whose plan ended is not drafted another by the same numbers before this."""
OPEN = ("draft", "running")


@command("care.set_preset", "设置计划预设条件", permission="care.presets", place="centre")
class SetPreset:
    """Where these conditions hold for a client without a plan, one is drafted for a physician to sign."""

    name: str = ask("预设名称", max_length=60)
    conditions: str = ask("条件（如 收缩压 ≥ 140，体重 ≥ 80；同时满足）", default="", max_length=1000)
    colours: str = ask("风险等级（绿黄橙红，可多个；不填为任意）", default="", max_length=20)
    diseases: str = ask("病种（名称或代码，如 高血压、2 型糖尿病）", max_length=200)
    level: str | None = ask("危险程度（低危、中危、高危；不填按当前等级）", default=None, max_length=10)
    activity: str = ask("体力活动（久坐、轻、中、重）", default="轻", max_length=10)
    in_force: bool = ask("启用", default=True)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(SetPreset)
def set_preset(order: SetPreset, work: UnitOfWork) -> int:
    """Return the number of the version.

    Raises:
        DomainError: ``care.bad_condition`` (``conditions``), also where neither conditions nor colours are said;
            ``care.bad_colour`` (``colours``); ``care.no_disease``; ``care.no_level``; ``care.no_activity``.
    """
    book = care_of(work).programmes
    try:
        conditions = conditions_said(work.content["catalog"], order.conditions)
    except ValueError as error:
        raise DomainError("care.bad_condition", field="conditions", value=str(error)) from error
    colours = _colours(order.colours)
    if not conditions and not colours:
        raise DomainError("care.bad_condition", field="conditions", value=order.conditions)
    labels = {rule.label: level for level, rule in book.levels.items()}
    if order.level and order.level not in labels:
        raise DomainError("care.no_level", field="level", known="、".join(labels))
    if order.activity not in ACTIVITY:
        raise DomainError(
            "care.no_activity", field="activity", value=order.activity, known="、".join(ACTIVITY)
        )
    c, name = CarePreset.__table__.c, order.name.strip()
    newest = work.connection.execute(select(func.max(c.number)).where(c.name == name)).scalar() or 0
    work.add(
        CarePreset(
            id=stable_id("care_preset", name, newest + 1), name=name, number=newest + 1, conditions=conditions,
            said=order.conditions.strip(), colours=colours, diseases=codes_said(book, order.diseases),
            level=labels[order.level] if order.level else None, activity=ACTIVITY[order.activity],
            in_force=order.in_force, reason=order.reason, set_at=work.now, set_by=work.actor.staff_id,
            set_name=work.actor.name,
        )
    )  # fmt: skip
    return newest + 1


def _colours(text: str) -> list[str]:
    said = [one for one in text if one not in " 、，,色"]
    wrong = [one for one in said if one not in COLOURS]
    if wrong:
        raise DomainError("care.bad_colour", field="colours", value=text)
    return sorted({COLOURS[one] for one in said})


@command("care.draft_by_presets", "按预设起草计划", permission=None, place="internal")
class DraftByPresets:
    """Look whether presets hold for a client, and draft the plan; of the reader of the log alone."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)


@handles(DraftByPresets)
def draft_by_presets(order: DraftByPresets, work: UnitOfWork) -> Id | None:
    """Return the id of the draft, None where no preset holds or the client has, or lately had, a plan.

    Raises:
        DomainError: As `draw_up`: ``care.body_unknown``, ``care.no_programme``; ``care.no_level``.
    """
    patient = work.get(Patient, order.patient_id)
    presets = presets_in_force(work.connection)
    if patient is None or not presets or _has_plan(work, order.patient_id):
        return None
    values = latest(work.connection, patient.id, {item for one in presets for item in one.items} or {"-"})
    kept = work.find(RiskLevel, patient_id=patient.id)
    colour = None if kept is None or kept.colour is None else str(kept.colour)
    holding = [one for one in presets if one.holds(values, colour)]
    if not holding:
        return None
    catalog, today = work.content["catalog"], clinic(work.now).date()
    plan = draw_up(
        work, patient, diseases_of(holding), _level(work, patient, holding), holding[0].activity, today,
        why=[one.because(values, catalog) for one in holding],
        plan_id=stable_id("care_preset_plan", patient.id, today.isoformat()),
    )  # fmt: skip
    return plan.id


def _has_plan(work: UnitOfWork, patient_id: Id) -> bool:
    c = CarePlan.__table__.c
    lately = or_(c.state.in_(OPEN), c.state_since > work.now - AGAIN_AFTER)
    theirs = of_person(work.connection, c.patient_id, patient_id)
    return work.connection.execute(select(c.id).where(theirs, lately).limit(1)).first() is not None


def _level(work: UnitOfWork, patient: Patient, holding: list[Preset]) -> Level:
    """Return the highest level that is said, else that of the colour in force."""
    said = [one.level for one in holding if one.level is not None]
    if said:
        return max(said, key=list(LEVELS).index)
    return level_said(work, patient, None)
