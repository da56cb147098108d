"""Fixtures of the client's tests: a home with a filled store, a desk, people, and no window on any screen."""

import gc
import os
import shutil
import uuid

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from client.background import Jobs
from client.desk import build_desk
from client.formatting import Formatter
from client.home import Home
from client.live import Live
from client.preferences import Preferences
from client.settings import Settings
from client.station import Context
from client.views.application import make_application
from client.workstation import Workstation
from domain.kernel.clock import ManualClock
from sync.stores import open_branch_store
from tests.client import seeding

KEY = bytes(range(32))
SETTINGS = Settings(page_rows=50)


def pytest_collection_modifyitems(items):
    """The offscreen platform says once a window that it knows no size hints; that is no finding of ours."""
    for item in items:
        if "tests/client" in str(item.path):
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support", extend=True))


@pytest.fixture(autouse=True)
def garbage():
    """Qt objects are freed on the thread of the test, as the program does it."""
    gc.disable()
    gc.freeze()  # what is there now stays: only what this test makes is looked through at its end
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="session")
def qapp():
    """The application as the program makes it, dressed in the light theme."""
    return make_application("light")


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory, empty_store):
    """A home whose store was filled once; tests copy it. Returns its folder, what is in it, and the time."""
    home = seeding.prepare_home(tmp_path_factory.mktemp("home"), empty_store)
    clock = ManualClock(seeding_start())
    store = open_branch_store(home.store, KEY)
    made = seeding.fill(store, clock)
    store.close()
    return home.folder, made, clock()


def seeding_start():
    from datetime import UTC, datetime

    return datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def seeded(filled_home):
    """What the store holds: (patient receipt, visit receipt, tube numbers) of each client."""
    return filled_home[1]


@pytest.fixture
def home(tmp_path, filled_home):
    folder = tmp_path / "home"
    shutil.copytree(filled_home[0], folder)
    return Home(folder)


@pytest.fixture
def clock(filled_home):
    return ManualClock(filled_home[2])


@pytest.fixture
def open_desk(home, clock):
    """A desk on the filled store, without devices and sync."""
    desk = build_desk(home, SETTINGS, key=KEY, clock=clock, parts=())
    desk.centre = seeding.CentreHere(desk)
    yield desk
    desk.close()


@pytest.fixture
def jobs(qapp):
    made = Jobs()
    yield made
    made.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def live(open_desk, jobs):
    bridge = Live(open_desk.store, jobs)
    yield bridge
    bridge.stop()


@pytest.fixture
def context_for(open_desk, jobs, live, home):
    """Return a function that makes a page's context for a role; opened pages are kept in `context.opened`."""

    def make(role):
        actor = open_desk.authority.actor(
            staff_id=uuid.uuid5(uuid.NAMESPACE_OID, role), name="测试员", role=role, org_id=seeding.BRANCH,
            device_id=seeding.DEVICE, subtree=(),
        )  # fmt: skip
        opened = []
        context = Context(
            open_desk, actor, jobs, live, Formatter(open_desk.texts), Preferences(home.preferences),
            lambda page, **arguments: opened.append((page, arguments)),
        )  # fmt: skip
        return context, opened

    return make


@pytest.fixture
def workstation(qapp, qtbot, home, clock):
    """The whole program on the filled store, its window shown, the desk open."""
    made = Workstation(
        home, SETTINGS, Preferences(home.preferences),
        build=lambda: build_desk(home, SETTINGS, key=KEY, clock=clock, parts=()),
    )  # fmt: skip
    with qtbot.waitSignal(made.desk_completed, timeout=10_000):
        made.start()
    yield made
    made.window.close()
    made.close()
    made.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def sign_in(workstation, qtbot):
    """Return a function that signs a role in and waits for the shell and its first page."""

    def do(role):
        login, _name = seeding.LOGINS[role]
        with qtbot.waitSignal(workstation.shell_opened, timeout=10_000):
            workstation.session.sign_in(login, seeding.PASSWORD)
        shell = workstation.window.shell
        qtbot.waitUntil(lambda: shell.is_whole and not workstation.jobs.busy, timeout=10_000)
        return shell

    return do
