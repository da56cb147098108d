"""Filling this workstation from a stick before the first day's work.

It is chosen on the page of the first start, or with ``python -m client --from-media FOLDER``. It holds what
``python -m server snapshot`` wrote, sealed: the key comes from the centre, in one short request. It may be taken
out and put in again; the next call goes on where the last one stopped, and what is missing of the newest days comes
over the line afterwards.
"""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

import resources
from client.enrolment import device_seed
from client.home import Home
from client.keys import key_file_of, read_key
from client.settings import Settings
from domain import features
from domain.kernel.clock import utc_now
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import KnownError, UnavailableError
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from sync.bootstrap import Bootstrap, Media
from sync.device_auth import key_from
from sync.http_client import HttpCentre
from sync.local_tables import installation
from sync.schema import prepare_store
from sync.snapshot_sources import asked_key
from sync.stores import open_branch_store
from sync.tls import CentreSession
from sync.tus.client_state import SqliteTransferState

Told = Callable[[int, int], None]


def fill_from_media(
    home: Home, settings: Settings, folder: Path, told: Told, cancel: threading.Event | None = None
) -> None:
    """Load a snapshot from a folder into the store of an enrolled machine; `told` is called with (done, total) bytes.

    Raises:
        UnavailableError: ``store.missing``, ``snapshot.not_on_media``, ``snapshot.key_needed`` (no line to the
            centre, which has the key), or what opening the store raises.
        DomainError: ``snapshot.bad_signature``, ``snapshot.damaged``, ``snapshot.newer`` or
            ``snapshot.other_organisation``.
    """
    if not home.store.exists():
        raise UnavailableError("store.missing", path=str(home.store))
    features.load("records")
    store = open_branch_store(home.store, read_key(home.store, key_file_of(settings.key_file)))
    try:
        prepare_store(store)
        filler = Bootstrap(store, home.outbox / "snapshot", lambda: to_microseconds(utc_now()))
        stick = Media(folder, lambda manifest: _key(home, settings, store, manifest))
        filler.turn_to(stick)
        filler.run(stick, told, cancel or threading.Event())
    finally:
        store.close()


def _key(home: Home, settings: Settings, store: Store, manifest: bytes) -> bytes:
    """Ask the centre for the key of a stick."""
    with store.read() as connection:
        who = connection.execute(select(installation)).one()
    transfers = SqliteTransferState(home.folder / "transfers.db")
    line = HttpCentre(
        who.server, who.device_id, key_from(device_seed(home, settings.key_file)), transfers,
        session=CentreSession(home.authority if home.authority.exists() else None),
    )  # fmt: skip
    try:
        return asked_key(line, manifest)
    except UnavailableError as error:
        raise UnavailableError("snapshot.key_needed", reason=error.code) from error
    finally:
        line.close()
        transfers.close()


def run(home: Home, settings: Settings, folder: Path) -> int:
    """Fill and tell how it goes on standard output; returns the exit status: 0 done, 1 refused with its reason."""
    texts = Texts.load(resources.folder("texts") / "zh")

    def told(done: int, total: int) -> None:
        sys.stdout.write(f"\r{texts.say('snapshot.progress', percent=100 * done // max(total, 1))}")
        sys.stdout.flush()

    try:
        fill_from_media(home, settings, folder, told)
    except KnownError as error:
        sys.stderr.write("\n" + texts.explain(error) + "\n")
        return 1
    sys.stdout.write("\n")
    return 0
