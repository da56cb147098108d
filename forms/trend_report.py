"""The report of a client's courses as PDF: state, change test, intervention, what goes together, and the charts."""

from decimal import Decimal
from typing import Any

from sqlalchemy import select

from domain.care.content import CARE, CareContent
from domain.care.records import CareKind
from domain.catalog.lookup import Catalog
from domain.catalog.ranges import range_text
from domain.catalog.units import shown_unit
from domain.kernel.authority import Actor
from domain.kernel.columns import Sensitivity
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Patient, Sex
from domain.trends.courses import BAD, GOOD, WORDS, Together
from domain.trends.reading import Told, Trends, trends_of
from domain.version import VERSION
from forms.assessing import organisation_names
from forms.charts import Chart, Trend, trend_chart
from forms.documents import Document, render_pdf
from forms.paper import qr_svg

MOST_POINTS = 12
_SEXES = {Sex.MALE: "male", Sex.FEMALE: "female"}
_DIARY = {
    "diet.kcal": "膳食能量", "diet.carb": "膳食碳水化合物", "diet.sodium": "调味品含钠",
    "exercise.minutes": "运动时长",
}  # fmt: skip


def trend_report_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, patient_id: Id) -> bytes:
    """Return the report of a client's courses.

    Args:
        dispatcher: Its store and content.
        actor: Needs ``care.view``, the scope of the client and clearance for what is sensitive.
        document: ``trend_report``.
        patient_id: Whose.

    Raises:
        DomainError: ``permission.denied``; ``patient.unknown``; ``assessment.clearance``; ``trends.none`` where
            nothing was measured that is looked at.
    """
    actor.check("care.view")
    if actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("assessment.clearance")
    catalog: Catalog = dispatcher.content["catalog"]
    with dispatcher.store.read() as connection:
        patient = connection.execute(select(Patient.__table__).where(Patient.id == patient_id)).first()
        if patient is None or not actor.sees(patient.org_id):
            raise DomainError("patient.unknown", field="patient_id", value=str(patient_id))
        found = read_trends(dispatcher, connection, patient_id)
        names = organisation_names(connection, patient.org_id)
    if not found.told:
        raise DomainError("trends.none", field="patient_id")
    now = dispatcher.clock()
    client: dict[str, Any] = {"name": patient.name, "number": patient.number}
    client["sex"] = _SEXES.get(patient.sex, "unknown")
    content: CareContent = dispatcher.content[CARE]
    data = {
        "organisation": {"name": names[-1], "branch": names[0]}, "client": client,
        "report": {"made_at": now.isoformat(), "code": patient.number},
        "courses": [course_said(one) for one in found.told],
        "causes": [
            {"title": one.label, "since": one.cause.since.isoformat(), "said": one.cause.said,
             "before": _number(one.cause.before, one.decimals), "under": _number(one.cause.under, one.decimals)}
            for one in found.told if one.cause is not None
        ],
        "pairs": [pair_said(one, catalog) for one in found.pairs],
        "unverified": content.indicators.status != "V", "source": content.indicators.source,
        "software": {"name": "检后通", "version": VERSION},
    }  # fmt: skip
    charts = [Chart(qr_svg(patient.number), "档案号二维码")]
    charts += [chart for one in found.told if (chart := chart_of(one)) is not None]
    return render_pdf(document, data, charts)


def read_trends(dispatcher: Dispatcher, connection: Any, patient_id: Id) -> Trends:
    """Return a client's courses by the content of a store."""
    say = dispatcher.content["texts"].say
    kinds = {kind: say(f"choice.care_kind.{kind}") for kind in CareKind}
    content = dispatcher.content
    return trends_of(connection, content[CARE], content["catalog"], patient_id, dispatcher.clock(), kinds)


def chart_of(one: Told) -> Chart | None:
    """Return the drawing of a course, its state in the title; None for a single point."""
    if len(one.points) < 2:
        return None
    low = high = None
    if one.interval is not None:
        low = one.interval.low if one.interval.low is not None else one.interval.above
        high = one.interval.upper
    points = tuple((day, Decimal(_number(value, one.decimals))) for day, value in one.points[-MOST_POINTS:])
    title = f"{one.label}（{WORDS[one.course.state]}）"
    bounds = [None if bound is None else Decimal(f"{bound:g}") for bound in (low, high)]
    return trend_chart(Trend(title, shown_unit(one.ucum) or "1", points, bounds[0], bounds[1]))


def course_said(one: Told) -> dict[str, str]:
    """Return a course in words: title, unit, range, state, tone, count, ends, change, needed, yearly."""
    course = one.course
    state = course.state
    return {
        "title": one.label, "unit": shown_unit(one.ucum), "state": WORDS[state],
        "range": range_text(one.interval, one.decimals) if one.interval is not None else "—",  # type: ignore[arg-type]
        "tone": "bad" if state in BAD else "good" if state in GOOD else "plain",
        "count": str(course.count),
        "span": f"{one.points[0][0].isoformat()} 至 {one.points[-1][0].isoformat()}",
        "ends": f"{_number(course.first, one.decimals)} → {_number(course.last, one.decimals)}",
        "change": "—" if course.change is None else f"{course.change:+.1f}%",
        "needed": "—" if course.needed is None else f"±{course.needed:.1f}%",
        "yearly": "—" if course.yearly is None else f"{course.yearly:+.2g}",
    }  # fmt: skip


def pair_said(one: Together, catalog: Catalog) -> dict[str, str]:
    """Return how two series go together, in words."""
    names = [_DIARY.get(code) or catalog.observation(code).name for code in (one.one, one.other)]
    if one.rho is None:
        said = f"只有 {one.pairs} 对数据，至少 6 对才分析。"
    elif one.counts:
        way = "同向" if one.rho > 0 else "反向"
        said = f"{way}变化；同时变化不等于互为因果。"
    else:
        said = "未见明确关联。"
    rho = "—" if one.rho is None else f"{one.rho:.2f}（{one.low:.2f} 至 {one.high:.2f}）"
    return {"title": f"{names[0]} 与 {names[1]}", "pairs": str(one.pairs), "rho": rho, "said": said}


def _number(value: float | None, decimals: int) -> str:
    return "—" if value is None else f"{value:.{decimals}f}"
