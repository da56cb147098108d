"""The front desk without a window: labels and tubes of the open visit, and the exit check."""

# ruff: noqa: F811  (fixtures of the front desk, asked for by their names)

import pytest

from client.ports import Scanned
from devices.labels.transports import TcpTransport
from domain.biobank.records import LabelPrint, Specimen
from domain.checkup.omission_records import Omission, OmissionKind
from domain.checkup.records import Visit
from tests.client_stations.conftest import WANG, arrived
from tests.client_stations.test_front_desk_models import at_desk, known, model, pressure, rows  # noqa: F401


def test_labels_print_in_order_of_draw_without_a_key(at_desk, station_desk, simulated):
    assert [line.cap for line in at_desk.visit.tubes.lines()] == ["黄", "紫", "尿杯"]
    assert len(simulated.labels) == 3
    assert not simulated.problems
    notes = rows(station_desk, LabelPrint)
    assert {n.result for n in notes} == {"confirmed"}
    assert all(n.printer == "采血标签机" and len(n.content_sha256) == 64 for n in notes)


def test_opening_the_visit_again_prints_nothing_twice(at_desk, simulated, qtbot):
    visit_id = at_desk.visit.encounter.visit_id
    patient_id = at_desk.visit.encounter.patient_id
    at_desk.close_visit()
    at_desk.open_person(patient_id)
    qtbot.waitUntil(
        lambda: at_desk.visit.encounter is not None and at_desk.visit.encounter.visit_id == visit_id
    )
    qtbot.waitUntil(lambda: not at_desk.visit.tubes.labels.busy)
    assert len(simulated.labels) == 3


def test_a_printer_without_paper_says_so_and_prints_when_it_has_some(
    model, known, simulated, station_desk, qtbot
):
    simulated.control("paper out")
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.visit.encounter is not None)
    tubes = model.visit.tubes
    qtbot.waitUntil(lambda: bool(tubes.lines()) and all(x.label_state == "failed" for x in tubes.lines()))
    assert "缺纸" in tubes.lines()[0].reason
    assert {s.id: s.state for s in model.visit.states}["labels"] == "problem"
    simulated.control("paper ok")
    tubes.print_waiting()
    qtbot.waitUntil(lambda: all(x.label_state == "printed" for x in tubes.lines()))
    assert len(simulated.labels) == 3
    assert [n.reprint for n in rows(station_desk, LabelPrint, LabelPrint.result == "confirmed")] == [0, 0, 0]


def test_a_printer_that_is_not_there_says_what_to_look_at_and_the_tubes_can_still_be_collected(
    model, known, hub, station_desk, qtbot
):
    printer = hub.printer("tube").printer
    there, printer._transport = printer._transport, TcpTransport("127.0.0.1", 1, connect_timeout_s=0.5)
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.visit.encounter is not None)
    tubes = model.visit.tubes
    qtbot.waitUntil(lambda: bool(tubes.lines()) and all(x.label_state == "failed" for x in tubes.lines()))
    assert "连接不上打印机" in tubes.lines()[0].reason
    assert {n.result for n in rows(station_desk, LabelPrint)} == {"failed"}
    printer._transport = there
    qtbot.waitUntil(lambda: not tubes.labels.busy)
    tubes.print_waiting()
    qtbot.waitUntil(lambda: all(x.label_state == "printed" for x in tubes.lines()))


def test_a_second_label_needs_its_reason_and_is_marked(at_desk, station_desk, simulated, qtbot):
    tubes = at_desk.visit.tubes
    number = tubes.lines()[0].number
    assert tubes.needs_reason(number)
    tubes.reprint(number)
    assert not tubes.labels.busy
    tubes.reprint(number, "damaged")
    qtbot.waitUntil(lambda: len(rows(station_desk, LabelPrint)) == 4)
    (again,) = rows(station_desk, LabelPrint, LabelPrint.reason.is_not(None))
    assert (again.reason, again.reprint, again.result) == ("标签破损", 1, "confirmed")
    assert len(simulated.labels) == 4


