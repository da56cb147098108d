"""Looks at the centre itself once a minute: store, time to answer, disk, readers of the log, queues.

A store that does not answer at all can be written to by nobody: that is seen from outside (``/ready``) and by the
watch of the watch (`server.housekeeping` fails, and the dead man's switch of the alert engine tells it).
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from domain.exchange.platform_commands import NotePlatform, Probe
from domain.kernel.authority import Actor
from domain.kernel.change_log import head_position
from domain.kernel.columns import to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Follower, ReaderThread
from domain.messaging.records import OutboxMessage
from server.interfaces.inbox import InboxPlace
from server.readiness import MOST_BEHIND

MOST_MS = 500
MOST_WAIT = timedelta(minutes=15)
"""How long what may go now may wait in a queue."""
SAMPLES = 3


class PlatformWatch:
    """A job of the housekeeping.

    Args:
        dispatcher: Runs its command.
        actor: The system's actor of the centre.
        data_dir: Folder whose disk must have room.
        least_free_bytes: How much room.
        followers: Readers of the log.
        readers: Their thread.
        inbox: Messages of the interfaces.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        actor: Actor,
        *,
        data_dir: Path,
        least_free_bytes: int,
        followers: Sequence[Follower],
        readers: ReaderThread,
        inbox: InboxPlace,
    ) -> None:
        self._dispatcher, self._actor = dispatcher, actor
        self._data_dir, self._least_free_bytes = data_dir, least_free_bytes
        self._followers, self._readers, self._place = followers, readers, inbox

    def look(self) -> int:
        """Write what turned; returns how many rows were written."""
        probes = [self._answers(), self._disk(), self._reading(), self._outbox(), self._inbox()]
        written: int = self._dispatcher.run(NotePlatform(probes=probes), self._actor).receipt
        return written

    def _answers(self) -> Probe:
        """The middle of some reads: one slow answer is no slow store."""
        took = []
        for _ in range(SAMPLES):
            begun = time.perf_counter()
            with self._dispatcher.store.read() as connection:
                head_position(connection)
            took.append((time.perf_counter() - begun) * 1000)
        middle = sorted(took)[SAMPLES // 2]
        return Probe("answers", middle <= MOST_MS, f"{middle:.0f} ms", f"≤ {MOST_MS} ms")

    def _disk(self) -> Probe:
        import shutil

        free = shutil.disk_usage(self._data_dir).free
        wanted = f"≥ {self._least_free_bytes >> 20} MiB"
        return Probe("disk", free >= self._least_free_bytes, f"{free >> 20} MiB", wanted)

    def _reading(self) -> Probe:
        failing = self._readers.failing()
        behind = max((follower.behind() for follower in self._followers), default=0)
        value = "、".join(sorted(failing))[:180] if failing else str(behind)
        return Probe("readers", not failing and behind <= MOST_BEHIND, value, f"≤ {MOST_BEHIND}")

    def _outbox(self) -> Probe:
        m = OutboxMessage.__table__.c
        now = self._dispatcher.clock()
        with self._dispatcher.store.read() as connection:
            oldest = connection.execute(
                select(func.min(m.send_at)).where(m.state == "queued", m.send_at <= now)
            ).scalar()
        waits = timedelta() if oldest is None else now - oldest
        return _waits("outbox", waits)

    def _inbox(self) -> Probe:
        inbox = self._place.open()
        if inbox is None:
            return _waits("inbox", timedelta())
        try:
            oldest_s = inbox.status(to_microseconds(self._dispatcher.clock())).oldest_s
        finally:
            inbox.close()
        return _waits("inbox", timedelta(seconds=oldest_s))


def _waits(kind: str, waits: timedelta) -> Probe:
    minutes = waits.total_seconds() / 60
    most = MOST_WAIT.total_seconds() / 60
    return Probe(kind, waits <= MOST_WAIT, f"{minutes:.0f} min", f"≤ {most:.0f} min")
