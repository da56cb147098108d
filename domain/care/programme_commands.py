"""A year's plan out of the programmes, for one body, its diseases and level; a physician changes and signs it."""

import calendar
import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from domain.care.content import care_of
from domain.care.exchange import fill, misses
from domain.care.generator import Body, MonthPlan, Refused, month_plan
from domain.care.goal_keeping import bring_goals
from domain.care.item_commands import put_item
from domain.care.library import version_of
from domain.care.plan_commands import LONGEST, PLAN
from domain.care.programmes import LEVELS, Foods, Level, Programmes
from domain.care.records import CareItem, CareKind, CareNode, CarePlan
from domain.care.schedules import Schedule, end_of
from domain.care.workflow import node_life, plan_life
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Sex
from domain.risk.records import RiskLevel
from domain.scales.drafting import SUGGESTIONS, draft_of
from domain.scales.facts import latest
from domain.scales.profile import person_of

MEALS = ("08:00", "12:00", "18:00")
WATCHED = {
    "HTN": "sbp", "T2DM": "fpg", "PRED": "fpg", "OB": "weight", "METS": "weight", "NAFLD": "weight", "HUA": "weight",
    "HF": "weight", "STR": "sbp", "CKD12": "sbp", "CKD35": "sbp", "CAD": "sbp",
}  # fmt: skip
"""What a client measures at home, by disease."""
LEVEL_OF = {"red": "high", "orange": "high", "yellow": "medium", "green": "low"}
"""Level of a programme by the colour in force, where nobody says another."""
DAYS = {3: (1, 3, 5), 4: (1, 2, 4, 6), 5: (1, 2, 3, 5, 6), 6: (1, 2, 3, 4, 5, 6), 7: (1, 2, 3, 4, 5, 6, 7)}


@command("care.apply_programme", "按方案生成干预计划", permission=PLAN)
class ApplyProgramme:
    """Draw up a year's plan from the diseases; nothing is asked for until a physician has signed it."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    diseases: str = ask("病种（名称或代码，如 高血压、2 型糖尿病）", max_length=200)
    level: str | None = ask("危险程度（低危、中危、高危；不填按当前等级）", default=None, max_length=10)
    activity: str = ask("体力活动（久坐、轻、中、重）", default="轻", max_length=10)
    starts_on: date | None = ask("开始日期（不填为今天）", kind=Kind.DATE, default=None)


ACTIVITY = {"久坐": "sedentary", "轻": "light", "中": "moderate", "重": "heavy", "极重": "very_heavy"}


@handles(ApplyProgramme)
def apply_programme(order: ApplyProgramme, work: UnitOfWork) -> Id:
    """Return the id of the draft.

    Raises:
        DomainError: ``care.no_disease`` (``diseases``); ``care.no_level`` (``level``); ``care.no_activity``
            (``activity``); ``care.body_unknown`` without height or weight; ``care.no_programme`` with the reason;
            ``care.starts_past`` (``starts_on``).
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    book = care_of(work).programmes
    codes = codes_said(book, order.diseases)
    level = level_said(work, patient, order.level)
    if order.activity not in ACTIVITY:
        raise DomainError(
            "care.no_activity", field="activity", value=order.activity, known="、".join(ACTIVITY)
        )
    today = clinic(work.now).date()
    starts = order.starts_on or today
    if starts < today or starts > today + LONGEST:
        raise DomainError("care.starts_past", field="starts_on", day=starts.isoformat())
    return draw_up(work, patient, codes, level, ACTIVITY[order.activity], starts).id


