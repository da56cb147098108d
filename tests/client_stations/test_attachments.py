"""Files by hand: chosen or dropped, known by their content, told at once, on the disk first; removed by reason."""

import dataclasses
import warnings

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QListWidget, QPlainTextEdit

from client.attaching import attach_file, look_at
from client.attachments.view import AttachmentsDialog
from client.command_dialog.view import CommandDialog
from domain.checkup.records import Attachment, AttachmentRemoval
from domain.kernel.errors import DomainError, UnavailableError
from domain.outgoing.records import Outgoing, OutgoingEnd
from sync.local_tables import blob_state
from tests.client_stations.test_front_desk_models import rows
from tests.client_stations.test_front_desk_screen import find, known, opened, press, view  # noqa: F401

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"
DICOM = bytes(128) + b"DICM" + bytes(200)


@pytest.fixture
def files(tmp_path):
    """Files as they lie about: two good ones, one that only calls itself a picture."""
    folder = tmp_path / "scans"
    folder.mkdir()
    picture = QImage(60, 40, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.darkGreen)
    picture.save(str(folder / "心电图.png"))
    (folder / "胸片").write_bytes(DICOM)
    (folder / "报告.pdf").write_bytes(PDF)
    (folder / "病毒.png").write_bytes(b"MZ" + bytes(400))
    (folder / "空.pdf").write_bytes(b"")
    return folder


