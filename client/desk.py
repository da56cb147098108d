"""Wiring of the workstation, in one function: everything below the screen is made and joined here.

Imported off the UI thread after the first paint, because SQLAlchemy comes with it. Tests call `build_desk` with
their own key, clock and ports.
"""

import dataclasses
import importlib
import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

import resources
from client.contents import Contents
from client.home import Home
from client.keys import key_file_of, read_key
from client.ports import ScanLookup, Searcher, SyncPort
from client.settings import Settings
from domain import features
from domain.catalog.content import load_catalog
from domain.kernel.authority import Actor, Authority
from domain.kernel.clock import Clock, utc_now
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages
from domain.people.password_policy import COMMON_WORDS, POLICY, policy_for, read_words
from sync.local_tables import installation
from sync.schema import prepare_store
from sync.stores import open_branch_store

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Installation:
    """Who this workstation is."""

    device_id: Id
    org_id: Id
    name: str
    server: str
    number_prefix: str


@dataclasses.dataclass(slots=True)
class Desk:
    """Everything a signed-in screen needs; owns the store and the workers."""

    home: Home
    settings: Settings
    installation: Installation
    store: Store
    dispatcher: Dispatcher
    pages: Pages
    authority: Authority
    texts: Texts
    clock: Clock
    searcher: Searcher | None = None
    scan_lookup: ScanLookup | None = None
    sync: SyncPort | None = None
    workers: list[Any] = dataclasses.field(default_factory=list)
    """Things with `start` and `stop`: readers of the log, device workers."""

    def start(self) -> None:
        """Start what runs by itself; returns at once."""
        for worker in self.workers:
            worker.start()
        if self.sync is not None:
            self.sync.start()

    def close(self) -> None:
        """Stop the workers and close the store; safe to call twice."""
        if self.sync is not None:
            self.sync.stop()
        for worker in reversed(self.workers):
            worker.stop()
        self.workers.clear()
        self.sync = None
        self.store.close()

    def sign_in(self, login: str, password: str) -> Any:
        """Check a login on this store (0.1 s by design: call it in a job); see `domain.people.signing_in`."""
        from domain.people.signing_in import sign_in

        return sign_in(
            self.dispatcher, self.authority, login, password,
            device_id=self.installation.device_id, org_id=self.installation.org_id,
        )  # fmt: skip

    def organization_name(self, actor: Actor) -> str:
        """Return the name of the actor's organisation, empty if the store does not have it."""
        from domain.people.records import Organization

        table = Organization.__table__
        with self.store.read() as connection:
            return connection.execute(select(table.c.name).where(table.c.id == actor.org_id)).scalar() or ""


def build_desk(
    home: Home,
    settings: Settings | None = None,
    *,
    key: bytes | None = None,
    clock: Clock = utc_now,
    parts: "tuple[Callable[[Desk], None], ...] | None" = None,
) -> Desk:
    """Open the store of `home` and join everything that works on it. Takes about 0.1 s: never on the UI thread.

    Args:
        home: Folder of the installation.
        settings: Its settings; the defaults if not given.
        key: Key of the store; taken from the keyring (or the chosen file) if not given.
        clock: Time of what happens.
        parts: What to join beyond the spine; every part that is installed, if not given.

    Raises:
        UnavailableError: ``store.first_start`` (neither store nor key: an empty machine), ``store.missing`` (a key,
            but its store is gone: none is ever made here), ``store.wrong_key``,
            ``store.damaged``, ``store.newer``, ``store.not_enrolled``, or what `read_key` raises.
    """
    settings = settings or Settings()
    if not home.store.exists():
        raise UnavailableError(
            "store.missing" if key or _has_key(home, settings) else "store.first_start", path=str(home.store)
        )
    features.load()
    key = key or read_key(home.store, key_file_of(settings.key_file))
    store = open_branch_store(home.store, key)
    try:
        desk = _joined(home, settings, store, clock)
    except BaseException:
        store.close()
        raise
    for join in installed() if parts is None else parts:
        join(desk)
    return desk


def _has_key(home: Home, settings: Settings) -> bool:
    try:
        read_key(home.store, key_file_of(settings.key_file))
    except UnavailableError as error:
        if error.code != "key.missing":
            raise
        return False
    return True


def _joined(home: Home, settings: Settings, store: Store, clock: Clock) -> Desk:
    prepare_store(store)
    who = read_installation(store)
    authority = Authority.load(resources.folder("roles.yaml"))
    content = Contents(
        {
            "number_prefix": who.number_prefix,
            "authority": authority,
            POLICY: policy_for(settings.password_days),
        },
        {
            "catalog": lambda: load_catalog(resources.folder("catalog")),
            COMMON_WORDS: lambda: read_words(resources.folder("security") / "common-passwords.txt"),
        },
    )
    dispatcher = Dispatcher(store, clock=clock)
    dispatcher.content = content
    return Desk(
        home=home, settings=settings, installation=who, store=store, dispatcher=dispatcher, pages=Pages(store),
        authority=authority, texts=Texts.load(resources.folder("texts") / "zh"), clock=clock,
    )  # fmt: skip


def read_installation(store: Store) -> Installation:
    """Return who this workstation is.

    Raises:
        UnavailableError: ``store.not_enrolled``: the store has no owner yet.
    """
    with store.read() as connection:
        row = connection.execute(select(installation)).first()
    if row is None:
        raise UnavailableError("store.not_enrolled")
    return Installation(row.device_id, row.org_id, row.name, row.server, row.number_prefix)


AT_ONCE = (
    "client.scan_lookup:join_scans",
    "client.log_readers:join_readers",
    "client.searching:join_search",
)
"""Parts joined when the desk is built, in order: ``module:function``, each called with the desk."""

AFTER = (
    "client.centre_line:join_sync",
    "client.devices_hub:join_devices",
)
"""Parts whose modules take long to load (HTTP, pictures of labels): joined while somebody types the password."""

INSTALLED = AT_ONCE + AFTER


def installed(names: tuple[str, ...] = INSTALLED) -> tuple[Callable[[Desk], None], ...]:
    """Return the joiners of these parts, imported now."""
    found = []
    for name in names:
        module, _, function = name.partition(":")
        found.append(getattr(importlib.import_module(module), function))
    return tuple(found)
