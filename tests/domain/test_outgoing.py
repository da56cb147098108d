"""Exports and prints: permission, purpose and record before anything leaves; the end is on record too."""

import pytest
from sqlalchemy import select

from domain.kernel.change_log import entries_after
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Pages, worklists
from domain.outgoing.commands import EndOutgoing, ExportList, HandOutDocument, PrintLabels
from domain.outgoing.records import Destination, Outgoing, OutgoingEnd, OutgoingResult


def refused(desk, order, actor):
    with pytest.raises(DomainError) as found:
        desk.run(order, actor)
    return found.value


def rows(desk, kind):
    with desk.store.read() as connection:
        return connection.execute(select(kind.__table__)).all()


def clients(*columns, **facts):
    return ExportList(listing="people.clients", columns=list(columns), rows=12, filters="姓名 = 王", **facts)


def test_an_export_is_on_record_with_who_what_how_many_and_why(desk, as_role):
    head = as_role("department_head")
    noted = desk.run(clients("number", "name", purpose="年度质控"), head).receipt
    [record] = rows(desk, Outgoing)
    assert (record.id, record.what, record.count, record.columns) == (noted, "客户", 12, "档案号、姓名")
    assert (record.filters, record.purpose, record.destination) == ("姓名 = 王", "年度质控", Destination.FILE)
    assert (record.staff_id, record.staff_name) == (head.staff_id, head.name)
    with desk.store.read() as connection:
        assert [e.body.command for e in entries_after(connection, 0, 10)] == ["document.export"]


def test_personal_columns_need_a_purpose_and_masked_ones_do_not(desk, as_role):
    head = as_role("department_head")
    error = refused(desk, clients("number", "name", "id_number"), head)
    assert (error.code, error.field, error.facts) == (
        "export.purpose_missing", "purpose", {"columns": "姓名、证件号码"},
    )  # fmt: skip
    desk.run(clients("number", "sex"), head)
    assert len(rows(desk, Outgoing)) == 1


def test_who_may_not_export_or_see_the_list_is_refused_and_that_is_on_record(desk, as_role):
    assert refused(desk, clients("number"), as_role("nurse")).code == "permission.denied"
    audit = ExportList(listing="document.outgoing", columns=["what"], rows=1, purpose="看看")
    assert refused(desk, audit, as_role("department_head")).code == "permission.denied"
    assert rows(desk, Outgoing) == []
    unknown = ExportList(listing="nothing.here", columns=[], rows=1)
    assert refused(desk, unknown, as_role("department_head")).code == "worklist.unknown"


def test_a_print_and_its_failure_are_both_on_record(desk, as_role, nurse):
    noted = desk.run(HandOutDocument(what="R1 体检报告", destination=Destination.PRINTER), nurse).receipt
    desk.run(EndOutgoing(outgoing_id=noted, result=OutgoingResult.FAILED, detail="打印机缺纸"), nurse)
    [end] = rows(desk, OutgoingEnd)
    assert (end.outgoing_id, end.result, end.detail) == (noted, "failed", "打印机缺纸")
    other = as_role("physician")
    order = EndOutgoing(outgoing_id=noted, result=OutgoingResult.DONE)
    assert refused(desk, order, other).code == "outgoing.not_yours"
    listed = Pages(desk.store).page(worklists()["document.outgoing"], as_role("auditor", subtree=()))
    assert len(listed.rows) == 1


def test_labels_are_on_record_by_their_numbers(desk, technician):
    desk.run(PrintLabels(numbers=["1", "2"], printer="冻存标签机"), technician)
    [record] = rows(desk, Outgoing)
    assert (record.what, record.count, record.destination) == ("1、2", 2, "printer")
    assert refused(desk, PrintLabels(numbers=[], printer="p"), technician).field == "numbers"
