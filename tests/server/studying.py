"""A study at a running centre with a published consent and an enrolled client, and a consent signed there."""

import io
from datetime import date
from types import SimpleNamespace

from PIL import Image, ImageDraw
from sqlalchemy import select

from domain.consent.commands import PublishConsent
from domain.consent.records import ConsentUse, IdentityProof, SignerRelation
from domain.kernel.authority import system_actor
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.studies.design_commands import AddProtocolVisit, CreateStudy, MoveStudy, StudyStep
from domain.studies.subject_commands import EnrolClient
from forms.consenting.showing import Choice, asked_of, consent_pdf
from forms.consenting.signing import sign_consent

BORN, NUMBER = date(1990, 3, 7), "11010119900307002X"
BODY = (
    "# 研究目的\n了解体检人群的代谢健康。\n# 您的权利\n- 可以随时退出，不影响任何医疗服务。\n- 标本编码保存。"
)
STROKES = [[20, 20, 60, 80, 100, 30, 140, 90, 180, 20], [200, 60, 240, 60, 280, 60, 320, 60]]
ALL = frozenset({ConsentUse.COLLECT, ConsentUse.STORE, ConsentUse.DATA})


def hand():
    picture = Image.new("L", (460, 140), 255)
    draw = ImageDraw.Draw(picture)
    for stroke in STROKES:
        draw.line(list(zip(stroke[::2], stroke[1::2], strict=True)), fill=0, width=3)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def a_study(server, code="C1", name="王美娜", **facts):
    """Make a study at the first branch; returns its ids and the actor that did it."""
    run = server.as_system
    today = server.centre.clock().date()
    study = run(
        CreateStudy(
            code=code, name=f"代谢队列{code}", protocol="V1.0", leader="department_head", planned_subjects=10,
            recruit_from=today, recruit_until=today.replace(year=today.year + 1),
        )
    )  # fmt: skip
    run(AddProtocolVisit(study_id=study, code="V0", name="基线", day=0))
    run(MoveStudy(study_id=study, step=StudyStep.OPEN))
    order = {
        "title": "代谢队列知情同意书",
        "body": BODY,
        "approval": "伦审 1",
        "genetic": True,
        "valid_days": 730,
    }
    document = run(PublishConsent(study_id=study, version="1.0", **(order | facts)))
    born = RegisterPatient(
        name=name,
        sex=Sex.FEMALE,
        birth_date=BORN,
        id_number=NUMBER if code == "C1" else None,
        another_person=True,
    )
    patient = run(born).patient_id
    subject = run(EnrolClient(study=code, patient_id=patient)).subject_id
    actor = system_actor(server.orgs["B01"], server.centre.identity.device_id)
    return SimpleNamespace(study=study, document=document, patient=patient, subject=subject, actor=actor)


def signed(server, made, who="王美娜"):
    """Sign as at a desk of the centre; returns the consent's id and what was shown."""
    desk = server.centre.dispatcher
    choice = Choice(who, SignerRelation.SELF, IdentityProof.ID_CARD, ALL)
    asked = asked_of(desk, made.actor, made.subject)
    shown = consent_pdf(desk, made.actor, asked, choice)
    return sign_consent(desk, made.actor, asked, choice, shown, png=hand(), strokes=STROKES), shown


def rows(server, record):
    with server.centre.store.read() as connection:
        return connection.execute(select(record.__table__)).all()
