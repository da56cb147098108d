"""What was shown is what is sealed; anybody can check it; every use asks, and a withdrawn or old consent stops it."""

import hashlib
import io
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw

from domain.biobank.commands import (
    AliquotSpecimen,
    CreateContainer,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.consent.commands import TakeBackConsent
from domain.consent.records import (
    Consent,
    ConsentFile,
    ConsentUse,
    IdentityProof,
    SealAuthority,
    SealKey,
    SignerRelation,
)
from domain.consent.uses import consent_allows
from domain.kernel.errors import DomainError
from domain.studies.subject_records import StudySubject
from forms.consenting.showing import Choice, asked_of, consent_pdf
from forms.consenting.signing import keep_paper_consent, sign_consent, verify_consent
from forms.consenting.vault import opened
from forms.consenting.verifying import verify

ALL = frozenset({ConsentUse.COLLECT, ConsentUse.STORE, ConsentUse.DATA})
STROKES = [[20, 20, 60, 80, 100, 30, 140, 90, 180, 20], [200, 60, 240, 60, 280, 60, 320, 60]]


def hand():
    picture = Image.new("L", (460, 140), 255)
    draw = ImageDraw.Draw(picture)
    for stroke in STROKES:
        draw.line(list(zip(stroke[::2], stroke[1::2], strict=True)), fill=0, width=3)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def choice(uses=ALL):
    return Choice("王美娜", SignerRelation.SELF, IdentityProof.ID_CARD, uses)


@pytest.fixture
def subject(lab):
    lab.set_up(criterion=False)
    patient = lab.client()
    lab.checkup(patient)
    lab.published(valid_days=730)
    return lab.enrolled(patient).subject_id


def signed(lab, subject, uses=ALL):
    asked = asked_of(lab.desk, lab.nurse, subject)
    shown = consent_pdf(lab.desk, lab.nurse, asked, choice(uses))
    return sign_consent(lab.desk, lab.nurse, asked, choice(uses), shown, png=hand(), strokes=STROKES), shown


def allows(lab, subject, use):
    with lab.desk.store.read() as connection:
        return consent_allows(connection, subject, use, lab.clock()).code


def test_a_sealed_file_begins_with_what_was_shown_and_is_verified_without_the_store(lab, subject):
    consent_id, shown = signed(lab, subject)
    [kept], [file], [authority] = lab.rows(Consent), lab.rows(ConsentFile), lab.rows(SealAuthority)
    content = opened(lab.desk, lab.nurse, file.content)
    assert content.startswith(shown)
    assert kept.shown_sha256 == hashlib.sha256(shown).hexdigest()
    found, again = verify_consent(lab.desk, lab.nurse, consent_id)
    assert (found.faults, again) == ((), content)
    assert kept.evidence_sha256 in found.reason
    alone = verify(content, [authority.certificate])
    assert alone.sound, "a file says itself what was shown"
    assert lab.rows(StudySubject)[0].consent == "signed"
    assert b"PRIVATE" in opened(lab.desk, lab.nurse, lab.rows(SealKey)[0].private_key)
    assert alone.evidence["hand"][0]["valueString"].startswith("[[20,20")
    assert (alone.evidence["signer"], alone.seals[0].who) == ("王美娜", "王美娜")
    assert "王美娜" not in str(kept.evidence), "who signed and how is said in the locked file alone"


def test_every_change_of_a_sealed_file_is_seen(lab, subject):
    signed(lab, subject)
    [kept], [file], [authority] = lab.rows(Consent), lab.rows(ConsentFile), lab.rows(SealAuthority)
    roots = [authority.certificate]
    content = opened(lab.desk, lab.nurse, file.content)
    for place in (kept.shown_bytes // 2, kept.shown_bytes - 40, 2000):
        changed = bytearray(content)
        changed[place] ^= 1
        found = verify(bytes(changed), roots, shown_sha256=kept.shown_sha256, shown_bytes=kept.shown_bytes)
        assert not found.sound, place
    assert verify(content, []).faults == ("consent.seal_untrusted",)
    assert verify(content[: kept.shown_bytes], roots).faults == ("consent.seal_missing",)
    assert verify(b"nothing", roots).faults == ("consent.seal_broken",)
    assert verify(content, roots, evidence="0" * 64).faults == ("consent.evidence_differs",)


def test_the_store_keeps_no_file_in_clear(lab, subject, tmp_path):
    signed(lab, subject)
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("branch.db*"))
    assert b"%PDF" not in raw
    assert "代谢队列".encode() not in raw


def test_a_paper_consent_is_sealed_with_its_picture(lab, subject):
    asked = asked_of(lab.desk, lab.nurse, subject)
    shown = consent_pdf(lab.desk, lab.nurse, asked, choice())
    with pytest.raises(DomainError, match=r"consent\.no_picture"):
        keep_paper_consent(lab.desk, lab.nurse, asked, choice(), shown, b"%PDF-1.7")
    kept = keep_paper_consent(lab.desk, lab.nurse, asked, choice(), shown, hand())
    assert verify_consent(lab.desk, lab.nurse, kept)[0].sound
    assert lab.rows(Consent)[0].way == "paper"


def test_a_slip_of_the_pen_is_no_signature(lab, subject):
    asked = asked_of(lab.desk, lab.nurse, subject)
    shown = consent_pdf(lab.desk, lab.nurse, asked, choice())
    with pytest.raises(DomainError, match=r"form\.signature_refused"):
        sign_consent(lab.desk, lab.nurse, asked, choice(), shown, png=hand(), strokes=[[1, 1]])
    assert lab.rows(Consent) == []


def test_nobody_outside_the_study_sees_a_consent(lab, subject):
    consent_id, _ = signed(lab, subject)
    with pytest.raises(DomainError, match=r"consent\.unknown"):
        verify_consent(lab.desk, lab.physician, consent_id)
    with pytest.raises(DomainError, match=r"study_subject\.unknown"):
        asked_of(lab.desk, lab.physician, subject)


def test_each_use_asks_for_its_own_consent(lab, subject):
    drawn, other = lab.begun(subject)
    with pytest.raises(DomainError, match=r"consent\.missing"):
        lab.draw(drawn.number)
    lab.agreed(subject, "collect")
    lab.draw(drawn.number)
    for order in (ReceiveSpecimen, ProcessSpecimen):
        lab.run(order(number=drawn.number), lab.technician)
    [part] = lab.run(AliquotSpecimen(number=drawn.number, count=1, volume_ul=500), lab.technician)
    lab.run(CreateContainer(code="BOX1", name="一号盒"), lab.technician)
    kept = StoreSpecimen(number=part.number, container="BOX1", position="A1")
    with pytest.raises(DomainError, match=r"consent\.not_agreed"):
        lab.run(kept, lab.technician)
    assert allows(lab, subject, ConsentUse.GENETIC) == "consent.not_agreed"
    lab.agreed(subject, "collect", "store")
    assert lab.run(kept, lab.technician).state == "stored"
    lab.later(days=730)
    with pytest.raises(DomainError, match=r"consent\.expired"):
        lab.draw(other.number)
    assert allows(lab, None, ConsentUse.GENETIC) == "", "clinical care is not asked about"


def test_a_new_version_has_to_be_signed_before_anything_is_used(lab, subject):
    lab.agreed(subject)
    drawn, _ = lab.begun(subject)
    lab.clock.advance(timedelta(days=1))
    lab.published("1.1", renews=False)
    assert allows(lab, subject, ConsentUse.COLLECT) == ""
    lab.clock.advance(timedelta(days=1))
    lab.published("2.0")
    assert lab.rows(StudySubject)[0].consent == "outdated"
    with pytest.raises(DomainError, match=r"consent\.outdated"):
        lab.draw(drawn.number)
    signed(lab, subject)
    assert [c.state for c in lab.rows(Consent)] == ["replaced", "valid"]
    assert lab.draw(drawn.number).state == "collected"


def test_taking_it_back_ends_all_use(lab, subject):
    consent_id = lab.agreed(subject)
    drawn, _ = lab.begun(subject)
    lab.draw(drawn.number)
    assert lab.run(TakeBackConsent(consent_id=consent_id, reason="不愿继续")) == 2
    assert allows(lab, subject, ConsentUse.DATA) == "consent.subject_left"
    with pytest.raises(DomainError, match=r"specimen\.frozen"):
        lab.run(ProcessSpecimen(number=drawn.number), lab.technician)
