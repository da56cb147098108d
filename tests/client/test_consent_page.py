"""Signing on the page: nothing can be signed that is not on the screen, and what was signed shows that it holds."""

import dataclasses
import hashlib
import os
from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit
from sqlalchemy import select

from client.pages.consent.view import View
from client.pages.consent.viewmodel import ViewModel
from client.views.signature import SignaturePad
from devices.readings import CardRead
from devices.session import Arrived
from domain.consent.commands import PublishConsent
from domain.consent.records import Consent, ConsentFile, SignerRelation
from domain.consent.remote_commands import SendRemoteConsent
from domain.kernel.authority import system_actor
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.links.records import PersonLink
from domain.people.light_records import IdentityLight
from domain.people.patient_commands import EditPatient
from domain.people.records import Patient, Sex, Staff
from domain.studies.design_commands import AddProtocolVisit, CreateStudy, MoveStudy, StudyStep
from domain.studies.subject_commands import EnrolClient
from domain.studies.subject_records import StudySubject
from forms.consenting.remote import remote_of, show_remote, sign_remote
from forms.consenting.vault import opened as opened_file
from tests.server.studying import STROKES
from tests.server.studying import hand as hand_png

PATIENCE_MS = 30_000
BODY = (
    "# 研究目的\n了解体检人群的代谢健康。\n# 您的权利\n- 可以随时退出，不影响任何医疗服务。\n- 标本编码保存。"
)


@pytest.fixture
def subject(open_desk, context_for, seeded):
    context, _ = context_for("department_head")
    run = lambda order: open_desk.dispatcher.run(order, context.actor).receipt  # noqa: E731
    with open_desk.store.write() as connection:
        work = UnitOfWork(connection, context.actor, now=open_desk.dispatcher.clock(), new_id=new_id)
        work.add(
            Staff(
                login="leader", name="周主任", role="department_head", password_hash="-",
                password_set_at=open_desk.dispatcher.clock(), must_change=False, active=True,
            )
        )  # fmt: skip
        work.commit_entry("test.seed", txn_id=new_id())
    study = run(
        CreateStudy(
            code="C1", name="代谢队列", protocol="V1.0", leader="leader", planned_subjects=10,
            recruit_from=date(2026, 1, 1), recruit_until=date(2027, 1, 1),
        )
    )  # fmt: skip
    run(AddProtocolVisit(study_id=study, code="V0", name="基线", day=0))
    run(MoveStudy(study_id=study, step=StudyStep.OPEN))
    run(
        PublishConsent(
            study_id=study, version="1.0", title="代谢队列知情同意书", body=BODY, genetic=True, approval="伦审 1",
            valid_days=730,
        )
    )  # fmt: skip
    return context, run(EnrolClient(study="C1", patient_id=seeded[0][0].patient_id)).subject_id


@pytest.fixture
def opened(qtbot, subject):
    views = []

    def make(entity, record_id):
        model = ViewModel(subject[0], entity, record_id)
        view = View(model)
        view.resize(1366, 768)
        view.show()
        qtbot.waitExposed(view)
        views.append(view)
        with qtbot.waitSignal(
            model.shown_changed, timeout=PATIENCE_MS, check_params_cb=lambda shown: shown is not None
        ):
            model.on_open()
        return view

    yield make
    for view in views:
        qtbot.waitUntil(lambda: not subject[0].jobs.busy, timeout=PATIENCE_MS)
        view.model.close()
        view.close()
        view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def look(view, name):
    """Keep a picture of the page for whoever wants to look at it."""
    if folder := os.environ.get("AFTERCHECK_PICTURES"):
        for width, height in ((1366, 768), (1920, 1080)):
            view.resize(width, height)
            QCoreApplication.processEvents()
            view.grab().save(f"{folder}/{name}_{width}.png")


