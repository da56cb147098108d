"""Photos, signatures and corrections on the form page: told before anything is read, part of the response, kept."""
# ruff: noqa: F811  (fixtures of another module)

import hashlib
import os
import warnings

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QWidget
from sqlalchemy import update

from client.command_dialog.view import CommandDialog
from client.pages.form.viewmodel import FILLING, RESULT
from client.pages.record.viewmodel import read_sheet
from client.views.signature import SignaturePad
from domain.checkup.form_commands import AnswerForm
from domain.checkup.records import Attachment, QuestionnaireResponse
from domain.kernel.authority import system_actor
from domain.links.commands import FinishLink, HandOverForm, SaveLinkDraft
from domain.links.records import PersonLink
from forms.nodes import Place
from forms.signing import STROKES, picture_of
from sync.blobs import BlobStore
from sync.files import FileState
from sync.identity import set_progress
from sync.local_tables import blob_state
from sync.response_state import response_sending
from tests.client import seeding
from tests.client.test_form_page import (  # noqa: F401
    PATIENCE_MS,
    desk_for,
    draft_key,
    question,
    rows,
    wei,
    write_form,
)

SIGNED = "http://hl7.org/fhir/StructureDefinition/questionnaire-signatureRequired"


def jpeg(path):
    """A sound little photo, each another one."""
    picture = QImage(40, 30, QImage.Format.Format_RGB32)
    picture.fill(QColor(*os.urandom(3)))
    picture.save(str(path), "JPG")
    return path


@pytest.fixture
def house(tmp_path):
    photo = question("photo", "attachment", required=True, repeats=True)
    signed = [{"url": SIGNED, "valueCodeableConcept": {"text": "本人"}}]
    consent = question("consent", "boolean", required=True, extension=signed)
    return write_form(tmp_path / "forms", photo, consent)


def drop(widget, *paths):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the event Qt itself makes has no other maker
        enter = QDragEnterEvent(QPoint(20, 20), Qt.DropAction.CopyAction, mime, left, none)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, mime, left, none))


def sign(desk, name):
    pad = desk.view.findChild(QWidget, name).findChild(SignaturePad)
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(30, 40))
    for step in range(20):
        QTest.mouseMove(pad, QPoint(30 + 8 * step, 40 + (step % 5) * 9))
        # a synthetic move carries no button on the offscreen platform
        pad._go_on(QPointF(30 + 8 * step, 40 + (step % 5) * 9))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(180, 60))
    desk.settle()
    return pad


def test_photos_and_a_signature_are_part_of_the_response(desk_for, wei, house, tmp_path, open_desk, home):
    desk = desk_for("patient", wei, folder=house)
    desk.open("house")
    first, second = jpeg(tmp_path / "血压单.jpg"), jpeg(tmp_path / "药盒.jpg")
    drop(desk.line("photo"), first, second)
    desk.settle()
    assert "血压单.jpg" in desk.model.lines()[0].files[0]
    desk.key(Qt.Key.Key_1, desk.line("consent"))
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == FILLING, "it is not signed"
    assert "签名" in desk.text("consent~sign", "problem")
    sign(desk, "line_consent~sign")
    drop(desk.line("~files"), jpeg(tmp_path / "化验单.jpg"))
    desk.qtbot.waitUntil(lambda: desk.model.filling.session.attached() != (), timeout=PATIENCE_MS)
    desk.settle()
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said
    [response] = rows(open_desk, QuestionnaireResponse)
    files = rows(open_desk, Attachment)
    assert {row.name for row in files} == {"血压单.jpg", "药盒.jpg", "化验单.jpg"}
    assert {row.subject_id for row in files} == {response.id}
    for row in files:
        assert hashlib.sha256(open_desk.blobs.get(row.sha256)).hexdigest() == row.sha256
    consent = next(one for one in response.answers["item"] if one["linkId"] == "consent")
    [signature] = [one["valueSignature"] for one in consent["extension"]]
    assert not QImage.fromData(picture_of(signature)).isNull()
    assert signature["extension"][0]["url"] == STROKES
    told = desk.view.findChild(QLabel, "form_sending").text()
    assert "没有送到" in told or "未连接" in told


