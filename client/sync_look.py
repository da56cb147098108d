"""The one look at the exchange that every place of the screen shows, so that no two of them ever disagree."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.ports import SyncState

if TYPE_CHECKING:
    from client.desk import Desk

LOOK_MS = 500


class SyncLook(QObject):
    """Asks the worker twice a second; `changed` carries the new `SyncState` to header and page in one turn."""

    changed = Signal(object)

    def __init__(self, desk: "Desk", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._conflicts = 0
        self.state = SyncState() if desk.is_complete else SyncState("starting")
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        self._timer.start()
        self.look()

    def stop(self) -> None:
        self._timer.stop()

    @Slot(object)
    def count_conflicts(self, count: int) -> None:
        """Say how many conflicts are open, for a workstation without a worker that counts them."""
        self._conflicts = count
        self.look()

    @Slot()
    def look(self) -> None:
        """See how it stands."""
        if not self._desk.is_complete:
            return
        worker = self._desk.sync
        state = worker.state() if worker is not None else SyncState(conflicts=self._conflicts)
        if state != self.state:
            self.state = state
            self.changed.emit(state)
