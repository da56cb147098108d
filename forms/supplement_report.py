"""Supplements as PDF: what is prescribed, what it comes to with the diet, and the month's check-ins as a calendar."""

from datetime import date
from typing import Any

from sqlalchemy import select

from domain.care.calendar import Day, Sum, sums_of, supplements_in
from domain.care.content import CARE, CareContent
from domain.care.intake import NUTRIENTS
from domain.care.records import CareItem, CareKind, CarePlan
from domain.interop.one_person import of_person
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.columns import Sensitivity
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Patient
from domain.scales.facts import completed_years
from domain.version import VERSION
from forms.assessing import organisation_names
from forms.care_plan import when_said
from forms.charts import Chart
from forms.documents import Document, render_pdf
from forms.paper import qr_svg

GROWN_UP = 18
_SHOWN = ("planned", "running", "paused")


def supplement_report_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, plan_id: Id) -> bytes:
    """Return the supplements of the client of a plan, of all their plans, with this month's calendar.

    Raises:
        DomainError: ``permission.denied``; ``care_plan.unknown``; ``assessment.clearance``; ``care.no_supplement``.
    """
    actor.check("care.view")
    if actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("assessment.clearance")
    content: CareContent = dispatcher.content[CARE]
    now = dispatcher.clock()
    today = clinic(now).date()
    with dispatcher.store.read() as connection:
        plan = connection.execute(
            select(CarePlan.patient_id, CarePlan.org_id).where(CarePlan.id == plan_id)
        ).first()
        if plan is None or not actor.sees(plan.org_id):
            raise DomainError("care_plan.unknown", field="care_plan_id", value=str(plan_id))
        patient_id = plan.patient_id
        patient = connection.execute(select(Patient.__table__).where(Patient.id == patient_id)).one()
        i = CareItem.__table__.c
        query = select(i.label, i.detail, i.target_value, i.schedule, i.from_on, i.to_on).where(
            of_person(connection, i.patient_id, patient_id),
            i.kind == CareKind.SUPPLEMENT,
            i.state.in_(_SHOWN),
        )
        items = connection.execute(query.order_by(i.from_on, i.id)).all()
        if not items:
            raise DomainError("care.no_supplement", field="care_plan_id")
        age = GROWN_UP if patient.birth_date is None else completed_years(patient.birth_date, now)
        sums = sums_of(connection, content, patient_id, today, age)
        months = supplements_in(connection, patient_id, today.replace(day=1), now)
        names = organisation_names(connection, patient.org_id)
    data = {
        "organisation": {"name": names[-1], "branch": names[0]},
        "client": {"name": patient.name, "number": patient.number},
        "report": {"made_at": now.isoformat(), "code": patient.number, "month": f"{today:%Y-%m}"},
        "items": [_item(content, one) for one in items], "sums": [sum_said(one) for one in sums],
        "months": [
            {"label": one.label, "weeks": weeks_of(one.days),
             "said": "—" if one.rate is None else f"已打卡 {one.done} / 应打卡 {one.asked} 次，{one.rate:g}%"}
            for one in months
        ],
        "software": {"name": "检后通", "version": VERSION},
    }  # fmt: skip
    return render_pdf(document, data, [Chart(qr_svg(patient.number), "档案号二维码")])


def _item(content: CareContent, row: Any) -> dict[str, Any]:
    known, detail = content.nutrients.nutrients, row.detail or {}
    has = [
        f"{known[code].label} {amount:g} {_unit(known[code].unit)}" if code in known else f"{code} {amount:g}"
        for code, amount in (detail.get(NUTRIENTS) or {}).items()
    ]
    until = row.to_on.isoformat() if row.to_on is not None else "长期"
    return {
        "label": row.label, "content": "，".join(has) or "—", "dose": f"每次 {row.target_value or 1:g} 份",
        "when": when_said(row.schedule), "span": f"{row.from_on.isoformat()} 至 {until}",
        "hints": "；".join(detail.get("hints") or ()),
    }  # fmt: skip


def sum_said(one: Sum) -> dict[str, Any]:
    """Return a nutrient's sum in words: label, parts, supplements, diet, whole, upper, over."""
    unit = _unit(one.unit)
    return {
        "label": one.label, "parts": "；".join(f"{name} {amount:g}" for name, amount in one.parts),
        "supplements": f"{one.supplements:g}", "diet": f"{one.diet:g}", "whole": f"{one.whole:g} {unit}",
        "upper": "—" if one.upper is None else f"{one.upper:g} {unit}{'（待核定）' if one.unverified else ''}",
        "over": one.over,
    }  # fmt: skip


def weeks_of(days: tuple[Day, ...]) -> list[list[dict[str, str]]]:
    """Return a month as weeks of seven, Monday first; days of other months are empty."""
    first: date = days[0].day
    cells = [{"day": "", "marks": ""}] * (first.isoweekday() - 1)
    cells += [{"day": str(one.day.day), "marks": one.marks} for one in days]
    cells += [{"day": "", "marks": ""}] * (-len(cells) % 7)
    return [cells[at : at + 7] for at in range(0, len(cells), 7)]


def _unit(unit: str) -> str:
    return {"ug": "µg"}.get(unit, unit)
