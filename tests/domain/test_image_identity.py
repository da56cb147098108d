"""An image of somebody else is refused by any one contradiction; one that proves nothing stays unsure."""

from datetime import date

import pytest

from domain.checkup.image_identity import Match, Shown, compare
from domain.people.records import Sex

CASE = Shown(
    name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23), numbers=frozenset({"P1010000001", "V20241118001"}),
    study_uids=frozenset({"1.2.3"}),
)  # fmt: skip


def of(patient_id="", name="", birth_date="", sex="", **more):
    return compare(CASE, patient_id=patient_id, name=name, birth_date=birth_date, sex=sex, **more)


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"patient_id": "P1010000001", "name": "王美娜"}, Match.SAME),
        ({"accession": "V20241118001", "name": "WANG^MEINA"}, Match.SAME),
        ({"study_uid": "1.2.3"}, Match.SAME),
        ({"patient_id": "HIS99", "name": "Wang^Mei Na=王^美娜", "birth_date": "19750823"}, Match.SAME),
        ({"patient_id": "HIS99", "name": "Meina^Wang", "birth_date": "19750823"}, Match.SAME),
        ({"patient_id": "HIS99", "name": "王美娜"}, Match.UNSURE),
        ({}, Match.UNSURE),
        ({"name": "\u00cd\u00f5\u00c3\u00c0"}, Match.UNSURE),
        ({"birth_date": "0"}, Match.UNSURE),
    ],
)
def test_what_fits(said, match):
    assert of(**said).match is match


@pytest.mark.parametrize(
    ("said", "differs"),
    [
        ({"name": "王美丽"}, ("name",)),
        ({"name": "WANG^MEIAN"}, ("name",)),
        ({"name": "LI^NA"}, ("name",)),
        ({"patient_id": "P1010000001", "name": "李强"}, ("name",)),
        ({"name": "王美娜", "birth_date": "19750824"}, ("birth_date",)),
        ({"patient_id": "P1010000001", "sex": "M"}, ("sex",)),
    ],
)
def test_one_contradiction_is_enough(said, differs):
    found = of(**said)
    assert (found.match, found.differs) == (Match.FOREIGN, differs)


def test_a_number_of_the_case_outweighs_a_reading_that_is_spelt_otherwise():
    assert of(patient_id="p1010000001", name="WONG^MEI NAH").match is Match.SAME
