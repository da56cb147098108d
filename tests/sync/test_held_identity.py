"""A doubtful identity comes in at the centre and is settled offline at the branch; both agree afterwards."""

from datetime import date

import pytest

import resources
from domain.catalog.content import load_catalog
from domain.checkup.intake import ResultLine
from domain.checkup.report_content import standing
from domain.checkup.result_commands import ReceiveResults
from domain.people.identity import Identity
from domain.people.identity_commands import VerifyIdentity
from domain.people.records import Sex


@pytest.fixture(scope="module")
def catalog():
    return load_catalog(resources.folder("catalog"))


def test_what_is_held_at_the_centre_is_settled_at_the_branch(world, north, catalog):
    for side in (world.centre, north):
        side.desk.content |= {"catalog": catalog, "number_prefix": "100"}
    line = ResultLine(item="hgb", code="hgb", label="血红蛋白", text="122", number=122.0, ucum="g/L")
    said = Identity(name="王美娜", sex=Sex.MALE, birth_date=date(1975, 8, 23), id_number="32010219750823062X")
    world.centre.run(
        ReceiveResults(message_id="M1", org_id=north.org_id, patient=said, visit_number="T1", lines=[line])
    )
    world.settle()
    [check] = north.rows("identity_check")
    assert (check.state, len(north.rows("held_result"))) == ("pending", 1)
    assert standing(north.rows("observation")) == []

    north.run(
        VerifyIdentity(
            check_id=check.id, visit_number="T1", sex=Sex.FEMALE, birth_date=date(1975, 8, 23),
            basis="已核对原件", id_number="32010219750823062X",
        )
    )  # fmt: skip
    done = north.exchange()
    assert done.attention == 0
    world.settle()
    assert world.differing(north) == []
    for side in (world.centre, north):
        assert side.rows("identity_check")[0].state == "verified"
        assert [o.flag for o in standing(side.rows("observation"))] == ["N"]
        [patient] = side.rows("patient")
        assert (patient.sex, patient.id_number) == (Sex.FEMALE, "32010219750823062X")
