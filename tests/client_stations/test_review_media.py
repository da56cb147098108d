"""Pictures of a case at the desk: walked through by wheel and keys, measured in millimetres, refused when foreign."""

import dataclasses
import hashlib

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QLabel

from client.stations.review.case import AttachmentRow, CaseKey
from client.stations.review.case_reading import read_case
from client.stations.review.media.slides import Kept, Slide, nearest_first, slides_of
from client.stations.review.media.view import Stage
from client.stations.review.media.windows import Look, Measure
from client.stations.review.view import View
from client.stations.review.viewmodel import ViewModel
from forms.imaging.shapes import DICOM, Facts, Frame, Told
from forms.imaging.windowing import values_of
from sync.files import FileState
from sync.local_tables import blob_state
from tests.client_stations.review_fixtures import World, staffed
from tests.imaging.dicom_files import body, ct, dataset_of, ecg, file_of

NAME, BORN = "王建国", "19690412"


@pytest.fixture(scope="module")
def seat(tmp_path_factory, empty_store, authority, qapp):
    """A case with six CT slices, an ECG, a foreign image, a broken one, and one that has not come."""
    folder = tmp_path_factory.mktemp("media")
    world = World(folder, staffed(folder, empty_store, authority), authority)
    visit = world.years(now={"fpg": 6.7}, before=({"fpg": 5.4},))
    for n in (10, 2, 1, 3, 4, 5):
        world.attach(visit, f"胸部CT {n}.dcm", DICOM, content=ct(n, name=NAME, born=BORN))
    world.attach(visit, "心电图.dcm", DICOM, content=ecg(name=NAME, born=BORN))
    world.attach(visit, "错传.dcm", DICOM, content=ct(7, name="李强", series="1.2.9"))
    world.attach(visit, "坏.dcm", DICOM, content=ct(8, name=NAME, born=BORN, series="1.2.8")[:-4000])
    world.attach(visit, "未到.dcm", DICOM, size=9_000_000)
    world.report(visit, "second_review")
    model = ViewModel(world.context("chief"))
    case = read_case(world.desk, model.context.actor, CaseKey("visit", visit))
    stage = Stage(model, None)
    stage.addWidget(QLabel("results"))
    stage.resize(690, 560)
    stage.show()
    yield world, model, stage, case
    stage.close()
    model.close()
    stage.deleteLater()
    world.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def row_of(case, name):
    return next(row for row in case.attachments if row.name == name)


def look_at(qtbot, seat, name):
    _, model, stage, case = seat
    stage.open(case, row_of(case, name))
    canvas = stage.pane.canvas
    qtbot.waitUntil(
        lambda: not model.context.jobs.busy and (canvas._told is not None or canvas._red or canvas._sentence)
    )
    return stage.pane


def test_a_series_is_walked_through_in_the_order_of_the_body(qtbot, seat):
    pane = look_at(qtbot, seat, "胸部CT 1.dcm")
    qtbot.waitUntil(lambda: pane.model.place[1] == 6)
    assert pane.model.place == (1, 6)
    seen = [pane.canvas._told.facts.instance_number]
    for _ in range(7):
        qtbot.keyClick(pane.canvas, Qt.Key.Key_Down)
        seen.append(pane.canvas._told.facts.instance_number)
    assert seen == [1, 2, 3, 4, 5, 10, 10, 10]
    wheel(pane.canvas, 240)
    assert pane.canvas._told.facts.instance_number == 4
    assert NAME in pane.findChild(QLabel, "media_of").text()


