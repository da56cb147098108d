"""The audit report of a month: made once, by itself, with the month's own figures, and the same PDF each time."""

import uuid
from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest
from sqlalchemy import select

import resources
from domain.audit.chain import AuditReader
from domain.audit.verification import Break, Tampering
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from domain.outgoing.commands import ExportList
from domain.people.staff_commands import CreateOrganization, SignIn
from domain.security.commands import NoteLook
from domain.security.report_records import AuditReport
from domain.security.reporting import make_due, month_before
from forms.printables import printables_for

TEXTS = Texts.load(resources.folder("texts") / "zh")


@pytest.fixture
def system(nurse):
    return system_actor(nurse.org_id, nurse.device_id)


@pytest.fixture
def busy(desk, nurse, as_role, system, clock):
    """A store with deeds of November, one of December, and its chain."""
    for number in range(3):
        desk.run(NoteLook(patient_id=uuid.UUID(int=number), page="record"), nurse)
    with pytest.raises(DomainError):
        desk.run(CreateOrganization(code="X", name="x"), nurse)
    desk.run(SignIn(login="nobody", verified=False), system)
    desk.run(
        ExportList(listing="alert.trail", columns=["kind"], rows=7, purpose="月度复盘"),
        as_role("department_head"),
    )
    clock.advance(timedelta(days=10))
    desk.run(NoteLook(patient_id=uuid.UUID(int=9), page="record"), nurse)
    Follower(desk.store, AuditReader()).catch_up()
    return desk


def reports(desk):
    with desk.store.read() as connection:
        return connection.execute(select(AuditReport.__table__)).all()


def test_the_month_before_is_of_the_clinics_calendar():
    assert month_before(datetime(2026, 11, 30, 15, 59, tzinfo=UTC))[0] == "2026-10"
    assert month_before(datetime(2026, 11, 30, 16, 0, tzinfo=UTC)) == (
        "2026-11", datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC)
    )  # fmt: skip


def test_a_month_has_one_report_with_its_own_figures_alone(busy, system, nurse):
    assert make_due(busy, system, TEXTS, None) == 1
    assert make_due(busy, system, TEXTS, None) == 0
    [kept] = reports(busy)
    assert (kept.month, kept.entries, kept.refused, kept.exported) == ("2026-11", 6, 1, 7)
    figures = kept.figures
    assert figures["totals"]["looks"] == 3
    assert figures["sign_ins"] == {"good": 0, "refused": 1, "locked": 0}
    assert figures["people"][0] | {"name": ""} == {
        "name": "",
        "role": "",
        "count": 4,
        "refused": 1,
        "looks": 3,
    }
    assert figures["outgoing"] == [{"kind": "列表", "destination": "文件", "count": 1, "rows": 7}]
    assert [one for one in figures["configuration"] if one["refused"]] == [
        {"label": "新建机构", "count": 1, "refused": 1}
    ]


def test_a_broken_chain_is_said_in_the_report(busy, system):
    make_due(busy, system, TEXTS, Break(4, Tampering.EDITED, 4))
    assert reports(busy)[0].chain.startswith("审计链第 4 条的内容被改动")


def test_one_key_gives_the_report_as_pdf_to_who_may_see_the_audit(busy, system, as_role, nurse):
    make_due(busy, system, TEXTS, None)
    auditor = as_role("auditor")
    [one] = printables_for("audit_report", auditor)
    [kept] = reports(busy)
    made = one.make(busy, auditor, kept.id)
    assert made == one.make(busy, auditor, kept.id)
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made))
    assert "2026-11" in text
    assert "审计链完整，与变更日志一致" in text
    with pytest.raises(DomainError, match=r"permission\.denied"):
        one.make(busy, nurse, kept.id)
