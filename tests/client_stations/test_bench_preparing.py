"""The bench without a window: how tubes were spun, what they are divided into, and what is brought together."""

from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from sqlalchemy import select

from client.stations.bench.view import View
from domain.biobank.bench import Mode
from domain.biobank.commands import (
    AliquotSpecimen,
    CollectSpecimen,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
)
from domain.biobank.pool_commands import PoolSpecimens
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenEvent, SpecimenType
from domain.checkup.records import Visit
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from tests.client_stations.bench_fixtures import states


@pytest.fixture
def received(station_desk, technician, tubes):
    for number in tubes:
        station_desk.dispatcher.run(ReceiveSpecimen(number=number), technician)
    return tubes


@pytest.fixture
def blood(station_desk, technician, received):
    """A tube of blood that was spun for its plasma."""
    station_desk.dispatcher.run(ProcessSpecimen(number=received[1], protocol="plasma"), technician)
    return received[1]


@pytest.fixture
def another(station_desk, nurse, technician):
    """Return a function that gives a processed tube of a visit, of whom the tubes are or of somebody else."""
    run = station_desk.dispatcher.run

    def make(visit_id=None, kind=SpecimenType.SERUM):
        if visit_id is None:
            with station_desk.store.read() as connection:
                visit_id = connection.execute(select(Visit.id)).scalars().first()
        order = PlanSpecimen(visit_id=visit_id, type=kind, container=PrimaryContainer.SERUM_SEPARATOR)
        number = run(order, nurse).receipt.number
        run(CollectSpecimen(number=number), nurse)
        run(ReceiveSpecimen(number=number), technician)
        run(ProcessSpecimen(number=number), technician)
        return number

    return make


def row_of(desk, number):
    with desk.store.read() as connection:
        return connection.execute(select(Specimen.__table__).where(Specimen.number == number)).one()


def key_of(model, protocol):
    return model.processing.protocols.index(protocol) + 1


def test_a_key_says_how_a_whole_run_was_spun_until_the_mode_is_left(model, scan, received, station_desk):
    model.set_mode(Mode.PROCESS)
    model.digit(key_of(model, "plasma"))
    assert "血浆分离" in scan(received[1]).title
    refused = scan(received[2])
    assert (refused.tone, states(station_desk)[received[2]]) == ("bad", "received"), (
        "urine is not spun for plasma"
    )
    assert "按 1" in refused.remedy
    model.set_mode(Mode.RECEIVE)
    model.set_mode(Mode.PROCESS)
    assert scan(received[2]).title == "已处理"
    with station_desk.store.read() as connection:
        ways = connection.execute(
            select(SpecimenEvent.protocol).where(SpecimenEvent.kind == "processed")
        ).scalars()
        assert sorted(ways) == ["plasma", "urine"]


def test_arrows_choose_what_the_spin_gives_and_nought_keeps_the_rest(
    model, scan, blood, station_desk, simulated, qtbot
):
    model.set_mode(Mode.ALIQUOT)
    scan(blood)
    assert model.aliquots.kind is SpecimenType.PLASMA, "spun for plasma, it is divided into plasma"
    model.digit(0)
    with qtbot.waitSignal(model.result_changed) as told:
        model.digit(2)
    assert told.args[0].title == "已分装血浆 2 管 × 500 μL"
    assert states(station_desk)[blood] == "processed", "some is left"
    plasma = model.aliquots.made
    scan(blood)
    assert not model.aliquots.left, "said anew for each division"
    model.move(1, 0)
    assert (model.aliquots.kind, model.aliquots.volume_ul) == (SpecimenType.BUFFY_COAT, 200)
    with qtbot.waitSignal(model.result_changed):
        model.digit(1)
    assert states(station_desk)[blood] == "used_up"
    assert {row_of(station_desk, n).type for n in plasma} == {"PL1"}
    assert row_of(station_desk, model.aliquots.made[0]).type == "BUF"
    qtbot.waitUntil(lambda: len(simulated.labels) == 3)


def test_a_tube_of_one_kind_offers_no_other(model, scan, processed):
    model.set_mode(Mode.ALIQUOT)
    scan(processed[0])
    model.move(1, 0)
    assert model.aliquots.kinds == (SpecimenType.SERUM,) == (model.aliquots.kind,)


