"""What every HTTP simulator shares: an inbox, and faults that can be set while it runs.

``GET /sim/inbox`` lists what was accepted; ``POST /sim/faults`` takes ``{"path": …, "faults": […]}``: each
call of the path takes the
first fault of its list and removes it. A fault is ``{"kind": …}`` of `FAULTS`; ``for_s`` keeps one for a time.
"""

import contextlib
import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

FAULTS = frozenset({"status", "html", "empty", "slow", "cut", "lost", "answer", "refuse"})
"""status: HTTP ``status``; html: a page; empty: no body; slow: ``seconds`` before it acts; cut: half an answer; lost:
accepted, but the line breaks before the answer; answer: the JSON ``body``; refuse: closed at once, nothing was taken.
"""
SLOW_S = 30.0


@dataclass(slots=True)
class Call:
    """One request as a vendor's service sees it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON, an empty object if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


@dataclass(slots=True)
class Simulator:
    """A simulated vendor. A subclass answers calls in `answer`; what it accepts goes to `inbox`."""

    name: str = "simulator"
    inbox: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    faults: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    url: str = ""
    _server: ThreadingHTTPServer | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, call: Call) -> tuple[int, Any]:
        """Return status and JSON of the answer, of a 302 its ``location``; must be overridden."""
        raise NotImplementedError

    def fail(self, path: str, *faults: dict[str, Any]) -> None:
        """Let the next calls of a path (its end is enough) fail, one after the other."""
        for fault in faults:
            if fault.get("kind") not in FAULTS:
                raise ValueError(f"no fault {fault.get('kind')}")
        with self.lock:
            self.faults[path] += [dict(fault) for fault in faults]

    def fault_for(self, path: str) -> dict[str, Any]:
        """Return the fault that a call takes, empty for none."""
        with self.lock:
            for end, waiting in self.faults.items():
                if path.endswith(end) and waiting:
                    fault = waiting[0]
                    until = (
                        fault.setdefault("until", time.monotonic() + fault["for_s"])
                        if "for_s" in fault
                        else 0.0
                    )
                    if not until or time.monotonic() >= until:
                        waiting.pop(0)
                        if until:
                            return self.fault_for(path)
                    return fault
        return {}

    def start(self, port: int = 0) -> str:
        """Listen on this machine; returns the address."""
        simulator = self

        class Handler(_Handler):
            def served(self) -> Simulator:
                return simulator

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self.url

    def stop(self) -> None:
        """End listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @contextlib.contextmanager
    def running(self) -> Iterator["Simulator"]:
        """Listen as long as the block lasts."""
        self.start()
        try:
            yield self
        finally:
            self.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def served(self) -> Simulator:
        raise NotImplementedError

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base names it so)
        """Nothing is written to the terminal."""

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)
        simulator = self.served()
        if parts.path.startswith("/sim/"):
            self._say(200, _controlled(simulator, call))
            return
        fault = simulator.fault_for(parts.path)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._answer(simulator, call, fault)

    def _answer(self, simulator: Simulator, call: Call, fault: dict[str, Any]) -> None:
        kind = fault.get("kind", "")
        if kind == "refuse":
            self._hang_up()
            return
        if kind == "slow":
            time.sleep(float(fault.get("seconds", SLOW_S)))  # noqa: TID251  (a slow vendor is what it plays)
        if kind in ("status", "html", "empty", "answer"):
            self._odd(kind, fault)
            return
        with simulator.lock:
            simulator.calls.append(call)
            status, answer = simulator.answer(call)
        if kind == "lost":
            self._hang_up()
            return
        self._say(status, answer, cut=kind == "cut")

    def _odd(self, kind: str, fault: dict[str, Any]) -> None:
        if kind == "answer":
            self._say(int(fault.get("status", 200)), fault.get("body", {}))
        elif kind == "empty":
            self._raw(200, b"", "application/json")
        elif kind == "html":
            self._raw(
                int(fault.get("status", 200)), b"<html><body>502 Bad Gateway</body></html>", "text/html"
            )
        else:
            self._raw(int(fault.get("status", 500)), b"", "text/plain")

    def _say(self, status: int, answer: Any, *, cut: bool = False) -> None:
        if isinstance(answer, bytes):
            self._raw(status, answer, "application/octet-stream", cut=cut)
            return
        if status == 302:
            self._onward(str(answer["location"]))
            return
        self._raw(
            status,
            json.dumps(answer, ensure_ascii=False).encode(),
            "application/json; charset=utf-8",
            cut=cut,
        )

    def _onward(self, location: str) -> None:
        self.send_response(302)
        self.send_header("location", location)
        self.send_header("content-length", "0")
        self.end_headers()

    def _raw(self, status: int, body: bytes, kind: str, *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _controlled(simulator: Simulator, call: Call) -> Any:
    if call.path == "/sim/inbox":
        with simulator.lock:
            return {"name": simulator.name, "messages": list(simulator.inbox)}
    if call.path == "/sim/faults" and call.method == "POST":
        told = call.json()
        simulator.fail(str(told.get("path", "")), *told.get("faults", []))
        return {"set": len(told.get("faults", []))}
    return {"calls": len(simulator.calls)}


Answer = Callable[[Call], tuple[int, Any]]
