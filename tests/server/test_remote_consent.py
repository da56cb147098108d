"""A client signs on a phone: known by two facts, part after part, what was shown; a witness makes it count."""

import base64
import hashlib
import html
import json
import re
import secrets

import pypdfium2
import pytest

from domain.consent.commands import PublishConsent
from domain.consent.records import Consent, ConsentFile, ConsentUse, SignerRelation
from domain.consent.remote_commands import AnswerRemoteConsent, CloseRemoteConsent, SendRemoteConsent
from domain.consent.remote_records import RemoteConsent
from domain.consent.uses import consent_allows
from domain.kernel.errors import DomainError
from domain.links.records import PersonLink
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.studies.subject_commands import EnrolClient
from forms.consenting.envelope import is_locked
from forms.consenting.remote import check_remote, witness_remote
from forms.consenting.signing import verify_consent
from tests.server.phone import Phone
from tests.server.studying import BORN, STROKES, a_study, hand, rows

TYPED, DIGITS = "19900307", "002x"
LONG = (
    "# 研究目的\n"
    + "了解体检人群的代谢健康。" * 60
    + "\n# 您的权利\n- 可以随时退出。\n"
    + "标本编码保存。" * 90
)


@pytest.fixture(scope="module")
def made(server):
    return a_study(server, name="王远程", body=LONG)


def sent(server, made, hours=24, **facts):
    token = secrets.token_urlsafe(16)
    order = SendRemoteConsent(
        subject_id=made.subject, signer_name="王远程", relation=SignerRelation.SELF, valid_hours=hours,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(), **facts,
    )  # fmt: skip
    return Phone(server, token), server.as_system(order).remote_id


def remote(server, remote_id):
    return next(one for one in rows(server, RemoteConsent) if one.id == remote_id)


def signature():
    png = "data:image/png;base64," + base64.b64encode(hand()).decode()
    return json.dumps({"png": png, "strokes": STROKES})


def read_all(phone):
    """Turn every part as the page offers it; returns how many there were."""
    parts = 0
    while 'value="next"' in phone.last.text:
        parts += 1
        phone.send(("~page", phone.page()), ("~go", "next"))
    return parts


def choose(phone, no=(), understood=True):
    uses = re.findall(r'name="use-([a-z]+)" value="yes"', phone.last.text)
    pairs = [(f"use-{use}", "no" if use in no else "yes") for use in uses]
    pairs += [("understood", "yes")] if understood else []
    return phone.send(("~page", phone.page()), ("~go", "choose"), *pairs)


def digest_of(phone):
    return re.search(r'name="shown" value="([0-9a-f]{64})"', phone.last.text)[1]


def at_the_signature(server, made, **facts):
    phone, remote_id = sent(server, made, **facts)
    phone.open()
    phone.send(birth_date=TYPED, digits=DIGITS)
    read_all(phone)
    choose(phone, no=("genetic",))
    return phone, remote_id


def test_nobody_reads_it_without_birth_date_and_last_digits(server, made):
    phone, remote_id = sent(server, made)
    assert "最后 4 位" in phone.open().text
    assert "代谢" not in phone.last.text, "what it is about is told to nobody yet"
    assert "最后 4 位" in phone.send(birth_date=TYPED, digits="12").text, "no digits at all are no wrong try"
    for left in (4, 3):
        phone.send(birth_date=TYPED, digits="1234")
        assert f"还可以再试 {left} 次" in phone.last.text
    phone.send(birth_date="19900308", digits=DIGITS)
    phone.send(birth_date=TYPED, digits="1234")
    assert phone.send(birth_date=TYPED, digits="1234").status_code == 410
    assert "已作废" in phone.send(birth_date=TYPED, digits=DIGITS).text
    assert remote(server, remote_id).state == "sent"


