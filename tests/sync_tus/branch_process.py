"""A branch that uploads one file, as a process that can be killed: prints a JSON line a progress."""

import json
import sys
from pathlib import Path

import requests

from sync.tus.client import TusClient
from sync.tus.client_state import SqliteTransferState
from sync.tus.pacing import ClientSettings
from sync.tus.source import FileSource
from tests.sync_tus.centre import DEVICE


def main(endpoint: str, state: str, path: str) -> None:
    session = requests.Session()
    session.headers.update(DEVICE)
    settings = ClientSettings(first_pause_s=0.05, longest_pause_s=0.2, attempts=60, largest_patch=256 << 10)
    client = TusClient(endpoint, SqliteTransferState(Path(state)), session=session, settings=settings)

    def tell(done: int, total: int) -> None:
        sys.stdout.write(json.dumps({"done": done, "total": total}) + "\n")
        sys.stdout.flush()

    client.upload(FileSource(Path(path)), progress=tell)


if __name__ == "__main__":
    main(*sys.argv[1:])
