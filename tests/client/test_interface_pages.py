"""R1.7.4: the interface page at a workstation: how lines fare, what is sent again, codes mapped, by keys."""

import os
from datetime import timedelta
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from sqlalchemy import select

from domain.checkup.visit_commands import OpenVisit
from domain.interop.code_records import PartnerCode, UnmappedCode
from domain.interop.follower import PartnerFollower
from domain.interop.item_commands import SetServiceItem
from domain.interop.out_records import OutMessage
from domain.interop.partner_commands import RegisterPartner
from domain.interop.partner_records import PartnerRole
from domain.interop.queue_commands import NoteAnswer, NoteSending
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from tests.client import seeding

PATIENCE_MS = 20_000


@pytest.fixture
def partners(workstation):
    """Two partners: one that refused an order, one that does not answer; and a code nobody knows."""
    desk = workstation.desk.dispatcher
    system = seeding.system()

    def run(order):
        return desk.run(order, system).receipt

    lis = run(RegisterPartner(
        system_name="检验科 LIS", role=PartnerRole.LIS, application="LIS", facility="B01", host="10.0.0.8", port=2575,
        tls=False,
        orders=True, reason="上线",
    ))  # fmt: skip
    his = run(RegisterPartner(
        system_name="医院 HIS", role=PartnerRole.HIS, application="HIS", facility="B01", host="10.0.0.9", port=2575,
        tls=False,
        persons=True, reason="上线",
    ))  # fmt: skip
    for code, name in (("GLU", "空腹血糖"), ("LIP", "血脂四项"), ("LFT", "肝功能")):
        run(SetServiceItem(code=code, name=name, role=PartnerRole.LIS, packages="商务套餐", reason="上线"))
    with desk.store.read() as connection:
        patient = connection.execute(select(Patient.id).limit(1)).scalar_one()
    run(OpenVisit(patient_id=patient, visit_date=desk.clock().date() + timedelta(days=9), package="商务套餐"))
    Follower(desk.store, PartnerFollower(desk, system)).catch_up()
    with desk.store.read() as connection:
        queued = connection.execute(
            select(OutMessage.id).where(OutMessage.partner_id == lis).order_by(OutMessage.place)
        )
        first = queued.scalars().first()
        persons = (
            connection.execute(select(OutMessage.id).where(OutMessage.partner_id == his)).scalars().first()
        )
    run(NoteSending(message_id=first, payload=b"MSH|"))
    run(NoteAnswer(message_id=first, attempt=1, answer="AE", detail="项目代码 GLU 未登记"))
    if persons is not None:
        for attempt in (1, 2, 3):
            run(NoteSending(message_id=persons))
            run(
                NoteAnswer(
                    message_id=persons, attempt=attempt, reason="no_connection", detail="Connection refused"
                )
            )
    with desk.store.write() as connection:
        work = UnitOfWork(connection, system, now=desk.clock(), new_id=desk.ids)
        work.add(UnmappedCode(
            org_id=seeding.BRANCH, system="LIS|B01", code="K+", name="血钾", unit="mmol/L", why="unknown_code",
            example="4.2", waiting=12, first_at=desk.clock(), last_at=desk.clock(),
        ))  # fmt: skip
        work.commit_entry("test.code", txn_id=desk.ids())
        work.close()
    return SimpleNamespace(desk=desk, lis=lis, his=his, first=first)


def idle(qtbot, workstation):
    qtbot.waitUntil(lambda: not workstation.jobs.busy, timeout=PATIENCE_MS)


def shown(qtbot, workstation, shell, page):
    shell.open_page(page, {})
    idle(qtbot, workstation)
    table = shell.page.findChild(QWidget, "worklist_table")
    qtbot.waitUntil(lambda: table.model().rowCount() > 0, timeout=PATIENCE_MS)
    return table


def dialog_of(qtbot, workstation, key):
    QTest.keyClick(workstation.app.focusWidget(), key)
    qtbot.waitUntil(lambda: workstation.app.activeModalWidget() is not None, timeout=PATIENCE_MS)
    dialog = workstation.app.activeModalWidget()
    qtbot.waitUntil(lambda: workstation.app.focusWindow() is dialog.windowHandle(), timeout=PATIENCE_MS)
    return dialog


def shot(workstation, name, widget=None):
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        for size in ((1366, 768), (1920, 1080)):
            workstation.window.resize(*size)
            for _ in range(4):
                QCoreApplication.processEvents()
            (widget or workstation.window).grab().save(f"{folder}/{name}-{size[0]}.png")


def cells(table):
    model = table.model()
    return [str(model.index(0, column).data()) for column in range(model.columnCount())]


def test_how_lines_fare_is_one_list_the_worst_first(qtbot, workstation, sign_in, partners):
    shell = sign_in("it")
    table = shown(qtbot, workstation, shell, "worklist:interface.states")
    shot(workstation, "states")
    told = cells(table)
    assert told[0] == "医院 HIS"
    assert "连接不上：检查对方服务、地址和端口" in told
    shown(qtbot, workstation, shell, "worklist:interface.partners")
    shot(workstation, "partners")
    dialog = dialog_of(qtbot, workstation, Qt.Key.Key_1)
    shot(workstation, "register", dialog)
    dialog.reject()


def test_what_was_refused_is_sent_again_by_keys(qtbot, workstation, sign_in, partners):
    shell = sign_in("it")
    table = shown(qtbot, workstation, shell, "worklist:interface.dead")
    shot(workstation, "dead")
    assert "项目代码 GLU 未登记" in cells(table)
    dialog = dialog_of(qtbot, workstation, Qt.Key.Key_1)
    shot(workstation, "resend", dialog)
    dialog.box("note").set_value("已请检验科登记代码")
    with qtbot.waitSignal(dialog.completed, timeout=PATIENCE_MS):
        QTest.keyClick(dialog, Qt.Key.Key_F9)
    idle(qtbot, workstation)
    with partners.desk.store.read() as connection:
        row = connection.execute(
            select(OutMessage.state, OutMessage.writings).where(OutMessage.id == partners.first)
        ).one()
    assert tuple(row) == ("waiting", 2)
    for page in ("interface.queue", "interface.items", "checkup.unresulted"):
        if page == "checkup.unresulted":
            workstation.session.sign_out()
            shell = sign_in("nurse")
        shown(qtbot, workstation, shell, f"worklist:{page}")
        shot(workstation, page)


def test_a_code_is_mapped_where_it_waits(qtbot, workstation, sign_in, partners):
    shell = sign_in("physician")
    shown(qtbot, workstation, shell, "worklist:interface.unmapped")
    shot(workstation, "unmapped")
    dialog = dialog_of(qtbot, workstation, Qt.Key.Key_1)
    shot(workstation, "map", dialog)
    dialog.box("item").set_value("2823-3")
    dialog.box("reason").set_value("检验科确认")
    with qtbot.waitSignal(dialog.completed, timeout=PATIENCE_MS):
        QTest.keyClick(dialog, Qt.Key.Key_F9)
    idle(qtbot, workstation)
    with partners.desk.store.read() as connection:
        assert connection.execute(select(PartnerCode.item)).scalar_one() == "k"
