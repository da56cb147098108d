"""R3.1.6: one sampling in two systems: told apart, compared in the catalogue's unit, and settled by a person."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.difference_commands import SettleDifference
from domain.checkup.difference_records import Settled, SystemDifference
from domain.checkup.intake import ResultLine
from domain.checkup.records import Observation
from domain.checkup.result_commands import ReceiveResults
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.people.identity import Identity
from domain.people.records import Sex
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE, "体检接口")
SAID = Identity(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23))
CATALOG = load_catalog(resources.folder("catalog"))
PRESENCE = next(item.key for item in CATALOG.observations.values() if item.kind == "presence")


@pytest.fixture
def says(desk, clock):
    """Return a function: a system sends one value, sampled so many minutes ago."""
    desk.content["catalog"] = CATALOG

    def send(system, value, *, item="alb", ucum="g/L", ago=60, text=None):
        line = ResultLine(
            item=item, code=item, label=item, text=text or f"{value}", number=value, ucum=ucum,
            at=clock() - timedelta(minutes=ago),
        )  # fmt: skip
        order = ReceiveResults(
            message_id=f"{system}|{value}", org_id=BRANCH, patient=SAID, visit_number="T1", lines=[line],
            system=system,
        )  # fmt: skip
        return desk.run(order, SYSTEM).receipt

    return send


def rows(desk, record):
    table = record.__table__
    with desk.store.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def test_two_systems_that_differ_stand_beside_each_other_and_are_listed(desk, says):
    says("LIS|B01", 40.0)
    says("HIS|B01", 42.2)
    [found] = rows(desk, SystemDifference)
    assert (found.first_system, found.first_value, found.second_value) == ("LIS|B01", "40.0", "42.2")
    assert found.deviation == pytest.approx(100 * 2.2 / 41.1, abs=0.01)
    assert (found.state, found.visit_number) == ("open", "T1")
    assert [row.amends for row in rows(desk, Observation)] == [None, None], "neither corrects the other"


@pytest.mark.parametrize(
    ("system", "value", "ago"),
    [
        ("HIS|B01", 40.2, 60),  # rounded
        ("LIS|B01", 44.0, 60),  # the same system corrects itself
        ("HIS|B01", 44.0, 20),  # another sampling
    ],
)
def test_rounding_a_correction_and_another_sampling_are_no_difference(desk, says, system, value, ago):
    says("LIS|B01", 40.0)
    says(system, value, ago=ago)
    assert rows(desk, SystemDifference) == []


def test_positive_against_negative_is_the_largest_difference_and_grades_are_none(desk, says):
    says("LIS|B01", 1.0, item=PRESENCE, ucum=None, text="+")
    says("HIS|B01", 2.0, item=PRESENCE, ucum=None, text="++")
    assert rows(desk, SystemDifference) == []
    says("PEIS|B01", 0.0, item=PRESENCE, ucum=None, text="阴性")
    assert [row.deviation for row in rows(desk, SystemDifference)] == [200.0, 200.0], (
        "with each of the others"
    )


def test_a_correction_by_its_sender_ends_it(desk, says):
    says("LIS|B01", 40.0)
    says("HIS|B01", 45.0)
    says("HIS|B01", 40.0)
    [found] = rows(desk, SystemDifference)
    assert (found.state, found.settled_how, found.settled_by) == ("settled", "agreed", "体检接口")


def test_a_correction_that_still_differs_is_a_new_difference(desk, says):
    says("LIS|B01", 40.0)
    says("HIS|B01", 45.0)
    says("HIS|B01", 44.0)
    assert sorted(row.state for row in rows(desk, SystemDifference)) == ["open", "settled"]


@pytest.mark.parametrize(("holds", "value"), [(Settled.FIRST, "40.0"), (Settled.SECOND, "45.0")])
def test_a_person_says_which_holds_and_both_systems_say_so_from_then_on(desk, says, as_role, holds, value):
    says("LIS|B01", 40.0)
    says("HIS|B01", 45.0)
    [found] = rows(desk, SystemDifference)
    order = SettleDifference(difference_id=found.id, holds=holds, note="与检验科核对原始记录")
    head = as_role("department_head")
    made = desk.run(order, head).receipt
    newest = {row.system: row.value_text for row in rows(desk, Observation)}
    assert newest == {"LIS|B01": value, "HIS|B01": value}
    [settled] = rows(desk, SystemDifference)
    assert (settled.state, settled.settled_how, settled.settled_by) == ("settled", holds, head.name)
    correction = next(row for row in rows(desk, Observation) if row.id == made)
    assert correction.amends == (found.second_id if holds is Settled.FIRST else found.first_id)
    with pytest.raises(DomainError):
        desk.run(order, head)


def test_that_they_agree_only_the_systems_can_say(desk, says, as_role):
    says("LIS|B01", 40.0)
    says("HIS|B01", 45.0)
    [found] = rows(desk, SystemDifference)
    order = SettleDifference(difference_id=found.id, holds=Settled.AGREED, note="一致")
    with pytest.raises(DomainError, match=r"difference\.pick_one") as error:
        desk.run(order, as_role("department_head"))
    assert error.value.field == "holds"
    assert rows(desk, SystemDifference)[0].state == "open"
