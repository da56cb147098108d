"""The checkups of a client on one document: list, rechecks, courses over one, three and five years."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from domain.care.content import CARE
from domain.catalog.definitions import Interval
from domain.interop.one_person import of_person
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.columns import Sensitivity
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Patient
from domain.recheck.records import RecheckAdvice
from domain.trends.content import Indicators
from domain.trends.history import Line, checkups_of, lines_of
from domain.trends.reading import interval_of
from domain.version import VERSION
from forms.assessing import organisation_names
from forms.charts import Trend, trend_chart
from forms.documents import Document, render_pdf

MOST_DRAWN = 12
MOST_LISTED = 60


def checkup_history_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, patient_id: Id) -> bytes:
    """Return the comparison as PDF. Raises as `checkup_history_data`; ``document.data_invalid``."""
    data, lines = checkup_history_data(dispatcher, actor, patient_id)
    document.check(data)
    drawn = [line for line in lines if len(line.points) > 1][:MOST_DRAWN]
    bands = _bands(dispatcher, patient_id, drawn)
    return render_pdf(document, data, [trend_chart(_trend(line, bands.get(line.item))) for line in drawn])


def _bands(dispatcher: Dispatcher, patient_id: Id, lines: Sequence[Line]) -> dict[str, Interval]:
    """Return the reference interval of today for each line that has one of its own."""
    catalog = dispatcher.content["catalog"]
    with dispatcher.store.read() as connection:
        patient = connection.execute(select(Patient.__table__).where(Patient.id == patient_id)).one()
    found = {
        line.item: interval_of(catalog, line.item, patient, dispatcher.clock())
        for line in lines
        if line.item in catalog.observations
    }
    return {item: band for item, band in found.items() if band is not None}


def checkup_history_data(
    dispatcher: Dispatcher, actor: Actor, patient_id: Id
) -> tuple[dict[str, Any], list[Line]]:
    """Return the data of the document and the lines behind it.

    Raises:
        DomainError: ``permission.denied``; ``assessment.clearance``; ``patient.unknown``; ``checkup_history.none``
            for who never had a checkup.
    """
    actor.check("checkup.view")
    if actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("assessment.clearance")
    catalog, say = dispatcher.content["catalog"], dispatcher.content["texts"].say
    indicators: Indicators = dispatcher.content[CARE].indicators
    now = dispatcher.clock()
    with dispatcher.store.read() as connection:
        table = Patient.__table__
        patient = connection.execute(select(table).where(table.c.id == patient_id)).one_or_none()
        if patient is None or not actor.sees(patient.org_id):
            raise DomainError("patient.unknown", field="patient_id", value=str(patient_id))
        checkups = checkups_of(connection, patient_id)
        if not checkups:
            raise DomainError("checkup_history.none", field="patient_id")
        lines = lines_of(connection, patient_id, catalog, indicators, clinic(now).date())
        advice = RecheckAdvice.__table__
        wanted = (
            select(advice)
            .where(of_person(connection, advice.c.patient_id, patient_id))
            .order_by(advice.c.due_on.desc())
            .limit(40)
        )
        rechecks = connection.execute(wanted).all()
        names = organisation_names(connection, patient.org_id)
    data = {
        "organisation": {"name": names[-1], "branch": names[0]},
        "made_at": now.replace(microsecond=0).isoformat(),
        "client": {"name": patient.name, "number": patient.number},
        "times": len(checkups),
        "checkups": [
            {
                "place": one.place, "date": one.on.isoformat(), "number": one.number, "package": one.package or None,
                "results": one.results, "abnormal": one.abnormal, "report": one.report or None,
            }
            for one in checkups
        ],
        "rechecks": [
            {
                "title": row.title, "because": row.because, "from": row.from_on.isoformat(),
                "until": row.due_on.isoformat(), "state": say(f"checkup_history.recheck.{row.state}"),
                "unverified": row.unverified,
            }
            for row in rechecks
        ],
        "lines": [_line(line, say) for line in lines[:MOST_LISTED]],
        "swing": {"source": indicators.source, "unverified": indicators.status != "V"},
        "software": {"name": "检后通", "version": VERSION},
    }  # fmt: skip
    return data, lines


def _line(line: Line, say: Any) -> dict[str, Any]:
    return {
        "name": line.name, "unit": line.unit or None,
        "points": [
            {"date": point.on.isoformat(), "value": _number(point.value), "flag": point.flag or None}
            for point in line.points
        ],
        "compared": [
            {
                "years": one.years, "date": one.then.on.isoformat(), "value": _number(one.then.value),
                "percent": f"{one.percent:+.1f}%", "needed": None if one.needed is None else f"{one.needed:.0f}%",
                "verdict": one.verdict,
            }
            for one in line.compared
        ],
        "notes": [_note(note, say) for note in line.notes],
        "dropped": list(line.dropped), "beside": list(line.beside),
    }  # fmt: skip


def _note(note: str, say: Any) -> str:
    kind, *facts = note.split("|")
    first, last = facts[0], facts[-1]
    return str(say(f"checkup_history.note.{kind}", first=first, last=last))


def _number(value: float) -> str:
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return str(round(Decimal(text), 2).normalize().to_eng_string()) if "." in text else text


def _trend(line: Line, band: Interval | None) -> Trend:
    points = tuple((point.on, Decimal(_number(point.value))) for point in line.points)
    low, high = (
        None if bound is None else Decimal(_number(bound))
        for bound in (
            (None, None)
            if band is None
            else (
                band.low if band.low is not None else band.above,
                band.high if band.high is not None else band.below,
            )
        )
    )
    return Trend(line.name, line.unit or "1", points, low, high)
