"""The whole program while its store is joined: nothing is lost of what is asked and typed meanwhile."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from sqlalchemy import update

from client.desk import build_desk
from client.early import compiling
from client.early.opening import FirstLook
from client.early.settling import settle
from client.preferences import Preferences
from client.workstation import Workstation
from domain.kernel.errors import UnavailableError
from sync.local_tables import compiled as compiled_table
from sync.local_tables import noted_sign_in
from sync.search import SearchIndex
from tests.client import seeding
from tests.client.conftest import KEY, SETTINGS
from tests.client.test_early import count


@pytest.fixture
def early_home(home, tmp_path, monkeypatch, clock):
    """A home that was started before: its declarations are compiled; the key is a file, devices and sync absent."""
    key_file = tmp_path / "store.key"
    key_file.write_text(KEY.hex(), "ascii")
    key_file.chmod(0o600)
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(key_file))
    monkeypatch.setattr("client.desk.installed", lambda *_names: ())
    monkeypatch.setattr("client.opening.machine_clock", lambda: clock)
    desk = build_desk(home, SETTINGS, key=KEY, clock=clock, parts=())
    SearchIndex().rebuild(desk.store)
    compiling.keep_compiled(desk)
    desk.close()
    return home


@pytest.fixture
def started(qapp, qtbot, early_home, monkeypatch):
    """The program, painted, with nothing loaded but what an early desk needs; `go_on` is in the test's hands."""
    monkeypatch.setattr("client.opening.IDLE_MS", 3_600_000)
    monkeypatch.setattr("client.workstation.SHOWN_MS", 3_600_000)
    look = FirstLook(early_home, SETTINGS)
    look._thread.join()
    made = Workstation(early_home, SETTINGS, Preferences(early_home.preferences), first=look)
    with qtbot.waitSignal(made.desk_opened, timeout=10_000):
        made.start()
    yield made
    made.window.close()
    made.close()
    made.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def complete(qtbot, workstation):
    with qtbot.waitSignal(workstation.desk_completed, timeout=20_000):
        workstation._opening.go_on()
    qtbot.waitUntil(lambda: not workstation.jobs.busy and workstation.window.shell.is_whole, timeout=20_000)


def enter(qtbot, workstation, login="nurse1"):
    with qtbot.waitSignal(workstation.shell_opened, timeout=10_000):
        workstation._submitted(login, seeding.PASSWORD)
    qtbot.waitUntil(lambda: not workstation.jobs.busy)
    return workstation.window.shell


def test_the_desk_is_there_before_the_store_is_joined_and_stays(qtbot, started):
    shell = enter(qtbot, started)
    assert not started.desk.is_complete
    today = shell.page.findChild(object, "today_list")
    qtbot.waitUntil(lambda: today.count() == len(seeding.PEOPLE))
    assert shell.bar.alerts.text() == "预警 …"
    field = shell.page.findChild(object, "find_client")
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClicks(field, "Zhang")
    complete(qtbot, started)
    assert started.window.shell is shell
    again = shell.page.findChild(object, "find_client")
    assert again is not field
    assert again.text() == "Zhang"
    assert again.hasFocus()
    assert shell.page.findChild(object, "today_list").count() == len(seeding.PEOPLE)
    assert shell.bar.alerts.text() != "预警 …"
    assert count(started.desk, noted_sign_in) == 0


def test_what_is_asked_meanwhile_is_done_by_the_whole_page(qtbot, started):
    shell = enter(qtbot, started)
    today = shell.page.findChild(object, "today_list")
    qtbot.waitUntil(lambda: today.count() > 0)
    visit_id = today.item(0).data(Qt.ItemDataRole.UserRole)
    today.itemActivated.emit(today.item(0))
    assert "载入" in shell.toast.text
    complete(qtbot, started)
    qtbot.waitUntil(lambda: shell.page.model.visit.encounter is not None)
    assert shell.page.model.visit.encounter.visit_id == visit_id


def test_a_key_pressed_meanwhile_opens_the_form(qtbot, started):
    shell = enter(qtbot, started)
    shell.page.model.action_set.trigger("register")
    complete(qtbot, started)
    assert shell.page.model.identity.registration is not None


