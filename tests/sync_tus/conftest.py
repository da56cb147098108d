import threading

import pytest
import requests

from sync.tools.fault_proxy import FaultProxy
from sync.tus.client import TusClient
from sync.tus.client_state import SqliteTransferState
from sync.tus.pacing import ClientSettings, Surroundings
from tests.fixtures.patience import PATIENCE_S
from tests.sync_tus.centre import DEVICE, RunningCentre
from tests.sync_tus.seeded import seeded


@pytest.fixture
def centre(tmp_path):
    centre = RunningCentre(tmp_path / "centre")
    yield centre
    centre.stop()


@pytest.fixture
def proxy(centre):
    proxy = FaultProxy("127.0.0.1", centre.port).start()
    yield proxy
    proxy.stop()


class Branch:
    """A client with its remembered state; pauses are recorded and shortened."""

    def __init__(self, state_path, **settings):
        self.state = SqliteTransferState(state_path)
        self.session = requests.Session()
        self.session.headers.update(DEVICE)
        self.settings = ClientSettings(
            **{"attempts": 30, "stall_s": PATIENCE_S, "connect_s": PATIENCE_S, **settings}
        )
        self.pauses = []
        self.on_pause = lambda: None
        self.surroundings = Surroundings(rng=seeded(7).random, wait=self._wait)
        self.progress = []

    def _wait(self, cancel, pause_s):
        self.pauses.append(pause_s)
        self.on_pause()
        return cancel.wait(min(pause_s, 0.005))

    def client(self, url, **more):
        return TusClient(
            url,
            self.state,
            session=self.session,
            settings=self.settings,
            surroundings=self.surroundings,
            **more,
        )

    def upload(self, url, source, cancel=None, **more):
        tell = lambda done, total: self.progress.append((done, total))  # noqa: E731
        return self.client(url, **more).upload(source, progress=tell, cancel=cancel or threading.Event())

    def close(self):
        self.session.close()
        self.state.close()


@pytest.fixture
def branch(tmp_path):
    branch = Branch(tmp_path / "transfers.db", largest_patch=256 << 10)
    yield branch
    branch.close()


@pytest.fixture
def through(proxy):
    """The centre's URL behind the fault proxy."""
    return f"http://127.0.0.1:{proxy.port}/"
