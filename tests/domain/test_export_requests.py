"""A list in clear leaves by a purpose alone while it is small; beyond that somebody else lets it go (R3.4.1)."""

import dataclasses
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

import resources
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Pages, worklists
from domain.outgoing.commands import ExportList
from domain.outgoing.limits import DEFAULT, load_export_limits
from domain.outgoing.request_commands import ApproveExport, AskExport, RefuseExport
from domain.outgoing.request_records import ExportRequest

COLUMNS = ["name", "phone"]
PURPOSE = "年度团检名单核对"


@pytest.fixture
def head(as_role):
    return as_role("department_head", name="申请人")


@pytest.fixture
def second(head):
    return dataclasses.replace(head, staff_id=uuid.uuid4(), name="批准人乙")


@pytest.fixture
def third(head):
    return dataclasses.replace(head, staff_id=uuid.uuid4(), name="批准人丙")


def take(desk, actor, rows, columns=COLUMNS, filters=None):
    order = ExportList(listing="people.clients", columns=columns, rows=rows, filters=filters, purpose=PURPOSE)
    return desk.run(order, actor).receipt


def ask(desk, actor, rows, columns=COLUMNS, filters=None):
    order = AskExport(listing="people.clients", columns=columns, rows=rows, filters=filters, purpose=PURPOSE)
    return desk.run(order, actor).receipt


def refused(desk, actor, rows, **more):
    with pytest.raises(DomainError) as error:
        take(desk, actor, rows, **more)
    return error.value.code


def test_the_limits_that_ship_are_those_in_force():
    assert load_export_limits(resources.folder("security") / "exports.yaml") == DEFAULT


def test_a_few_rows_leave_with_a_purpose_and_not_again_and_again(desk, head):
    assert take(desk, head, 30)
    assert take(desk, head, 20)
    assert refused(desk, head, 1) == "export.needs_approval"  # cut into small pieces it is a large one
    desk.clock.advance(timedelta(days=1))
    assert take(desk, head, 50)


def test_masked_columns_need_nobody(desk, head):
    masked = dataclasses.replace(head, clearance=type(head.clearance).PUBLIC)
    assert take(desk, masked, 4000)


def test_another_person_lets_a_larger_one_go_once(desk, head, second):
    assert refused(desk, head, 200) == "export.needs_approval"
    request = ask(desk, head, 200)
    assert (request.needed, request.sensitive) == (1, False)
    assert ask(desk, head, 200).request_id == request.request_id
    with pytest.raises(DomainError) as own:
        desk.run(ApproveExport(export_request_id=request.request_id), head)
    assert own.value.code == "export_request.own_work"
    assert refused(desk, head, 200) == "export.needs_approval"
    assert desk.run(ApproveExport(export_request_id=request.request_id), second).receipt == 0
    assert refused(desk, head, 200, filters="姓名 = 王") == "export.needs_approval"
    assert refused(desk, head, 200, columns=[*COLUMNS, "id_number"]) == "export.needs_approval"
    assert refused(desk, head, 221) == "export.needs_approval"
    assert refused(desk, second, 200) == "export.needs_approval", "it is of who asked"
    taken = take(desk, head, 210)
    with desk.store.read() as connection:
        row = connection.execute(select(ExportRequest.__table__)).one()
    assert (row.state, row.outgoing_id, row.approved_names) == ("used", taken, "批准人乙")
    assert refused(desk, head, 200) == "export.needs_approval"


def test_a_sensitive_one_or_a_large_one_takes_two_people(desk, head, second, third):
    assert ask(desk, head, 501).needed == 2
    request = ask(desk, head, 60, columns=["name", "id_number"])
    assert (request.needed, request.sensitive) == (2, True)
    assert desk.run(ApproveExport(export_request_id=request.request_id), second).receipt == 1
    assert refused(desk, head, 60, columns=["name", "id_number"]) == "export.needs_approval"
    with pytest.raises(DomainError) as twice:
        desk.run(ApproveExport(export_request_id=request.request_id), second)
    assert twice.value.code == "export_request.own_work"
    assert desk.run(ApproveExport(export_request_id=request.request_id), third).receipt == 0
    assert take(desk, head, 60, columns=["name", "id_number"])


def test_an_approval_ends_after_seven_days_and_a_refusal_is_for_good(desk, head, second):
    request = ask(desk, head, 200)
    desk.run(ApproveExport(export_request_id=request.request_id), second)
    desk.clock.advance(timedelta(days=7, seconds=1))
    assert refused(desk, head, 200) == "export.needs_approval"
    other = ask(desk, head, 300)
    desk.run(RefuseExport(export_request_id=other.request_id, reason="用途不明"), second)
    with pytest.raises(DomainError) as over:
        desk.run(ApproveExport(export_request_id=other.request_id), second)
    assert over.value.code == "export_request.wrong_state"


def test_nobody_takes_more_than_a_days_rows(desk, head, second, third):
    request = ask(desk, head, 4900)
    for person in (second, third):
        desk.run(ApproveExport(export_request_id=request.request_id), person)
    take(desk, head, 4900)
    assert refused(desk, head, 101) == "export.day_limit"


def test_who_asks_sees_their_own_and_who_approves_sees_all(desk, head, second, as_role):
    ask(desk, head, 200)
    pages = Pages(desk.store)
    assert len(pages.page(worklists()["document.export_requests"], second).rows) == 1
    assert len(pages.page(worklists()["document.own_requests"], head).rows) == 1
    with pytest.raises(DomainError):
        pages.page(worklists()["document.export_requests"], as_role("nurse"))
