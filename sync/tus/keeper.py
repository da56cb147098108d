"""Who holds an upload, and how its row and file agree again after a change of holder or a restart."""

import logging
import time
import uuid
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from domain.kernel.errors import KnownError
from sync.failpoints import reached
from sync.tus.digests import Digests
from sync.tus.handover import FinishedUpload, Handover
from sync.tus.protocol import TUS_CHECKSUM_ALGORITHMS, Response, TusRefusal, answer, http_date
from sync.tus.receiver import Receiver
from sync.tus.state import Added, Upload, UploadPhase, UploadState
from sync.tus.storage import UploadFile
from sync.tus.upload_files import UploadFiles

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the centre allows and keeps; sizes in bytes, times in seconds."""

    max_size: int = 8 << 30
    spare_bytes: int = 1 << 30
    unfinished_s: float = 30 * 86_400.0
    finished_s: float = 7 * 86_400.0
    commit_bytes: int = 4 << 20
    commit_s: float = 1.0
    full_retry_after_s: int = 600
    most_per_device: int = 256


@dataclass(frozen=True, slots=True)
class Clock:
    """Wall clock (seconds since 1970, UTC) for expiry, monotonic clock (seconds) for the commit interval."""

    now: Callable[[], float] = field(default=time.time)
    monotonic: Callable[[], float] = field(default=time.monotonic)


class Keeper:
    """The uploads of one directory; several processes may keep the same ones."""

    def __init__(
        self,
        files: UploadFiles,
        state: UploadState,
        on_complete: Callable[[FinishedUpload], None],
        clock: Clock,
        limits: Limits,
        free_bytes: Callable[[], int],
    ) -> None:
        self.state = state
        self.limits = limits
        self.clock = clock
        self.digests = Digests()
        self.handover = Handover(
            files, state, on_complete, lambda: clock.now() + limits.finished_s, self.digests
        )
        self._receivers: weakref.WeakValueDictionary[str, Receiver] = weakref.WeakValueDictionary()
        self._files = files
        self._free_bytes = free_bytes

    def unfinished_until(self) -> float:
        return self.clock.now() + self.limits.unfinished_s

    def owned(self, upload_id: str, owner: str) -> Upload:
        """Return the upload; 404 for one of another device as for an unknown one, 410 for an expired one."""
        upload = self.state.get(upload_id)
        if upload is None or upload.owner != owner:
            raise _unknown()
        if upload.phase is UploadPhase.RECEIVING and upload.expires_at < self.clock.now():
            raise TusRefusal(410, "transfer.upload_expired")
        return upload

    def add(self, owner: str, length: int | None, metadata: str, sha256: str) -> Upload:
        """Reserve the space and make the row.

        507 when it does not fit beside what others were promised, 429 when the device has too many unfinished.
        """
        upload = Upload(
            id=uuid.uuid4().hex, owner=owner, length=length, offset=0, good_offset=0, fence=0,
            metadata=metadata, sha256=sha256, digest="", phase=UploadPhase.RECEIVING, problem="",
            created_at=self.clock.now(), expires_at=self.unfinished_until(),
        )  # fmt: skip
        headers = {"Retry-After": str(self.limits.full_retry_after_s)}
        most = self.limits.most_per_device
        added = Added.TOO_MANY
        if self.state.unfinished(owner) < most:  # refusing a device gone wild costs one look
            added = self.state.add(upload, self._free_bytes() - self.limits.spare_bytes, most)
        if added is Added.TOO_MANY:
            raise TusRefusal(429, "transfer.too_many", headers=headers, limit=most)
        if added is Added.NO_ROOM:
            raise TusRefusal(507, "transfer.no_space", headers=headers, size=length or 0)
        return upload

    def receiving(self, upload: Upload, receiver: Receiver) -> None:
        """Note who receives an upload, to have its bytes written when another takes over."""
        self._receivers[upload.id] = receiver

    def take(self, upload_id: str, *, adopt_tail: bool = True) -> tuple[Upload, UploadFile]:
        """Cut whoever writes this upload and become its holder; a complete upload is handed over.

        With `adopt_tail` the bytes the predecessor wrote but had no time to commit are made durable and kept,
        if the declared hash will prove the whole content. After a restart they are not trusted.

        Returns:
            The row with a new fence, and its file, to be closed by the caller.
        """
        predecessor = self._receivers.pop(upload_id, None)
        if predecessor is not None:
            predecessor.yield_to_successor()
        file = self._files.open(upload_id)
        try:
            with file.exclusive():
                taken = self.state.take(upload_id)
                if taken is None:
                    raise _unknown()
                reached("upload-taken")
                self.digests.pass_on(upload_id, taken.fence)
                if taken.phase is UploadPhase.RECEIVING:
                    file.open_data()
                    taken = self._true_up(taken, file, adopt_tail=adopt_tail and bool(taken.sha256))
                return self.handover.settle(taken, file), file
        except BaseException:
            file.close()
            raise

    def remove(self, upload: Upload) -> None:
        self.state.remove(upload.id)
        self.digests.forget(upload.id)
        self._files.remove(upload.id)

    def recover(self) -> int:
        """Drop bytes never acknowledged, hand over what is complete; return how many were looked at."""
        for upload_id in self._files.ids():
            known = self.state.get(upload_id)
            if known is None or known.phase in (UploadPhase.DONE, UploadPhase.REFUSED):
                self._files.remove(upload_id)
        unfinished = self.state.in_phase(UploadPhase.RECEIVING) + self.state.in_phase(UploadPhase.VERIFIED)
        for upload in unfinished:
            self._settle_quietly(upload)
        return len(unfinished)

    def sweep(self, now: float) -> int:
        """Remove expired uploads, retry hand-overs that were impossible; return how many were removed."""
        expired = self.state.expired(now)
        for upload in expired:
            self.remove(upload)
        for upload in self.state.in_phase(UploadPhase.VERIFIED):
            self._settle_quietly(upload)
        return len(expired)

    def _true_up(self, upload: Upload, file: UploadFile, *, adopt_tail: bool) -> Upload:
        if file.size() > upload.offset and not adopt_tail:
            file.truncate(upload.offset)
        size = file.size()
        if size != upload.offset:
            if size < upload.offset:
                log.error("upload %s lost acknowledged bytes: %d of %d left", upload.id, size, upload.offset)
            file.sync()
            offset = size if upload.length is None else min(size, upload.length)
            upload = replace(upload, offset=offset, good_offset=min(offset, upload.good_offset))
            self.state.save(upload)
        return upload

    def _settle_quietly(self, upload: Upload) -> None:
        try:
            self.take(upload.id, adopt_tail=False)[1].close()
        except (KnownError, OSError) as error:
            log.warning("upload %s stays %s: %s", upload.id, upload.phase, error)


def _unknown() -> TusRefusal:
    return TusRefusal(404, "transfer.upload_unknown")


def offset_answer(status: int, upload: Upload, headers: dict[str, str] | None = None) -> Response:
    """Tell where the upload stands; every offset told is on the disk."""
    told = {"Upload-Offset": str(upload.offset), **(headers or {})}
    if upload.length is None:
        told["Upload-Defer-Length"] = "1"
    else:
        told["Upload-Length"] = str(upload.length)
    if upload.offset != upload.length:
        told["Tus-Checksum-Algorithm"] = TUS_CHECKSUM_ALGORITHMS  # saves the client the question
    if upload.phase is UploadPhase.RECEIVING:
        told["Upload-Expires"] = http_date(upload.expires_at)
    return answer(status, told)
