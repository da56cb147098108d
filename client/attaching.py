"""Adding a file to a visit: its bytes go into the content-addressed store first, then one command names them."""

import mimetypes
from pathlib import Path
from typing import Any

from domain.checkup.visit_commands import AttachFile
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from sync.blobs import BlobStore

PIECE_BYTES = 1 << 20
LARGEST_BYTES = 2 << 30
DICOM_PREAMBLE = 128


def attach_file(desk: Any, actor: Actor, visit_id: Id, path: Path) -> str:
    """Add a file to a visit and return its SHA-256; it travels to the centre by itself.

    Takes as long as copying the file does: call it in a job.

    Raises:
        DomainError: ``attachment.too_large``, ``attachment.empty``, or what the command refuses.
        UnavailableError: ``attachment.unreadable``.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise DomainError(
                "attachment.too_large", field="path", name=path.name, most_gib=LARGEST_BYTES >> 30
            )
        if size == 0:
            raise DomainError("attachment.empty", field="path", name=path.name)
        kind = media_type(path)
        with path.open("rb") as file:
            sha256 = BlobStore(desk.home.blobs).put(iter(lambda: file.read(PIECE_BYTES), b""))
    except OSError as error:
        raise UnavailableError("attachment.unreadable", name=path.name) from error
    order = AttachFile(visit_id=visit_id, sha256=sha256, size=size, media_type=kind, name=path.name)
    desk.dispatcher.run(order, actor)
    return sha256


def media_type(path: Path) -> str:
    """Return what a file is, by its content where that tells (DICOM, PDF), else by its name."""
    with path.open("rb") as file:
        head = file.read(DICOM_PREAMBLE + 4)
    if head[DICOM_PREAMBLE:] == b"DICM":
        return "application/dicom"
    if head.startswith(b"%PDF"):
        return "application/pdf"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