def test_scanned_tubes_become_one_by_one_key_and_its_label_prints(
    model, scan, processed, another, station_desk, simulated, qtbot
):
    second = another()
    model.set_mode(Mode.POOL)
    assert scan(processed[0]).tone == "ask"
    assert scan(processed[0]).tone == "bad", "a tube is not pooled with itself"
    assert scan(second).title == "已扫 2 支"
    assert states(station_desk)[second] == "processed", "nothing changes before the key"
    model.move(0, -1)
    with qtbot.waitSignal(model.result_changed) as told:
        model.action_set.trigger("confirm")
    assert told.args[0].title == "已汇合 2 支，900 μL"
    [made] = model.aliquots.made
    assert (row_of(station_desk, made).sources, row_of(station_desk, made).remaining_ul) == (2, 900)
    assert {states(station_desk)[n] for n in (processed[0], second)} == {"used_up"}
    qtbot.waitUntil(lambda: len(simulated.labels) == 1)
    assert model.pooling.sources == []


def test_a_tube_of_somebody_else_or_another_kind_is_turned_away_before_the_key(
    model, scan, processed, another, station_desk, nurse
):
    run = station_desk.dispatcher.run
    other = run(
        RegisterPatient(name="李建国", sex=Sex.MALE, birth_date=date(1971, 1, 1)), nurse
    ).receipt.patient_id
    visit_id = run(OpenVisit(patient_id=other), nurse).receipt.visit_id
    run(Arrive(visit_id=visit_id), nurse)
    stranger = another(visit_id)
    model.set_mode(Mode.POOL)
    scan(processed[0])
    told = scan(stranger)
    assert told.tone == "bad"
    assert "不是同一人" in told.detail
    assert "类型不同" in scan(processed[2]).detail
    assert len(model.pooling.sources) == 1


def test_one_tube_is_no_pool_and_escape_forgets_it(model, scan, processed, station_desk, said):
    toasts = []
    model.message.connect(lambda text, _tone: toasts.append(text))
    model.set_mode(Mode.POOL)
    scan(processed[0])
    model.action_set.trigger("confirm")
    assert any("至少 2 支" in one for one in toasts)
    model.action_set.trigger("discard")
    assert model.pooling.sources == []
    assert states(station_desk)[processed[0]] == "processed"


def test_the_screen_shows_what_the_keys_chose(model, scan, blood, another, processed_serum, qtbot):
    view = View(model)
    qtbot.addWidget(view)
    view.resize(1366, 768)
    view.show()
    qtbot.waitExposed(view)
    view.focus_first()
    model.action_set.trigger("process")
    qtbot.keyClick(view, Qt.Key.Key_3)
    assert "血浆分离" in view.findChild(QLabel, "protocol_plasma").text()
    assert model.mode is Mode.PROCESS
    assert model.processing.protocol == "plasma"
    assert "bold" in view.findChild(QLabel, "protocol_plasma").styleSheet()
    model.action_set.trigger("aliquot")
    scan(blood)
    qtbot.keyClick(view, Qt.Key.Key_0)
    plan = view.findChild(QLabel, "aliquot_plan").text()
    assert "【血浆】" in plan
    assert "【母管有剩余" in plan
    model.action_set.trigger("pool")
    scan(processed_serum)
    scan(another())
    assert "2 支 → 1 管 1000 μL" in view.findChild(QLabel, "pool_plan").text()


@pytest.fixture
def processed_serum(station_desk, technician, received):
    station_desk.dispatcher.run(ProcessSpecimen(number=received[0]), technician)
    return received[0]


def test_a_code_with_something_unknown_says_so_where_the_tube_is_stored(
    model, scan, processed, station_desk, nurse, technician, box, monkeypatch
):
    """Two tubes that waited differently long before their spin: of the pool nobody can say how long."""
    run = station_desk.dispatcher.run
    with station_desk.store.read() as connection:
        visit_id = connection.execute(select(Visit.id)).scalars().first()
    order = PlanSpecimen(
        visit_id=visit_id, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
    )
    late = run(order, nurse).receipt.number
    run(CollectSpecimen(number=late), nurse)
    now = station_desk.dispatcher.clock()
    monkeypatch.setattr(station_desk.dispatcher, "clock", lambda: now + timedelta(hours=5))
    for step in (ReceiveSpecimen, ProcessSpecimen):
        run(step(number=late), technician)
    number = run(PoolSpecimens(numbers=[processed[0], late], volume_ul=900), technician).receipt.number
    model.set_mode(Mode.STORE)
    scan(box)
    told = scan(number)
    assert "SER-SST-X-B-N" in told.detail
    assert "没有记录" in told.detail
    order = AliquotSpecimen(number=processed[2], count=1, volume_ul=1000)
    [whole] = run(order, technician).receipt
    told = scan(whole.number)
    assert " · URN-" in told.detail
    assert "没有记录" not in told.detail
