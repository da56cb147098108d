"""What vendors push to us: kept on the disk before it is answered, worked off afterwards, each thing once.

A vendor wants its answer within five seconds and sends again what was not answered, three times. So a
callback is checked, put into
a file of its own and answered; a thread makes commands of it. The same (timestamp, nonce, signature) is
refused, the same message under another nonce is accepted and kept once.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from domain.conversations.commands import HandOnOverdue, NoteFollowing, ReceiveMessage
from domain.kernel.authority import Actor
from domain.kernel.clock import Clock
from domain.kernel.columns import from_microseconds, to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.messaging.records import Channel
from domain.messaging.sending_commands import NoteReceipt
from server.channels.accounts import Account
from server.channels.book import ChannelBook
from server.channels.service_reader import FORMS, SHOWN, ServiceReader, clean
from server.channels.wecom import WeCom
from server.channels.wire import Unanswered
from server.durable import DurableFile

log = logging.getLogger(__name__)

REPLAYED_FOR = timedelta(minutes=10)
KEPT_FOR = timedelta(days=3)
MOST_TRIES = 10
LOOK_EVERY_S = 5.0
AT_A_TIME = 50
_SCHEMA = """
CREATE TABLE IF NOT EXISTS shown (digest BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pushed (id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, account TEXT NOT NULL,
  kind TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, done INTEGER
  NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS pushed_waiting ON pushed (done, id);
CREATE TABLE IF NOT EXISTS cursors (account TEXT NOT NULL, service TEXT NOT NULL, cursor TEXT NOT NULL,
  PRIMARY KEY (account, service)) WITHOUT ROWID;
"""


class Pushed:
    """The file of what was pushed; several processes may put things in.

    Args:
        path: Where it lies.
        clock: Time.
        key: Encrypts what clients and vendors sent.
    """

    def __init__(self, path: Path, clock: Clock, key: bytes | None = None) -> None:
        path.touch(0o600)
        self._file = DurableFile(path, _SCHEMA, key=key)
        self._clock = clock

    def keep(self, key: str, account: str, kind: str, body: Mapping[str, Any], shown: str = "") -> bool:
        """Keep one thing, on the disk when this returns; returns whether it is new.

        Raises:
            DomainError: ``callback.replay``: this very request was here already.
        """
        now = to_microseconds(self._clock())
        with self._file.transaction():
            if shown:
                digest = hashlib.sha256(shown.encode()).digest()
                if not self._file.changed("INSERT OR IGNORE INTO shown VALUES (?, ?)", [digest, now]):
                    raise DomainError("callback.replay")
            values = [f"{account}:{key}", account, kind, json.dumps(body, ensure_ascii=False), now]
            return bool(
                self._file.changed(
                    "INSERT OR IGNORE INTO pushed (key, account, kind, body, at) VALUES (?, ?, ?, ?, ?)",
                    values,
                )
            )

    def waiting(self) -> list[tuple[int, str, str, dict[str, Any], datetime]]:
        """Return what has not been worked off, the oldest first: number, account, kind, body, when."""
        rows = self._file.rows(
            "SELECT id, account, kind, body, at FROM pushed WHERE done = 0 ORDER BY id LIMIT ?", [AT_A_TIME]
        )
        return [
            (i, account, kind, json.loads(body), from_microseconds(at)) for i, account, kind, body, at in rows
        ]

    def done(self, number: int) -> None:
        """Forget the content; that it was here is remembered for three days."""
        self._file.changed("UPDATE pushed SET done = 1, body = '' WHERE id = ?", [number])

    def failed(self, number: int) -> bool:
        """Count a failure; returns whether it was the last: the content stays, for a person."""
        self._file.changed("UPDATE pushed SET tries = tries + 1 WHERE id = ?", [number])
        return bool(
            self._file.changed("UPDATE pushed SET done = 2 WHERE id = ? AND tries >= ?", [number, MOST_TRIES])
        )

    def cursor(self, account: str, service: str) -> str:
        """Return up to where a customer service has been read, '' for not at all."""
        query = "SELECT cursor FROM cursors WHERE account = ? AND service = ?"
        rows = self._file.rows(query, [account, service])
        return str(rows[0][0]) if rows else ""

    def cursors(self) -> list[tuple[str, str]]:
        """Return account and number of every customer service that has been heard of."""
        return [(str(a), str(s)) for a, s in self._file.rows("SELECT account, service FROM cursors", [])]

    def read_to(self, account: str, service: str, cursor: str) -> None:
        """Remember up to where a customer service has been read; what was read is on the disk already."""
        values = [account, service, cursor]
        self._file.changed(
            "INSERT OR REPLACE INTO cursors (account, service, cursor) VALUES (?, ?, ?)", values
        )

    def sweep(self) -> int:
        """Forget what is old enough; returns how many things."""
        now = self._clock()
        self._file.changed("DELETE FROM shown WHERE at < ?", [to_microseconds(now - REPLAYED_FOR)])
        return self._file.changed(
            "DELETE FROM pushed WHERE done = 1 AND at < ?", [to_microseconds(now - KEPT_FOR)]
        )

    def close(self) -> None:
        self._file.close()


class Receiver:
    """Works off what was pushed, hands on what nobody answers, and asks for the results of tasks.

    `more` is done at every turn besides: media fetched, payments looked after.
    """

    def __init__(
        self, dispatcher: Dispatcher, actor: Actor, book: ChannelBook, pushed: Pushed,
        more: Sequence[Callable[[], object]] = (),
    ) -> None:  # fmt: skip
        self._more = tuple(more)
        self._dispatcher, self._actor, self._book, self.pushed = dispatcher, actor, book, pushed
        self._stopping, self._wake = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._services = ServiceReader(dispatcher, actor, book, pushed)

    def ring(self) -> None:
        """Say that something was pushed."""
        self._wake.set()

    def step(self) -> int:
        """Work off what waits; returns how many things were done."""
        count = 0
        for number, account, kind, body, at in self.pushed.waiting():
            try:
                self._work(self._book.accounts.get(account), kind, body, at)
            except DomainError as error:
                log.warning(
                    "pushed content refused", extra={"account": account, "kind": kind, "code": error.code}
                )
                self.pushed.failed(number)
                continue
            self.pushed.done(number)
            count += 1
        return count

    def tick(self) -> None:
        """Hand on what its owner has not answered in time; forget what is old."""
        self._dispatcher.run(HandOnOverdue(), self._actor)
        self._services.tick()
        self.pushed.sweep()

    def _work(self, account: Account | None, kind: str, body: dict[str, Any], at: datetime) -> None:
        if kind == "receipt":
            order = NoteReceipt(
                vendor_id=body.get("vendor_id"), message_id=_id(body.get("message_id")), result=body["result"],
                detail=body.get("detail"),
            )  # fmt: skip
            if not self._dispatcher.run(order, self._actor).receipt:
                log.info("receipt changes nothing", extra={"kind": kind})
            return
        if account is not None:
            self._wechat(account, body, at)

    def _wechat(self, account: Account, fields: dict[str, Any], at: datetime) -> None:
        channel = {"wecom": Channel.WECOM_CLIENT, "mini_program": Channel.MINI_PROGRAM}.get(
            account.kind, Channel.OFFICIAL_ACCOUNT
        )
        org_id = self._book.org_of(account) or self._actor.org_id
        event = fields.get("Event", "").lower()
        if fields.get("MsgType") == "event":
            self._event(account, channel, org_id, event, fields)
            return
        kind = str(fields.get("MsgType", "other"))
        if account.kind == "wecom" and not str(fields.get("FromUserName", "")).startswith(("wm", "wo")):
            return  # a member of staff wrote to the app: nothing is owed to a client
        text = fields.get("Content") or fields.get("Recognition") or SHOWN.get(kind, f"[{kind}]")
        said = datetime.fromtimestamp(int(fields.get("CreateTime") or at.timestamp()), at.tzinfo)
        order = ReceiveMessage(
            channel=channel, account=account.id, peer=str(fields.get("FromUserName", ""))[:120],
            key=str(fields.get("MsgId") or f"{fields.get('FromUserName')}{fields.get('CreateTime')}")[:120],
            org_id=org_id, text=clean(str(text))[:4000], form=FORMS.get(kind, "other"),
            media=str(fields["MediaId"])[:255] if fields.get("MediaId") else None, at=said,
        )  # fmt: skip
        self._dispatcher.run(order, self._actor)

    def _event(
        self, account: Account, channel: Channel, org_id: Id, event: str, fields: dict[str, Any]
    ) -> None:
        if event == "kf_msg_or_event":
            self._services.read(
                account, org_id, str(fields.get("OpenKfId", "")), str(fields.get("Token", ""))
            )
            return
        if event == "templatesendjobfinish":
            good = fields.get("Status") == "success"
            order = NoteReceipt(
                vendor_id=str(fields.get("MsgID") or fields.get("MsgId") or ""),
                result="delivered" if good else "failed", detail=str(fields.get("Status", ""))[:255],
            )  # fmt: skip
            self._dispatcher.run(order, self._actor)
            return
        change = fields.get("ChangeType", "")
        follows = event == "subscribe" or change == "add_external_contact"
        if (
            not follows
            and event != "unsubscribe"
            and change not in ("del_follow_user", "del_external_contact")
        ):
            return
        peer = str(fields.get("ExternalUserID") or fields.get("FromUserName") or "")[:120]
        self._dispatcher.run(
            NoteFollowing(
                channel=channel, account=account.id, peer=peer, org_id=org_id, follows=follows,
                via=str(fields["UserID"])[:100] if fields.get("UserID") else None,
            ),
            self._actor,
        )  # fmt: skip
        if follows and fields.get("WelcomeCode") and account.welcome:
            self._welcome(account, org_id, str(fields["WelcomeCode"]))

    def _welcome(self, account: Account, org_id: Id, code: str) -> None:
        adapter = self._book.adapter(Channel.WECOM_CLIENT, org_id)
        if isinstance(adapter, WeCom):
            try:
                adapter.welcome(code, account.welcome)
            except (Unanswered, KnownError) as error:  # good for 20 s, once: it is not tried again
                log.warning("no welcome: %s", type(error).__name__)

    def start(self) -> None:
        """Begin; returns at once."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._loop, name="channel-receiver", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End after the thing under way. Safe to call twice, or when never started."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def _loop(self) -> None:
        while not self._stopping.is_set():
            for work in (self.step, self.tick, *self._more):
                self._guarded(work)
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except KnownError as error:
            log.warning("receiver waits: %s", error.code)
        except Exception:  # the edge: one thing's bug must not end the thread
            log.exception("receiver failed")


def _id(text: Any) -> Id | None:
    try:
        return Id(hex=str(text)) if text else None
    except ValueError:
        return None
