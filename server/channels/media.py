"""Fetching what clients send as pictures, voices and videos: a few at a time, kept by content, with limits."""

import logging

from domain.conversations.media import HEAD_BYTES, MOST_BYTES, media_kind
from domain.conversations.media_commands import KeepMedia, MediaWork, RefuseMedia, TakeMedia
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.messaging.records import Channel
from server.channels.book import ChannelBook
from server.channels.mini_program import MiniProgram
from server.channels.official import OfficialAccount
from server.channels.wechat import TokenedApi
from server.channels.wecom import WeCom
from server.channels.wire import Unanswered
from sync.blobs import BlobStore

log = logging.getLogger(__name__)

GONE = frozenset({"40007", "41006", "45001"})
"""The vendor's codes for a number that is no medium or no longer one (three days); UNVERIFIED (待核定)."""


class MediaFetcher:
    """Brings in what waits.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor.
        book: The accounts.
        blobs: Where files lie by content.
    """

    def __init__(self, dispatcher: Dispatcher, actor: Actor, book: ChannelBook, blobs: BlobStore) -> None:
        self._dispatcher, self._actor, self._book, self._blobs = dispatcher, actor, book, blobs

    def step(self) -> int:
        """Fetch the oldest that wait; returns how many are kept."""
        kept = 0
        for work in self._dispatcher.run(TakeMedia(), self._actor).receipt:
            try:
                kept += self._fetch(work)
            except Unanswered as error:
                detail = error.outcome.detail or ""
                if detail.split(" ")[0] in GONE or error.outcome.kind == "failed":
                    self._refuse(work, "gone")
                log.warning("media waits", extra={"account": work.account, "detail": detail})
            except KnownError as error:  # a secret that is not there, a full disk: it waits
                log.warning("media waits", extra={"account": work.account, "code": error.code})
        return kept

    def _fetch(self, work: MediaWork) -> int:
        api = self._api(work)
        if api is None:
            self._refuse(work, "gone")
            return 0
        body = api.media(work.media, MOST_BYTES)
        kind = media_kind(body[:HEAD_BYTES])
        if kind is None:
            self._refuse(work, "wrong_kind")
        elif len(body) > kind.most_bytes:
            self._refuse(work, "too_large")
        else:
            order = KeepMedia(
                message_id=work.message_id,
                sha256=self._blobs.put([body]),
                size=len(body),
                media_type=kind.media_type,
            )
            self._dispatcher.run(order, self._actor)
            return 1
        return 0

    def _api(self, work: MediaWork) -> TokenedApi | None:
        adapter = self._book.adapter_of(work.account)
        if isinstance(adapter, WeCom):
            return adapter.service if work.channel is Channel.WECOM_SERVICE else adapter.app
        return adapter.api if isinstance(adapter, OfficialAccount | MiniProgram) else None

    def _refuse(self, work: MediaWork, state: str) -> None:
        self._dispatcher.run(RefuseMedia(message_id=work.message_id, state=state), self._actor)
