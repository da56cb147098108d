"""Leaving: what is missing is named and refused; each item is done, refused or postponed, with a signature."""

from datetime import date

import pytest
from sqlalchemy import select

import resources
from domain.biobank.commands import CollectSpecimen, PlanSpecimen
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.catalog.content import load_catalog
from domain.checkup.attachment_commands import AttachFile, DetachFile
from domain.checkup.form_commands import AnswerForm
from domain.checkup.omission_commands import RecordOmission
from domain.checkup.omission_records import Omission, OmissionKind
from domain.checkup.records import Attachment, AttachmentRemoval, Report, Visit
from domain.checkup.report_commands import WriteReport
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, FinishVisit, OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.people.staff_commands import CreateStaff
from tests.conftest import BRANCH, DEVICE

SIGNED = {"signature_sha256": "a" * 64, "signature_size": 900}


@pytest.fixture
def day(desk, authority):
    desk.content |= {"catalog": load_catalog(resources.folder("catalog")), "authority": authority}
    return desk


@pytest.fixture
def visit(day, nurse):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1980, 5, 1))
    opened = day.run(OpenVisit(patient_id=day.run(order, nurse).receipt.patient_id), nurse).receipt
    day.run(Arrive(visit_id=opened.visit_id), nurse)
    return opened.visit_id


@pytest.fixture
def colleague(day):
    """A colleague with an account: who may be a witness."""
    order = CreateStaff(
        login="wu", name="吴同事", role="nurse", password="Xk7#mQ2p-Lw9", org_id=BRANCH, card_no="E7"
    )
    return day.run(order, system_actor(BRANCH, DEVICE)).receipt


def refused(day, order, actor):
    with pytest.raises(DomainError) as found:
        day.run(order, actor)
    return found.value


def rows(day, kind):
    with day.store.read() as connection:
        return connection.execute(select(kind.__table__).order_by(kind.__table__.c.id)).all()


def omit(visit, *items, kind=OmissionKind.REFUSED, **facts):
    return RecordOmission(visit_id=visit, items=list(items), kind=kind, reason="客户不愿意", **facts)


def test_leaving_names_everything_that_is_missing(day, nurse, visit):
    plan = PlanSpecimen(visit_id=visit, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR)
    day.run(plan, nurse)
    error = refused(day, FinishVisit(visit_id=visit), nurse)
    assert (error.code, error.facts["count"]) == ("visit.incomplete", 6)
    assert error.facts["items"].startswith("到检问卷、收缩压、舒张压、身高、体重、采血管 ")
    assert rows(day, Visit)[0].state == "arrived"


def test_done_refused_or_postponed_lets_the_client_go(day, nurse, visit, colleague):
    plan = PlanSpecimen(visit_id=visit, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR)
    number = day.run(plan, nurse).receipt.number
    day.run(AnswerForm(visit_id=visit, form="pre_visit", form_version="1", answers={"a": 1}), nurse)
    day.run(RecordMeasurement(visit_id=visit, values=[Measured(item="height", value=160, unit="cm")]), nurse)
    later = omit(visit, "weight", kind=OmissionKind.POSTPONED, postponed_to=date(2026, 12, 1), **SIGNED)
    day.run(later, nurse)
    day.run(omit(visit, "sbp", "dbp", witness="E7"), nurse)
    assert refused(day, FinishVisit(visit_id=visit), nurse).facts["count"] == 1
    day.run(CollectSpecimen(number=number), nurse)
    day.run(FinishVisit(visit_id=visit), nurse)
    assert rows(day, Visit)[0].state == "finished"
    kept = {o.item: o for o in rows(day, Omission)}
    assert kept.keys() == {"weight", "sbp", "dbp"}
    assert (kept["weight"].postponed_to, kept["weight"].signature_sha256) == (date(2026, 12, 1), "a" * 64)
    assert (kept["sbp"].witness_id, kept["sbp"].witness_name) == (colleague, "吴同事")
    [signature] = rows(day, Attachment)
    assert (signature.media_type, signature.sha256, signature.subject_id) == ("image/png", "a" * 64, visit)


