"""Files for a form at the desk: looked at first, then on the disk of this workstation, then named by the answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.kernel.errors import DomainError, UnavailableError
from forms.attachments import HEAD, check_head, stored
from forms.questionnaire import Item
from forms.values import Attachment
from sync.blobs import BlobStore


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that was just taken here: it lies nowhere but in memory until it is sealed."""

    name: str
    content: bytes


def store_files(
    desk: Any, item: Item, files: Sequence[Path | Photo]
) -> Iterator[Attachment | DomainError | UnavailableError]:
    """Put files into the store of this workstation and yield what a question is answered with, or why it is not.

    What a question does not take is told by its size and first bytes, before it is read. Off the UI thread.
    """
    blobs = desk.blobs
    for file in files:
        try:
            yield _taken(blobs, item, file) if isinstance(file, Photo) else _stored(blobs, item, file)
        except (DomainError, UnavailableError) as error:
            yield error


def _stored(blobs: BlobStore, item: Item, path: Path) -> Attachment:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            check_head(item, file.read(HEAD), size)
            blobs.check_room(size)
            file.seek(0)
            content = file.read(size + 1)
    except OSError as error:
        raise UnavailableError("attachment.unreadable", name=path.name) from error
    return stored(item, path.name, content, blobs.put([content]))


def _taken(blobs: BlobStore, item: Item, photo: Photo) -> Attachment:
    check_head(item, photo.content[:HEAD], len(photo.content))
    blobs.check_room(len(photo.content))
    return stored(item, photo.name, photo.content, blobs.put([photo.content]))
