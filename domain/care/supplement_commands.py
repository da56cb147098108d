"""Prescribing supplements: what each dose has, within the limits, beside what is taken already."""

import re
from datetime import date
from typing import NoReturn

from sqlalchemy import select

from domain.care.calendar import PROTEIN_SHARE, WHEY
from domain.care.content import care_of
from domain.care.intake import NUTRIENTS, age_of, diet_of, per_day, supplements_of
from domain.care.intake_records import DietIntake
from domain.care.item_commands import put_item, schedule_said
from domain.care.nutrients import Nutrients, acting, amounts_said, summed
from domain.care.records import CareItem, CareKind, CarePlan
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.disputes import beside
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

LIVE = ("planned", "running", "paused")


@command("care.prescribe_supplement", "开补充剂处方", permission="care.sign")
class PrescribeSupplement:
    """A supplement of the physician's own, with what one dose has; checked against limits and what is taken."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)
    label: str = ask("品名与规格", max_length=200)
    content: str = ask("每份所含（如 维生素D 10 µg，钙 300 mg）", max_length=1000)
    dose: float = ask("每次几份", kind=Kind.NUMBER, default=1, low=0.25, high=50)
    times: str = ask("每日时间（如 08:00、20:00）", max_length=80)
    days: str = ask("哪几天（每日，或周一三五，或每2天）", default="每日", max_length=40)
    medicines: str = ask("计划外在用的药品和补充剂", default="", max_length=1000)
    accepted: str | None = ask("继续使用的理由（有相互作用提示时填写）", kind=Kind.NOTE, default=None)
    from_on: date | None = ask("开始日期（不填为计划开始）", kind=Kind.DATE, default=None)
    to_on: date | None = ask("结束日期（不填为计划结束）", kind=Kind.DATE, default=None)


@handles(PrescribeSupplement)
def prescribe_supplement(order: PrescribeSupplement, work: UnitOfWork) -> Id:
    """Return the id of the item.

    Raises:
        DomainError: As `add_item`; ``care.bad_content`` (``content``); ``care.over_upper`` (``content``) where
            supplements and diet come to more than the upper intake; ``care.must_not`` (``medicines``) for a severe
            interaction; ``care.acts_on`` (``accepted``) for another one without a reason to go on.
    """
    plan = work.require(CarePlan, order.care_plan_id, "care_plan_id")
    content = care_of(work)
    amounts = _amounts(content.nutrients, order.content, "content")
    schedule = schedule_said(order.times, order.days, content.kinds.kinds[CareKind.SUPPLEMENT].window_h)
    _check_limits(
        work, plan.patient_id, {code: one * order.dose * len(schedule.at) for code, one in amounts.items()}
    )
    _check_protein(work, plan, amounts.get(WHEY, 0.0) * order.dose * len(schedule.at))
    said = _check_interactions(work, plan.patient_id, order, amounts)
    return put_item(
        work, plan, CareKind.SUPPLEMENT, order.label, schedule, target=(order.dose, None),
        span=(order.from_on, order.to_on),
        detail={NUTRIENTS: amounts, "medicines": order.medicines, "accepted": order.accepted, "hints": said},
    ).id  # fmt: skip


def _amounts(nutrients: Nutrients, text: str, field: str) -> dict[str, float]:
    try:
        found = amounts_said(nutrients, text)
    except ValueError as error:
        _bad(field, str(error))
    if not found:
        _bad(field, text)
    return found


def _bad(field: str, value: str) -> NoReturn:
    raise DomainError("care.bad_content", field=field, value=value)


def _check_limits(work: UnitOfWork, patient_id: Id, new: dict[str, float]) -> None:
    today = clinic(work.now).date()
    others = summed(*(per_day(one) for one in supplements_of(work, patient_id, LIVE)))
    diet, age = diet_of(work, patient_id, today), age_of(work, patient_id, today)
    for code, amount in new.items():
        one = care_of(work).nutrients.nutrients[code]
        upper = one.upper(age)
        food = 0.0 if one.of == "supplement" else diet.get(code, 0.0)
        whole = amount + others.get(code, 0.0) + food
        if upper is not None and whole > upper:
            raise DomainError(
                "care.over_upper", field="content", nutrient=one.label, unit=one.unit.replace("ug", "µg"),
                whole=f"{whole:g}", new=f"{amount:g}", others=f"{others.get(code, 0.0):g}", diet=f"{food:g}",
                upper=f"{upper:g}", mark="" if one.status == "V" else "（上限待核定）",
            )  # fmt: skip


def _check_protein(work: UnitOfWork, plan: CarePlan, new: float) -> None:
    """Refuse protein powder that comes, with the diet that is prescribed, to more than its share of the energy."""
    if not new:
        return
    diets = [
        one.detail
        for one in work.list(
            select(CareItem).where(
                of_person(work.connection, CareItem.patient_id, plan.patient_id),
                CareItem.kind == CareKind.DIET, CareItem.state.in_(LIVE)
            )
        )
        if one.detail and "protein_g" in one.detail
    ]  # fmt: skip
    others = sum(per_day(one).get(WHEY, 0.0) for one in supplements_of(work, plan.patient_id, LIVE))
    for detail in diets:
        diet, upper = float(detail["protein_g"]), PROTEIN_SHARE * float(detail["kcal"]) / 4
        if new + others + diet > upper:
            raise DomainError(
                "care.over_upper", field="content", nutrient="蛋白质", unit="g", whole=f"{new + others + diet:g}",
                new=f"{new:g}", others=f"{others:g}", diet=f"{diet:g}", upper=f"{upper:g}", mark="",
            )  # fmt: skip


def _check_interactions(
    work: UnitOfWork, patient_id: Id, order: PrescribeSupplement, amounts: dict[str, float]
) -> list[str]:
    """Return what has to be watched, as sentences; refuses what must not be given."""
    content = care_of(work)
    query = select(CareItem.id, CareItem.label, CareItem.detail).where(
        of_person(work.connection, CareItem.patient_id, patient_id), CareItem.state.in_(LIVE),
        CareItem.kind.in_((CareKind.MEDICATION, CareKind.SUPPLEMENT)),
    )  # fmt: skip
    taken = [*re.split(r"[，,、;；\n]", order.medicines)]
    rows = work.connection.execute(query).all()
    others = beside(work.connection, "care_item", [row.id for row in rows])
    for item_id, label, detail in rows:  # of two names in dispute either may be what is taken
        taken += [label, *map(str, others.get(item_id, {}).get("label", ()))]
        taken += [*(content.nutrients.nutrients[c].label for c in (detail or {}).get(NUTRIENTS, {}))]
    names = [order.label]
    for code in amounts:
        one = content.nutrients.nutrients[code]
        names += [one.label, *(n for n in one.names if not n.isascii())]
    found = acting(content.interactions, names, taken)
    for pair in found:
        facts = {"a": "/".join(pair.a), "b": "/".join(pair.b), "effect": pair.effect}
        if pair.level == "severe":
            raise DomainError("care.must_not", field="medicines", **facts)
        if not (order.accepted or "").strip():
            raise DomainError("care.acts_on", field="accepted", **facts)
    return [f"{'/'.join(p.a)}–{'/'.join(p.b)}：{p.effect}（{p.source}）" for p in found]


@command("care.note_diet", "登记膳食摄入估计", permission="care.note")
class NoteDiet:
    """What a client takes in by food on a usual day; counted beside the supplements from a day on."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    amounts: str = ask("每日摄入（如 钙 500 mg，铁 12 mg）", max_length=2000)
    method: str = ask("估计依据（如 三日膳食记录）", max_length=1000)
    from_on: date | None = ask("从哪天起（不填为今天）", kind=Kind.DATE, default=None)


@handles(NoteDiet)
def note_diet(order: NoteDiet, work: UnitOfWork) -> Id:
    """Return the id of the estimate.

    Raises:
        DomainError: ``care.bad_content`` (``amounts``); ``care.too_early`` (``from_on``) for a day to come.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    today = clinic(work.now).date()
    if order.from_on is not None and order.from_on > today:
        raise DomainError("care.too_early", field="from_on")
    amounts = _amounts(care_of(work).nutrients, order.amounts, "amounts")
    made = work.add(
        DietIntake(
            org_id=patient.org_id, patient_id=patient.id, amounts=amounts, method=order.method.strip(),
            from_on=order.from_on or today, at=work.now, staff_id=work.actor.staff_id, staff_name=work.actor.name,
        )
    )  # fmt: skip
    return made.id
