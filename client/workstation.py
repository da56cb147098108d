"""The running workstation: window, desk, session and shell joined, from first paint to the last close.

Made before SQLAlchemy is imported: whatever needs it is imported in the thread that opens the desk.
"""

import logging
import sys
import uuid
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

import resources
from client.background import Crash, Jobs, give_way
from client.collector import Collector
from client.early.opening import FirstLook
from client.home import Home
from client.only_one import HomeLock
from client.opening import Opening
from client.preferences import Preferences
from client.presuming import Presumption
from client.settings import Settings
from client.troubles import FIRST_START, HALTING, TROUBLES
from client.updating.trial import NOT_STARTED, give_up, mark_started
from client.views.application import MainWindow, dress, make_application
from client.views.in_hands import window_in_hands
from client.views.parking import Parking
from domain.kernel.errors import KnownError
from domain.kernel.texts import Texts

if TYPE_CHECKING:
    from client.desk import Desk

log = logging.getLogger(__name__)
SHOWN_MS = 60
"""After a desk is shown, the rest of the program begins to load."""


class Workstation(QObject):
    """One run of the program."""

    desk_opened = Signal()
    desk_completed = Signal()
    shell_opened = Signal()

    def __init__(
        self, home: Home, settings: Settings, preferences: Preferences, *, login: str = "", build: Any = None,
        first: FirstLook | None = None, lock: HomeLock | None = None,
    ) -> None:  # fmt: skip
        self.theme = preferences.get("theme", settings.theme)
        self.app = make_application(self.theme)
        super().__init__()
        self.home, self.settings, self.preferences = home, settings, preferences
        known = first.compiled if first is not None and first.wait() else None
        self.texts = Texts(known.texts) if known is not None else Texts.load(resources.folder("texts") / "zh")
        self.window = MainWindow(self.texts, login or preferences.get("login", ""))
        self.jobs = Jobs(self)
        self.collector = Collector(self, loading=True, busy=lambda: self.jobs.busy)
        self.desk: Desk | None = None
        self.session: Any = None
        self.live: Any = None
        self.router: Any = None
        self.door: Any = None
        self.findings: Any = None
        self._watches: list[Any] = []
        self._opening = Opening(home, settings, build, first, self, lock=lock)
        self._halted: KnownError | None = None
        self.jobs.unavailable.connect(self._troubled)
        self._opening.opened.connect(self._opened)
        self._opening.completed.connect(self._completed)
        self._opening.unavailable.connect(self._blocked)
        self._opening.crashed.connect(self._crashed)
        self._complete = False
        self._presumed = Presumption(self.window, self._shell_for, self)
        self.parking = Parking(self.window, self)
        self._arrived: Any = None
        self._must = False
        self.window.sign_in.submitted.connect(self._submitted)
        self.window.retry.connect(self._retry)
        self.window.closing.connect(self.close)
        self._submitted_early = False
        self._pilot: Any = None
        self._idling: Any = None

    def run(self) -> int:
        """Show the window and run until it is closed."""
        sys.excepthook = self._report
        self.desk_completed.connect(self.collector.settle)
        self.desk_completed.connect(give_way)
        self.start()
        if self._pilot is not None:
            self._pilot.listen()
        return self.app.exec()

    def _report(self, kind: type[BaseException], error: BaseException, trace: Any) -> None:
        """Log what no one foresaw on the UI thread, and apologise with its number."""
        if not isinstance(error, Exception):
            sys.__excepthook__(kind, error, trace)
            return
        crash = Crash(uuid.uuid4().hex[:8].upper(), error)
        log.error("crash on the UI thread, report %s", crash.number, exc_info=(kind, error, trace))
        if self.window.shell is not None:
            self.window.shell.show_crash(crash)

    def start(self) -> None:
        """Paint the sign-in page, then begin to open the desk."""
        self.window.sign_in.show_opening(opening=True)
        self.window.show()
        self.window.show_sign_in()
        self.app.processEvents()
        QTimer.singleShot(0, self._opening.begin)

    def take_pilot(self) -> None:
        """Let standard input drive the program: for tests, training and the demo."""
        from client.pilot import Pilot

        self._pilot = Pilot(self)

    # The desk

    @Slot(object)
    def _opened(self, desk: "Desk") -> None:
        from client.live import Live
        from client.session import Session

        self.desk = desk
        self.texts = desk.texts
        self.live = Live(desk.store, self.jobs, self)
        self.session = Session(desk, self.jobs, self)
        self._bind_session()
        if desk.is_complete:
            self._listen()
        self.window.sign_in.show_opening(opening=False)
        self.window.sign_in.show_place(desk.installation.name)
        self.desk_opened.emit()
        if self._submitted_early and self.window.sign_in.waiting is not None:
            self._submitted(*self.window.sign_in.waiting)

    def _listen(self) -> None:
        """Begin to tell scans from typing, and to watch for what holds the screen up; not before it is needed."""
        if self.router is not None:
            return
        from client.scan_router import ScanRouter
        from client.watchdog import Findings, LoopWatch

        self.findings = Findings()
        if self.settings.watch_loop:
            self._watches.append(LoopWatch(self.findings, self.settings.slow_call_ms / 1000, self))
        self._watch_store()
        self.router = ScanRouter(self.settings, self)
        self.router.touched.connect(self.session.touched)
        self.router.touched.connect(self.collector.touched)
        self.router.scanned.connect(self._scanned)
        self.router.refused.connect(self._scan_refused)
        self.router.listen(self.app)

    @Slot()
    def _completed(self) -> None:
        """Start what runs by itself, once everything is joined; whoever has signed in meanwhile goes on."""
        if self.desk is None:
            return  # closed meanwhile
        if self.live.store is None:
            self.live.follow(self.desk.store)
            if self.router is not None:
                self._watch_store()
        self._listen()
        from client.devices_hub import hub_of
        from client.updating.lane import lane_of

        hub_of(self.desk).scanned.connect(self.router.take)
        mark_started()  # before anything is sent: until here a version on trial can be taken back whole
        self.desk.start()
        if lane_of(self.desk) is not None and self._idling is None:
            from client.updating.idling import Idling

            self._idling = Idling(self)
        self._complete = True
        self.desk_completed.emit()
        if self.window.shell is not None:
            self.window.shell.complete()
            if not self.session.is_locked:
                self.window.show_shell()  # a first try may have failed, and said so
        elif self._arrived is not None:
            self._signed_in(self._arrived)
        if not self._opening.is_whole:
            self.jobs.write(lambda _job: self._compile(), "compile")

    def _watch_store(self) -> None:
        from client.watchdog import StoreWatch

        if self.desk is not None and self.desk.is_complete:
            limit_s = self.settings.slow_call_ms / 1000
            self._watches.append(StoreWatch(self.desk.store, self.findings, limit_s))

    def _compile(self) -> bool:
        from client.early.compiling import keep_compiled

        return keep_compiled(self.desk) if self.desk is not None else False

    def _bind_session(self) -> None:
        from client.front_door import FrontDoor

        session = self.session
        self.door = FrontDoor(self.window, session, self.parking, self)
        session.refused.connect(self._refused)
        session.unavailable.connect(self._blocked)
        session.presumed.connect(self._presume)
        session.signed_in.connect(self._signed_in)
        session.must_change.connect(self._must_change)
        session.signed_out.connect(self._signed_out)

    @Slot(object)
    def _blocked(self, error: KnownError) -> None:
        if error.code in NOT_STARTED:
            give_up(error.code)
        mark_started()  # what is wrong is with this machine, and said
        if error.code in FIRST_START:
            from client.enrol_page.opening import show_enrol

            show_enrol(self.window, self.home, self.settings, self.texts, self.jobs, self._retry)
            return
        log.warning("the desk cannot open: %s", error.code)
        self.window.block(self.texts, error)

    @Slot(object)
    def _crashed(self, error: Exception) -> None:
        log.error("opening the desk crashed", exc_info=error)
        give_up("crash")
        self.window.blocked.show_reason(self.texts.say("blocked.crash"), "", type(error).__name__)
        self.window.show_blocked()

    @Slot(object)
    def _troubled(self, error: KnownError) -> None:
        """Say over whatever is open that the store cannot be used as it is; with a damaged one all work ends."""
        if error.code in HALTING:
            self._halted = error
            self._blocked(error)
        elif error.code in TROUBLES:
            self.window.tell(
                self.texts.explain(error) + self.texts.say(f"{error.code}.remedy", **error.facts)
            )

    @Slot()
    def _retry(self) -> None:
        if (
            self._halted is not None
        ):  # a store that lost its content is not read again by this run of the program
            self._blocked(self._halted)
            return
        self.window.sign_in.show_opening(opening=True)
        self.window.show_sign_in()
        self._opening.begin()

    # The person

    @Slot(str, str)
    def _submitted(self, login: str, password: str) -> None:
        if self.session is None:
            self._submitted_early = True
            self.window.sign_in.show_busy(busy=True)
            return
        self._submitted_early = False
        self._opening.hold()
        self.session.sign_in(login, password)

    @Slot(str, dict)
    def _refused(self, code: str, facts: dict[str, Any]) -> None:
        self._presumed.forget()
        self.window.sign_in.show_problem(self.texts.say(code, **facts))
        self._opening.go_on()

    @Slot(object)
    def _presume(self, actor: Any) -> None:
        """Lay the desk out while the password is checked; it stays hidden until that was right."""
        if self.window.shell is None and not self.session.is_locked:
            self._listen()
            self._presumed.expect(actor)

    def _shell_for(self, actor: Any) -> Any:
        from client.shell.view import ShellView
        from client.shell.viewmodel import ShellModel

        assert self.desk is not None  # noqa: S101  (a session needs a desk)
        self._listen()
        model = ShellModel(self.desk, actor, self.jobs, self.live, self.preferences)
        model.loaded.connect(self.collector.set_aside)
        shell = ShellView(model, self.window.make_room())
        shell.theme_clicked.connect(self._switch_theme)
        shell.lock_clicked.connect(self.session.lock)
        shell.leave_clicked.connect(self.session.sign_out)
        self.window.lay_out_shell(shell)
        shell.start()
        return shell

    @Slot(object)
    def _signed_in(self, actor: Any) -> None:
        self._arrived = actor
        assert self.desk is not None  # noqa: S101  (a session needs a desk)
        if not self._complete and self.desk.early is None:
            return
        shell = self.parking.take(actor) or self._presumed.take(actor) or self._shell_for(actor)
        self.window.set_shell(shell)
        self.window.show_shell()
        self.window.sign_in.show_open()
        shell.focus_first()
        self.preferences.set("login", self.session.login)
        self.shell_opened.emit()
        if self._complete:
            shell.complete()
        else:
            QTimer.singleShot(SHOWN_MS, self._opening.go_on)
        if self._must:
            self._must_change()
        self.parking.unveil()

    @Slot()
    def _must_change(self) -> None:
        self._must = self.window.shell is None
        if self._must:
            return
        from client.command_dialog.view import CommandDialog
        from domain.kernel.commands import commands

        context = self.window.shell.model.context
        CommandDialog(context, commands()["staff.change_password"], {}, self.window, must=True).open()

    @Slot()
    def _signed_out(self) -> None:
        self._arrived = None
        self.parking.forget()
        if self.desk is not None and self.desk.centre is not None:
            self.desk.centre.forget_all()
        if self.window.shell is not None:
            self.window.shell.stop()
        self.window.set_shell(None)
        self.window.sign_in.show_open()
        self.window.show_sign_in()

    @Slot()
    def _switch_theme(self) -> None:
        self.theme = "dark" if self.theme == "light" else "light"
        self.preferences.set("theme", self.theme)
        dress(self.app, self.theme)
        if self.window.shell is not None:
            self.window.shell.redraw()

    # Scans

    @Slot(str)
    def _scanned(self, text: str) -> None:
        in_hands = window_in_hands() is not None  # a kiosk stands also while the desk beneath is locked
        if self.window.shell is not None and (in_hands or not self.session.is_locked):
            self.window.shell.take_scan(text)
        elif self.door.is_shut:
            self.session.take_card(text)

    @Slot(str, dict)
    def _scan_refused(self, code: str, facts: dict[str, Any]) -> None:
        if self.window.shell is not None:
            self.window.shell.toast.show_message(self.texts.say(code, **facts), "danger")

    # The end

    @Slot()
    def close(self) -> None:
        """End in order: pages, watches, what is being written, workers, store. Safe to call twice."""
        self._opening.wait()
        if self.desk is not None:
            self.desk.give_up()
        self._presumed.forget()
        self.parking.forget()
        self.parking.end_all()
        if self.router is not None:
            self.router.stop()
        if self.window.shell is not None:
            self.window.shell.stop()
            self.window.set_shell(None)
        if self.session is not None:
            self.session.stop()
        if self.live is not None:
            self.live.stop()
        for watch in self._watches:
            watch.stop()
        self._watches.clear()
        self.jobs.close()
        if self.desk is not None:
            self.desk.close()
        self.collector.stop()
        self.router = self.live = self.desk = self.session = None
