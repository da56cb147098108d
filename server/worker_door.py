"""Where a worker, which serves nobody, tells that it lives and what it counts: for the operator's machines alone."""

import http.server
import json
import threading
from types import TracebackType
from typing import Any

from server.centre import Centre
from server.metrics import CONTENT_TYPE


class WorkerDoor:
    """``/health``, ``/ready`` and ``/metrics`` on the loopback address; nothing where no port is set."""

    def __init__(self, centre: Centre) -> None:
        self._server: http.server.ThreadingHTTPServer | None = None
        if centre.settings.worker_port:
            address = ("127.0.0.1", centre.settings.worker_port)
            self._server = http.server.ThreadingHTTPServer(address, _answering(centre))
            self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """Where it listens, 0 for nowhere."""
        return self._server.server_port if self._server is not None else 0

    def __enter__(self) -> "WorkerDoor":
        if self._server is not None:
            threading.Thread(target=self._server.serve_forever, name="worker-door", daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _answering(centre: Centre) -> type[http.server.BaseHTTPRequestHandler]:
    class Answering(http.server.BaseHTTPRequestHandler):
        """Answers of one worker."""

        def do_GET(self) -> None:
            if self.path == "/health":
                self._say(200, {"status": "ok", "duties": centre.duties()})
            elif self.path == "/ready":
                checks = centre.readiness.checks()
                good = all(state == "ok" for state in checks.values())
                self._say(200 if good else 503, {"ready": good, "checks": checks, "duties": centre.duties()})
            elif self.path == "/metrics":
                self._send(200, CONTENT_TYPE, centre.metrics.text())
            else:
                self._say(404, {})

        def log_message(self, *_: Any) -> None:
            """Say nothing: who asks every few seconds is no news."""

        def _say(self, status: int, facts: dict[str, Any]) -> None:
            self._send(status, "application/json", json.dumps(facts).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Answering
