"""What is in store and was used is counted by study, kind and month; tubes have an end that consent and rules set."""

from datetime import date, timedelta

import pytest

from domain.biobank.custody_commands import ReturnSpecimen, TakeOutSpecimen, UseSpecimen
from domain.biobank.records import Specimen, SpecimenEvent, SpecimenType
from domain.biobank.stock_commands import ExtendKeeping, SetStockRule
from domain.biobank.stock_counter import StockCounter
from domain.biobank.stock_records import StockLevel, StockUse
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from tests.studies.conftest import SYSTEM, lab

assert lab  # fixture


@pytest.fixture
def stocked(lab):
    """A study with two aliquots of 500 uL in a box, consent valid for 400 days."""
    lab.set_up(criterion=False)
    patient = lab.client()
    lab.checkup(patient)
    lab.published(valid_days=400)
    lab.subject = lab.enrolled(patient).subject_id
    lab.agreed(lab.subject)
    drawn, _ = lab.begun(lab.subject)
    lab.draw(drawn.number)
    lab.followers.append(Follower(lab.desk.store, StockCounter(lab.desk, SYSTEM)))
    lab.parts = lab.put_in_store(drawn.number)
    lab.settle()
    return lab


def tube(stocked, number):
    return stocked.rows(Specimen, number=number)[0]


def level(stocked):
    [found] = [one for one in stocked.rows(StockLevel) if one.study_code == "C1"]
    return found.available, found.least, found.missing, found.remaining_ul


def use(stocked):
    return [
        (u.month, u.used_ul, u.times, u.tubes, u.stored, u.discarded)
        for u in stocked.rows(StockUse)
        if u.times or u.stored
    ]


def test_stock_and_use_are_counted_as_they_happen(stocked):
    first = stocked.parts[0]
    assert level(stocked) == (2, 10, 8, 1000), (
        "a study's kind is short below ten unless somebody says otherwise"
    )
    stocked.run(SetStockRule(study="c1", type=SpecimenType.SERUM, least=2), stocked.technician)
    stocked.settle()
    assert level(stocked) == (2, 2, 0, 1000)
    stocked.run(TakeOutSpecimen(number=first), stocked.technician)
    stocked.run(UseSpecimen(number=first, volume_ul=120, purpose="代谢组"), stocked.technician)
    stocked.settle()
    assert level(stocked) == (1, 2, 1, 880)
    stocked.run(UseSpecimen(number=first, volume_ul=80, purpose="代谢组"), stocked.technician)
    stocked.run(ReturnSpecimen(number=first), stocked.technician)
    stocked.settle()
    assert level(stocked) == (2, 2, 0, 800)
    assert use(stocked) == [(date(2026, 11, 1), 200, 2, 1, 2, 0)]
    stocked.later(days=10)
    stocked.run(TakeOutSpecimen(number=first), stocked.technician)
    stocked.run(UseSpecimen(number=first, volume_ul=300, purpose="代谢组"), stocked.technician)
    stocked.settle()
    assert level(stocked) == (1, 2, 1, 500), "what is empty is no stock"
    assert (date(2026, 12, 1), 300, 1, 1, 0, 0) in use(stocked)
    with pytest.raises(DomainError, match=r"study\.unknown"):
        stocked.run(SetStockRule(study="C9", type=SpecimenType.SERUM), stocked.technician)


def test_a_tube_ends_with_its_term_or_its_consent_whichever_is_first(stocked):
    first = stocked.parts[0]
    begun = stocked.clock()
    assert tube(stocked, first).due_at - begun <= timedelta(days=400)
    stocked.run(SetStockRule(study="C1", type=SpecimenType.SERUM, keep_days=100), stocked.technician)
    stocked.settle()
    assert tube(stocked, first).due_at == begun + timedelta(days=100)
    until = date(2027, 6, 1)
    stocked.run(ExtendKeeping(number=first, until=until, approval="伦审 7"), stocked.technician)
    assert tube(stocked, first).due_at.date() == date(2027, 5, 31), "midnight at the clinic"
    assert "伦审 7" in stocked.rows(SpecimenEvent, specimen_id=tube(stocked, first).id)[-1].note
    stocked.run(ExtendKeeping(number=first, until=date(2040, 1, 1), approval="伦审 8"), stocked.technician)
    assert tube(stocked, first).due_at - begun <= timedelta(days=400), "no approval outlives the consent"
    stocked.later(days=1)
    stocked.agreed(stocked.subject)
    stocked.settle()
    assert tube(stocked, first).due_at == stocked.clock() + timedelta(days=400), "signed anew"
    for wrong, code in ((date(2026, 11, 1), "until_past"),):
        with pytest.raises(DomainError, match=code):
            stocked.run(ExtendKeeping(number=first, until=wrong, approval="x"), stocked.technician)
    stocked.run(TakeOutSpecimen(number=first), stocked.technician)
    out = tube(stocked, first).due_at
    assert out - stocked.clock() == timedelta(minutes=30), "out of the cold another clock runs"
    stocked.run(ReturnSpecimen(number=first), stocked.technician)
    assert tube(stocked, first).due_at == stocked.clock() + timedelta(days=400)
