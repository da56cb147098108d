"""A service that compares names and numbers on this machine; `people` says who is who.

`mode`: ``good``, ``slow`` (never answers), ``refuse``, ``odd``.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from server.attesting.providers import signature


class IdentitySimulator:
    """The service on a port of this machine, for as long as it is entered."""

    def __init__(self, people: dict[str, str], app: str = "clinic", secret: bytes = b"simulated") -> None:
        self.people, self.app, self.secret, self.mode = people, app, secret, "good"
        self.asked = 0
        self.let_go = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/compare"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def result(self, name: str, number: str) -> str:
        """Return what the service says."""
        known = self.people.get(number)
        return "not_found" if known is None else "match" if known == name else "mismatch"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        simulator = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                simulator.asked += 1
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if simulator.mode == "slow":
                    simulator.let_go.wait()
                    return
                said = self.headers.get("x-signature", "")
                at = said.partition(",")[0].removeprefix("t=")
                order = json.loads(body)
                ours = said == signature(simulator.secret, at, body) and order["app"] == simulator.app
                status = 403 if simulator.mode == "refuse" or not ours else 200
                answer = {"result": simulator.result(order["name"], order["number"])}
                sent = b"rubbish" if simulator.mode == "odd" else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_words: Any) -> None:
                """Say nothing."""

        return Handler
