"""What is stored about a client, as factors: results that count, answers of questionnaires, totals of scales."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from domain.checkup.records import Observation
from domain.interop.one_person import person_rows, records_of
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds, to_microseconds
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.people.records import Patient
from domain.risk.answers import answered
from domain.risk.content import RiskModels
from domain.risk.factors import Factors, Given
from domain.scales.facts import COUNTING, SEXES
from domain.scales.records import ScaleResult

RESULT = "result"


def gather(
    connection: Connection,
    patient: Patient,
    models: RiskModels,
    until: datetime,
    records: Sequence[Id] | None = None,
) -> Factors:
    """Return a client's factors as they stand at `until`: the newest value of each, with the day it is of.

    Results that wait for a check do not count; a corrected response or result gives way to its correction.
    `records` are all of the person, where they are known already.
    """
    records = records or records_of(connection, patient.id)
    given = [
        *_results(connection, records, models, until),
        *answered(connection, records, models.links, until),
        *_scales(connection, records, models, until),
    ]
    newest: dict[str, Given] = {}
    for one in given:
        known = newest.get(one.code)
        if known is None or (one.at or date.min) >= (known.at or date.min):
            newest[one.code] = one
    ordered = tuple(newest[code] for code in sorted(newest))
    return Factors(sex=SEXES.get(patient.sex), birth_date=patient.birth_date, given=ordered)


_O, _S = Observation.__table__.c, ScaleResult.__table__.c
_WHOSE: dict[str, Any] = {"patient": bindparam("patient"), "until": bindparam("until")}
_RESULTS = Prepared(
    select(_O.item, _O.value_number, _O.ucum, _O.effective_at, _O.status)
    .where(
        _O.patient_id == _WHOSE["patient"], _O.effective_at <= _WHOSE["until"], _O.value_number.is_not(None)
    )
    .order_by(_O.effective_at, _O.id)
)
_SCALES = Prepared(
    select(_S.id, _S.scale, _S.factors, _S.scored_at, _S.amends)
    .where(_S.patient_id == _WHOSE["patient"], _S.scored_at <= _WHOSE["until"])
    .order_by(_S.scored_at, _S.id)
)


def _rows(
    query: Prepared, connection: Connection, records: Sequence[Id], until: datetime
) -> list[tuple[Any, ...]]:
    return person_rows(query, connection, records, 3, until=to_microseconds(until))


def _day(at: int) -> date:
    return clinic(from_microseconds(at)).date()


def _results(
    connection: Connection, records: Sequence[Id], models: RiskModels, until: datetime
) -> Iterable[Given]:
    codes = models.book.by_observation
    last = {}
    for item, value, unit, at, status in _rows(_RESULTS, connection, records, until):
        if item in codes and status in COUNTING:
            last[item] = (value, unit, at)
    for item, (value, unit, at) in last.items():
        yield Given(code=codes[item], value=value, unit=unit or "", source=RESULT, at=_day(at))


def _scales(
    connection: Connection, records: Sequence[Id], models: RiskModels, until: datetime
) -> Iterable[Given]:
    rows = _rows(_SCALES, connection, records, until)
    amended = {row[-1] for row in rows}
    for own, scale, factors, at, _ in rows:
        if own in amended:
            continue
        for code, value in msgspec.json.decode(factors).items():
            if code in models.book.definitions:
                value = _plain(code, value, models)
                yield Given(code=code, value=value, source=f"scale:{scale}", at=_day(at))


def _plain(code: str, value: Any, models: RiskModels) -> Any:
    """Return a scale's number as the factor takes it."""
    return int(value) if models.book.definitions[code].kind == "yes_no" and value in (0, 1) else value


def inputs_of(factors: Factors, age: int | None) -> dict[str, Any]:
    """Return what is kept of the inputs; `factors_of` reads it back."""
    return {"sex": factors.sex, "age": age, "given": list(msgspec.to_builtins(factors.given))}


def factors_of(inputs: dict[str, Any]) -> Factors:
    """Return the factors of a kept assessment, to compute its details again."""
    return Factors(
        sex=inputs["sex"], age=inputs["age"], given=tuple(msgspec.convert(inputs["given"], list[Given]))
    )


def digest_of(inputs: dict[str, Any], versions: str) -> str:
    """Return what tells one assessment's basis from another's."""
    return hashlib.sha256(msgspec.json.encode([inputs, versions])).hexdigest()
