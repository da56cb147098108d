"""Signing in by keys alone: right, wrong, locked out, locked by the desk, before the desk is open, blocked."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from client.desk import build_desk
from client.home import Home
from client.preferences import Preferences
from client.workstation import Workstation
from tests.client import seeding
from tests.client.conftest import KEY, SETTINGS


def type_into(qtbot, page, name, text):
    field = page.findChild(object, name)
    field.setFocus()
    field.clear()
    qtbot.keyClicks(field, text)
    return field


def press(workstation, key):
    QTest.keyClick(workstation.window.windowHandle(), key)


def sign_in_by_keys(qtbot, workstation, login, password):
    page = workstation.window.sign_in
    type_into(qtbot, page, "login", login)
    press(workstation, Qt.Key.Key_Return)
    assert page.findChild(object, "password").hasFocus()
    qtbot.keyClicks(page.findChild(object, "password"), password)
    press(workstation, Qt.Key.Key_Return)


def label(page, name):
    return page.findChild(QLabel, name)


def test_login_password_enter_opens_the_desk(qtbot, workstation):
    with qtbot.waitSignal(workstation.shell_opened, timeout=10_000):
        sign_in_by_keys(qtbot, workstation, "it1", seeding.PASSWORD)
    shell = workstation.window.shell
    assert shell.isVisible()
    assert shell.bar.findChild(QLabel, "person").text() == "陈信息"
    qtbot.waitUntil(lambda: "城西分院" in shell.bar.findChild(QLabel, "role").text())
    qtbot.waitUntil(lambda: not workstation.jobs.busy)


def test_a_wrong_password_is_told_and_the_password_selected(qtbot, workstation):
    sign_in_by_keys(qtbot, workstation, "it1", "wrong-one")
    problem = label(workstation.window.sign_in, "sign_in_problem")
    qtbot.waitUntil(problem.isVisible)
    assert "口令" in problem.text()
    assert workstation.window.sign_in.findChild(object, "password").selectedText() != ""
    qtbot.waitUntil(lambda: not workstation.jobs.busy)


def test_five_failures_lock_the_login_and_say_for_how_long(qtbot, workstation):
    for _ in range(5):
        with qtbot.waitSignal(workstation.session.refused):
            workstation.session.sign_in("it1", "wrong")
    with qtbot.waitSignal(workstation.session.refused) as caught:
        workstation.session.sign_in("it1", seeding.PASSWORD)
    assert caught.args[0] == "sign_in.locked"
    assert caught.args[1]["minutes"] >= 15
    assert caught.args[1]["until"] in label(workstation.window.sign_in, "sign_in_problem").text()
    assert "分钟" in label(workstation.window.sign_in, "sign_in_problem").text()
    qtbot.waitUntil(lambda: not workstation.jobs.busy)


def test_capitals_without_shift_bring_the_caps_lock_hint(qtbot, workstation):
    page = workstation.window.sign_in
    password = page.findChild(object, "password")
    password.setFocus()
    qtbot.keyClick(password, "a")
    assert not label(page, "caps_hint").isVisible()
    QTest.keyEvent(QTest.KeyAction.Press, password, "A", Qt.KeyboardModifier.NoModifier)
    assert label(page, "caps_hint").isVisible()


def test_nothing_is_asked_of_the_store_without_a_password(qtbot, workstation):
    with qtbot.waitSignal(workstation.session.refused) as caught:
        workstation.session.sign_in("it1", "")
    assert caught.args[0] == "sign_in.incomplete"
    assert not workstation.jobs.busy


def test_f12_locks_and_its_person_comes_back_to_the_same_desk(qtbot, workstation, sign_in):
    shell = sign_in("it")
    press(workstation, Qt.Key.Key_F12)
    page = workstation.window.sign_in
    assert page.isVisible()
    assert "陈信息" in label(page, "sign_in_title").text()
    type_into(qtbot, page, "password", seeding.PASSWORD)
    with qtbot.waitSignal(workstation.session.unlocked, timeout=10_000):
        press(workstation, Qt.Key.Key_Return)
    assert workstation.window.shell is shell
    assert shell.isVisible()


def test_the_desk_locks_by_itself_when_nobody_is_there(qtbot, workstation, sign_in):
    sign_in("it")
    assert workstation.session.idle_ms == pytest.approx(SETTINGS.lock_after_minutes * 60_000, rel=0.05)
    workstation.session._idle.start(1)
    qtbot.waitUntil(lambda: workstation.session.is_locked)
    assert workstation.window.sign_in.isVisible()


def test_a_key_starts_the_idle_time_anew(qtbot, workstation, sign_in):
    sign_in("it")
    workstation.session._idle.stop()
    assert workstation.session.idle_ms == -1
    press(workstation, Qt.Key.Key_Down)
    assert workstation.session.idle_ms > 0


def test_leaving_ends_the_shift_and_the_next_person_sees_nothing_of_it(qtbot, workstation, sign_in):
    sign_in("it")
    workstation.session.sign_out()
    assert workstation.window.shell is None
    assert workstation.window.sign_in.isVisible()
    shell = sign_in("administrator")
    assert shell.bar.findChild(QLabel, "person").text() == "赵管理"


def test_a_password_that_must_be_changed_is_changed_first(qtbot, workstation, open_desk_for_change):
    workstation.session.sign_in("new1", seeding.PASSWORD)
    qtbot.waitUntil(lambda: workstation.app.activeModalWidget() is not None, timeout=10_000)
    dialog = workstation.app.activeModalWidget()
    assert dialog.objectName() == "command_dialog"
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_Escape)
    assert dialog.isVisible()
    qtbot.keyClicks(dialog.box("old").editor, seeding.PASSWORD)
    qtbot.keyClicks(dialog.box("password").editor, "Snow-2027-lantern")
    with qtbot.waitSignal(dialog.completed, timeout=10_000):
        QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not workstation.jobs.busy)


@pytest.fixture
def open_desk_for_change(workstation):
    from domain.kernel.authority import system_actor
    from domain.people.staff_commands import CreateStaff

    order = CreateStaff(
        login="new1", name="新员工", role="it", password=seeding.PASSWORD, org_id=seeding.BRANCH
    )
    seeding.at_the_centre(workstation.desk, order, system_actor(seeding.BRANCH, seeding.DEVICE))


def test_what_was_typed_before_the_desk_was_open_signs_in_when_it_is(qapp, qtbot, home, clock):
    made = Workstation(
        home, SETTINGS, Preferences(home.preferences),
        build=lambda: build_desk(home, SETTINGS, key=KEY, clock=clock, parts=()),
    )  # fmt: skip
    made.window.show()
    made._submitted("it1", seeding.PASSWORD)
    made.window.sign_in.findChild(object, "login").setText("it1")
    made.window.sign_in.findChild(object, "password").setText(seeding.PASSWORD)
    with qtbot.waitSignal(made.shell_opened, timeout=10_000):
        made.start()
    qtbot.waitUntil(lambda: not made.jobs.busy)
    made.window.close()
    made.window.deleteLater()


def test_a_desk_that_cannot_open_says_why_and_what_to_do(qapp, qtbot, tmp_path):
    home = Home(tmp_path / "nowhere")
    made = Workstation(
        home, SETTINGS, Preferences(tmp_path / "p.json"), build=lambda: build_desk(home, key=KEY)
    )
    made.start()
    blocked = made.window.blocked
    qtbot.waitUntil(blocked.isVisible)
    assert str(home.store) in label(blocked, "blocked_reason").text()
    assert "不会自动新建" in label(blocked, "blocked_remedy").text()
    assert "store.missing" in label(blocked, "blocked_code").text()
    assert not home.folder.exists()
    made.window.close()
    made.window.deleteLater()
