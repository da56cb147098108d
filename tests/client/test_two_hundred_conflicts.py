"""The conflict inbox with two hundred cases: how many keys a case takes, and how long the program itself takes.

The demand is twenty seconds a case with the person; what is left to the person is that less the program's part, which
is measured here by processor time, so that a busy machine says the same.
"""

import logging
import os
import threading
import time
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget
from sqlalchemy import func, select

from domain.exchange.records import Conflict
from domain.kernel.authority import system_actor
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from tests.client import seeding
from tests.client.test_pages import SeedConflict

log = logging.getLogger(__name__)
CASES = 200
PATIENCE_MS = 60_000
PROGRAM_S = 1.0
"""Processor seconds a case may cost of the twenty."""


@pytest.fixture
def shell(qtbot, workstation, sign_in):
    shell = sign_in("physician")
    desk = workstation.desk
    system = system_actor(seeding.BRANCH, seeding.DEVICE)

    def fill():  # off the thread of the screen, which the watchdog keeps free
        for at in range(CASES):
            one(at)

    def one(at):
        person = RegisterPatient(
            name=f"周冲突{at}",
            sex=Sex.FEMALE,
            birth_date=date(1970, 1, 2),
            phone=f"139{at:08}",
            another_person=True,
        )
        patient = desk.dispatcher.run(person, system).receipt.patient_id
        desk.dispatcher.run(SeedConflict(patient_id=patient, safety=at % 50 == 0, hours=at % 40), system)

    thread = threading.Thread(target=fill)
    thread.start()
    thread.join()
    shell.open_page("conflicts", {})
    qtbot.waitUntil(
        lambda: shell.page.findChild(QListWidget, "conflict_list") is not None and not workstation.jobs.busy,
        timeout=PATIENCE_MS,
    )
    qtbot.waitUntil(
        lambda: shell.page.findChild(QListWidget, "conflict_list").count() == CASES, timeout=PATIENCE_MS
    )
    return shell


def states(workstation):
    with workstation.desk.store.read() as connection:
        table = Conflict.__table__.c
        return dict(connection.execute(select(table.state, func.count()).group_by(table.state)).all())


def test_a_case_takes_one_key_and_the_program_leaves_the_time_to_the_person(qtbot, workstation, shell):
    page = shell.page
    listing, keys = page.findChild(QListWidget, "conflict_list"), []

    def press(key):
        keys.append(key)
        window = workstation.app.focusWindow() or workstation.window.windowHandle()
        QTest.keyClick(window, key)

    def decided(left):
        qtbot.waitUntil(lambda: listing.count() == left and page.model.case is not None, timeout=PATIENCE_MS)
        shown = page.findChild(QLabel, "conflict_mine_phone")
        assert shown is not None, "the next case stands there without another key"

    assert page.model.case.whose in listing.item(0).text(), "the list says whose it is"
    assert page.model.case.whose.startswith("周冲突")
    assert page.model.case.safety, "what matters for safety comes first"
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        for width, height in ((1366, 768), (1920, 1080)):
            workstation.window.resize(width, height)
            QTest.qWait(300)
            workstation.window.grab().save(f"{folder}/conflicts_{width}.png")
    spent, walls = [], []
    for done in range(1, 13):
        begun, wall = time.process_time(), time.perf_counter()
        press((Qt.Key.Key_1, Qt.Key.Key_2)[done % 2])
        decided(CASES - done)
        spent.append(time.process_time() - begun)
        walls.append(time.perf_counter() - wall)
    assert len(keys) == 12, "one key a case"
    assert states(workstation)["open"] == CASES - 12
    middle, slowest = sorted(spent)[6], max(spent)
    log.info(
        "processor %.0f ms, at most %.0f; by the clock %.2f s", middle * 1e3, slowest * 1e3, sorted(walls)[6]
    )
    assert middle < PROGRAM_S

    case = page.model.case
    press(Qt.Key.Key_3)
    qtbot.waitUntil(lambda: isinstance(workstation.app.focusWidget(), QLineEdit), timeout=PATIENCE_MS)
    workstation.app.focusWidget().setText("13833333333")
    page.model.load()  # as whatever else happens at the branch does
    qtbot.waitUntil(lambda: not workstation.jobs.busy, timeout=PATIENCE_MS)
    QTest.qWait(50)
    assert page.model.case.conflict_id == case.conflict_id
    assert workstation.app.focusWidget().text() == "13833333333", "what is being typed stays"
    press(Qt.Key.Key_Return)
    decided(CASES - 13)
    with workstation.desk.store.read() as connection:
        said = connection.execute(select(Patient.phone).where(Patient.id == case.record_id)).scalar()
    assert said == "13833333333"