def test_a_photo_of_50_mb_and_one_that_is_none_are_told_and_nothing_is_lost(
    desk_for,
    wei,
    house,
    tmp_path,
    home,
):
    desk = desk_for("patient", wei, folder=house)
    desk.open("house")
    big = tmp_path / "大图.jpg"
    big.write_bytes(b"\xff\xd8\xff\xe0")
    os.truncate(big, 50_000_000)
    virus = tmp_path / "照片.jpg"
    virus.write_bytes(b"MZ" + bytes(300))
    good = jpeg(tmp_path / "好.jpg")
    desk.model.add_files(Place("photo"), [big, virus, good])
    desk.settle()
    assert any("50.0 MB" in said and "20.0 MB" in said for said in desk.said)
    assert any("不接受" in said and "JPEG" in said for said in desk.said)
    assert [one.split("　")[0] for one in desk.model.lines()[0].files] == ["好.jpg"], "the good one was taken"
    assert len(list(BlobStore(home.blobs).names())) == 1, "what is refused is not read"
    desk.key(Qt.Key.Key_Delete, desk.line("photo"))
    assert desk.model.lines()[0].files == ()


def test_the_draft_keeps_files_and_signature(desk_for, wei, house, tmp_path):
    desk = desk_for("patient", wei, folder=house)
    desk.open("house")
    desk.model.add_files(Place("photo"), [jpeg(tmp_path / "一.jpg")])
    desk.settle()
    desk.key(Qt.Key.Key_1, desk.line("consent"))
    sign(desk, "line_consent~sign")
    again = desk_for("patient", wei, folder=house)
    again.open("house")
    lines = {line.place.link_id: line for line in again.model.lines()}
    assert "一.jpg" in lines["photo"].files[0]
    assert not QImage.fromData(lines["consent~sign"].picture).isNull()
    again.key(Qt.Key.Key_Delete, again.line("consent~sign"))
    assert not {line.place.link_id: line for line in again.model.lines()}["consent~sign"].picture


def test_it_is_sent_only_when_the_centre_has_every_file(
    desk_for, wei, house, tmp_path, open_desk, context_for
):
    desk = desk_for("patient", wei, folder=house)
    desk.open("house")
    desk.model.add_files(Place("photo"), [jpeg(tmp_path / "一.jpg"), jpeg(tmp_path / "二.jpg")])
    desk.settle()
    desk.key(Qt.Key.Key_1, desk.line("consent"))
    sign(desk, "line_consent~sign")
    desk.key(Qt.Key.Key_F9)
    [response] = rows(open_desk, QuestionnaireResponse)
    store = open_desk.store

    def now():
        with store.read() as connection:
            return response_sending(connection, response.id)

    assert (now().answers, now().files, now().confirmed, now().is_sent) == (False, 2, 0, False)
    with store.write() as connection:
        set_progress(connection, acked_seq=10_000)
    assert (now().answers, now().is_sent) == (True, False), "the answers alone are not the response"
    names = [row.sha256 for row in rows(open_desk, Attachment)]
    with store.write() as connection:
        for name in names:
            row = {"sha256": name, "size": 2004, "lane": 3, "state": FileState.CONFIRMED, "sent": 2004}
            connection.execute(blob_state.insert(), row)
        last = blob_state.c.sha256 == names[1]
        connection.execute(update(blob_state).where(last).values(state=FileState.WAITING, sent=1000))
    assert (now().confirmed, now().is_sent) == (1, False)
    with store.write() as connection:
        connection.execute(update(blob_state).values(state=FileState.CONFIRMED))
    assert now().is_sent
    context, _ = context_for("nurse")
    sheet = read_sheet(context, QuestionnaireResponse, response.id)
    [state] = [one.text for one in sheet.values if one.name == "sending"]
    assert "已发送" in state or "未连接" in state


