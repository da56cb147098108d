"""Opening the desk in two stages, off the UI thread: what a sign-in needs, then what takes long to load.

Nothing heavy is imported before the first stage runs, which is after the first paint.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from client.home import Home
from client.machine_clock import machine_clock
from client.settings import Settings
from client.startup import Startup

if TYPE_CHECKING:
    from client.desk import Desk


class Opening(QObject):
    """`opened` carries the desk: people may sign in; `completed` follows when everything is joined to it.

    Args:
        home: Folder of the installation.
        settings: Its settings.
        build: Makes a whole desk instead (tests); then nothing is joined after it.
        parent: Owner.
    """

    opened = Signal(object)
    completed = Signal()
    unavailable = Signal(object)
    crashed = Signal(object)

    def __init__(
        self,
        home: Home,
        settings: Settings,
        build: "Callable[[], Desk] | None",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._home, self._settings = home, settings
        self._whole = build is not None
        self._desk: Any = None
        self._first = self._stage(build or self._build, self._take)
        self._rest = self._stage(self._join_rest, self._end)

    @Slot()
    def begin(self) -> None:
        """Open the desk, or try again."""
        self._first.begin()

    def wait(self) -> None:
        """Wait for what runs; for the end of the program."""
        self._first.wait()
        self._rest.wait()

    def _stage(self, work: Callable[[], Any], then: Callable[[Any], None]) -> Startup:
        stage = Startup(work, self)
        stage.ready.connect(then)
        stage.unavailable.connect(self.unavailable)
        stage.crashed.connect(self.crashed)
        return stage

    @Slot(object)
    def _take(self, desk: "Desk") -> None:
        self._desk = desk
        self.opened.emit(desk)
        self._rest.begin()

    @Slot(object)
    def _end(self, _nothing: object) -> None:
        self.completed.emit()

    def _build(self) -> "Desk":
        # Imported here so that they are ready when somebody signs in.
        import client.session
        import client.shell.view  # noqa: F401
        from client.desk import AT_ONCE, build_desk, installed

        return build_desk(self._home, self._settings, clock=machine_clock(), parts=installed(AT_ONCE))

    def _join_rest(self) -> None:
        if self._whole:
            return
        from client.desk import AFTER, installed

        for join in installed(AFTER):
            join(self._desk)
