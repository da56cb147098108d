"""The bytes of an unfinished upload, sealed as they come: a whole one is already the file that is kept.

`<id>.sealed` holds whole chunks (`sync.sealed_files`). The chunk that has only begun cannot lie there: what it holds
is acknowledged, and to seal more of it would write over it. So it lies in `<id>.tail`, which has two places: the one
that the acknowledged offset rests on is never written to, so that whatever a power cut tears, the other is whole.
The end of the upload makes its last chunk of it. A file belongs to one request, which writes only at its end.
"""

import contextlib
import errno
import hashlib
import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from sync.sealed_files import BEGUN, CHUNK, HEAD, LAST, MORE, OVERHEAD, SEALED, Seal, SealBrokenError
from sync.tus.blocks import new_block
from sync.tus.storage import ALIGNED_BYTES, LEAST_DIRECT, UploadFile, sync_directory

_AT_ONCE = 16 * CHUNK
"""Sealed at once; a block has room for that and for what was left of the time before."""
_KEPT = 8
_PLACE_BYTES = 72 << 10
_NOTE = struct.Struct(">QI")

_rooms: list[mmap.mmap] = []  # used again: fresh memory costs a page fault every 4 KiB


class SealedUploadFile(UploadFile):
    """Lock and sealed data of one upload."""

    def __init__(self, data: Path, lock: Path, key: bytes) -> None:
        super().__init__(data, lock)
        self._key = key
        self._seal: Seal
        self._tail_path, self._tail_fd = data.with_suffix(".tail"), -1
        self._number, self._rest, self._ended = 0, bytearray(), False
        self._rests_on, self._noted = -1, -1
        """The place of the tail that what is acknowledged may rest on, and the one that was written since."""
        self._clean = True
        self._room: mmap.mmap | None = None
        self._at = self._held = self._there = 0
        """Where the room belongs in the file, how much it holds, and how much of that is in the file."""

    def open_data(self) -> None:
        super().open_data()
        with contextlib.suppress(FileNotFoundError):
            self._tail_fd = os.open(self._tail_path, os.O_RDWR | os.O_CLOEXEC)
        seal = Seal.read(self._key, os.pread(self._fd, HEAD, 0))
        if seal is None:
            self._begin()
            return
        self._seal = seal
        self._number, over = divmod(os.fstat(self._fd).st_size - HEAD, SEALED)
        self._ended = self._find_end(over)
        found = sorted(
            (number, tail, place) for number, tail, place in self._tails() if number <= self._number
        )
        if found:
            number, tail_bytes, self._rests_on = found[-1]
            self._noted = self._rests_on  # who wrote it may not have come to syncing it
            if number == self._number and not self._ended:
                self._rest += tail_bytes
        self._stand_at_end()

    def close(self) -> None:
        super().close()
        if self._tail_fd >= 0:
            os.close(self._tail_fd)
            self._tail_fd = -1
        if self._room is not None and len(_rooms) < _KEPT:
            _rooms.append(self._room)
        self._room = None

    @property
    def holds(self) -> bool:
        return not self._clean

    def size(self) -> int:
        return self._number * CHUNK + len(self._rest)

    def write_at(self, offset: int, data: memoryview) -> int:
        if offset != self.size() or self._ended:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        data = data[: _AT_ONCE - len(self._rest)]
        before = self._number, bytes(self._rest), self._at, self._held, self._there
        front = bytes(self._memory()[: self._held])
        try:
            self._take_in(data)
            self._put_pages(whole=False)
        except OSError:
            self._number, self._rest[:], self._at, self._held, self._there = before
            self._memory()[: self._held] = front
            raise
        self._clean = False
        return len(data)

    def flush(self) -> None:
        if self._clean:
            return
        self._put_pages(whole=True)
        if self._rest and not self._ended:
            self._note_tail(self._number, self._rest, 1 - self._rests_on if self._rests_on >= 0 else 0)
        self._clean = True

    def sync(self, *, whole: bool = False) -> None:
        if whole and not self._ended:
            self._end()
        self.flush()
        if self._noted >= 0:
            self._sync_tail()
            self._rests_on, self._noted = self._noted, -1
        super().sync()

    def finish(self) -> None:
        if not self._ended:
            self.sync(whole=True)

    def truncate(self, length: int) -> None:
        number, within = divmod(length, CHUNK)
        self._sync_tail()
        super().sync()
        rest, place = self._beginning_of(number, within)
        other = 1 - place if place >= 0 else 0
        if rest:
            self._note_tail(number, rest, other)
            self._sync_tail()
        if self._tail_fd >= 0:
            for at in (0, 1):  # what comes instead must never be taken for what was there
                if at != other or not rest:
                    os.pwrite(self._tail_fd, bytes(_NOTE.size), at * _PLACE_BYTES)
        self._rests_on, self._noted = (other if rest else -1), -1
        if length:
            self._number, self._rest[:], self._ended, self._clean = number, rest, False, True
            os.ftruncate(self._fd, HEAD + number * SEALED)
            self._stand_at_end()
        else:
            self._begin()
        self._sync_tail()
        os.fsync(self._fd)

    def sha256(self, length: int) -> str:
        digest = hashlib.sha256()
        for number in range(-(-length // CHUNK)):
            digest.update(self._plain(number)[: length - number * CHUNK])
        return digest.hexdigest()

    def _begin(self) -> None:
        self._seal = Seal.fresh(self._key)
        self._number, self._ended, self._clean = 0, False, True
        self._rest.clear()
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, self._seal.head, 0)
        self._stand_at_end()

    def _find_end(self, over: int) -> bool:
        """Tell whether what lies behind the whole chunks is the end of the upload; else cut it off."""
        if over >= OVERHEAD:
            try:
                self._rest += self._opened(self._number, over, LAST)
            except SealBrokenError:
                pass  # a write that was cut off
            else:
                return True
        if over:
            os.ftruncate(self._fd, HEAD + self._number * SEALED)
        return False

    def _stand_at_end(self) -> None:
        end = HEAD + self._number * SEALED
        self._held = self._there = end % ALIGNED_BYTES
        self._at = end - self._held

    def _take_in(self, data: memoryview) -> None:
        if self._rest:
            missing = CHUNK - len(self._rest)
            self._rest += data[:missing]
            data = data[missing:]
            if len(self._rest) < CHUNK:
                return
            self._close_chunk(bytes(self._rest))
            self._rest.clear()
        whole = len(data) // CHUNK * CHUNK
        for start in range(0, whole, CHUNK):
            self._close_chunk(data[start : start + CHUNK])
        self._rest += data[whole:]

    def _close_chunk(self, plain: bytes | memoryview) -> None:
        self._held += self._seal.close_into(self._memory()[self._held :], self._number, plain, MORE)
        self._number += 1

    def _end(self) -> None:
        """Make the last chunk of the upload of what is left."""
        self._put_pages(whole=True)
        count = self._seal.close_into(self._memory()[self._held :], self._number, bytes(self._rest), LAST)
        self._held += count
        try:
            self._put_pages(whole=True)
        except OSError:
            self._held -= count
            raise
        self._ended = True
        end = HEAD + self._number * SEALED + count
        if os.fstat(self._fd).st_size > end:
            os.ftruncate(self._fd, end)

    def _put_pages(self, *, whole: bool) -> None:
        """Write what the room holds: the whole pages past the page cache once they are many, or all of it."""
        room, at = self._memory(), self._there
        end = self._held if whole else self._held // ALIGNED_BYTES * ALIGNED_BYTES
        if end <= at or (not whole and end - at < LEAST_DIRECT):
            return
        while at < end:
            at += super().write_at(self._at + at, room[at:end])
        kept = end // ALIGNED_BYTES * ALIGNED_BYTES
        room[: self._held - kept] = room[kept : self._held]
        self._at, self._held, self._there = self._at + kept, self._held - kept, end - kept

    def _memory(self) -> memoryview:
        if self._room is None:
            self._room = _rooms.pop() if _rooms else new_block()
        return memoryview(self._room)

    def _sync_tail(self) -> None:
        if self._tail_fd >= 0:
            os.fdatasync(self._tail_fd)

    def _note_tail(self, number: int, plain: bytes | bytearray, place: int) -> None:
        if self._tail_fd < 0:
            self._tail_fd = os.open(self._tail_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            sync_directory(self.path.parent)
        sealed = self._seal.close(number, bytes(plain), BEGUN)
        note = _NOTE.pack(number, len(plain)) + sealed
        if os.pwrite(self._tail_fd, note, place * _PLACE_BYTES) < len(note):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._noted = place

    def _tails(self) -> Iterator[tuple[int, bytes, int]]:
        """Yield number, content and place of each begun chunk that can be proven."""
        for place in (0, 1) if self._tail_fd >= 0 else ():
            note = os.pread(self._tail_fd, _NOTE.size, place * _PLACE_BYTES)
            number, length = _NOTE.unpack(note) if len(note) == _NOTE.size else (0, 0)
            if not 0 < length < CHUNK:
                continue
            sealed = os.pread(self._tail_fd, length + OVERHEAD, place * _PLACE_BYTES + _NOTE.size)
            try:
                yield number, self._seal.open(number, sealed, BEGUN), place
            except SealBrokenError:
                continue  # torn by a power cut, or of content that was thrown away

    def _beginning_of(self, number: int, within: int) -> tuple[bytes, int]:
        """Return the first bytes of a chunk, and the place of the tail they lie in (-1: in the file)."""
        if not within:
            return b"", -1
        for found, tail, place in self._tails():
            if found == number and len(tail) >= within:
                return tail[:within], place
        try:
            return self._plain(number)[:within], -1
        except SealBrokenError:
            return b"", -1  # acknowledged bytes are lost: who asks sees it by the size

    def _plain(self, number: int) -> bytes:
        if number == self._number:
            return bytes(self._rest)
        return self._opened(number, SEALED, MORE)

    def _opened(self, number: int, length: int, kind: bytes) -> bytes:
        return self._seal.open(number, os.pread(self._fd, length, HEAD + number * SEALED), kind)
