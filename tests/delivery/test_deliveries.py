"""A signed report is sealed, read back by its branch, handed over with a receipt, and corrected."""

import dataclasses
import json
from datetime import timedelta

import pypdfium2
import pytest

from client.report_receipts import ReportReceipts
from domain.checkup.issue_commands import IssueReport, WithdrawSignature
from domain.checkup.records import Attachment, Finding, Observation, Report
from domain.delivery.commands import (
    ConfirmReceived,
    HandReportOver,
    NoteReportReceived,
    NoteReportSent,
    ReopenReport,
    SendReportAgain,
    TellReportReady,
)
from domain.delivery.records import HandingWay, ReportDelivery, ReportHandOver, ReportVersion, Taker
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel, ContactAddress, OutboxMessage
from domain.tracking.commands import TellClient, TrackFindings
from domain.tracking.records import AbnormalTracking, TellingWay
from forms.consenting.signing import trusted_roots
from forms.consenting.verifying import verify
from forms.final_checking import check_edition
from forms.final_versions import FIELD, render_version, signed_data
from forms.issuing import issue_report
from forms.printables import printables
from server.__main__ import main
from server.report_sending import ReportSending
from sync.blobs import BlobStore
from sync.files import FileState
from sync.local_tables import blob_state
from tests.delivery.conftest import DOCUMENTS, SYSTEM
from tests.fixtures.followup_day import keep

HOUR = timedelta(hours=1)
TAKEN = {"proof": "核对身份证原件", "receipt": "签收单 0042"}


def text_of(pdf):
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def one(signed):
    return max(signed.rows(ReportDelivery), key=lambda row: row.edition)


def received(signed):
    delivery = one(signed)
    signed.run(NoteReportReceived(delivery_id=delivery.id, sha256=delivery.sha256, by="前台一"), "system")
    return one(signed)


def receipts_of(signed, blobs, again=lambda _: None):
    return ReportReceipts(signed.desk, SYSTEM, "前台一", blobs, again)


def test_an_issued_report_is_sealed_with_its_data_inside_and_each_version_shows_what_was_signed(signed):
    issued = signed.sign()
    found = verify(issued.pdf, trusted_roots(signed.desk), field=FIELD)
    assert found.faults == ()
    assert found.seals[0].who == "李主任"
    data = signed_data(issued.pdf)
    assert data["client"]["id_number"].startswith("330")
    assert "*" in data["client"]["id_number"], "the number is in no file in clear"
    assert b"330106197903084535" not in issued.pdf
    signed.run(ReopenReport(report_id=signed.report, reason="结论笔误"), "chief")
    signed.written("另一个结论", "另一个建议")  # what the store says by now is not what a version shows
    for version in ("professional", "plain", "phone"):
        text = text_of(render_version(DOCUMENTS, issued.pdf, version))
        for words in ("欧阳䶮明", "空腹血糖 7.62 mmol/L 升高", "两周内到内分泌科复查", "7.62"):
            assert words in text, (version, words)
        assert "另一个结论" not in text


def test_a_changed_byte_is_found_by_the_seal_and_by_the_signature(signed):
    issued = signed.sign()
    whole = bytearray(issued.pdf)
    whole[len(whole) // 3] ^= 1
    signed.files[issued.sha256] = bytes(whole)
    checked = check_edition(signed.desk, signed.who["physician"], one(signed).id)
    assert {"consent.seal_broken", "signature.pdf_changed"} <= set(checked.faults)
    assert not checked.sound


def test_a_report_whose_data_were_edited_after_signing_is_found_with_what_changed(signed):
    signed.sign()
    checked = check_edition(signed.desk, signed.who["physician"], one(signed).id)
    assert (checked.faults, checked.differences, checked.compared) == ((), (), True)
    assert checked.statement.signer.name == "李主任"
    with signed.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=signed.clock(), new_id=signed.desk.ids)
        work.require(Report, signed.report).conclusion = "未见异常"
        work.commit_entry("test.edit", txn_id=signed.desk.ids())
        work.close()
    [changed] = check_edition(signed.desk, signed.who["physician"], one(signed).id).differences
    assert dataclasses.astuple(changed) == ("结论 1", "空腹血糖 7.62 mmol/L 升高，提示糖尿病可能", "未见异常")
    sheet = printables()["report_file_check"].make(signed.desk, signed.who["physician"], signed.report)
    text = text_of(sheet)
    assert "核验发现问题" in text
    assert "未见异常" in text


def test_a_corrected_result_after_signing_is_found_too(signed):
    signed.sign()
    old = next(row for row in signed.rows(Observation) if row.item == "fpg")
    new = {
        name: getattr(old, name)
        for name in ("org_id", "visit_id", "patient_id", "item", "label", "ucum", "source")
    }
    keep(
        signed.desk, SYSTEM,
        Observation(**new, value_number=5.62, value_text="5.62", effective_at=old.effective_at, amends=old.id),
    )  # fmt: skip
    where = [
        one.where for one in check_edition(signed.desk, signed.who["physician"], one(signed).id).differences
    ]
    assert "空腹血糖" in " ".join(where)


