"""The special assessments of one person, from what is kept to the printed page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from domain.designs.reading import designed_scale
from domain.kernel.authority import Actor
from domain.kernel.columns import Sensitivity
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Organization, Patient
from domain.risk.records import RiskLevel
from domain.scales.advice import Advice, advise, crossed
from domain.scales.definitions import Scale
from domain.scales.drafting import GATED, draft_of
from domain.scales.facts import completed_years
from domain.scales.keeping import SCALES
from domain.scales.profile import Kept, latest_results
from forms.assessment_report import Assessed, Follows, assessment_content, render_assessment
from forms.documents import Document

ADVICE = "advice"
"""Name of the advice in the content."""


def assessment_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, patient_id: Id) -> bytes:
    """Return the report of everything a person was assessed with, the latest of each.

    Args:
        dispatcher: Its store and content.
        actor: Needs ``form.view``, the scope of the person and clearance for what is sensitive.
        document: ``assessment_report``.
        patient_id: Whose. What constitutions say beside risks goes by the levels kept of the person now.

    Raises:
        DomainError: ``permission.denied``; ``patient.unknown``; ``assessment.nothing`` without any result.
    """
    actor.check("form.view")
    if actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("assessment.clearance")
    with dispatcher.store.read() as connection:
        patient = patient_seen(connection, actor, patient_id)
        content = _content(connection, dispatcher, patient)
    return render_assessment(document, content)


def patient_seen(connection: Connection, actor: Actor, patient_id: Id) -> Patient:
    """Return a person within the scope of whoever asks.

    Raises:
        DomainError: ``patient.unknown``.
    """
    row = connection.execute(select(Patient.__table__).where(Patient.id == patient_id)).one_or_none()
    if row is None or not actor.sees(row.org_id):
        raise DomainError("patient.unknown", field="patient_id", value=str(patient_id))
    return Patient(**{name: value for name, value in row._asdict().items() if name not in ("ver", "extra")})


def _content(connection: Connection, dispatcher: Dispatcher, patient: Patient) -> dict[str, Any]:
    told = dispatcher.content
    advice: Advice = told[ADVICE]
    kept = latest_results(connection, patient.id)
    scales = scales_known(connection, told[SCALES], kept)
    kept = {name: one for name, one in kept.items() if name in scales}
    if not kept:
        raise DomainError("assessment.nothing", field="patient_id")
    now = dispatcher.clock()
    draft = draft_of(connection, told, patient, now) if set(GATED) & kept.keys() else None
    assessed = [Assessed(scales[name], one.result, one.scored_at) for name, one in _in_order(kept)]
    follows = Follows(
        advise(advice, [one.result for one in assessed]),
        advice,
        crossed(advice, _leaning(kept), _levels(connection, patient.id)),
        draft,
    )
    head = head_of(connection, patient, now)
    return assessment_content(head, assessed, follows, now, told["texts"].say)


def scales_known(
    connection: Connection, shipped: Mapping[str, Scale], kept: Mapping[str, Kept]
) -> dict[str, Scale]:
    """Return the scales that ship, and those of an institution's own forms in the version that was scored."""
    own = {
        name: designed_scale(connection, name, one.result.version)
        for name, one in kept.items()
        if name not in shipped
    }
    return {**shipped, **{name: scale for name, scale in own.items() if scale is not None}}


def _levels(connection: Connection, patient_id: Id) -> dict[str, str]:
    """Return the level of each disease as it is kept of the person, none where nobody was assessed."""
    kept = connection.execute(select(RiskLevel.levels).where(RiskLevel.patient_id == patient_id)).scalar()
    return dict(kept or {})


def _in_order(kept: Mapping[str, Kept]) -> list[tuple[str, Kept]]:
    """Return results with what is about safety first, then the latest."""
    return sorted(
        kept.items(), key=lambda one: (not one[1].result.safety, -one[1].scored_at.timestamp(), one[0])
    )


def _leaning(kept: Mapping[str, Kept]) -> list[str]:
    """Return the constitutions found or tended to, of the latest judgement."""
    judged = [
        one for name, one in kept.items() if name.startswith("tcm_") and one.result.status == "computed"
    ]
    if not judged:
        return []
    result = max(judged, key=lambda one: one.scored_at).result
    return [
        score.id for score in result.scores if score.band in ("yes", "tendency") and score.id != "peaceful"
    ]


def head_of(connection: Connection, patient: Patient, at: datetime) -> dict[str, Any]:
    """Return organisation and client as reports declare them, with the age on the day."""
    age = completed_years(patient.birth_date, at) if patient.birth_date else None
    names = organisation_names(connection, patient.org_id)
    client: dict[str, Any] = {"name": patient.name, "number": patient.number}
    client["sex"] = {"1": "male", "2": "female"}.get(str(patient.sex), "unknown")
    if age is not None:
        client["age"] = age
    return {"organisation": {"name": names[-1], "branch": names[0]}, "client": client}


def organisation_names(connection: Connection, org_id: Id) -> list[str]:
    """Return the names of an organisation and of those above it, the top last."""
    table = Organization.__table__
    names: list[str] = []
    above: Id | None = org_id
    while above is not None and len(names) < 10:
        row: Row[Any] | None = connection.execute(select(table).where(table.c.id == above)).one_or_none()
        if row is None:
            break
        names.append(row.name)
        above = row.parent_id
    return names or ["—"]
