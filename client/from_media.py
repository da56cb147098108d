"""Filling this workstation from a stick before the first day's work.

It is chosen on the page of the first start, or with ``python -m client --from-media FOLDER``. It holds what
``python -m server snapshot`` wrote. It may be taken out and put in again; the next call goes on
where the last one stopped, and what is missing of the newest days comes over the line afterwards.
"""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import resources
from client.home import Home
from client.keys import key_file_of, read_key
from client.settings import Settings
from domain import features
from domain.kernel.clock import utc_now
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import KnownError, UnavailableError
from domain.kernel.texts import Texts
from sync.bootstrap import Bootstrap, Media
from sync.schema import prepare_store
from sync.stores import open_branch_store

Told = Callable[[int, int], None]


def fill_from_media(
    home: Home, settings: Settings, folder: Path, told: Told, cancel: threading.Event | None = None
) -> None:
    """Load a snapshot from a folder into the store of an enrolled machine; `told` is called with (done, total) bytes.

    Raises:
        UnavailableError: ``store.missing``, ``snapshot.not_on_media``, or what opening the store raises.
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
        stick = Media(folder)
        filler.turn_to(stick)
        filler.run(stick, told, cancel or threading.Event())
    finally:
        store.close()


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
