"""What a kept message asks for: its commands, and the documents that came with it."""

from typing import Any

import msgspec

from domain.checkup.result_commands import ReceiveResults
from domain.interop.person_commands import ReceiveOrders, ReceivePerson
from domain.interop.study_commands import ReceiveStudy


class StoredAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a message, in the content-addressed store already."""

    sha256: str
    size: int
    media_type: str
    name: str


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """The command of a message, one of three; a study of images it tells of; and what to attach to the visit."""

    order: ReceiveResults | None = None
    person: ReceivePerson | None = None
    orders: ReceiveOrders | None = None
    study: ReceiveStudy | None = None
    attachments: list[StoredAttachment] = []

    def first(self) -> Any:
        """Return the command that is run first, None for a study alone."""
        return next((one for one in (self.order, self.person, self.orders) if one is not None), None)
