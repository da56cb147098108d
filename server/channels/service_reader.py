"""WeCom's customer service (微信客服): a callback says that something was said, and it is fetched from there.

``sync_msg`` gives what came since a cursor. Each thing is kept once, by the vendor's number, and the cursor moves
when what was before it is on the disk: a crash or a lost line reads a page twice and keeps it once. What staff
answer in WeCom itself comes the same way and stands in the same transcript. The vendor forgets after three days
(UNVERIFIED, 待核定), so every service is looked at from time to time also when no callback came.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.conversations.commands import NoteSaidElsewhere, ReceiveMessage
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.messaging.records import Channel
from domain.messaging.sending_commands import NoteReceipt
from server.channels.accounts import Account
from server.channels.book import ChannelBook
from server.channels.wecom import WeCom
from server.channels.wire import Unanswered

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=10)
MOST_PAGES = 50
FROM_CLIENT, FROM_SYSTEM, FROM_STAFF = 3, 4, 5
FORMS = {
    "text": "text", "image": "image", "voice": "voice", "video": "video", "shortvideo": "video", "file": "file",
}  # fmt: skip
SHOWN = {
    "image": "[图片]", "voice": "[语音]", "video": "[视频]", "shortvideo": "[视频]", "file": "[文件]",
    "location": "[位置]", "link": "[链接]", "business_card": "[名片]", "miniprogram": "[小程序]",
}  # fmt: skip


class ServiceReader:
    """Fetches what clients and staff said. `cursors` is the file of what was pushed, which keeps the places."""

    def __init__(self, dispatcher: Dispatcher, actor: Actor, book: ChannelBook, cursors: Any) -> None:
        self._dispatcher, self._actor, self._book, self._cursors = dispatcher, actor, book, cursors
        self._looked: datetime | None = None

    def tick(self) -> None:
        """Look at every service known, at the start and every ten minutes: a callback may have been lost."""
        now = self._dispatcher.clock()
        if self._looked is not None and abs(now - self._looked) < LOOK_EVERY:
            return
        self._looked = now
        for name, service in self._cursors.cursors():
            account = self._book.accounts.get(name)
            if account is None:
                continue
            try:
                self.read(account, self._book.org_of(account) or self._actor.org_id, service, "")
            except DomainError as error:
                log.warning("customer service waits", extra={"account": name, "code": error.code})

    def read(self, account: Account, org_id: Id, service: str, token: str) -> int:
        """Keep what is new; returns how many things.

        Raises:
            DomainError: ``callback.not_fetched``: the vendor did not answer; it is tried again.
        """
        adapter = next((w for a, w in self._book.companies() if a.id == account.id), None)
        if adapter is None or not account.service_secret or not service:
            log.warning("customer service not set up", extra={"account": account.id})
            return 0
        kept = 0
        for _ in range(MOST_PAGES):
            cursor = self._cursors.cursor(account.id, service)
            found, following, more = self._page(adapter, token, service, cursor)
            for said in found:
                kept += self._kept(account, org_id, said)
            if following != cursor:
                self._cursors.read_to(account.id, service, following)
            if not more or following == cursor:
                break
        return kept

    def _page(
        self, adapter: WeCom, token: str, service: str, cursor: str
    ) -> tuple[list[dict[str, Any]], str, bool]:
        try:
            return adapter.service_messages(token, service, cursor)
        except Unanswered as error:
            raise DomainError("callback.not_fetched", detail=error.outcome.detail or "") from error
        except KnownError as error:
            raise DomainError("callback.not_fetched", detail=error.code) from error

    def _kept(self, account: Account, org_id: Id, said: dict[str, Any]) -> int:
        """Keep one thing; what a command refuses is told in the log and does not hold up the rest."""
        try:
            return self._keep(account, org_id, said)
        except DomainError as error:
            log.warning("service message refused", extra={"account": account.id, "code": error.code})
            return 0

    def _keep(self, account: Account, org_id: Id, said: dict[str, Any]) -> int:
        origin, kind = said.get("origin"), str(said.get("msgtype", "other"))
        peer, key = str(said.get("external_userid", ""))[:120], str(said.get("msgid", ""))[:120]
        if kind == "event":
            event = said.get("event") or {}
            if event.get("event_type") == "msg_send_fail":
                detail = f"fail_type {event.get('fail_type', '')}"[:255]
                order = NoteReceipt(
                    vendor_id=str(event.get("fail_msgid", ""))[:120], result="failed", detail=detail
                )
                self._dispatcher.run(order, self._actor)
            return 0
        if not peer or not key or origin not in (FROM_CLIENT, FROM_STAFF):
            return 0
        at = datetime.fromtimestamp(int(said.get("send_time") or 0), UTC)
        given = {
            "channel": Channel.WECOM_SERVICE, "account": account.id, "peer": peer, "key": key, "org_id": org_id,
            "text": words_of(said), "form": FORMS.get(kind, "other"), "at": at,
        }  # fmt: skip
        if origin == FROM_STAFF:
            staff = str(said.get("servicer_userid", "") or "微信客服")[:100]
            return int(self._dispatcher.run(NoteSaidElsewhere(staff=staff, **given), self._actor).receipt)
        media = (said.get(kind) or {}).get("media_id") if isinstance(said.get(kind), dict) else None
        via = str(said.get("open_kfid", ""))[:100] or None
        order_in = ReceiveMessage(media=str(media)[:255] if media else None, via=via, **given)
        return int(self._dispatcher.run(order_in, self._actor).receipt)


def words_of(said: dict[str, Any]) -> str:
    """Return a message as words: its text, or what kind of thing it is with its name."""
    kind = str(said.get("msgtype", "other"))
    part = said.get(kind) if isinstance(said.get(kind), dict) else {}
    if kind == "text":
        return clean(str((part or {}).get("content", "")))[:4000]
    name = (part or {}).get("name") or (part or {}).get("title") or ""
    return clean(f"{SHOWN.get(kind, f'[{kind}]')} {name}".strip())[:4000]


def clean(text: str) -> str:
    """Return a text without marks that a command refuses: what a client wrote is kept, not turned away."""
    return "".join(mark if mark.isprintable() or mark in "\n\t" else " " for mark in text) or " "
