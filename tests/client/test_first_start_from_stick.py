"""The page of the first start fills the machine from a stick, and says what is wrong with one that does not fit."""

import shutil
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QProgressBar, QPushButton
from sqlalchemy import func, select

from client.home import Home
from client.keys import key_file_of, read_key
from client.preferences import Preferences
from client.settings import Settings
from client.workstation import Workstation
from domain.kernel.change_log import head_position
from domain.kernel.clock import utc_now
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from domain.people.enrolment_commands import IssueEnrolmentCode
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from server.settings import Settings as CentreSettings
from sync.bootstrap import Stage, filling_of
from sync.identity import set_identity
from sync.snapshot_format import MANIFEST
from sync.snapshots import manifest_of
from sync.stores import open_branch_store
from tests.server.conftest import Running, prepared  # noqa: F401  (a fixture)


@pytest.fixture(scope="module")
def centre(prepared, tmp_path_factory):  # noqa: F811
    """A centre with a client in B01 that makes snapshots in small parts."""
    home = tmp_path_factory.mktemp("centre")
    shutil.copytree(prepared.home, home, dirs_exist_ok=True)
    settings = CentreSettings(data_dir=home, least_free_bytes=0)
    running = Running(settings, utc_now, prepared.facts)
    running.as_system(
        RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1980, 5, 1), another_person=True)
    )
    running.centre.sync.snapshots._raw_part = 300
    yield running
    running.stop()


def stick_of(centre, place, code):
    folder = centre.centre.sync.snapshots.make([centre.orgs[code], CATALOGUE_SCOPE])
    shutil.copytree(folder, place)
    return place


@pytest.fixture
def page(qapp, qtbot, tmp_path, monkeypatch, centre):
    """The page with everything but the stick entered, the cursor where the stick's folder goes."""
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(tmp_path / "keys" / "key"))
    home = Home(tmp_path / "station")
    made = Workstation(home, Settings(), Preferences(home.preferences))
    made.start()
    qtbot.waitUntil(lambda: made.window.enrol is not None and made.window.enrol.isVisible(), timeout=10_000)
    found = made.window.enrol
    found.workstation, found.home = made, home
    code = centre.as_system(IssueEnrolmentCode(org_id=centre.orgs["B01"])).code
    entered = {"server": centre.api.url, "code": code, "name": "desk 1"}
    for name, text in entered.items():
        line(found, name).setText(text)
    line(found, "medium").setFocus()
    yield found
    made.window.close()
    made.close()
    made.window.deleteLater()


def line(page, name):
    return page.findChild(QLineEdit, f"field_{name}")


def put_in(qtbot, page, folder):
    """Type the folder and press Enter, as a person at the keyboard does."""
    qtbot.waitUntil(line(page, "medium").hasFocus)
    line(page, "medium").clear()
    qtbot.keyClicks(line(page, "medium"), str(folder))
    QTest.keyClick(page.workstation.window.windowHandle(), Qt.Key.Key_Return)


def note(page):
    return page.findChild(QLabel, "note_medium").text()


def filled(page):
    """Return the stage of the filling and how many clients are there."""
    store = open_branch_store(page.home.store, read_key(page.home.store, key_file_of("")))
    try:
        with store.read() as connection:
            count = connection.execute(select(func.count()).select_from(Patient.__table__)).scalar_one()
            return filling_of(connection).stage, count, head_position(connection)
    finally:
        store.close()


def test_a_machine_joins_and_is_filled_from_the_stick_with_its_progress_shown(qtbot, page, centre, tmp_path):
    stick = stick_of(centre, tmp_path / "stick", "B01")
    told = []
    page.model.filling.connect(lambda percent: told.append((percent, page.findChild(QProgressBar).value())))
    with qtbot.waitSignal(page.workstation.desk_completed, timeout=30_000):
        put_in(qtbot, page, stick)
    assert filled(page)[:2] == (Stage.DONE, 1)
    assert told[-1] == (100, 100)
    assert told == sorted(told)
    assert len(set(told)) > 2


def damaged(stick):
    part = stick / manifest_of(stick).parts[-1].name
    data = bytearray(part.read_bytes())
    data[-1] ^= 1
    part.write_bytes(data)


