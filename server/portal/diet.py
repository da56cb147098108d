"""The diet on the client's page: what is prescribed, today's menu, swaps, the diary, and how the last days were."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from domain.care.content import CARE, CareContent
from domain.care.diary import days_of, diet_in_force, menu_of, structure_for
from domain.care.diary_commands import ClientNotesMeal, ClientSwapsFood
from domain.care.diary_records import DietMeal
from domain.care.kitchen import food_names
from domain.care.structure import Structure
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from server.pages.answering import HEADERS, answer
from server.portal.door import Door, DoorDep, fields, id_of
from server.portal.reading import Member, actor_of

router = APIRouter(prefix="/w", include_in_schema=False)
ROWS = 6
"""Foods that can be noted of one meal at once."""


@router.get("/{account}/diet")
def diet(door: DoorDep, m: str = "", day: str = "") -> Response:
    """Show the diet and its diary."""
    try:
        return _page(door, door.member(m), {"day": day})
    except KnownError as error:
        return door.sorry(error)


@router.post("/{account}/diet")
async def note_meal(request: Request, door: DoorDep) -> Response:
    """Note what was eaten at a meal."""
    sent = fields(await request.body())

    def work() -> Response:
        try:
            of = door.member(sent.get("m", ""))
            try:
                door.centre.dispatcher.run(_meal(of, sent), actor_of(door.centre, of))
            except DomainError as error:
                return _page(door, of, sent, door.centre.texts.explain(error), 422)
            onward = f"{door.base}/diet?m={of.binding_id.hex}&day={sent.get('day', '')[:10]}#diary"
            return RedirectResponse(onward, 303, headers=HEADERS)
        except KnownError as error:
            return door.sorry(error)

    return await run_in_threadpool(work)


def _meal(of: Member, sent: Mapping[str, str]) -> ClientNotesMeal:
    if sent.get("meal") not in tuple(DietMeal):
        raise DomainError("input.missing", field="meal", label="餐次")
    parts = []
    for at in range(ROWS):
        name, grams = sent.get(f"f{at}", "").strip(), sent.get(f"g{at}", "").strip()
        if name or grams:
            parts.append(f"{name} {grams} g")
    try:
        day = date.fromisoformat(sent["day"]) if sent.get("day") else None
    except ValueError as error:
        raise DomainError("input.type", field="day", label="日期", value=sent["day"][:20]) from error
    return ClientNotesMeal(
        patient_id=of.patient_id, meal=DietMeal(sent["meal"]), foods="；".join(parts)[:2000], day=day
    )


@router.post("/{account}/diet/swap")
async def swap(request: Request, door: DoorDep) -> Response:
    """Swap portions of one food for another of its group."""
    sent = fields(await request.body())

    def work() -> Response:
        try:
            of = door.member(sent.get("m", ""))
            try:
                try:
                    count = float(sent.get("portions", ""))
                except ValueError as error:
                    raise DomainError("input.missing", field="portions", label="份数") from error
                order = ClientSwapsFood(
                    patient_id=of.patient_id, care_item_id=id_of(sent.get("item", "")),
                    gives=sent.get("gives", "")[:40], takes=sent.get("takes", "")[:40], portions=count,
                )  # fmt: skip
                door.centre.dispatcher.run(order, actor_of(door.centre, of))
            except DomainError as error:
                return _page(door, of, sent, door.centre.texts.explain(error), 422)
            return RedirectResponse(f"{door.base}/diet?m={of.binding_id.hex}#swap", 303, headers=HEADERS)
        except KnownError as error:
            return door.sorry(error)

    return await run_in_threadpool(work)


def _page(door: Door, of: Member, sent: Mapping[str, str], problem: str = "", status: int = 200) -> Response:
    content: CareContent = door.centre.dispatcher.content[CARE]
    say, today = door.centre.texts.say, clinic(door.centre.clock()).date()
    meals = [(str(one), say(f"choice.diet_meal.{one}")) for one in DietMeal]
    with door.centre.store.read() as connection:
        item = diet_in_force(connection, of.patient_id, today)
        plates = menu_of(connection, content, item, today) if item is not None else []
        noted = days_of(connection, of.patient_id, today - timedelta(days=6), today)
        structure = structure_for(connection, content, of.patient_id, today, item.detail if item else None)
    return answer(
        "portal_diet.html", status, title="膳食处方与日记", base=door.base, of=of, problem=problem, sent=sent,
        today=today, item=item, meals=meals, rows=ROWS, names=food_names(content.kitchen),
        numbers=_numbers(item.detail) if item is not None and item.detail else [],
        menu=[(label, [one for one in plates if one.meal == code]) for code, label in meals],
        portions=_portions(content, item), groups=_groups(content, item), said=_said(structure), structure=structure,
        noted=[(day, [(label, noted[day][code]) for code, label in meals if code in noted[day]])
               for day in sorted(noted, reverse=True)],
    )  # fmt: skip


def _numbers(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    if "kcal" not in detail:
        return []
    parts = (("蛋白质", "protein"), ("脂肪", "fat"), ("碳水化合物", "carb"))
    return [
        ("能量", f"{detail['kcal']:g} 千卡"),
        *((label, f"{detail[f'{code}_g']:g} g（{detail[f'{code}_percent']:.0f}%）") for label, code in parts),
        ("钠", f"不超过 {detail['sodium_mg']:g} mg（食盐约 {detail['sodium_mg'] / 400:.0f} g）"),
    ]


def _portions(content: CareContent, item: Any) -> list[tuple[str, float, float]]:
    portions = ((item.detail if item is not None else None) or {}).get("portions") or {}
    foods = content.foods.foods
    return [(foods[k].label, n, round(n * foods[k].grams)) for k, n in portions.items() if k in foods]


def _groups(content: CareContent, item: Any) -> list[str]:
    """Return the foods that may be taken instead: of the groups that are prescribed."""
    portions = ((item.detail if item is not None else None) or {}).get("portions") or {}
    foods = content.foods.foods
    groups = {foods[kind].group for kind in portions if kind in foods}
    return [one.label for one in foods.values() if one.group in groups]


_NAMES = {
    "kcal": ("能量", "千卡"), "protein_percent": ("蛋白质供能", "%"), "fat_percent": ("脂肪供能", "%"),
    "carb_percent": ("碳水化合物供能", "%"), "sodium_mg": ("钠（仅调味品）", "mg"),
}  # fmt: skip
_OFF = {-1: "偏少", 0: "合适", 1: "偏多"}


def _said(structure: Structure) -> list[tuple[str, str, str, str]]:
    return [
        (
            _NAMES[one.code][0], f"{one.eaten:g} {_NAMES[one.code][1]}",
            "" if one.wanted is None else f"{one.wanted:g} {_NAMES[one.code][1]}",
            "" if one.wanted is None else _OFF[one.off],
        )
        for one in structure.lines
    ]  # fmt: skip
