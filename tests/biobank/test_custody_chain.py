"""Each event covers the one before it at its installation: what was changed, removed or put in is found and told."""

import itertools

import pytest

from domain.biobank.custody_break_commands import CheckCustody, SettleCustodyBreak
from domain.biobank.custody_records import CustodyBreak
from domain.biobank.records import Specimen, SpecimenEvent
from domain.kernel.errors import DomainError
from tests.studies.conftest import lab

assert lab  # fixture


@pytest.fixture
def stocked(lab):
    lab.set_up(criterion=False)
    patient = lab.client()
    lab.checkup(patient)
    lab.published()
    subject = lab.enrolled(patient).subject_id
    lab.agreed(subject)
    drawn, _ = lab.begun(subject)
    lab.draw(drawn.number)
    lab.put_in_store(drawn.number)
    lab.ids = [tube.id for tube in lab.rows(Specimen)]
    return lab


def events(stocked):
    return sorted(stocked.rows(SpecimenEvent), key=lambda event: event.chain_number)


def checked(stocked):
    return stocked.run(CheckCustody(specimen_ids=stocked.ids), stocked.technician)


def tamper(stocked, statement):
    with stocked.desk.store.write() as connection:
        connection.execute(statement(SpecimenEvent.__table__))


def codes(stocked):
    return sorted(one.code for one in stocked.rows(CustodyBreak))


def test_a_whole_chain_holds_and_every_event_is_in_it(stocked):
    chain = events(stocked)
    assert [event.chain_number for event in chain] == list(range(1, len(chain) + 1))
    assert all(b.previous_sha256 == a.sha256 for a, b in itertools.pairwise(chain))
    assert checked(stocked) == 0
    assert codes(stocked) == []


def test_a_changed_event_is_found_once(stocked):
    victim = events(stocked)[3]
    tamper(stocked, lambda t: t.update().where(t.c.id == victim.id).values(staff_name="别人"))
    assert checked(stocked) == 1
    assert checked(stocked) == 1
    [found] = stocked.rows(CustodyBreak)
    assert (found.code, found.event_id, found.state) == ("changed", victim.id, "open")
    settle = SettleCustodyBreak(break_id=found.id, finding="数据库被人手工改动，已按纸质记录更正")
    stocked.run(settle, stocked.technician)
    assert stocked.rows(CustodyBreak)[0].state == "settled"
    with pytest.raises(DomainError, match=r"custody_break\.wrong_state"):
        stocked.run(settle, stocked.technician)


def test_a_removed_event_is_missed_by_the_next(stocked):
    victim = events(stocked)[2]
    tamper(stocked, lambda t: t.delete().where(t.c.id == victim.id))
    assert checked(stocked) == 1
    assert codes(stocked) == ["missing"]


def test_an_event_that_was_made_to_fit_itself_does_not_fit_the_next(stocked):
    from domain.biobank.custody_chain import _NAMES, digest_of

    victim = events(stocked)[2]
    forged = {name: getattr(victim, name) for name in _NAMES} | {"note": "从未发生"}
    tamper(
        stocked,
        lambda t: t.update().where(t.c.id == victim.id).values(note="从未发生", sha256=digest_of(forged)),
    )
    assert checked(stocked) == 1
    assert codes(stocked) == ["replaced"]
