"""The base of stations that follow what happens: read soon after a change, and as the clock goes on. QtCore only."""

from typing import Any, ClassVar

from PySide6.QtCore import QObject, QTimer, Slot

from client.live import Changed
from client.station import Context, StationModel


class WatchingStation(StationModel):
    """Changes close together are read once, `look_ms` after the first; the clock is looked at every `tick_ms`.

    A subclass defines `load`, and where less than all is to be read, `look` and `tick` too.
    """

    look_ms: ClassVar[int]
    tick_ms: ClassVar[int]

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(self.look_ms)
        self._look.timeout.connect(self.look)
        self._tick = QTimer(self)
        self._tick.setInterval(self.tick_ms)
        self._tick.timeout.connect(self.tick)

    def load(self) -> None:
        """Read everything that is shown, in the background."""
        raise NotImplementedError

    @Slot()
    def look(self) -> None:
        """Read what changed."""
        self.load()

    @Slot()
    def tick(self) -> None:
        """Show what the clock alone brings: what is late, and what has fallen silent."""
        self.load()

    def on_changed(self, changed: Changed) -> None:
        """Look soon; changes that come meanwhile are part of that look."""
        if not self._look.isActive():
            self._look.start()

    def on_open(self, **arguments: Any) -> None:
        """Read, and go on with the clock."""
        self.load()
        self._tick.start()

    def close(self) -> None:
        """Stop both clocks."""
        self._look.stop()
        self._tick.stop()
        super().close()
