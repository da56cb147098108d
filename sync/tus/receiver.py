"""Takes the body of one PATCH (or of a creation with data) and stores it.

The HTTP adapter either pushes (`feed`) or receives straight into `room` and tells it (`filled`); then `finish` at the
end of the body or `cut` when the client is gone. A full block goes to the disk while it is hashed and the next one is
received; the offset is committed every few MiB or second, and always before it is told.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from domain.kernel.errors import KnownError, UnavailableError
from sync.failpoints import reached
from sync.tus.blocks import BLOCK_BYTES, Blocks
from sync.tus.digests import Digests
from sync.tus.protocol import Checksum, Response, TusRefusal, problem
from sync.tus.state import Upload, UploadState
from sync.tus.storage import NO_SPACE_ERRNOS, UploadFile

YIELD_S = 0.3


@dataclass(frozen=True, slots=True)
class CommitRule:
    """When a running request makes its bytes durable, and until when they are then kept.

    Where the end of the body, which commits anyway, is at most `2 * every_bytes` behind the last commit, no other
    one comes in between.
    """

    every_bytes: int
    every_s: float
    monotonic: Callable[[], float]
    expires_at: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Body:
    """What the request said about its body."""

    length: int | None
    checksum: Checksum | None


@dataclass(frozen=True, slots=True)
class Depot:
    """What all receivers of a process share."""

    state: UploadState
    rule: CommitRule
    blocks: Blocks
    digests: Digests


class Receiver:
    """One body on its way to the disk. `room`, `filled` and the end belong to one thread at a time."""

    def __init__(
        self,
        upload: Upload,
        file: UploadFile,
        body: Body,
        depot: Depot,
        complete: Callable[[Upload, UploadFile], Response],
    ) -> None:
        """Start at `upload.offset`; `complete` settles the upload under the lock and gives the answer."""
        self._upload = upload
        self._file = file
        self._body = body
        self._depot = depot
        self._complete = complete
        self._start = self._received = self._written = upload.offset
        self._content = depot.digests.at(upload.id, upload.fence, upload.offset)
        if self._content is None:
            depot.digests.forget(upload.id)
        self._block, self._spare = depot.blocks.borrow(), depot.blocks.borrow()
        self._writing: Future[None] | None = None
        self._committed_s = depot.rule.monotonic()
        self._answer: Response | None = None
        self._lock = threading.Lock()
        self._released = False
        self.idle = threading.Event()
        """Cleared while the line may still hold bytes that nobody has read."""
        self.idle.set()

    def room(self) -> memoryview:
        """Return where the next bytes of the body belong; never empty."""
        return memoryview(self._block)[self._received % BLOCK_BYTES :]

    def filled(self, count: int) -> Response | None:
        """Store `count` bytes that were put into `room`; a response means that no more is wanted."""
        self._guarded(lambda: self._take_in(count))
        return self._released_answer()

    def feed(self, data: bytes) -> Response | None:
        """Store `data` at once; a response means that no more is wanted and the response is to be sent."""
        self.put(data)
        self.flush()
        return self._released_answer()

    def put(self, data: bytes) -> Response | None:
        """Take `data` as if it had been received into `room`; returns as `filled`."""
        rest = memoryview(data)
        while rest and self._answer is None:
            room = self.room()
            count = min(len(room), len(rest))
            room[:count] = rest[:count]
            rest = rest[count:]
            self._guarded(partial(self._take_in, count))
        return self._released_answer()

    def yield_to_successor(self) -> None:
        """Let what the line has delivered reach the file, for a moment; a silent line has nothing more."""
        self.idle.wait(YIELD_S)
        self.flush()

    def flush(self) -> None:
        """Write what has come so far, for a line that is silent; any thread may ask."""
        self._guarded(self._flush)

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
        return self._depot.state.fence(self._upload.id) != self._upload.fence

    def _answered(self) -> Response:
        if self._released_answer() is None:
            raise RuntimeError("a body ended without an answer")
        return self._answer  # type: ignore[return-value]

    def _released_answer(self) -> Response | None:
        """Return the answer; once there is one, the buffers belong to others."""
        if self._answer is not None and not self._released:
            self._released = True
            if self._writing is None or self._writing.done():
                self._depot.blocks.give_back(self._block)
                self._depot.blocks.give_back(self._spare)
        return self._answer

    def _guarded(self, step: Callable[[], Response | None]) -> None:
        """Run `step` unless the answer is known; turn failures into it."""
        with self._lock:
            if self._answer is not None:
                return
            try:
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

    def _take_in(self, count: int) -> None:
        length, at = self._upload.length, self._received % BLOCK_BYTES
        if length is not None and self._received + count > length:
            self._settle()
            with self._file.exclusive():
                self._refuse_if_superseded()
                self._roll_back()
            raise TusRefusal(413, "transfer.beyond_length", length=length)
        data = memoryview(self._block)[at : at + count]
        self._received += count
        ended = (
            self._received - self._start == self._body.length
        )  # then who ends the body writes the rest of it
        full = self._received % BLOCK_BYTES == 0 and not ended
        if full:
            self._settle()
            self._writing = self._depot.blocks.write(partial(self._write_out, self._unwritten()))
        if self._body.checksum and self._body.checksum.hasher:
            self._body.checksum.hasher.update(data)
        if self._content:
            self._content.update(data)
        if full:
            self._block, self._spare = self._spare, self._block

    def _settle(self) -> None:
        """Wait for the block that is being written; raises what went wrong there."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _flush(self) -> None:
        self._drain()
        if self._file.holds:
            with self._file.exclusive():
                self._refuse_if_superseded()
                self._file.flush()

    def _drain(self) -> None:
        self._settle()
        if self._received > self._written:
            self._write_out(self._unwritten())
        if self._content:
            self._depot.digests.note(self._upload.id, self._upload.fence, self._written, self._content.copy())

    def _unwritten(self) -> memoryview:
        """Return the part of the current block that is not in the file yet; nothing is being written."""
        base = (self._received - 1) // BLOCK_BYTES * BLOCK_BYTES
        return memoryview(self._block)[self._written - base : self._received - base]

    def _write_out(self, data: memoryview) -> None:
        with self._file.exclusive():
            self._refuse_if_superseded()
            self._write(data)
            reached("upload-written")
            if self._keeps_parts and self._due():
                self._commit()

    def _due(self) -> bool:
        rule, length = self._depot.rule, self._body.length
        if length is not None and self._written - self._start == length:
            return False
        if rule.monotonic() - self._committed_s >= rule.every_s:
            return True
        ends_soon = length is not None and self._start + length - self._upload.offset <= 2 * rule.every_bytes
        return not ends_soon and self._written - self._upload.offset >= rule.every_bytes

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
        if claimed is not None and self._received - self._start < claimed:
            return self._break_off()
        self._drain()
        with self._file.exclusive():
            self._refuse_if_superseded()
            good = self._upload.good_offset
            if self._body.checksum:
                hasher = self._body.checksum.hasher or self._content
                if hasher is None or hasher.digest() != self._body.checksum.digest:
                    self._roll_back()
                    headers = {"Upload-Offset": str(self._start)}
                    raise TusRefusal(460, "transfer.checksum_mismatch", headers=headers, offset=self._start)
                good = self._written if good == self._start else good
            self._commit(good)
            return self._complete(self._upload, self._file)

    def _break_off(self) -> Response:
        self._drain()
        with self._file.exclusive():
            self._refuse_if_superseded()
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
        self._file.sync(whole=self._written == self._upload.length)
        reached("upload-synced")
        good = self._upload.good_offset if good_offset is None else good_offset
        self._save(replace(self._upload, offset=self._written, good_offset=good))
        reached("upload-counted")
        self._committed_s = self._depot.rule.monotonic()

    def _roll_back(self) -> None:
        self._depot.digests.forget(self._upload.id)
        self._save(replace(self._upload, offset=self._start))
        self._file.truncate(self._start)
        self._received = self._written = self._start

    def _save(self, upload: Upload) -> None:
        upload = replace(upload, expires_at=self._depot.rule.expires_at())
        if not self._depot.state.save(upload):
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
