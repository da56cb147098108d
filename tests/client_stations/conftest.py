"""A desk on a real encrypted store, people in their roles, devices that are told what to say; no window needed."""

import gc
import os
import time
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.devices_labels.label_cases import PATIENT
from tests.fixtures.patience import PATIENCE_S

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest

import resources
from client.background import Jobs
from client.desk import Desk, Installation
from client.device_settings import DeviceSettings, LabelPrinter
from client.devices_hub import DeviceHub
from client.formatting import Formatter
from client.home import Home
from client.live import Live
from client.scan_lookup import lookup_in
from client.settings import Settings
from client.station import Context
from client.views.application import make_application
from devices.labels.printer import Printer
from devices.labels.simulated_printer import SimulatedPrinter
from devices.labels.simulator import Simulator
from devices.labels.templates import load_labels
from devices.labels.transports import TcpTransport
from devices.readings import UCUM, CardRead, Reading, ReadingSet
from devices.session import Arrived
from domain.biobank.protocols import BIOBANK, load_biobank
from domain.catalog.content import load_catalog
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages
from tests.client_stations.bench_fixtures import box, model, processed, scan, stored_tubes, tubes  # noqa: F401
from tests.conftest import BRANCH, DEVICE, KEY

WANG = CardRead(
    "citizen", "32010219750823062X", "王美娜", "2", date(1975, 8, 23), date(2015, 1, 1), None, nation="01",
    address="江苏省南京市玄武区某路 1 号",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """The offscreen platform says once a window that it knows no size hints; that is no finding of ours."""
    for item in items:
        if "tests/client_stations" in str(item.path):
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support", extend=True))


@pytest.fixture(autouse=True)
def garbage():
    """Qt objects are freed on the thread of the test, as the program does it (`client.collector`)."""
    gc.disable()
    gc.freeze()  # what is there now stays: only what this test makes is looked through at its end
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="session")
def qapp():
    return make_application("light")


@pytest.fixture(scope="session")
def catalog():
    return load_catalog(resources.folder("catalog"))


@pytest.fixture(scope="session")
def texts():
    return Texts.load(resources.folder("texts") / "zh")


@pytest.fixture(scope="session")
def templates():
    return load_labels(resources.folder("documents") / "labels")


@pytest.fixture
def simulated():
    """A ZPL printer without paper trouble; `control` makes trouble."""
    return SimulatedPrinter("zpl")


@pytest.fixture
def printers(simulated, templates):
    """The two label printers of a workstation, both on the simulated one."""
    with Simulator(simulated) as simulator:
        transport = TcpTransport("127.0.0.1", simulator.port, stall_timeout_s=PATIENCE_S)
        yield {
            "tube": LabelPrinter(
                "tube", Printer("采血标签机", transport, "zpl", timing=PATIENT), templates["tube_50x30"]
            ),
            "aliquot": LabelPrinter(
                "aliquot", Printer("冻存标签机", transport, "zpl", timing=PATIENT), templates["cryo_25x13"]
            ),
        }


@pytest.fixture
def hub(qapp, printers):
    return DeviceHub(DeviceSettings(), printers=printers)


@pytest.fixture
def station_desk(store, clock, authority, texts, catalog, tmp_path, hub):
    home = Home(tmp_path / "home")
    home.folder.mkdir()
    key_file = tmp_path / "key"
    key_file.touch(0o600)
    key_file.write_text(KEY.hex())
    biobank = load_biobank(resources.folder("biobank"))
    content = {"number_prefix": "101", "catalog": catalog, BIOBANK: biobank, "authority": authority}
    dispatcher = Dispatcher(store, clock=clock, content=content)
    return Desk(
        home=home, settings=Settings(key_file=str(key_file)), store=store, dispatcher=dispatcher, texts=texts,
        installation=Installation(DEVICE, BRANCH, "前台一", "", "101"), pages=Pages(store), authority=authority,
        clock=clock, workers=[hub], scan_lookup=lookup_in(store, lambda: clinic(clock()).date()),
    )  # fmt: skip


@pytest.fixture
def context_for(qtbot, station_desk, as_role):
    """Return a function that makes the context of a person; jobs and the live bridge end with the test."""
    jobs = Jobs()
    live = Live(station_desk.store, jobs)

    def make(role):
        formatter = Formatter(station_desk.texts)
        return Context(station_desk, as_role(role), jobs, live, formatter, None, lambda *a, **k: None)

    yield make
    live.stop()
    qtbot.waitUntil(lambda: not jobs.busy)
    jobs.close()


class Said:
    """What a view-model told: messages, sounds."""

    def __init__(self, told_by):
        self.messages, self.sounds = [], []
        told_by.message.connect(lambda text, tone: self.messages.append((tone, text)))
        told_by.sound.connect(self.sounds.append)

    @property
    def last(self):
        return self.messages[-1] if self.messages else ("", "")


@pytest.fixture
def said():
    return Said


def arrived(event, *, first_s=None, port="nibp", driver="bp.and.tm2657"):
    """Return what a port reports; `first_s` is when its first byte came (now, if not given)."""
    now = time.monotonic()
    return Arrived(port, driver, event, now if first_s is None else first_s, now, datetime.now(UTC))


def reading_set(subject="", **values):
    """Return a measurement by kind name: ``reading_set(SYSTOLIC=128, DIASTOLIC=82)``."""
    from devices.readings import Kind

    readings = tuple(
        Reading(Kind[name], Decimal(str(value)), UCUM[Kind[name]], "A&D TM-2657", raw=b"frame")
        for name, value in values.items()
    )
    return ReadingSet(readings, subject)
