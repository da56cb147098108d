"""Attachments of a case: which have arrived, how far the others are, and what keeps them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from client.stations.review.case import AttachmentRow
from domain.kernel.errors import UnavailableError
from sync.blobs import BlobStore
from sync.local_tables import blob_state


def attachment_rows(
    connection: Connection, rows: Iterable[Any], blobs: BlobStore
) -> tuple[AttachmentRow, ...]:
    """Return attachments with the state of their bytes on this workstation."""
    listed = list(rows)
    names = {r.sha256 for r in listed}
    states = {
        s.sha256: s for s in connection.execute(select(blob_state).where(blob_state.c.sha256.in_(names))).all()
    } if names else {}  # fmt: skip
    return tuple(_row(r, states.get(r.sha256), blobs) for r in listed)


def _row(row: Any, state: Any, blobs: BlobStore) -> AttachmentRow:
    here = blobs.has(row.sha256)
    return AttachmentRow(
        name=str(row.name),
        sha256=row.sha256,
        media_type=row.media_type,
        size=row.size,
        here=here,
        done=row.size if here else (state.sent if state else 0),
        state=state.state if state else "",
        reason=(state.reason or "") if state else "",
    )


def take_out(blobs: BlobStore, attachment: AttachmentRow, folder: Path) -> Path:
    """Return the path of a copy of a file under its own name, its content proven.

    Args:
        blobs: The content-addressed store.
        attachment: What to take out.
        folder: Where the copy goes; it is emptied when the desk closes.

    Raises:
        UnavailableError: ``review.on_its_way`` if its bytes are not here yet, ``blob.damaged`` if they are not what
            they should be.
    """
    if not blobs.has(attachment.sha256):
        raise UnavailableError(
            "review.on_its_way", name=attachment.name, done=attachment.done, size=attachment.size
        )
    content = blobs.get(attachment.sha256)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{attachment.sha256[:12]}-{Path(attachment.name).name}"
    path.write_bytes(content)
    return path


def clear_out(folder: Path) -> None:
    """Delete the copies that were taken out; one that is still open in a viewer stays until the next time."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        try:
            path.unlink()
        except OSError:
            continue
