"""The light of the front desk: a card is compared with the record as it is read, in words, and kept."""

import dataclasses
from datetime import date

import pytest
from sqlalchemy import select

from client.stations.front_desk.view import View
from client.stations.front_desk.viewmodel import ViewModel
from domain.people.light_records import IdentityLight
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.people.roster_records import IdentityDuty
from tests.client_stations.conftest import WANG, arrived


@pytest.fixture
def view(context_for, qtbot):
    made = View(ViewModel(context_for("nurse")))
    made.show()
    yield made
    made.model.close()
    made.close()
    made.deleteLater()


def rows(desk, record):
    with desk.store.read() as connection:
        return connection.execute(select(record.__table__)).all()


@pytest.mark.parametrize(
    ("name", "words", "light"),
    [("王美娜", "● 身份核查 绿灯：证件与档案一致", "green"), ("王美哪", "姓名同音不同字", "yellow"),
     ("李大伟", "▲ 身份核查 红灯：姓名不同", "red")],
)  # fmt: skip
def test_a_card_lights_the_desk_with_words(view, station_desk, nurse, qtbot, name, words, light):
    order = RegisterPatient(
        name="王美娜",
        sex=Sex.FEMALE,
        birth_date=date(1975, 8, 23),
        id_number=WANG.number,
        phone="13800000000",
    )
    station_desk.dispatcher.run(order, nurse)
    view.model.hub.card_read.emit(arrived(dataclasses.replace(WANG, name=name), port="card"))
    qtbot.waitUntil(lambda: words in view.light.sentence.text())
    [kept] = rows(station_desk, IdentityLight)
    assert (kept.light, kept.said_name) == (light, name)
    qtbot.waitUntil(lambda: view.model.visit.encounter is not None)


def test_who_is_registered_by_hand_is_still_to_be_checked(view, station_desk, qtbot):
    view.model.identity.begin()
    fields = {
        "name": "赵手工",
        "sex": "2",
        "birth_date": "1980-05-01",
        "id_number": "",
        "phone": "",
        "address": "",
    }
    view.model.identity.register(fields)
    qtbot.waitUntil(lambda: view.model.visit.encounter is not None)
    [duty] = rows(station_desk, IdentityDuty)
    assert (duty.said_name, duty.state) == ("赵手工", "waiting")


def test_who_is_registered_by_card_is_checked_with_it(view, station_desk, qtbot):
    view.model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: view.model.identity.registration is not None)
    view.model.identity.register(dict(view.model.identity.registration.fields))
    qtbot.waitUntil(lambda: "绿灯" in view.light.sentence.text())
    qtbot.waitUntil(lambda: view.model.visit.encounter is not None)
    assert rows(station_desk, IdentityDuty) == []
