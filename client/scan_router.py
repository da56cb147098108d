"""Scans work with any focus: the keys of every window pass the wedge detector before a field sees them.

The filter lies on the window that has the focus (keys, before any widget) and on the object that has it (what an
input method commits, and the question whether a key is a shortcut). Keys that turn out to be typing are given
to the field unchanged and in order; a scan reaches no field. Times are those of the events, so that a busy
screen does not turn typing into a scan. Serial scanners come in by `take`.

While a scan runs in, the input method is switched off for the focused field. An input method that is composing is
noticed by letters that arrive faster than anybody types: what it holds is taken back and read as keys.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent
from shiboken6 import isValid

from client.key_timing import Composition, EventClock
from client.settings import Settings
from devices.readings import Scan
from devices.scanner.keys import to_ascii
from devices.scanner.wedge import SUFFIXES, Verdict, WedgeDetector, WedgeSettings

FOREVER = float("inf")
COMMANDS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)
MODIFIERS = frozenset({
    Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_CapsLock, Qt.Key.Key_AltGr,
    Qt.Key.Key_NumLock,
})  # fmt: skip
PRESENCE = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.TouchBegin}
)


class Held(NamedTuple):
    """One key the detector holds back; `key` 0 for what an input method committed."""

    text: str
    key: int
    modifiers: Qt.KeyboardModifier


class ScanRouter(QObject):
    """`scanned` carries the text of a scan, `refused` the code and facts of one that cannot be used."""

    scanned = Signal(str)
    refused = Signal(str, dict)
    touched = Signal()
    """Somebody pressed a key or a button."""

    def __init__(
        self, settings: Settings, parent: QObject | None = None, now_ms: Callable[[], float] | None = None
    ) -> None:
        super().__init__(parent)
        self._detector = WedgeDetector(
            WedgeSettings(
                prefix=settings.scanner_prefix,
                shortest=settings.scanner_min_length,
                gap_ms=settings.scanner_gap_ms,
            )
        )
        self._prefix = settings.scanner_prefix
        self._composition = Composition(settings.scanner_gap_ms)
        self._clock = EventClock(now_ms or (lambda: time.monotonic() * 1000))
        self._held: deque[Held] = deque()
        self._app: QGuiApplication | None = None
        self._window: QObject | None = None
        self._focus: QObject | None = None
        self._muted: Any = None
        self._replaying = False
        self._gap_ms = settings.scanner_gap_ms
        self._composed_at = -FOREVER
        self._lost_letters = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._timed_out)
        self._due_ms = FOREVER
        self._waited = False

    def listen(self, app: QGuiApplication) -> None:
        """Follow the focus of the application."""
        self._app = app
        app.focusWindowChanged.connect(self._follow_window)
        app.focusObjectChanged.connect(self._follow_object)
        self._follow_window(app.focusWindow())
        self._follow_object(app.focusObject())

    def stop(self) -> None:
        """Let go of the keys; what is held is given to its field."""
        self._do(self._detector.tick(FOREVER))
        self._timer.stop()
        if self._app is not None:
            self._app.focusWindowChanged.disconnect(self._follow_window)
            self._app.focusObjectChanged.disconnect(self._follow_object)
            self._app = None
        self._follow_window(None)
        self._follow_object(None)

    @property
    def holding(self) -> bool:
        """Whether keys wait for the decision whether they are a scan."""
        return bool(self._held)

    @Slot(object)
    def take(self, scan: Scan) -> None:
        """Take a scan of a serial scanner."""
        self.scanned.emit(scan.text)

    @Slot(QObject)
    def _follow_window(self, window: QObject | None) -> None:
        self._window = _moved(self, self._window, window)

    @Slot(QObject)
    def _follow_object(self, focus: QObject | None) -> None:
        begun = "".join(held.text for held in self._held)
        if not (self._prefix and to_ascii(begun).startswith(self._prefix)):
            self._do(self._detector.tick(FOREVER))
            self._unmute()
        self._composition.clear()
        self._focus = _moved(self, self._focus, focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold back what may be a scan."""
        kind = event.type()
        if watched is self._window:
            if kind in PRESENCE:
                self.touched.emit()
            if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and not self._replaying:
                return self._key(event)
        elif watched is self._focus and not self._replaying:
            if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
                return self._claim(event)
            if kind == QEvent.Type.InputMethod and isinstance(event, QInputMethodEvent):
                return self._committed(event)
        return False

    # Keys

    def _key(self, event: QKeyEvent) -> bool:
        if Qt.Key(event.key()) in MODIFIERS:
            return False
        text = event.text()
        if not text or event.isAutoRepeat() or event.modifiers() & COMMANDS:
            self._do(self._detector.tick(FOREVER))
            return False
        at = self._clock.at(event.timestamp())
        return self._feed(Held(text, event.key(), event.modifiers()), at)

    def _claim(self, event: QKeyEvent) -> bool:
        """Keep the end of a scan (Enter, Tab) from being a shortcut."""
        if self._held and event.text() in SUFFIXES and event.text():
            event.accept()
            return True
        return False

    def _committed(self, event: QInputMethodEvent) -> bool:
        commit = event.commitString()
        if not commit:
            return self._composing(event.preeditString())
        self._composition.clear()
        if not self._held and not to_ascii(commit).isascii():
            # No code begins with Chinese: no need to wait. But a scan right behind it has lost its first letters.
            self._composed_at = self._clock.at(0)
            return False
        return self._feed(Held(commit, 0, Qt.KeyboardModifier.NoModifier), self._clock.at(0))

    def _composing(self, preedit: str) -> bool:
        """Look at what an input method composes; letters at a scanner's speed are taken back as keys."""
        letters = self._composition.grown(preedit, self._clock.at(0))
        if letters:
            self._mute()
        for letter, moment in letters:
            self._feed(Held(letter, 0, Qt.KeyboardModifier.NoModifier), moment)
        return bool(letters)

    def _feed(self, held: Held, at: float) -> bool:
        """Give one key to the detector; returns whether the field must not see it now."""
        if not self._held:
            self._lost_letters = at - self._composed_at <= self._gap_ms
        self._held.append(held)
        verdict = self._detector.key(held.text, at)
        straight = verdict.release == held.text and len(self._held) == 1
        if straight:
            self._held.clear()
            self._settle()
            return False
        self._do(verdict)
        if self._prefix and to_ascii(held.text).startswith(self._prefix) and self._held:
            self._mute()
        return True

    @Slot()
    def _timed_out(self) -> None:
        """Decide at the deadline; a screen that was busy over it has keys waiting that were pressed before."""
        late_ms = time.monotonic() * 1000 - self._due_ms
        if late_ms > self._gap_ms and not self._waited:
            self._waited = True
            self._timer.start(round(self._gap_ms))
            return
        self._tick()

    def _tick(self) -> None:
        self._do(self._detector.tick(self._clock.at(0)))

    def _do(self, verdict: Verdict) -> None:
        self._replay(verdict.release)
        if verdict.scan is not None or verdict.refusal is not None or self._detector.deadline_ms is None:
            self._held.clear()
        if verdict.scan is not None and self._lost_letters:
            self.refused.emit("scan.ime_active", {})
        elif verdict.scan is not None:
            self.scanned.emit(verdict.scan.text)
        elif verdict.refusal is not None:
            self.refused.emit(verdict.refusal.code, dict(verdict.refusal.facts))
        self._settle()

    def _settle(self) -> None:
        deadline = self._detector.deadline_ms
        if deadline is None:
            self._timer.stop()
            self._unmute()
        else:
            wait = max(1, round(deadline - self._clock.now()) + 1)
            self._due_ms = time.monotonic() * 1000 + wait
            self._waited = False
            self._timer.start(wait)

    def _replay(self, text: str) -> None:
        """Give held keys back to the focused field, as keys or as what an input method committed."""
        target = QGuiApplication.focusObject()
        self._replaying = True
        try:
            while text and self._held:
                held = self._held.popleft()
                text = text[len(held.text) :]
                if target is not None:
                    _give(target, held)
        finally:
            self._replaying = False

    # Input method

    def _mute(self) -> None:
        focus: Any = self._focus
        if self._muted is not None or not hasattr(focus, "testAttribute"):
            return
        if focus.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled):
            self._muted = focus
            self._replaying = True
            try:
                QGuiApplication.inputMethod().reset()
            finally:
                self._replaying = False
            focus.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=False)

    def _unmute(self) -> None:
        muted, self._muted = self._muted, None
        if muted is not None and isValid(muted):
            muted.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=True)


def _moved(router: QObject, before: QObject | None, after: QObject | None) -> QObject | None:
    if before is not None and isValid(before):
        before.removeEventFilter(router)
    if after is not None:
        after.installEventFilter(router)
    return after


def _give(target: QObject, held: Held) -> None:
    if held.key == 0:
        event = QInputMethodEvent()
        event.setCommitString(held.text)
        QCoreApplication.sendEvent(target, event)
        return
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QCoreApplication.sendEvent(target, QKeyEvent(kind, held.key, held.modifiers, held.text))
