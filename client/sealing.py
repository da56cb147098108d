"""Files that an older program left in the clear on this workstation are sealed, beside the day's work."""

import threading
from typing import Any

from sync.blobs import BlobStore


class SealingThread:
    """Seals one file after the other, once a run of the program; between two files it can be stopped."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        self._blobs.seal_plain(self._stopping.is_set)


def join_sealing(desk: Any) -> None:
    """Join the sealing to a desk: a part of `client.desk.INSTALLED`."""
    desk.workers.append(SealingThread(desk.blobs))
