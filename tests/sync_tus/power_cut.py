"""A disk that forgets what was not synced when the power goes, under the real engine.

The rows (SQLite, synchronous=FULL) are taken as they are, which is the hardest case: every offset ever noted is
there, and of the bytes only those that an fdatasync or fsync covered, the rest being zeros or gone.
"""

import os
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from sync.blobs import BlobStore
from sync.tus import sealed_storage, storage
from sync.tus.engine import TusEngine
from sync.tus.keeper import Limits
from sync.tus.protocol import OFFSET_OCTET_STREAM, Request, encode_metadata
from sync.tus.source import BytesSource
from sync.tus.state import SqliteUploadState
from tests.sync_tus.centre import KEY
from tests.sync_tus.seeded import seeded

SIZE = 3_000_001
LIMITS = Limits(spare_bytes=0, commit_bytes=300_000, commit_s=1000.0)


class RecordingOs:
    """`os` for `sync.tus.storage`: does the work, and remembers what is certain to be on the disk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: dict[int, str] = {}
        self._since: dict[str, list[tuple[int, int]]] = {}
        self.unsynced: dict[str, list[tuple[int, int]]] = self._since
        self.kept: dict[str, int] = {}
        """How far a file is certain to reach."""

    def __getattr__(self, name):
        return getattr(os, name)

    def open(self, path, *arguments):
        descriptor = os.open(path, *arguments)
        self._paths[descriptor] = str(path)
        return descriptor

    def pwrite(self, descriptor, data, offset):
        count = os.pwrite(descriptor, data, offset)
        with self._lock:
            self._since.setdefault(self._paths[descriptor], []).append((offset, offset + count))
        return count

    def fdatasync(self, descriptor):
        path = self._paths[descriptor]
        with self._lock:
            covered = len(self._since.get(path, []))
        os.fdatasync(descriptor)
        with self._lock:
            ranges = self._since.get(path, [])
            self.kept[path] = max([self.kept.get(path, 0), *(end for _, end in ranges[:covered])])
            del ranges[:covered]

    def ftruncate(self, descriptor, length):
        os.ftruncate(descriptor, length)
        with self._lock:
            path = self._paths[descriptor]
            self.kept[path] = min(self.kept.get(path, 0), length)
            self._since[path] = [(a, min(b, length)) for a, b in self._since.get(path, []) if a < length]

    def fsync(self, descriptor):
        if descriptor in self._paths:
            self.fdatasync(descriptor)
        os.fsync(descriptor)


class Machine:
    """A centre on one directory, until its power goes."""

    def __init__(self, root: Path, key: bytes | None) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.blobs = BlobStore(root / "blobs", key)
        self.state = SqliteUploadState(root / "state.db")
        self.engine = TusEngine(
            root / "uploads", self.state,
            lambda done: self.blobs.adopt(done.path, done.sha256, sealed=done.sealed), key=key, limits=LIMITS,
        )  # fmt: skip
        self.engine.recover()

    def call(self, method, upload_id=None, body=(), **headers):
        told = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        request = Request(method, upload_id, {"tus-resumable": "1.0.0", **told}, "branch-1")
        return self.engine.handle(request, body)


def lost_power(root: Path, seed: int, key: bytes | None = KEY) -> bool:
    """Upload, lose the power at a random point, go on with what is left; tell whether the file is right then."""
    chance = seeded(seed)
    content = chance.randbytes(SIZE)
    sha256 = BytesSource(content).sha256
    disk = RecordingOs()
    with mock.patch.object(storage, "os", disk), mock.patch.object(sealed_storage, "os", disk):
        before = Machine(root / "before", key)
        created = before.call("POST", upload_length=SIZE, upload_metadata=encode_metadata({"sha256": sha256}))
        upload_id = created.headers["Location"].rpartition("/")[2]
        acknowledged = _part(before, upload_id, content, chance)
        after = root / "after"
        shutil.copytree(before.root, after)
        _forget(after, disk, chance)
        before.state.close()
    again = Machine(after, key)
    offset = int(again.call("HEAD", upload_id).headers["Upload-Offset"])
    kept = offset >= acknowledged
    answer = _patch(again, upload_id, offset, [content[offset:]], SIZE - offset)
    if (
        answer.status == 460
    ):  # told to send again from an earlier byte: allowed, but nothing may have been lost
        kept = False
    right = again.blobs.has(sha256) and again.blobs.get(sha256) == content
    again.state.close()
    shutil.rmtree(root)
    return kept and right


def _part(machine: Machine, upload_id: str, content: bytes, chance) -> int:
    """Send some PATCHes, the last of them torn; returns what was acknowledged."""
    offset = 0
    for _ in range(chance.randrange(3)):
        end = chance.randrange(offset, SIZE)
        offset = int(
            _patch(machine, upload_id, offset, [content[offset:end]], end - offset).headers["Upload-Offset"]
        )
    torn = chance.randrange(offset, SIZE)
    pieces = [content[at : min(at + 50_000, torn)] for at in range(offset, torn, 50_000)]
    headers = {"upload_offset": offset, "content_type": OFFSET_OCTET_STREAM, "content_length": SIZE - offset}
    told = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    receiver = machine.engine.begin(
        Request("PATCH", upload_id, {"tus-resumable": "1.0.0", **told}, "branch-1")
    )
    for piece in pieces:
        receiver.feed(piece)
    return offset


def _patch(machine: Machine, upload_id: str, offset: int, body: list[bytes], length: int) -> SimpleNamespace:
    return machine.call(
        "PATCH",
        upload_id,
        body,
        upload_offset=offset,
        content_type=OFFSET_OCTET_STREAM,
        content_length=length,
    )


def _forget(root: Path, disk: RecordingOs, chance) -> None:
    """Take away what the disk had not been made to keep."""
    for path, ranges in disk.unsynced.items():
        copy = root / "uploads" / Path(path).name
        if not copy.exists():
            continue
        data = bytearray(copy.read_bytes())
        for start, end in ranges:
            data[start:end] = bytes(end - start)
        if ranges and chance.random() < 0.5:
            del data[max(min(start for start, _ in ranges), disk.kept.get(path, 0)) :]
        copy.write_bytes(data)
