"""Readers of the log give way while bundles are applied: a branch waits for its receipt, nobody waits for them.

They share the interpreter and, on one machine, the write door with the requests. So a reader's thread asks before
each batch, and waits while bundles are being applied or one has just been, but not for ever: when it has waited its
longest, it works for as long, however much comes in. A single bundle delays alerts and audit by `QUIET_S`.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

QUIET_S = 0.25
"""Longer than a branch takes to pack and send its next bundle."""
LOOK_EVERY_S = 0.05


class GivingWay:
    """Knows whether work that somebody waits for is going on.

    Args:
        now_s: A clock that never goes back, seconds.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._going = 0
        self._ended_s = float("-inf")

    @contextlib.contextmanager
    def first(self) -> Iterator[None]:
        """Do something that others give way to."""
        with self._lock:
            self._going += 1
        try:
            yield
        finally:
            with self._lock:
                self._going -= 1
                self._ended_s = self._now_s()

    def is_busy(self) -> bool:
        """Tell whether something of that kind goes on, or has ended within `QUIET_S`."""
        with self._lock:
            return self._going > 0 or self._now_s() - self._ended_s < QUIET_S

    def turns(self, longest_s: float) -> Callable[[threading.Event], None]:
        """Return what one thread calls before each piece of its work; it waits there.

        Args:
            longest_s: It waits no longer than this at a time, and then may work as long without waiting.
        """
        free_until = float("-inf")

        def wait(stopping: threading.Event) -> None:
            nonlocal free_until
            begun = self._now_s()
            if begun < free_until:
                return
            while self.is_busy():
                if self._now_s() - begun >= longest_s:
                    free_until = self._now_s() + longest_s
                    return
                if stopping.wait(LOOK_EVERY_S):
                    return

        return wait