def draw_up(
    work: UnitOfWork, patient: Patient, codes: Sequence[str], level: Level, activity: str, starts: date, *,
    why: Sequence[str] = (), plan_id: Id | None = None,
) -> CarePlan:  # fmt: skip
    """Put a year's draft together and return it; `why` stands first among its notes.

    Raises:
        DomainError: ``care.body_unknown``; ``care.no_programme`` with the reason.
    """
    book = care_of(work).programmes
    body, refused = body_of(work, patient, activity)
    year = [month_plan(book, body, codes, level, month) for month in range(1, 13)]
    told = next((one.reason for one in year if isinstance(one, Refused)), None)
    if told is not None:
        raise DomainError("care.no_programme", field="diseases", reason=told)
    months = [one for one in year if isinstance(one, MonthPlan)]
    name = "、".join(book.diseases[code].label for code in codes)
    plan = CarePlan(
        id=plan_id, org_id=patient.org_id, patient_id=patient.id,
        name=f"{name}（{book.levels[level].label}）一年方案"[:255],
        programme=f"{'+'.join(codes)}:{level}"[:60],
        programme_version=version_of(work.connection, book.version, codes),
        unverified=not all(book.diseases[code].checked for code in codes),
        owner_id=work.actor.staff_id, starts_on=starts, ends_on=month_from(starts, 12) - timedelta(days=1),
        goal=_goal(book, codes, months), notes=[*why, *_notes(months, refused)],
    )  # fmt: skip
    work.start(plan_life, plan)
    work.add(plan)
    for at, month in enumerate(months):
        span = (month_from(starts, at), month_from(starts, at + 1) - timedelta(days=1))
        _month_items(work, plan, month, span, move=not refused)
        _month_node(work, plan, book, month, level, span[1])
    for watched in sorted({WATCHED[code] for code in codes if code in WATCHED}):
        checks = book.levels[level].checks
        days = () if checks == 7 else DAYS[max(checks, 3)][:checks]
        schedule = Schedule(at=("07:00",), window_h=17, weekdays=days)
        label = work.content["catalog"].observation(watched).name
        put_item(work, plan, CareKind.MONITORING, label, schedule, watched=watched)
    bring_goals(work, plan, codes, body.age)
    return plan


def codes_said(book: Programmes, said: str) -> list[str]:
    """Return the codes of diseases by code or name. Raises ``care.no_disease``."""
    by_name = {one.label.replace(" ", ""): code for code, one in book.diseases.items()}
    found = []
    for part in said.replace("，", "、").replace(",", "、").replace("+", "、").split("、"):
        name = part.replace(" ", "")
        code = name.upper() if name.upper() in book.diseases else by_name.get(name)
        if code is None:
            raise DomainError("care.no_disease", field="diseases", value=part, known="、".join(by_name))
        found.append(code)
    return list(dict.fromkeys(found))


def month_from(starts: date, count: int) -> date:
    """Return the same day so many months later, the last day of a shorter month."""
    year, month = divmod(starts.month - 1 + count, 12)
    year += starts.year
    return date(year, month + 1, min(starts.day, calendar.monthrange(year, month + 1)[1]))


def level_said(work: UnitOfWork, patient: Patient, said: str | None) -> Level:
    """Return the level as said, else that of the colour in force. Raises ``care.no_level``."""
    labels = {rule.label: level for level, rule in care_of(work).programmes.levels.items()}
    if said:
        named = labels.get(said) or (said if said in LEVELS else None)
        if named is None:
            raise DomainError("care.no_level", field="level", known="、".join(labels))
        return named
    kept = work.find(RiskLevel, patient_id=patient.id)
    if kept is None or kept.colour is None:
        raise DomainError("care.no_level", field="level", known="、".join(labels))
    return LEVEL_OF[str(kept.colour)]  # type: ignore[return-value]  # a member of LEVELS


def body_of(work: UnitOfWork, patient: Patient, activity: str) -> tuple[Body, str]:
    """Return the body, and why exercise is not prescribed ('' if it is): the gate of the screening decides."""
    known = latest(work.connection, patient.id, {"height", "weight", "pulse"})
    person = person_of(work.connection, patient, work.content[SUGGESTIONS], work.now)
    if "height" not in known or "weight" not in known or person.age is None:
        raise DomainError("care.body_unknown", field="patient_id")
    draft = draft_of(work.connection, work.content, patient, work.now)
    sex = "male" if patient.sex == Sex.MALE else "female"
    body = Body(
        sex, person.age, known["height"], known["weight"], activity, draft.fitness or "low",
        resting_rate=known.get("pulse"),
    )  # fmt: skip
    return body, draft.refused


def _goal(book: Programmes, codes: Sequence[str], months: Sequence[MonthPlan]) -> str:
    special = [
        f"{book.diseases[code].label}：{said}" for code in codes if (said := book.diseases[code].special)
    ]
    half = months[5]
    return "；".join([f"半年体重 {half.weight_kg:g} kg", f"钠每日不超过 {half.sodium_mg} mg", *special])[
        :2000
    ]