PHONE = system_actor(seeding.BRANCH, seeding.DEVICE, "客户本人")


def handed_over(open_desk, wei):
    order = HandOverForm(patient_id=wei, form="phq9", form_version="1.0.0", token_sha256="a" * 64)
    return open_desk.dispatcher.run(order, system_actor(seeding.BRANCH, seeding.DEVICE)).receipt


def answer_all(desk, digit):
    from tests.client.test_form_page import answer_all as by_keys

    by_keys(desk, digit)


def give_reason(desk, qtbot, words):
    qtbot.waitUntil(lambda: desk.view.findChild(CommandDialog) is not None, timeout=PATIENCE_MS)
    dialog = desk.view.findChild(CommandDialog)
    dialog.findChild(QPlainTextEdit).setPlainText(words)
    dialog._send()
    desk.settle()


def test_what_came_in_on_the_phone_first_is_corrected_with_a_reason(desk_for, wei, open_desk, qtbot):
    link = handed_over(open_desk, wei)
    desk = desk_for("patient", wei)
    desk.open("phq9")
    answer_all(desk, Qt.Key.Key_2)
    answers = desk.model.filling.session.response(open_desk.clock())
    open_desk.dispatcher.run(
        FinishLink(link_id=link, answers={**answers, "item": answers["item"][:1]}), PHONE
    )
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == FILLING
    assert any("手机上提交" in said for said in desk.said)
    desk.key(Qt.Key.Key_F9)
    give_reason(desk, qtbot, "客户当面核对，以前台为准")
    assert desk.model.stage == RESULT, desk.said
    first, second = rows(open_desk, QuestionnaireResponse)
    assert second.amends == first.id
    assert second.reason == "客户当面核对，以前台为准"


def test_what_is_left_on_the_phone_is_taken_over_as_a_correction(desk_for, wei, open_desk, qtbot):
    link = handed_over(open_desk, wei)
    desk = desk_for("patient", wei)
    desk.open("phq9")
    answer_all(desk, Qt.Key.Key_2)
    draft = desk.model.filling.session.draft(open_desk.clock())
    open_desk.dispatcher.run(SaveLinkDraft(link_id=link, draft=draft), PHONE)
    desk.key(Qt.Key.Key_Backspace, desk.line("effect"))
    desk.key(Qt.Key.Key_1, desk.line("effect"))
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said
    [kept] = [row for row in rows(open_desk, PersonLink) if row.id == link]
    assert kept.settled_by is not None
    left = desk_for("person_link", link)
    assert left.model.stage == FILLING, "it opens at once, with what the phone has"
    left.key(Qt.Key.Key_F9)
    if left.model.stage == FILLING and left.view.findChild(CommandDialog) is None:
        left.key(Qt.Key.Key_F9)
    give_reason(left, qtbot, "客户手机填写的更准确")
    first, second = rows(open_desk, QuestionnaireResponse)
    assert second.amends == first.id


def test_answers_may_not_name_a_file_that_is_too_large_or_none_of_ours(open_desk, wei):
    from domain.kernel.errors import DomainError

    def order(**more):
        file = {"contentType": "image/jpeg", "url": "urn:sha256:" + "0" * 64, "size": 10, **more}
        item = {"linkId": "photo", "answer": [{"valueAttachment": file}]}
        return AnswerForm(patient_id=wei, form="house", form_version="1", answers={"item": [item]})

    actor = system_actor(seeding.BRANCH, seeding.DEVICE)
    for bad in ({"size": 50_000_000}, {"contentType": "text/html"}, {"url": "urn:sha256:zz"}, {"size": "9"}):
        with pytest.raises(DomainError) as refused:
            open_desk.dispatcher.run(order(**bad), actor)
        assert refused.value.code == "form.file_refused"
    assert rows(open_desk, QuestionnaireResponse) == []
    open_desk.dispatcher.run(order(url="https://elsewhere.example/1.jpg"), actor)
    assert rows(open_desk, Attachment) == []