def wheel(canvas, turned):
    at = QPointF(100, 100)
    QCoreApplication.sendEvent(
        canvas,
        QWheelEvent(
            at, canvas.mapToGlobal(at), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip


def test_the_window_stays_while_walking_and_what_is_drawn_follows_it(qtbot, seat):
    pane = look_at(qtbot, seat, "胸部CT 1.dcm")
    soft = pane.canvas.grab().toImage()
    qtbot.keyClick(pane.canvas, Qt.Key.Key_4)
    assert pane.look.window(pane.canvas.frame) == (-600.0, 1500.0)
    lung = pane.canvas.grab().toImage()
    assert soft != lung
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Down)
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert pane.look.window(pane.canvas.frame) == (-525.0, 1500.0)
    qtbot.keyClick(pane.canvas, Qt.Key.Key_R)
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Plus)
    assert (pane.look.turned, pane.look.zoom) == (90, 1.25)
    qtbot.keyClick(pane.canvas, Qt.Key.Key_0)
    assert (pane.look.turned, pane.look.zoom) == (0, 1.0)


def test_a_length_is_told_in_millimetres_where_two_places_are_clicked(qtbot, seat):
    pane = look_at(qtbot, seat, "胸部CT 1.dcm")
    qtbot.keyClick(pane.canvas, Qt.Key.Key_L)
    scale = min(pane.canvas.width(), pane.canvas.height()) / 128
    middle = QPoint(pane.canvas.width() // 2, pane.canvas.height() // 2)
    qtbot.mouseClick(pane.canvas, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseClick(pane.canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(round(20 * scale), 0))
    (measure,) = pane.look.measures[pane.model.slide.key]
    code, number = measure.value(pane.canvas._told.facts)
    assert (code, number) == ("length", pytest.approx(14.0, abs=0.2))  # 20 pixels of 0.7 mm
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Delete)
    assert pane.look.measures == {}
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Escape)
    assert pane.look.tool == ""


