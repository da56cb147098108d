"""The HL7 listener, a process of its own: ``python -m server.interfaces.listener --port 2575 --home DATA``.

A message is acknowledged ``AA`` when it has been parsed, mapped, and is on the disk in the queue; what cannot be
parsed or mapped is answered ``AE``/``AR`` at once and is not kept. Applying it to the store comes after the
acknowledgment, so a slow or stopped database delays results but never a laboratory. Several connections share one
commit of the queue.
"""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable

from domain.kernel.clock import Clock
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import DomainError, KnownError
from server.interfaces.hl7.mllp import Framer, frame
from server.interfaces.inbox import RECEIVED_FROM, REFUSED_FROM, Arrival, Inbox
from server.interfaces.reception import Reception, Verdict

log = logging.getLogger(__name__)

READ_BYTES = 1 << 16
INLINE_BYTES = 1 << 16
"""A larger message is parsed on a thread, so that it does not hold up the other connections."""

TIDY_EVERY_S = 1.0
PURGE_EVERY = 3600


class Listener:
    """Serves MLLP connections.

    Args:
        reception: Judges messages.
        inbox: Keeps them.
        clock: Time.
        kept: Called after messages were kept, to wake who applies them.
        senders: Addresses that may connect; empty for all.
    """

    def __init__(
        self,
        reception: Reception,
        inbox: Inbox,
        clock: Clock,
        *,
        kept: Callable[[], None] = lambda: None,
        senders: tuple[str, ...] = (),
    ) -> None:
        self._reception = reception
        self._inbox = inbox
        self._clock = clock
        self._kept = kept
        self._senders = senders
        self._pending: list[tuple[Arrival, asyncio.Future[bool]]] = []
        self._news = asyncio.Event()
        self._counts: Counter[str] = Counter()

    async def serve(
        self,
        host: str,
        port: int,
        stopping: asyncio.Event,
        ready: Callable[[int], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Listen until `stopping` is set; `ready` is told the port. With `tls` nothing is read in the clear."""
        server = await asyncio.start_server(self._connection, host, port, ssl=tls)
        jobs = [asyncio.create_task(self._commit()), asyncio.create_task(self._tidy())]
        async with server:
            ready(server.sockets[0].getsockname()[1])
            asked = asyncio.create_task(stopping.wait())
            await asyncio.wait([asked, *jobs], return_when=asyncio.FIRST_COMPLETED)
            server.close()
        for job in (asked, *jobs):
            job.cancel()
        ends = await asyncio.gather(*jobs, return_exceptions=True)
        await asyncio.to_thread(self._flush)
        for end in ends:
            if isinstance(end, Exception):  # nobody would be answered any more: better to be started again
                raise end

    async def answer(self, data: bytes) -> bytes:
        """Return the acknowledgment of one message, once it is kept; empty if the sender wants none."""
        self._counts["received"] += 1
        verdict = await self._judged(data)
        if verdict.arrival is not None:
            try:
                if not await self._keep(verdict.arrival):
                    verdict = await self._judged(data)  # another connection brought it a moment before
            except KnownError as error:
                verdict = self._reception.refusal(error)
        if verdict.arrival is not None and not verdict.refused:
            self._counts[f"{RECEIVED_FROM}{verdict.sender}"] += 1
        if verdict.refused:
            self._counts[f"refused.{verdict.refused}"] += 1
            if verdict.sender:
                self._counts[f"{REFUSED_FROM}{verdict.sender[:200]}"] += 1
            log.info("message refused", extra={"code": verdict.refused})
        return verdict.answer

    async def _judged(self, data: bytes) -> Verdict:
        try:
            if len(data) <= INLINE_BYTES:
                return self._reception.judge(data)
            return await asyncio.to_thread(self._reception.judge, data)
        except Exception:
            log.exception("message crashed the parser")
            return self._reception.refusal(DomainError("interface.bug"))

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        try:
            if self._senders and (not peer or peer[0] not in self._senders):
                self._counts["refused.interface.sender_not_allowed"] += 1
                return
            await self._converse(reader, writer)
        except (ConnectionError, TimeoutError):
            return
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer()
        try:
            while chunk := await reader.read(READ_BYTES):
                for message in framer.feed(chunk):
                    if answer := await self.answer(message):
                        writer.write(frame(answer))
                        await writer.drain()
            framer.close()
        except DomainError as error:
            verdict = self._reception.refusal(error)
            self._counts[f"refused.{error.code}"] += 1
            if error.code == "hl7.too_large":
                writer.write(frame(verdict.answer))
                await writer.drain()

    async def _keep(self, arrival: Arrival) -> bool:
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pending.append((arrival, kept))
        self._news.set()
        return await kept

    async def _commit(self) -> None:
        """Put what has come since the last commit on the disk, in one commit, and let its senders be answered."""
        while True:
            await self._news.wait()
            self._news.clear()
            batch, self._pending = self._pending, []
            if batch:
                await self._commit_batch(batch)

    async def _commit_batch(self, batch: list[tuple[Arrival, "asyncio.Future[bool]"]]) -> None:
        try:
            new = await asyncio.to_thread(self._inbox.keep, [arrival for arrival, _ in batch])
        except KnownError as error:
            for _, kept in batch:
                if not kept.done():
                    kept.set_exception(error)
            return
        for (_, kept), is_new in zip(batch, new, strict=True):
            if not kept.done():
                kept.set_result(is_new)
        self._kept()

    async def _tidy(self) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(TIDY_EVERY_S)
            await asyncio.to_thread(self._flush)
            rounds += 1
            if rounds % PURGE_EVERY == 0:
                await asyncio.to_thread(self._inbox.purge, to_microseconds(self._clock()))

    def _flush(self) -> None:
        counts, self._counts = self._counts, Counter()
        try:
            if counts:
                self._inbox.count(counts)
        except KnownError as error:
            self._counts.update(counts)
            log.warning("counters wait", extra={"code": error.code})


if __name__ == "__main__":
    from server.interfaces.listening import main

    main()
