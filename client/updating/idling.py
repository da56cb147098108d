"""Beginning a version that is ready when nobody is at the desk, and saying once at sign-in why one does not come."""

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot

from client.updating.lane import begin_anew, lane_of

IDLE_S = 600.0
LOOK_MS = 30_000


class Idling(QObject):
    """Watches whether anybody is signed in; a desk that is locked or waits has its person, and is never restarted.

    Args:
        workstation: The running program.
        begin: Starts the program once more; this one is closed then.
        now: Seconds that only rise.
    """

    def __init__(
        self,
        workstation: Any,
        begin: Callable[[], None] = begin_anew,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(workstation)
        self._workstation, self._begin, self._now = workstation, begin, now
        self._empty_since = now()
        self._told = ""
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        workstation.shell_opened.connect(self._say)

    @Slot()
    def look(self) -> None:
        """Begin the version that is ready if nobody has been signed in for ten minutes."""
        station = self._workstation
        busy = station.session is None or station.session.actor is not None or len(station.parking) > 0
        if station.desk is None or busy:
            self._empty_since = self._now()
            return
        lane = lane_of(station.desk)
        if (
            lane is not None
            and lane.ready
            and self._now() - self._empty_since >= IDLE_S
            and not station.jobs.busy
        ):
            self._timer.stop()
            self._begin()
            station.window.close()

    @Slot()
    def _say(self) -> None:
        lane = lane_of(self._workstation.desk)
        trouble = lane.trouble if lane is not None else None
        if trouble is not None and trouble.code != self._told:
            self._told = trouble.code
            self._workstation.window.tell(self._workstation.texts.explain(trouble))
