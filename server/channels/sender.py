"""The sender: takes what is due from the outbox, calls the vendors, keeps what came of it.

One process of a centre runs it.
Each channel has a lane of its own, so that a vendor who is slow or away holds up nobody else's messages. A
message is marked as being sent, on the disk, before the call; an answer counts only for the try it belongs to.
"""

import base64
import dataclasses
import hashlib
import hmac
import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id
from domain.links.message_commands import OfferMessage
from domain.messaging.channel_commands import PublishBudgets
from domain.messaging.records import Channel
from domain.messaging.sending_commands import (
    NoteOrphans,
    NoteReceipt,
    Parcel,
    RemindUnread,
    ReportOutcome,
    SettleUnknown,
    TakeAwaiting,
    TakeDoubtful,
    TakeDue,
)
from server.channels.book import ChannelBook
from server.channels.chores import CHORES, CHORES_EVERY_S, Chores
from server.channels.outcome import Outcome

log = logging.getLogger(__name__)

AT_A_TIME = 16
AT_ONCE = 4
"""Calls of one vendor at the same time."""
LOOK_EVERY_S = 1.0
PUBLISH_EVERY = timedelta(minutes=5)
TICK = "send-tick"
"""Name of the thread that the bell does not wake."""
TICK_EVERY = timedelta(seconds=20)


