"""What is known of a person when a scale is scored: sex, age on the day, and the latest results it asks for."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.records import Observation, ResultStatus
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.people.records import Patient, Sex

SEXES = {Sex.MALE: "male", Sex.FEMALE: "female"}
COUNTING = (ResultStatus.FINAL, ResultStatus.CORRECTED)
BODY = ("height", "weight")


def person_facts(patient: Patient) -> dict[str, Any]:
    """Return the sex as scales name it and the birth date; what is not known is not there."""
    sex = SEXES.get(patient.sex)
    return ({"sex": sex} if sex else {}) | ({"birth_date": patient.birth_date} if patient.birth_date else {})


def completed_years(birth_date: date, at: datetime) -> int:
    """Return the age in completed years on the clinic's day of `at`."""
    day = clinic(at).date()
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def scoring_facts(
    connection: Connection, patient: Patient, wanted: Collection[str], at: datetime
) -> dict[str, Any]:
    """Return facts by name: ``sex``, ``age``, and the latest counting result of each catalogue key in `wanted`.

    The body mass index is worked out from height and weight where it was not sent as a result of its own.
    """
    facts = person_facts(patient)
    birth_date = facts.pop("birth_date", None)
    if birth_date is not None:
        facts["age"] = completed_years(birth_date, at)
    keys = set(wanted) - {"sex", "age"} | (set(BODY) if "bmi" in wanted else set())
    measured = latest(connection, patient.id, keys) if keys else {}
    if "bmi" in wanted and "bmi" not in measured and all(measured.get(key) for key in BODY):
        measured["bmi"] = round(measured["weight"] / (measured["height"] / 100) ** 2, 2)
    return facts | {key: value for key, value in measured.items() if key in wanted}


def latest(connection: Connection, patient_id: Id, keys: Collection[str]) -> dict[str, float]:
    """Return the latest number of each item that counts."""
    query = (
        select(Observation.item, Observation.value_number)
        .where(
            of_person(connection, Observation.patient_id, patient_id),
            Observation.item.in_(sorted(keys)),
            Observation.value_number.is_not(None),
            Observation.status.in_(COUNTING),
        )
        .order_by(Observation.effective_at, Observation.id)
    )
    return {row.item: float(row.value_number) for row in connection.execute(query)}
