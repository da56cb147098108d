"""Red, yellow and green: names with their variants, documents that contradict, what was compared."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.people.comparing import Light, Likeness, judge, likeness
from domain.people.identity import Identity
from domain.people.light_commands import CheckIdentity
from domain.people.light_records import IdentityLight
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex

TODAY = date(2026, 3, 2)


def number_of(first17):
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first17 + "10X98765432"[sum(int(d) * w for d, w in zip(first17, weights, strict=True)) % 11]


WOMAN = number_of("32010219750823062")
KNOWN = Identity(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23), id_number=WOMAN)


@pytest.mark.parametrize(
    ("said", "known", "alike"),
    [
        ("王美娜", "王美娜", Likeness.SAME),
        (" 王 美 娜", "王美娜", Likeness.SAME),
        ("阿卜杜拉·买买提", "阿卜杜拉买买提", Likeness.SAME),
        ("ＬＩ Ming", "li ming", Likeness.SAME),
        ("張偉", "张伟", Likeness.VARIANT),
        ("王美那", "王美娜", Likeness.SOUND),
        ("单雪", "善雪", Likeness.SOUND),
        ("王美丽", "王美娜", Likeness.OTHER),
        ("", "王美娜", Likeness.OTHER),
    ],
)
def test_names_are_compared_as_documents_and_typists_write_them(said, known, alike):
    assert likeness(said, known) is alike


@pytest.mark.parametrize(
    ("changed", "light", "reasons"),
    [
        ({}, Light.GREEN, ()),
        ({"name": "王美那"}, Light.YELLOW, ("name_sound",)),
        ({"name": "李刚"}, Light.RED, ("name_other",)),
        ({"id_number": WOMAN[:-1] + ("0" if WOMAN[-1] != "0" else "1")}, Light.RED, ("own_contradiction",)),
        ({"id_number": number_of("32010219750823064")}, Light.RED, ("number_other",)),
        ({"id_number": number_of("32010219750824062")}, Light.RED, ("number_other", "birth_date_other")),
        ({"id_number": number_of("32010219750823063")}, Light.RED, ("number_other", "sex_other")),
        ({"id_number": None}, Light.YELLOW, ("no_number",)),
        ({"id_number": None, "birth_date": date(1975, 8, 24)}, Light.RED, ("no_number", "birth_date_other")),
    ],
)
def test_the_light_says_why(changed, light, reasons):
    facts = {"name": "王美娜", "id_number": WOMAN} | changed
    verdict = judge(Identity(**facts), KNOWN, TODAY)
    assert (verdict.light, verdict.reasons) == (light, reasons)


def test_an_authority_that_says_no_is_red_and_one_that_is_silent_is_not_listed():
    said = Identity(name="王美娜", id_number=WOMAN)
    assert judge(said, KNOWN, TODAY, outside=False).light is Light.RED
    assert "outside" in judge(said, KNOWN, TODAY, outside=True).compared
    silent = judge(said, KNOWN, TODAY)
    assert silent.light is Light.GREEN
    assert "outside" not in silent.compared


@given(st.text(max_size=12), st.text(max_size=12))
def test_it_does_not_matter_who_is_compared_with_whom(first, second):
    assert likeness(first, second) is likeness(second, first)


def test_every_check_is_kept(desk, nurse):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23), id_number=WOMAN)
    patient = desk.run(order, nurse).receipt.patient_id
    good = desk.run(CheckIdentity(patient_id=patient, name="王美娜", id_number=WOMAN), nurse).receipt
    bad = desk.run(CheckIdentity(patient_id=patient, name="李刚", id_number=WOMAN), nurse).receipt
    assert (good.light, bad.light) == (Light.GREEN, Light.RED)
    with desk.store.read() as connection:
        kept = connection.execute(
            select(IdentityLight.light, IdentityLight.reasons, IdentityLight.staff_name).order_by(
                IdentityLight.light
            )
        ).all()
    assert [(str(one.light), one.reasons) for one in kept] == [("green", []), ("red", ["name_other"])]
