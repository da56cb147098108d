"""Swapping foods of a diet for others of as many portions, as the client likes, inside what is prescribed."""

import dataclasses
from collections.abc import Collection

from domain.care.content import care_of
from domain.care.exchange import STEP, Wanted, choices, misses, sums_of, swapped
from domain.care.programmes import Foods
from domain.care.records import CareItem, CareKind
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

PORTIONS = "portions"


@dataclasses.dataclass(frozen=True, slots=True)
class Swapped:
    """What a diet comes to after a swap: portions and grams by food, and kcal."""

    portions: dict[str, float]
    grams: dict[str, float]
    kcal: float


@command("care.swap_food", "食物交换", permission="care.note")
class SwapFood:
    """Some portions of one food become as many of another of its group, as the client likes it."""

    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    gives: str = ask("换出的食物（名称）", max_length=40)
    takes: str = ask("换入的食物（名称，同组）", max_length=40)
    portions: float = ask("份数（每份 90 千卡，可为 0.25 的倍数）", kind=Kind.NUMBER, low=STEP, high=30)


@handles(SwapFood)
def swap_food(order: SwapFood, work: UnitOfWork) -> Swapped:
    """Return what the diet comes to now.

    Raises:
        DomainError: ``care.no_portions`` for an item without any; ``care.item_over``; ``care.no_food`` (``gives`` or
            ``takes``) with what could be chosen; ``care.too_few_portions`` (``portions``); ``care.outside_diet``
            (``takes``) where the whole would leave the prescription, with by how much and what would fit.
    """
    item = work.require(CareItem, order.care_item_id, "care_item_id")
    detail = dict(item.detail or {})
    if item.kind != CareKind.DIET or not detail.get(PORTIONS):
        raise DomainError("care.no_portions", field="care_item_id", label=item.label)
    if item.state == "ended":
        raise DomainError("care.item_over", field="care_item_id", label=item.label)
    foods, now = care_of(work).foods, {str(k): float(v) for k, v in detail[PORTIONS].items()}
    gives = _food(foods, order.gives, now, "gives")
    group = foods.foods[gives].group
    takes = _food(foods, order.takes, [c for c, one in foods.foods.items() if one.group == group], "takes")
    if gives == takes or now[gives] < order.portions:
        raise DomainError(
            "care.too_few_portions", field="portions", name=order.gives, count=f"{now[gives]:g}"
        )
    wanted = Wanted(*(float(detail[one.name]) for one in dataclasses.fields(Wanted)))
    changed = swapped(foods, now, gives, takes, order.portions)
    already, told = misses(foods, wanted, now), misses(foods, wanted, changed)
    if len(told) > len(already):
        fits = [foods.foods[c].label for c in choices(foods, wanted, now, gives, order.portions)]
        raise DomainError(
            "care.outside_diet", field="takes", why="；".join(told), fits="、".join(fits) or "无，请减少份数"
        )
    item.detail = {**detail, PORTIONS: changed, "misses": told}
    grams = {
        foods.foods[code].label: float(round(count * foods.foods[code].grams))
        for code, count in changed.items()
    }
    named = {foods.foods[code].label: count for code, count in changed.items()}
    return Swapped(named, grams, round(sums_of(foods, changed).kcal))


def _food(foods: Foods, said: str, among: Collection[str], field: str) -> str:
    codes = [code for code in foods.foods if code in among]
    for code in codes:
        if said.strip() in {code, foods.foods[code].label}:
            return code
    known = "、".join(foods.foods[code].label for code in codes)
    raise DomainError("care.no_food", field=field, value=said, known=known)
