"""A whole central server on a real port, over a real store, with an account of every role at a branch."""

import contextlib
import secrets
import shutil
import socket
import threading
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import requests
import uvicorn

from domain.kernel.authority import system_actor
from domain.kernel.clock import ManualClock, utc_now
from domain.knowledge.index_commands import index_library
from domain.people.staff_commands import CreateOrganization, CreateStaff
from server.app import build_centre, create_app
from server.body_socket import BodySocketProtocol
from server.initialise import initialise
from server.settings import Settings
from server.storage_key import open_store
from sync.device_auth import new_key, public_text
from sync.schema import prepare_store
from tests.fixtures.patience import PATIENCE_S

PASSWORD = "Zhong-Xin-2026"
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def prepare(settings, clock=utc_now):
    """Initialise a store with head office, two branches, and one account a role at the first branch."""
    store = open_store(settings)
    prepare_store(store)
    first = initialise(store, settings, clock, code="HQ", name="总院", login="admin")
    store.close()
    centre = build_centre(settings, clock)
    head = system_actor(first.org_id, centre.identity.device_id)
    orgs = {
        code: centre.dispatcher.run(
            CreateOrganization(code=code, name=name, parent_id=first.org_id), head
        ).receipt
        for code, name in (("B01", "东城分院"), ("B02", "西城分院"))
    }
    for role in centre.authority.roles:
        centre.dispatcher.run(
            CreateStaff(
                login=role, name="甲某人", role=role, password=PASSWORD, org_id=orgs["B01"], must_change=False
            ),
            head,
        )
    index_library(centre.dispatcher, head)  # as the first minute of a centre does
    centre.close()
    roles = list(centre.authority.roles)
    return SimpleNamespace(first=first, orgs={"HQ": first.org_id, **orgs}, roles=roles)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A prepared data folder to be copied: hashing passwords and migrating take long."""
    home = tmp_path_factory.mktemp("prepared")
    facts = prepare(Settings(data_dir=home, least_free_bytes=0), ManualClock(START))
    return SimpleNamespace(home=home, facts=facts)


@pytest.fixture(scope="session")
def mariadb():
    """Return a function that makes a database with an account of its own; all are dropped at the end."""
    pymysql = pytest.importorskip("pymysql")
    try:
        root = pymysql.connect(host="127.0.0.1", user="root", connect_timeout=3, autocommit=True)
    except pymysql.err.OperationalError as error:
        pytest.skip(f"no MariaDB at 127.0.0.1:3306 ({error.args[0]})")
    made = []

    def make():
        name, password = f"aftercheck_test_{secrets.token_hex(4)}", secrets.token_urlsafe(16)
        made.append(name)
        with root.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
            cursor.execute(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY '{password}'")
            cursor.execute(f"GRANT ALL ON {name}.* TO '{name}'@'127.0.0.1'")
        return f"mysql+pymysql://{name}:{password}@127.0.0.1/{name}"

    yield make
    with root.cursor() as cursor:
        for name in made:
            cursor.execute(f"DROP DATABASE {name}")
            cursor.execute(f"DROP USER '{name}'@'127.0.0.1'")
    root.close()


class Api:
    """A small client of the running server."""

    def __init__(self, url):
        self.url = url
        self.http = requests.Session()

    def call(self, method, path, *, token=None, **options):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        return self.http.request(method, self.url + path, headers=headers, timeout=PATIENCE_S, **options)

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, **options):
        return self.call("POST", path, **options)

    def sign_in(self, login, password=PASSWORD):
        answer = self.post("/api/session", json={"login": login, "password": password})
        assert answer.status_code == 201, answer.text
        return answer.json()["token"]


class Running:
    """A centre behind uvicorn in a thread."""

    def __init__(self, settings, clock, facts):
        self.settings = settings
        self.clock = clock
        self.first, self.orgs = facts.first, facts.orgs
        self.centre = build_centre(settings, clock)
        # With the protocol named, asyncio sets TCP_NODELAY; without it every answer waits 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self._started = threading.Event()
        config = uvicorn.Config(
            create_app(self.centre), lifespan="on", log_config=None, access_log=False, http=BodySocketProtocol,
            ssl_certfile=settings.tls_cert, ssl_keyfile=settings.tls_key,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._server.timeout_graceful_shutdown = 1
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        scheme = "http" if settings.tls_cert is None else "https"
        self.api = Api(f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}")
        self.api.http.verify = str(settings.tls_ca or settings.tls_cert or "") or True
        self.api.http.trust_env = False  # nor the authorities the environment names
        self._tokens = {}

    def token(self, role):
        """Return a session of the account of a role, opened once."""
        if role not in self._tokens:
            self._tokens[role] = self.api.sign_in(role)
        return self._tokens[role]

    def as_system(self, order, org="B01"):
        actor = system_actor(self.orgs[org], self.centre.identity.device_id)
        return self.centre.dispatcher.run(order, actor).receipt

    def enrolment_code(self, org="B01"):
        answer = self.api.post(
            "/api/commands/workstation.issue_code",
            token=self.token("it"),
            json={"org_id": str(self.orgs[org])},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["receipt"]["code"]

    def enrol(self, org="B01"):
        """Return an enrolled workstation: its key and what the centre told it."""
        key = new_key()
        body = {"code": self.enrolment_code(org), "name": "前台一", "public_key": public_text(key)}
        answer = self.api.post("/api/enrol", json=body)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        return SimpleNamespace(key=key, device_id=uuid.UUID(told["device_id"]), told=told)

    def stop(self):
        self.centre.news.release()
        self.api.http.close()
        self._server.should_exit = True
        self._thread.join(60)  # asyncio may hold idle TLS connections for half a minute
        assert not self._thread.is_alive()
        self._socket.close()
        self.centre.close()


@contextlib.contextmanager
def running_copy(prepared, home, clock=None, **settings):
    """Run a server on a copy of the prepared folder, by default with a clock that stands still."""
    shutil.copytree(prepared.home, home, dirs_exist_ok=True)
    found = Settings(data_dir=home, least_free_bytes=0, **settings)
    server = Running(found, clock or ManualClock(START + timedelta(minutes=1)), prepared.facts)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server(prepared, tmp_path_factory):
    """A server over an embedded store, one a module, whose clock stands still unless a test moves it."""
    with running_copy(prepared, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def any_server(request, prepared, tmp_path_factory):
    """The same server over each kind of store."""
    home = tmp_path_factory.mktemp("home")
    if request.param == "sqlite":
        with running_copy(prepared, home) as found:
            yield found
        return
    url = request.getfixturevalue("mariadb")()
    settings = Settings(data_dir=home, store=url, least_free_bytes=0)
    facts = prepare(settings, ManualClock(START))
    found = Running(settings, ManualClock(START + timedelta(minutes=1)), facts)
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def home(prepared, tmp_path):
    """A copy of the prepared data folder."""
    shutil.copytree(prepared.home, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture(scope="session")
def run_copy(prepared):
    """Return a function that runs a server on a copy in a folder (a context manager)."""
    return lambda folder, **options: running_copy(prepared, folder, **options)
