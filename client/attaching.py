"""Adding a file: what it is and how large is told at once; its bytes go to the disk, then one command names them."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from domain.checkup.attachment_commands import AttachFile
from domain.checkup.attachments import HEAD_BYTES, FileKind, check_file, kind_of
from domain.kernel.authority import Actor
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id

PIECE_BYTES = 1 << 20
MOST_NAME = 255


def look_at(path: Path) -> FileKind:
    """Return what kind of file it is, by its first bytes; reads no more of it.

    Raises:
        DomainError: ``attachment.empty``, ``attachment.kind`` or ``attachment.too_large``.
        UnavailableError: ``attachment.unreadable``.
    """
    with _readable(path), path.open("rb") as file:
        return check_file(path.name, path.stat().st_size, kind_of(file.read(HEAD_BYTES)))


def attach_file(
    desk: Any,
    actor: Actor,
    visit_id: Id,
    path: Path,
    *,
    report_id: Id | None = None,
    progressed: Callable[[int, int], None] = lambda _done, _total: None,
) -> str:
    """Add a file to a visit (or its report) and return its SHA-256; it travels to the centre by itself.

    On return the bytes and the record are on the disk. Takes as long as copying the file does: call it in a job.

    Raises:
        DomainError: Those of `look_at`; ``attachment.duplicate``, or what the command refuses.
        UnavailableError: ``attachment.unreadable``; ``blob.little_room``, ``blob.disk_full`` and the like.
    """
    kind = look_at(path)
    size = path.stat().st_size
    blobs = desk.blobs
    blobs.check_room(size)
    with _readable(path), path.open("rb") as file:
        sha256 = blobs.put(_pieces(file, size, progressed))
    order = AttachFile(
        visit_id=visit_id, sha256=sha256, size=size, media_type=kind.media_type, name=path.name[-MOST_NAME:],
        report_id=report_id,
    )  # fmt: skip
    desk.dispatcher.run(order, actor)
    return sha256


def _pieces(file: Any, size: int, progressed: Callable[[int, int], None]) -> Iterator[bytes]:
    done = 0
    while piece := file.read(PIECE_BYTES):
        yield piece
        done += len(piece)
        progressed(done, size)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError("attachment.unreadable", name=path.name) from error
