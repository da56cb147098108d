"""The tus 1.0.0 server engine: what each request means, independent of any web framework.

An adapter turns an HTTP request into a `Request`, calls `begin`, and either sends the `Response` or pushes
the body into the `Receiver`. Calls block on the disk: run them in a thread. Any number of processes may serve
the same directory and state.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from domain.kernel.errors import KnownError, UnavailableError
from sync.tus.blocks import Blocks
from sync.tus.handover import FinishedUpload
from sync.tus.keeper import Clock, Keeper, Limits, offset_answer
from sync.tus.protocol import (
    OFFSET_OCTET_STREAM,
    TUS_CHECKSUM_ALGORITHMS,
    TUS_EXTENSIONS,
    TUS_VERSION,
    UPLOAD_DEDUP,
    Request,
    Response,
    TusRefusal,
    answer,
    declared_sha256,
    parse_checksum,
    parse_count,
    parse_metadata,
    problem,
)
from sync.tus.receiver import Body, CommitRule, Depot, Receiver
from sync.tus.state import Upload, UploadPhase, UploadState
from sync.tus.storage import UploadFile
from sync.tus.upload_files import UploadFiles

log = logging.getLogger(__name__)


class TusEngine:
    """Uploads in one directory with their rows in one state."""

    def __init__(
        self,
        root: Path,
        state: UploadState,
        on_complete: Callable[[FinishedUpload], None],
        *,
        already_have: Callable[[str, str], bool] = lambda _sha256, _owner: False,
        free_bytes: Callable[[], int] | None = None,
        key: bytes | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Wire the engine.

        Args:
            root: Directory for the bytes of unfinished uploads.
            state: Where their rows lie.
            on_complete: Receives each complete, proven upload; see `Handover` for what it may raise. Called
                under the upload's lock, possibly again after a crash.
            already_have: (sha256, device id) -> that content is stored and this device may rely on it.
            free_bytes: Free bytes of the disk under `root`; asked at each creation.
            key: Seals the bytes as they come; what `on_complete` gets is then a sealed file.
            limits: See `Limits`.
            clock: See `Clock`.
        """
        files = UploadFiles(root, key)
        limits = limits or Limits()
        clock = clock or Clock()
        self._keeper = Keeper(files, state, on_complete, clock, limits, free_bytes or files.free_bytes)
        self._already_have = already_have
        self._limits = limits
        rule = CommitRule(
            limits.commit_bytes, limits.commit_s, clock.monotonic, self._keeper.unfinished_until
        )
        self._depot = Depot(state, rule, Blocks(), self._keeper.digests)

    def begin(self, request: Request) -> Response | Receiver:
        """Answer a request without body at once, or return what takes its body."""
        try:
            return self._dispatch(request)
        except KnownError as error:
            return problem(error)
        except OSError as error:
            log.warning("upload storage failed: %s", error)
            return problem(UnavailableError("transfer.storage_failed", reason=error.strerror or ""))

    def handle(self, request: Request, body: Iterable[bytes] = ()) -> Response:
        """Serve a whole request whose body can be pulled (WSGI); an OSError of `body` means it was cut."""
        begun = self.begin(request)
        if isinstance(begun, Response):
            return begun
        try:
            for chunk in body:
                if refused := begun.feed(chunk):
                    return refused
        except OSError:
            return begun.cut()
        return begun.finish()

    def recover(self) -> int:
        """Call at start: cut every upload back to its acknowledged offset, hand over what is complete.

        Safe beside other running processes: their requests for these uploads are cut and resume.

        Returns:
            How many unfinished uploads there are.
        """
        return self._keeper.recover()

    def sweep(self, now: float) -> int:
        """Remove uploads expired at `now` (seconds since 1970), retry late hand-overs; return the removed."""
        return self._keeper.sweep(now)

    def _dispatch(self, request: Request) -> Response | Receiver:
        method = request.effective_method
        if method == "OPTIONS":
            return self._options()
        if request.headers.get("tus-resumable") != TUS_VERSION:
            raise TusRefusal(412, "transfer.version_unsupported", headers={"Tus-Version": TUS_VERSION})
        if request.upload_id is None:
            if method == "POST":
                return self._create(request)
            raise TusRefusal(405, "transfer.method_unsupported", headers={"Allow": "POST, OPTIONS"})
        upload = self._keeper.owned(request.upload_id, request.owner)
        match method:
            case "HEAD":
                return self._head(upload)
            case "PATCH":
                return self._patch(request, upload)
            case "DELETE":
                self._keeper.remove(upload)
                return answer(204)
        headers = {"Allow": "HEAD, PATCH, DELETE, OPTIONS"}
        raise TusRefusal(405, "transfer.method_unsupported", headers=headers)

    def _options(self) -> Response:
        return answer(204, {
            "Tus-Version": TUS_VERSION,
            "Tus-Extension": TUS_EXTENSIONS,
            "Tus-Max-Size": str(self._limits.max_size),
            "Tus-Checksum-Algorithm": TUS_CHECKSUM_ALGORITHMS,
        })  # fmt: skip

    def _create(self, request: Request) -> Response | Receiver:
        length = self._asked_length(request)
        metadata = request.headers.get("upload-metadata", "")
        sha256 = declared_sha256(parse_metadata(metadata))
        if request.has_body and request.content_type != OFFSET_OCTET_STREAM:
            raise TusRefusal(415, "transfer.content_type", expected=OFFSET_OCTET_STREAM)
        if request.headers.get(UPLOAD_DEDUP) == "sha256" and sha256 and length is not None:
            known = self._known(request, sha256, length)
            if known:
                return known
        body = self._body(request, 0, length)
        upload = self._keeper.add(request.owner, length, metadata, sha256)
        upload, file = self._keeper.take(upload.id)
        created = {"Location": f"{request.base}/{upload.id}"}
        if request.has_body and upload.phase is UploadPhase.RECEIVING:
            return self._receiver(upload, file, body, 201, created)
        file.close()
        return offset_answer(201, upload, created)

    def _known(self, request: Request, sha256: str, length: int) -> Response | None:
        """Answer 200 when the content is here in whole or part: `Upload-Offset` bytes need not be sent."""
        if self._already_have(sha256, request.owner):
            return answer(200, {"Upload-Offset": str(length), "Upload-Length": str(length)})
        begun = self._keeper.state.find_open(request.owner, sha256, length, self._keeper.clock.now())
        if begun is None:
            return None
        upload, file = self._keeper.take(begun.id)
        file.close()
        return offset_answer(200, upload, {"Location": f"{request.base}/{upload.id}"})

    def _head(self, upload: Upload) -> Response:
        if upload.phase in (UploadPhase.RECEIVING, UploadPhase.VERIFIED):
            try:
                upload, file = self._keeper.take(upload.id)
                file.close()
            except TusRefusal as refusal:
                if refusal.status != 460:
                    raise
                upload = self._keeper.owned(upload.id, upload.owner)  # went back: the client sends again
        if upload.phase is UploadPhase.REFUSED:
            return self._keeper.handover.repeated_refusal(upload)
        headers = {"Cache-Control": "no-store"}
        if upload.metadata:
            headers["Upload-Metadata"] = upload.metadata
        return offset_answer(200, upload, headers)

    def _patch(self, request: Request, upload: Upload) -> Response | Receiver:
        if request.content_type != OFFSET_OCTET_STREAM:
            raise TusRefusal(415, "transfer.content_type", expected=OFFSET_OCTET_STREAM)
        offset = parse_count(request.headers, "upload-offset")
        if offset is None:
            raise TusRefusal(400, "transfer.bad_header", header="upload-offset")
        if upload.phase is UploadPhase.REFUSED:
            return self._keeper.handover.repeated_refusal(upload)
        upload, file = self._keeper.take(upload.id)
        try:
            if offset != upload.offset:
                headers = {"Upload-Offset": str(upload.offset)}
                raise TusRefusal(409, "transfer.offset_mismatch", headers=headers, offset=upload.offset)
            upload = self._with_length(request, upload)
            body = self._body(request, offset, upload.length)
            self._refuse_unprovable(upload, body)
        except BaseException:
            file.close()
            raise
        if upload.phase is UploadPhase.DONE:
            file.close()
            return offset_answer(204, upload)
        return self._receiver(upload, file, body, 204, {})

    def _refuse_unprovable(self, upload: Upload, body: Body) -> None:
        """460 at once for a checksum of content whose beginning was hashed elsewhere or before a restart."""
        of_content = body.checksum is not None and body.checksum.hasher is None
        if of_content and self._keeper.digests.at(upload.id, upload.fence, upload.offset) is None:
            headers = {"Upload-Offset": str(upload.offset)}
            raise TusRefusal(460, "transfer.checksum_mismatch", headers=headers, offset=upload.offset)

    def _receiver(
        self, upload: Upload, file: UploadFile, body: Body, status: int, headers: dict[str, str]
    ) -> Receiver:
        complete = partial(self._complete, status, headers)
        receiver = Receiver(upload, file, body, self._depot, complete)
        self._keeper.receiving(upload, receiver)
        return receiver

    def _complete(self, status: int, headers: dict[str, str], upload: Upload, file: UploadFile) -> Response:
        return offset_answer(status, self._keeper.handover.settle(upload, file), headers)

    def _asked_length(self, request: Request) -> int | None:
        length = parse_count(request.headers, "upload-length")
        deferred = request.headers.get("upload-defer-length")
        if deferred not in (None, "1") or (length is None) == (deferred is None):
            raise TusRefusal(400, "transfer.bad_header", header="upload-length")
        return self._allowed(length)

    def _allowed(self, length: int | None) -> int | None:
        if length is not None and length > self._limits.max_size:
            raise TusRefusal(413, "transfer.too_large", size=length, limit=self._limits.max_size)
        return length

    def _with_length(self, request: Request, upload: Upload) -> Upload:
        """Fix a deferred length; a length once set cannot change."""
        length = self._allowed(parse_count(request.headers, "upload-length"))
        if length is None or length == upload.length:
            return upload
        if upload.length is not None or length < upload.offset:
            raise TusRefusal(400, "transfer.bad_header", header="upload-length")
        upload = replace(upload, length=length)
        if not self._keeper.state.save(upload):
            raise TusRefusal(409, "transfer.superseded")
        return upload

    def _body(self, request: Request, offset: int, length: int | None) -> Body:
        claimed = request.content_length
        limit = self._limits.max_size if length is None else length
        if claimed is not None and offset + claimed > limit:
            raise TusRefusal(413, "transfer.beyond_length", length=limit)
        return Body(claimed, parse_checksum(request.headers.get("upload-checksum")))
