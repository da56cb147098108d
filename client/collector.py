"""Python's garbage is collected on the UI thread only, and so that nobody sees it.

A cycle that holds a widget or a timer must not be freed by whichever thread happens to allocate at that moment:
Qt objects belong to their thread, and a timer destroyed elsewhere is a crash. So automatic collection is off and
a timer of the UI thread does it: the young generations often, in small bites; everything only in a moment in which
nobody works, or when that has not come for long. What is loaded once and lives as long as the program is set aside,
so that looking through everything is looking through what people opened since.
"""

import gc
import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

log = logging.getLogger(__name__)

EVERY_MS = 100
QUIET_S = 1.0
"""After the last key or click somebody is still working for so long."""
PATIENCE = 6
"""So many times its limit the old generation may grow while somebody works without a pause."""
LONG_MS = 50
MANY = 50_000
"""So many new things at once are a part of the program that was loaded when first needed: the readings of names."""
MOST_PARTS = 20
"""What looks like that is believed so often: what is set aside is not looked through again."""


class Collector(QObject):
    """Collects while it lives; `stop` gives the interpreter its own habit back.

    Args:
        parent: Owner.
        loading: Whether modules are still loaded: what they leave is kept anyway, and looking through it takes 60 ms.
        busy: Tells whether something is being done that a person may wait for.
        clock: Seconds.
    """

    def __init__(
        self, parent: QObject | None = None, *, loading: bool = False, busy: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._loading = loading
        self._busy = busy
        self._clock = clock
        self._touched = clock() - QUIET_S
        self._parts = 0
        self.longest_ms = [0.0, 0.0, 0.0]
        """The longest collection so far of each generation, the youngest first."""
        self._limits = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def settle(self) -> None:
        """Set aside what is there now: modules and declarations, which live as long as the program."""
        self._loading = False
        gc.freeze()

    @Slot()
    def set_aside(self) -> None:
        """Set aside once more, because another part of the program was loaded.

        What is garbage at that moment stays for good; that is bounded, as each part is loaded once.
        """
        if not self._loading:
            gc.freeze()

    @Slot()
    def touched(self) -> None:
        """Note that somebody is at work."""
        self._touched = self._clock()

    @Slot()
    def look(self) -> None:
        """Collect the oldest generation whose count is over its limit, all of them only while nobody works."""
        if self._loading:
            return
        counts = gc.get_count()
        if counts[0] > MANY and self._parts < MOST_PARTS:
            self._parts += 1
            self.collect(0)
            self.set_aside()
        elif counts[2] > self._limits[2] and (self._is_quiet() or counts[2] > PATIENCE * self._limits[2]):
            self.collect(2)
        elif counts[1] > self._limits[1]:
            self.collect(1)
        elif counts[0] > self._limits[0]:
            self.collect(0)

    def collect(self, generation: int) -> float:
        """Collect a generation and the younger ones now; returns milliseconds."""
        begun = self._clock()
        gc.collect(generation)
        taken = (self._clock() - begun) * 1000
        self.longest_ms[generation] = max(self.longest_ms[generation], taken)
        if taken > LONG_MS:
            log.warning("collecting generation %d took %.0f ms", generation, taken)
        return taken

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()

    def _is_quiet(self) -> bool:
        return self._clock() - self._touched >= QUIET_S and not self._busy()