def test_another_page_and_a_scan_wait_for_it(qtbot, started, seeded):
    shell = enter(qtbot, started)
    shell.open_page("worklist:checkup.visits", {})
    shell.take_scan("1234567890")
    taken = []
    shell.take_scan = taken.append
    complete(qtbot, started)
    assert shell.current == "worklist:checkup.visits"
    assert taken == ["1234567890"]


def test_a_role_without_a_first_view_gets_its_page_when_it_is_there(qtbot, started):
    shell = enter(qtbot, started, "doctor1")
    assert shell.page is None
    complete(qtbot, started)
    assert shell.page is not None
    assert shell.current == shell.model.home


def test_a_wrong_password_shows_nothing_and_lets_the_right_one_in(qtbot, started):
    started._submitted("nurse1", "wrong")
    problem = started.window.sign_in.findChild(object, "sign_in_problem")
    qtbot.waitUntil(problem.isVisible, timeout=20_000)
    assert started.window.shell is None
    assert started.window._stack.count() == 1
    qtbot.waitUntil(lambda: not started.jobs.busy and started._complete, timeout=20_000)
    shell = enter(qtbot, started)
    assert shell.card is not None


def test_a_locked_desk_lets_the_same_person_back_before_the_store_is_joined(qtbot, started):
    shell = enter(qtbot, started)
    started.session.lock()
    assert not shell.isVisible()
    with qtbot.waitSignal(started.session.unlocked, timeout=10_000):
        started._submitted("nurse1", seeding.PASSWORD)
    assert started.window.shell is shell
    complete(qtbot, started)


def test_a_program_that_ends_before_the_store_is_joined_keeps_the_note(qtbot, started, early_home, clock):
    enter(qtbot, started)
    started.window.close()
    desk = build_desk(early_home, SETTINGS, key=KEY, clock=clock, parts=())
    assert count(desk, noted_sign_in) == 1
    assert settle(desk) == 1
    desk.close()


def test_who_waits_for_the_whole_desk_does_not_keep_the_program_from_ending(qtbot, started):
    enter(qtbot, started)
    searcher, actor = started.desk.searcher, started.session.actor
    searching = started.jobs.read(lambda _job: searcher(actor, "13800", 12))
    signing_in = started.jobs.write(lambda _job: started.desk.sign_in("nurse1", "wrong"))
    assert searching is not signing_in
    started.close()  # would wait for both
    assert started.desk is None


def test_a_store_that_does_not_join_is_told_and_can_be_tried_again(qtbot, started, monkeypatch):
    enter(qtbot, started)

    def refuse(*_given):
        raise UnavailableError("store.busy")

    with monkeypatch.context() as broken:
        broken.setattr("client.desk._opened", refuse)
        started._opening.go_on()
        qtbot.waitUntil(lambda: started.window.is_blocked)
    with qtbot.waitSignal(started.desk_completed, timeout=20_000):
        started._retry()
    qtbot.waitUntil(lambda: not started.jobs.busy and started.window.shell.is_whole, timeout=20_000)
    assert started.window.shell.isVisible()


def test_without_a_compiled_form_the_desk_opens_as_ever(early_home):
    desk = build_desk(early_home, SETTINGS, key=KEY, parts=())
    with desk.store.write() as connection:
        connection.execute(update(compiled_table).values(program="another"))
    desk.close()
    assert not FirstLook(early_home, SETTINGS).wait()


def test_a_wrong_key_is_left_to_the_whole_desk(early_home, tmp_path, monkeypatch):
    other = tmp_path / "other.key"
    other.write_text(bytes(32).hex(), "ascii")
    other.chmod(0o600)
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(other))
    assert not FirstLook(early_home, SETTINGS).wait()


def test_a_start_loads_no_sqlalchemy_before_the_desk_is_shown():
    import subprocess
    import sys

    heavy = ("sqlalchemy", "requests", "yaml", "msgspec", "numpy", "cryptography", "pypinyin")
    code = (
        "import sys, client.workstation, client.desk, client.session, client.live, client.scan_router, "
        "client.shell.view, client.stations.front_desk.first.view, client.early.reading, sync.search_people;"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
