"""The camera: its simulator, any of the system behind the same interface, one photo, every reason for none."""
# ruff: noqa: F811  (fixtures of another module)

import sys
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtMultimedia import QVideoFrame
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from client.camera.opening import load_camera, open_camera
from client.camera.system import SystemCamera, best_format, device_named
from client.camera.taking import Looking
from client.camera.view import PhotoDialog, PhotoPanel
from domain.checkup.records import Attachment
from domain.kernel.errors import UnavailableError
from tests.client.kiosk_camera import code, look_at, scene
from tests.client.test_form_page import (  # noqa: F401
    PATIENCE_MS,
    desk_for,
    draft_key,
    question,
    rows,
    wei,
    write_form,
)

pytestmark = pytest.mark.qt_log_level_fail(
    "CRITICAL"
)  # Qt warns of libraries of the system that it does without


@pytest.fixture
def context(context_for, open_desk, tmp_path):
    look_at(open_desk, tmp_path / "seen", scene("teal"), scene("orange"))
    return context_for("nurse")[0]


def test_the_simulator_shows_its_pictures_one_after_the_other(context, qtbot, tmp_path):
    camera = open_camera(context.desk.settings.camera)
    seen = []
    camera.frame.connect(lambda image: seen.append(image.pixelColor(5, 5).name()))
    camera._timer.setInterval(1)
    camera.start()
    qtbot.waitUntil(lambda: len(set(seen)) == 2, timeout=PATIENCE_MS)
    camera.stop()
    before = len(seen)
    qtbot.wait(30)
    assert len(seen) == before, "it is let go"
    assert seen[0] == QColor("teal").name()


def refusals(camera):
    found = []
    camera.failed.connect(lambda error: found.append(error.code))
    camera.start()
    return found


def test_each_reason_for_no_picture_has_its_sentence(context, tmp_path, monkeypatch):
    explain = context.desk.texts.explain
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refusals(open_camera(f"files:{empty}")) == ["camera.no_pictures"]
    assert refusals(open_camera(f"files:{tmp_path}/none")) == ["camera.no_pictures"]
    monkeypatch.setattr("client.camera.system.QMediaDevices", SimpleNamespace(videoInputs=list))
    assert refusals(SystemCamera()) == ["camera.none"]
    assert refusals(SystemCamera("Logi")) == ["camera.not_found"]
    with pytest.raises(UnavailableError) as off:
        load_camera("off")
    assert "不使用摄像头" in explain(off.value)
    monkeypatch.setitem(sys.modules, "client.camera.system", None)
    with pytest.raises(UnavailableError) as missing:
        load_camera("")
    assert "摄像头组件" in explain(missing.value)
    assert "占用" in explain(UnavailableError("camera.broken", reason="busy"))


def test_frames_of_a_real_camera_become_pictures_at_a_bearable_rate(qapp):
    camera = SystemCamera()
    seen = []
    camera.frame.connect(seen.append)
    for colour in ("red", "green", "blue"):
        camera._sink.setVideoFrame(QVideoFrame(scene(colour)))
    assert [image.size() for image in seen] == [QSize(640, 360)], "two of three came too fast"
    assert seen[0].pixelColor(3, 3).red() > 200
    camera._last = 0.0
    camera._sink.setVideoFrame(QVideoFrame())
    assert len(seen) == 1, "a frame that holds nothing is none"


def test_a_camera_that_breaks_says_so_and_is_let_go(qapp):
    camera, told = SystemCamera(), []
    camera.failed.connect(lambda error: told.append((error.code, error.facts["reason"])))

    class Broken(QObject):
        errorOccurred = Signal()  # noqa: N815  (Qt's name)
        stopped = False

        def errorString(self):
            return "device busy"

        def stop(self):
            self.stopped = True

    device = Broken()
    device.errorOccurred.connect(camera._broken)
    camera._camera = device
    device.errorOccurred.emit()
    assert told == [("camera.broken", "device busy")]
    assert device.stopped
    assert camera._camera is None


def test_which_camera_and_which_picture_of_it():
    def camera(name, default=False):
        return SimpleNamespace(description=lambda: name, isDefault=lambda: default)

    front, document = camera("Integrated Camera"), camera("Logitech C920", default=True)
    assert device_named("", [front, document]) is document
    assert device_named("integrated", [front, document]) is front
    assert device_named("", [front]) is front
    assert device_named("elsewhere", [front, document]) is None
    assert device_named("", []) is None

    def kind(width, height, rate):
        return SimpleNamespace(resolution=lambda: QSize(width, height), maxFrameRate=lambda: rate)

    large, wide, fast = kind(3840, 2160, 30), kind(1920, 1080, 5), kind(1920, 1080, 30)
    assert best_format([kind(640, 480, 60), large, wide, fast]) is fast
    assert best_format([large]) is None, "the system's own choice then"


def test_a_photo_is_looked_at_before_it_is_used(context, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    panel = PhotoPanel(context, window)
    used, left = [], []
    panel.used.connect(used.append)
    panel.given_up.connect(lambda: left.append(True))
    window.show()
    panel.open_camera()
    take, again = panel.findChild(QPushButton, "photo_take"), panel.findChild(QPushButton, "photo_again")
    assert not take.isEnabled(), "nothing is seen yet"
    qtbot.waitUntil(take.isEnabled, timeout=PATIENCE_MS)
    qtbot.keyClick(panel, Qt.Key.Key_Space)
    assert "重拍" in panel.findChild(QLabel, "photo_told").text()
    assert used == []
    qtbot.keyClick(panel, Qt.Key.Key_Delete)
    assert not again.isVisibleTo(panel)
    qtbot.waitUntil(lambda: not panel.looking._last.isNull(), timeout=PATIENCE_MS)
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    [jpeg] = used
    assert QImage.fromData(jpeg).size() == QSize(640, 360)
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert left == [True]


def test_a_code_is_told_once_while_it_stays_in_sight(context, open_desk, qtbot, tmp_path):
    look_at(open_desk, tmp_path / "codes", code("ACF1/X"))
    parent = QObject()
    looking = Looking(context, parent, codes=True)
    seen = []
    looking.code_seen.connect(seen.append)
    looking.start()
    qtbot.waitUntil(lambda: looking._frames > 12, timeout=PATIENCE_MS)
    assert seen == ["ACF1/X"]
    looking.look_anew()
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=PATIENCE_MS)
    looking.stop()
    qtbot.waitUntil(lambda: not context.jobs.busy, timeout=PATIENCE_MS)


def test_the_nurse_photographs_at_the_desk_without_a_file_on_the_disk(
    desk_for, wei, open_desk, qtbot, tmp_path
):
    house = write_form(tmp_path / "forms", question("photo", "attachment", required=True))
    look_at(open_desk, tmp_path / "seen", scene())
    desk = desk_for("patient", wei, folder=house)
    desk.open("house")
    desk.key(Qt.Key.Key_P, desk.line("photo"))
    dialog = desk.view.findChild(PhotoDialog)
    take = dialog.findChild(QPushButton, "photo_take")
    qtbot.waitUntil(take.isEnabled, timeout=PATIENCE_MS)
    qtbot.keyClick(dialog.panel, Qt.Key.Key_Space)
    qtbot.keyClick(dialog.panel, Qt.Key.Key_Space)
    desk.settle()
    assert "照片_" in desk.model.lines()[0].files[0], desk.said
    desk.key(Qt.Key.Key_F9, desk.view)
    [file] = rows(open_desk, Attachment)
    assert open_desk.blobs.get(file.sha256)[:2] == b"\xff\xd8"
