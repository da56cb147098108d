"""The lanes: one a partner, each sends what is due in its own order, so that a partner that is away holds up nobody.

The bytes are on the disk before they go and the answer is on the disk before the next goes. Whatever is killed when,
a message is sent again with the same number and the same bytes until it is answered: a partner does nothing twice.
"""

import logging
import ssl
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from domain.interop.out_records import OutMessage, SentBytes
from domain.interop.partner_records import Partner, PartnerState
from domain.interop.queue_commands import NoteAnswer, NoteNotWritten, NoteSending
from domain.interop.queueing import whose_turn
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id, stable_id
from server.interfaces.outbound.facts import facts_of
from server.interfaces.outbound.line import Answer, Line, LineMaker
from server.interfaces.outbound.writing import write

log = logging.getLogger(__name__)
LOOK_EVERY_S = 1.0


class Lanes:
    """Sends for one centre; one process of it runs this.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor.
        context: TLS towards partners that are set to it; makes one when first asked.
        line: Makes a connection; tests give their own waiting times.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        actor: Actor,
        context: Callable[[], ssl.SSLContext],
        line: LineMaker = Line,
    ) -> None:
        self._dispatcher, self._actor, self._context, self._line = dispatcher, actor, context, line
        self._lines: dict[Id, Line] = {}
        self._stopping = threading.Event()
        self._wakes: dict[Id, threading.Event] = {}
        self._threads: list[threading.Thread] = []
        self._unsubscribe: Callable[[], None] = lambda: None
        self._look = threading.Event()

    def step(self, partner_id: Id) -> bool:
        """Send what is due to one partner now; tells whether there was anything."""
        now = self._dispatcher.clock()
        with self._dispatcher.store.read() as connection:
            partner = connection.execute(
                select(Partner.__table__).where(Partner.id == partner_id)
            ).one_or_none()
            state = connection.execute(
                select(PartnerState.paused, PartnerState.retry_at).where(PartnerState.id == partner_id)
            ).one_or_none()
            if (
                partner is None
                or not partner.active
                or not partner.host
                or (state is not None and state.paused)
            ):
                return False
            if state is not None and state.retry_at is not None and state.retry_at > now:
                return False
            turn = whose_turn(connection, partner_id, now)
        if turn is None:
            return False
        prepared = self._prepared(turn.id)
        if prepared is not None:
            attempt, control_id, payload = prepared
            self._report(turn.id, attempt, self._sent(partner, payload, control_id))
        return True

    def _prepared(self, message_id: Id) -> tuple[int, str, bytes] | None:
        """Return try, MSH-10 and bytes of a message, all of it on the disk; None where it cannot be written."""
        payload, control_id, kept = None, "", self._kept(message_id)
        charset = "utf-8"
        try:
            if kept is None:
                with self._dispatcher.store.read() as connection:
                    kind, control_id, facts = facts_of(connection, message_id)
                payload = write(kind, control_id=control_id, at=self._dispatcher.clock(), **facts)
                charset = str(facts["partner"].charset)
        except DomainError as error:
            detail = "、".join(str(value) for value in error.facts.values()) or error.code
            self._run(
                NoteNotWritten(message_id=message_id, reason=error.code.partition(".")[2], detail=detail)
            )
            return None
        order = NoteSending(message_id=message_id, payload=payload, charset=charset)
        attempt = self._run(order)
        if kept is not None:
            return attempt, kept[0], kept[1]
        assert payload is not None  # noqa: S101  (written just above)
        return attempt, control_id, payload

    def _kept(self, message_id: Id) -> tuple[str, bytes] | None:
        """Return number and bytes of an earlier try of this writing."""
        with self._dispatcher.store.read() as connection:
            writings = connection.execute(
                select(OutMessage.writings).where(OutMessage.id == message_id)
            ).scalar_one()
            row = connection.execute(
                select(SentBytes.control_id, SentBytes.payload).where(
                    SentBytes.id == stable_id("sent_bytes", message_id, writings)
                )
            ).one_or_none()
        return None if row is None else (row.control_id, bytes(row.payload))

    def _sent(self, partner: Any, payload: bytes, control_id: str) -> Answer:
        where = (partner.host, partner.port, bool(partner.tls))
        line = self._lines.get(partner.id)
        if line is None or line.where != where:
            if line is not None:
                line.close()
            try:
                context = self._context() if partner.tls else None
            except (OSError, ssl.SSLError) as error:
                return Answer(reason="tls", detail=str(error)[:255])
            line = self._lines[partner.id] = self._line(partner.host, partner.port, context)
        return line.exchange(payload, control_id)

    def _report(self, message_id: Id, attempt: int, answer: Answer) -> None:
        self._run(
            NoteAnswer(
                message_id=message_id, attempt=attempt, answer=answer.code or None, reason=answer.reason,
                detail=answer.detail,
            )
        )  # fmt: skip
        if not answer.code:
            log.warning("partner did not answer", extra={"reason": answer.reason})

    def _run(self, order: Any) -> Any:
        return self._dispatcher.run(order, self._actor).receipt

    def start(self) -> None:
        """Begin to send; partners that are registered later get their lane within seconds."""
        self._stopping.clear()
        self._unsubscribe = self._dispatcher.store.on_commit(lambda _position: self._wake_all())
        self._begin("partners", self._look, self._take_on)

    def stop(self, timeout_s: float = 40.0) -> None:
        """End after the message under way. Safe to call twice, or when never started."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._stopping.set()
        self._wake_all()
        for thread in self._threads:
            thread.join(timeout_s)
        self._threads, self._wakes = [], {}
        for line in self._lines.values():
            line.close()
        self._lines = {}

    def _take_on(self) -> None:
        with self._dispatcher.store.read() as connection:
            query = select(Partner.id).where(Partner.host.is_not(None), Partner.active.is_(True))
            wanted = set(connection.execute(query).scalars())
        for partner_id in wanted - self._wakes.keys():
            wake = self._wakes[partner_id] = threading.Event()
            self._begin(f"partner-{partner_id.hex[-6:]}", wake, lambda one=partner_id: self._drain(one))  # type: ignore[misc]

    def _drain(self, partner_id: Id) -> None:
        while not self._stopping.is_set() and self.step(partner_id):
            pass

    def _wake_all(self) -> None:
        for wake in (self._look, *list(self._wakes.values())):
            wake.set()

    def _begin(self, name: str, wake: threading.Event, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._loop, args=(wake, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _loop(self, wake: threading.Event, work: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                work()
            except KnownError as error:
                log.warning("partner lane waits: %s", error.code)
            except Exception:  # the edge: a bug in one round must not end the lane
                log.exception("partner lane failed")
            wake.wait(LOOK_EVERY_S)
            wake.clear()
