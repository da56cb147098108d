"""Photos and files as answers: how large and of which type, told before anything is read or stored.

A form holds only the reference of a file (see `forms.values.Attachment`); its bytes go the way of all attachments.
"""

import base64
import hashlib

from domain.kernel.errors import DomainError
from forms.questionnaire import Item
from forms.values import Attachment

LARGEST = 20_000_000
"""Bytes that a file may have where its question says nothing."""
HEAD = 64
"""Bytes from the beginning of a file that `type_of_bytes` needs."""
_PHOTOS = ("image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf")
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
)


def type_of_bytes(head: bytes) -> str:
    """Return the MIME type that the first bytes of a file tell, ``""`` if they tell none we know."""
    for beginning, mime in _BEGINNINGS:
        if head.startswith(beginning):
            return mime
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"heif"):
        return "image/heic"
    return ""


def check_attachment(item: Item, content_type: str, size: int | None) -> None:
    """Say whether a question takes such a file; call it before the file is read.

    Raises:
        DomainError: ``form.attachment_too_large`` or ``form.attachment_wrong_type``; `field` is the link id.
    """
    label = item.text or item.link_id
    limit = min(item.max_size, LARGEST) if item.max_size is not None else LARGEST
    if size is not None and size > limit:
        raise DomainError(
            "form.attachment_too_large",
            item.link_id,
            label=label,
            size=_megabytes(size),
            limit=_megabytes(limit),
        )
    allowed = item.mime_types or _PHOTOS
    if content_type and not any(_fits(content_type, one) for one in allowed):
        raise DomainError(
            "form.attachment_wrong_type",
            item.link_id,
            label=label,
            given=content_type,
            allowed="、".join(allowed),
        )


def attachment_of(item: Item, title: str, content: bytes, url: str) -> Attachment:
    """Return the answer for a file: its type is what its bytes are, not what its name says.

    Raises:
        DomainError: As `check_attachment`; bytes of no known type are of the wrong type.
    """
    kind = type_of_bytes(content[:HEAD]) or "application/octet-stream"
    check_attachment(item, kind, len(content))
    digest = base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
    return Attachment(kind, url, len(content), title, digest)


def _fits(given: str, allowed: str) -> bool:
    major, _, minor = allowed.lower().partition("/")
    mine = given.lower().partition(";")[0].strip()
    return mine == allowed.lower() or (minor == "*" and mine.startswith(f"{major}/"))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f}"