def test_it_is_read_in_order_each_use_is_answered_and_exactly_what_is_shown_is_signed(server, made):
    phone, remote_id = sent(server, made)
    phone.open()
    phone.send(birth_date=TYPED, digits=DIGITS)
    assert "研究目的" in phone.last.text
    phone.open(page=9)
    assert phone.page() == 0, "nothing is skipped"
    phone.send(("~page", 0), ("~go", "choose"))
    assert remote(server, remote_id).shown is None
    assert phone.open().status_code == 200
    assert read_all(phone) >= 2
    assert choose(phone, understood=False).status_code == 422
    assert "分别选择" in phone.last.text
    assert phone.send(("~page", phone.page()), ("~go", "choose"), ("understood", "yes")).status_code == 422
    choose(phone, no=("genetic",))
    digest = digest_of(phone)
    kept = remote(server, remote_id)
    assert (kept.shown_sha256, "genetic" in kept.uses, "collect" in kept.uses) == (digest, False, True)
    assert is_locked(kept.shown)
    pictures = re.findall(r"data:image/png;base64,([^\"]+)", phone.last.text)
    original = phone.http.get(f"{phone.url}/consent.pdf").content
    assert hashlib.sha256(original).hexdigest() == digest
    assert len(pictures) == len(pypdfium2.PdfDocument(original))
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(original))
    assert "王远程" in text
    assert "会签" in text

    phone.send(("~page", phone.page()), ("~go", f"back{phone.page() - 1}"))
    choose(phone, no=("genetic", "recontact"))
    newer = digest_of(phone)
    assert newer != digest
    phone.send(("~page", phone.page()), ("~go", "sign"), ("shown", digest), ("~sign:hand", signature()))
    assert "不一致" in phone.text(), "what was on the screen before is not signed"
    assert remote(server, remote_id).state == "sent"
    phone.open()
    phone.send(("~page", phone.page()), ("~go", "sign"), ("shown", newer), ("~sign:hand", ""))
    assert "签名后再提交" in phone.text()
    phone.send(("~page", phone.page()), ("~go", "sign"), ("shown", newer), ("~sign:hand", signature()))
    assert "已签署" in phone.text()
    kept = remote(server, remote_id)
    assert (kept.state, kept.shown) == ("signed", None)
    assert is_locked(kept.content)
    assert "已经提交" in phone.open().text
    assert rows(server, Consent) == [], "nothing counts before it was witnessed"

    desk = server.centre.dispatcher
    found = check_remote(desk, made.actor, remote_id)[1]
    assert found.sound
    assert found.evidence["identity"]["last_digits"] == "matched"
    assert len(found.evidence["read"]) >= 2
    consent_id = witness_remote(desk, made.actor, remote_id)
    [consent], [file] = rows(server, Consent), rows(server, ConsentFile)
    assert (consent.id, consent.way, consent.proof) == (consent_id, "phone", "birth_date")
    assert (consent.shown_sha256, consent.signed_at) == (newer, kept.signed_at)
    assert is_locked(file.content)
    checked, content = verify_consent(desk, made.actor, consent_id)
    assert checked.faults == ()
    assert [one.field for one in checked.seals] == ["Consent", "Witness"]
    assert hashlib.sha256(content[: consent.shown_bytes]).hexdigest() == newer
    assert remote(server, remote_id).content is None
    with server.centre.store.read() as connection:
        assert consent_allows(connection, made.subject, ConsentUse.COLLECT, server.clock()).allowed
        assert (
            consent_allows(connection, made.subject, ConsentUse.GENETIC, server.clock()).code
            == "consent.not_agreed"
        )
    with pytest.raises(DomainError, match=r"file_missing|wrong_state"):
        witness_remote(desk, made.actor, remote_id)


