"""The specimen bench without a window: each scan is a command at once, each refusal says what to do."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from client.ports import Scanned
from client.stations.bench.viewmodel import ViewModel
from devices.labels.transports import TcpTransport
from domain.biobank.bench import Mode
from domain.biobank.commands import (
    CreateContainer,
    ReceiveSpecimen,
)
from domain.biobank.records import (
    LabelPrint,
    SpecimenEvent,
    StorageContainer,
)
from tests.client_stations.bench_fixtures import slots, states


def test_one_scan_receives_a_tube_and_says_what_comes_next(model, scan, tubes, station_desk, said):
    told = said(model)
    result = scan(tubes[0])
    assert (result.tone, result.title) == ("good", "已签收")
    assert "剩 4 小时 0 分" in result.remedy
    assert states(station_desk)[tubes[0]] == "received"
    assert told.sounds == ["good"]
    assert [line.number for line in model.lines] == [result.number]


def test_scans_in_a_row_are_all_kept_in_order(model, tubes, station_desk, qtbot):
    for number in tubes:
        model.on_scan(Scanned("specimen", number))
    qtbot.waitUntil(lambda: len(model.lines) == 3)
    assert set(states(station_desk).values()) == {"received"}
    assert [line.number.replace(" ", "") for line in reversed(model.lines)] == tubes


def test_a_key_before_the_scan_notes_how_the_tube_looks_and_only_for_that_one(
    model, scan, tubes, station_desk
):
    model.digit(2)
    assert "溶血" in scan(tubes[0]).title
    assert scan(tubes[1]).title == "已签收"
    with station_desk.store.read() as connection:
        looks = (
            connection.execute(select(SpecimenEvent.condition).where(SpecimenEvent.kind == "received"))
            .scalars()
            .all()
        )
    assert sorted(looks) == ["good", "haemolysed"]


def test_a_tube_nobody_knows_is_not_made_up(model, scan, station_desk, tubes):
    result = scan("261100000058")
    assert result.tone == "bad"
    assert "待查架" in result.remedy
    assert "261100000058" not in states(station_desk)


@pytest.mark.parametrize(("mode", "remedy"), [("process", "F2"), ("aliquot", "F2"), ("store", "F2")])
def test_the_wrong_order_is_refused_with_the_key_that_helps(
    model, scan, tubes, box, station_desk, mode, remedy
):
    model.set_mode(Mode(mode))
    if mode == "store":
        scan(box)
    before = states(station_desk)
    result = scan(tubes[0])
    assert result.tone == "bad"
    assert remedy in result.remedy
    assert states(station_desk) == before


def test_a_tube_received_twice_is_told_kindly_and_not_doubled(model, scan, tubes, station_desk):
    scan(tubes[0])
    result = scan(tubes[0])
    assert result.tone == "bad"
    assert "之前已签收" in result.remedy
    with station_desk.store.read() as connection:
        kinds = connection.execute(select(SpecimenEvent.kind)).scalars().all()
    assert sorted(kinds) == ["collected"] * 3 + ["received"]


def test_who_may_not_is_told_so(context_for, tubes, qtbot):
    model = ViewModel(context_for("nurse"))
    with qtbot.waitSignal(model.result_changed) as told:
        model.on_scan(Scanned("specimen", tubes[0]))
    assert "没有此项权限" in told.args[0].detail
    assert "F12" in told.args[0].remedy
    model.close()


def test_modes_are_chosen_by_keys_and_by_cards(model, scan, tubes):
    model.action_set.trigger("store")
    assert model.mode is Mode.STORE
    model.on_scan(Scanned("bench_card", "BENCH.RECEIVE"))
    assert model.mode is Mode.RECEIVE
    assert scan(tubes[0]).tone == "good"


def test_one_key_divides_a_tube_and_its_labels_print(model, scan, processed, station_desk, simulated, qtbot):
    model.set_mode(Mode.ALIQUOT)
    result = scan(processed[0])
    assert (result.tone, result.title) == ("ask", "分装几管？")
    with qtbot.waitSignal(model.result_changed) as told:
        model.digit(3)
    assert told.args[0].title == "已分装 3 管 × 500 μL"
    qtbot.waitUntil(lambda: len(simulated.labels) == 3)
    qtbot.waitUntil(lambda: {line.label_text for line in model.aliquots.lines()} == {"已打印"})
    found = states(station_desk)
    assert found[processed[0]] == "used_up"
    assert [found[n] for n in model.aliquots.made] == ["processed"] * 3
    with station_desk.store.read() as connection:
        volumes = connection.execute(
            select(SpecimenEvent.produced_ul, SpecimenEvent.consumed_ul).where(
                SpecimenEvent.kind == "aliquoted"
            )
        ).all()
        prints = connection.execute(select(LabelPrint.result)).scalars().all()
    assert sorted(v for v in volumes if v[0]) == [(500, None)] * 3
    assert [v[1] for v in volumes if v[1]] == [1500]
    assert prints == ["confirmed"] * 3


def test_the_volume_changes_by_arrow_and_the_count_by_card(model, scan, processed, simulated, qtbot):
    model.set_mode(Mode.ALIQUOT)
    scan(processed[0])
    model.move(0, 1)
    result = scan("BENCH.COUNT.12")
    assert result.title == "已分装 12 管 × 300 μL"
    qtbot.waitUntil(lambda: len(simulated.labels) == 12)


def test_a_number_key_twice_divides_once(model, scan, processed, station_desk, qtbot):
    model.set_mode(Mode.ALIQUOT)
    scan(processed[0])
    with qtbot.waitSignal(model.result_changed):
        model.digit(2)
        model.digit(2)
    model.digit(2)
    qtbot.waitUntil(lambda: not model.labels.busy)
    assert len(states(station_desk)) == 5


def test_an_aliquot_is_not_divided_again(model, scan, processed, simulated, qtbot):
    model.set_mode(Mode.ALIQUOT)
    scan(processed[0])
    with qtbot.waitSignal(model.result_changed):
        model.digit(1)
    result = scan(model.aliquots.made[0])
    assert result.tone == "bad"
    assert "母管" in result.remedy
    qtbot.waitUntil(lambda: not model.labels.busy)


def test_labels_that_did_not_come_out_are_printed_by_one_key(model, scan, processed, simulated, qtbot):
    simulated.control("paper out")
    model.set_mode(Mode.ALIQUOT)
    scan(processed[0])
    model.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: [x.tone for x in model.aliquots.lines()] == ["danger"] * 4)
    assert "缺纸" in model.aliquots.lines()[0].reason
    simulated.control("paper ok")
    qtbot.waitUntil(lambda: not model.labels.busy)
    model.action_set.trigger("print")
    qtbot.waitUntil(lambda: [x.label_text for x in model.aliquots.lines()] == ["已打印"] * 4)
    assert len(simulated.labels) == 4


def test_a_label_printer_that_is_not_there_is_told_and_the_aliquots_are_made(
    model, scan, processed, hub, station_desk, qtbot
):
    hub.printer("aliquot").printer._transport = TcpTransport("127.0.0.1", 1, connect_timeout_s=0.5)
    model.set_mode(Mode.ALIQUOT)
    scan(processed[0])
    with qtbot.waitSignal(model.result_changed):
        model.digit(2)
    qtbot.waitUntil(lambda: [x.tone for x in model.aliquots.lines()] == ["danger"] * 2)
    assert "连接不上打印机" in model.aliquots.lines()[0].reason
    assert [states(station_desk)[number] for number in model.aliquots.made] == ["processed"] * 2
    qtbot.waitUntil(lambda: not model.labels.busy)


def test_the_slot_advances_by_itself_to_the_end_of_the_box(model, scan, processed, box, station_desk):
    model.set_mode(Mode.STORE)
    assert "下一管放 A1" in scan(box, "storage_container").remedy
    for number, position in zip(processed, ("A1", "A2", "A3"), strict=True):
        assert scan(number).title == f"已放入 {position}"
    assert slots(station_desk) == {
        f"{box}:A1": processed[0],
        f"{box}:A2": processed[1],
        f"{box}:A3": processed[2],
    }
    assert model.box.pointer == "B1"


def test_scans_faster_than_the_disk_never_share_a_slot(model, scan, processed, box, station_desk, qtbot):
    model.set_mode(Mode.STORE)
    scan(box)
    for number in processed:
        model.on_scan(Scanned("specimen", number))
    qtbot.waitUntil(lambda: len(slots(station_desk)) == 3)
    assert [slots(station_desk)[f"{box}:A{n}"] for n in (1, 2, 3)] == processed


def test_a_position_is_chosen_by_scan_or_arrow_and_a_taken_one_is_refused(model, scan, processed, box, qtbot):
    model.set_mode(Mode.STORE)
    scan(box)
    assert scan("POS.B2").title == "下一管放 B2"
    scan(processed[0])
    refused = scan(f"{box}:B2")
    assert refused.tone == "bad"
    assert processed[0] in refused.detail
    assert "K9" in scan("POS.K9").detail
    model.box.step(-1, 0)
    assert model.box.pointer == "A3"


def test_a_full_box_asks_for_the_next(model, scan, processed, station_desk, technician):
    station_desk.dispatcher.run(
        CreateContainer(code="BX0000000099", name="小盒", rows=1, columns=1), technician
    )
    model.set_mode(Mode.STORE)
    scan("BX0000000099")
    scan(processed[0])
    result = scan(processed[1])
    assert result.tone == "bad"
    assert "换一个新盒" in result.remedy
    assert len(slots(station_desk)) == 1


def test_no_box_no_storing(model, scan, processed, station_desk):
    model.set_mode(Mode.STORE)
    assert "先扫描冻存盒" in scan(processed[0]).remedy
    assert not slots(station_desk)


def test_an_unknown_box_becomes_one_only_by_a_key(model, scan, station_desk, qtbot):
    model.set_mode(Mode.STORE)
    assert scan("BXNEW0000001").tone == "ask"
    with station_desk.store.read() as connection:
        assert not connection.execute(select(StorageContainer.id)).all()
    with qtbot.waitSignal(model.result_changed) as told:
        model.action_set.trigger("confirm")
    assert told.args[0].tone == "good"
    assert (model.box.box.rows, model.box.box.columns) == (9, 9)


def test_what_another_desk_stores_moves_the_pointer(
    model, scan, processed, box, station_desk, technician, qtbot
):
    from domain.biobank.commands import StoreSpecimen

    model.set_mode(Mode.STORE)
    scan(box)
    station_desk.dispatcher.run(StoreSpecimen(number=processed[2], container=box, position="A1"), technician)
    qtbot.waitUntil(lambda: model.box.pointer == "A2")


def test_a_look_up_changes_nothing_and_tells_the_history(model, scan, processed, station_desk):
    model.set_mode(Mode.LOOKUP)
    before = states(station_desk)
    assert scan(processed[0]).tone == "good"
    assert [e.kind for e in model.lookup.events] == ["collected", "received", "processed"]
    assert states(station_desk) == before


def test_what_waits_is_sorted_by_what_runs_out_first(model, tubes, station_desk, technician, clock, qtbot):
    clock.advance(timedelta(minutes=100))
    station_desk.dispatcher.run(ReceiveSpecimen(number=tubes[0]), technician)
    model.load_waiting()
    qtbot.waitUntil(lambda: len(model.waiting) == 3)
    assert [t.state for t in model.waiting] == ["collected", "collected", "received"]
    assert model.waiting[0].due_at - clock() == timedelta(minutes=20)
