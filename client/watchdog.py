"""Nothing may block the UI thread: slow or writing store calls there are logged with their stack.

`StoreWatch` listens to the engine: a connection held on the UI thread longer than the limit, and any write
transaction begun there (it may have to wait for the sync worker), is a finding. `LoopWatch` looks from outside
whether the event loop still turns; it costs some wake-ups a second and is switched on by a setting, the pilot
and the tests. Findings carry no values, only where the call came from.
"""

import logging
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Slot

if TYPE_CHECKING:
    from domain.kernel.store import Store

log = logging.getLogger(__name__)

KEEP = 200
_PULSE_MS = 10


@dataclass(frozen=True, slots=True)
class SlowCall:
    """One finding: what kind (``store``, ``write``, ``loop``), how long, and where it was called from."""

    kind: str
    ms: float
    stack: str


class Findings:
    """The latest findings, for the support bundle and for tests that assert there are none."""

    def __init__(self) -> None:
        self._calls: deque[SlowCall] = deque(maxlen=KEEP)
        self._lock = threading.Lock()

    def add(self, kind: str, seconds: float, stack: str) -> None:
        call = SlowCall(kind, round(seconds * 1000, 1), stack)
        with self._lock:
            self._calls.append(call)
        log.warning("%s call of %.0f ms on the UI thread\n%s", kind, call.ms, stack)

    def calls(self, kind: str | None = None) -> list[SlowCall]:
        """Return the findings, oldest first."""
        with self._lock:
            return [c for c in self._calls if kind is None or c.kind == kind]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()


class StoreWatch:
    """Watches one store; made on the UI thread, which is the thread it watches."""

    def __init__(
        self,
        store: "Store",
        findings: Findings,
        limit_s: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        from sqlalchemy import event

        self._findings = findings
        self._limit_s = limit_s
        self._clock = clock
        self._thread = threading.get_ident()
        self._since: dict[int, float] = {}
        self._engine = store.engine
        self._listeners: tuple[tuple[str, Callable[..., None]], ...] = (
            ("checkout", self._begin),
            ("checkin", self._end),
        )
        for name, listener in self._listeners:
            event.listen(self._engine, name, listener)
        self._unsubscribe = store.on_write(self._writing)

    def stop(self) -> None:
        from sqlalchemy import event

        self._unsubscribe()
        for name, listener in self._listeners:
            event.remove(self._engine, name, listener)

    def _begin(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if threading.get_ident() == self._thread:
            self._since[id(record)] = self._clock()

    def _end(self, _connection: Any, record: Any) -> None:
        since = self._since.pop(id(record), None)
        if since is not None and self._clock() - since > self._limit_s:
            self._findings.add("store", self._clock() - since, _stack())

    def _writing(self) -> None:
        if threading.get_ident() == self._thread:
            self._findings.add("write", 0.0, _stack())


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the event loop: how long it held the loop, how much of that was our own processor time, and where.

    A long turn of little own time was held up by somebody else: another program, or a thread with Python's lock.
    """

    ms: float = 0.0
    cpu_ms: float = 0.0
    stack: str = ""


class LoopWatch(QObject):
    """Watches the event loop of the thread it is made on; a thread of its own looks where it stands meanwhile."""

    def __init__(self, findings: Findings, limit_s: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._findings = findings
        self._limit_s = limit_s
        self._thread = threading.get_ident()
        self._beat = time.perf_counter()
        self._used = time.thread_time()
        self._seen = (0.0, "")
        self._longest = self._busiest = Turn()
        self._stop = threading.Event()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_PULSE_MS)
        self._timer.timeout.connect(self._pulse)
        self._timer.start()
        self._watcher = threading.Thread(target=self._watch, name="loop-watch", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        self._timer.stop()
        self._stop.set()
        self._watcher.join()

    def take(self) -> tuple[Turn, Turn]:
        """Return the longest turn and the one of most own processor time since the last call."""
        found = self._longest, self._busiest
        self._longest = self._busiest = Turn()
        return found

    @Slot()
    def _pulse(self) -> None:
        now, used = time.perf_counter(), time.thread_time()
        late, own = now - self._beat - _PULSE_MS / 1000, used - self._used
        beat, stack = self._seen
        turn = Turn(late * 1000, own * 1000, stack if beat == self._beat else "")
        if turn.ms > self._longest.ms:
            self._longest = turn
        if turn.cpu_ms > self._busiest.cpu_ms:
            self._busiest = turn
        if late > self._limit_s:
            self._findings.add("loop", late, turn.stack)
        self._beat, self._used = now, used

    def _watch(self) -> None:
        while not self._stop.wait(self._limit_s / 3):
            beat = self._beat
            if time.perf_counter() - beat > self._limit_s / 2 + _PULSE_MS / 1000:
                frame = sys._current_frames().get(self._thread)
                self._seen = (beat, "".join(traceback.format_stack(frame)[-12:]) if frame else "")


def _stack() -> str:
    """Return the callers within our own code, innermost last."""
    frames = [f for f in traceback.extract_stack()[:-2] if "site-packages" not in f.filename]
    return "".join(traceback.format_list(frames[-10:]))
