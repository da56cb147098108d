"""A branch and the centre exchange what changed, and end with the same rows."""

from domain.kernel.change_log import change_log
from sync.local_tables import applied_txn


def test_what_a_branch_registers_reaches_the_centre(world, north):
    patient = north.add_patient("P1")
    done = north.exchange()
    assert (done.sent, done.attention) == (1, 0)
    assert world.centre.row("patient", patient).name == "王美娜"
    assert world.centre.row("patient", patient).ver == 1
    assert north.row("patient", patient).ver == 1
    assert world.differing(north) == []


def test_it_reaches_the_other_workstation_of_the_branch_but_no_other_branch(world, north, north_too, south):
    patient = north.add_patient("P1")
    world.settle()
    assert north_too.row("patient", patient).name == "王美娜"
    assert south.row("patient", patient) is None
    assert south.row("organization", south.org_id).name == "S"
    assert [world.differing(b) for b in world.branches] == [[], [], []]


def test_an_exchange_with_nothing_new_changes_nothing(world, north):
    north.add_patient("P1")
    north.exchange()
    before = len(world.centre.all(change_log)), len(north.all(change_log))
    done = north.exchange()
    assert (done.sent, done.received) == (0, 0)
    assert (len(world.centre.all(change_log)), len(north.all(change_log))) == before
    assert len(world.centre.all(applied_txn)) == 1
