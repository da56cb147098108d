"""Remote control by JSON lines on standard input, for the demo, the tests and training; only with ``--pilot``.

It presses real keys on real widgets. One object a line, one answer a line: ``{"ok": true, …}`` or ``{"ok": false,
"error": …}``; an ``id`` is repeated in the answer. What it can ``do``:

    sign_in     login, password, whole  waits for the shell, and until every page is there unless `whole` is false
    keys        text | key ("F9", "Ctrl+K"), name (widget to focus first)
    scan        text                    as fast as a scanner, with prefix and Enter
    click       name
    fill        name, text              empties the field, then types
    open        page
    wait        until {page|text+name|visible|idle|blocked|signed_out: …}, timeout (s)
    screenshot  path, size [w, h]
    state                               page, person, toast, focus, dialog, sync
    text        name                    what a widget shows
    call        method, arguments       ``slow_calls``, ``lock``, ``sign_out``, ``sync_now``, ``theme``
    quit
"""

import json
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

from PySide6.QtCore import QObject, Qt, Signal, Slot

from client.views.pilot_hands import Hands, PilotError
from domain.kernel.errors import KnownError

log = logging.getLogger(__name__)


class Pilot(QObject):
    """Reads commands in a thread, carries them out on the UI thread, one after the other."""

    _arrived = Signal(str)
    _ended = Signal()

    def __init__(self, workstation: Any, source: TextIO | None = None, sink: TextIO | None = None) -> None:
        super().__init__(workstation)
        self._workstation = workstation
        self._hands = Hands(workstation)
        self._source = source or sys.stdin
        self._sink = sink or sys.stdout
        self._queue: list[str] = []
        self._working = False
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._quit, Qt.ConnectionType.QueuedConnection)

    def listen(self) -> None:
        """Begin to read; the end of the input closes the program."""
        threading.Thread(target=self._read, name="pilot", daemon=True).start()

    def _read(self) -> None:
        for line in self._source:
            if line.strip():
                self._arrived.emit(line)
        self._ended.emit()

    @Slot(str)
    def _take(self, line: str) -> None:
        # A command may turn the event loop (wait), in which the next one arrives: keep their order.
        self._queue.append(line)
        if self._working:
            return
        self._working = True
        while self._queue:
            self._say(self.answer(self._queue.pop(0)))
        self._working = False

    def answer(self, line: str) -> dict[str, Any]:
        """Carry out one command and return its answer."""
        request: Any = None
        try:
            request = json.loads(line)
            doing = request.pop("do")
            work: Callable[..., Any] | None = getattr(self, f"_do_{doing}", None)
            if work is None:
                raise PilotError(f"nobody knows how to do {doing!r}")
            found = work(**{k: v for k, v in request.items() if k != "id"})
            reply: dict[str, Any] = {"ok": True} | (found if isinstance(found, dict) else {})
        except (PilotError, KnownError, TypeError, ValueError, KeyError, AttributeError) as error:
            reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        if isinstance(request, dict) and "id" in request:
            reply["id"] = request["id"]
        return reply

    def _say(self, reply: dict[str, Any]) -> None:
        self._sink.write(json.dumps(reply, ensure_ascii=False) + "\n")
        self._sink.flush()

    def _do_sign_in(
        self, login: str, password: str, timeout: float = 15, *, whole: bool = True
    ) -> dict[str, Any]:
        self._hands.wait(lambda: self._workstation.session is not None or self._hands.blocked, timeout)
        if self._hands.blocked:
            raise PilotError(self._hands.text("blocked_reason"))
        self._hands.fill("login", login)
        self._hands.fill("password", password)
        self._hands.key("Return")
        self._hands.wait(lambda: self._hands.signed_in or bool(self._hands.problem), timeout)
        if not self._hands.signed_in:
            raise PilotError(self._hands.problem)
        if whole:
            self._hands.wait(lambda: self._hands.is_whole, timeout)
        return self._hands.state()

    def _do_keys(self, text: str = "", key: str = "", name: str = "") -> None:
        if name:
            self._hands.focus(name)
        if text:
            self._hands.type(text)
        if key:
            self._hands.key(key)

    def _do_scan(self, text: str) -> None:
        self._hands.scan(text)

    def _do_click(self, name: str) -> None:
        self._hands.click(name)

    def _do_fill(self, name: str, text: str) -> None:
        self._hands.fill(name, text)

    def _do_open(self, page: str) -> None:
        self._hands.shell().open_page(page, {})
        if self._hands.shell().current != page:
            raise PilotError(self._hands.shell().toast.text or f"{page} did not open")

    def _do_wait(self, until: dict[str, Any], timeout: float = 10) -> dict[str, Any]:
        self._hands.wait(lambda: self._hands.holds(until), timeout)
        return self._hands.state()

    def _do_screenshot(self, path: str, size: list[int] | None = None) -> dict[str, Any]:
        return {"path": self._hands.screenshot(path, size)}

    def _do_state(self) -> dict[str, Any]:
        return self._hands.state()

    def _do_text(self, name: str) -> dict[str, Any]:
        return {"text": self._hands.text(name)}

    def _do_call(self, method: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._hands.call(method, arguments or {})

    def _do_quit(self) -> None:
        self._quit()

    @Slot()
    def _quit(self) -> None:
        self._workstation.window.close()
