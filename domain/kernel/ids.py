"""Identity of records: UUIDv7 made where the record is made, and stable ids for what two places may notice.

Source: RFC 9562, section 5.7 (48-bit milliseconds, then here a 12-bit counter and 62 random bits).
"""

import os
import threading
import time
import uuid
from collections.abc import Callable
from typing import TypeAlias

Id: TypeAlias = uuid.UUID
IdSource: TypeAlias = Callable[[], Id]

_COUNTER_LIMIT = 1 << 12


def _wall_milliseconds() -> int:
    return time.time_ns() // 1_000_000


class Uuid7Source:
    """Make UUIDv7 values that rise within this process, also when the wall clock goes back.

    Args:
        milliseconds: Milliseconds since 1970 (UTC); any clock, it need not rise.
        random_bytes: Source of randomness, given a number of bytes.
    """

    def __init__(
        self,
        milliseconds: Callable[[], int] = _wall_milliseconds,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._milliseconds = milliseconds
        self._random_bytes = random_bytes
        self._lock = threading.Lock()
        self._last = 0
        self._counter = 0

    def __call__(self) -> Id:
        with self._lock:
            now = self._milliseconds()
            if now > self._last:
                self._last, self._counter = now, 0
            else:
                self._counter += 1
                if self._counter == _COUNTER_LIMIT:
                    self._last, self._counter = self._last + 1, 0
            stamp, counter = self._last, self._counter
        tail = int.from_bytes(self._random_bytes(8), "big") & ((1 << 62) - 1)
        value = (stamp & ((1 << 48) - 1)) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | tail
        return _uuid_of(value)


def _uuid_of(value: int) -> uuid.UUID:
    """Return the UUID of 128 bits known to be in range; its constructor's checks take longer than making the bits."""
    made = object.__new__(uuid.UUID)
    object.__setattr__(made, "int", value)
    object.__setattr__(made, "is_safe", uuid.SafeUUID.unknown)
    return made


new_id: IdSource = Uuid7Source()


def stable_id(*parts: object) -> Id:
    """Return the same id for the same parts on every machine (UUIDv8 of their SHA-256).

    Used where branch and centre may notice one happening independently, so that both name it alike.
    """
    import hashlib  # loads OpenSSL, which a start has no use for

    digest = bytearray(hashlib.sha256("\x1f".join(str(p) for p in parts).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return uuid.UUID(bytes=bytes(digest))
