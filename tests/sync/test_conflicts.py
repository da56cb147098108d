"""Two people changed the same: nothing is lost, both sides end alike, a person decides."""

import dataclasses
import threading
import uuid
from datetime import timedelta

import pytest

from domain.exchange.commands import DecideConflict
from domain.exchange.rules import Choice
from domain.exchange.safety import disputed
from domain.kernel.columns import Sensitivity
from domain.kernel.disputes import disputes_of
from domain.kernel.errors import DomainError
from sync.local_tables import push_outcome


@pytest.fixture
def patient(world, north, north_too):
    patient = north.add_patient("P1")
    world.settle()
    return patient


def clash(world, north, north_too, patient):
    north.set("patient", patient, name="李一")
    north_too.set("patient", patient, name="李二")
    world.settle()
    [conflict] = north.rows("conflict")
    return conflict


def test_both_values_are_kept_and_everybody_sees_them(world, north, north_too, patient):
    conflict = clash(world, north, north_too, patient)
    assert (conflict.theirs, conflict.mine) == ({"name": "李一"}, {"name": "李二"})
    for place in (north, north_too, world.centre):
        assert place.row("patient", patient).name == "李一"
        assert len(place.rows("conflict")) == 1
    [outcome] = north_too.all(push_outcome)
    assert (outcome.outcome, outcome.code) == ("conflict", "sync.conflict")
    assert world.differing(north) == world.differing(north_too) == []


def test_changes_of_different_fields_merge(world, north, north_too, patient):
    north.set("patient", patient, name="李一")
    north_too.set("patient", patient, phone="13900000000", blood_group="A")
    world.settle()
    row = north.row("patient", patient)
    assert (row.name, row.phone, row.blood_group) == ("李一", "13900000000", "A")
    assert north.rows("conflict") == []
    assert world.differing(north) == world.differing(north_too) == []


@pytest.mark.parametrize(
    ("choice", "values", "expected"),
    [(Choice.THEIRS, None, "李一"), (Choice.MINE, None, "李二"), (Choice.OTHER, {"name": "李三"}, "李三")],
)
def test_a_person_decides(world, north, north_too, patient, choice, values, expected):
    conflict = clash(world, north, north_too, patient)
    north_too.run(DecideConflict(conflict_id=conflict.id, choice=choice, values=values))
    world.settle()
    for place in (north, north_too, world.centre):
        assert place.row("patient", patient).name == expected
        [row] = place.rows("conflict")
        assert (row.state, row.decision) == ("decided", choice)
        assert row.mine == {"name": "李二"}
    assert world.differing(north) == world.differing(north_too) == []


def test_two_people_decide_at_once_and_the_first_stands(world, north, north_too, patient):
    conflict = clash(world, north, north_too, patient)
    north.run(DecideConflict(conflict_id=conflict.id, choice=Choice.THEIRS))
    north_too.run(DecideConflict(conflict_id=conflict.id, choice=Choice.MINE))
    world.settle()
    [outcome] = [o for o in north_too.all(push_outcome) if o.outcome == "rejected"]
    assert outcome.code == "sync.decided_before"
    for place in (north, north_too, world.centre):
        assert place.row("patient", patient).name == "李一"
        assert place.rows("conflict")[0].decision == Choice.THEIRS
    assert world.differing(north) == world.differing(north_too) == []


def test_a_decided_conflict_is_not_decided_again(world, north, north_too, patient):
    conflict = clash(world, north, north_too, patient)
    north.run(DecideConflict(conflict_id=conflict.id, choice=Choice.THEIRS))
    with pytest.raises(DomainError, match=r"conflict\.decided"):
        north.run(DecideConflict(conflict_id=conflict.id, choice=Choice.MINE))


def test_an_edit_and_a_deletion(world, north, north_too, patient):
    north.remove("patient", patient)
    north_too.set("patient", patient, name="李二")
    world.settle()
    for place in (north, north_too, world.centre):
        assert place.row("patient", patient).name == "李二"
        assert place.row("patient", patient).number == "P1"
    assert world.differing(north) == world.differing(north_too) == []
    [conflict] = north.rows("conflict")
    north.run(DecideConflict(conflict_id=conflict.id, choice=Choice.THEIRS))
    world.settle()
    for place in (north, north_too, world.centre):
        assert place.row("patient", patient) is None
    assert world.differing(north) == world.differing(north_too) == []


def test_a_deletion_after_an_edit(world, north, north_too, patient):
    north_too.set("patient", patient, name="李二")
    world.settle(north_too)
    north.remove("patient", patient)
    assert north.row("patient", patient) is None
    world.settle()
    for place in (north, north_too, world.centre):
        assert place.row("patient", patient).name == "李二"
    assert world.differing(north) == world.differing(north_too) == []
    [conflict] = north_too.rows("conflict")
    north_too.run(DecideConflict(conflict_id=conflict.id, choice=Choice.MINE))
    world.settle()
    assert north.row("patient", patient) is None


def test_what_is_pending_stays_on_top_while_the_rest_arrives(world, north, north_too, patient):
    north.set("patient", patient, name="李一", phone="1")
    world.settle(north)
    north_too.set("patient", patient, name="李二")
    north_too.sync.inbox.pull(north_too.centre, lambda _done, _total: None, threading.Event())
    row = north_too.row("patient", patient)
    assert (row.name, row.phone, row.ver) == ("李二", "1", 2)


def test_both_values_are_told_with_who_when_and_where(world, north, north_too, patient):
    clerk, nurse = uuid.UUID(int=0x51), uuid.UUID(int=0x52)
    north.actor = dataclasses.replace(north.actor, staff_id=clerk)
    north_too.actor = dataclasses.replace(north_too.actor, staff_id=nurse)
    north.set("patient", patient, allergy="青霉素")
    world.clock.advance(timedelta(minutes=3))
    north_too.set("patient", patient, allergy="头孢")
    world.settle(north)
    world.settle()
    [conflict] = north.rows("conflict")
    assert (conflict.theirs_by, conflict.mine_by) == (clerk, nurse)
    assert conflict.mine_at - conflict.theirs_at == timedelta(minutes=3)
    assert conflict.theirs_command == conflict.mine_command == "test.sync_write"


def test_safety_values_in_dispute_are_both_shown_until_a_person_decides(world, north, north_too, patient):
    north.set("patient", patient, allergy="青霉素", name="甲")
    north_too.set("patient", patient, allergy="头孢", name="乙")
    world.settle(north)
    world.settle()
    for place in (world.centre, north, north_too):
        with place.store.read() as connection:
            assert disputed(connection, "patient", [patient]) == {patient: {"allergy": ["青霉素", "头孢"]}}
            [shown] = disputes_of(connection, Sensitivity.SENSITIVE, "patient", [patient])[patient]
            hidden = disputes_of(connection, Sensitivity.PUBLIC, "patient", [patient])
        assert (shown.label, str(shown.value)) == ("过敏史", "青霉素 ／ 头孢")
        assert "头孢" not in str(hidden)
    [conflict] = [c for c in north.rows("conflict") if c.safety]
    north.run(DecideConflict(conflict_id=conflict.id, choice=Choice.MINE))
    with north.store.read() as connection:
        assert disputed(connection, "patient", [patient]) == {}
