"""Requests about one's own data (PIPL 44 to 50): a term from the day they came, closed only when done."""

import dataclasses
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.audit.chain import AuditReader
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.worklists import Pages, worklists
from domain.outgoing.commands import HandOutDocument
from domain.outgoing.records import Destination
from domain.people.erasure import ErasePatient
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Sex
from domain.privacy.commands import FinishRequest, ReceiveRequest, RefuseRequest, TakeRequest
from domain.privacy.records import PrivacyRequest, RightKind
from domain.privacy.workflow import DAYS

ANSWER = "已当面告知本人"


@pytest.fixture
def lead(as_role):
    return as_role("service_lead", name="服务主管")


@pytest.fixture
def patient(desk, nurse):
    order = RegisterPatient(name="王小明", sex=Sex.MALE, birth_date=date(1980, 5, 1), phone="13900001111")
    return desk.run(order, nurse).receipt


def receive(desk, actor, patient, kind):
    order = ReceiveRequest(
        patient_id=patient.patient_id, kind=kind, proof="本人身份证", wish="请给我一份体检资料"
    )
    return desk.run(order, actor).receipt


def finish(desk, actor, request_id):
    return desk.run(FinishRequest(privacy_request_id=request_id, answer=ANSWER), actor)


def refused(work):
    with pytest.raises(DomainError) as error:
        work()
    return error.value.code


def row(desk, request_id):
    with desk.store.read() as connection:
        return connection.execute(
            select(PrivacyRequest.__table__).where(PrivacyRequest.id == request_id)
        ).one()


def test_the_term_is_of_the_day_it_came_however_late_it_is_taken(desk, nurse, lead, patient):
    begun = desk.clock()
    request = receive(desk, nurse, patient, RightKind.EXPLANATION)
    assert row(desk, request).due_at == begun + timedelta(days=DAYS)
    desk.clock.advance(timedelta(days=5))
    desk.run(TakeRequest(privacy_request_id=request), lead)
    taken = row(desk, request)
    assert (taken.due_at, taken.owner_name) == (begun + timedelta(days=DAYS), "服务主管")
    finish(desk, lead, request)
    assert (row(desk, request).state, row(desk, request).due_at) == ("done", None)
    assert refused(lambda: finish(desk, lead, request)) == "privacy_request.wrong_state"


def test_the_same_is_not_asked_twice_at_once(desk, nurse, patient):
    receive(desk, nurse, patient, RightKind.COPY)
    assert refused(lambda: receive(desk, nurse, patient, RightKind.COPY)) == "privacy_request.waits"
    assert receive(desk, nurse, patient, RightKind.ACCESS)


def test_a_copy_is_given_before_it_is_closed(desk, nurse, lead, patient):
    request = receive(desk, nurse, patient, RightKind.COPY)
    assert refused(lambda: finish(desk, lead, request)) == "privacy_request.nothing_given"
    given = desk.run(
        HandOutDocument(what="体检报告", destination=Destination.FILE, patient_id=patient.patient_id), nurse
    ).receipt
    finish(desk, lead, request)
    assert row(desk, request).outgoing_id == given


def test_a_correction_is_made_before_it_is_closed(desk, nurse, lead, patient):
    request = receive(desk, nurse, patient, RightKind.CORRECTION)
    assert refused(lambda: finish(desk, lead, request)) == "privacy_request.not_corrected"
    desk.clock.advance(timedelta(minutes=1))
    desk.run(EditPatient(patient_id=patient.patient_id, phone="13922223333"), nurse)
    follower = Follower(desk.store, AuditReader())
    while follower.step():
        pass
    finish(desk, lead, request)


def test_a_deletion_is_done_before_it_is_closed_and_the_case_stays_as_its_proof(
    desk, nurse, lead, patient, as_role
):
    request = receive(desk, nurse, patient, RightKind.DELETION)
    assert refused(lambda: finish(desk, lead, request)) == "privacy_request.not_deleted"
    administrator = as_role("administrator")
    desk.run(
        ErasePatient(patient_id=patient.patient_id, basis="本人请求", confirm_number=patient.number),
        administrator,
    )
    finish(desk, lead, request)
    left = row(desk, request)
    assert (left.state, left.number, left.answer) == ("done", patient.number, ANSWER)


def test_a_refusal_names_the_law(desk, nurse, lead, patient):
    request = receive(desk, nurse, patient, RightKind.DELETION)
    short = RefuseRequest(privacy_request_id=request, reason="不行")
    assert refused(lambda: desk.run(short, lead)) == "privacy_request.unexplained"
    desk.run(RefuseRequest(privacy_request_id=request, reason="病历须依法保存，已书面告知本人"), lead)
    assert row(desk, request).state == "refused"


def test_who_receives_does_not_answer_and_another_branch_sees_nothing(
    desk, nurse, lead, patient, other_nurse
):
    request = receive(desk, nurse, patient, RightKind.ACCESS)
    assert refused(lambda: finish(desk, nurse, request)) == "permission.denied"
    assert refused(lambda: receive(desk, other_nurse, patient, RightKind.ACCESS)) == "patient.unknown"
    elsewhere = dataclasses.replace(lead, orgs=frozenset({uuid.uuid4()}))
    pages, listing = Pages(desk.store), worklists()["privacy.open"]
    assert len(pages.page(listing, lead).rows) == 1
    assert not pages.page(listing, elsewhere).rows
