"""Tubes of one draw become one: nothing of two people is mixed, and every source stays in the family."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.biobank.commands import AliquotSpecimen, ProcessSpecimen, StoreSpecimen
from domain.biobank.custody_commands import TakeOutSpecimen, UseSpecimen
from domain.biobank.lineage import family_of
from domain.biobank.pool_commands import PoolSpecimens, shares
from domain.biobank.pool_records import PoolSource
from domain.biobank.records import PrimaryContainer, SpecimenEvent, SpecimenType
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.errors import DomainError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex


@pytest.fixture
def spun(tubes):
    """Return a function that gives processed tubes, collected a while apart."""

    def make(count=2, apart=10, protocol=None, kind=SpecimenType.SERUM):
        numbers = []
        for _ in range(count):
            numbers.append(tubes.received(kind))
            tubes.clock.advance(timedelta(minutes=apart))
        for number in numbers:
            tubes.run(ProcessSpecimen(number=number, protocol=protocol))
        return numbers

    return make


def pool(tubes, numbers, volume_ul=900):
    return tubes.run(PoolSpecimens(numbers=list(numbers), volume_ul=volume_ul)).number


def test_the_pool_is_one_tube_and_its_sources_are_used_up(tubes, spun):
    first, second = spun()
    number = pool(tubes, (first, second))
    made = tubes.of(number)
    assert (made.state, made.sources, made.remaining_ul, made.type) == ("processed", 2, 900, "SER")
    assert made.parent_id == tubes.of(first).id
    assert {tubes.of(n).state for n in (first, second)} == {"used_up"}
    with tubes.desk.store.read() as connection:
        rows = connection.execute(select(PoolSource.__table__)).all()
        events = connection.execute(
            select(SpecimenEvent.__table__).where(SpecimenEvent.kind == "pooled")
        ).all()
    assert {(r.pool_id, r.source_id) for r in rows} == {(made.id, tubes.of(n).id) for n in (first, second)}
    assert sum(e.consumed_ul or 0 for e in events) == sum(e.produced_ul or 0 for e in events) == 900


@pytest.mark.parametrize("asked", ["pool", "first", "second", "aliquot"])
def test_every_source_is_in_the_family_whichever_tube_is_asked_for(tubes, spun, asked):
    first, second = spun()
    number = pool(tubes, (first, second))
    [aliquot] = [t.number for t in tubes.run(AliquotSpecimen(number=number, count=1, volume_ul=300))]
    named = {"pool": number, "first": first, "second": second, "aliquot": aliquot}
    with tubes.desk.store.read() as connection:
        family = family_of(connection, tubes.technician, named[asked])
    assert {m.row.number for m in family.members} == set(named.values())
    assert len(family.members) == 4, "each stands there once"
    [of_pool] = [m for m in family.members if m.row.number == number]
    assert set(of_pool.sources) == {tubes.of(first).id, tubes.of(second).id}
    assert family.asked == tubes.of(named[asked]).id


def test_a_pool_is_divided_no_further_than_it_reaches(tubes, spun):
    number = pool(tubes, spun(), 900)
    with pytest.raises(DomainError, match=r"specimen\.not_enough"):
        tubes.run(AliquotSpecimen(number=number, count=4, volume_ul=300))
    tubes.run(AliquotSpecimen(number=number, count=2, volume_ul=300, parent_left=True))
    assert tubes.of(number).remaining_ul == 300
    made = tubes.run(AliquotSpecimen(number=number, count=1, volume_ul=300))
    assert (tubes.of(number).state, tubes.of(number).remaining_ul) == ("used_up", 0)
    with pytest.raises(DomainError, match=r"specimen\.already_aliquot"):
        tubes.run(AliquotSpecimen(number=made[0].number, count=1, volume_ul=10))


def test_its_code_says_what_is_true_of_all_its_sources(tubes, spun):
    alike = pool(tubes, spun())
    tubes.run(StoreSpecimen(number=alike, container="BOX1", position="A1"))
    assert tubes.of(alike).sprec == "SER-SST-A-B-N-B-A"
    late, soon = spun(2, apart=150)
    differs = pool(tubes, (late, soon))
    tubes.run(StoreSpecimen(number=differs, container="BOX1", position="A2"))
    assert tubes.of(differs).sprec == "SER-SST-X-B-N-B-A", "five hours and two and a half: nobody can say one"


def test_tubes_of_two_people_are_never_mixed(tubes, spun, desk, nurse):
    [mine] = spun(1)
    order = RegisterPatient(name="李建国", sex=Sex.MALE, birth_date=date(1971, 1, 1))
    other = desk.run(order, nurse).receipt.patient_id
    tubes.visit_id = desk.run(OpenVisit(patient_id=other), nurse).receipt.visit_id
    desk.run(Arrive(visit_id=tubes.visit_id), nurse)
    [theirs] = spun(1)
    refused(tubes, (mine, theirs), "specimen.pool_person")


def refused(tubes, numbers, code, volume_ul=900):
    before = [tubes.of(n) for n in numbers]
    with pytest.raises(DomainError) as told:
        pool(tubes, numbers, volume_ul)
    assert told.value.code == code
    assert [tubes.of(n) for n in numbers] == before, "nothing half-made"
    with tubes.desk.store.read() as connection:
        assert not connection.execute(select(PoolSource.__table__)).all()


def test_what_does_not_belong_together_is_refused_with_its_reason(tubes, spun):
    first, second = spun()
    refused(tubes, (first,), "specimen.pool_count")
    refused(tubes, (first, first), "specimen.pool_twice")
    refused(tubes, (first, tubes.received()), "specimen.wrong_state")
    [urine] = spun(1, kind=SpecimenType.URINE)
    refused(tubes, (first, urine), "specimen.pool_kind")
    [plasma] = spun(1, protocol="plasma", kind=SpecimenType.BLOOD)
    [whole] = spun(1, kind=SpecimenType.BLOOD)
    refused(tubes, (plasma, whole), "specimen.pool_protocol")
    assert pool(tubes, (first, second))


def test_no_more_comes_out_than_went_in_and_the_ledger_holds(tubes):
    stored = [tubes.stored(500) for _ in range(2)]
    for number in stored:
        tubes.run(TakeOutSpecimen(number=number))
    tubes.run(UseSpecimen(number=stored[0], volume_ul=200, purpose="试验"))
    refused(tubes, stored, "specimen.pool_too_much", volume_ul=801)
    number = pool(tubes, stored, 780)
    assert [tubes.of(n).remaining_ul for n in stored] == [0, 0]
    assert [tubes.of(n).slot for n in stored] == [None, None]
    assert tubes.of(number).remaining_ul == 780


@pytest.mark.parametrize(
    ("left", "volume", "brought"),
    [([300, 500], 780, [300, 500]), ([None, None], 901, [450, 451]), ([300, None], 900, [300, 600]),
     ([300, None], 200, [300, 0])],
)  # fmt: skip
def test_what_each_source_brings(left, volume, brought):
    assert shares(left, volume) == brought


def test_a_tube_that_thawed_on_the_bench_passes_its_thaw_on(tubes):
    """What was out for an hour when it was pooled has thawed, although it never went back."""
    stored = [tubes.stored() for _ in range(2)]
    tubes.run(TakeOutSpecimen(number=stored[0]))
    tubes.clock.advance(timedelta(minutes=60))
    tubes.run(TakeOutSpecimen(number=stored[1]))
    tubes.clock.advance(timedelta(minutes=1))
    assert tubes.of(pool(tubes, stored, 1000)).thaws == 1


def test_a_way_of_processing_is_taken_only_for_kinds_it_is_for(tubes):
    urine = tubes.received(SpecimenType.URINE, PrimaryContainer.ORIGINAL)
    with pytest.raises(DomainError, match=r"specimen\.protocol_unfit"):
        tubes.run(ProcessSpecimen(number=urine, protocol="plasma"))
    with pytest.raises(DomainError, match=r"specimen\.no_such_protocol"):
        tubes.run(ProcessSpecimen(number=urine, protocol="magic"))
    assert tubes.of(urine).state == "received"
