"""A diet of the physician's own numbers, filled with portions of the exchange list."""

import dataclasses
from datetime import date
from typing import Any

from domain.care.content import care_of
from domain.care.exchange import Wanted, fill, misses, sums_of
from domain.care.generator import KCAL_FAT, KCAL_OTHER
from domain.care.item_commands import put_item
from domain.care.kitchen import meal_said, per_portion
from domain.care.programme_commands import MEALS
from domain.care.records import CareKind, CarePlan
from domain.care.schedules import Schedule
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Sex

OFF = 0.05
"""How far the energy of the three nutrients may be from the energy that is prescribed."""


@command("care.prescribe_diet", "开膳食处方", permission="care.sign")
class PrescribeDiet:
    """A diet by the physician's own numbers; portions are filled in unless foods are named."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)
    kcal: float = ask("能量（千卡/日）", kind=Kind.NUMBER, low=600, high=5000)
    protein_g: float = ask("蛋白质（g/日）", kind=Kind.NUMBER, low=10, high=300)
    fat_g: float = ask("脂肪（g/日）", kind=Kind.NUMBER, low=5, high=300)
    carb_g: float = ask("碳水化合物（g/日）", kind=Kind.NUMBER, low=10, high=800)
    sodium_mg: float = ask("钠上限（mg/日）", kind=Kind.NUMBER, default=2000, low=300, high=6000)
    foods: str = ask("食物（如 米饭 300 g，鸡肉 50 g；不填由系统配）", default="", max_length=2000)
    special: str = ask("特别要求（如 低嘌呤、忌海鲜）", default="", max_length=500)
    low_energy: str | None = ask("低于能量下限的理由（需要时填写）", kind=Kind.NOTE, default=None)
    from_on: date | None = ask("开始日期（不填为计划开始）", kind=Kind.DATE, default=None)
    to_on: date | None = ask("结束日期（不填为计划结束）", kind=Kind.DATE, default=None)


@handles(PrescribeDiet)
def prescribe_diet(order: PrescribeDiet, work: UnitOfWork) -> Id:
    """Return the id of the item.

    Raises:
        DomainError: As `add_item`; ``care.diet_sum`` (``kcal``) where the nutrients do not come to the energy;
            ``care.diet_low`` (``low_energy``) below the floor without a reason; ``care.bad_meal`` (``foods``);
            ``care.diet_foods`` (``foods``) where the foods named are outside the numbers, with by how much.
    """
    plan = work.require(CarePlan, order.care_plan_id, "care_plan_id")
    content = care_of(work)
    parts = (KCAL_OTHER * order.protein_g, KCAL_FAT * order.fat_g, KCAL_OTHER * order.carb_g)
    whole = sum(parts)
    if abs(whole - order.kcal) > OFF * order.kcal:
        raise DomainError("care.diet_sum", field="kcal", whole=f"{whole:.0f}", kcal=f"{order.kcal:g}")
    patient = work.require(Patient, plan.patient_id, "care_plan_id")
    floors = content.programmes.floors
    floor = floors["female"] if patient.sex == Sex.FEMALE else floors["male"]
    if order.kcal < floor and not (order.low_energy or "").strip():
        raise DomainError("care.diet_low", field="low_energy", floor=str(floor))
    protein, fat, carb = (round(100 * part / whole, 1) for part in parts)
    aim = DietAim(order.kcal, protein, fat, carb, order.protein_g, order.fat_g, order.carb_g)
    portions = _named(work, order, aim) if order.foods.strip() else fill(content.foods, aim)
    detail: dict[str, Any] = dataclasses.asdict(aim) | {
        "sodium_mg": round(order.sodium_mg), "special": [order.special] if order.special.strip() else [],
        "portions": portions, "misses": misses(content.foods, aim, portions), "own": True,
        "low_energy": order.low_energy,
    }  # fmt: skip
    return put_item(
        work, plan, CareKind.DIET, f"膳食处方 {order.kcal:g} 千卡"[:200], Schedule(at=MEALS, window_h=16),
        target=(order.kcal, "kcal/d"), span=(order.from_on, order.to_on), detail=detail,
    ).id  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class DietAim(Wanted):
    """What a diet has to come to, with the grams of the nutrients."""

    protein_g: float
    fat_g: float
    carb_g: float


def _named(work: UnitOfWork, order: PrescribeDiet, aim: DietAim) -> dict[str, float]:
    kitchen, foods = care_of(work).kitchen, care_of(work).foods
    portions: dict[str, float] = {}
    try:
        said = meal_said(kitchen, foods, order.foods)
        for name, grams in said.items():
            kind, each = per_portion(kitchen, foods, name)
            portions[kind] = round(portions.get(kind, 0.0) + grams / each, 2)
    except ValueError as error:
        raise DomainError("care.bad_meal", field="foods", value=str(error)) from error
    except KeyError as error:  # a seasoning is no portion
        raise DomainError("care.bad_meal", field="foods", value=str(error.args[0])) from error
    told = misses(foods, aim, portions) if sums_of(foods, portions).kcal else ["没有食物"]
    if told:
        raise DomainError("care.diet_foods", field="foods", why="；".join(told))
    return portions
