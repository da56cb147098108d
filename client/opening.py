"""Opening the desk in two stages: what a sign-in needs, then what takes long to load, off the UI thread.

With an early desk (`client.early`) the first stage is over at once, and everything else waits until somebody has
signed in or does not type yet. Without one (the first start of a program version, a store that needs work) the first
stage is the spine of the desk, built after the first paint.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from client.early.opening import FirstLook
from client.home import Home
from client.machine_clock import machine_clock
from client.only_one import HomeLock
from client.settings import Settings
from client.startup import Startup

if TYPE_CHECKING:
    from client.desk import Desk

LOOK_AGAIN_MS = 5
IDLE_MS = 300
"""The rest is loaded when nobody has signed in for so long after the first paint."""


class Opening(QObject):
    """`opened` carries the desk: people may sign in; `completed` follows when everything is joined to it.

    Args:
        home: Folder of the installation.
        settings: Its settings.
        build: Makes a whole desk instead (tests); then nothing is joined after it.
        first: A look into the store that has begun already.
        parent: Owner.
    """

    opened = Signal(object)
    completed = Signal()
    unavailable = Signal(object)
    crashed = Signal(object)
    _wanted = Signal()

    def __init__(
        self,
        home: Home,
        settings: Settings,
        build: "Callable[[], Desk] | None",
        first: FirstLook | None = None,
        parent: QObject | None = None,
        *,
        lock: HomeLock | None = None,
    ) -> None:
        super().__init__(parent)
        self._lock = lock
        self._look = first
        self._home, self._settings = home, settings
        self._whole = build is not None
        self._desk: Any = None
        self._first = self._stage(build or self._build, self._take)
        self._rest = self._stage(self._join_rest, self._end)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self.go_on)
        self._wanted.connect(self.go_on, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def begin(self) -> None:
        """Open the desk, or try again."""
        if self._desk is not None:
            self.go_on()  # what came after the early desk failed: that is tried again
        elif self._look is not None and not self._look.is_over:
            QTimer.singleShot(LOOK_AGAIN_MS, self, self.begin)  # painted is painted: this may take its time
        elif self._look is not None and self._look.found:
            self._take(self._early(self._look))
        else:
            self._first.begin()

    @Slot()
    def go_on(self) -> None:
        """Load the rest now, if that has not begun."""
        self._idle.stop()
        if self._desk is not None and not self._over:
            self._rest.begin()

    @property
    def is_whole(self) -> bool:
        """Whether the desk was made elsewhere (tests): then this store's next start is not ours to prepare."""
        return self._whole

    def hold(self) -> None:
        """Somebody signs in: that goes first."""
        self._idle.stop()

    def wait(self) -> None:
        """Wait for what runs; for the end of the program."""
        self._idle.stop()
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
        if desk.is_complete:
            self._rest.begin()
        else:
            self._idle.start()

    @Slot(object)
    def _end(self, _nothing: object) -> None:
        self._over = True
        self.completed.emit()

    _over = False

    def _early(self, look: FirstLook) -> "Desk":
        from client.desk import Desk, Installation
        from client.early.reading import Early
        from domain.kernel.texts import Texts

        assert look.glance is not None  # noqa: S101  (it has been waited for)
        assert look.compiled is not None  # noqa: S101
        clock, who = machine_clock(), Installation(**look.installation)
        early = Early(look.glance, look.compiled, who.device_id, clock, self._settings.password_days)
        early.search.wanted = self._wanted.emit
        return Desk(
            home=self._home, settings=self._settings, installation=who, authority=early.authority,
            texts=Texts(look.compiled.texts), clock=clock, early=early, searcher=early.search,
            wanted=self._wanted.emit,
        )  # fmt: skip

    def _build(self) -> "Desk":
        # Imported here so that they are ready when somebody signs in.
        import client.session
        import client.shell.view  # noqa: F401
        from client.desk import AT_ONCE, build_desk, installed

        if self._lock is not None:
            self._lock.take()
        return build_desk(self._home, self._settings, clock=machine_clock(), parts=installed(AT_ONCE))

    def _join_rest(self) -> None:
        if self._whole:
            return
        from client.desk import AFTER, complete, installed

        if self._desk.is_complete:
            for join in installed(AFTER):
                join(self._desk)
        else:
            complete(self._desk)
            self._desk.early.search.join(self._desk.searcher)
