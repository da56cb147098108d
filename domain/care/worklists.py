"""Who is behind, what is to be done, plans, nodes, what was done, and how much of it a week."""

from sqlalchemy import select

from domain.care.choice_commands import ChoosePlan
from domain.care.diary_commands import NoteMeal
from domain.care.diary_records import DietEntry
from domain.care.diet_commands import PrescribeDiet
from domain.care.execution_commands import NoteExecution
from domain.care.exercise_commands import ChangeExercise, NoteExercise, SwapExercise
from domain.care.exercise_records import ExerciseEntry
from domain.care.goal_commands import DropGoal, SetGoal
from domain.care.goal_records import CareGoal, CarePlanStanding
from domain.care.intake_records import CareIntake, DietIntake
from domain.care.item_commands import AddItem, EndItem, PauseItem, ResumeItem
from domain.care.library_commands import ImportLibrary, RedrawPlan, WithdrawLibrary
from domain.care.library_records import CareLibrary
from domain.care.monitored_commands import NoteHomeValue, SetWatchLimits
from domain.care.monitored_records import MonitoredValue
from domain.care.plan_commands import (
    AddNode,
    CompleteNode,
    ExemptNode,
    ExtendPlan,
    FinishCarePlan,
    SignPlan,
    StartPlan,
    StopPlan,
)
from domain.care.preset_commands import SetPreset
from domain.care.preset_records import CarePreset
from domain.care.programme_commands import ApplyProgramme, ChangeItem
from domain.care.records import CareClient, CareEvent, CareItem, CareNode, CarePlan, CareStanding, CareWeek
from domain.care.supplement_commands import NoteDiet, PrescribeSupplement
from domain.care.swap_commands import SwapFood
from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient, Staff

VIEW = "care.view"


@worklist("care.behind", "执行逾期客户", permission=VIEW, record=CareClient, order="-overdue_kinds")
def behind() -> Query:
    """Clients of whom something is overdue, most kinds first: one line each, with the one thing to do first."""
    c = CareClient
    return (
        select(
            c.overdue_kinds, Patient.name, Patient.number.label("patient_number"), c.overdue_names, c.next_step,
            c.overdue_since, c.looked_at, c.patient_id,
        )
        .join(Patient, Patient.id == c.patient_id)
        .where(c.overdue_kinds > 0)
    )  # fmt: skip


@worklist("care.items", "干预项目执行", permission=VIEW, record=CareItem, order="due_at")
def items() -> Query:
    """Everything clients are to do, with how it stands."""
    i, s = CareItem, CareStanding
    return (
        select(
            i.kind, Patient.name, Patient.number.label("patient_number"), i.label, i.target_value, i.target_unit,
            i.state, s.missed_run, s.missed_days, s.week_done, s.week_due, s.week_rate, s.last_done_at,
            s.due_at.label("next_due"), i.from_on, i.to_on, i.due_at, i.patient_id, i.plan_id,
        )
        .join(Patient, Patient.id == i.patient_id)
        .outerjoin(s, s.id == i.id)
    )  # fmt: skip


items.offers(
    NoteExecution,
    NoteHomeValue,
    SetWatchLimits,
    SwapFood,
    SwapExercise,
    ChangeExercise,
    ChangeItem,
    PauseItem,
    ResumeItem,
    EndItem,
)


@worklist("care.plans", "干预计划", permission=VIEW, record=CarePlan, order="due_at")
def plans() -> Query:
    """Plans by what runs out first: those to sign, those that run."""
    p = CarePlan
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), p.name.label("plan_name"), p.state, p.due_at,
            p.starts_on, p.ends_on, p.programme, p.programme_version, p.unverified, p.signed_name, p.signed_at,
            Staff.name.label("owner"), p.patient_id,
        )
        .join(Patient, Patient.id == p.patient_id)
        .outerjoin(Staff, Staff.id == p.owner_id)
    )  # fmt: skip


plans.opens("care_plans")
plans.offers(
    SignPlan,
    ChoosePlan,
    SetGoal,
    RedrawPlan,
    AddItem,
    PrescribeDiet,
    PrescribeSupplement,
    AddNode,
    ExtendPlan,
    FinishCarePlan,
    StopPlan,
)


@worklist("care.goals", "管理目标", permission=VIEW, record=CareGoal, order="due_at")
def goals() -> Query:
    """What plans are to bring about, what runs out first at the top."""
    g = CareGoal
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), g.label, g.first, g.latest, g.high, g.low, g.unit,
            g.progress, g.state, g.by_on, g.due_at, g.unverified, g.source, CarePlan.name.label("plan_name"),
            g.patient_id,
        )
        .join(Patient, Patient.id == g.patient_id)
        .join(CarePlan, CarePlan.id == g.plan_id)
    )  # fmt: skip


goals.offers(DropGoal)


@worklist("care.progress", "方案进度与效果", permission=VIEW, record=CarePlanStanding, order="-looked_at")
def progress() -> Query:
    """How every running plan stands: nodes, what was done, goals, what it has come to and what is to be done."""
    s = CarePlanStanding
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), CarePlan.name.label("plan_name"), s.effect,
            s.advice, s.rate, s.goals_reached, s.goals, s.better, s.worse, s.nodes_done, s.nodes, s.nodes_late,
            s.next_node, s.next_on, s.newer, CarePlan.programme_version, CarePlan.unverified, s.looked_at,
            s.patient_id,
        )
        .join(Patient, Patient.id == s.patient_id)
        .join(CarePlan, CarePlan.id == s.id)
    )  # fmt: skip


progress.opens("care_plans")


