"""Sending what a branch has: while the centre applies one bundle, the next ones are packed and uploaded.

Receipts are asked for one after the other and settled in that order. A bundle's receipt is asked for only when that
of the one before refused nothing whole: what comes after may have to be packed otherwise then. So the centre has
decided at most what was settled here and the bundles of one run whose receipts stood, and whatever was packed beyond
may be thrown away.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from domain.kernel.change_log import REJECTED
from domain.kernel.errors import UnavailableError
from sync.protocol import Centre, Receipt
from sync.push import Outbox, Packed

AHEAD = 2
"""Bundles packed and uploaded beyond the one whose receipt is awaited."""

Progress = Callable[[int, int], None]
_Awaited = deque[tuple[Packed, "Future[Receipt | None]"]]


@dataclass(slots=True)
class Sent:
    """What was sent: transactions, those of them that were not simply applied, and bytes a second."""

    txns: int = 0
    attention: int = 0
    rate: int = 0


class Sending:
    """One run of sending; use it once.

    Args:
        outbox: What there is to send.
        centre: The centre; it is asked for receipts on a thread of its own while this one uploads.
        progress: Told bytes of the bundle that is uploaded, acknowledged and in all.
        stop: Stops it between bundles, and the upload that is going on.
    """

    def __init__(self, outbox: Outbox, centre: Centre, progress: Progress, stop: threading.Event) -> None:
        self.sent = Sent()
        self._outbox = outbox
        self._centre = centre
        self._progress = progress
        self._stop = stop
        self._awaited: _Awaited = deque()
        self._halted = threading.Event()
        self._bytes = 0
        self._begun = time.monotonic()

    def run(self) -> Sent:
        """Send until nothing is unsent and return what was done; `sent` tells it also after a failure.

        Raises:
            KnownError: What the centre or the line said; what was answered before it is settled.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="receipts") as asking:
            try:
                self._run(asking)
            except BaseException:
                self._halted.set()
                self._settle_answered()
                raise
        return self.sent

    def _run(self, asking: ThreadPoolExecutor) -> None:
        after: int | None = None
        while True:
            packed = self._outbox.next_bundle(after)
            if packed is not None:
                self._upload(packed)
                self._awaited.append((packed, asking.submit(self._ask, packed)))
                after = packed.last_seq
            elif not self._awaited:
                return
            while self._awaited and (packed is None or len(self._awaited) > AHEAD or self._is_answered()):
                if not self._settle_next():
                    after = None  # what follows is packed, or asked for, again
                    break

    def _upload(self, packed: Packed) -> None:
        if self._stop.is_set():
            raise UnavailableError("transfer.cancelled")
        self._progress(0, packed.size)
        self._centre.send_bundle(packed.data(), packed.bundle_id, self._progress, self._stop)

    def _ask(self, packed: Packed) -> Receipt | None:
        """Return the receipt of an uploaded bundle; None if one before it stands in the way."""
        if self._halted.is_set():
            return None
        try:
            receipt = self._centre.push(packed.data(), packed.bundle_id, _silent, self._stop)
        except BaseException:
            self._halted.set()
            raise
        if _refuses(receipt):
            self._halted.set()
        return receipt

    def _is_answered(self) -> bool:
        return self._awaited[0][1].done()

    def _settle_next(self) -> bool:
        """Settle the oldest bundle once its receipt is there; returns whether those behind it stand."""
        packed, asked = self._awaited[0]
        receipt = asked.result()
        if receipt is not None:
            self._settle(packed, receipt)
        self._awaited.popleft()
        if receipt is not None and not _refuses(receipt):
            return True
        for _, later in self._awaited:
            later.result()  # none of them was asked for
        self._awaited.clear()
        self._halted.clear()
        return False

    def _settle(self, packed: Packed, receipt: Receipt) -> None:
        self._outbox.settle(packed, receipt)
        self._bytes += packed.size
        self.sent.txns += packed.last_seq - packed.first_seq + 1
        self.sent.attention += len(receipt.outcomes)
        self.sent.rate = round(self._bytes / max(time.monotonic() - self._begun, 0.001))

    def _settle_answered(self) -> None:
        """After a failure, keep what the centre has said of the bundles before it."""
        for packed, asked in self._awaited:
            receipt = None if asked.exception() is not None else asked.result()
            if receipt is None:
                return
            self._settle(packed, receipt)


def _refuses(receipt: Receipt) -> bool:
    return any(outcome.outcome == REJECTED for outcome in receipt.outcomes)


def _silent(_done: int, _total: int) -> None:
    pass
