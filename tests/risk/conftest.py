"""A branch with models and scales, and a client who has arrived."""

from datetime import date

import pytest

from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.risk.content import RISK
from tests.risk.keeping import CATALOG, MODELS, SCALES


@pytest.fixture
def branch(desk, authority):
    desk.content |= {"catalog": CATALOG, "scales": SCALES, RISK: MODELS, "authority": authority}
    return desk


@pytest.fixture
def physician(as_role):
    return as_role("physician")


@pytest.fixture
def visit(branch, nurse):
    born = RegisterPatient(name="王建军", sex=Sex.MALE, birth_date=date(1968, 3, 2))
    patient = branch.run(born, nurse).receipt.patient_id
    visit = branch.run(OpenVisit(patient_id=patient), nurse).receipt.visit_id
    branch.run(Arrive(visit_id=visit), nurse)
    return patient, visit
