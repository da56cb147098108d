"""What a person at the desk sees of a wrong key, a damaged file, a full or read-only disk, a second program."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from sqlalchemy import select, text

from client.command_dialog.view import CommandDialog
from client.desk import build_desk
from client.home import Home
from client.only_one import NAME, HomeLock
from client.preferences import Preferences
from client.workstation import Workstation
from domain.kernel.commands import commands
from domain.people.records import Patient, Sex
from sync.stores import open_branch_store
from tests.client import seeding
from tests.client.conftest import KEY, SETTINGS
from tests.fixtures.consistency import assert_whole
from tests.fixtures.disks import mounted

PAGE = 4096


@pytest.fixture
def key_file(tmp_path, monkeypatch):
    path = tmp_path / "key"
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(path))

    def write(key=KEY):
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(key.hex())

    write()
    return write


@pytest.fixture
def program(qapp, qtbot, tmp_path, key_file):
    """Return a function that starts the program on a home as `client.main` does, without an early look."""
    made = []

    def start(home, **options):
        one = Workstation(
            home, SETTINGS, Preferences(tmp_path / "p.json"), lock=HomeLock(home.folder), **options
        )
        made.append(one)
        one.start()
        return one

    yield start
    for one in made:
        one.window.close()
        one.close()
        one.window.deleteLater()


def blocked(qtbot, program, home):
    """Start the program and return what its page says: code, reason, remedy."""
    started = program(home)
    page = started.window.blocked
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    return [page.findChild(QLabel, f"blocked_{part}").text() for part in ("code", "reason", "remedy")]


def checkpointed(home):
    """Bring everything into the one file, as a clean end does; returns its bytes."""
    store = open_branch_store(home.store, KEY)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return home.store.read_bytes()


def test_a_wrong_key_is_told_with_what_to_do_and_the_file_left_alone(qtbot, program, home, key_file):
    before = checkpointed(home)
    key_file(bytes(reversed(KEY)))
    code, reason, remedy = blocked(qtbot, program, home)
    assert "store.wrong_key" in code
    assert "密钥不符" in reason
    assert "恢复密钥" in remedy
    assert home.store.read_bytes() == before


def damage(home, first_page=1):
    """Flip one bit in every page from `first_page` on."""
    content = bytearray(home.store.read_bytes())
    for page in range(first_page, len(content) // PAGE):
        content[page * PAGE + 100] ^= 1
    with home.store.open("rb+") as file:  # in place: who has it open reads it
        file.write(content)
    return bytes(content)


def test_a_damaged_file_is_told_at_the_start_and_left_as_it_is(qtbot, program, home):
    checkpointed(home)
    content = damage(home)
    code, reason, remedy = blocked(qtbot, program, home)
    assert "store.damaged" in code
    assert "已损坏" in reason
    assert "总院" in remedy
    assert home.store.read_bytes() == content


def test_a_file_damaged_while_somebody_works_ends_the_work_at_once(qtbot, workstation, sign_in, home):
    sign_in("it")
    desk = workstation.desk
    with desk.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(home)
    desk.store.engine.dispose()  # connections with the pages in memory go
    with qtbot.waitSignal(workstation.jobs.unavailable, timeout=10_000):
        workstation.jobs.read(lambda _job: names_in(desk.store), "look")
    page = workstation.window.blocked
    assert page.isVisible()
    assert "store.damaged" in page.findChild(QLabel, "blocked_code").text()
    assert "联系信息员" in page.findChild(QLabel, "blocked_remedy").text()
    page.retry.emit()
    assert page.isVisible(), "it is not read again by this run"


def names_in(store):
    with store.read() as connection:
        return sorted(connection.execute(select(Patient.name)).scalars())


@pytest.fixture
def tight(qapp, qtbot, tmp_path, filled_home, clock):
    """The program on a disk of its own, signed in, with a nurse at the desk."""
    with mounted(tmp_path / "disk", "8m") as disk:
        home = Home(disk / "home")
        shutil.copytree(filled_home[0], home.folder)
        made = Workstation(
            home, SETTINGS, Preferences(tmp_path / "p.json"),
            build=lambda: build_desk(home, SETTINGS, key=KEY, clock=clock, parts=()),
        )  # fmt: skip
        with qtbot.waitSignal(made.desk_completed, timeout=10_000):
            made.start()
        with qtbot.waitSignal(made.shell_opened, timeout=10_000):
            made.session.sign_in("nurse1", seeding.PASSWORD)
        qtbot.waitUntil(lambda: not made.jobs.busy, timeout=10_000)
        yield made, disk
        made.window.close()
        made.close()
        made.window.deleteLater()


def fill_up(disk):
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(PAGE)):
            pass
    return ballast


def register(qtbot, made, name):
    """Open the form of a new client and fill it in."""
    dialog = CommandDialog(made.window.shell.model.context, commands()["people.register"], {}, made.window)
    dialog.open()
    for field, entered in (("name", name), ("birth_date", "1980-05-01"), ("address", "青云巷" * 80)):
        dialog.box(field).editor.setText(entered)
    dialog.box("sex").set_value(Sex.FEMALE)
    return dialog


def said(dialog):
    return " ".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def test_a_disk_that_is_full_while_saving_keeps_what_was_typed_and_writes_nothing_by_half(qtbot, tight):
    made, disk = tight
    before = names_in(made.desk.store)
    ballast = fill_up(disk)
    confirmed, dialog = [], None
    for number in range(400):  # what is left of the log's own file is used first
        dialog, done = register(qtbot, made, f"客户{number}"), []
        dialog.completed.connect(done.append)
        QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: not made.jobs.busy, timeout=10_000)
        if not done:
            break
        confirmed.append(f"客户{number}")
    assert "磁盘空间已满" in said(dialog)
    assert dialog.box("name").editor.text() == f"客户{len(confirmed)}"
    assert "清理磁盘" in made.window.shell.toast.text
    assert names_in(made.desk.store) == sorted([*before, *confirmed])
    assert_whole(made.desk.store)
    ballast.unlink()
    with qtbot.waitSignal(dialog.completed, timeout=10_000):
        QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not made.jobs.busy, timeout=10_000)
    assert f"客户{len(confirmed)}" in names_in(made.desk.store)


def test_a_read_only_disk_is_told_at_the_start(qtbot, program, tmp_path, filled_home):
    with mounted(tmp_path / "disk", "8m") as disk:
        home = Home(disk / "home")
        shutil.copytree(filled_home[0], home.folder)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        code, reason, remedy = blocked(qtbot, program, home)
        assert "store.read_only" in code
        assert "只读" in reason
        assert "写保护" in remedy
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


HOLD = (
    "import sys, pathlib; from client.only_one import HomeLock; lock = HomeLock(pathlib.Path(sys.argv[1]));"
    " lock.take(); print('held', flush=True); sys.stdin.read()"
)


def test_a_second_program_on_the_same_store_is_told_and_may_try_again(qtbot, program, home):
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    assert first.stdout.readline().strip() == b"held"
    second = program(home)
    page = second.window.blocked
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    assert "store.in_use" in page.findChild(QLabel, "blocked_code").text()
    assert str(home.folder) in page.findChild(QLabel, "blocked_reason").text()
    first.send_signal(signal.SIGKILL)
    first.wait()
    for pipe in (first.stdin, first.stdout):
        pipe.close()
    with qtbot.waitSignal(second.desk_opened, timeout=20_000):
        page.retry.emit()
    assert (home.folder / NAME).exists()


def test_a_store_of_a_newer_program_is_told_on_the_page(qtbot, program, home):
    store = open_branch_store(home.store, KEY)
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    code, reason, remedy = blocked(qtbot, program, home)
    assert "store.newer" in code
    assert "9999" in reason
    assert "升级" in remedy
