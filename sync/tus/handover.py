"""Proves a complete upload by its hash and gives it to its receiver, exactly as often as needed.

The receiver (`on_complete`) may be called again for the same content after a crash: it must be idempotent and
must expect that the file it moved away is no longer there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from domain.kernel.errors import DomainError
from sync.failpoints import reached
from sync.tus.digests import Digests
from sync.tus.protocol import Response, TusRefusal, parse_metadata, problem_answer, problem_document
from sync.tus.state import Upload, UploadPhase, UploadState
from sync.tus.storage import UploadFile
from sync.tus.upload_files import UploadFiles


@dataclass(frozen=True, slots=True)
class FinishedUpload:
    """A complete, proven upload. `path` may be moved away by the receiver; if it is left, it is deleted.

    Where the engine has a key, the file is `sealed` under it (`sync.sealed_files`).
    """

    id: str
    owner: str
    length: int
    sha256: str
    metadata: Mapping[str, str]
    path: Path
    sealed: bool


class Handover:
    """Takes an upload from "all bytes are here" to done or refused. Called under the upload's lock."""

    def __init__(
        self,
        files: UploadFiles,
        state: UploadState,
        on_complete: Callable[[FinishedUpload], None],
        finished_until: Callable[[], float],
        digests: Digests,
    ) -> None:
        """Wire it.

        Args:
            files: Where the bytes lie.
            state: Where the rows lie.
            on_complete: DomainError refuses the content for good (the client is told its code),
                UnavailableError means later (503, tried again at the next request or sweep).
            finished_until: Until when the row of a finished upload is kept (seconds since 1970), so that a
                client that lost the last acknowledgement still learns it.
            digests: What was hashed as it came; what was not is read back from the disk.
        """
        self._files = files
        self._state = state
        self._on_complete = on_complete
        self._finished_until = finished_until
        self._digests = digests

    def settle(self, upload: Upload, file: UploadFile) -> Upload:
        """Verify and hand over if every byte is here; else return `upload` as it is.

        Raises:
            TusRefusal: 460 transfer.sha256_mismatch; the upload went back to its last proven byte.
            DomainError: The receiver refused the content.
            UnavailableError: The receiver cannot take it now.
        """
        if upload.phase is UploadPhase.RECEIVING and upload.offset == upload.length:
            upload = self._verify(upload, file)
        if upload.phase is UploadPhase.VERIFIED:
            upload = self._deliver(upload)
        return upload

    def repeated_refusal(self, upload: Upload) -> Response:
        """Tell again what the receiver said when it refused this upload."""
        return problem_answer(422, upload.problem)

    def _verify(self, upload: Upload, file: UploadFile) -> Upload:
        if file.size() > upload.offset:
            file.truncate(upload.offset)
        known = self._digests.at(upload.id, upload.fence, upload.offset)
        digest = known.hexdigest() if known else file.sha256(upload.offset)
        self._digests.forget(upload.id)
        if upload.sha256 and digest != upload.sha256:
            back = upload.good_offset if upload.good_offset < upload.offset else 0
            self._save(replace(upload, offset=back, good_offset=back))
            file.truncate(back)
            headers = {"Upload-Offset": str(back)}
            facts = {"declared": upload.sha256, "found": digest, "offset": back}
            raise TusRefusal(460, "transfer.sha256_mismatch", headers=headers, **facts)
        file.finish()
        upload = self._save(replace(upload, digest=digest, phase=UploadPhase.VERIFIED))
        reached("upload-proven")
        return upload

    def _deliver(self, upload: Upload) -> Upload:
        finished = FinishedUpload(
            upload.id, upload.owner, upload.offset, upload.digest, parse_metadata(upload.metadata),
            self._files.data_path(upload.id), self._files.sealed(upload.id),
        )  # fmt: skip
        try:
            self._on_complete(finished)
        except DomainError as error:
            self._close(replace(upload, phase=UploadPhase.REFUSED, problem=problem_document(error)))
            raise
        reached("upload-handed-over")
        return self._close(replace(upload, phase=UploadPhase.DONE))

    def _close(self, upload: Upload) -> Upload:
        upload = self._save(replace(upload, expires_at=self._finished_until()))
        reached("upload-done")
        self._files.remove(upload.id)
        return upload

    def _save(self, upload: Upload) -> Upload:
        if not self._state.save(upload):
            raise TusRefusal(409, "transfer.superseded")
        return upload
