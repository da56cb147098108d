"""Whoever holds a tube sees how the identity of its client stands: colour, words, and what to do."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.biobank.bench import Mode
from domain.biobank.records import Specimen
from domain.people.light_commands import CheckIdentity
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.people.roster_commands import SettleIdentityDuty
from domain.people.roster_records import IdentityDuty
from domain.people.standing_light import standing_light
from tests.client_stations.test_bench_screen import shown, view  # noqa: F401


@pytest.fixture
def patient_id(station_desk, tubes):
    with station_desk.store.read() as connection:
        return connection.execute(select(Specimen.patient_id)).scalars().first()


@pytest.fixture
def compared(station_desk, nurse, patient_id):
    """Return a function that compares a document of a name with the client's record."""

    def compare(name):
        order = CheckIdentity(patient_id=patient_id, name=name)
        return station_desk.dispatcher.run(order, nurse).receipt

    return compare


@pytest.mark.parametrize(
    ("name", "words", "tone"),
    [("", "没有核查记录", "muted"), ("李建国", "红灯（姓名不同", "danger"), ("王梅娜", "黄灯", "warning")],
)
def test_the_light_of_the_client_stands_beside_the_scan(model, scan, tubes, compared, name, words, tone):
    if name:
        compared(name)
    told = scan(tubes[0])
    assert told.tone == "good", "the tube is taken in; its results are another matter"
    assert words in told.identity
    assert told.identity_tone == tone


def test_red_says_what_to_do_and_a_later_green_ends_it(model, scan, tubes, compared):
    compared("李建国")
    assert "待查架" in scan(tubes[0]).identity
    compared("王美娜")
    model.set_mode(Mode.LOOKUP)
    assert "红灯" not in scan(tubes[0]).identity


def test_it_stands_on_the_screen(view, tubes, compared, qtbot):  # noqa: F811
    compared("李建国")
    scanned = view.model.context.desk.scan_lookup(view.model.context.actor, tubes[0])
    with qtbot.waitSignal(view.model.result_changed):
        view.model.on_scan(scanned)
    assert shown(view, "result_identity").startswith("● 身份核查：红灯")


def test_what_a_person_settled_is_said_to_be_settled(station_desk, nurse):
    """Red without anybody's word stays red, whatever else was settled before it."""
    run = station_desk.dispatcher.run
    order = RegisterPatient(name="赵一", sex=Sex.FEMALE, birth_date=date(1980, 1, 1), to_check=True)
    own = run(order, nurse).receipt.patient_id
    assert look(station_desk, own) == (None, False)
    run(CheckIdentity(patient_id=own, name="李建国"), nurse)
    assert look(station_desk, own) == ("red", False)
    with station_desk.store.read() as connection:
        duty = connection.execute(select(IdentityDuty.id).where(IdentityDuty.patient_id == own)).scalar_one()
    run(SettleIdentityDuty(duty_id=duty, basis="看过户口本"), nurse)
    assert look(station_desk, own) == ("red", True)


def look(desk, patient_id):
    with desk.store.read() as connection:
        found = standing_light(connection, patient_id)
    return found.light, found.settled
