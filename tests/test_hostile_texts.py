"""Two hundred hostile texts through the fields people type into: kept as they are, or refused with a known reason."""

import itertools
import uuid
from datetime import date

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.records import Report
from domain.checkup.report_commands import WriteReport
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.clock import ManualClock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.kernel.texts import Texts
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Patient, Sex
from tests.conftest import BRANCH, DEVICE, START
from tests.fixtures.consistency import assert_whole
from tests.fixtures.hostile_texts import HOSTILE

pytest_plugins = ["tests.fixtures.mariadb"]
TEXTS = Texts.load(resources.folder("texts/zh"))
HALVES = [t for t in HOSTILE if any("\ud800" <= mark <= "\udfff" for mark in t)]
"""Texts with half of a pair of UTF-16, which no store can hold."""
WHOLE = [t for t in HOSTILE if t not in HALVES]
EXPECTED = {"input.control", "input.too_long", "input.missing", "input.type", "report.no_conclusion"}


@pytest.fixture(params=["encrypted", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def target(request, authority):
    name = "mariadb_store" if request.param == "mariadb" else "store"
    desk = Dispatcher(
        request.getfixturevalue(name), clock=ManualClock(START), content={"number_prefix": "101"}
    )
    desk.content["catalog"] = load_catalog(resources.folder("catalog"))
    return desk


def someone(authority, role):
    return authority.actor(
        staff_id=uuid.UUID(int=9), name="测试", role=role, org_id=BRANCH, device_id=DEVICE, subtree=()
    )


def stored(desk, kind, record_id, *names):
    table = kind.__table__
    with desk.store.read() as connection:
        row = connection.execute(select(table).where(table.c.id == record_id)).one()
    return [getattr(row, name) for name in names]


def outcome(work):
    """Return what came of it: the receipt, or None if it was refused with a reason a person can read."""
    try:
        return work().receipt
    except KnownError as error:
        refusal = error
    assert refusal.code in EXPECTED
    assert "?" not in TEXTS.explain(refusal).replace(str(refusal.facts.get("value", "")), "")
    return None


@pytest.fixture
def client(target, authority):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1980, 5, 1))
    nurse = someone(authority, "nurse")
    patient_id = target.run(order, nurse).receipt.patient_id
    return patient_id, target.run(OpenVisit(patient_id=patient_id), nurse).receipt.visit_id


def test_there_are_two_hundred_different_ones():
    assert len(set(HOSTILE)) >= 200


def test_registering_keeps_or_refuses(target, authority):
    nurse, kept = someone(authority, "nurse"), 0
    for text in WHOLE:
        order = RegisterPatient(
            name=text, sex=Sex.FEMALE, birth_date=date(1980, 5, 1), address=text[:255], allergy=text,
            another_person=True,
        )  # fmt: skip
        made = outcome(lambda order=order: target.run(order, nurse))
        if made is not None:
            kept += 1
            assert stored(target, Patient, made.patient_id, "name", "address", "allergy") == [
                text,
                text[:255],
                text,
            ]
    assert kept > 80
    assert len(assert_whole(target.store)) == kept


def test_plain_data_is_kept_without_the_spaces_around_it(target, authority):
    nurse = someone(authority, "nurse")
    for text in WHOLE:
        data = {"name": text, "sex": "2", "birth_date": "1980-05-01", "another_person": True}
        made = outcome(lambda data=data: target.run_named("people.register", data, nurse))
        if made is not None:
            assert stored(target, Patient, made.patient_id, "name") == [text.strip()]
    assert_whole(target.store)


def test_editing_keeps_or_refuses(target, authority, client):
    nurse = someone(authority, "nurse")
    names = ("name", "phone", "address", "allergy", "card_no", "blood_group")
    before = stored(target, Patient, client[0], *names)
    for text, name in zip(WHOLE, itertools.cycle(names), strict=False):
        order = EditPatient(patient_id=client[0], **{name: text})
        outcome(lambda order=order: target.run(order, nurse))
        after = stored(target, Patient, client[0], *names)
        changed = [n for n, a, b in zip(names, before, after, strict=True) if a != b]
        assert changed in ([], [name])
        if changed:
            assert after[names.index(name)] == text
        before = after
    assert_whole(target.store)


def test_writing_a_report_keeps_or_refuses(target, authority, client):
    doctor = someone(authority, "physician")
    kept = 0
    for text in WHOLE:
        order = WriteReport(visit_id=client[1], conclusion=text, advice=text)
        made = outcome(lambda order=order: target.run(order, doctor))
        if made is not None:
            kept += 1
            assert stored(target, Report, made.report_id, "conclusion", "advice") == [text, text]
    assert kept > 100
    assert_whole(target.store)


def test_half_a_character_is_refused(target, authority):
    """It comes from broken files and input methods; the JSON of the API can carry it as well."""
    nurse = someone(authority, "nurse")
    for text in HALVES:
        order = RegisterPatient(name=text[:60], sex=Sex.FEMALE, birth_date=date(1980, 5, 1))
        with pytest.raises(KnownError):
            target.run(order, nurse)
    assert assert_whole(target.store) == []
