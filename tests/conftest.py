"""Fixtures that every folder of tests may use: an encrypted store, a clock, people in their roles."""

import functools
import gc
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import resources
from domain import features
from domain.biobank.protocols import BIOBANK, load_biobank
from domain.kernel import content
from domain.kernel.authority import Authority, system_actor
from domain.kernel.clock import ManualClock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.texts import Texts
from domain.people import staff_commands
from sync.schema import prepare_store
from sync.stores import open_branch_store

features.load()
pytest.register_assert_rewrite("tests.fixtures")  # before whoever of them is imported first

from tests.fixtures.patience import patient_bot  # noqa: E402

# The same examples in every ordinary run; a deep run looks for new ones, and what it finds becomes a test of its own.
# No example has a deadline: how long one takes is a matter of how busy the machine is.
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", derandomize=True, **PATIENT)
settings.register_profile("searching", **PATIENT)
settings.load_profile("searching" if os.environ.get("AFTERCHECK_DEEP") else "steady")

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BRANCH = uuid.UUID(int=0xB1)
OTHER_BRANCH = uuid.UUID(int=0xB2)
HEAD_OFFICE = uuid.UUID(int=0xA0)
DEVICE = uuid.UUID(int=0xD1)
KEY = bytes(range(32))


@pytest.fixture(scope="session", autouse=True)
def _hashed_once():
    """Accounts of tests share a password: it is hashed once a process, which takes a third of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff_commands, "hash_password", functools.cache(staff_commands.hash_password))
        yield


@pytest.fixture(scope="session", autouse=True)
def _read_once():
    """Files that ship are parsed once a process: every desk and every server would parse them again."""
    parsed = functools.cache(content._parse)
    roles = functools.cache(Authority.load)
    texts = functools.cache(Texts.load)
    ships = resources.folder("")
    load_roles, load_texts, parse = Authority.load, Texts.load, content._parse
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "_parse", lambda path: parsed(path) if ships in path.parents else parse(path))
        patch.setattr(
            Authority, "load",
            lambda path: Authority(dict(roles(path).roles)) if ships in path.parents else load_roles(path),
        )  # fmt: skip
        patch.setattr(
            Texts, "load",
            lambda folder: Texts(texts(folder).sentences()) if ships in folder.parents else load_texts(folder),
        )  # fmt: skip
        yield


@pytest.fixture(scope="module", autouse=True)
def _set_aside():
    """What is loaded by now stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """A migrated store file that tests copy: migrating takes longer than copying."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    store = open_branch_store(path, KEY)
    prepare_store(store)
    store.close()
    return path


@pytest.fixture
def qtbot(qtbot):
    return patient_bot(qtbot)


@pytest.fixture
def clock():
    return ManualClock(START)


@pytest.fixture
def store(tmp_path, empty_store):
    path = tmp_path / "branch.db"
    path.write_bytes(empty_store.read_bytes())
    opened = open_branch_store(path, KEY)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def authority():
    return Authority.load(resources.folder("roles.yaml"))


@pytest.fixture(scope="session")
def biobank():
    return load_biobank(resources.folder("biobank"))


@pytest.fixture
def desk(store, clock, biobank, authority):
    content = {"number_prefix": "101", BIOBANK: biobank, "authority": authority}
    return Dispatcher(store, clock=clock, content=content)


@pytest.fixture
def as_role(authority):
    """Return a function that makes an actor of a role at the branch (or another organisation)."""

    def make(role, org_id=BRANCH, *, name="测试员", subtree=()):
        staff_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{role}{org_id}")
        return authority.actor(
            staff_id=staff_id, name=name, role=role, org_id=org_id, device_id=DEVICE, subtree=subtree
        )

    return make


@pytest.fixture
def nurse(as_role):
    return as_role("nurse")


@pytest.fixture
def other_nurse(as_role):
    return as_role("nurse", OTHER_BRANCH)


@pytest.fixture
def technician(as_role):
    return as_role("biobank_technician")


@pytest.fixture
def second_technician(desk):
    """The card of a second technician, for what takes two persons."""
    order = staff_commands.CreateStaff(
        login="bench2",
        name="周技师",
        role="biobank_technician",
        password="Xk7#mQ2p-Lw9",
        org_id=BRANCH,
        card_no="T2",
    )
    desk.run(order, system_actor(BRANCH, DEVICE))
    return "T2"