@pytest.mark.parametrize(
    ("items", "facts", "expected"),
    [
        ((), SIGNED, ("omission.nothing", "items")),
        (("pulse",), SIGNED, ("omission.not_open", "items")),
        (("sbp",), {}, ("omission.not_signed", "witness")),
        (("sbp",), {"witness": "谁"}, ("witness.unknown", "witness")),
        (("sbp",), SIGNED | {"kind": OmissionKind.POSTPONED}, ("omission.day_missing", "postponed_to")),
        (
            ("sbp",),
            SIGNED | {"kind": OmissionKind.POSTPONED, "postponed_to": date(2026, 11, 23)},
            ("omission.day_past", "postponed_to"),
        ),
    ],
)
def test_what_is_not_said_in_full_is_refused_at_its_field(day, nurse, visit, items, facts, expected):
    error = refused(day, omit(visit, *items, **facts), nurse)
    assert (error.code, error.field) == expected
    assert rows(day, Omission) == rows(day, Attachment) == []


def test_nobody_witnesses_for_themselves(day, authority, visit, colleague):
    myself = authority.actor(
        staff_id=colleague, name="吴同事", role="nurse", org_id=BRANCH, device_id=DEVICE, subtree=()
    )
    assert refused(day, omit(visit, "sbp", witness="wu"), myself).code == "witness.self"


# Files


def file(visit, sha256="b" * 64, media_type="application/pdf", size=1000, **more):
    return AttachFile(
        visit_id=visit, sha256=sha256, size=size, media_type=media_type, name="心电图.pdf", **more
    )


def test_a_file_twice_is_told_and_only_known_kinds_and_sizes_are_taken(day, nurse, visit):
    day.run(file(visit), nurse)
    again = refused(day, file(visit), nurse)
    assert (again.code, again.facts["known"]) == ("attachment.duplicate", "心电图.pdf")
    assert refused(day, file(visit, "c" * 64, "application/x-msdownload"), nurse).code == "attachment.kind"
    large = refused(day, file(visit, "d" * 64, size=(50 << 20) + 1), nurse)
    assert (large.code, large.facts["most_mib"]) == ("attachment.too_large", 50)
    assert len(rows(day, Attachment)) == 1


def test_an_interface_keeps_whatever_it_is_sent_once(day, visit):
    system = system_actor(BRANCH, DEVICE)
    first = day.run(file(visit, media_type="text/rtf"), system).receipt
    assert day.run(file(visit, media_type="text/rtf"), system).receipt == first
    assert len(rows(day, Attachment)) == 1


def test_a_file_is_taken_away_with_a_reason_by_who_may(day, nurse, as_role, visit):
    attachment = day.run(file(visit), nurse).receipt
    other = as_role("nurse", name="别人")
    stranger = type(other)(**{f: getattr(other, f) for f in other.__slots__} | {"staff_id": DEVICE})
    assert (
        refused(day, DetachFile(attachment_id=attachment, reason="错"), stranger).code
        == "attachment.not_yours"
    )
    assert (
        day.run(DetachFile(attachment_id=attachment, reason="传错客户"), nurse).receipt.name == "心电图.pdf"
    )
    assert rows(day, AttachmentRemoval)[0].reason == "传错客户"
    assert refused(day, DetachFile(attachment_id=attachment, reason="错"), nurse).code == "attachment.removed"
    day.run(file(visit), nurse)
    assert len(rows(day, Attachment)) == 2, "what was taken away may be added again"


def test_nothing_is_taken_from_a_signed_report(day, nurse, as_role, visit):
    attachment = day.run(file(visit), nurse).receipt
    written = day.run(WriteReport(visit_id=visit, conclusion="未见异常"), as_role("physician")).receipt
    beside = day.run(file(visit, "e" * 64, report_id=written.report_id), nurse).receipt
    with day.store.write() as connection:
        connection.exec_driver_sql("UPDATE report SET state = 'issued'")
    for one in (attachment, beside):
        assert refused(day, DetachFile(attachment_id=one, reason="错"), nurse).code == "attachment.signed"
    assert rows(day, Report)[0].number
