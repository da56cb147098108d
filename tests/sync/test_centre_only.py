"""What only the centre changes is refused from a workstation, by its command's name and by what it writes."""

import uuid
from datetime import UTC, datetime

import pytest

from domain.kernel.commands import ask, command, commands, handles
from domain.kernel.dispatcher import CENTRE
from domain.kernel.record import record_classes
from sync.local_tables import parked_txn, push_outcome
from tests.sync.world import NORTH, Write


@command("test.sync_returned", "同步测试退回", permission=None)
class Said:
    record_id: uuid.UUID = ask("编号")


@handles(Said)
def said(order, work):
    work.note["returned"] = True
    work.add(record_classes()["answer_hours"](id=order.record_id, **hours(None, 9)))


NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def staff(world, north):
    made = world.centre.add(
        "staff", org_id=NORTH, login="li", name="李", role="nurse", password_hash="x", password_set_at=NOW
    )
    world.settle()
    return made


def outcomes(branch):
    return [(o.outcome, o.code) for o in branch.all(push_outcome)]


def hours(world, number):
    return {
        "number": number, "week": {"mon": ["08:00-12:00"]}, "closed_days": [], "reason": "x", "set_at": NOW,
        "set_name": "李",
    }  # fmt: skip


def test_a_record_of_the_centre_under_any_commands_name_is_refused_and_kept_aside(world, north, staff):
    forged = north.add("answer_hours", **hours(world, 7))
    patient = north.add_patient("P1")
    world.settle()
    assert outcomes(north) == [("rejected", "sync.centre_only")]
    assert world.centre.row("answer_hours", forged) is None
    assert world.centre.row("patient", patient) is not None, "what came with it is applied"
    assert [row.reason for row in world.centre.all(parked_txn)] == ["sync.centre_only"], (
        "nothing is thrown away"
    )


def test_a_command_of_the_centre_is_refused_whatever_it_writes(world, north, staff, monkeypatch):
    patient = north.add_patient("P1")
    world.settle()
    monkeypatch.setattr(commands()["test.sync_write"], "place", CENTRE)
    north.desk.run(Write(what="set", entity="patient", record_id=patient, values={"phone": "1"}), north.actor)
    world.settle()
    assert outcomes(north) == [("rejected", "sync.centre_only")]
    assert north.row("patient", patient).phone is None, "the workstation comes back to what the centre has"
    assert world.differing(north) == []


def test_who_somebody_is_changes_at_the_centre_and_a_password_at_the_desk(world, north, staff):
    north.set("staff", staff, password_hash="y", password_set_at=NOW)
    world.settle()
    assert outcomes(north) == []
    assert world.centre.row("staff", staff).password_hash == "y"
    north.set("staff", staff, role="administrator")
    north.set("staff", staff, active=False)
    north.add("staff", login="mei", name="梅", role="administrator", password_hash="x", password_set_at=NOW)
    world.settle()
    assert outcomes(north) == [("rejected", "sync.centre_only")] * 3
    row = north.row("staff", staff)
    assert (row.role, row.active) == ("nurse", True)
    assert [one.login for one in world.centre.rows("staff")] == ["li"]


def test_saying_that_it_is_given_back_opens_nothing_while_the_centre_never_went_back(world, north, staff):
    north.desk.run(Said(record_id=uuid.uuid4()), north.actor)
    world.settle()
    assert outcomes(north) == [("rejected", "sync.centre_only")]


def test_every_command_of_the_centre_writes_records_that_only_it_may_write():
    """A list to be looked at when it changes: forging one of these rows gives a workstation what it must not have."""
    theirs = {name for name, kind in record_classes().items() if kind.record_info.at_centre}
    assert theirs == {
        "alert_rule_change", "answer_hours", "booking_key", "care_preset", "critical_limit", "critical_limit_change",
        "organization", "referral_target", "review_doubt", "review_scheme", "rights_change",
    }  # fmt: skip
