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

from PySide6.QtCore import QObject, QTimer

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
            ("before_cursor_execute", self._executing),
        )
        for name, listener in self._listeners:
            event.listen(self._engine, name, listener)

    def stop(self) -> None:
        from sqlalchemy import event

        for name, listener in self._listeners:
            event.remove(self._engine, name, listener)

    def _begin(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if threading.get_ident() == self._thread:
            self._since[id(record)] = self._clock()

    def _end(self, _connection: Any, record: Any) -> None:
        since = self._since.pop(id(record), None)
        if since is not None and self._clock() - since > self._limit_s:
            self._findings.add("store", self._clock() - since, _stack())

    def _executing(self, _c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if threading.get_ident() == self._thread and statement.startswith("BEGIN IMMEDIATE"):
            self._findings.add("write", 0.0, _stack())


class LoopWatch(QObject):
    """Watches the event loop of the thread it is made on, from a thread of its own."""

    def __init__(self, findings: Findings, limit_s: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._findings = findings
        self._limit_s = limit_s
        self._thread = threading.get_ident()
        self._beat = time.perf_counter()
        self._stop = threading.Event()
        self._timer = QTimer(self)
        self._timer.setInterval(_PULSE_MS)
        self._timer.timeout.connect(self._pulse)
        self._timer.start()
        self._watcher = threading.Thread(target=self._watch, name="loop-watch", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        self._timer.stop()
        self._stop.set()
        self._watcher.join()

    def _pulse(self) -> None:
        self._beat = time.perf_counter()

    def _watch(self) -> None:
        seen = 0.0
        stack = ""
        while not self._stop.wait(self._limit_s / 3):
            beat = self._beat
            late = time.perf_counter() - beat
            if late > self._limit_s + _PULSE_MS / 1000:
                frame = sys._current_frames().get(self._thread)
                stack = "".join(traceback.format_stack(frame)[-12:]) if frame else ""
                seen = beat
            elif stack and beat != seen:
                self._findings.add("loop", beat - seen, stack)
                stack = ""


def _stack() -> str:
    """Return the callers within our own code, innermost last."""
    frames = [f for f in traceback.extract_stack()[:-2] if "site-packages" not in f.filename]
    return "".join(traceback.format_list(frames[-10:]))
