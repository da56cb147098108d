"""A-068: whoever was registered by hand or stands in a list and is not checked within a day is told of."""

from datetime import timedelta

from domain.people.records import Sex
from domain.people.roster_commands import BeginRoster, CheckRosterLines, RosterLine, SettleIdentityDuty
from domain.people.roster_records import IdentityDuty
from tests.readers.identity_cases import checked, registered

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def listed(world, *lines):
    batch = world.desk.run(
        BeginRoster(name="单位", file_name="a.xlsx", sha256="0" * 64, rows=len(lines)), world.nurse
    ).receipt
    world.desk.run(CheckRosterLines(batch_id=batch, lines=list(lines)), world.nurse)


def test_a_registration_that_nobody_checked(world, watch, clock):
    registered(world)
    watch.look()
    clock.advance(DAY - MINUTE)
    watch.look()
    assert watch.alerts("A-068") == []
    clock.advance(MINUTE)
    watch.look()
    [alert] = watch.alerts("A-068")
    assert (alert.state, alert.patient_id is not None) == ("open", True)
    clock.advance(timedelta(hours=48))
    watch.look()
    assert "department_head" in watch.alerts("A-068")[0].receivers
    checked("王丽")(world)
    watch.look()
    assert watch.alerts("A-068")[0].state == "closed"


def test_a_registration_that_was_checked_in_time(world, watch, clock):
    registered(world)
    checked("王丽")(world)
    watch.look()
    clock.advance(2 * DAY)
    watch.look()
    assert watch.alerts("A-068") == []


def test_a_line_of_a_list_that_no_light_settled(world, watch, clock):
    good = RosterLine(2, "陈新", Sex.FEMALE, None, "11010119900307002X")
    listed(world, good, RosterLine(3, "何无", Sex.MALE))
    watch.look()
    clock.advance(DAY)
    watch.look()
    [alert] = watch.alerts("A-068")
    assert alert.patient_id is None, "nobody of the clinic yet"
    duty = world.one(IdentityDuty)
    world.desk.run(SettleIdentityDuty(duty_id=duty.id, basis="核对护照"), world.nurse)
    watch.look()
    assert watch.alerts("A-068")[0].state == "closed"
