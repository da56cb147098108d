"""Wiring of the workstation, in one function: everything below the screen is made and joined here.

A desk has two lives. `client.early` makes one with `early` set and no store: people sign in, see today's list and
search. `complete` gives the same object its store and everything that works on it; SQLAlchemy comes with that, so
it runs off the UI thread. Tests call `build_desk`, which does both at once, with their own key, clock and ports.
"""

import dataclasses
import importlib
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import resources
from client.home import Home
from client.keys import key_file_of, read_key
from client.ports import ScanLookup, Searcher, SyncPort
from client.settings import Settings
from domain.kernel.authority import Actor, Authority
from domain.kernel.clock import Clock, utc_now
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id
from domain.kernel.texts import Texts

if TYPE_CHECKING:
    from client.asking import CentreDoor
    from client.early.reading import Early
    from domain.kernel.dispatcher import Dispatcher
    from domain.kernel.store import Store
    from domain.kernel.worklists import Pages
    from sync.blobs import BlobStore

log = logging.getLogger(__name__)

GIVING_UP_S = 0.2
"""A sign-in that waits for the whole desk looks so often whether that still comes."""


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
    authority: Authority
    texts: Texts
    clock: Clock
    store: "Store" = None  # type: ignore[assignment]  # until `complete`; nobody reads it before
    dispatcher: "Dispatcher" = None  # type: ignore[assignment]
    pages: "Pages" = None  # type: ignore[assignment]
    early: "Early | None" = None
    """What answers until the store is joined."""
    completed: threading.Event = dataclasses.field(default_factory=threading.Event)
    given_up: bool = False
    """It will not be completed: its joining failed, or the program ends."""
    wanted: Callable[[], None] = lambda: None
    """Asks for the store to be joined now; may be called from any thread."""
    searcher: Searcher | None = None
    scan_lookup: ScanLookup | None = None
    sync: SyncPort | None = None
    centre: "CentreDoor | None" = None
    """Asks the centre for what it alone carries out; None where there is no line to one."""
    workers: list[Any] = dataclasses.field(default_factory=list)
    """Things with `start` and `stop`: readers of the log, device workers."""

    def start(self) -> None:
        """Start what runs by itself; returns at once."""
        for worker in self.workers:
            worker.start()
        if self.sync is not None:
            self.sync.start()

    def give_up(self) -> None:
        """Let nobody wait for its completion any longer: the program ends."""
        self.given_up = True
        if self.early is not None and not self.is_complete:
            self.early.search.join(None)

    def close(self) -> None:
        """Stop the workers and close the store; safe to call twice."""
        self.given_up = True
        if self.sync is not None:
            self.sync.stop()
        for worker in reversed(self.workers):
            worker.stop()
        self.workers.clear()
        self.sync = None
        if self.centre is not None:
            self.centre.close()
        if self.early is not None:
            self.early.close()
        if self.store is not None:
            self.store.close()

    @property
    def blobs(self) -> "BlobStore":
        """The files of this workstation, sealed under a key that is derived from its store's."""
        from sync.blobs import BlobStore

        return BlobStore(
            self.home.blobs, getattr(self.store, "files_key", None), self.settings.least_free_mib << 20
        )

    def _await_completion(self) -> None:
        self.wanted()
        while not self.completed.wait(GIVING_UP_S):
            if self.given_up:
                raise UnavailableError("store.cannot_open")

    @property
    def is_complete(self) -> bool:
        """Whether the store is joined: commands, lists and every page."""
        return self.early is None or self.completed.is_set()

    def sign_in(self, login: str, password: str, tell: Callable[[Any], None] = lambda _presumed: None) -> Any:
        """Check a login on this store (0.1 s by design: call it in a job); see `domain.people.signing_in`.

        Before the store is joined only a plain success is decided (`client.early.signing_in`); `tell` then hears
        whom it looks like, before the password is checked. Everything else waits for the whole desk.
        """
        if self.early is not None and not self.is_complete:
            found = self.early.sign_in(login, password, tell)
            if found is not None:
                return found
            self._await_completion()
        from domain.people.signing_in import sign_in

        return sign_in(
            self.dispatcher, self.authority, self.login_of(login), password,
            device_id=self.installation.device_id, org_id=self.installation.org_id,
        )  # fmt: skip

    def quick_sign_in(self, said: str, pin: str | None) -> Any:
        """Check a PIN of this workstation, or take a card alone; see `domain.people.quick_signing_in`."""
        if not self.is_complete:
            self._await_completion()
        from domain.people.quick_signing_in import quick_sign_in

        return quick_sign_in(
            self.dispatcher, self.authority, said, pin, hours=self.settings.quick_hours,
            device_id=self.installation.device_id, org_id=self.installation.org_id,
        )  # fmt: skip

    def login_of(self, said: str) -> str:
        """Return the login of what was typed or scanned, which may be a card's number."""
        holder = self.holder_of(said) if self.is_complete else None
        return said if holder is None else str(holder.login)

    def holder_of(self, said: str) -> Any:
        """Return the account (``id``, ``login``, ``name``) of a login name or a card, None if it is nobody's."""
        from domain.people.quick_signing_in import holder_of

        with self.store.read() as connection:
            return holder_of(connection, said)

    def organization_name(self, actor: Actor) -> str:
        """Return the name of the actor's organisation, empty if the store does not have it."""
        if not self.is_complete and self.early is not None:
            return self.early.organization_name(actor.org_id)
        from sqlalchemy import select

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
    store = _opened(home, settings, key)
    try:
        desk = _made(home, settings, store, clock)
        _join(desk, store)
    except BaseException:
        store.close()
        raise
    for join in installed() if parts is None else parts:
        join(desk)
    desk.completed.set()
    return desk


