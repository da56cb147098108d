"""Takes the body of one PATCH (or of a creation with data) and stores it.

The HTTP adapter pushes: `feed` what came, then `finish` at the end of the body or `cut` when the client is
gone. Bytes go to the disk as they come; the offset is committed every few MiB or second, and always before it
is told.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from domain.kernel.errors import KnownError, UnavailableError
from sync.tus.protocol import Hasher, Response, TusRefusal, problem
from sync.tus.state import Upload, UploadState
from sync.tus.storage import NO_SPACE_ERRNOS, UploadFile


@dataclass(frozen=True, slots=True)
class CommitRule:
    """When a running request makes its bytes durable, and until when they are then kept."""

    every_bytes: int
    every_s: float
    monotonic: Callable[[], float]
    expires_at: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Body:
    """What the request said about its body."""

    length: int | None
    checksum: tuple[Hasher, bytes] | None


class Receiver:
    """One body on its way to the disk."""

    def __init__(
        self,
        upload: Upload,
        file: UploadFile,
        body: Body,
        state: UploadState,
        rule: CommitRule,
        complete: Callable[[Upload, UploadFile], Response],
    ) -> None:
        """Start at `upload.offset`; `complete` settles the upload under the lock and gives the answer."""
        self._upload = upload
        self._file = file
        self._body = body
        self._state = state
        self._rule = rule
        self._complete = complete
        self._start = self._written = upload.offset
        self._committed_s = rule.monotonic()
        self._answer: Response | None = None
        self._lock = threading.Lock()

    def feed(self, data: bytes) -> Response | None:
        """Store `data`; a response means that no more is wanted and the response is to be sent."""
        if data:
            self._guarded(lambda: self._store(data))
        return self._answer

    def finish(self) -> Response:
        """End the body: verify, commit, answer. A body shorter than it claimed to be counts as cut."""
        self._guarded(self._end)
        return self._answered()

    def cut(self) -> Response:
        """Keep what came before the client went away; the response is for whoever still listens."""
        self._guarded(self._break_off)
        return self._answered()

    def superseded(self) -> bool:
        """Tell whether another request has taken the upload over."""
        current = self._state.get(self._upload.id)
        return current is None or current.fence != self._upload.fence

    def _answered(self) -> Response:
        if self._answer is None:
            raise RuntimeError("a body ended without an answer")
        return self._answer

    def _guarded(self, step: Callable[[], Response | None]) -> None:
        """Run `step` as the only writer of the upload, unless the answer is known; turn failures into it."""
        with self._lock:
            if self._answer is not None:
                return
            try:
                with self._file.exclusive():
                    self._refuse_if_superseded()
                    self._answer = step()
            except KnownError as error:
                self._answer = problem(error)
            except OSError as error:
                self._answer = problem(self._disk_refusal(error))
            except BaseException:
                self._answer = problem(UnavailableError("transfer.storage_failed", reason=""))
                self._file.close()
                raise
            if self._answer is not None:
                self._file.close()

    def _store(self, data: bytes) -> None:
        length = self._upload.length
        if length is not None and self._written + len(data) > length:
            self._roll_back()
            raise TusRefusal(413, "transfer.beyond_length", length=length)
        if self._body.checksum:
            self._body.checksum[0].update(data)
        self._write(memoryview(data))
        waited_s = self._rule.monotonic() - self._committed_s
        due = self._written - self._upload.offset >= self._rule.every_bytes or waited_s >= self._rule.every_s
        if due and self._keeps_parts:
            self._commit()

    def _write(self, rest: memoryview) -> None:
        while rest:
            try:
                count = self._file.write_at(self._written, rest)
            except OSError as error:
                self._keep_or_roll_back()
                raise self._disk_refusal(error) from error
            self._written += count
            rest = rest[count:]

    def _end(self) -> Response:
        claimed = self._body.length
        if claimed is not None and self._written - self._start < claimed:
            return self._break_off()
        good = self._upload.good_offset
        if self._body.checksum:
            hasher, digest = self._body.checksum
            if hasher.digest() != digest:
                self._roll_back()
                headers = {"Upload-Offset": str(self._start)}
                raise TusRefusal(460, "transfer.checksum_mismatch", headers=headers, offset=self._start)
            good = self._written if good == self._start else good
        self._commit(good)
        return self._complete(self._upload, self._file)

    def _break_off(self) -> Response:
        self._keep_or_roll_back()
        return problem(TusRefusal(408, "transfer.body_cut", offset=self._upload.offset))

    @property
    def _keeps_parts(self) -> bool:
        """A part of a check-summed body is unproven: keep it only if the whole will be proven at the end."""
        return self._body.checksum is None or bool(self._upload.sha256)

    def _keep_or_roll_back(self) -> None:
        if self._keeps_parts:
            self._commit()
        else:
            self._roll_back()

    def _commit(self, good_offset: int | None = None) -> None:
        """Make the bytes durable, then the row that counts them."""
        self._file.sync()
        good = self._upload.good_offset if good_offset is None else good_offset
        self._save(replace(self._upload, offset=self._written, good_offset=good))
        self._committed_s = self._rule.monotonic()

    def _roll_back(self) -> None:
        self._save(replace(self._upload, offset=self._start))
        self._file.truncate(self._start)
        self._written = self._start

    def _save(self, upload: Upload) -> None:
        upload = replace(upload, expires_at=self._rule.expires_at())
        if not self._state.save(upload):
            raise _superseded()
        self._upload = upload

    def _refuse_if_superseded(self) -> None:
        if self.superseded():
            raise _superseded()

    def _disk_refusal(self, error: OSError) -> TusRefusal:
        headers = {"Upload-Offset": str(self._upload.offset), "Retry-After": "60"}
        if error.errno in NO_SPACE_ERRNOS:
            return TusRefusal(507, "transfer.no_space", headers=headers, offset=self._upload.offset)
        return TusRefusal(503, "transfer.storage_failed", headers=headers, reason=error.strerror or "")


def _superseded() -> TusRefusal:
    return TusRefusal(409, "transfer.superseded")