def test_an_ecg_is_measured_with_calipers(qtbot, seat):
    pane = look_at(qtbot, seat, "心电图.dcm")
    assert pane.canvas.is_wave
    mm = pane.canvas.mm
    for x, y in ((100, 100), (100 + round(25 * mm), 100 + round(10 * mm))):
        qtbot.mouseClick(pane.canvas, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    (measure,) = pane.look.measures[pane.model.slide.key]
    assert abs(measure.places[1][0] - measure.places[0][0]) == pytest.approx(25, abs=0.3)  # a second
    assert not pane.canvas.grab().isNull()


def test_an_image_of_somebody_else_is_refused_in_red(qtbot, seat):
    pane = look_at(qtbot, seat, "错传.dcm")
    assert pane.canvas._told is None
    assert pane.canvas._red
    assert "姓名与本例不符" in pane.canvas._sentence


def test_a_broken_file_is_told_and_the_next_one_is_shown(qtbot, seat):
    pane = look_at(qtbot, seat, "坏.dcm")
    assert "不完整" in pane.canvas._sentence
    assert look_at(qtbot, seat, "胸部CT 2.dcm").canvas._told is not None


def test_a_file_that_is_not_here_is_asked_for_and_shown_when_it_has_come(qtbot, seat):
    world, _, stage, case = seat
    content = ct(20, name=NAME, born=BORN, patient="P9")
    sha256 = hashlib.sha256(content).hexdigest()
    coming = AttachmentRow("新.dcm", sha256, DICOM, len(content), False, 0, FileState.ELSEWHERE, "")
    case = dataclasses.replace(case, attachments=(*case.attachments, coming))
    pane = stage.pane
    stage.open(case, coming)
    assert "在途" in pane.canvas._sentence

    def asked():
        with world.store.read() as connection:
            return connection.execute(blob_state.select().where(blob_state.c.sha256 == sha256)).first()

    qtbot.waitUntil(lambda: asked() is not None and asked().state == FileState.WANTED)
    world.desk.blobs.put([content])
    qtbot.waitUntil(lambda: pane.canvas._told is not None)


def test_a_file_of_gigabytes_is_not_even_read(qtbot, seat):
    world, _, stage, case = seat
    huge = dataclasses.replace(
        row_of(case, "胸部CT 1.dcm"), name="巨大.dcm", sha256="0" * 64, size=2 << 30, here=True
    )
    stage.open(dataclasses.replace(case, attachments=(*case.attachments, huge)), huge)
    qtbot.waitUntil(lambda: "太大" in stage.pane.canvas._sentence)
    assert not world.desk.blobs.has(huge.sha256)


def test_frames_of_one_file_are_pages_of_a_series(qtbot, seat):
    world, _, stage, case = seat
    content = file_of(
        dataset_of(np.stack([body(64, n) for n in range(4)]), name=NAME, born=BORN, series="1.2.7")
    )
    sha256 = world.desk.blobs.put([content])
    many = dataclasses.replace(
        row_of(case, "胸部CT 1.dcm"), name="多帧.dcm", sha256=sha256, size=len(content)
    )
    stage.open(dataclasses.replace(case, attachments=(many,)), many)
    qtbot.waitUntil(lambda: stage.pane.model.place == (1, 4))
    qtbot.keyClick(stage.pane.canvas, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: stage.pane.canvas._slide is not None and stage.pane.canvas._slide.index == 3)


def test_a_file_opens_in_the_systems_viewer_as_well(qtbot, seat):
    _, model, _, _ = seat
    pane = look_at(qtbot, seat, "坏.dcm")
    with qtbot.waitSignal(model.looking.file_ready) as ready:
        qtbot.keyClick(pane.canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert ready.args[0].name.endswith("坏.dcm")


def test_leaving_forgets_what_was_decoded(qtbot, seat):
    _, model, stage, _ = seat
    look_at(qtbot, seat, "胸部CT 1.dcm")
    qtbot.keyClick(stage.pane.canvas, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not model.context.jobs.busy)
    assert stage.currentIndex() == 0
    assert model.media.kept_bytes() == 0


def row(name, sha256="", media_type=DICOM):
    return AttachmentRow(name, sha256 or name, media_type, 1, True, 1, "", "")


def test_order_memory_and_measures_without_a_window():
    rows = [row("b10"), row("b9"), row("照片.jpg", media_type="image/jpeg")]
    assert [s.row.name for s in slides_of(rows, {})] == ["b9", "b10", "照片.jpg"]
    known = {
        "b9": Facts(kind="image", series_uid="s", position=5.0),
        "b10": Facts(kind="image", series_uid="s", position=1.0, frames=1),
    }
    assert [s.row.name for s in slides_of(rows, known)] == ["b10", "b9", "照片.jpg"]
    many = [Slide(row(str(n)), 0, "s") for n in range(9)]
    assert [s.row.name for s in nearest_first(many, 4, 1)][:5] == ["4", "5", "6", "3", "7"]
    kept = Kept(most_bytes=3 * 8)
    for slide in (many[8], many[4], many[5], many[6]):
        frame = Frame(rows=2, columns=2, form="i2", pixels=bytes(8))
        kept.put(slide, Told(frame=frame), nearest_first(many, 4, 1))
    assert kept.bytes == 24
    assert kept.get(many[8]) is None
    flat = Facts(kind="image")
    assert Measure("length", ((0, 0), (3, 4))).value(flat) == ("pixels", 5)
    detector = Facts(kind="image", spacing=(0.2, 0.2), spacing_kind="detector")
    assert Measure("length", ((0, 0), (3, 4))).value(detector) == ("detector", pytest.approx(1.0))
    look = Look()
    look.zoom_by(1e9)
    assert look.zoom == 20
    assert values_of(Frame(rows=1, columns=2, form="i2", pixels=bytes(4))).shape == (1, 2)
    assert file_of(dataset_of(body(8)))


def test_the_bar_of_keys_fits_a_small_screen(seat):
    _, model, _, _ = seat
    view = View(model)
    view.resize(1366, 720)
    view.show()
    assert view.width() == 1366
    view.close()
    view.deleteLater()