def _notes(months: Sequence[MonthPlan], refused: str) -> list[str]:
    said = dict.fromkeys(f"{note.rule} {note.said}" for month in months for note in month.notes)
    return [*([f"运动未列入：{refused}"] if refused else []), *said]


def _month_items(
    work: UnitOfWork, plan: CarePlan, month: MonthPlan, span: tuple[date, date], *, move: bool
) -> None:
    foods: Foods = care_of(work).foods
    portions = fill(foods, month)
    detail: dict[str, Any] = dataclasses.asdict(month)
    diet = {name: detail[name] for name in _DIET} | {
        "portions": portions,
        "misses": misses(foods, month, portions),
    }
    label = f"第 {month.month} 月膳食 {month.kcal} 千卡：{month.focus[0]}"
    put_item(
        work, plan, CareKind.DIET, label, Schedule(at=MEALS, window_h=16), target=(float(month.kcal), "kcal/d"),
        span=span, detail=diet,
    )  # fmt: skip
    if not move:
        return
    book = care_of(work).programmes
    ways = "、".join(book.names[way].label for way in month.ways[:3])
    each = round(month.minutes / month.times)
    schedule = Schedule(at=("07:00",), window_h=17, weekdays=DAYS[month.times])
    put_item(
        work, plan, CareKind.EXERCISE, f"第 {month.month} 月运动 {ways} 每次 {each} 分钟", schedule,
        target=(float(each), "min"), span=span, detail={name: detail[name] for name in _EXERCISE},
    )  # fmt: skip


_DIET = (
    "kcal", "carb_g", "protein_g", "fat_g", "carb_percent", "protein_percent", "fat_percent", "saturated_percent",
    "sodium_mg", "potassium", "fibre_g", "water_ml", "alcohol_g", "pattern", "special",
)  # fmt: skip
_EXERCISE = (
    "minutes", "times", "reserve", "target", "heart_rate", "ways", "met_minutes", "resistance_days", "resistance",
    "forbidden",
)  # fmt: skip


def _month_node(
    work: UnitOfWork, plan: CarePlan, book: Programmes, month: MonthPlan, level: Level, planned: date
) -> None:
    review = "，复评" if month.month in book.levels[level].reviews else ""
    node = CareNode(
        org_id=plan.org_id, plan_id=plan.id, patient_id=plan.patient_id, planned_on=planned,
        label=f"第 {month.month} 月 {month.stage}：{month.focus[2]}{review}",
    )  # fmt: skip
    work.start(node_life, node)
    work.add(node)


@command("care.change_item", "调整项目", permission=PLAN)
class ChangeItem:
    """Another target, other words or a nearer end, for this client; what is left out stays."""

    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    label: str | None = ask("内容", default=None, max_length=200)
    target_value: float | None = ask("每次目标值", kind=Kind.NUMBER, default=None, low=0, high=100000)
    to_on: date | None = ask("结束日期", kind=Kind.DATE, default=None)
    reason: str = ask("调整原因", kind=Kind.NOTE)


@handles(ChangeItem)
def change_item(order: ChangeItem, work: UnitOfWork) -> Id:
    """Return the id of the item; before and after stand in the log.

    Raises:
        DomainError: ``care.item_over``; ``care.outside_plan`` (``to_on``).
    """
    item = work.require(CareItem, order.care_item_id, "care_item_id")
    plan = work.require(CarePlan, item.plan_id, "care_item_id")
    if item.state == "ended":
        raise DomainError("care.item_over", field="care_item_id", label=item.label)
    if (
        order.to_on is not None
        and not max(item.from_on, clinic(work.now).date()) <= order.to_on <= plan.ends_on
    ):
        raise DomainError(
            "care.outside_plan", field="to_on", first=item.from_on.isoformat(), last=plan.ends_on.isoformat()
        )
    given = {name: getattr(order, name) for name in ("label", "target_value", "to_on")}
    for name, value in given.items():
        if value is not None:
            setattr(item, name, value)
    if order.to_on is not None and item.state == "running":
        item.due_at = end_of(order.to_on)
    item.reason = order.reason
    return item.id
