"""The health portrait of a client: risks, level, abnormal results, constitution, mind, sleep, fitness, habits in one.

It joins what the other reports say and works nothing out anew: the same numbers, levels and marks. What was never
assessed is told as missing, with what would tell it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from domain.care.content import CARE
from domain.catalog.units import shown_unit
from domain.checkup.records import Finding, Observation
from domain.interop.one_person import of_person
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.scales.definitions import Scale
from domain.scales.facts import COUNTING
from domain.scales.keeping import SCALES
from domain.scales.profile import Kept, latest_results
from domain.version import VERSION
from forms.assessing import head_of, patient_seen, scales_known
from forms.documents import Document, render_pdf
from forms.portrait_care import care_done
from forms.risk_charts import radar_of
from forms.risk_reporting import risk_report_data

AREAS = {
    "tcm": ("tcm",), "mind": ("mood", "stress", "personality"), "sleep": ("sleep",), "exercise": ("exercise",),
    "diet": ("diet",), "habit": ("habit", "disease"), "age": ("age",),
}  # fmt: skip
"""Areas of special assessments, in the order of the page, and the groups of scales that belong to each."""
WANTED = ("tcm", "mind", "sleep", "exercise", "diet")
"""Areas a portrait is not whole without; of the others only what is there is told."""
MOST_ABNORMAL = 40
NORMAL = frozenset({"N", ""})


def portrait_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, patient_id: Id) -> bytes:
    """Return the portrait as PDF.

    Raises:
        DomainError: As `portrait_data`; ``document.data_invalid``.
    """
    data = portrait_data(dispatcher, actor, patient_id)
    document.check(data)
    return render_pdf(document, data, radar_of(data["axes"]))


def portrait_data(dispatcher: Dispatcher, actor: Actor, patient_id: Id) -> dict[str, Any]:
    """Return everything that is known of a client's health, joined.

    Args:
        dispatcher: Its store and content.
        actor: Needs ``risk.view``, the scope of the person and clearance for what is sensitive.
        patient_id: Whose.

    Raises:
        DomainError: ``permission.denied``; ``assessment.clearance``; ``patient.unknown``; ``portrait.nothing`` where
            nothing is known yet.
    """
    told = dispatcher.content
    say = told["texts"].say
    risk: dict[str, Any] | None = None
    unassessed = ""
    try:
        risk = risk_report_data(dispatcher, actor, patient_id)
    except DomainError as error:
        if error.code not in ("risk.never_assessed", "risk.models_changed"):
            raise
        unassessed = say(error.code, **error.facts)
    now = dispatcher.clock()
    with dispatcher.store.read() as connection:
        patient = patient_seen(connection, actor, patient_id)
        kept = latest_results(connection, patient_id)
        scales = scales_known(connection, told[SCALES], kept)
        areas = _areas(kept, scales, clinic(now).date().isoformat(), say)
        data: dict[str, Any] = {
            **head_of(connection, patient, now),
            "report": {"made_at": clinic(now.replace(microsecond=0)).isoformat()},
            "safety": any(one.result.safety for one in kept.values()),
            "level": _level(risk, say), "high_factors": risk["high_factors"] if risk else [],
            "risks": _risks(risk, unassessed), "abnormal": _abnormal(connection, patient_id, say),
            "findings": _findings(connection, patient_id), "areas": areas,
            "care": care_done(connection, patient_id, now, told[CARE].kinds.low_rate, say) if CARE in told else [],
            "axes": risk["axes"] if risk else {"title": say("portrait.axes"), "points": []},
            "software": {"name": say("assessment.software"), "version": VERSION},
        }  # fmt: skip
    told_of = ("abnormal", "findings", "care")
    if risk is None and not kept and not any(data[name] for name in told_of):
        raise DomainError("portrait.nothing", field="patient_id")
    return data


def _level(risk: Mapping[str, Any] | None, say: Any) -> dict[str, Any] | None:
    level = risk["level"] if risk else None
    if level is None:
        return None
    manual = level["manual"]
    told = None
    if manual is not None:
        told = say("risk_page.manual", by=manual["by"], reason=manual["reason"], until=manual["until"] or "—")
    return {"colour": level["colour"], "label": level["label"], "why": level["why"], "manual": told}


def _risks(risk: Mapping[str, Any] | None, unassessed: str) -> dict[str, Any]:
    """Return the diseases at high and medium risk with their numbers, and how many of the others there are."""
    made: dict[str, Any] = {"on": None, "missing": unassessed or None, "lifestyle": None, "levels": []}
    made |= {"low": 0, "diagnosed": [], "not_computable": 0}
    if risk is None:
        return made
    diseases = [one for one in risk["diseases"] if not one["is_score"]]
    for one in risk["diseases"]:
        if one["is_score"] and one["value"] is not None:
            made["lifestyle"] = " ".join(filter(None, (f"{one['value']} {one['unit'] or ''}", one["band"])))
    raised = [one for one in diseases if one["level"] in ("high", "medium")]
    made["levels"] = [
        {
            "name": one["name"], "level": one["level"], "measure": one["measure"] or "",
            "value": f"{one['value']} {one['unit'] or ''}".strip() if one["value"] is not None else "",
            "unverified": bool(one["unverified"]),
        }
        for one in sorted(raised, key=lambda one: one["level"] != "high")
    ]  # fmt: skip
    return made | {
        "on": risk["report"]["assessed_on"], "low": sum(one["level"] == "low" for one in diseases),
        "diagnosed": [one["name"] for one in diseases if one["status"] == "already_diagnosed"],
        "not_computable": sum(one["status"] == "not_computable" for one in diseases),
    }  # fmt: skip


def _abnormal(connection: Connection, patient_id: Id, say: Any) -> list[dict[str, Any]]:
    """Return the items whose latest result is outside its range, the newest first; findings are told apart."""
    table = Observation.__table__
    query = (
        select(table).where(of_person(connection, table.c.patient_id, patient_id), table.c.status.in_(COUNTING))
        .order_by(table.c.effective_at, table.c.id)
    )  # fmt: skip
    last = {row.item: row for row in connection.execute(query)}
    told = set(
        connection.execute(
            select(Finding.observation_id).where(of_person(connection, Finding.patient_id, patient_id))
        ).scalars()
    )
    found = [row for row in last.values() if (row.flag or "") not in NORMAL and row.id not in told]
    found.sort(key=lambda row: (row.important_class is None, -row.effective_at.timestamp(), row.label))
    return [
        {
            "label": row.label, "value": _with_unit(row), "flag": say(f"word.flag.{row.flag}"),
            "range": row.range_text or "", "at": clinic(row.effective_at).date().isoformat(),
            "important": row.important_class,
        }
        for row in found[:MOST_ABNORMAL]
    ]  # fmt: skip


def _with_unit(row: Any) -> str:
    """Return a result as people write it; a word has no unit."""
    unit = shown_unit(row.ucum) if row.value_number is not None else ""
    return f"{row.value_text} {unit}".strip()


def _findings(connection: Connection, patient_id: Id) -> list[dict[str, Any]]:
    """Return important abnormal findings, class A first, each sentence once with its latest day."""
    table = Finding.__table__
    query = (
        select(table)
        .where(of_person(connection, table.c.patient_id, patient_id))
        .order_by(table.c.found_at, table.c.id)
    )
    last = {row.sentence: row for row in connection.execute(query)}
    listed = sorted(last.values(), key=lambda row: (row.important_class, -row.found_at.timestamp()))
    return [
        {
            "sentence": row.sentence, "important": row.important_class, "unverified": row.unverified,
            "at": clinic(row.found_at).date().isoformat(),
        }
        for row in listed
    ]  # fmt: skip


def _areas(
    kept: Mapping[str, Kept], scales: Mapping[str, Scale], today: str, say: Any
) -> list[dict[str, Any]]:
    made = []
    for area, groups in AREAS.items():
        found = [(scales[name], one) for name, one in kept.items() if _in(scales.get(name), groups)]
        found.sort(key=lambda one: (not one[1].result.safety, -one[1].scored_at.timestamp(), one[0].id))
        if not found and area not in WANTED:
            continue
        made.append({
            "id": area, "title": say(f"portrait.area.{area}"),
            "results": [_result(scale, one, today) for scale, one in found],
            "missing": None if found else say(f"portrait.missing.{area}"),
        })  # fmt: skip
    return made


def _in(scale: Scale | None, groups: Sequence[str]) -> bool:
    return scale is not None and scale.group in groups


def _result(scale: Scale, one: Kept, today: str) -> dict[str, Any]:
    total = one.result.total
    words = ""
    if total is not None and one.result.status == "computed":
        words = " ".join(part for part in (f"{total.number}{total.unit}", total.text) if part)
    return {
        "title": scale.title, "status": one.result.status, "result": words, "safety": one.result.safety,
        "level": total.level or None if total and words else None,
        "at": clinic(one.scored_at).date().isoformat(),
        "expired": one.valid_until is not None and one.valid_until.isoformat() < today,
        "unverified": total is not None and total.unverified,
    }  # fmt: skip
