"""What is well with this machine of the centre and what is not, in plain words with a remedy: ``server diagnose``.

Each check is tried by itself, so that one that cannot be made hides no other. It reads, and changes nothing.
"""

import contextlib
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from sqlalchemy import bindparam, select, text

from domain.backups.records import BackupDuty
from domain.kernel.change_log import head_position, log_reader
from domain.kernel.clock import clinic
from domain.kernel.errors import KnownError
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from domain.version import VERSION
from server.identity import read_identity
from server.settings import Settings
from server.storage_key import centre_blobs, open_store
from sync.schema import HEAD, current_version

SOON = timedelta(days=30)
OLD = timedelta(days=2)
CLOCK_S = 5.0
BEHIND = 5000


class Finding(NamedTuple):
    """One check: its name, whether it is well, and what is said of it."""

    name: str
    good: bool
    said: str


def diagnose(settings: Settings, texts: Texts, now: datetime, *, quick: bool = False) -> list[Finding]:
    """Return what every check found."""
    found: list[Finding] = []

    def tried(name: str, check: Callable[[], Iterator[tuple[bool, str]]]) -> None:
        try:
            found.extend(Finding(texts.say(f"diagnose.{name}"), good, said) for good, said in check())
        except KnownError as error:
            found.append(Finding(texts.say(f"diagnose.{name}"), False, texts.explain(error)))

    say = texts.say
    if not quick:
        tried("version", lambda: iter([(True, VERSION)]))
        tried("disk", lambda: _disk(settings, say))
        tried("certificate", lambda: _certificate(settings, say, now))
    tried("objects", lambda: _objects(settings, say))
    tried("shared", lambda: _shared(settings, say))
    try:
        store = open_store(settings)
    except KnownError as error:
        return [*found, Finding(say("diagnose.store"), False, texts.explain(error))]
    with contextlib.closing(store):
        tried("store", lambda: _store(store, say))
        if not quick and found[-1].good:
            tried("keys", lambda: _keys(settings, store, say))
            tried("encryption", lambda: _encryption(store, say))
            tried("clock", lambda: _clock(store, say))
            tried("readers", lambda: _readers(store, say))
            tried("backups", lambda: _backups(store, say, now))
    if not quick:
        tried("door", lambda: _door(settings, say))
    return found


Say = Callable[..., str]


def _disk(settings: Settings, say: Say) -> Iterator[tuple[bool, str]]:
    free = shutil.disk_usage(settings.data_dir).free
    good = free >= settings.least_free_bytes
    yield (
        good,
        say(f"diagnose.disk.{'good' if good else 'full'}", free=free >> 20, path=str(settings.data_dir)),
    )


def _certificate(settings: Settings, say: Say, now: datetime) -> Iterator[tuple[bool, str]]:
    if settings.tls_cert is None:
        yield True, say("diagnose.certificate.none")
        return
    try:
        ends = x509.load_pem_x509_certificate(settings.tls_cert.read_bytes()).not_valid_after_utc
    except ValueError:
        yield False, say("diagnose.certificate.unreadable", path=str(settings.tls_cert))
        return
    good = ends - now > SOON
    yield good, say(f"diagnose.certificate.{'good' if good else 'ends'}", day=f"{clinic(ends):%Y-%m-%d}")


def _objects(settings: Settings, say: Say) -> Iterator[tuple[bool, str]]:
    blobs = centre_blobs(settings)
    if not settings.objects:
        yield True, say("diagnose.objects.here", path=str(blobs.root))
        return
    blobs.check()  # type: ignore[attr-defined]  # an object store has it
    yield True, say("diagnose.objects.good")


def _shared(settings: Settings, say: Say) -> Iterator[tuple[bool, str]]:
    if not settings.redis:
        yield True, say("diagnose.shared.none")
        return
    from server.shared_state import SharedState

    state = SharedState(settings.redis, "diagnose")
    with contextlib.closing(state):
        state.check()
    yield True, say("diagnose.shared.good")


