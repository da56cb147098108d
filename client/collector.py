"""Python's garbage is collected on the UI thread only.

A cycle that holds a widget or a timer must not be freed by whichever thread happens to allocate at that moment:
Qt objects belong to their thread, and a timer destroyed elsewhere is a crash. So automatic collection is off and
a timer of the UI thread does it, the young generations often, everything when the old one has grown.
"""

import gc

from PySide6.QtCore import QObject, QTimer, Slot

EVERY_MS = 500


class Collector(QObject):
    """Collects while it lives; `stop` gives the interpreter its own habit back."""

    def __init__(self, parent: QObject | None = None, *, loading: bool = False) -> None:
        super().__init__(parent)
        self._loading = loading
        """Whether modules are still loaded: what they leave is kept anyway, and looking through it takes 60 ms."""
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
    def look(self) -> None:
        """Collect the oldest generation whose count is over its limit."""
        if self._loading:
            return
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > self._limits[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()
