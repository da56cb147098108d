"""The diet diary: noted at the desk or by the client's own phone page, counted by the exchange list."""

from datetime import date, timedelta

from domain.care.content import care_of
from domain.care.diary_records import DietEntry, DietMeal
from domain.care.kitchen import eaten, meal_said
from domain.care.records import CareItem, CareWay
from domain.care.swap_commands import SwapFood, Swapped, swap_food
from domain.interop.one_person import require_theirs
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

LATEST_DAYS = 30
"""How far back a meal may still be noted."""


@command("care.note_meal", "登记膳食日记", permission="care.note")
class NoteMeal:
    """One meal of a client; a meal that is noted again takes the place of what was noted before."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    meal: DietMeal = ask("餐次", kind=Kind.CHOICE)
    foods: str = ask("吃了什么（如 米饭 150 g，鸡蛋 1 份，酱油 5 g）", max_length=2000)
    day: date | None = ask("日期（不填为今天）", kind=Kind.DATE, default=None)
    note: str | None = ask("说明", kind=Kind.NOTE, default=None)


@handles(NoteMeal)
def note_meal(order: NoteMeal, work: UnitOfWork) -> Id:
    """Return the id of the entry.

    Raises:
        DomainError: ``care.bad_meal`` (``foods``) with the part that is not understood; ``care.too_early`` or
            ``care.diary_too_late`` (``day``).
    """
    return keep_meal(work, order.patient_id, order.meal, order.foods, order.day, order.note, CareWay.DESK)


@command("care.client_meal", "客户膳食日记", permission="client_page.write", place="internal")
class ClientNotesMeal:
    """The client notes a meal on the phone page; of the server's page alone."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    meal: DietMeal = ask("餐次", kind=Kind.HIDDEN)
    foods: str = ask("吃了什么", kind=Kind.HIDDEN, max_length=2000)
    day: date | None = ask("日期", kind=Kind.HIDDEN, default=None)


@handles(ClientNotesMeal)
def client_notes_meal(order: ClientNotesMeal, work: UnitOfWork) -> Id:
    """Return the id of the entry. Raises as `note_meal`."""
    return keep_meal(work, order.patient_id, order.meal, order.foods, order.day, None, CareWay.PHONE)


def keep_meal(
    work: UnitOfWork, patient_id: Id, meal: DietMeal, text: str, day: date | None, note: str | None, way: CareWay
) -> Id:  # fmt: skip
    """Keep a meal. Raises as `note_meal`."""
    patient, today = work.require(Patient, patient_id, "patient_id"), clinic(work.now).date()
    day = day or today
    if day > today:
        raise DomainError("care.too_early", field="day")
    if day < today - timedelta(days=LATEST_DAYS):
        raise DomainError("care.diary_too_late", field="day", days=LATEST_DAYS)
    kitchen, foods = care_of(work).kitchen, care_of(work).foods
    try:
        grams = meal_said(kitchen, foods, text)
    except ValueError as error:
        raise DomainError("care.bad_meal", field="foods", value=str(error)) from error
    if not grams:
        raise DomainError("care.bad_meal", field="foods", value=text)
    found = eaten(kitchen, foods, grams)
    entry = DietEntry(
        org_id=patient.org_id, patient_id=patient.id, day=day, meal=meal, foods=grams,
        said="、".join(f"{name} {amount:g} g" for name, amount in grams.items())[:2000],
        kcal=round(found.kcal), protein_g=round(found.protein, 1), fat_g=round(found.fat, 1),
        carb_g=round(found.carb, 1), sodium_mg=round(found.sodium), note=note, way=way,
        staff_id=work.actor.staff_id, staff_name=work.actor.name, at=work.now,
    )  # fmt: skip
    return work.add(entry).id


@command("care.client_swap", "客户食物交换", permission="client_page.write", place="internal")
class ClientSwapsFood:
    """The client swaps foods on the phone page; of the server's page alone."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    gives: str = ask("换出的食物", kind=Kind.HIDDEN, max_length=40)
    takes: str = ask("换入的食物", kind=Kind.HIDDEN, max_length=40)
    portions: float = ask("份数", kind=Kind.HIDDEN, low=0.25, high=30)


@handles(ClientSwapsFood)
def client_swaps_food(order: ClientSwapsFood, work: UnitOfWork) -> Swapped:
    """Return what the diet comes to now. Raises as `swap_food`; an item of somebody else is unknown."""
    item = require_theirs(work, CareItem, order.care_item_id, "care_item_id", order.patient_id)
    swap = SwapFood(care_item_id=item.id, gives=order.gives, takes=order.takes, portions=order.portions)
    done: Swapped = swap_food(swap, work)
    return done