def _store(store: Store, say: Say) -> Iterator[tuple[bool, str]]:
    with store.read() as connection:
        found = current_version(connection)
        head = head_position(connection) if found == HEAD else 0
    if found != HEAD:
        yield False, say("diagnose.store.shape", found=found or "-", wanted=HEAD)
    else:
        yield True, say("diagnose.store.good", head=head)


def _keys(settings: Settings, store: Store, say: Say) -> Iterator[tuple[bool, str]]:
    read_identity(store, settings.data_dir)
    there = settings.backup_key_path.is_file()
    if settings.backup_to and not there:
        yield False, say("diagnose.keys.no_backup_key", path=str(settings.backup_key_path))
    else:
        yield True, say("diagnose.keys.good")


ENCRYPTED = (
    {"innodb_encrypt_tables": ("ON", "FORCE"), "innodb_encrypt_log": ("ON",)},  # MariaDB
    {"default_table_encryption": ("ON",), "innodb_redo_log_encrypt": ("ON",)},  # MySQL
)
"""What the variables of a database server must be for nothing of ours to lie in the clear on its disks."""


def encrypts(variables: Mapping[str, str]) -> bool:
    """Tell from its variables whether a database server encrypts tables and redo log by itself."""
    return any(
        all(variables.get(name, "").upper() in good for name, good in wanted.items()) for wanted in ENCRYPTED
    )


def _encryption(store: Store, say: Say) -> Iterator[tuple[bool, str]]:
    if store.is_sqlite:
        yield True, say("diagnose.encryption.own")
        return
    names = sorted({name for wanted in ENCRYPTED for name in wanted})
    query = text("SHOW GLOBAL VARIABLES WHERE Variable_name IN :names").bindparams(
        bindparam("names", names, expanding=True)
    )
    with store.read() as connection:
        good = encrypts({name: str(value) for name, value in connection.execute(query)})
    yield good, say(f"diagnose.encryption.{'good' if good else 'clear'}")


def _clock(store: Store, say: Say) -> Iterator[tuple[bool, str]]:
    if store.is_sqlite:
        yield True, say("diagnose.clock.alone")
        return
    with store.read() as connection:
        theirs: datetime = connection.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    off = abs((datetime.now(UTC) - theirs.replace(tzinfo=UTC)).total_seconds())
    good = off <= CLOCK_S
    yield good, say(f"diagnose.clock.{'good' if good else 'off'}", seconds=round(off, 1))


def _readers(store: Store, say: Say) -> Iterator[tuple[bool, str]]:
    with store.read() as connection:
        head = head_position(connection)
        late = {
            name: head - position
            for name, position in connection.execute(select(log_reader.c.name, log_reader.c.position))
            if head - position > BEHIND
        }
    if late:
        yield False, say("diagnose.readers.late", names="、".join(sorted(late)), most=max(late.values()))
    else:
        yield True, say("diagnose.readers.good")


def _backups(store: Store, say: Say, now: datetime) -> Iterator[tuple[bool, str]]:
    table = BackupDuty.__table__
    with store.read() as connection:
        duties = connection.execute(select(table.c.kind, table.c.good_at, table.c.problem)).all()
    if not duties:
        yield False, say("diagnose.backups.none")
    for kind, good_at, problem in duties:
        limit = timedelta(days=8) if kind == "rehearsed" else OLD
        good = good_at is not None and now - good_at < limit
        day = f"{clinic(good_at):%Y-%m-%d %H:%M}" if good_at else "—"
        what = say(f"diagnose.backups.{kind}")
        yield (
            good,
            say(f"diagnose.backups.{'good' if good else 'late'}", what=what, day=day, problem=problem or "—"),
        )


def _door(settings: Settings, say: Say) -> Iterator[tuple[bool, str]]:
    try:
        with socket.create_connection(("127.0.0.1", settings.port), 3):
            yield True, say("diagnose.door.good", port=settings.port)
    except OSError:
        yield False, say("diagnose.door.shut", port=settings.port)