def complete(desk: Desk) -> None:
    """Give an early desk its store and every part that is installed. Takes long: never on the UI thread.

    Sign-ins that were only noted so far are run as the commands they are before anything else.

    Raises:
        UnavailableError: As `build_desk`.
    """
    from client.early.settling import settle

    desk.given_up = False
    try:
        store = _opened(desk.home, desk.settings, None)
        try:
            _join(desk, store)
            settle(desk)
            for join in installed():
                join(desk)
        except BaseException:
            desk.workers.clear()
            store.close()
            raise
    except BaseException:
        desk.given_up = True
        raise
    desk.completed.set()


def _opened(home: Home, settings: Settings, key: bytes | None) -> "Store":
    from domain import features
    from sync.schema import prepare_store
    from sync.sealed_files import seal_by
    from sync.stores import open_branch_store

    seal_by(guomi=settings.guomi)

    if not home.store.exists():
        raise UnavailableError(
            "store.missing" if key or _has_key(home, settings) else "store.first_start", path=str(home.store)
        )
    features.load()
    key = key or read_key(home.store, key_file_of(settings.key_file))
    store = open_branch_store(home.store, key)
    try:
        prepare_store(store)
    except BaseException:
        store.close()
        raise
    return store


def _has_key(home: Home, settings: Settings) -> bool:
    try:
        read_key(home.store, key_file_of(settings.key_file))
    except UnavailableError as error:
        if error.code != "key.missing":
            raise
        return False
    return True


def _made(home: Home, settings: Settings, store: "Store", clock: Clock) -> Desk:
    return Desk(
        home=home, settings=settings, installation=read_installation(store), clock=clock,
        authority=Authority.load(resources.folder("roles.yaml")), texts=Texts.load(resources.folder("texts") / "zh"),
    )  # fmt: skip


def _join(desk: Desk, store: "Store") -> None:
    from client.contents import Contents, form_checker, label_checker
    from domain.biobank.protocols import BIOBANK, load_biobank
    from domain.care.content import CARE, load_care
    from domain.catalog.content import load_catalog
    from domain.conduct.receptions import RECEPTION_RULES, load_reception_rules
    from domain.conduct.rules import MESSAGE_RULES, load_message_rules
    from domain.designs.publishing import CHECKER
    from domain.followup.content import FOLLOWUP, followup_of
    from domain.kernel.dispatcher import Dispatcher
    from domain.kernel.worklists import Pages
    from domain.knowledge.content import KNOWLEDGE, load_knowledge
    from domain.labels.design_commands import CHECKER as LABEL_CHECKER
    from domain.linting.definitions import LINTING
    from domain.linting.definitions import load_rules as load_linting
    from domain.messaging.templates import TEMPLATES, load_templates
    from domain.people.password_policy import COMMON_WORDS, POLICY, policy_for, read_words
    from domain.process.definitions import PROCESS, load_process
    from domain.recheck.rules import RECHECK, load_recheck
    from domain.referrals.indications import REFERRALS, load_indications
    from domain.risk.content import RISK, load_risk
    from domain.scales.content import scale_content
    from domain.signoff.signs import SIGNS, Signs
    from domain.tags.rules import TAGS, load_tags
    from forms.final_versions import FILES

    dispatcher = Dispatcher(store, clock=desk.clock, at_centre=False)
    signs = Signs(dispatcher)
    dispatcher.content = Contents(
        {
            "number_prefix": desk.installation.number_prefix,
            "authority": desk.authority,
            "texts": desk.texts,
            POLICY: policy_for(desk.settings.password_days),
            SIGNS: signs,
        },
        signs.loading(
            {
                "catalog": lambda: load_catalog(resources.folder("catalog")),
                **scale_content(resources.folder("scales"), resources.folder("forms")),
                CARE: lambda: load_care(resources.folder("care")),
                KNOWLEDGE: lambda: load_knowledge(resources.folder("knowledge")),
                RISK: lambda: load_risk(
                    resources.folder("risk"), dispatcher.content["catalog"], resources.folder("forms")
                ),
                BIOBANK: lambda: load_biobank(resources.folder("biobank")),
                CHECKER: lambda: form_checker(dispatcher.content[RISK]),
                LABEL_CHECKER: label_checker,
                TEMPLATES: lambda: load_templates(resources.folder("messages")),
                TAGS: lambda: load_tags(resources.folder("tags")),
                FOLLOWUP: lambda: followup_of(
                    resources.folder("followup"), desk.authority.roles, resources.folder("forms")
                ),
                PROCESS: lambda: load_process(
                    resources.folder("process"),
                    desk.authority.roles,
                    dispatcher.content["catalog"].observations,
                ),
                LINTING: lambda: load_linting(resources.folder("linting")),
                RECEPTION_RULES: lambda: load_reception_rules(resources.folder("conduct")),
                MESSAGE_RULES: lambda: load_message_rules(resources.folder("conduct")),
                FILES: lambda: desk.blobs.get,
                RECHECK: lambda: load_recheck(resources.folder("recheck")),
                REFERRALS: lambda: load_indications(resources.folder("referrals")),
                COMMON_WORDS: lambda: read_words(resources.folder("security") / "common-passwords.txt"),
            }
        ),
    )
    desk.store, desk.dispatcher, desk.pages = store, dispatcher, Pages(store)


def read_installation(store: "Store") -> Installation:
    """Return who this workstation is.

    Raises:
        UnavailableError: ``store.not_enrolled``: the store has no owner yet.
    """
    from sqlalchemy import select

    from sync.local_tables import installation

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
    "client.environment_watch:join_environment",
    "client.sealing:join_sealing",
    "client.updating.lane:join_updates",
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
