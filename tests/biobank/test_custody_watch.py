"""The daily round through all chains of custody: nobody has to ask for it, and a lost end is found too."""

from datetime import timedelta

import pytest

from domain.biobank.custody_break_commands import CheckCustody
from domain.biobank.custody_chain import ALL_CHAINS
from domain.biobank.custody_records import CustodyBreak, CustodyRound
from domain.biobank.custody_watch import CustodyWatch
from domain.biobank.records import SpecimenEvent
from domain.kernel.authority import system_actor
from tests.biobank.test_custody_chain import codes, events, lab, stocked, tamper

assert lab
assert stocked  # fixtures


@pytest.fixture
def watch(stocked):
    who = stocked.technician
    return CustodyWatch(stocked.desk, system_actor(who.org_id, who.device_id))


def rounds(stocked):
    return stocked.rows(CustodyRound)


def test_a_round_is_made_once_a_day_and_what_was_changed_is_an_alert_without_anybody_asking(stocked, watch):
    watch.tick()
    watch.tick()
    [first] = rounds(stocked)
    assert (first.events, first.broken) == (len(events(stocked)), 0)
    tamper(stocked, lambda t: t.update().where(t.c.chain_number == 3).values(note="别的"))
    assert watch.tick() == 0, "not before its time"
    stocked.clock.advance(timedelta(hours=20))
    assert watch.tick() == 1
    watch.tick()
    assert codes(stocked) == ["changed"]
    assert [one.broken for one in rounds(stocked)] == [0, 1]
    stocked.clock.advance(timedelta(hours=20))
    watch.tick()
    watch.tick()
    assert codes(stocked) == ["changed"], "told once"


def test_a_program_that_was_started_again_goes_by_the_last_round(stocked, watch):
    watch.whole()
    again = CustodyWatch(stocked.desk, system_actor(stocked.technician.org_id, stocked.technician.device_id))
    assert again.tick() == 0
    assert len(rounds(stocked)) == 1


def test_an_end_that_was_removed_is_found_by_its_head(stocked, watch):
    last = max(event.chain_number for event in events(stocked))
    tamper(stocked, lambda t: t.delete().where(t.c.chain_number > last - 2))
    assert watch.whole() == 1
    [found] = stocked.rows(CustodyBreak)
    assert (found.code, found.number) == ("cut_off", stocked.rows(CustodyBreak)[0].number)


def test_a_chain_that_is_elsewhere_is_no_break_here_and_is_one_where_all_are_held(stocked, watch):
    victim = events(stocked)[2]
    tamper(stocked, lambda t: t.update().values(chain_device=stocked.technician.org_id))
    tamper(stocked, lambda t: t.delete().where(t.c.id == victim.id))
    with stocked.desk.store.write() as connection:  # their digests, as the other installation made them
        from domain.biobank.custody_chain import _NAMES, digest_of

        table, before = SpecimenEvent.__table__, ""
        for row in connection.execute(table.select().order_by(table.c.chain_number)).all():
            before = before if row.chain_number != victim.chain_number + 1 else "0" * 64
            said = {name: getattr(row, name) for name in _NAMES} | {"previous_sha256": before}
            before = digest_of(said)
            connection.execute(
                table.update()
                .where(table.c.id == row.id)
                .values(previous_sha256=said["previous_sha256"], sha256=before)
            )
    order = CheckCustody(specimen_ids=stocked.ids)
    assert stocked.run(order, stocked.technician) == 0
    stocked.desk.content[ALL_CHAINS] = True
    assert stocked.run(order, stocked.technician) == 1
    assert codes(stocked) == ["missing"]