def write(qtbot, view, name="consent_hand"):
    pad = view.findChild(SignaturePad, name)
    assert pad.isEnabled()
    points = [QPoint(30 + 30 * n, 90 if n % 2 else 30) for n in range(12)]
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        qtbot.mouseMove(pad, point)
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=points[-1])
    if not pad.is_signed:  # an offscreen window hears of no moves while a button is down
        pad._strokes.append(type(pad._strokes[0])([point.toPointF() for point in points]))
        pad.changed.emit(True)
    assert pad.is_signed


def arrived(card):
    """Return what a port reports of a card."""
    return Arrived("idcard", "idcard.samv", card, 0.0, 0.0, datetime.now(UTC))


def kept(open_desk, record):
    with open_desk.store.read() as connection:
        return connection.execute(select(record.__table__)).all()


WANG = CardRead(
    "citizen", "32010219750823062X", "王美娜", "2", date(1975, 8, 23), date(2015, 1, 1), None, nation="01"
)
SOMEBODY = dataclasses.replace(WANG, name="李大伟", number="110101198001011232", birth_date=date(1980, 1, 1))


@pytest.fixture
def known(open_desk, seeded):
    """The subject's client is who the card says."""
    table = Patient.__table__
    with open_desk.store.write() as connection:
        connection.execute(
            table.update()
            .where(table.c.id == seeded[0][0].patient_id)
            .values(name=WANG.name, sex=Sex.FEMALE, birth_date=WANG.birth_date, id_number=WANG.number)
        )


def test_whose_hand_it_is_is_seen_by_the_card_before_it_is_written(opened, known, subject, qtbot, open_desk):
    view = opened("study_subject", subject[1])
    hub = view.model._hub
    light = view.findChild(QLabel, "consent_light")
    assert "刷身份证" in light.text()
    desk_heard = []
    hub.card_read.connect(desk_heard.append)
    with qtbot.waitSignal(view.model.light_changed, timeout=PATIENCE_MS):
        hub._hand_on(arrived(SOMEBODY))
    assert light.text().startswith("▲ 身份核查 红灯：")
    assert desk_heard == [], "the page that waits for it has it, nobody is taken to the front desk"
    look(view, "consent_red")
    write(qtbot, view)
    with qtbot.waitSignal(view.model.refused, timeout=PATIENCE_MS):
        view.model.action_set.trigger("sign")
    assert kept(open_desk, Consent) == []
    with qtbot.waitSignal(view.model.light_changed, timeout=PATIENCE_MS):
        hub._hand_on(arrived(WANG))
    assert light.text().startswith("● 身份核查 绿灯：证件与档案一致")
    look(view, "consent_green")
    assert [row.light for row in kept(open_desk, IdentityLight)] == ["red", "green"], "each is kept"
    qtbot.waitUntil(lambda: view.model.shown is not None, timeout=PATIENCE_MS)
    write(qtbot, view)
    with qtbot.waitSignal(view.model.signed, timeout=PATIENCE_MS):
        view.model.action_set.trigger("sign")
    [consent] = kept(open_desk, Consent)
    assert (consent.signer_name, consent.proof) == ("王美娜", "id_card")
    view.hide()
    hub._hand_on(arrived(WANG))
    assert len(desk_heard) == 1, "a page that is not on the screen takes no card"


def test_who_signs_for_a_client_is_not_compared_with_the_client(opened, known, subject, qtbot, open_desk):
    view = opened("study_subject", subject[1])
    relation = view.findChild(QComboBox, "consent_relation")
    relation.setCurrentIndex(relation.findData(SignerRelation.GUARDIAN))
    view.model._hub._hand_on(arrived(SOMEBODY))
    light = view.findChild(QLabel, "consent_light").text()
    assert "代签人" in light
    assert "李大伟" in light
    assert view.findChild(QLineEdit, "consent_signer").text() == "李大伟"
    assert kept(open_desk, IdentityLight) == []


