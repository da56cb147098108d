"""Handing in at a branch: answers as the form engine gives them, and what the tests look at."""

from datetime import date

import pytest
from sqlalchemy import select

import resources
from domain.checkup.form_commands import (
    AnswerForm,
)
from domain.kernel.errors import DomainError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.scales.content import scale_content

BASE = "https://aftercheck.example/fhir/Questionnaire/"
CONTENT = scale_content(resources.folder("scales"), resources.folder("forms"))


def response(form, answers, version="1.0.0"):
    """Return answers as the form engine hands them in."""
    items = [{"linkId": k, "answer": [{"valueCoding": {"code": v}} if isinstance(v, str) else {"valueDecimal": v}]}
             for k, v in answers.items()]  # fmt: skip
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{BASE}{form}|{version}",
        "item": items,
    }


def person(branch, nurse, name="王美娜", sex=Sex.FEMALE, born=date(1950, 5, 1)):
    return branch.run(RegisterPatient(name=name, sex=sex, birth_date=born), nurse).receipt.patient_id


def rows(branch, kind):
    table = kind.__table__
    with branch.store.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def hand_in(branch, actor, patient, form, answers, **more):
    order = AnswerForm(
        patient_id=patient, form=form, form_version="1.0.0", answers=response(form, answers), **more
    )
    return branch.run(order, actor).receipt


def refused(branch, order, actor):
    with pytest.raises(DomainError) as found:
        branch.run(order, actor)
    return found.value