class Sender:
    """Sends for one centre.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor.
        book: The accounts.
        key: Secret from which the links in messages are made: the same message always has the same link.
        chance: Numbers from 0 up to 1, for the jitter.
    """

    def __init__(
        self, dispatcher: Dispatcher, actor: Actor, book: ChannelBook, key: bytes,
        chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._dispatcher, self._actor, self.book = dispatcher, actor, book
        self._key = hashlib.sha256(b"aftercheck message links 1" + key).digest()
        self._chance = chance
        self._stopping = threading.Event()
        self._wakes: list[threading.Event] = []
        self._timers: list[threading.Event] = []
        self._threads: list[threading.Thread] = []
        self._unsubscribe: Callable[[], None] = lambda: None
        self._told: datetime | None = None
        self.chores = Chores(dispatcher, actor, book, chance)

    def step(self, channel: Channel) -> int:
        """Send what is due by one channel now; returns how many messages were taken."""
        quotas = {str(name): quota for name, quota in self.book.quotas()}
        order = TakeDue(channels=[str(channel)], quotas=quotas, most=AT_A_TIME)
        parcels: list[Parcel] = self._dispatcher.run(order, self._actor).receipt
        if len(parcels) == 1:
            self._one(parcels[0])
        elif parcels:
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"send-{channel}") as pool:
                list(pool.map(self._one, parcels))
        return len(parcels)

    def tick(self) -> None:
        """Find what a crash left, ask about what is unknown, remind, and publish the budgets."""
        run = self._dispatcher.run
        run(NoteOrphans(), self._actor)
        for parcel in run(TakeDoubtful(), self._actor).receipt:
            self._settle(parcel)
        run(RemindUnread(), self._actor)
        now = self._dispatcher.clock()
        if self.book.channels and (self._told is None or abs(now - self._told) >= PUBLISH_EVERY):
            self._told = now
            run(PublishBudgets(channels=[str(c) for c in self.book.channels]), self._actor)
            for parcel in run(TakeAwaiting(), self._actor).receipt:
                self._ask_for_result(parcel)

    def link_token(self, message_id: Id) -> str:
        """Return the secret of a message's link: 128 bits that nobody can guess without the centre's key."""
        digest = hmac.new(self._key, message_id.bytes, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()

    def _one(self, parcel: Parcel) -> None:
        try:
            outcome = self._sent(parcel)
        except Exception as error:  # the edge: one message's bug must not stop the others
            log.exception("sending failed", extra={"channel": str(parcel.channel)})
            outcome = Outcome("unknown", reason="lost", detail=type(error).__name__)
        self._report(parcel, outcome)

    def _sent(self, parcel: Parcel) -> Outcome:
        adapter = self.book.adapter(parcel.channel, parcel.org_id)
        if adapter is None:
            return Outcome("configuration", reason="configuration", detail="no account")
        try:
            return adapter.send(self._with_link(parcel))
        except KnownError as error:  # a secret that is not there, the file of tokens
            return Outcome("configuration", reason="configuration", detail=error.code)

    def _with_link(self, parcel: Parcel) -> Parcel:
        if "{link}" not in parcel.text:
            return parcel
        token = self.link_token(parcel.message_id)
        digest = hashlib.sha256(token.encode()).hexdigest()
        self._dispatcher.run(OfferMessage(message_id=parcel.message_id, token_sha256=digest), self._actor)
        link = f"{self.book.settings.public_url.rstrip('/')}/p/{token}"
        params = {**parcel.params, "link": link, "token": token}
        return dataclasses.replace(parcel, text=parcel.text.replace("{link}", link), params=params)

    def _settle(self, parcel: Parcel) -> None:
        adapter = self.book.adapter(parcel.channel, parcel.org_id)
        found: Outcome | None = None
        if adapter is not None:
            try:
                found = adapter.ask(parcel)
            except KnownError as error:
                log.warning("cannot ask", extra={"channel": str(parcel.channel), "code": error.code})
        if found is not None:
            self._report(parcel, found)
            return
        safe = adapter is not None and adapter.repeat_safe_s > 0
        order = SettleUnknown(message_id=parcel.message_id, attempt=parcel.attempt, repeat_safe=safe)
        self._dispatcher.run(order, self._actor)

    def _ask_for_result(self, parcel: Parcel) -> None:
        adapter = self.book.adapter(parcel.channel, parcel.org_id)
        try:
            found = adapter.ask(parcel) if adapter is not None else None
        except KnownError as error:
            log.warning("cannot ask", extra={"channel": str(parcel.channel), "code": error.code})
            return
        if found is not None and found.kind in ("delivered", "failed"):
            order = NoteReceipt(message_id=parcel.message_id, result=found.kind, detail=_shown(found.detail))
            self._dispatcher.run(order, self._actor)

    def _report(self, parcel: Parcel, outcome: Outcome) -> None:
        self._dispatcher.run(
            ReportOutcome(
                message_id=parcel.message_id, attempt=parcel.attempt, outcome=outcome.kind,
                vendor_id=outcome.vendor_id or None, reason=outcome.reason, detail=_shown(outcome.detail),
                wait_s=outcome.wait_s, chance=self._chance(), falls_back=outcome.falls_back,
            ),
            self._actor,
        )  # fmt: skip

    def start(self) -> None:
        """Begin to send; returns at once. Without accounts there is nothing to do."""
        if self._threads or not self.book.channels:
            return
        self._stopping.clear()
        for channel in self.book.channels:
            self._begin(f"send-{channel}", LOOK_EVERY_S, lambda c=channel: self._drain(c))  # type: ignore[misc]
        if any(True for _ in self.book.companies()):
            self._begin(CHORES, CHORES_EVERY_S, self.chores.step)
        self._begin(TICK, TICK_EVERY.total_seconds(), self.tick)
        self._unsubscribe = self._dispatcher.store.on_commit(self._rung)

    def stop(self, timeout_s: float = 30.0) -> None:
        """End after the calls under way. Safe to call twice, or when never started."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._stopping.set()
        for wake in (*self._wakes, *self._timers):
            wake.set()
        for thread in self._threads:
            thread.join(timeout_s)
        self._threads, self._wakes, self._timers = [], [], []

    def _drain(self, channel: Channel) -> None:
        while not self._stopping.is_set() and self.step(channel):
            pass

    def _rung(self, _position: int) -> None:
        for wake in self._wakes:
            wake.set()

    def _begin(self, name: str, every_s: float, work: Callable[[], None]) -> None:
        wake = threading.Event()
        (self._timers if name in (TICK, CHORES) else self._wakes).append(wake)
        thread = threading.Thread(target=self._loop, args=(wake, every_s, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _loop(self, wake: threading.Event, every_s: float, work: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                work()
            except KnownError as error:
                log.warning("sender waits: %s", error.code)
            except Exception:  # the edge: a bug in one round must not end the lane
                log.exception("sender failed")
            wake.wait(every_s)
            wake.clear()


def _shown(detail: str | None) -> str | None:
    """Return a vendor's words fit to be kept: one line, nothing that a command refuses."""
    if detail is None:
        return None
    return "".join(mark if mark.isprintable() else " " for mark in detail)[:255]
