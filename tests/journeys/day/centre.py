"""The centre of the day: server and listener as processes, and what an administrator does over the API."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests.journeys.day.processes import ROOT, ProcessError, Running, free_port, wait_until
from tests.journeys.day.vendors import Vendors

PASSWORDS = {"admin": "Hai-Tang#2026x", "default": "Qing-Song#88w"}
"""Passwords of the demonstration's invented accounts; printed at its end."""


class Centre:
    """One server on the embedded store with its HL7 listener."""

    def __init__(self, home: Path, logs: Path) -> None:
        self.home = home
        self.port, self.mllp_port = free_port(), free_port()
        self.vendors = Vendors(home)
        self.env = {
            "AFTERCHECK_DATA_DIR": str(home),
            "AFTERCHECK_DEVELOPMENT": "true",
            "AFTERCHECK_DEMO_CLOCK": "true",
            "AFTERCHECK_LEAST_FREE_BYTES": str(1 << 28),
            **self.vendors.env(),
        }
        self.server = Running("server", ["-m", "server", "serve", "--port", str(self.port)], logs, self.env)
        self.listener = Running(
            "listener",
            ["-m", "server.interfaces.listener", "--home", str(home), "--port", str(self.mllp_port)],
            logs,
            self.env,
        )
        self.session = requests.Session()
        self.token = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def initialise(self) -> dict[str, Any]:
        """Make head office and the administrator; returns what the operator is shown once."""
        done = subprocess.run(
            [sys.executable, "-m", "server", "init", "--code", "HQ", "--name", "安康健康体检集团"],
            cwd=ROOT,
            env=self.server.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ProcessError(f"server init ended with {done.returncode}: {done.stderr[-800:]}")
        return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))

    def start(self) -> None:
        """Start the server and the vendors it sends by, and wait until it is ready."""
        if not self.vendors.official.url:
            self.vendors.start(self.address)
        self.server.start()
        wait_until(self._ready, "the server is ready", 60)

    def _ready(self) -> bool:
        if not self.server.alive:
            raise ProcessError(f"the server ended\n{self.server.tail()}")
        try:
            return requests.get(f"{self.address}/health", timeout=2).ok
        except requests.RequestException:
            return False

    def sign_in(self, login: str, password: str) -> None:
        """Sign in over the API; later calls carry the token."""
        self.token = self._call("POST", "/api/session", {"login": login, "password": password})["token"]

    def command(self, command: str, /, **data: Any) -> Any:
        """Run a command as whoever is signed in and return its receipt."""
        return self._call("POST", f"/api/commands/{command}", data)["receipt"]

    def advance_clock(self, seconds: float) -> None:
        """Move the centre's clock on."""
        self._call("POST", "/api/demo/clock", {"seconds": seconds})

    def rows(self, worklist: str, **options: Any) -> list[dict[str, Any]]:
        """Return the first page of a worklist as the person signed in sees it."""
        answer = self.session.get(
            f"{self.address}/api/worklists/{worklist}",
            params={"limit": 500, **options},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()["rows"]

    def digest(self, org: str) -> dict[str, list[Any]]:
        """Return count and digest of every table for an organisation, straight from the store."""
        done = subprocess.run(
            [sys.executable, "-m", "server", "digest", org],
            cwd=ROOT,
            env=self.server.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))

    def audit_is_whole(self) -> bool:
        """Run the command that verifies the chain."""
        done = subprocess.run(
            [sys.executable, "-m", "server", "verify-audit"],
            cwd=ROOT,
            env=self.server.env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0

    def stop(self) -> None:
        self.listener.stop()
        self.server.stop()
        self.vendors.stop()

    def _call(self, method: str, path: str, data: dict[str, Any]) -> Any:
        answer = self.session.request(
            method,
            self.address + path,
            json=data,
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            timeout=60,
        )
        if answer.status_code >= 400:
            raise ProcessError(f"{method} {path}: {answer.status_code} {answer.text[:600]}")
        return answer.json() if answer.content else None