def test_the_hand_is_set_under_exactly_what_is_shown(opened, subject, qtbot, open_desk):
    view = opened("study_subject", subject[1])
    shown = view.model.shown
    assert not view.findChild(QCheckBox, "consent_use_genetic").isChecked(), "never chosen beforehand"
    view.focus_first()
    write(qtbot, view)
    look(view, "consent_sign")
    view.findChild(QCheckBox, "consent_use_genetic").setFocus()
    with qtbot.waitSignal(
        view.model.shown_changed, timeout=PATIENCE_MS, check_params_cb=lambda one: one is not None
    ):
        qtbot.keyClick(view.findChild(QCheckBox, "consent_use_genetic"), Qt.Key.Key_Space)
        assert not view.findChild(SignaturePad, "consent_hand").isEnabled(), "another document is being made"
        view.model.action_set.trigger("sign")
        assert kept(open_desk, Consent) == []
    assert view.model.shown.pdf != shown.pdf
    assert not view.findChild(SignaturePad, "consent_hand").is_signed, (
        "what was written was under the other one"
    )
    write(qtbot, view)
    with qtbot.waitSignal(view.model.signed, timeout=PATIENCE_MS):
        view.model.action_set.trigger("sign")
    [consent], [file] = kept(open_desk, Consent), kept(open_desk, ConsentFile)
    content = opened_file(open_desk.dispatcher, subject[0].actor, file.content)
    assert content.startswith(view.model.shown.pdf)
    assert "genetic" in consent.uses
    again = opened("consent", consent.id)
    assert "签章有效" in again.findChild(QLabel, "consent_verdict").text()
    look(again, "consent_checked")


def test_who_signs_is_said_before_anything_is_shown(opened, subject, qtbot):
    view = opened("study_subject", subject[1])
    with qtbot.waitSignal(view.model.refused, timeout=PATIENCE_MS):
        view.findChild(QLineEdit, "consent_signer").clear()
    assert "签署人" in view.findChild(QLabel, "consent_problem").text()
    assert view.model.shown is None


def signed_elsewhere(open_desk, actor, subject_id):
    """Sign as the centre's page does, in the store of this desk."""
    run = lambda order: open_desk.dispatcher.run(order, actor).receipt  # noqa: E731
    with open_desk.store.read() as connection:
        table = StudySubject.__table__.c
        patient = connection.execute(select(table.patient_id).where(table.id == subject_id)).scalar_one()
    run(EditPatient(patient_id=patient, phone="13900001234"))
    sent = run(
        SendRemoteConsent(
            subject_id=subject_id, signer_name="张伟", token_sha256=hashlib.sha256(b"secret").hexdigest()
        )
    )  # fmt: skip
    link = kept(open_desk, PersonLink)[0].id
    remote = remote_of(open_desk.dispatcher, actor, sent.remote_id)
    show_remote(open_desk.dispatcher, actor, link, remote, frozenset(remote.asked.uses), {"read": []})
    remote = remote_of(open_desk.dispatcher, actor, sent.remote_id)
    png, strokes = hand_png(), STROKES
    sign_remote(
        open_desk.dispatcher, actor, link, remote, remote.row.shown_sha256, png=png, strokes=strokes, facts={}
    )
    return sent.remote_id


def test_what_was_signed_on_a_phone_is_checked_and_witnessed(opened, subject, qtbot, open_desk):
    system = system_actor(subject[0].actor.org_id, subject[0].actor.device_id)
    remote_id = signed_elsewhere(open_desk, system, subject[1])
    view = opened("remote_consent", remote_id)
    assert "签章有效" in view.findChild(QLabel, "consent_verdict").text()
    assert view.model.action_set.is_enabled("countersign")
    assert not view.model.action_set.is_enabled("sign")
    look(view, "consent_remote")
    with qtbot.waitSignal(view.model.signed, timeout=PATIENCE_MS):
        view.model.action_set.trigger("countersign")
    [consent] = kept(open_desk, Consent)
    assert (consent.way, consent.witness_name) == ("phone", subject[0].actor.name)
    again = opened("consent", consent.id)
    findings = again.findChild(QLabel, "consent_findings").text()
    assert "签署：张伟" in findings
    assert f"见证：{subject[0].actor.name}" in findings
    assert "版本 1.0" in findings
    look(again, "consent_witnessed")
