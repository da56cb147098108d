"""Two records become one person at the centre while a workstation that does not know it works on."""

import dataclasses
import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from domain.checkup.records import Observation, ResultSource
from domain.interop.joining_commands import JoinRecords, SeparateRecords
from domain.interop.one_person import of_person, who_stays
from domain.interop.person_records import SamePerson
from sync.local_tables import push_outcome
from tests.sync.world import NORTH

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def twice(world, north, north_too):
    """One person with two records, known everywhere."""
    made = [north.add_patient(number) for number in ("P1", "P2")]
    world.settle()
    return made


def join(place, stays, number, basis="证件"):
    actor = dataclasses.replace(place.actor, org_id=NORTH, staff_id=uuid.UUID(int=9), name="李")
    return place.desk.run(JoinRecords(patient_id=stays, other_number=number, basis=basis), actor).receipt


def result(place, patient, value):
    return place.add(
        "observation", org_id=NORTH, patient_id=patient, item="weight", label="体重", value_number=value,
        value_text=f"{value}", effective_at=NOON, source=ResultSource.MANUAL,
    )  # fmt: skip


def seen(place, patient):
    with place.store.read() as connection:
        mine = of_person(connection, Observation.patient_id, patient)
        query = select(Observation.value_number).where(mine).order_by(Observation.value_number)
        return list(connection.execute(query).scalars())


def test_what_was_kept_offline_for_the_record_given_up_is_the_persons_everywhere(
    world, north, north_too, twice
):
    first, second = twice
    result(north_too, first, 80.0)
    world.settle(north_too)
    join(world.centre, first, "P2")
    result(north, second, 71.0)  # north has not heard of it
    assert seen(north, second) == [71.0]
    world.settle()
    for place in (world.centre, north, north_too):
        assert seen(place, first) == seen(place, second) == [71.0, 80.0]
        with place.store.read() as connection:
            assert who_stays(connection, second) == first
    assert world.differing(north) == world.differing(north_too) == []


def test_said_at_two_places_it_is_one_link_and_taken_back_anywhere_it_is_over_everywhere(
    world, north, north_too, twice
):
    first, second = twice
    links = {join(place, first, "P2", basis) for place, basis in ((north, "身份证"), (north_too, "护照"))}
    assert len(links) == 1
    result(north, second, 71.0)
    world.settle()
    assert [len(place.rows("same_person")) for place in (world.centre, north, north_too)] == [1, 1, 1]
    assert north_too.all(push_outcome) == [], "the same said by two is nobody's refusal"
    person = dataclasses.replace(north_too.actor, staff_id=uuid.UUID(int=9), name="李")
    north_too.desk.run(SeparateRecords(same_person_id=links.pop(), reason="看错"), person)
    world.settle()
    for place in (world.centre, north, north_too):
        assert (seen(place, first), seen(place, second)) == ([], [71.0])
    assert world.differing(north) == world.differing(north_too) == []
    assert [row.id for row in north.rows("same_person")] == [
        r.id for r in world.centre.rows(SamePerson.__tablename__)
    ]
