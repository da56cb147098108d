"""A workstation that is filled from a stick, as a process that can be killed: STORE STICK FOLDER KEY."""

import sys
import threading
from pathlib import Path

from domain import features
from domain.kernel.clock import utc_now
from domain.kernel.columns import to_microseconds
from sync.bootstrap import Bootstrap, Media
from sync.stores import open_branch_store

KEY = bytes(range(32))


def main(path: str, stick: str, folder: str, key: str) -> None:
    features.load("records")
    store = open_branch_store(Path(path), KEY)
    filler = Bootstrap(store, Path(folder), lambda: to_microseconds(utc_now()))
    filler.run(
        Media(Path(stick), lambda _manifest: bytes.fromhex(key)),
        lambda _done, _total: None,
        threading.Event(),
    )
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
