"""What is stored about a client, as factors: results that count, answers of questionnaires, totals of scales."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.checkup.records import Observation, QuestionnaireResponse
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.people.records import Patient
from domain.risk.answers import given_of_response
from domain.risk.content import RiskModels
from domain.risk.factors import Factors, Given
from domain.scales.facts import COUNTING, SEXES
from domain.scales.records import ScaleResult

RESULT = "result"


def gather(connection: Connection, patient: Patient, models: RiskModels, until: datetime) -> Factors:
    """Return a client's factors as they stand at `until`: the newest value of each, with the day it is of.

    Results that wait for a check do not count; a corrected response or result gives way to its correction.
    """
    given = [
        *_results(connection, patient.id, models, until),
        *_answers(connection, patient.id, models, until),
        *_scales(connection, patient.id, models, until),
    ]
    newest: dict[str, Given] = {}
    for one in given:
        known = newest.get(one.code)
        if known is None or (one.at or date.min) >= (known.at or date.min):
            newest[one.code] = one
    ordered = tuple(newest[code] for code in sorted(newest))
    return Factors(sex=SEXES.get(patient.sex), birth_date=patient.birth_date, given=ordered)


def _results(connection: Connection, patient_id: Id, models: RiskModels, until: datetime) -> Iterable[Given]:
    codes = models.book.by_observation
    query = (
        select(Observation.item, Observation.value_number, Observation.ucum, Observation.effective_at)
        .where(
            Observation.patient_id == patient_id,
            Observation.item.in_(sorted(codes)),
            Observation.value_number.is_not(None),
            Observation.status.in_(COUNTING),
            Observation.effective_at <= until,
        )
        .order_by(Observation.effective_at, Observation.id)
    )
    last = {row.item: row for row in connection.execute(query)}
    for item, row in last.items():
        yield Given(
            code=codes[item], value=row.value_number, unit=row.ucum or "", source=RESULT,
            at=clinic(row.effective_at).date(),
        )  # fmt: skip


def _answers(connection: Connection, patient_id: Id, models: RiskModels, until: datetime) -> Iterable[Given]:
    kept = QuestionnaireResponse
    query = (
        select(kept.id, kept.form, kept.answers, kept.authored_at, kept.amends)
        .where(kept.patient_id == patient_id, kept.authored_at <= until)
        .order_by(kept.authored_at, kept.id)
    )
    rows = connection.execute(query).all()
    amended = {row.amends for row in rows}
    for row in rows:
        links = models.links.get(row.form)
        if links and row.id not in amended:
            day = clinic(row.authored_at).date()
            yield from given_of_response(row.answers, links, f"form:{row.form}", day)


def _scales(connection: Connection, patient_id: Id, models: RiskModels, until: datetime) -> Iterable[Given]:
    query = (
        select(
            ScaleResult.id, ScaleResult.scale, ScaleResult.factors, ScaleResult.scored_at, ScaleResult.amends
        )
        .where(ScaleResult.patient_id == patient_id, ScaleResult.scored_at <= until)
        .order_by(ScaleResult.scored_at, ScaleResult.id)
    )
    rows = connection.execute(query).all()
    amended = {row.amends for row in rows}
    for row in rows:
        if row.id in amended:
            continue
        for code, value in row.factors.items():
            if code in models.book.definitions:
                day = clinic(row.scored_at).date()
                yield Given(code=code, value=_plain(code, value, models), source=f"scale:{row.scale}", at=day)


def _plain(code: str, value: Any, models: RiskModels) -> Any:
    """Return a scale's number as the factor takes it."""
    return int(value) if models.book.definitions[code].kind == "yes_no" and value in (0, 1) else value


def inputs_of(factors: Factors, age: int | None) -> dict[str, Any]:
    """Return what is kept of the inputs; `factors_of` reads it back."""
    rows = [msgspec.to_builtins(one) for one in factors.given]
    return {"sex": factors.sex, "age": age, "given": rows}


def factors_of(inputs: dict[str, Any]) -> Factors:
    """Return the factors of a kept assessment, to compute its details again."""
    return Factors(
        sex=inputs["sex"], age=inputs["age"], given=tuple(msgspec.convert(inputs["given"], list[Given]))
    )


def digest_of(inputs: dict[str, Any], versions: str) -> str:
    """Return what tells one assessment's basis from another's."""
    return hashlib.sha256(msgspec.json.encode([inputs, versions])).hexdigest()
