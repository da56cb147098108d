"""Scales as they ship, and answers that reach a wanted score."""

import json
from datetime import date

import pytest

import resources
from domain.catalog.content import load_catalog
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.scales.reading import load_scales

SCALES = load_scales(resources.folder("scales"))
FORMS = {p.stem: json.loads(p.read_text("utf-8")) for p in sorted(resources.folder("forms").glob("*.json"))}


@pytest.fixture
def scale():
    return SCALES.__getitem__


@pytest.fixture
def branch(desk, authority):
    desk.content |= {
        "catalog": load_catalog(resources.folder("catalog")),
        "authority": authority,
        "scales": SCALES,
    }
    return desk


@pytest.fixture
def patient(branch, nurse):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1950, 5, 1))
    return branch.run(order, nurse).receipt.patient_id
