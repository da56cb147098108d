"""A desk several people share: a colleague comes between by PIN or card, and what the first had open waits."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from client.settings import Settings
from domain.kernel.authority import system_actor
from domain.people.quick_commands import SetCard, SetPin
from domain.people.records import Staff
from tests.client import conftest, seeding
from tests.client.test_sign_in_by_keys import label, press, type_into

PIN = {"nurse": "482915", "it": "736150"}


@pytest.fixture
def both(workstation, sign_in):
    """A nurse and somebody of IT who each have a PIN and a card here; nobody is signed in."""
    from sqlalchemy import select

    for role, pin in PIN.items():
        sign_in(role)
        workstation.desk.dispatcher.run(
            SetPin(password=seeding.PASSWORD, pin=pin, again=pin), workstation.session.actor
        )
        workstation.session.sign_out()
        with workstation.desk.store.read() as connection:
            query = select(Staff.__table__.c.id).where(Staff.__table__.c.login == seeding.LOGINS[role][0])
            staff_id = connection.execute(query).scalar_one()
        seeding.at_the_centre(
            workstation.desk, SetCard(staff_id=staff_id, card_no=f"GP-{role.upper()}-07"),
            system_actor(seeding.BRANCH, seeding.DEVICE),
        )  # fmt: skip
    return workstation


def come_in(qtbot, workstation, login, secret):
    page = workstation.window.sign_in
    type_into(qtbot, page, "login", login)
    type_into(qtbot, page, "password", secret)
    press(workstation, Qt.Key.Key_Return)


def person(shell):
    return shell.bar.findChild(QLabel, "person").text()


def test_a_pin_brings_a_colleague_in_and_the_first_back_to_what_was_open(qtbot, both, sign_in):
    first = sign_in("nurse")
    search = first.bar.search
    qtbot.keyClicks(search, "zhangw")
    press(both, Qt.Key.Key_F12)
    page = both.window.sign_in
    page.findChild(object, "sign_in_other").click()
    assert "李护士" in label(page, "sign_in_hint").text()
    with qtbot.waitSignal(both.shell_opened, timeout=10_000):
        come_in(qtbot, both, "it1", PIN["it"])
    assert person(both.window.shell) == "陈信息"
    assert not first.isVisible()
    assert both.desk.centre is None or not both.desk.centre.knows(both.session.actor)
    both.session.sign_out()
    with qtbot.waitSignal(both.shell_opened, timeout=10_000):
        come_in(qtbot, both, "nurse1", PIN["nurse"])
    assert both.window.shell is first
    assert first.isVisible()
    assert search.text() == "zhangw"
    assert len(both.parking) == 0
    qtbot.waitUntil(lambda: not both.jobs.busy)


def test_the_same_person_unlocks_by_pin(qtbot, both, sign_in):
    shell = sign_in("it")
    press(both, Qt.Key.Key_F12)
    type_into(qtbot, both.window.sign_in, "password", PIN["it"])
    with qtbot.waitSignal(both.session.unlocked, timeout=10_000):
        press(both, Qt.Key.Key_Return)
    assert both.window.shell is shell


def test_a_dialog_is_hidden_with_the_desk_and_waits_with_it(qtbot, both, sign_in):
    first = sign_in("it")
    first.bar.own.click()
    menu = QApplication.activePopupWidget()
    menu.actions()[0].trigger()
    menu.close()
    dialog = QApplication.activeModalWidget()
    qtbot.keyClicks(dialog.box("pin").editor, "9155")
    both.session.lock()
    assert not dialog.isVisible(), "nothing of the desk is left on the screen, and the keys are free"
    assert QApplication.activeModalWidget() is None
    both.window.sign_in.findChild(object, "sign_in_other").click()
    with qtbot.waitSignal(both.shell_opened, timeout=10_000):
        come_in(qtbot, both, "nurse1", PIN["nurse"])
    assert not dialog.isVisible()
    both.session.sign_out()
    with qtbot.waitSignal(both.shell_opened, timeout=10_000):
        come_in(qtbot, both, "it1", PIN["it"])
    assert dialog.isVisible()
    assert dialog.box("pin").editor.text() == "9155"
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not both.jobs.busy)


def test_a_scanned_card_names_its_owner_and_asks_for_the_pin(qtbot, both, sign_in):
    sign_in("it")
    press(both, Qt.Key.Key_F12)
    both._scanned("GP-NURSE-07")
    page = both.window.sign_in
    qtbot.waitUntil(lambda: page.findChild(QLineEdit, "login").text() == "nurse1")
    assert "李护士" in label(page, "sign_in_hint").text()
    qtbot.keyClicks(page.findChild(QLineEdit, "password"), PIN["nurse"])
    with qtbot.waitSignal(both.shell_opened, timeout=10_000):
        press(both, Qt.Key.Key_Return)
    assert person(both.window.shell) == "李护士"
    qtbot.waitUntil(lambda: not both.jobs.busy)


def test_a_card_of_nobody_is_said(qtbot, both, sign_in):
    sign_in("it")
    press(both, Qt.Key.Key_F12)
    both._scanned("GP-STRANGER")
    problem = label(both.window.sign_in, "sign_in_problem")
    qtbot.waitUntil(problem.isVisible)
    assert "工牌" in problem.text()


def test_a_wrong_pin_says_to_use_the_password(qtbot, both):
    come_in(qtbot, both, "it1", "000111")
    problem = label(both.window.sign_in, "sign_in_problem")
    qtbot.waitUntil(problem.isVisible)
    assert "口令" in problem.text()
    assert both.session.actor is None


def test_who_leaves_ends_the_shift_and_a_colleagues_waits_on(qtbot, both, sign_in):
    first = sign_in("nurse")
    press(both, Qt.Key.Key_F12)
    both.session.sign_in("it1", PIN["it"])
    qtbot.waitUntil(lambda: both.window.shell is not None and both.window.shell is not first, timeout=10_000)
    second = both.window.shell
    both.session.sign_out()
    assert both.window.shell is None
    assert len(both.parking) == 1, "the nurse's waits on, and no update begins meanwhile"
    shell = sign_in("it")
    assert shell is not second


@pytest.fixture
def card_alone(monkeypatch):
    monkeypatch.setattr(conftest, "SETTINGS", Settings(page_rows=50, quick_card_minutes=5))


def test_where_the_site_allows_it_a_card_alone_is_enough_for_who_was_just_here(
    qtbot, card_alone, both, sign_in
):
    sign_in("nurse")
    press(both, Qt.Key.Key_F12)
    with qtbot.waitSignal(both.session.unlocked, timeout=10_000):
        both._scanned("GP-NURSE-07")
    both.session.sign_out()
    both._scanned("GP-NURSE-07")
    page = both.window.sign_in
    qtbot.waitUntil(
        lambda: bool(label(page, "sign_in_hint").text()) and label(page, "sign_in_hint").isVisible()
    )
    assert both.session.actor is None, "who has left comes in with the PIN"
