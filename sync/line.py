"""One background thread of the sync worker: work, tell how it went, pause; and the snapshot a screen shows."""

import dataclasses
import enum
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.kernel.clock import Clock
from domain.kernel.errors import DomainError, KnownError, UnavailableError
from sync.tus.pacing import Backoff

log = logging.getLogger(__name__)

NOBODY_ANSWERS = "transfer.no_connection"
Wait = Callable[[threading.Event, float], bool]
"""Waits for the event at most so many seconds, and tells whether it is set."""


class Phase(enum.StrEnum):
    """What the worker is doing."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    SENDING = "sending"
    RECEIVING = "receiving"
    FILLING = "filling"
    FILLING_REST = "filling_rest"
    DONE = "done"
    REFUSED = "refused"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class SyncState:
    """A snapshot for the screen.

    Attributes:
        phase: What it is doing.
        done: Of `total`: bytes while sending, entries of the log while receiving.
        total: 0 when unknown.
        code: Text key of the reason, when refused or offline.
        facts: What its sentence names.
        retry_at: When it tries again by itself.
        last_success_at: When the last exchange ended well.
        unsent: Own transactions the centre has not decided.
        attention: Own transactions of this run of the program that were not simply applied.
        skew_s: Centre's clock minus this machine's, in seconds.
    """

    phase: Phase = Phase.WAITING
    done: int = 0
    total: int = 0
    code: str = ""
    facts: dict[str, object] = field(default_factory=dict)
    retry_at: datetime | None = None
    last_success_at: datetime | None = None
    unsent: int = 0
    attention: int = 0
    skew_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often; seconds.

    Attributes:
        interval_s: Longest pause between exchanges.
        refused_s: Pause after the centre refused this device.
        gather_s: Pause after something was written here, so that several commands go in one bundle.
        first_pause_s: Bound of the first pause after a failure; doubles with each.
        longest_pause_s: Bound of all of them.
        silent_s: Bound of pauses while nobody answers at all: such a try costs the centre nothing, and what people
            wait to see at the centre must not wait a quarter of an hour once the line is back.
    """

    interval_s: float = 60.0
    refused_s: float = 900.0
    gather_s: float = 0.3
    first_pause_s: float = 2.0
    longest_pause_s: float = 900.0
    silent_s: float = 15.0


class Line:
    """One thread: work, pause, work."""

    def __init__(
        self,
        name: str,
        work: Callable[["Line"], None],
        pace: Pace,
        wait: Wait,
        clock: Clock,
        rng: Callable[[], float],
    ) -> None:
        self.name = name
        self.state = SyncState()
        self.cancel = threading.Event()
        self.changed: Callable[[SyncState], None] = lambda _state: None
        self._work = work
        self._pace = pace
        self._wait = wait
        self._clock = clock
        self._wakeup = threading.Event()
        self._rng = rng
        self._backoff = Backoff(rng, pace.first_pause_s, pace.longest_pause_s)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wakeup.set()

    def stop(self) -> None:
        self.cancel.set()
        self._wakeup.set()

    def join(self, timeout_s: float) -> None:
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def set(self, **values: object) -> None:
        self.state = dataclasses.replace(self.state, **values)  # type: ignore[arg-type]
        self.changed(self.state)

    def _run(self) -> None:
        while not self.cancel.is_set():
            self._wakeup.clear()
            pause_s = self._once()
            if self._wait(self._wakeup, pause_s) and not self.cancel.is_set():
                self._wait(self.cancel, self._pace.gather_s)

    def _once(self) -> float:
        """Work once and return how long to pause."""
        try:
            self._work(self)
        except DomainError as error:
            return self._paused(Phase.REFUSED, self._pace.refused_s, error.code, error.facts)
        except UnavailableError as error:
            pause_s = self._backoff.next_s(_asked_pause_s(error))
            if error.code == NOBODY_ANSWERS:
                pause_s = min(pause_s, self._pace.silent_s * (1 + self._rng()) / 2)
            return self._paused(Phase.OFFLINE, pause_s, error.code, error.facts)
        except Exception:
            log.exception("sync: an exchange crashed")
            return self._paused(Phase.OFFLINE, self._backoff.next_s(), "sync.crashed", {})
        self._backoff.reset()
        now = self._clock()
        retry_at = now + timedelta(seconds=self._pace.interval_s)
        self.set(phase=Phase.DONE, done=0, total=0, code="", facts={}, last_success_at=now, retry_at=retry_at)
        return self._pace.interval_s

    def _paused(self, phase: Phase, pause_s: float, code: str, facts: dict[str, object]) -> float:
        if not self.cancel.is_set():
            retry_at = self._clock() + timedelta(seconds=pause_s)
            self.set(phase=phase, code=code, facts=facts, retry_at=retry_at, done=0, total=0)
        return pause_s


def _asked_pause_s(error: KnownError) -> float:
    """Return how long the centre asked to be left alone."""
    asked = error.facts.get("retry_after_s", 0.0)
    return float(asked) if isinstance(asked, int | float) else 0.0