@pytest.fixture
def dialog(opened, qtbot):  # noqa: F811
    press(qtbot, opened, Qt.Key.Key_Escape)
    qtbot.keyClick(opened, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    found = find(opened, AttachmentsDialog, "attachments_dialog")
    qtbot.waitUntil(found.isActiveWindow)
    yield found
    found.reject()


def note(dialog):
    return dialog.findChild(QLabel, "attachments_note").text()


def shown(dialog):
    listed = dialog.findChild(QListWidget, "attachments_list")
    return [listed.item(n).text() for n in range(listed.count())]


def choose(qtbot, dialog, *paths):
    """Ctrl+O, then type the names as one does in any file dialog."""
    qtbot.keyClick(dialog, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    chooser = dialog.findChild(QFileDialog, "file_dialog")
    qtbot.waitUntil(chooser.isActiveWindow)
    line = chooser.findChild(QLineEdit, "fileNameEdit")
    line.setFocus()
    text = " ".join(f'"{path}"' for path in paths) if len(paths) > 1 else str(paths[0])
    if text.isascii():
        qtbot.keyClicks(line, text)  # also through the list of likely names that opens below
    else:
        line.setText(text)
    QTest.keyClick(QApplication.focusWindow(), Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("心电图.png", "image/png"), ("胸片", "application/dicom"), ("报告.pdf", "application/pdf")],
)
def test_a_file_is_what_its_content_says(files, name, media_type):
    assert look_at(files / name).media_type == media_type


def test_what_cannot_be_added_is_told_before_anything_is_copied(files, station_desk, nurse):
    for name, code in (("病毒.png", "attachment.kind"), ("空.pdf", "attachment.empty")):
        with pytest.raises(DomainError) as refused:
            attach_file(station_desk, nurse, None, files / name)
        assert refused.value.code == code
    large = files / "大.png"
    large.write_bytes((files / "心电图.png").read_bytes()[:100])
    with large.open("r+b") as file:
        file.truncate((20 << 20) + 1)  # a hole: it takes no room
    with pytest.raises(DomainError) as refused:
        look_at(large)
    assert (refused.value.code, refused.value.facts["most_mib"]) == ("attachment.too_large", 20)
    with pytest.raises(UnavailableError) as missing:
        look_at(files / "没有.pdf")
    assert missing.value.code == "attachment.unreadable"
    assert not list(station_desk.blobs.names())


def test_a_file_is_refused_while_there_is_little_room_and_records_are_kept(files, station_desk, nurse):
    station_desk.settings = dataclasses.replace(
        station_desk.settings, least_free_mib=(station_desk.blobs.free_bytes() >> 20) + 100_000
    )
    with pytest.raises(UnavailableError) as refused:
        attach_file(station_desk, nurse, None, files / "报告.pdf")
    said = station_desk.texts.explain(refused.value)
    assert "MB" in said
    assert "体检记录照常保存" in said
    assert not list(station_desk.blobs.names())
    assert station_desk.blobs.put([b"a signature"]), "what belongs to a record is kept"


def test_what_is_added_lies_sealed_on_the_disk(files, station_desk, nurse):
    station_desk.blobs.put([PDF])
    assert all(PDF[:40] not in p.read_bytes() for p in station_desk.home.blobs.rglob("*") if p.is_file())


def test_files_are_added_by_keys_and_each_refusal_is_told(dialog, files, station_desk, qtbot):
    choose(qtbot, dialog, files / "心电图.png", files / "病毒.png")
    qtbot.waitUntil(lambda: len(shown(dialog)) == 1)
    qtbot.waitUntil(lambda: "已添加 1 个文件" in note(dialog))
    assert "“病毒.png”不是可以添加的文件（按内容判断，不看文件名）" in note(dialog)
    assert "在途" in shown(dialog)[0]
    [kept] = rows(station_desk, Attachment)
    assert (kept.media_type, kept.name, kept.added_by is not None) == ("image/png", "心电图.png", True)
    assert station_desk.blobs.get(kept.sha256) == (files / "心电图.png").read_bytes()
    qtbot.waitUntil(lambda: dialog.findChild(QLabel, "attachments_preview").pixmap().width() > 60)


def test_names_are_typed_in_the_dialog(dialog, files, station_desk, qtbot):
    plain = [files.parent / "a.dcm", files.parent / "b.dcm"]
    for number, path in enumerate(plain):
        path.write_bytes(DICOM + bytes([number]))
    choose(qtbot, dialog, *plain)
    qtbot.waitUntil(lambda: len(rows(station_desk, Attachment)) == 2)


def test_a_duplicate_is_told_and_a_file_at_the_centre_is_shown_so(dialog, files, station_desk, qtbot):
    dialog.model.add([files / "报告.pdf"])
    qtbot.waitUntil(lambda: "已添加" in note(dialog))
    copy = files / "另一个名字.pdf"
    copy.write_bytes(PDF)
    dialog.model.add([copy])
    qtbot.waitUntil(lambda: "没有重复添加" in note(dialog))
    assert "内容与“报告.pdf”相同" in note(dialog)
    [kept] = rows(station_desk, Attachment)
    with station_desk.store.write() as connection:
        connection.execute(
            blob_state.insert(),
            {"sha256": kept.sha256, "size": kept.size, "lane": 3, "state": "confirmed", "sent": kept.size},
        )
    qtbot.waitUntil(lambda: "✓ 已到总院" in shown(dialog)[0])


def test_a_file_is_dropped_on_the_desk(opened, files, station_desk, qtbot):  # noqa: F811
    carried = QMimeData()
    carried.setUrls([QUrl.fromLocalFile(str(files / "胸片"))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the event Qt itself makes has no other maker
        enter = QDragEnterEvent(
            opened.rect().center(), Qt.DropAction.CopyAction, carried, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
    QApplication.sendEvent(opened, enter)
    assert enter.isAccepted()
    drop = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        carried,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(opened, drop)
    dialog = find(opened, AttachmentsDialog, "attachments_dialog")
    qtbot.waitUntil(lambda: "DICOM 影像" in "".join(shown(dialog)))
    [kept] = rows(station_desk, Attachment)
    assert (kept.media_type, kept.lane) == ("application/dicom", 4)
    dialog.reject()


def test_removal_needs_a_reason_and_keeps_the_record(dialog, files, station_desk, qtbot):
    dialog.model.add([files / "报告.pdf"])
    qtbot.waitUntil(lambda: len(shown(dialog)) == 1)
    qtbot.keyClick(dialog, Qt.Key.Key_Delete)
    form = dialog.findChild(CommandDialog, "command_dialog")
    qtbot.waitUntil(form.isActiveWindow)
    qtbot.keyClick(form, Qt.Key.Key_F9)
    assert "撤下原因" in form.findChild(QLabel, "note_reason").text()
    form.findChild(QPlainTextEdit, "field_reason").setPlainText("传错客户")
    qtbot.keyClick(form, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: shown(dialog) == [])
    assert rows(station_desk, AttachmentRemoval)[0].reason == "传错客户"
    assert len(rows(station_desk, Attachment)) == 1


def test_opening_elsewhere_is_on_record_first(dialog, files, station_desk, qtbot, monkeypatch):
    opened_files = []
    monkeypatch.setattr("client.attachments.view.QDesktopServices.openUrl", opened_files.append)
    dialog.model.add([files / "报告.pdf"])
    qtbot.waitUntil(lambda: len(shown(dialog)) == 1)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(opened_files))
    assert [(o.kind, o.what) for o in rows(station_desk, Outgoing) if o.destination == "viewer"] == [
        ("document", "报告.pdf")
    ]


def test_a_saved_copy_is_whole_and_on_record_and_so_is_a_failure(
    dialog, files, station_desk, qtbot, tmp_path
):
    dialog.model.add([files / "报告.pdf"])
    qtbot.waitUntil(lambda: len(shown(dialog)) == 1)
    dialog.model.save(0, tmp_path / "副本.pdf")
    qtbot.waitUntil(lambda: "已保存到" in note(dialog))
    assert (tmp_path / "副本.pdf").read_bytes() == PDF
    dialog.model.save(0, tmp_path / "没有这个目录" / "副本.pdf")
    qtbot.waitUntil(lambda: "副本.pdf" in note(dialog) and "已保存到" not in note(dialog))
    assert [o.destination for o in rows(station_desk, Outgoing) if o.kind == "document"] == ["file", "file"]
    assert [e.result for e in rows(station_desk, OutgoingEnd)][-2:] == ["done", "failed"]
