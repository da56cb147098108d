"""The centre in the same process as a branch: for one machine, the demo and the tests."""

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from domain.kernel.ids import Id
from sync.blobs import Landing
from sync.centre import CentreSync
from sync.protocol import (
    DigestReply,
    DigestRequest,
    Fork,
    Hello,
    NewEpoch,
    Progress,
    PullReply,
    PullRequest,
    Receipt,
    RowsReply,
    RowsRequest,
    SnapshotAsk,
    SnapshotFound,
    SnapshotKey,
    SnapshotKeyAsk,
    Welcome,
)
from sync.tus.source import Source


class LocalCentre:
    """The `sync.protocol.Centre` of a branch in the same process."""

    def __init__(self, centre: CentreSync, device_id: Id) -> None:
        self._centre = centre
        self._device_id = device_id

    def hello(self, hello: Hello) -> Welcome:
        return self._centre.hello(self._device_id, hello)

    def fork(self, fork: Fork) -> NewEpoch:
        return self._centre.fork(self._device_id, fork)

    def send_bundle(self, data: bytes, bundle_id: str, progress: Progress, cancel: threading.Event) -> None:
        del cancel  # a copy on one machine is not interrupted
        self._centre.blobs.put([data], bundle_id)
        progress(len(data), len(data))

    def push(self, data: bytes, bundle_id: str, progress: Progress, cancel: threading.Event) -> Receipt:
        self.send_bundle(data, bundle_id, progress, cancel)
        return self._centre.apply_bundle(self._device_id, bundle_id)

    def pull(self, request: PullRequest) -> PullReply:
        return self._centre.pull(self._device_id, request)

    def digest(self, request: DigestRequest) -> DigestReply:
        return self._centre.digest(self._device_id, request)

    def rows(self, request: RowsRequest) -> RowsReply:
        return self._centre.rows(self._device_id, request)

    def snapshot(self, request: SnapshotAsk) -> SnapshotFound:
        return self._centre.snapshot(self._device_id, request)

    def snapshot_key(self, request: SnapshotKeyAsk) -> SnapshotKey:
        return self._centre.snapshot_key(self._device_id, request)

    def fetch_part(
        self, snapshot_id: str, name: str, target: Path, progress: Progress, cancel: threading.Event
    ) -> None:
        del cancel
        source = self._centre.part_path(self._device_id, snapshot_id, name)
        shutil.copyfile(source, target)
        progress(source.stat().st_size, source.stat().st_size)

    def lacking_blobs(self, names: Sequence[str]) -> list[str]:
        return self._centre.lacking_blobs(self._device_id, names)

    def send_blob(self, source: Source, progress: Progress, cancel: threading.Event) -> None:
        del cancel  # a copy on one machine is not interrupted
        content = bytearray(source.size)
        source.read_into(0, memoryview(content))
        self._centre.blobs.put([bytes(content)], source.sha256)
        progress(source.size, source.size)

    def fetch_blob(self, sha256: str, landing: Landing, progress: Progress, cancel: threading.Event) -> None:
        del cancel
        self._centre.check_blob(self._device_id, sha256)
        landing.open()
        landing.restart()
        for piece in self._centre.blobs.read(sha256):
            landing.write(piece)
        landing.close(whole=True)
        size = self._centre.blobs.size(sha256)
        progress(size, size)