def incomplete(stick):
    (stick / manifest_of(stick).parts[-1].name).unlink()


def unsigned(stick):
    data = bytearray((stick / MANIFEST).read_bytes())
    data[-1] ^= 1
    (stick / MANIFEST).write_bytes(data)


def no_stick(stick):
    (stick / MANIFEST).unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (damaged, "已损坏"),
        (incomplete, "没有找到资料快照"),
        (unsigned, "不是本机所属总院签发"),
        (no_stick, "没有找到资料快照"),
    ],
)
def test_what_is_wrong_with_a_stick_stands_under_its_field_and_a_good_one_goes_on(
    qtbot, page, centre, tmp_path, spoil, words
):
    stick = stick_of(centre, tmp_path / "bad", "B01")
    spoil(stick)
    put_in(qtbot, page, stick)
    qtbot.waitUntil(lambda: words in note(page), timeout=30_000)
    assert "本机已登记" in page.findChild(QLabel, "enrol_hint").text()
    assert page.findChild(QPushButton, "enrol_go").text() == "载入资料"
    qtbot.waitUntil(line(page, "medium").hasFocus)
    assert not line(page, "server").isEnabled(), "the machine has joined: nothing else can be entered"
    assert filled(page)[0] is not Stage.DONE
    good = stick_of(centre, tmp_path / "good", "B01")
    with qtbot.waitSignal(page.workstation.desk_completed, timeout=30_000):
        put_in(qtbot, page, good)
    assert filled(page)[:2] == (Stage.DONE, 1)


def test_the_stick_of_another_branch_is_refused_and_one_may_go_on_without(qtbot, page, centre, tmp_path):
    put_in(qtbot, page, stick_of(centre, tmp_path / "other", "B02"))
    qtbot.waitUntil(lambda: "为别的院区制作" in note(page), timeout=30_000)
    assert filled(page)[:2] == (Stage.NONE, 0)
    with qtbot.waitSignal(page.workstation.desk_completed, timeout=30_000):
        put_in(qtbot, page, "")
    assert filled(page)[0] is Stage.NONE


def test_filling_that_was_stopped_goes_on_where_it_was(qtbot, page, centre, tmp_path):
    stick = stick_of(centre, tmp_path / "stick", "B01")
    page.model.filling.connect(lambda _percent: page.model.stop())
    from client import from_media

    started = from_media.Bootstrap.run

    def run(self, source, progress, cancel, between=lambda: None):
        def told(done, total):
            progress(done, total)
            cancel.set()  # as the button does, but surely before the next part

        started(self, source, told, cancel, between)

    from_media.Bootstrap.run = run
    try:
        put_in(qtbot, page, stick)
        qtbot.waitUntil(lambda: page.model.has_joined and not page.model.busy, timeout=30_000)
    finally:
        from_media.Bootstrap.run = started
    assert filled(page)[0] is Stage.LOADING
    page.model.filling.disconnect()
    with qtbot.waitSignal(page.workstation.desk_completed, timeout=30_000):
        put_in(qtbot, page, stick)
    assert filled(page)[:2] == (Stage.DONE, 1)


def test_a_stick_needs_the_centre_for_its_key(qtbot, page, centre, tmp_path):
    put_in(qtbot, page, tmp_path)
    qtbot.waitUntil(lambda: "没有找到资料快照" in note(page), timeout=30_000)
    moved(page, "http://127.0.0.1:9")
    stick = stick_of(centre, tmp_path / "stick", "B01")
    qtbot.waitUntil(line(page, "medium").hasFocus)
    put_in(qtbot, page, stick)
    qtbot.waitUntil(lambda: "联网向总院领取一次密钥" in note(page), timeout=30_000)
    assert filled(page)[:2] == (Stage.NONE, 0)
    moved(page, centre.api.url)
    with qtbot.waitSignal(page.workstation.desk_completed, timeout=30_000):
        put_in(qtbot, page, stick)
    assert filled(page)[:2] == (Stage.DONE, 1)


def moved(page, server):
    """Let the machine look for its centre at another address."""
    store = open_branch_store(page.home.store, read_key(page.home.store, key_file_of("")))
    try:
        with store.write() as connection:
            set_identity(connection, server=server)
    finally:
        store.close()
