"""What a kept message asks for: the command, and the documents that came with it."""

import msgspec

from domain.checkup.result_commands import ReceiveResults


class StoredAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a message, in the content-addressed store already."""

    sha256: str
    size: int
    media_type: str
    name: str


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """The command that keeps the results, and what to attach to the visit afterwards."""

    order: ReceiveResults
    attachments: list[StoredAttachment] = []
