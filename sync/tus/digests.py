"""The running digest of each upload's content."""

import hashlib
import threading
from typing import Protocol, Self

_KEPT = 1024


class Sha256(Protocol):
    """What `hashlib.sha256` objects offer."""

    def update(self, data: bytes | memoryview, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> Self: ...


class Digests:
    """How far the content of each upload has been hashed while it came, so that nothing is read twice.

    An entry is right only for who took the upload over next after it was noted (`fence`), in this process: another
    process may have changed the bytes since.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, int, Sha256]] = {}

    def note(self, upload_id: str, fence: int, position: int, digest: Sha256) -> None:
        """Remember the digest of the first `position` bytes, which are in the file."""
        with self._lock:
            self._known.pop(upload_id, None)
            self._known[upload_id] = (fence, position, digest)
            if len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]

    def pass_on(self, upload_id: str, fence: int) -> None:
        """Let the holder with `fence` go on with what the holder just before it noted, if it was here."""
        with self._lock:
            known = self._known.pop(upload_id, None)
            if known and known[0] == fence - 1:
                self._known[upload_id] = (fence, *known[1:])

    def at(self, upload_id: str, fence: int, position: int) -> Sha256 | None:
        """Return a hash object that has taken the first `position` bytes; None when they must be read."""
        if position == 0:
            return hashlib.sha256()
        with self._lock:
            known = self._known.get(upload_id)
        return known[2].copy() if known and known[:2] == (fence, position) else None

    def forget(self, upload_id: str) -> None:
        """The bytes change otherwise than by growing."""
        with self._lock:
            self._known.pop(upload_id, None)