def test_something_put_behind_the_witness_or_between_is_seen(server, made):
    phone, remote_id = at_the_signature(server, made)
    phone.send(
        ("~page", phone.page()), ("~go", "sign"), ("shown", digest_of(phone)), ("~sign:hand", signature())
    )
    desk = server.centre.dispatcher
    with server.centre.store.write() as connection:
        table = RemoteConsent.__table__
        changed = bytearray(remote(server, remote_id).content)
        changed[len(changed) // 2] ^= 1
        connection.execute(table.update().where(table.c.id == remote_id).values(content=bytes(changed)))
    with pytest.raises(DomainError, match=r"consent\.lock_broken"):
        witness_remote(desk, made.actor, remote_id)


def test_a_question_stops_the_signing_until_it_is_answered(server, made):
    phone, remote_id = at_the_signature(server, made)
    digest = digest_of(phone)
    phone.send(("~go", "ask"), ("question", "退出后 <b>标本</b> 怎么办？"))
    assert "已送达" in phone.text()
    assert html.escape("<b>标本</b>") in phone.last.text
    assert (remote(server, remote_id).state, remote(server, remote_id).question) == (
        "asked",
        "退出后 <b>标本</b> 怎么办？",
    )
    phone.send(("~go", "sign"), ("shown", digest), ("~sign:hand", signature()))
    assert remote(server, remote_id).state == "asked"
    server.as_system(AnswerRemoteConsent(remote_id=remote_id, answer="全部冻结，不再使用。"))
    assert "全部冻结" in phone.open().text
    phone.send(("~page", phone.page()), ("~go", "sign"), ("shown", digest), ("~sign:hand", signature()))
    assert remote(server, remote_id).state == "signed"


def test_no_is_an_answer_and_a_closed_old_or_expired_link_opens_nothing(server, made):
    phone, remote_id = at_the_signature(server, made)
    phone.send(("~go", "refuse"), ("question", "不放心"))
    assert "不同意" in phone.text()
    assert (remote(server, remote_id).state, remote(server, remote_id).reason) == ("refused", "不放心")
    assert phone.open().status_code == 410

    first, first_id = sent(server, made)
    second, second_id = sent(server, made)
    assert first.open().status_code == 410
    assert (remote(server, first_id).state, remote(server, second_id).state) == ("closed", "sent")
    server.as_system(CloseRemoteConsent(remote_id=second_id, reason="改为现场签署"))
    assert second.open().status_code == 410

    late, _ = sent(server, made, hours=1)
    from datetime import timedelta

    server.clock.advance(timedelta(hours=1))
    assert "有效期" in late.open().text


def test_a_new_version_ends_what_is_being_read_and_what_waits_for_its_witness(server, made):
    reading, _ = at_the_signature(server, made)
    digest = digest_of(reading)
    other = a_study(server, code="C2", name="李未发")
    with pytest.raises(DomainError, match=r"consent\.no_digits"):
        sent(server, other)
    with pytest.raises(DomainError, match=r"consent\.no_way"):
        server.as_system(SendRemoteConsent(subject_id=made.subject, signer_name="王远程"))
    server.as_system(
        PublishConsent(
            study_id=made.study, version="2.0", title="代谢队列知情同意书", body=LONG, approval="伦审 2"
        )
    )
    reading.send(("~page", reading.page()), ("~go", "sign"), ("shown", digest), ("~sign:hand", signature()))
    assert "新版本" in reading.text()
    newer, newer_id = at_the_signature(server, made)
    newer.send(
        ("~page", newer.page()), ("~go", "sign"), ("shown", digest_of(newer)), ("~sign:hand", signature())
    )
    server.as_system(
        PublishConsent(
            study_id=made.study, version="3.0", title="代谢队列知情同意书", body=LONG, approval="伦审 3"
        )
    )
    with pytest.raises(DomainError, match=r"consent\.not_newest"):
        witness_remote(server.centre.dispatcher, made.actor, newer_id)


def test_by_message_the_link_opens_the_same(server, made):
    from domain.links.message_commands import OfferMessage
    from domain.messaging.records import OutboxMessage

    order = RegisterPatient(
        name="赵短信", sex=Sex.FEMALE, birth_date=BORN, phone="13900001234", another_person=True
    )
    patient = server.as_system(order).patient_id
    subject = server.as_system(EnrolClient(study="C1", patient_id=patient)).subject_id
    remote_id = server.as_system(
        SendRemoteConsent(subject_id=subject, signer_name="赵短信", message=True)
    ).remote_id
    [message] = [one for one in rows(server, OutboxMessage) if one.about == "remote_consent"]
    assert "代谢" not in str(message), "a text that others may see names no study"
    token = secrets.token_urlsafe(16)
    server.as_system(
        OfferMessage(message_id=message.id, token_sha256=hashlib.sha256(token.encode()).hexdigest())
    )
    phone = Phone(server, token)
    phone.open()
    phone.send(birth_date=TYPED, digits="1234")
    assert "研究目的" in phone.last.text
    [link] = [one for one in rows(server, PersonLink) if one.about_id == remote_id]
    assert link.purpose == "consent"
