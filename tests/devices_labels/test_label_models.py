"""Printer models as data, what a workstation's settings make of them, and a printer of the system."""

import json
import os

import pypdfium2
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import resources
from client.device_settings import DeviceSettingsError, label_printers, read_device_settings
from client.label_spool import SystemTransport
from client.views.application import make_application
from devices.labels.jobs import JobState
from devices.labels.languages import language_names
from devices.labels.models import load_models
from devices.labels.printer import Printer
from devices.labels.templates import LabelContentError
from domain.kernel.errors import DomainError, UnavailableError
from tests.devices_labels.label_cases import codes_in, labels_folder, templates, tube


@pytest.fixture(scope="module")
def qapp():
    return make_application("light")


def settings(tmp_path, **printer):
    entry = {
        "use": "tube",
        "name": "采血标签机",
        "address": "tcp:10.0.0.9:9100",
        "template": "tube_50x30",
        **printer,
    }
    path = tmp_path / "devices.json"
    path.write_text(json.dumps({"printers": [entry]}), "utf-8")
    return read_device_settings(path)


def test_every_language_has_a_model_and_every_model_a_language():
    models = load_models(labels_folder())
    assert {model.language for model in models.values()} == set(language_names())
    assert all(model.connections == ("system",) for model in models.values() if model.language == "raster")
    assert {model.dpi for model in models.values()} == {203, 300, 600}


def test_wrong_models_are_all_told(tmp_path):
    folder = tmp_path / "printers"
    folder.mkdir()
    (folder / "models.yaml").write_text(
        "one: {maker: x, title: x, language: zpl, dpi: 200, width: 50, media: [direct], confirms: none,"
        " connections: [tcp], source: x, status: V}\n"
        "two: {maker: x, title: x, language: morse, dpi: 203, width: 50, media: [direct], confirms: none,"
        " connections: [tcp], source: x, status: V}\n"
    )
    with pytest.raises(LabelContentError) as refused:
        load_models(tmp_path)
    assert [problem.split(": ")[1] for problem in refused.value.problems] == ["one", "two"]


def test_a_model_says_language_resolution_and_width(tmp_path):
    found = label_printers(settings(tmp_path, model="zebra_zq520"), labels_folder())["tube"].printer
    assert (type(found._language).__name__, found._dpi, found._width_mm) == ("Cpcl", 203, 104)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "zebra_zd999"}, "没有型号 zebra_zd999"),
        ({"model": "zebra_zd421_300", "dpi": 203}, "不能设为 203 dpi"),
        ({"model": "zebra_lp2844"}, "这种方式连接"),
        ({"model": "system_203"}, "这种方式连接"),
        ({}, "printer.language"),
        ({"language": "morse"}, "printer.language"),
    ],
)
def test_what_does_not_go_together_is_told(tmp_path, changes, said):
    with pytest.raises(DeviceSettingsError) as refused:
        settings(tmp_path, **changes)
    assert said in str(refused.value)


def test_a_stock_wider_than_the_head_is_refused_with_both_widths(tmp_path):
    asked = settings(tmp_path, model="gprinter_gp2120t", address="file:/dev/null")
    printer = label_printers(asked, labels_folder())["tube"].printer
    printer._width_mm = 40
    with pytest.raises(DomainError) as refused:
        printer.print(tube())
    assert refused.value.code == "label.wider_than_printer"
    assert refused.value.facts == {"needed_mm": 50, "given_mm": 40}


@pytest.mark.parametrize("dpi", [203, 300])
def test_a_driver_puts_the_label_on_a_page_of_its_size_dot_for_dot(qapp, tmp_path, dpi):
    path = tmp_path / "label.pdf"
    printer = Printer("x", SystemTransport("", path), "raster", dpi=dpi)
    assert printer.print(tube()).state is JobState.SENT
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        assert page.get_size() == pytest.approx((50 / 25.4 * 72, 25 / 25.4 * 72), abs=0.6)
        picture = page.render(scale=dpi / 72, grayscale=True).to_pil()
    assert codes_in(picture) == ["261100000058"]
    assert len(codes_in(picture.convert("L"))) == 1


def test_a_queue_the_system_does_not_have_is_unreachable(qapp):
    with pytest.raises(UnavailableError, match=r"printer\.unreachable"):
        SystemTransport("no such queue").connect()
    result = Printer("x", SystemTransport("no such queue"), "raster").print(tube())
    assert (result.state, result.code) == (JobState.FAILED, "printer.unreachable")


def test_the_models_are_in_the_resources():
    assert (resources.folder("documents") / "labels" / "printers" / "models.yaml").is_file()
    assert templates()