@worklist("care.library", "干预方案库", permission=VIEW, record=CareLibrary, order="-written_at")
def library() -> Query:
    """Every newer version of a disease's programme, the latest first; what ships is not among them."""
    v = CareLibrary
    return select(
        v.written_at,
        v.title,
        v.version,
        v.changes,
        v.package,
        v.source,
        v.withdrawn,
        v.reason,
        v.written_name,
    )


library.offers(ImportLibrary, WithdrawLibrary)


@worklist("care.nodes", "干预节点", permission=VIEW, record=CareNode, order="due_at")
def nodes() -> Query:
    """Dated steps, the earliest first."""
    n = CareNode
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), n.label, n.state, n.due_at, n.planned_on, n.result,
            CarePlan.name.label("plan_name"), n.patient_id,
        )
        .join(Patient, Patient.id == n.patient_id)
        .join(CarePlan, CarePlan.id == n.plan_id)
    )  # fmt: skip


nodes.offers(CompleteNode, ExemptNode)


@worklist("care.events", "执行记录", permission=VIEW, record=CareEvent, order="-at")
def events() -> Query:
    """Everything that was noted, the latest first."""
    e = CareEvent
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), e.kind, CareItem.label, e.occasion_at, e.outcome,
            e.value, e.unit, e.way, e.staff_name, e.note, e.at, e.patient_id, e.item_id,
        )
        .join(Patient, Patient.id == e.patient_id)
        .outerjoin(CareItem, CareItem.id == e.item_id)
    )  # fmt: skip


@worklist("care.weeks", "每周执行率", permission=VIEW, record=CareWeek, order="-monday")
def weeks() -> Query:
    """How much of each item was done in each week, the latest first."""
    w = CareWeek
    return (
        select(
            w.monday, Patient.name, Patient.number.label("patient_number"), w.kind, CareItem.label, w.due, w.done,
            w.part, w.missed, w.excused, w.rate, w.patient_id, w.item_id,
        )
        .join(Patient, Patient.id == w.patient_id)
        .outerjoin(CareItem, CareItem.id == w.item_id)
    )  # fmt: skip


@worklist("care.clients", "建立干预计划", permission=VIEW, record=Patient, order="number")
def clients() -> Query:
    """Everybody, to begin a plan for."""
    return select(Patient.number, Patient.name, Patient.sex, Patient.birth_date)


clients.offers(ApplyProgramme, StartPlan, NoteMeal, NoteExercise, NoteDiet)


@worklist("care.diary", "膳食日记", permission=VIEW, record=DietEntry, order="-day")
def diary() -> Query:
    """What clients ate, meal by meal, the latest day first; the newest note of a meal counts."""
    d = DietEntry
    return (
        select(
            d.day, Patient.name.label("patient_name"), Patient.number.label("patient_number"), d.meal, d.said, d.kcal,
            d.protein_g, d.fat_g, d.carb_g, d.sodium_mg, d.note, d.way, d.staff_name, d.at, d.patient_id,
        )
        .join(Patient, Patient.id == d.patient_id)
    )  # fmt: skip


@worklist("care.intakes", "营养素日摄入", permission=VIEW, record=CareIntake, order="-day")
def intakes() -> Query:
    """What supplements and diet came to, by day and nutrient, the latest first."""
    t = CareIntake
    return (
        select(
            t.day, Patient.name.label("patient_name"), Patient.number.label("patient_number"), t.name, t.taken,
            t.diet, t.prescribed, t.upper, t.unit, t.percent, t.why, t.unverified, t.patient_id,
        )
        .join(Patient, Patient.id == t.patient_id)
    )  # fmt: skip


@worklist("care.diets", "膳食摄入估计", permission=VIEW, record=DietIntake, order="-at")
def diets() -> Query:
    """Estimates of what clients take in by food, the latest first."""
    d = DietIntake
    return (
        select(
            Patient.name.label("patient_name"), Patient.number.label("patient_number"), d.amounts, d.method,
            d.from_on, d.staff_name, d.at, d.patient_id,
        )
        .join(Patient, Patient.id == d.patient_id)
    )  # fmt: skip


@worklist("care.exercises", "运动日记", permission=VIEW, record=ExerciseEntry, order="-day")
def exercises() -> Query:
    """What clients did, the latest day first, with what it cost."""
    e = ExerciseEntry
    return (
        select(
            e.day, Patient.name.label("patient_name"), Patient.number.label("patient_number"), e.activity, e.minutes,
            e.kcal, e.met, e.heart_rate, e.effort, e.note, e.way, e.staff_name, e.at, e.patient_id,
        )
        .join(Patient, Patient.id == e.patient_id)
    )  # fmt: skip


@worklist("care.monitored", "监测最新值", permission=VIEW, record=MonitoredValue, order="-at")
def monitored() -> Query:
    """The newest value of what clients measure by plan, the latest first, with the limits it was judged by."""
    v = MonitoredValue
    return (
        select(
            v.at, Patient.name.label("patient_name"), Patient.number.label("patient_number"), v.label, v.value,
            v.ucum, v.outside, v.limits, v.personal, v.outside_since, v.patient_id,
        )
        .join(Patient, Patient.id == v.patient_id)
    )  # fmt: skip


@worklist("care.presets", "计划预设条件", permission="care.presets", record=CarePreset, order="-set_at")
def presets() -> Query:
    """Every version of the institution's presets, the latest first; the highest number of a name counts."""
    p = CarePreset
    return select(
        p.set_at,
        p.name,
        p.number,
        p.said,
        p.colours,
        p.diseases,
        p.level,
        p.activity,
        p.in_force,
        p.reason,
        p.set_name,
    )


presets.offers(SetPreset)
