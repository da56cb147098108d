"""Applying kept messages: each once, whatever is killed when; one that cannot be applied is parked, others go on.

A message's transaction has an id made from sender and message number, so a message that was applied just before a
crash is recognised in the change log. Messages are marked as done some at a time: marking is not what keeps
them from being applied twice.
"""

import fcntl
import logging
import os
import threading
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from domain.checkup.attachment_commands import AttachFile
from domain.kernel.authority import Actor, system_actor
from domain.kernel.change_log import Body, change_log, decode_body
from domain.kernel.columns import to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, KnownError, UnavailableError
from domain.kernel.ids import Id, stable_id
from domain.kernel.texts import Texts
from server.interfaces.inbox import STORED_FROM, Inbox, Waiting
from server.interfaces.telling import InboxTelling
from server.interfaces.work import Work
from sync.retry import retried

log = logging.getLogger(__name__)

TRIES = 5
FIRST_PAUSE_US = 1_000_000
BATCH = 50
LOOK_EVERY_S = 1.0
ACTOR = "体检接口"

_WORK = msgspec.json.Decoder(Work)


class Consumer:
    """Applies the messages of one inbox to the centre's store, in the order in which they came.

    Args:
        inbox: The queue.
        dispatcher: Of the centre's store.
        device_id: Installation of the centre.
        org_id: Its organisation.
        texts: For the sentences that say why a message could not be applied.
    """

    def __init__(self, inbox: Inbox, dispatcher: Dispatcher, device_id: Id, org_id: Id, texts: Texts) -> None:
        self._inbox = inbox
        self._dispatcher = dispatcher
        self._device_id = device_id
        self.told = InboxTelling(inbox, dispatcher, system_actor(org_id, device_id, ACTOR), texts)
        self._doubtful = inbox.newest()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to apply, on a thread of its own."""
        self._thread = threading.Thread(target=self._work, name="hl7-consumer", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Tell that messages were kept."""
        self._wake.set()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End after the message under way."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def step(self) -> int:
        """Deal with one batch of messages whose turn it is; returns how many were applied.

        Raises:
            UnavailableError: Store or queue do not answer; what was applied is marked at the next step.
        """
        batch = self._inbox.waiting(self._now(), BATCH)
        try:
            return self._deal_with_all(batch)
        except UnavailableError:
            self._doubtful = max([self._doubtful, *(message.id for message in batch)])
            raise

    def apply(self, message: Waiting) -> str | None:
        """Apply one message; returns what a person should still look at, None for nothing."""
        work = _WORK.decode(message.work)
        actor = system_actor(message.org_id, self._device_id, ACTOR)
        number = stable_id("hl7", message.sender, message.control_id)
        doubtful = message.tries > 0 or message.id <= self._doubtful
        before = self._applied(number) if doubtful else None
        first = work.first()
        if before is not None:
            visit_id = _visit_in(before)
        else:
            visit_id = self._run(first, actor, number).visit_id if first is not None else None
        if work.study is not None:
            of_study = stable_id("hl7", message.sender, message.control_id, "study")
            if not (doubtful and self._applied(of_study)):
                self._run(work.study, actor, of_study)
        for position, one in enumerate(work.attachments):
            if visit_id is None:
                return "interface.attachment_unplaced"
            part = stable_id("hl7", message.sender, message.control_id, "attachment", position)
            if not (doubtful and self._applied(part)):
                order = AttachFile(
                    visit_id=visit_id,
                    sha256=one.sha256,
                    size=one.size,
                    media_type=one.media_type,
                    name=one.name,
                )
                self._run(order, actor, part)
        return None

    def _deal_with_all(self, batch: list[Waiting]) -> int:
        done: dict[int, str | None] = {}
        try:
            for message in batch:
                if self._stopping.is_set():
                    break
                self._deal_with(message, done)
        finally:
            if done:
                self._inbox.finish(done, self._now())
                names = {message.id: message.sender for message in batch}
                self._inbox.count(Counter(f"{STORED_FROM}{names[one]}" for one in done))
        return len(done)

    def _deal_with(self, message: Waiting, done: dict[int, str | None]) -> None:
        try:
            done[message.id] = self.apply(message)
        except UnavailableError:
            raise
        except KnownError as error:
            self._put_off(message, error.code, self.told.sentence(error))
        except Exception:
            log.exception("message not applied", extra={"sequence": message.id})
            self._put_off(message, "server.bug")

    def _put_off(self, message: Waiting, code: str, sentence: str = "") -> None:
        park = message.tries + 1 >= TRIES
        if park:
            self.told.why[message.sender, message.control_id] = sentence or self.told.unsaid(code)
        self._inbox.put_off(message.id, code, self._now() + (FIRST_PAUSE_US << message.tries), park=park)
        log.warning(
            "message parked" if park else "message put off", extra={"sequence": message.id, "code": code}
        )

    def _applied(self, txn_id: Id) -> Body | None:
        query = select(change_log.c.body).where(change_log.c.txn_id == txn_id)
        with self._dispatcher.store.read() as connection:
            data = connection.execute(query).scalar()
        return None if data is None else decode_body(data)

    def _run(self, order: Any, actor: Actor, txn_id: Id) -> Any:
        return retried(lambda: self._dispatcher.run(order, actor, txn_id=txn_id)).receipt

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                worked = self.step()
                self.told.tick()
                if worked:
                    continue
            except KnownError as error:
                log.warning("messages wait", extra={"code": error.code})
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()

    def _now(self) -> int:
        return to_microseconds(self._dispatcher.clock())


def _visit_in(body: Body) -> Id | None:
    """Return the visit that a message's results were kept with, as the log has it."""
    for change in body.changes:
        if change.entity == "observation" and change.fields.get("visit_id"):
            return uuid.UUID(bytes=change.fields["visit_id"])
        if change.entity == "visit":  # documents alone, of a visit that was new
            return uuid.UUID(bytes=change.record_id)
    return None


def only_consumer(path: Path) -> int:
    """Become the one process that applies an inbox; the lock ends with the process.

    Returns:
        The descriptor that holds the lock, to be kept open.

    Raises:
        DomainError: ``interface.consumer_running``.
    """
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise DomainError("interface.consumer_running") from error
    return descriptor
