"""Files inside a response: photos, scans of the filled sheet. Each becomes an attachment of the response.

A file is named by its content (``urn:sha256:<hex>``), so a response can be written and travel before its files; it
counts as sent only when they are at the centre too (`sync.response_state`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.checkup.attachments import LANE_SMALL
from domain.checkup.records import Attachment, QuestionnaireResponse
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork

SCHEME = "urn:sha256:"
PAPER = "urn:aftercheck:paper-sheet"
"""Extension of a response: a photo or scan of the sheet it was typed from."""
LARGEST = 20_000_000
"""Bytes a file of a response may have, wherever it is added."""
MOST_FILES = 60
TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf")
_NAME = re.compile(re.escape(SCHEME) + "[0-9a-f]{64}")
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class ResponseFile:
    """A file that a response names; `size` in bytes."""

    sha256: str
    size: int
    media_type: str
    name: str


def url_of(sha256: str) -> str:
    """Return how a response names a file of our own stores."""
    return SCHEME + sha256


def files_of(answers: Mapping[str, Any]) -> list[ResponseFile]:
    """Return the files of our own that a response names, each once, in the order they stand there.

    Files of other programs (by another address) are part of the answer and nothing of ours.

    Raises:
        DomainError: ``form.file_refused`` (``answers``) for one whose type or size we do not take, or for too many.
    """
    found: dict[str, ResponseFile] = {}
    for one in _attachments(answers, 0):
        url = str(one.get("url", ""))
        if not url.startswith(SCHEME):
            continue
        size, kind = one.get("size"), str(one.get("contentType", ""))
        name = str(one.get("title") or "附件")[:255]
        sound = isinstance(size, int) and 0 < size <= LARGEST and kind in TYPES
        if not _NAME.fullmatch(url) or not sound or len(found) >= MOST_FILES:
            raise DomainError("form.file_refused", field="answers", name=name, limit=LARGEST // 1_000_000)
        found.setdefault(url, ResponseFile(url.removeprefix(SCHEME), int(size or 0), kind, name))
    return list(found.values())


def keep_files(work: UnitOfWork, response: QuestionnaireResponse) -> None:
    """Name the files of a response as attachments of it, in the same unit of work.

    Raises:
        DomainError: As `files_of`.
    """
    for one in files_of(response.answers):
        work.add(
            Attachment(
                org_id=response.org_id, subject="questionnaire_response", subject_id=response.id,
                sha256=one.sha256, size=one.size, media_type=one.media_type, name=one.name, lane=LANE_SMALL,
                added_at=work.now, added_by=work.actor.staff_id,
            )
        )  # fmt: skip


def _attachments(node: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "valueAttachment" and isinstance(value, Mapping):
                yield value
            elif isinstance(value, Mapping | list):
                yield from _attachments(value, depth + 1)
    elif isinstance(node, list):
        for one in node:
            yield from _attachments(one, depth + 1)
