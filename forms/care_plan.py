"""The prescription of an intervention plan as PDF: what is kept of the plan, told for the client to take home."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.care.content import CARE, CareContent
from domain.care.kitchen import menu
from domain.care.records import CareItem, CareKind, CareNode, CarePlan
from domain.care.workflow import node_life, plan_life
from domain.catalog.units import shown_unit
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.columns import Sensitivity
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.disputes import told_of
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Patient, Sex
from domain.scales.drafting import DRAFTS
from domain.scales.exercise_draft import DraftRules
from domain.version import VERSION
from forms.assessing import organisation_names
from forms.charts import Chart
from forms.documents import Document, render_pdf
from forms.paper import qr_svg

_SEXES = {Sex.MALE: "male", Sex.FEMALE: "female"}
_WEEK = "一二三四五六日"


def care_plan_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, plan_id: Id) -> bytes:
    """Return the prescription of a plan.

    Args:
        dispatcher: Its store and content.
        actor: Needs ``care.view``, the scope of the plan and clearance for what is sensitive.
        document: ``care_plan``.
        plan_id: Which plan; one that is not signed yet prints as a draft.

    Raises:
        DomainError: ``permission.denied``; ``care_plan.unknown``; ``assessment.clearance``.
    """
    actor.check("care.view")
    if actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("assessment.clearance")
    with dispatcher.store.read() as connection:
        data = care_plan_data(connection, dispatcher, actor, plan_id)
    return render_pdf(document, data, [Chart(qr_svg(data["report"]["code"]), "档案号二维码")])


def care_plan_data(
    connection: Connection, dispatcher: Dispatcher, actor: Actor, plan_id: Id
) -> dict[str, Any]:
    """Return the data of the document. Raises ``care_plan.unknown``."""
    plan = connection.execute(select(CarePlan.__table__).where(CarePlan.id == plan_id)).first()
    if plan is None or not actor.sees(plan.org_id):
        raise DomainError("care_plan.unknown", field="care_plan_id", value=str(plan_id))
    patient = connection.execute(select(Patient.__table__).where(Patient.id == plan.patient_id)).one()
    items = _rows(connection, CareItem, plan_id, CareItem.__table__.c.from_on)
    nodes = _rows(connection, CareNode, plan_id, CareNode.__table__.c.planned_on)
    disputed = told_of(connection, Sensitivity.SENSITIVE, "care_item", [one.id for one in items])
    now, names = dispatcher.clock(), organisation_names(connection, plan.org_id)
    care: CareContent = dispatcher.content[CARE]
    say = dispatcher.content["texts"].say
    diseases = [code for code in (plan.programme or "").partition(":")[0].split("+") if code]
    by_kind = {kind: [i for i in items if i.kind is kind] for kind in CareKind}
    client: dict[str, Any] = {"name": patient.name, "number": patient.number}
    client["sex"] = _SEXES.get(patient.sex, "unknown")
    if patient.birth_date is not None:
        today, born = clinic(now).date(), patient.birth_date
        client["age"] = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    rules: DraftRules | None = dispatcher.content.get(DRAFTS)
    return {
        "organisation": {"name": names[-1], "branch": names[0]}, "client": client,
        "report": {"made_at": now.isoformat(), "code": patient.number}, "plan": _head(plan),
        "diet": [_diet(care, one, diseases) for one in by_kind[CareKind.DIET]],
        "exercise": [exercise_said(care, one) for one in by_kind[CareKind.EXERCISE]],
        "others": [
            {"kind": say(f"choice.care_kind.{one.kind}"), "label": _with(one.label, disputed.get(one.id)),
             "dose": _dose(one), "when": when_said(one.schedule), "span": _span(one)}
            for kind in (CareKind.MEDICATION, CareKind.SUPPLEMENT, CareKind.MONITORING) for one in by_kind[kind]
        ],
        "nodes": [
            {"label": n.label, "planned_on": n.planned_on.isoformat(), "state": node_life.label_of(n.state)}
            for n in nodes
        ],
        "stop": list(rules.stop) if rules is not None and by_kind[CareKind.EXERCISE] else [],
        "notes": list(plan.notes or ()), "software": {"name": "检后通", "version": VERSION},
    }  # fmt: skip


def _rows(connection: Connection, kind: Any, plan_id: Id, order: Any) -> Sequence[Any]:
    table = kind.__table__
    return connection.execute(
        select(table).where(table.c.plan_id == plan_id).order_by(order, table.c.id)
    ).all()


def _head(plan: Any) -> dict[str, Any]:
    told = {
        "name": plan.name, "state": plan_life.label_of(plan.state), "starts_on": plan.starts_on.isoformat(),
        "ends_on": plan.ends_on.isoformat(), "unverified": bool(plan.unverified),
    }  # fmt: skip
    if plan.goal:
        told["goal"] = plan.goal
    if plan.programme:
        told["programme"] = f"{plan.programme} {plan.programme_version}"
    if plan.signed_at is not None:
        told |= {"signed_by": plan.signed_name or "", "signed_at": plan.signed_at.isoformat()}
    return told


def _diet(care: CareContent, item: Any, diseases: Sequence[str]) -> dict[str, Any]:
    detail: Mapping[str, Any] = item.detail or {}
    if not detail:
        return {
            "span": _span(item), "energy": _dose(item), "nutrients": item.label, "sodium": "", "limits": "",
            "portions": [], "menu": [],
        }  # fmt: skip
    foods = care.foods.foods
    portions = [
        f"{foods[food].label} {count:g} 份（{count * foods[food].grams:g} g）"
        for food, count in detail["portions"].items()
        if food in foods
    ]
    parts = (("碳水", "carb"), ("蛋白质", "protein"), ("脂肪", "fat"))
    nutrients = "，".join(f"{n} {detail[f'{c}_g']:g} g（{detail[f'{c}_percent']:.0f}%）" for n, c in parts)
    limits = "、".join(detail.get("special") or ()) if detail.get("own") else _limits(detail)
    return {
        "span": _span(item), "energy": f"{detail['kcal']:g} 千卡", "nutrients": nutrients,
        "sodium": f"≤{detail['sodium_mg']} mg", "limits": limits, "portions": portions,
        "menu": _menu(care, item, diseases),
    }  # fmt: skip


def _menu(care: CareContent, item: Any, diseases: Sequence[str]) -> list[dict[str, str]]:
    """Return the dishes of the first week of a diet."""
    portions = {kind: n for kind, n in item.detail["portions"].items() if kind in care.foods.foods}
    week = []
    for at in range(7):
        day = item.from_on + timedelta(days=at)
        plates = menu(care.kitchen, care.foods, portions, diseases, day.toordinal())
        meals = [
            f"{label}：{'，'.join(f'{one.label} {one.grams:g} g' for one in plates if one.meal == meal)}"
            for meal, label in _MEALS.items()
            if any(one.meal == meal for one in plates)
        ]
        week.append({"day": f"{day:%m-%d} 周{_WEEK[day.isoweekday() - 1]}", "dishes": "；".join(meals)})
    return week


_MEALS = {"breakfast": "早", "lunch": "午", "dinner": "晚", "snack": "加餐"}


def _limits(detail: Mapping[str, Any]) -> str:
    fibre = detail["fibre_g"]
    return (
        f"饱和脂肪 ≤{detail['saturated_percent']:g}%，膳食纤维 {fibre[0]:g}–{fibre[1]:g} g，"
        f"酒精 {'0' if not detail['alcohol_g'] else '≤' + str(detail['alcohol_g'])} g"
    )


def exercise_said(care: CareContent, item: Any) -> dict[str, Any]:
    """Return an exercise prescription (its row) in words: span, ways, often, intensity, resistance, barred."""
    detail: Mapping[str, Any] = item.detail or {}
    if not detail:
        return {
            "span": _span(item), "ways": item.label, "often": f"{when_said(item.schedule)} {_dose(item)}",
            "intensity": "", "resistance": "", "barred": "",
        }  # fmt: skip
    names = care.programmes.names
    sets, times, load = detail["resistance"]
    rate = f"，心率约 {detail['heart_rate']} 次/分" if detail["heart_rate"] else ""
    return {
        "span": _span(item), "ways": "、".join(names[w].label for w in detail["ways"] if w in names),
        "often": f"每周 {detail['times']} 次，共 {detail['minutes']} 分钟",
        "intensity": f"心率储备 {detail['target']:g}%（{detail['reserve'][0]:g}–{detail['reserve'][1]:g}%）{rate}",
        "resistance": f"每周 {detail['resistance_days']} 天，{sets} 组 × {times} 次，{load}% 最大负荷"
        if detail["resistance_days"]
        else "",
        "barred": "、".join(names[f].label if f in names else _BARRED.get(f, f) for f in detail["forbidden"]),
    }  # fmt: skip


_BARRED = {"INTERVAL": "间歇训练", "JOG": "慢跑", "PDR": "视网膜病变者剧烈运动"}


def _with(label: str, disputed: str | None) -> str:
    return f"{label}（{disputed}）" if disputed else label


def _dose(item: Any) -> str:
    if item.target_value is None:
        return ""
    return f"{item.target_value:g} {shown_unit(item.target_unit) if item.target_unit else ''}".strip()


def _span(item: Any) -> str:
    until = item.to_on.isoformat() if item.to_on is not None else "长期"
    return f"{item.from_on.isoformat()} 至 {until}"


def when_said(schedule: Mapping[str, Any]) -> str:
    """Return a schedule in words."""
    at = "、".join(schedule["at"])
    if schedule.get("weekdays"):
        return f"周{''.join(_WEEK[day - 1] for day in schedule['weekdays'])} {at}"
    every = schedule.get("every_days", 1)
    return f"每日 {at}" if every == 1 else f"每 {every} 天 {at}"
