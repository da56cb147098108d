"""The device hub: settings that are checked whole, real port processes on pseudo-terminals, nothing that blocks."""

import json
import os
import threading
import time
import types

import pytest

import resources
from client.device_settings import (
    DeviceSettingsError,
    label_printers,
    port_config,
    read_device_settings,
    valid_id_number,
)
from client.devices_hub import hub_of, join_devices, load_hub
from client.home import Home
from devices.readings import CardRead, Kind
from devices.simulator import SimulatedPort
from domain.kernel.errors import DomainError, UnavailableError

needs_terminals = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")


@pytest.fixture
def place(tmp_path):
    """Return a function that writes devices.json and gives the home."""

    def write(**settings):
        (tmp_path / "devices.json").write_text(json.dumps(settings), "utf-8")
        return Home(tmp_path)

    return write


@pytest.fixture
def running(qtbot):
    """Return a function that starts the hub of a home; stopped at the end."""
    hubs = []

    def start(home):
        hub = load_hub(home)
        hubs.append(hub)
        hub.start()
        return hub

    yield start
    for hub in hubs:
        hub.stop()


def test_a_workstation_without_a_file_has_no_devices(tmp_path):
    hub = load_hub(Home(tmp_path))
    assert hub.states() == ()
    assert hub.printer("tube") is None
    assert not hub.problems


def test_every_mistake_of_the_file_is_told_at_once(place):
    home = place(
        ports=[
            {"port": "nibp", "driver": "bp.nobody", "address": "COM3"},
            {"port": "nibp", "driver": "bp.and.tm2657", "address": "usb:broken"},
            {"port": "scale", "driver": "scale.tanita.wb3000"},
        ],
        printers=[
            {"use": "tube", "name": "P", "language": "epl", "address": "lpt:1", "template": "tube_50x30"}
        ],
        scanners=[],
    )
    with pytest.raises(DeviceSettingsError) as refused:
        read_device_settings(home.folder / "devices.json")
    told = "\n".join(refused.value.problems)
    for part in ("scanners", "bp.nobody", "usb:broken", "address", "epl", "重复"):
        assert part in told
    hub = load_hub(home)
    assert hub.problems
    assert hub.states() == ()


def test_a_printer_has_the_template_it_is_loaded_with(place):
    settings = read_device_settings(
        place(
            printers=[
                {"use": "tube", "name": "采血标签机", "language": "zpl", "address": "tcp:127.0.0.1:9100",
                 "template": "tube_50x30"},
                {"use": "aliquot", "name": "冻存标签机", "language": "tspl", "address": "file:/dev/usb/lp0",
                 "template": "cryo_25x13", "dpi": 300},
            ]
        ).folder / "devices.json"
    )  # fmt: skip
    printers = label_printers(settings, resources.folder("documents") / "labels")
    assert {use: p.template.name for use, p in printers.items()} == {
        "tube": "tube_50x30",
        "aliquot": "cryo_25x13",
    }
    assert printers["tube"].printer.name == "采血标签机"


def test_a_card_reader_is_given_our_check_of_the_number(place):
    home = place(ports=[{"port": "card", "driver": "idcard.samv", "address": "COM9", "baud": 57600}])
    (setting,) = read_device_settings(home.folder / "devices.json").ports
    config = port_config(setting, home)
    assert config.options["validate"] is valid_id_number
    assert (config.settings.baud, config.settings.data_bits) == (57600, 8)
    with pytest.raises(DomainError):
        valid_id_number("110101199003074531")


@needs_terminals
def test_readings_and_cards_arrive_as_signals(place, running, tmp_path, qtbot):
    with (
        SimulatedPort("bp.and.tm2657", link=tmp_path / "bp", measure_s=0.2) as cuff,
        SimulatedPort("idcard.samv", link=tmp_path / "card") as reader,
    ):
        hub = running(
            place(
                ports=[
                    {"port": "nibp", "driver": "bp.and.tm2657", "address": cuff.path},
                    {"port": "card", "driver": "idcard.samv", "address": reader.path},
                ]
            )
        )
        cards = []
        hub.card_read.connect(cards.append)
        qtbot.waitUntil(lambda: {s.tone for s in hub.states()} == {"ready"})
        assert hub.has("bp")
        assert not hub.has("scale")
        before = time.monotonic()
        with qtbot.waitSignal(hub.measured) as told:
            hub.command("bp", "start")
        arrived = told.args[0]
        assert before < arrived.first_byte_s <= arrived.last_byte_s
        assert arrived.event.value(Kind.SYSTOLIC) > arrived.event.value(Kind.DIASTOLIC)
        reader.obey('card {"number": "32010219750823062X", "name": "王美娜"}')
        qtbot.waitUntil(lambda: bool(cards))
        assert isinstance(cards[0].event, CardRead)
        assert cards[0].event.name == "王美娜"


@needs_terminals
def test_an_unplugged_device_is_told_and_comes_back_by_itself(place, running, tmp_path, qtbot):
    with SimulatedPort("scale.tanita.wb3000", link=tmp_path / "scale") as scale:
        hub = running(
            place(ports=[{"port": "scale", "driver": "scale.tanita.wb3000", "address": scale.path}])
        )
        qtbot.waitUntil(lambda: hub.states()[0].tone == "ready")
        scale.obey("unplug")
        qtbot.waitUntil(lambda: hub.states()[0].tone == "absent")
        scale.obey("replug")
        qtbot.waitUntil(lambda: hub.states()[0].tone == "ready")
        with qtbot.waitSignal(hub.measured) as told:
            scale.obey('measure {"weight": 65.3, "height": 170}')
        assert str(told.args[0].event.value(Kind.BODY_WEIGHT)) == "65.3"


@needs_terminals
def test_a_scan_of_a_serial_scanner_is_handed_on(place, running, tmp_path, qtbot):
    with SimulatedPort("scanner.serial", link=tmp_path / "scan") as scanner:
        hub = running(place(ports=[{"port": "scan", "driver": "scanner.serial", "address": scanner.path}]))
        qtbot.waitUntil(lambda: hub.states()[0].tone == "ready")
        with qtbot.waitSignal(hub.scanned) as told:
            scanner.obey("scan 261100000058")
        assert told.args[0].text == "261100000058"


def test_a_device_that_is_not_there_refuses_a_command(place, running, qtbot):
    hub = running(place(ports=[{"port": "nibp", "driver": "bp.and.tm2657", "address": "/dev/nobody"}]))
    with pytest.raises(UnavailableError):
        hub.command("scale", "zero")
    qtbot.waitUntil(lambda: hub.states()[0].code == "device.port_absent")
    assert hub.states()[0].tone == "absent"


def test_the_hub_made_in_another_thread_listens_on_the_ui_thread(place, qapp, qtbot):
    home = place()

    desk = types.SimpleNamespace(home=home, workers=[])
    thread = threading.Thread(target=join_devices, args=(desk,))
    thread.start()
    thread.join()
    hub = hub_of(desk)
    assert hub.thread() is qapp.thread()
    hub.start()
    hub.stop()
