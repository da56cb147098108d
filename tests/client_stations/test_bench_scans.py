"""What the bench takes in each mode and what it refuses by its name; two tubes of one number; the count of inputs."""

import pytest
from sqlalchemy import select

from domain.biobank.bench import TAKES, CardKind, Mode, read_card
from domain.biobank.records import SpecimenEvent, StorageContainer
from tests.client_stations.bench_fixtures import states


@pytest.mark.parametrize(
    ("text", "kind", "says", "remedy"),
    [
        ("6901234567892", "", "商品条码", "12 位"),
        ("101000000008", "", "校验位", "F10"),
        ("https://example.cn/x", "", "网址", "F10"),
        ("V9990000001", "", "不是本系统的编号", "F10"),
        ("V999000000019", "", "像体检号", "F10"),
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
