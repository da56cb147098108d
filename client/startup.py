"""Opening the desk in a thread after the first paint, and what the user is told when it cannot open."""

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from domain.kernel.errors import KnownError


class Startup(QObject):
    """Runs one function in a thread of its own; answers on the UI thread."""

    ready = Signal(object)
    unavailable = Signal(object)
    """A `KnownError`: its text says what is missing, ``<code>.remedy`` what to do."""
    crashed = Signal(object)
    _told = Signal(str, object)

    def __init__(self, build: Callable[[], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._build = build
        self._thread: threading.Thread | None = None
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def begin(self) -> None:
        """Open the desk, or try again; a second call while one runs does nothing."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="startup", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Wait until what runs has ended; for the end of the program."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._told.emit("ready", self._build())
        except KnownError as error:
            self._told.emit("unavailable", error)
        except Exception as error:  # noqa: BLE001  (the edge of the thread: it must answer)
            self._told.emit("crashed", error)

    @Slot(str, object)
    def _tell(self, event: str, value: Any) -> None:
        if event == "crashed":
            self.crashed.emit(value)
        else:
            getattr(self, event).emit(value)