def test_the_branch_reads_the_file_back_and_only_then_it_is_received(signed, tmp_path):
    issued = signed.sign()
    assert (one(signed).state, one(signed).edition) == ("preparing", 1)
    there = set()
    sending = ReportSending(signed.desk, SYSTEM, there.__contains__)
    sending.tick()
    assert one(signed).state == "preparing"
    there.add(issued.sha256)
    sending.tick()
    assert (one(signed).state, one(signed).due_at) == ("sent", signed.clock() + HOUR / 2)
    blobs = BlobStore(tmp_path / "blobs")
    look = receipts_of(signed, blobs)
    look.tick()
    assert one(signed).state == "sent"
    blobs.put([issued.pdf])
    look.tick()
    row = one(signed)
    assert (row.state, row.received_by, row.received_sha256) == ("received", "前台一", issued.sha256)
    assert row.due_at is None


def test_a_damaged_file_is_a_fault_at_once_and_sending_again_lets_it_come_anew(signed, tmp_path):
    issued = signed.sign()
    signed.run(NoteReportSent(delivery_ids=[one(signed).id]), "system")
    with signed.desk.store.write() as connection:
        values = {"sha256": issued.sha256, "size": 1, "lane": 3, "state": FileState.REFUSED, "sent": 0}
        connection.execute(blob_state.insert(), {**values, "reason": "blob.damaged"})
    asked = []
    look = receipts_of(signed, BlobStore(tmp_path / "blobs"), asked.append)
    look.tick()
    assert (one(signed).fault, one(signed).due_at) == ("damaged", signed.clock())
    look.tick()
    assert asked == []
    signed.run(SendReportAgain(delivery_id=one(signed).id), "head")
    assert (one(signed).fault, one(signed).due_at) == (None, signed.clock() + HOUR / 2)
    look.tick()
    assert asked == [issued.sha256]
    look.tick()  # it did not come whole this time either
    assert one(signed).fault == "damaged"


def test_it_is_on_its_way_when_it_is_issued_not_while_the_signature_can_be_taken_back(signed):
    chief = signed.who["chief"]
    issue_report(signed.desk, chief, DOCUMENTS["final_report"], signed.report, signed.kept, hold=True)
    assert signed.rows(ReportDelivery) == []
    signed.run(WithdrawSignature(report_id=signed.report), "chief")
    signed.clock.advance(HOUR)
    issued = issue_report(
        signed.desk, chief, DOCUMENTS["final_report"], signed.report, signed.kept, hold=True
    )
    signed.run(IssueReport(report_id=signed.report), "chief")
    [row] = signed.rows(ReportDelivery)
    assert (row.edition, row.sha256, row.size) == (1, issued.sha256, len(issued.pdf))
    assert check_edition(signed.desk, signed.who["physician"], row.id).sound


def test_other_bytes_than_were_signed_are_not_received(signed):
    signed.sign()
    signed.run(NoteReportReceived(delivery_id=one(signed).id, sha256="f" * 64, by="前台一"), "system")
    assert (one(signed).state, one(signed).fault) == ("sent", "other_bytes")


def test_it_is_handed_over_once_the_branch_has_it_with_who_took_it(signed):
    signed.sign()
    with pytest.raises(DomainError, match=r"delivery\.not_received"):
        signed.run(HandReportOver(delivery_id=one(signed).id, **TAKEN), "nurse")
    delivery = received(signed)
    with pytest.raises(DomainError, match=r"delivery\.taker_missing"):
        signed.run(HandReportOver(delivery_id=delivery.id, taker=Taker.FAMILY, **TAKEN), "nurse")
    with pytest.raises(DomainError, match=r"delivery\.not_proven"):
        signed.run(HandReportOver(delivery_id=delivery.id, proof=" ", receipt="签收单"), "nurse")
    order = HandReportOver(
        delivery_id=delivery.id, version=ReportVersion.PLAIN, way=HandingWay.POST, taker=Taker.FAMILY,
        taker_name="王兰", **TAKEN,
    )  # fmt: skip
    signed.run(order, "nurse")
    [row] = signed.rows(ReportHandOver)
    assert (row.taker_name, row.version, row.way, row.staff_name) == ("王兰", "plain", "post", "周护士")
    assert one(signed).handed_at == signed.clock()


