"""The specimen bench without a window: each scan is a command at once, each refusal says what to do."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from client.ports import Scanned
from client.stations.bench.viewmodel import ViewModel
from devices.labels.transports import TcpTransport
from domain.biobank.bench import TAKES, CardKind, Mode, read_card
from domain.biobank.commands import (
    CollectSpecimen,
    CreateContainer,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
)
from domain.biobank.records import (
    LabelPrint,
    PrimaryContainer,
    Specimen,
    SpecimenEvent,
    SpecimenType,
    StorageContainer,
)
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex


@pytest.fixture
def model(context_for, qtbot):
    made = ViewModel(context_for("biobank_technician"))
    yield made
    made.close()


@pytest.fixture
def tubes(station_desk, nurse):
    """Three collected tubes of one client."""
    run = station_desk.dispatcher.run
    patient = run(RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23)), nurse).receipt
    visit_id = run(OpenVisit(patient_id=patient.patient_id), nurse).receipt.visit_id
    run(Arrive(visit_id=visit_id), nurse)
    kinds = (
        (SpecimenType.SERUM, PrimaryContainer.SERUM_SEPARATOR),
        (SpecimenType.BLOOD, PrimaryContainer.POTASSIUM_EDTA),
        (SpecimenType.URINE, PrimaryContainer.ORIGINAL),
    )
    numbers = []
    for type_, container in kinds:
        tube = run(PlanSpecimen(visit_id=visit_id, type=type_, container=container), nurse).receipt
        run(CollectSpecimen(number=tube.number), nurse)
        numbers.append(tube.number)
    return numbers


@pytest.fixture
def processed(station_desk, technician, tubes):
    for number in tubes:
        station_desk.dispatcher.run(ReceiveSpecimen(number=number), technician)
        station_desk.dispatcher.run(ProcessSpecimen(number=number), technician)
    return tubes


@pytest.fixture
def box(station_desk, technician):
    station_desk.dispatcher.run(
        CreateContainer(code="BX0000000017", name="血清盒 1", rows=2, columns=3), technician
    )
    return "BX0000000017"


@pytest.fixture
def scan(model, qtbot):
    """Return a function that scans and gives the result on the screen."""

    def do(text, kind=""):
        desk, actor = model.context.desk, model.context.actor
        with qtbot.waitSignal(model.result_changed) as told:
            model.on_scan(Scanned(kind, text) if kind else desk.scan_lookup(actor, text))
        return told.args[0]

    return do


def states(desk):
    with desk.store.read() as connection:
        return dict(connection.execute(select(Specimen.number, Specimen.state)).all())


def slots(desk):
    with desk.store.read() as connection:
        return dict(
            connection.execute(select(Specimen.slot, Specimen.number).where(Specimen.slot.is_not(None))).all()
        )


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


@pytest.mark.parametrize(
    ("text", "kind", "says", "remedy"),
    [
        ("6901234567892", "", "商品条码", "12 位"),
        ("101000000008", "", "校验位", "F10"),
        ("https://example.cn/x", "", "网址", "F10"),
        ("V9990000001", "", "不是本系统的编号", "F10"),
        ("R1010000001", "report", "报告号", "标本条码"),
        ("V1010000001", "visit", "体检号", "标本条码"),
        ("BX0000000017", "storage_container", "冻存盒", "标本条码"),
        ("POS.A1", "", "位置", "标本条码"),
    ],
)
def test_a_foreign_code_is_refused_in_words(model, scan, said, text, kind, says, remedy):
    told = said(model)
    result = scan(text, kind)
    assert result.tone == "bad"
    assert says in result.detail
    assert remedy in result.remedy
    assert told.sounds == ["bad"]


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


def test_a_second_tube_with_the_same_number_stops_both(model, scan, tubes, station_desk, said, qtbot):
    scan(tubes[0])
    assert "按 F7" not in model.result.remedy
    doubted = scan(tubes[0])
    assert "若是另一支管" in doubted.remedy
    assert doubted.doubt == tubes[0]
    with qtbot.waitSignal(model.result_changed) as told:
        model.action_set.trigger("duplicate")
    assert told.args[0].title == "疑似重码，两管都已停用"
    assert "不要离心" in told.args[0].remedy
    model.set_mode(Mode.PROCESS)
    refused = scan(tubes[0])
    assert (refused.tone, refused.doubt) == ("bad", "")
    assert "疑似重码" in refused.detail
    assert "待查架" in refused.remedy
    assert states(station_desk)[tubes[0]] == "received"


def test_f7_without_a_doubt_notes_nothing(model, scan, tubes, station_desk, said):
    heard = said(model)
    model.action_set.trigger("duplicate")
    scan(tubes[0])
    model.action_set.trigger("duplicate")
    assert [tone for tone, _ in heard.messages] == ["warning", "warning"]
    with station_desk.store.read() as connection:
        kinds = set(connection.execute(select(SpecimenEvent.kind)).scalars())
    assert kinds == {"collected", "received"}


@pytest.mark.parametrize("mode", [Mode.PROCESS, Mode.ALIQUOT])
def test_a_tube_that_comes_too_early_is_no_second_tube(model, scan, tubes, mode):
    model.set_mode(mode)
    assert scan(tubes[0]).doubt == ""


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


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("BENCH.STORE", CardKind.MODE, "store"),
        ("bench.store", CardKind.MODE, "store"),
        ("BENCH.COUNT.04", CardKind.COUNT, "04"),
        ("POS.A05", CardKind.POSITION, "A05"),
        ("BOX1:C3", CardKind.POSITION, "C3"),
    ],
)
def test_cards_are_told_apart(text, kind, value):
    assert (read_card(text).kind, read_card(text).text) == (kind, value)


@pytest.mark.parametrize("text", ["BENCH.NONSENSE", "2611 0000 0058", "BX0000000017", "https://a.cn:A1", ""])
def test_other_codes_are_no_cards(text):
    assert read_card(text) is None


KINDS = {
    "specimen": "261100000058",
    "storage_container": "BX0000000017",
    "visit": "V1010000001",
    "patient": "P1010000001",
    "report": "R1010000001",
    "id_number": "32010219750823062X",
    "count": "BENCH.COUNT.3",
    "position": "POS.A1",
}


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_mode_does_not_take_is_refused_by_its_name_and_does_nothing(
    model, scan, station_desk, mode, kind
):
    """The table of the domain decides; a kind that is not in it never reaches the mode."""
    if kind in TAKES[mode]:
        assert kind in {"specimen", "storage_container", "position", "count"}
        return
    model.set_mode(mode)
    result = scan(KINDS[kind], "bench_card" if kind in {"count", "position"} else kind)
    assert result.tone == "bad"
    assert result.detail == (
        "现在不在等待分装管数。"
        if kind == "count"
        else f"扫到的是{model.context.say(f'bench.kind.{kind}')}，不是标本条码。"
    )
    assert model.storing.unknown_box == ""
    assert states(station_desk) == {}


@pytest.mark.parametrize("text", ["101000000008", "https://example.cn/x", "110101198005011289"])
def test_what_is_surely_no_box_is_never_offered_as_one(model, scan, station_desk, text):
    model.set_mode(Mode.STORE)
    assert scan(text).tone == "bad"
    model.action_set.trigger("confirm")
    with station_desk.store.read() as connection:
        assert not connection.execute(select(StorageContainer.id)).all()


def test_a_batch_costs_one_scan_a_tube_three_inputs_an_aliquoting_and_one_scan_a_stored_tube(
    model, scan, tubes, box, station_desk, simulated, qtbot
):
    """Journey 4.2: receive 1, aliquot 3, store 2 for the first tube and 1 for each next."""
    inputs = 0

    def press(action):
        nonlocal inputs
        inputs += 1
        model.action_set.trigger(action)

    def scanned(text):
        nonlocal inputs
        inputs += 1
        return scan(text)

    for number in tubes:
        assert scanned(number).tone == "good"
    assert inputs == 3
    press("process")
    for number in tubes:
        assert scanned(number).tone == "good"
    inputs = 0
    press("aliquot")
    scanned(tubes[0])
    with qtbot.waitSignal(model.result_changed):
        inputs += 1
        model.digit(3)
    assert inputs == 3
    made = model.aliquots.made
    qtbot.waitUntil(lambda: not model.labels.busy)
    assert len(simulated.labels) == 3
    model.set_mode(Mode.STORE)
    inputs = 0
    scanned(box)
    scanned(made[0])
    assert inputs == 2
    scanned(made[1])
    scanned(made[2])
    assert inputs == 4
    assert [states(station_desk)[number] for number in made] == ["stored"] * 3
