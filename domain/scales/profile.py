"""The person as the rules see them: sex, age, latest results of the checkup and of scales, and what was handed in."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from domain.checkup.records import QuestionnaireResponse
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.people.records import Patient
from domain.scales import records, results
from domain.scales.facts import completed_years, latest, person_facts
from domain.scales.suggesting import Earlier, Person, Suggestions


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """A result that is kept, as it was scored."""

    result_id: Id
    scored_at: datetime
    result: results.ScaleResult
    valid_until: date | None = None


def kept_results(connection: Connection, patient_id: Id) -> dict[str, list[Kept]]:
    """Return every result by scale, the oldest first; one that was corrected gives way to its correction."""
    table = records.ScaleResult.__table__
    query = (
        select(table)
        .where(of_person(connection, table.c.patient_id, patient_id))
        .order_by(table.c.scored_at, table.c.id)
    )
    rows = connection.execute(query).all()
    amended = {row.amends for row in rows if row.amends is not None}
    found: dict[str, list[Kept]] = {}
    for row in rows:
        if row.id not in amended:
            made = msgspec.convert(row.detail, results.ScaleResult)
            found.setdefault(row.scale, []).append(Kept(row.id, row.scored_at, made, row.valid_until))
    return found


def latest_results(connection: Connection, patient_id: Id) -> dict[str, Kept]:
    """Return the latest result by scale.

    One with answers missing does not take the place of an older one that could be computed.
    """
    return {scale: latest_of(listed) for scale, listed in kept_results(connection, patient_id).items()}


def latest_of(listed: Sequence[Kept]) -> Kept:
    """Return the latest that could be computed, else the last of all."""
    return next((one for one in reversed(listed) if one.result.status == "computed"), listed[-1])


def person_of(
    connection: Connection,
    patient: Patient,
    book: Suggestions,
    at: datetime,
    *,
    history: Mapping[str, Any] | None = None,
) -> Person:
    """Return a person for `suggest` and `exercise_draft`.

    Args:
        connection: The store.
        patient: Within the scope of whoever asks.
        book: Whose rules say which results are looked for.
        at: The moment; ages and intervals are counted by the clinic's day.
        history: Factors known from answers and the file, by code.
    """
    facts = person_facts(patient)
    birth_date = facts.get("birth_date")
    wanted = {value.of for rule in book.rules for value in rule.values}
    return Person(
        clinic(at).date(),
        sex=facts.get("sex", ""),
        age=None if birth_date is None else completed_years(birth_date, at),
        history=dict(history or {}),
        values=_values(connection, patient, wanted, history or {}),
        results={name: _earlier(kept) for name, kept in latest_results(connection, patient.id).items()},
        done=_handed_in(connection, patient.id),
    )


def _values(
    connection: Connection, patient: Patient, wanted: Collection[str], history: Mapping[str, Any]
) -> dict[str, float]:
    """Return numbers by key: answers first, then results; the mass index is worked out where it was not sent."""
    told = {k: float(v) for k, v in history.items() if k in wanted and isinstance(v, int | float)}
    measured = latest(connection, patient.id, {*wanted, "height", "weight"})
    if "bmi" not in measured and measured.get("height") and measured.get("weight"):
        measured["bmi"] = round(measured["weight"] / (measured["height"] / 100) ** 2, 2)
    return {**told, **{key: value for key, value in measured.items() if key in wanted}}


def _earlier(kept: Kept) -> Earlier:
    total = kept.result.total
    day = clinic(kept.scored_at).date()
    return Earlier(day=day) if total is None else Earlier(total.band, total.level, total.value, day)


def _handed_in(connection: Connection, patient_id: Id) -> dict[str, date]:
    table = QuestionnaireResponse.__table__
    query = (
        select(table.c.form, func.max(table.c.authored_at).label("at"))
        .where(of_person(connection, table.c.patient_id, patient_id))
        .group_by(table.c.form)
    )
    return {row.form: clinic(row.at).date() for row in connection.execute(query)}
