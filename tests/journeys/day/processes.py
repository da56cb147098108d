"""Real processes of the day: started, spoken to in lines, stopped or killed."""

import collections
import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
ANSWER_S = 150.0
PATIENCE_S = 120.0
A_LOOK_S = 2.0
"""Whoever waits longer than that waits for what must happen: how long is a matter of the machine."""


class ProcessError(RuntimeError):
    """A process ended, did not answer or said no; the text has the tail of its log."""


class Running:
    """One process whose output is read line by line; its error output goes to a log file."""

    def __init__(
        self, name: str, arguments: list[str], log_folder: Path, env: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.log_path = log_folder / f"{name}.log"
        self.env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **(env or {})}
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.seen: collections.deque[str] = collections.deque(maxlen=50)
        self.process: subprocess.Popen[str] | None = None
        self.reader: threading.Thread | None = None

    def start(self) -> "Running":
        """Start it, or start it again after a kill."""
        self.lines = queue.Queue()
        log = self.log_path.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, *self.arguments],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
            bufsize=1,
        )
        log.close()
        self.reader = threading.Thread(target=self._read, args=(self.process, self.lines), daemon=True)
        self.reader.start()
        return self

    def _read(self, process: "subprocess.Popen[str]", lines: "queue.Queue[str | None]") -> None:
        with process.stdout as output:
            for line in output:
                self.seen.append(line.rstrip("\n"))
                lines.put(line.rstrip("\n"))
        lines.put(None)

    def line(self, timeout_s: float = ANSWER_S) -> str:
        """Return the next line of output."""
        try:
            found = self.lines.get(timeout=timeout_s)
        except queue.Empty:
            raise ProcessError(f"{self.name} did not answer in {timeout_s:g} s\n{self.tail()}") from None
        if found is None:
            raise ProcessError(f"{self.name} ended with {self.process.wait()}\n{self.tail()}")
        return found

    def json_line(self, timeout_s: float = ANSWER_S) -> dict[str, Any]:
        """Return the next line of output that is a JSON object; other lines are passed over."""
        until = time.monotonic() + timeout_s
        while True:
            text = self.line(max(0.1, until - time.monotonic()))
            if text.startswith("{"):
                return json.loads(text)

    def tell(self, line: str) -> None:
        """Send one line."""
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except (BrokenPipeError, OSError) as error:
            raise ProcessError(f"{self.name} is gone\n{self.tail()}") from error

    def order(self, line: str, timeout_s: float = ANSWER_S) -> str:
        """Send one line and return the line that answers it."""
        self.tell(line)
        return self.line(timeout_s)

    def kill(self) -> None:
        """End it with SIGKILL: no clean-up of any kind runs."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._let_go()

    def stop(self, timeout_s: float = 15) -> None:
        """End it politely, or with SIGKILL if it does not listen."""
        if self.process is None:
            return
        if self.process.poll() is not None:
            self._let_go()
            return
        self.process.terminate()
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._let_go()

    def _let_go(self) -> None:
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        if self.reader is not None:
            self.reader.join(5)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tail(self, lines: int = 25) -> str:
        """Return the end of what it printed and logged."""
        logged = (
            self.log_path.read_text("utf-8", "replace").splitlines()[-lines:]
            if self.log_path.exists()
            else []
        )
        return "\n".join(["--- output", *list(self.seen)[-8:], "--- log", *logged])


class Pilot(Running):
    """A client process driven by orders: real keys and scans into real windows."""

    def do(self, what: str, *, timeout_s: float = ANSWER_S, **facts: Any) -> dict[str, Any]:
        """Give one order and return its answer; an answer that is not ok is a `ProcessError`."""
        if facts.get("timeout", 0) > A_LOOK_S:
            facts["timeout"] = PATIENCE_S
        self.tell(json.dumps({"do": what, **facts}, ensure_ascii=False))
        answer = self.json_line(timeout_s)
        if not answer.get("ok"):
            raise ProcessError(f"{self.name}: {what} {facts}: {answer}\n{self.tail(12)}")
        return answer


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_until(holds: Any, what: str, timeout_s: float = PATIENCE_S, pause_s: float = 0.05) -> Any:
    """Return the first true answer of `holds()`; a `ProcessError` names `what` did not come true."""
    if timeout_s > A_LOOK_S:
        timeout_s = max(timeout_s, PATIENCE_S)
    until = time.monotonic() + timeout_s
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > until:
            raise ProcessError(f"not within {timeout_s:g} s: {what}")
        threading.Event().wait(pause_s)
