"""What a client's device sent to the centre is at the client's branch, and is changed by neither place."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import resources
from domain.care.content import CARE, load_care
from domain.catalog.content import load_catalog
from domain.checkup.records import Observation
from domain.kernel.authority import system_actor
from domain.monitoring.commands import Reading, TakeMonitored
from tests.sync.world import NORTH


@pytest.fixture
def patient(world, north, south):
    made = north.add_patient("P1")
    world.settle()
    world.centre.desk.content |= {
        "catalog": load_catalog(resources.folder("catalog")), CARE: load_care(resources.folder("care")),
    }  # fmt: skip
    return made


def values(place):
    with place.store.read() as connection:
        return set(connection.execute(select(Observation.item, Observation.value_number)).all())


def test_values_of_a_device_are_kept_once_and_reach_the_branch_they_concern(world, north, south, patient):
    centre = world.centre.desk
    at = centre.clock() - timedelta(hours=2)
    readings = [
        Reading(item=item, value=value, unit=unit, at=at)
        for item, value, unit in (("sbp", 152.0, "mm[Hg]"), ("glu", 7.8, "mmol/L"), ("weight", 71.5, "kg"))
    ]
    order = TakeMonitored(patient_id=patient, said="血压计", readings=readings)
    actor = system_actor(NORTH, world.centre.device_id)
    assert centre.run(order, actor).receipt.kept == 3
    assert centre.run(order, actor).receipt.known == 3
    world.settle()
    wanted = {("sbp", 152.0), ("glu", 7.8), ("weight", 71.5)}
    assert values(world.centre) == values(north) == wanted
    assert values(south) == set(), "another organisation's"
    assert world.differing(north) == []
