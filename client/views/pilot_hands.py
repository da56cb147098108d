"""The pilot's hands and eyes: finds widgets by name, presses keys on the window that has the focus."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, Qt
from PySide6.QtGui import QInputMethodEvent, QKeySequence, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from client.views.pilot_eyes import runs_of, text_of, turn

SLICE_MS = 2
BETWEEN_SCANS_MS = 130
"""Two scans closer than this are taken for two codes glued together."""


class PilotError(Exception):
    """What was asked cannot be done as things stand."""


class Hands:
    """Works on the program's real windows, offscreen or on a screen."""

    def __init__(self, workstation: Any) -> None:
        self._workstation = workstation

    # What is there

    @property
    def blocked(self) -> bool:
        """Whether the page that says why the desk cannot open is shown."""
        return bool(self._workstation.window.is_blocked)

    @property
    def signed_in(self) -> bool:
        """Whether somebody's shell is shown."""
        shell = self._workstation.window.shell
        return shell is not None and shell.isVisible()

    @property
    def is_whole(self) -> bool:
        """Whether the real pages are there, and what was asked before has been done."""
        shell = self._workstation.window.shell
        return shell is not None and shell.is_whole

    @property
    def problem(self) -> str:
        """What the sign-in page complains about."""
        label = self._workstation.window.sign_in.findChild(QLabel, "sign_in_problem")
        return label.text() if isinstance(label, QLabel) and label.isVisible() else ""

    def shell(self) -> Any:
        """Return the shell of the person signed in."""
        if not self.signed_in:
            raise PilotError("nobody is signed in")
        return self._workstation.window.shell

    def find(self, name: str) -> QWidget:
        """Return the visible widget of a name; a dialog's before the window's below it."""
        windows = [
            w for w in (QApplication.activeModalWidget(), QApplication.activePopupWidget()) if w is not None
        ]
        windows += [w for w in QApplication.topLevelWidgets() if w not in windows]
        for window in windows:
            for found in [window, *window.findChildren(QWidget)]:
                if found.objectName() == name and found.isVisible():
                    return found
        raise PilotError(f"no visible widget is called {name!r}")

    def text(self, name: str) -> str:
        """Return what a widget shows."""
        return text_of(self.find(name))

    def state(self) -> dict[str, Any]:
        """Return where the program stands."""
        workstation = self._workstation
        shell, session, focus = workstation.window.shell, workstation.session, QApplication.focusWidget()
        modal = QApplication.activeModalWidget()
        actor = session.actor if session is not None else None
        return {
            "page": shell.current if shell is not None else "",
            "signed_in": self.signed_in,
            "locked": bool(session is not None and session.is_locked),
            "blocked": self.blocked,
            "person": actor.name if actor is not None else "",
            "role": actor.role if actor is not None else "",
            "toast": shell.toast.text if shell is not None else "",
            "card": bool(shell is not None and shell.card is not None and shell.card.isVisible()),
            "dialog": modal.objectName() if modal is not None else "",
            "focus": focus.objectName() if focus is not None else "",
            "busy": workstation.jobs.busy,
            "sync": text_of(shell.bar.sync) if shell is not None else "",
            "alerts": text_of(shell.bar.alerts) if shell is not None else "",
        }

    def holds(self, until: dict[str, Any]) -> bool:
        """Tell whether all of these hold: page, text (in widget `name`), visible, gone, idle, blocked, toast."""
        state = self.state()
        return all(
            self._one_holds(what, wanted, until, state) for what, wanted in until.items() if what != "name"
        )

    def _one_holds(self, what: str, wanted: Any, until: dict[str, Any], state: dict[str, Any]) -> bool:
        if what == "text":
            return bool(wanted in self._text_or_none(until["name"]))
        if what == "visible":
            return self._there(wanted)
        if what == "gone":
            return not self._there(wanted)
        if what == "idle":
            return not state["busy"]
        if what == "signed_out":
            return not state["signed_in"]
        if what in {"toast", "sync", "alerts"}:
            return bool(wanted in state[what])
        if what not in state:
            raise PilotError(f"nobody can wait until {what!r}")
        return bool(state[what] == wanted)

    def _there(self, name: str) -> bool:
        try:
            self.find(name)
        except PilotError:
            return False
        return True

    def _text_or_none(self, name: str) -> str:
        return self.text(name) if self._there(name) else ""

    # What it does

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Turn the event loop until something holds."""
        deadline = QDeadlineTimer(int(timeout_s * 1000))
        while not condition():
            if deadline.hasExpired():
                raise PilotError(f"waited {timeout_s} s in vain; state: {self.state()}")
            turn(SLICE_MS)

    def focus(self, name: str) -> None:
        """Put the focus on a widget."""
        widget = self.find(name)
        widget.window().activateWindow()
        widget.setFocus(Qt.FocusReason.TabFocusReason)

    def click(self, name: str) -> None:
        """Click a widget with the left button."""
        widget = self.find(name)
        if isinstance(widget, QAbstractButton) and not widget.isEnabled():
            raise PilotError(f"{name} is switched off")
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def fill(self, name: str, text: str) -> None:
        """Empty a field and type into it, or choose the entry of that text."""
        widget = self.find(name)
        self.focus(name)
        if isinstance(widget, QComboBox):
            at = widget.findText(text)
            if at < 0:
                raise PilotError(f"{name} does not offer {text!r}")
            widget.setCurrentIndex(at)
            widget.activated.emit(at)
            return
        if isinstance(widget, QLineEdit | QPlainTextEdit):
            widget.selectAll()
            self.key("Delete")
        self.type(text)

    def type(self, text: str) -> None:
        """Type into whatever has the focus; what is not ASCII comes as an input method would commit it.

        The keys go to the focused widget itself: on their way through the window they would be taken for a scan.
        """
        self._window()
        focus = QApplication.focusWidget()
        if focus is None:
            raise PilotError("nothing has the focus")
        for run in runs_of(text):
            if run.isascii():
                QTest.keyClicks(focus, run)
            else:
                event = QInputMethodEvent()
                event.setCommitString(run)
                focus.event(event)

    def key(self, keys: str) -> None:
        """Press a key or a combination in Qt's portable form: ``F9``, ``Ctrl+K``, ``Return``."""
        sequence = QKeySequence(keys)
        if sequence.count() != 1 or sequence[0].key() == Qt.Key.Key_unknown:
            raise PilotError(f"{keys!r} is not a key")
        combination = sequence[0]
        QTest.keyClick(self._window(), combination.key(), combination.keyboardModifiers())
        self._settle()

    def scan(self, text: str) -> None:
        """Send a scan as a keyboard scanner does: prefix, code and Enter without a pause."""
        turn(BETWEEN_SCANS_MS)
        prefix = self._workstation.settings.scanner_prefix
        for char in f"{prefix}{text}":
            QTest.keyClick(self._window(), char)
        QTest.keyClick(self._window(), Qt.Key.Key_Return)

    def screenshot(self, path: str, size: list[int] | None) -> str:
        """Write a picture of the window, dialog included; returns its path."""
        window = self._workstation.window
        if size:
            window.resize(*size)
        turn(50)
        picture = window.grab()
        modal = QApplication.activeModalWidget()
        if modal is not None and modal is not window:
            from PySide6.QtGui import QPainter

            painter = QPainter(picture)
            painter.drawPixmap(window.rect().center() - modal.rect().center(), modal.grab())
            painter.end()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if not picture.save(path):
            raise PilotError(f"{path} cannot be written")
        return path

    def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run one of the few calls that have no key."""
        calls: dict[str, Callable[..., Any]] = {
            "slow_calls": self._slow_calls,
            "run": self._run,
            "lock": self._workstation.session.lock,
            "sign_out": self._workstation.session.sign_out,
            "sync_now": lambda: self._workstation.desk.sync.wake(),
            "theme": lambda: self._workstation.window.shell.theme_clicked.emit(),
        }
        if method not in calls:
            raise PilotError(f"nobody knows the call {method!r}")
        return {"result": calls[method](**arguments)}

    def _run(self, command: str, visit: str = "", **data: Any) -> str:
        """Run a command as the person signed in; `visit` names the client it is about by the visit's barcode."""
        from domain.checkup.records import Visit

        desk, actor = self._workstation.desk, self.shell().model.actor
        if visit:
            table = Visit.__table__
            with desk.store.read() as connection:
                query = table.select().where(table.c.number == visit)
                data["patient_id"] = connection.execute(query).one().patient_id
        return str(desk.dispatcher.run_named(command, data, actor).position)

    def _slow_calls(self) -> list[dict[str, Any]]:
        return [{"kind": c.kind, "ms": c.ms, "stack": c.stack} for c in self._workstation.findings.calls()]

    def _window(self) -> QWindow:
        window = QApplication.focusWindow()
        if window is None:
            self._workstation.window.activateWindow()
            QCoreApplication.processEvents()
            window = QApplication.focusWindow() or self._workstation.window.windowHandle()
        if window is None:
            raise PilotError("no window has the focus")
        return window

    def _settle(self) -> None:
        """Let held keys reach their field: longer than the scanner detector waits."""
        router = self._workstation.router
        if router is not None:
            self.wait(lambda: not router.holding, 2)
        QCoreApplication.processEvents()
