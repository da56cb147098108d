"""Scoring what was handed in and keeping the results, in the same unit of work as the response."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from domain.checkup.records import QuestionnaireResponse
from domain.designs.reading import designed_scale
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.scales import records, results
from domain.scales.definitions import Scale
from domain.scales.facts import scoring_facts
from domain.scales.scoring import score
from domain.scales.values import answers_of_response

SCALES = "scales"
"""Name of the scales in the content that commands may ask for."""
INSTRUMENTS = "https://aftercheck.example/fhir/Questionnaire/"


def scales_of(
    content: Mapping[str, Any], form: str, version: str, response: Mapping[str, Any]
) -> list[Scale]:
    """Return the scales that score this form in this version.

    What follows a ``+`` in a version marks licensed words over the same items, which are scored alike.
    """
    canonical = str(response.get("questionnaire") or f"{INSTRUMENTS}{form}|{version}").partition("+")[0]
    known: Mapping[str, Scale] = content.get(SCALES) or {}
    return [scale for scale in known.values() if scale.instrument and scale.instrument == canonical]


def keep_results(
    work: UnitOfWork, response: QuestionnaireResponse, patient: Patient, *, amended: Id | None = None
) -> list[Id]:
    """Score a response that is being kept with every scale made for its form; returns the ids of the results.

    What cannot be computed is kept as well, with what is missing: that is a result a person has to see.
    """
    scales = scales_of(work.content, response.form, response.form_version, response.answers)
    own = designed_scale(work.connection, response.form, response.form_version)
    scales += [own] if own is not None else []
    if not scales:
        return []
    answers = answers_of_response(response.answers) if "item" in response.answers else dict(response.answers)
    wanted = {item.fact for scale in scales for item in scale.items if item.fact}
    facts = scoring_facts(work.connection, patient, wanted, response.authored_at)
    earlier = _earlier(work, amended)
    return [
        work.add(_kept(scale, score(scale, answers, facts), response, earlier.get(scale.id))).id
        for scale in scales
    ]


def _earlier(work: UnitOfWork, response_id: Id | None) -> dict[str, Id]:
    """Return the results of the response that is corrected, by scale."""
    if response_id is None:
        return {}
    kept = records.ScaleResult
    return {row.scale: row.id for row in work.list(select(kept).where(kept.response_id == response_id))}


def _kept(
    scale: Scale, found: results.ScaleResult, response: QuestionnaireResponse, amends: Id | None
) -> records.ScaleResult:
    total = found.total
    return records.ScaleResult(
        org_id=response.org_id, patient_id=response.patient_id, visit_id=response.visit_id, response_id=response.id,
        scale=scale.id, scale_version=scale.version, scorer=found.scorer, status=found.status,
        total=total.value if total else None, band=total.band or None if total else None,
        meaning=total.text or None if total else None, level=total.level or None if total else None,
        unverified=bool(total and total.unverified), safety=found.safety, factors=factor_values(scale, found),
        detail=msgspec.to_builtins(found), scored_at=response.authored_at,
        valid_until=_valid_until(scale, response), amends=amends,
    )  # fmt: skip


def factor_values(scale: Scale, found: results.ScaleResult) -> dict[str, float]:
    """Return the risk factors that a computed result gives values for, by code."""
    if found.status != "computed":
        return {}
    values = {one.id: one.value for one in (*found.scores, *found.steps)}
    coded = {rule.factor: values.get(rule.id) for rule in scale.scores if rule.factor}
    return {code: value for code, value in coded.items() if value is not None}


def _valid_until(scale: Scale, response: QuestionnaireResponse) -> date | None:
    if scale.days_valid is None:
        return None
    return clinic(response.authored_at).date() + timedelta(days=scale.days_valid)
