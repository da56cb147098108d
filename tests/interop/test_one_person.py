"""Two records that are one person: every reader shows one, nothing is moved, and it can be taken back."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

import resources
from domain.archive.follower import ArchiveFollower
from domain.catalog.content import load_catalog
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.interop.joining_commands import JoinRecords, SeparateRecords
from domain.interop.one_person import of_person, records_of, who_stays
from domain.interop.person_records import SamePerson
from domain.kernel.authority import system_actor
from domain.kernel.columns import Sensitivity
from domain.kernel.disputes import disputes_of
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.worklists import Pages, worklists
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Patient, Sex
from domain.risk.content import RISK, load_risk
from domain.risk.gathering import gather
from domain.scales.facts import latest
from domain.scales.reading import load_scales
from domain.trends.history import checkups_of
from domain.trends.reading import series_of
from tests.conftest import BRANCH, DEVICE, OTHER_BRANCH

SYSTEM = system_actor(BRANCH, DEVICE)
BORN = date(1985, 12, 12)


@pytest.fixture
def house(desk, as_role):
    """A nurse, and one person who was registered twice; each record has a checkup with a weight."""
    catalog = load_catalog(resources.folder("catalog"))
    desk.content |= {
        "catalog": catalog, "scales": load_scales(resources.folder("scales")),
        RISK: load_risk(resources.folder("risk"), catalog, resources.folder("forms")),
    }  # fmt: skip
    made = SimpleNamespace(desk=desk, nurse=as_role("nurse"), catalog=catalog)
    made.first, made.second = (registered(made, name) for name in ("王小明", "王晓明"))
    for patient, kilograms in ((made.second, 71.0), (made.first, 80.0)):
        measured(made, patient, kilograms)
        desk.clock.advance(timedelta(days=40))
    return made


def registered(house, name, *, actor=None, sex=Sex.FEMALE):
    order = RegisterPatient(name=name, sex=sex, birth_date=BORN, another_person=True)
    return house.desk.run(order, actor or house.nurse).receipt.patient_id


def measured(house, patient, kilograms):
    visit = house.desk.run(OpenVisit(patient_id=patient), house.nurse).receipt.visit_id
    values = [Measured(item="weight", value=kilograms, unit="kg")]
    house.desk.run(RecordMeasurement(visit_id=visit, values=values), house.nurse)
    return visit


def number_of(house, patient):
    with house.desk.store.read() as connection:
        return connection.execute(select(Patient.number).where(Patient.id == patient)).scalar_one()


def join(house, stays, other, **more):
    order = JoinRecords(patient_id=stays, other_number=number_of(house, other), basis="本人持证件", **more)
    return house.desk.run(order, house.nurse).receipt


def read(house, ask):
    with house.desk.store.read() as connection:
        return ask(connection)


def weights(house, patient):
    series = read(house, lambda c: series_of(c, house.catalog, patient, ["weight"], house.desk.clock()))
    return [value for _, value in series.get("weight", [])]


def factors(house, patient):
    def gathered(connection):
        row = connection.execute(select(Patient.__table__).where(Patient.id == patient)).one()
        return gather(connection, row, house.desk.content[RISK], house.desk.clock())

    return read(house, gathered)


def test_history_course_and_facts_of_either_record_are_the_persons(house):
    assert weights(house, house.first) == [80.0]
    join(house, house.first, house.second)
    for record in (house.first, house.second):
        assert weights(house, record) == [71.0, 80.0]
        assert len(read(house, lambda c, of=record: checkups_of(c, of))) == 2
        assert read(house, lambda c, of=record: latest(c, of, ["weight"])) == {"weight": 80.0}
        assert [g.value for g in factors(house, record).given if g.code == "weight"] == [80.0]
    late = measured(house, house.second, 69.0)
    assert weights(house, house.first) == [71.0, 80.0, 69.0], (
        "what comes later for the old record is the person's"
    )
    assert late


def test_nothing_is_moved_and_taking_it_back_separates_what_was_never_mixed(house):
    link = join(house, house.first, house.second)
    end = SeparateRecords(same_person_id=link, reason="证件看错")
    house.desk.run(end, house.nurse)
    assert weights(house, house.first) == [80.0]
    assert weights(house, house.second) == [71.0]
    with pytest.raises(DomainError, match=r"people\.separated"):
        house.desk.run(end, house.nurse)
    again = join(house, house.first, house.second)
    assert again != link, "the first link stays in the history"
    assert weights(house, house.first) == [71.0, 80.0]
    with house.desk.store.read() as connection:
        assert len(connection.execute(select(SamePerson.id)).all()) == 2


def test_lists_show_the_person_once_and_the_links_with_their_end(house, as_role):
    pages, doctor = Pages(house.desk.store), as_role("physician")

    def listed(name):
        names = [column.name for column in worklists()[name].columns]
        found = pages.page(worklists()[name], doctor).rows
        return [dict(zip(names, row.values, strict=True)) for row in found]

    follower = Follower(house.desk.store, ArchiveFollower(house.desk, SYSTEM))
    follower.catch_up()
    assert len(listed("people.clients")) == len(listed("people.archives")) == 2
    link = join(house, house.first, house.second)
    follower.catch_up()
    assert [row["number"] for row in listed("people.clients")] == [number_of(house, house.first)]
    [kept] = listed("people.archives")
    assert (kept["visits"], kept["results"]) == (2, 2), "counted over both"
    [shown] = listed("people.same")
    assert (shown["other_number"], shown["ended_at"]) == (number_of(house, house.second), None)
    house.desk.run(SeparateRecords(same_person_id=link, reason="看错"), house.nurse)
    follower.catch_up()
    assert len(listed("people.clients")) == 2
    assert {row["visits"] for row in listed("people.archives")} == {1}
    assert [row["ended_name"] for row in listed("people.same")] != [None]


def test_an_allergy_of_either_record_is_shown_with_both(house):
    house.desk.run(EditPatient(patient_id=house.second, allergy="青霉素"), house.nurse)

    def told(patient):
        found = read(house, lambda c: disputes_of(c, Sensitivity.SENSITIVE, "patient", [patient]))
        return [(one.column, str(one.value)) for one in found.get(patient, ())]

    assert told(house.first) == []
    join(house, house.first, house.second)
    assert told(house.first) == [("allergy", "（空） ／ 青霉素")]
    assert told(house.second) == [], "what its own record says is all there is"


def test_several_records_are_one_person_with_one_that_stays(house):
    third = registered(house, "王小铭")
    join(house, house.second, third)
    join(house, house.first, third)
    for one in (house.first, house.second, third):
        assert set(read(house, lambda c, of=one: records_of(c, of))) == {house.first, house.second, third}
        assert read(house, lambda c, of=one: who_stays(c, of)) == house.first
    with pytest.raises(DomainError, match=r"people\.already_one"):
        join(house, house.second, house.first)
    counted = read(
        house, lambda c: c.execute(select(Patient.id).where(of_person(c, Patient.id, third))).all()
    )
    assert len(counted) == 3


def test_what_contradicts_is_confirmed_by_a_person_and_sites_stay_apart(house, as_role):
    man = registered(house, "王小民", sex=Sex.MALE)
    with pytest.raises(DomainError) as refused:
        join(house, house.first, man)
    assert (refused.value.code, refused.value.field) == ("people.differs", "difference_confirmed")
    assert read(house, lambda c: records_of(c, man)) == (man,)
    join(house, house.first, man, difference_confirmed=True)
    other = registered(house, "王小明", actor=as_role("nurse", OTHER_BRANCH))
    order = JoinRecords(patient_id=house.first, other_number=number_of(house, other), basis="x")
    with pytest.raises(DomainError) as refused:
        house.desk.run(order, as_role("physician"))
    assert refused.value.code in {"people.no_other", "people.other_site"}
    with pytest.raises(DomainError, match=r"people\.no_other"):
        house.desk.run(JoinRecords(patient_id=house.first, other_number="X9", basis="x"), house.nurse)
