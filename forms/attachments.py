"""Photos and files as answers: how large and of which type, told before anything is read or stored.

A form holds only the reference of a file (see `forms.values.Attachment`); its bytes go the way of all attachments.
"""

import base64
import hashlib

from domain.checkup.form_files import LARGEST, TYPES, url_of
from domain.kernel.errors import DomainError
from forms.questionnaire import Item, ItemType
from forms.values import Attachment

MOST_TITLE = 120
_OTHER = {"application/octet-stream": "未知"}
HEAD = 64
"""Bytes from the beginning of a file that `type_of_bytes` needs."""
WHOLE = Item("", ItemType.ATTACHMENT, text="附件")
"""The question that files of a response as a whole answer."""
NAMES = {
    "image/jpeg": "JPEG 图片", "image/png": "PNG 图片", "image/webp": "WebP 图片", "image/heic": "HEIC 图片",
    "application/pdf": "PDF 文件",
}  # fmt: skip
"""What people call the types."""
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
    limit = limit_of(item)
    if size is not None and size > limit:
        raise DomainError(
            "form.attachment_too_large",
            item.link_id,
            label=label,
            size=_megabytes(size),
            limit=_megabytes(limit),
        )
    if content_type and not any(_fits(content_type, one) for one in types_of(item)):
        raise DomainError(
            "form.attachment_wrong_type",
            item.link_id,
            label=label,
            given=NAMES.get(content_type, _OTHER.get(content_type, content_type)),
            allowed=told_types(item),
        )


def limit_of(item: Item) -> int:
    """Return how many bytes a file of a question may have."""
    return min(item.max_size, LARGEST) if item.max_size is not None else LARGEST


def types_of(item: Item) -> tuple[str, ...]:
    """Return the MIME types a question takes, patterns (``image/*``) among them."""
    return item.mime_types or TYPES


def told_types(item: Item) -> str:
    """Return the types a question takes as people call them."""
    return "、".join(NAMES.get(one, "各种图片" if one == "image/*" else one) for one in types_of(item))


def check_head(item: Item, head: bytes, size: int) -> str:
    """Return the type of a file by its first bytes if a question takes it; call it before the file is read.

    Raises:
        DomainError: As `check_attachment`; bytes of no known type are of the wrong type.
    """
    kind = type_of_bytes(head) or "application/octet-stream"
    check_attachment(item, kind, size)
    return kind


def attachment_of(item: Item, title: str, content: bytes, url: str) -> Attachment:
    """Return the answer for a file: its type is what its bytes are, not what its name says.

    Raises:
        DomainError: As `check_head`.
    """
    kind = check_head(item, content[:HEAD], len(content))
    digest = base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
    return Attachment(kind, url, len(content), title, digest)


def stored(item: Item, title: str, content: bytes, sha256: str) -> Attachment:
    """Return the answer for a file that lies in a content-addressed store; raises as `attachment_of`."""
    return attachment_of(item, title[-MOST_TITLE:], content, url_of(sha256))


def _fits(given: str, allowed: str) -> bool:
    major, _, minor = allowed.lower().partition("/")
    mine = given.lower().partition(";")[0].strip()
    return mine == allowed.lower() or (minor == "*" and mine.startswith(f"{major}/"))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f}"
