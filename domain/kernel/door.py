"""The write door of a store: one thread at a time, in the order in which they came."""

import threading
from collections import deque
from types import TracebackType


class Door:
    """A lock whose holder can see that somebody waits; who waits longest is next.

    The locks of Python are not fair: a thread that gives one back and asks again at once has it again, and whoever
    waits goes on waiting. The thread that holds the door may come through it once more.
    """

    def __init__(self) -> None:
        self._looking = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._holder = 0
        self._depth = 0

    def is_waited_for(self) -> bool:
        return bool(self._queue)

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self._holder == me:
            self._depth += 1
            return
        with self._looking:
            if self._depth == 0:
                self._holder, self._depth = me, 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        try:
            turn.acquire()
        except BaseException:
            self._leave_queue(turn)
            raise
        self._holder = me

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._looking:
            self._depth -= 1
            if self._depth == 0:
                self._holder = 0
                self._call_next()

    def _call_next(self) -> None:
        if self._queue:
            self._depth = 1  # held for the one who is called until he has noticed
            self._queue.popleft().release()

    def _leave_queue(self, turn: threading.Lock) -> None:
        """Somebody who waited was interrupted; if he had been called meanwhile, the next one is."""
        with self._looking:
            if turn in self._queue:
                self._queue.remove(turn)
            else:
                self._depth = 0
                self._call_next()
