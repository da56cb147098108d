"""The risk report of a client from what is kept: latest assessment, level in force, results of scales, trends."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from domain.care.content import CARE, CareContent
from domain.catalog.lookup import Catalog
from domain.catalog.units import shown_unit
from domain.checkup.records import Observation, ResultStatus
from domain.interop.one_person import of_person
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.columns import Mask, Sensitivity
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.masking import mask_text
from domain.people.records import Patient, Staff
from domain.risk.assess import assess
from domain.risk.content import RISK, RiskModels
from domain.risk.detail import unpacked
from domain.risk.factors import PERSON, FactorBook
from domain.risk.gathering import factors_of
from domain.risk.records import RiskAssessment, RiskLevel
from domain.risk.report_content import ReportHead, Say, risk_report_content
from domain.risk.report_numbers import factor_value, measured
from domain.risk.results import Assessment
from domain.scales.advice import Advice, Entry, advise
from domain.scales.definitions import Scale
from domain.scales.keeping import SCALES
from domain.scales.profile import Kept, latest_results
from domain.scales.results import Graded, sentences
from domain.trends.reading import states_of
from domain.version import VERSION
from forms.assessing import ADVICE, organisation_names
from forms.documents import Document
from forms.risk_report import render_risk_report

TRENDS = ("sbp", "dbp", "bmi", "waist", "fpg", "hba1c", "tc", "ldl", "tg", "ua")
"""What is drawn over the years, where there are at least two results."""
_MOST_POINTS = 12
LEVELS_SAID = {"high": "高危", "medium": "中危", "low": "低危"}


def risk_report_pdf(
    dispatcher: Dispatcher, actor: Actor, documents: Mapping[str, Document], patient_id: Id, version: str
) -> bytes:
    """Return one version of the report as PDF.

    Args:
        dispatcher: Its store and content.
        actor: Needs ``risk.view``, the scope of the person and clearance for what is sensitive.
        documents: Of `load_documents`.
        patient_id: Whose.
        version: A key of `forms.risk_report.VERSIONS`.

    Raises:
        DomainError: As `risk_report_data`.
    """
    return render_risk_report(documents, risk_report_data(dispatcher, actor, patient_id), version)


def risk_report_data(dispatcher: Dispatcher, actor: Actor, patient_id: Id) -> dict[str, Any]:
    """Return the data set that every version is made of.

    The numbers are those that were kept, also when the models have changed since; names of diseases, models and
    factors are those of now, the version is told.

    Raises:
        DomainError: ``permission.denied``; ``assessment.clearance``; ``patient.unknown``; ``risk.never_assessed``;
            ``risk.models_changed``.
    """
    actor.check("risk.view")
    if actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("assessment.clearance")
    told = dispatcher.content
    models: RiskModels = told[RISK]
    say: Say = told["texts"].say
    with dispatcher.store.read() as connection:
        patient = _row(connection, Patient, patient_id)
        if patient is None or not actor.sees(patient.org_id):
            raise DomainError("patient.unknown", field="patient_id", value=str(patient_id))
        kept = _latest(connection, patient_id)
        if kept is None:
            raise DomainError("risk.never_assessed", field="patient_id")
        assessment = assessment_of(kept, models)
        names = organisation_names(connection, patient.org_id)
        head = ReportHead(
            organisation=names[-1], branch=names[0], number=f"RA{kept.on_date:%Y%m%d}-{kept.id.hex[-6:].upper()}",
            made_at=clinic(dispatcher.clock().replace(microsecond=0)), name=patient.name,
            sex=assessment.sex or "unknown", age=assessment.age or 0,
            id_number=mask_text(Mask.ID_NUMBER, patient.id_number) if patient.id_number else None,
            software=("检后通", VERSION),
        )  # fmt: skip
        return risk_report_content(
            head, assessment, models, say, level=_level(connection, patient_id, models.book, say),
            high_factors=_high_factors(connection, patient_id, models.book),
            scales=_scales(latest_results(connection, patient_id), told[SCALES], told[ADVICE], say),
            trends=_trends(connection, patient_id, models, _states(dispatcher, connection, patient_id)),
        )  # fmt: skip


def assessment_of(kept: Any, models: RiskModels) -> Assessment:
    """Return a kept assessment as it was, whatever the models say by now.

    Raises:
        DomainError: ``risk.models_changed`` for one that was kept without its details by other models than these.
    """
    if kept.detail is not None:
        return unpacked(kept.detail)
    if kept.models_version != models.version:
        raise DomainError("risk.models_changed", field="patient_id")
    return assess(factors_of(kept.inputs), kept.on_date, models)


def _row(connection: Connection, record: Any, record_id: Id) -> Row[Any] | None:
    return connection.execute(select(record.__table__).where(record.id == record_id)).one_or_none()


def _latest(connection: Connection, patient_id: Id) -> Row[Any] | None:
    table = RiskAssessment.__table__
    newest = select(table).where(table.c.patient_id == patient_id)
    return connection.execute(newest.order_by(table.c.assessed_at.desc(), table.c.id.desc()).limit(1)).first()


def _level(connection: Connection, patient_id: Id, book: FactorBook, say: Say) -> dict[str, Any] | None:
    """Return the level in force with the rules it stands on and, of a manual one, who set it and why."""
    table = RiskLevel.__table__
    row = connection.execute(select(table).where(table.c.patient_id == patient_id)).first()
    if row is None or row.colour is None:
        return None
    why = [_because(one, book) for one in (row.why or {}).get("rules", [])]
    manual = None
    if row.manual is not None:
        by = _row(connection, Staff, row.manual_by) if row.manual_by else None
        manual = {
            "by": by.name if by is not None else "—", "reason": row.manual_reason or "",
            "until": row.manual_until.isoformat() if row.manual_until else None,
            "automatic": say(f"word.risk_colour.{row.automatic}") if row.automatic else "—",
            "reopened": row.reopened,
        }  # fmt: skip
    colour = str(row.colour)
    return {
        "colour": colour, "label": say(f"word.risk_colour.{colour}"), "since": _day(row.assessed_at), "why": why,
        "manual": manual,
    }  # fmt: skip


def _high_factors(connection: Connection, patient_id: Id, book: FactorBook) -> list[dict[str, Any]]:
    """Return the factors at high risk with the values they stand on, those nobody has dealt with first."""
    table = RiskLevel.__table__
    row = connection.execute(select(table).where(table.c.patient_id == patient_id)).first()
    if row is None:
        return []
    noted = row.noted_factors or {}
    told = [
        {"text": _because(one, book), "handled": str(noted.get(code) or "") or None}
        for code, one in (row.high_factors or {}).items()
    ]
    return sorted(told, key=lambda one: one["handled"] is not None)


def _because(rule: Mapping[str, Any], book: FactorBook) -> str:
    """Return a rule with the values it stood on, as people read them, and their days."""
    codes = {book.label(code): code for code in (*PERSON, *book.definitions)}
    facts = []
    for one in rule.get("facts", []):
        value, code = one.get("value"), codes.get(str(one.get("label")))
        if code is not None and value is not None:
            value = factor_value(code, value, book)[0]
        value = LEVELS_SAID.get(str(value), value)
        parts = (one.get("label"), value, one.get("unit"), one.get("at"))
        facts.append(" ".join(str(part) for part in parts if part not in (None, "")))
    return f"{rule['text']}（{'；'.join(facts)}）" if facts else str(rule["text"])


def _day(moment: Any) -> str | None:
    return None if moment is None else clinic(moment).date().isoformat()


def _scales(
    kept: Mapping[str, Kept], scales: Mapping[str, Scale], advice: Advice, say: Say
) -> list[dict[str, Any]]:
    """Return the latest result of each scale: what asks for help first, then the newest."""
    known = [(scales[name], one) for name, one in kept.items() if name in scales]
    known.sort(key=lambda one: (not one[1].result.safety, -one[1].scored_at.timestamp(), one[0].id))
    told = []
    for scale, one in known:
        result, total = one.result, one.result.total
        follows = advise(advice, [result])
        told.append({
            "title": scale.title, "group": say(f"word.scale_group.{scale.group}"), "at": _day(one.scored_at),
            "status": result.status, "score": total.number or None if total else None,
            "unit": total.unit or None if total else None, "band": total.text or None if total else None,
            "parts": [_part(score) for score in result.scores if total is None or score.id != total.id],
            "sentences": sentences(result, say), "safety": result.safety, "unverified": list(result.unverified),
            "advice": [_advice(entry) for entry in follows.entries],
        })  # fmt: skip
    return told


def _advice(entry: Entry) -> dict[str, Any]:
    """Return an entry in one line: title, what to do, what to leave, when to see somebody."""
    said = [*entry.do, *(f"避免：{one}" for one in entry.avoid), *([entry.see] if entry.see else [])]
    return {"text": f"{entry.title}：{'；'.join(one.rstrip('。') for one in said)}。", "source": entry.source}


def _part(score: Graded) -> dict[str, Any]:
    return {"label": score.label, "value": f"{score.number}{score.unit}" or "—", "band": score.text or None}


def _states(dispatcher: Dispatcher, connection: Connection, patient_id: Id) -> dict[str, str]:
    """Return how the courses stand by item, in words; nothing where the content for it is not at hand."""
    content: CareContent | None = dispatcher.content.get(CARE)
    catalog: Catalog | None = dispatcher.content.get("catalog")
    if content is None or catalog is None:
        return {}
    return states_of(connection, content.indicators, catalog, patient_id, dispatcher.clock())


def _trends(
    connection: Connection, patient_id: Id, models: RiskModels, states: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return results over the years, the last of each day, in the unit of the factor, and their state."""
    book, table = models.book, Observation.__table__
    by_item = {
        definition.observation: code for code, definition in book.definitions.items() if code in TRENDS
    }
    wanted = (
        select(table.c.item, table.c.value_number, table.c.ucum, table.c.effective_at)
        .where(
            of_person(connection, table.c.patient_id, patient_id),
            table.c.item.in_([one for one in by_item if one]),
        )
        .where(
            table.c.value_number.is_not(None),
            table.c.status.in_([ResultStatus.FINAL, ResultStatus.CORRECTED]),
        )
        .order_by(table.c.effective_at, table.c.id)
    )
    points: dict[str, dict[date, str]] = {}
    for row in connection.execute(wanted):
        code = by_item[row.item]
        try:
            factor, offset = book.scale(code, row.ucum or "")
        except DomainError:
            continue  # a unit that cannot be compared is not drawn beside others
        value = row.value_number * factor + offset
        points.setdefault(code, {})[clinic(row.effective_at).date()] = measured(value, book.decimals(code))
    return [
        {"title": book.label(code), **_state(states, book.definitions[code].observation),
         "unit": shown_unit(book.definitions[code].unit) or "1",
         "points": [{"date": day.isoformat(), "value": value} for day, value in list(found.items())[-_MOST_POINTS:]]}
        for code in TRENDS if len(found := points.get(code, {})) > 1
    ]  # fmt: skip


def _state(states: Mapping[str, str], item: str | None) -> dict[str, str]:
    return {"state": states[item]} if item is not None and item in states else {}