def test_a_scan_verifies_at_the_labels_and_collects_at_the_collection(at_desk, station_desk, said, qtbot):
    told = said(at_desk)
    number = at_desk.visit.tubes.lines()[0].number
    at_desk.visit.go("labels")
    at_desk.on_scan(Scanned("specimen", number))
    qtbot.waitUntil(lambda: at_desk.visit.tubes.lines()[0].verified)
    assert told.sounds == ["good"]
    assert [n.result for n in rows(station_desk, LabelPrint)].count("verified") == 1
    assert {s.state for s in rows(station_desk, Specimen)} == {"planned"}
    at_desk.visit.go("collect")
    at_desk.on_scan(Scanned("specimen", number))
    qtbot.waitUntil(lambda: at_desk.visit.tubes.lines()[0].collected)
    assert sorted(s.state for s in rows(station_desk, Specimen)) == ["collected", "planned", "planned"]


@pytest.mark.parametrize(
    ("foreign", "why"),
    [
        ("6901234567892", "商品条码"),
        ("261100000058", "不是 王美娜 的采集管"),
        ("261100000059", "校验位"),
        ("X9", "不是本系统的编号"),
    ],
)
def test_a_foreign_tube_is_refused_loudly_and_changes_nothing(
    at_desk, station_desk, said, qtbot, foreign, why
):
    told = said(at_desk)
    at_desk.visit.go("collect")
    with qtbot.waitSignal(at_desk.visit.tubes.scanned) as refused:
        at_desk.on_scan(station_desk.scan_lookup(at_desk.context.actor, foreign))
    assert (refused.args[0], told.sounds) == (False, ["bad"])
    assert why in refused.args[1]
    assert {s.state for s in rows(station_desk, Specimen)} == {"planned"}


def test_a_tube_that_is_not_here_is_told_also_while_nobody_is_open(model, station_desk, said):
    told = said(model)
    assert model.on_scan(station_desk.scan_lookup(model.context.actor, "261100000058"))
    assert told.sounds == ["bad"]
    assert told.last == ("danger", station_desk.texts.say("specimen.unknown", value="261100000058"))


def test_the_exit_check_names_what_is_missing_and_asks_twice(at_desk, station_desk, known, qtbot):
    at_desk.hub.card_read.emit(arrived(WANG, port="card"))
    assert at_desk.visit.step == "leave"
    steps = [m.step for m in at_desk.visit.missing()]
    assert steps == ["form", "pressure", "pressure", "body", "body", "collect", "collect", "collect"]
    at_desk.action_set.trigger("confirm")
    assert at_desk.visit.leave_asked
    at_desk.action_set.trigger("back")
    assert not at_desk.visit.leave_asked
    assert rows(station_desk, Visit)[0].state == "arrived"
    at_desk.action_set.trigger("confirm")
    with qtbot.waitSignal(at_desk.visit.omission_asked):
        at_desk.action_set.trigger("confirm")
    assert rows(station_desk, Visit)[0].state == "arrived", "nobody leaves without a word"
    form = at_desk.visit.omission()
    items = [m.item for m in at_desk.visit.missing()]
    with qtbot.waitSignal(
        form.field_error, check_params_cb=lambda field, said: field == "witness" and bool(said)
    ):
        form.submit(items, OmissionKind.REFUSED, reason="赶飞机", day="", witness="", picture=b"")
    qtbot.waitUntil(lambda: not form._busy)
    form.submit(items, OmissionKind.REFUSED, reason="赶飞机", day="", witness="", picture=b"PNG")
    qtbot.waitUntil(lambda: at_desk.visit.encounter is None)
    assert rows(station_desk, Visit)[0].state == "finished"
    kept = rows(station_desk, Omission)
    assert {o.item for o in kept} == set(items)
    assert station_desk.blobs.get(kept[0].signature_sha256) == b"PNG"


def test_a_refused_item_is_settled_and_the_desk_goes_on_to_the_next(at_desk, qtbot):
    visit = at_desk.visit
    visit.go("pressure")
    form = visit.omission()
    form.submit(["sbp", "dbp"], OmissionKind.REFUSED, reason="刚做过", day="", witness="", picture=b"PNG")
    qtbot.waitUntil(lambda: "sbp" in visit.encounter.omitted)
    assert {s.id: s.state for s in visit.states}["pressure"] == "done"
    assert [m.item for m in visit.missing()][:3] == ["form", "height", "weight"]