def test_a_person_confirms_where_no_workstation_reads_it(signed):
    signed.sign()
    signed.run(NoteReportSent(delivery_ids=[one(signed).id]), "system")
    with pytest.raises(DomainError, match=r"delivery\.not_looked"):
        signed.run(ConfirmReceived(delivery_id=one(signed).id, note=" "), "nurse")
    signed.run(ConfirmReceived(delivery_id=one(signed).id, note="3 页，姓名相符"), "nurse")
    assert one(signed).received_by == "周护士：3 页，姓名相符"


def test_the_client_is_told_on_the_phone_but_not_before_a_person_told_of_class_a(signed):
    signed.sign()
    delivery = received(signed)
    keep(
        signed.desk, SYSTEM,
        ContactAddress(
            patient_id=signed.patient, channel=Channel.OFFICIAL_ACCOUNT, address="o1", bound_at=signed.clock(),
        ),
    )  # fmt: skip
    finding = Finding(
        visit_id=signed.visit, patient_id=signed.patient, observation_id=signed.rows(Observation)[0].id,
        important_class="A", sentence="血压 186 mmHg", rule="R", found_at=signed.clock(),
    )  # fmt: skip
    keep(signed.desk, SYSTEM, finding)
    [kept] = signed.rows(Finding, important_class="A")
    signed.run(TrackFindings(finding_ids=[kept.id], amended_ids=[]), "system")
    with pytest.raises(DomainError, match=r"delivery\.tell_first"):
        signed.run(TellReportReady(delivery_id=delivery.id), "nurse")
    [tracking] = signed.rows(AbnormalTracking)
    signed.run(
        TellClient(tracking_id=tracking.id, way=TellingWay.PHONE, known_by="本人复述一致"), "physician"
    )
    signed.run(TellReportReady(delivery_id=delivery.id), "nurse")
    signed.run(TellReportReady(delivery_id=delivery.id), "nurse")
    [message] = signed.rows(OutboxMessage)
    assert (message.template, message.about) == ("result_ready", "report")
    assert "血压" not in message.text


def test_a_corrected_report_is_a_new_edition_and_the_earlier_one_stays_readable_and_marked(signed):
    first = signed.sign()
    signed.run(HandReportOver(delivery_id=received(signed).id, **TAKEN), "nurse")
    with pytest.raises(DomainError, match=r"delivery\.no_reason"):
        signed.run(ReopenReport(report_id=signed.report, reason=" "), "chief")
    with pytest.raises(DomainError, match=r"permission\.denied"):
        signed.run(ReopenReport(report_id=signed.report, reason="结论笔误"), "physician")
    signed.run(ReopenReport(report_id=signed.report, reason="结论笔误：应为糖耐量受损"), "chief")
    [report] = signed.rows(Report)
    assert (report.state, report.document_sha256) == ("returned", None)
    with pytest.raises(DomainError, match=r"delivery\.withdrawn"):
        signed.run(HandReportOver(delivery_id=one(signed).id, **TAKEN), "nurse")
    signed.written("空腹血糖升高，提示糖耐量受损", "一个月内复查糖耐量")
    signed.submitted()
    signed.clock.advance(HOUR)
    second = signed.sign()
    old, new = sorted(signed.rows(ReportDelivery), key=lambda row: row.edition)
    assert (old.state, old.withdrawn_by, new.edition, new.replaces_handed) == ("withdrawn", "李主任", 2, True)
    text = text_of(second.pdf)
    for words in ("更正报告", "第 1 版", "应为糖耐量受损"):
        assert words in text
    make = printables()["report_edition_professional"].make
    marked = text_of(make(signed.desk, signed.who["physician"], old.id))
    for words in ("作废", "李主任", "空腹血糖 7.62 mmol/L 升高"):
        assert words in marked
    assert make(signed.desk, signed.who["physician"], new.id) == second.pdf
    assert signed.read(first.sha256) == first.pdf
    assert [row.name for row in signed.rows(Attachment)] == [f"{report.number}.pdf", f"{report.number}-2.pdf"]
    assert check_edition(signed.desk, signed.who["physician"], old.id).faults == ()
    assert check_edition(signed.desk, signed.who["physician"], new.id).sound


def test_the_operator_checks_a_file_with_nothing_but_the_certificate(signed, tmp_path, capsys):
    issued = signed.sign()
    file, root = tmp_path / "report.pdf", tmp_path / "root.pem"
    file.write_bytes(issued.pdf)
    root.write_text("".join(trusted_roots(signed.desk)), "ascii")
    asked = ["--home", str(tmp_path), "verify-report", str(file), "--root", str(root)]
    assert main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sound"], told["report"]["number"]) == (True, signed.rows(Report)[0].number)
    file.write_bytes(
        issued.pdf.replace(b"/Creator", b"/Creat0r", 1) if b"/Creator" in issued.pdf else b"%PDF-1.7"
    )
    assert main(asked) == 1
    assert json.loads(capsys.readouterr().out)["faults"]
