"""Where a snapshot comes from: the centre over the line, or a folder with the same files.

Parts are sealed, so a stick that is lost tells nobody anything. Their key always comes from the centre: a workstation
that may see the rows asks for it once, in a request of some hundred bytes.
"""

import errno
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from domain.kernel.errors import UnavailableError
from sync.protocol import Centre, Progress, SnapshotAsk, SnapshotKeyAsk
from sync.snapshot_format import MANIFEST, SEALED, Manifest, Part


class Source(Protocol):
    """Where parts come from."""

    def manifest(self) -> bytes: ...

    def key(self, manifest: bytes) -> bytes:
        """Return the key under which the parts of a sealed manifest are sealed."""

    def fetch(
        self, manifest: Manifest, part: Part, target: Path, progress: Progress, cancel: threading.Event
    ) -> None:
        """Write a part to `target`, going on after what is there."""


class FromCentre:
    """The centre, over whatever line there is."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre

    def manifest(self) -> bytes:
        return self._centre.snapshot(SnapshotAsk(form=SEALED)).sealed

    def key(self, manifest: bytes) -> bytes:
        return asked_key(self._centre, manifest)

    def fetch(
        self, manifest: Manifest, part: Part, target: Path, progress: Progress, cancel: threading.Event
    ) -> None:
        self._centre.fetch_part(manifest.snapshot_id, part.name, target, progress, cancel)


class Media:
    """A folder (a stick) with a snapshot's files.

    Args:
        folder: Where they are.
        key: Asked for the key of a sealed manifest; may raise `UnavailableError` ``snapshot.key_needed``.
    """

    def __init__(self, folder: Path, key: Callable[[bytes], bytes]) -> None:
        self._folder = folder
        self._key = key

    def manifest(self) -> bytes:
        try:
            return (self._folder / MANIFEST).read_bytes()
        except OSError as error:
            raise UnavailableError("snapshot.not_on_media", path=str(self._folder)) from error

    def key(self, manifest: bytes) -> bytes:
        return self._key(manifest)

    def fetch(
        self, manifest: Manifest, part: Part, target: Path, progress: Progress, cancel: threading.Event
    ) -> None:
        del manifest, cancel  # one part is copied in a moment
        try:
            shutil.copyfile(self._folder / part.name, target)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise UnavailableError("store.disk_full") from error
            raise UnavailableError("snapshot.not_on_media", path=str(self._folder / part.name)) from error
        progress(part.size, part.size)


def asked_key(centre: Centre, manifest: bytes) -> bytes:
    """Ask a centre for the key of a snapshot of its own."""
    return centre.snapshot_key(SnapshotKeyAsk(manifest)).key
