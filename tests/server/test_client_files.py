"""Photos and signatures from a phone: told before they are read, stored by content, part of the response."""

import base64
import hashlib
import json
import os
import struct
import zlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.checkup.form_commands import AnswerForm
from domain.checkup.records import Attachment, QuestionnaireResponse
from domain.links import upload_commands
from domain.links.records import PersonLink
from forms.questionnaire_reader import parse_form
from forms.signing import picture_of
from server.pages import links
from tests.server.phone import Phone, a_client, handed_over

SIGNED = "http://hl7.org/fhir/StructureDefinition/questionnaire-signatureRequired"
FORM = {
    "resourceType": "Questionnaire", "url": "https://example.org/house", "version": "1.0.0", "title": "院内问卷",
    "status": "active", "extension": [{"url": SIGNED, "valueCodeableConcept": {"text": "本人"}}],
    "item": [
        {"linkId": "photo", "type": "attachment", "text": "血压单照片", "required": True, "repeats": True},
        {"linkId": "consent", "type": "boolean", "text": "同意用于研究", "required": True},
    ],
}  # fmt: skip
JPEG = b"\xff\xd8\xff\xe0"


def png():
    """A picture of four points, small and sound."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0\xff" * 2)) + chunk(b"IEND", b"")


def signature(points=20):
    told = {"png": "data:image/png;base64," + base64.b64encode(png()).decode()}
    return json.dumps({**told, "strokes": [[n % 97 for n in range(2 * points)]]})


@pytest.fixture(autouse=True)
def house(monkeypatch):
    real, form = links.take, parse_form(FORM)

    def take(connection, folder, name, *more):
        return links.Taken(form) if name == "house" else real(connection, folder, name, *more)

    monkeypatch.setattr(links, "take", take)


@pytest.fixture
def phone(server):
    patient = a_client(server)
    token, link = handed_over(server, patient, form="house", version="1.0.0")
    found = Phone(server, token)
    found.open()
    found.verify()
    found.open()
    found.patient, found.link = patient, link
    return found


def send(phone, content, name="血压单.jpg", at="photo", **head):
    from urllib.parse import quote

    head = {"x-file-name": quote(name), "content-type": "application/octet-stream", **head}
    return phone.http.post(f"{phone.url}/file", params={"at": at}, data=content, headers=head)


def rows(server, record, **wanted):
    conditions = [getattr(record, name) == value for name, value in wanted.items()]
    with server.centre.store.read() as connection:
        return connection.execute(select(record.__table__).where(*conditions)).all()


def stored(server):
    return set(server.centre.blobs.names())


def test_photos_and_a_signature_come_with_the_response(server, phone):
    one, two = JPEG + os.urandom(70_000), JPEG + os.urandom(500)
    for content, name, at in ((one, "血压单.jpg", "photo"), (two, "../../etc/passwd", "~files")):
        assert send(phone, content, name, at).json() == {"problem": ""}
    phone.open()
    assert "血压单.jpg" in phone.text()
    assert "../" not in phone.last.text, "a name is only a name"
    phone.answer("finish", consent="true")
    assert "还没有签名" in phone.text()
    phone.send(
        ("~page", 0), ("~go", "finish"), ("~asked", "consent"), ("consent", "true"), ("~sign:", signature())
    )
    assert "已提交" in phone.text()
    [response] = rows(server, QuestionnaireResponse, patient_id=phone.patient)
    files = rows(server, Attachment, subject_id=response.id)
    assert {row.sha256 for row in files} == {hashlib.sha256(content).hexdigest() for content in (one, two)}
    for row in files:
        assert len(server.centre.blobs.get(row.sha256)) == row.size
    [signed] = [one["valueSignature"] for one in response.answers["extension"] if "valueSignature" in one]
    assert picture_of(signed) == png()


def test_what_is_too_large_or_of_the_wrong_type_is_told_and_nothing_is_lost(server, phone):
    assert send(phone, JPEG + os.urandom(900)).json() == {"problem": ""}
    before = stored(server)
    kept = rows(server, PersonLink, id=phone.link)[0].draft
    large = send(phone, JPEG + bytes(20_000_001))
    assert large.status_code in (413, 422)
    assert "20.0 MB" in large.text
    for content in (
        b"MZ\x90\x00" + os.urandom(300),
        b"<html><script>alert(1)</script>",
        b"%!PS-Adobe" + bytes(100),
    ):
        told = send(phone, content, "照片.jpg")
        assert told.status_code == 422
        assert "只接受 JPEG 图片" in told.json()["problem"]
    assert "没有收到文件内容" in send(phone, b"").json()["problem"]
    assert "不能上传" in send(phone, JPEG + bytes(99), at="consent").json()["problem"]
    assert stored(server) == before
    assert rows(server, PersonLink, id=phone.link)[0].draft == kept
    assert not list((server.centre.blobs.root / "tmp").iterdir())


def test_a_file_is_taken_away_again(server, phone):
    for name in ("一.jpg", "二.jpg"):
        send(phone, JPEG + os.urandom(200), name)
    phone.send(("~page", 0), ("~drop", "photo|0"))
    assert "二.jpg" in phone.text()
    assert "一.jpg" not in phone.text()
    phone.send(("~page", 0), ("~drop", "photo|7"), ("~drop", "consent|0"), ("~drop", "x"))
    assert "二.jpg" in phone.text()


def test_nobody_without_the_birth_date_sends_a_file(server, phone):
    stranger = Phone(server, phone.url.rpartition("/")[2])
    before = stored(server)
    assert send(stranger, JPEG + os.urandom(200)).status_code == 422
    assert stored(server) == before


NO_PICTURE = json.dumps({"png": "data:image/png;base64,AAAA", "strokes": [[1] * 40]})
NO_NUMBERS = json.dumps({"png": "", "strokes": [["a"] * 40]})


@pytest.mark.parametrize("written", ["{}", "x", signature(3), NO_PICTURE, NO_NUMBERS])
def test_what_is_no_signature_is_told_and_the_earlier_one_stays(server, phone, written):
    phone.send(("~page", 0), ("~go", "stay"), ("~sign:", signature()))
    assert "已签名" in phone.last.text
    phone.send(("~page", 0), ("~go", "stay"), ("~sign:", written))
    assert "签名没有写完整" in phone.text() or "已签名" in phone.last.text
    [link] = rows(server, PersonLink, id=phone.link)
    assert base64.b64encode(png()).decode() in json.dumps(link.draft)
    phone.send(("~page", 0), ("~unsign", ""))
    assert "已签名" not in phone.last.text


def test_a_file_that_comes_while_an_answer_is_kept_is_not_swept_away(server, phone, monkeypatch):
    """The page is taken on what was there before the photo: it is taken again on what is there now."""
    from server.pages import form_page

    real, sent = form_page.take, []

    def take(*given):
        if not sent:
            server.clock.advance(__import__("datetime").timedelta(seconds=1))
            sent.append(send(phone, JPEG + os.urandom(300), "同时.jpg"))
        return real(*given)

    phone.answer("stay", consent="false")
    monkeypatch.setattr(form_page, "take", take)
    phone.answer("stay", consent="true")
    assert sent[0].json() == {"problem": ""}
    [link] = rows(server, PersonLink, id=phone.link)
    told = json.dumps(link.draft, ensure_ascii=False)
    assert "同时.jpg" in told
    assert '"valueBoolean": true' in told


def test_what_the_desk_handed_in_is_told_on_the_phone(server, phone):
    phone.answer("stay", consent="true")
    server.as_system(
        AnswerForm(patient_id=phone.patient, form="house", form_version="1.0.0", answers={"item": []})
    )
    assert phone.answer("finish", consent="true").status_code == 410
    assert "前台提交" in phone.text()
    assert "同意用于研究" in json.dumps(rows(server, PersonLink, id=phone.link)[0].draft, ensure_ascii=False)


def sweep(server):
    job = next(one for one in server.centre.housekeeping.jobs if one.name == "page_uploads")
    return job.work()


def test_what_was_never_handed_in_goes_after_its_time_and_what_was_handed_in_never(
    server, phone, monkeypatch
):
    given, left, kept = (JPEG + os.urandom(700) for _ in range(3))
    digest = {content: hashlib.sha256(content).hexdigest() for content in (given, left, kept)}
    assert send(phone, given).json() == {"problem": ""}
    phone.open()
    phone.send(
        ("~page", 0), ("~go", "finish"), ("~asked", "consent"), ("consent", "true"), ("~sign:", signature())
    )
    assert "已提交" in phone.text()

    def other(content, minutes):
        token, _ = handed_over(server, phone.patient, form="house", version="1.0.0", minutes=minutes)
        found = Phone(server, token)
        found.verify()
        assert send(found, content).json() == {"problem": ""}

    other(left, 60)
    now = server.centre.clock()
    monkeypatch.setattr(upload_commands, "KEPT", timedelta(seconds=0))
    sweep(server)
    assert digest[left] in stored(server), "the link is open: it may still be handed in"
    monkeypatch.setattr(upload_commands, "KEPT", timedelta(days=-1))  # as if it were tomorrow
    assert sweep(server) >= 1
    assert server.centre.clock() >= now
    assert digest[given] in stored(server)
    assert digest[left] not in stored(server)
    assert sweep(server) == 0
    monkeypatch.setattr(upload_commands, "KEPT", timedelta(days=30))
    other(kept, 60)
    assert sweep(server) == 0
    assert digest[kept] in stored(server)
