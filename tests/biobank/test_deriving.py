"""Blood spun once becomes plasma and buffy coat: other kinds only where the way it was processed gives them."""

from datetime import timedelta

import pytest

from domain.biobank.commands import AliquotSpecimen, ProcessSpecimen, StoreSpecimen
from domain.biobank.records import PrimaryContainer, SpecimenEvent, SpecimenType
from domain.kernel.errors import DomainError


@pytest.fixture
def blood(tubes):
    number = tubes.received(SpecimenType.BLOOD, PrimaryContainer.POTASSIUM_EDTA)
    tubes.clock.advance(timedelta(minutes=60))
    return number


def into(tubes, number, kind, *, left):
    order = AliquotSpecimen(number=number, count=2, volume_ul=500, type=kind, parent_left=left)
    return [tube.number for tube in tubes.run(order)]


def test_plasma_and_buffy_coat_come_of_one_spin_each_with_its_own_code(tubes, blood):
    tubes.run(ProcessSpecimen(number=blood, protocol="plasma"))
    plasma = into(tubes, blood, SpecimenType.PLASMA, left=True)
    assert tubes.of(blood).state == "processed", "some is left"
    coat = into(tubes, blood, SpecimenType.BUFFY_COAT, left=False)
    assert tubes.of(blood).state == "used_up"
    assert {tubes.of(n).type for n in plasma} == {"PL1"}
    assert {tubes.of(n).type for n in coat} == {"BUF"}
    assert {tubes.of(n).parent_id for n in plasma + coat} == {tubes.of(blood).id}
    tubes.run(StoreSpecimen(number=plasma[0], container="BOX1", position="A1"))
    tubes.run(StoreSpecimen(number=coat[0], container="BOX1", position="A2"))
    assert tubes.of(plasma[0]).sprec == "PL1-PED-A-B-N-B-A"
    assert tubes.of(coat[0]).sprec == "BUF-PED-A-B-N-B-A"
    with tubes.desk.store.read() as connection:
        rows = connection.execute(SpecimenEvent.__table__.select()).all()
    used = sum(row.consumed_ul or 0 for row in rows if row.specimen_id == tubes.of(blood).id)
    assert used == sum(row.produced_ul or 0 for row in rows) == 2000


def test_what_the_way_of_processing_does_not_give_is_refused_and_nothing_is_made(tubes, blood):
    tubes.run(ProcessSpecimen(number=blood))
    with pytest.raises(DomainError, match=r"specimen\.not_derived"):
        into(tubes, blood, SpecimenType.SERUM, left=False)
    assert tubes.of(blood).state == "processed"
    unprocessed = tubes.received(SpecimenType.BLOOD, PrimaryContainer.POTASSIUM_EDTA)
    with pytest.raises(DomainError, match=r"specimen\.not_derived"):
        into(tubes, unprocessed, SpecimenType.PLASMA, left=False)
    with pytest.raises(DomainError, match=r"specimen\.wrong_state"):
        into(tubes, unprocessed, None, left=True)
