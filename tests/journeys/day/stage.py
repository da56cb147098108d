"""Everything that stands before the day begins: the centre, three enrolled workstations, devices, a line to cut."""

import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

from domain.kernel.clock import CLINIC_TIME
from sync.moved_clock import FileOffsetClock
from tests.journeys.day import devices
from tests.journeys.day.centre import PASSWORDS, Centre
from tests.journeys.day.people import BRANCHES, STAFF
from tests.journeys.day.processes import ROOT, Pilot, ProcessError, Running

DESKS = {"desk-b01": "B01", "desk-b02": "B02", "desk-hq": "HQ"}
PREFIX_KEY = "store.key"
SIZES = ((1366, 768), (1920, 1080))
OPENING = (8, 30)
"""Clinic time at which the day begins, whatever the machine's clock says: it may run at night, or over midnight."""


class Stage:
    """The processes of the day and where they keep their things."""

    def __init__(self, out: Path, day: date) -> None:
        self.out = out.resolve()
        self.day = day
        self.home = self.out / "home"
        self.logs = self.out / "logs"
        self.pictures = self.out / "screens"
        self.labels = self.out / "labels"
        self.printed, self.bin = self.home / "printed", self.home / "bin"
        for folder in (self.home, self.logs, self.pictures, self.labels):
            folder.mkdir(parents=True, exist_ok=True)
        self.centre = Centre(self.home / "centre", self.logs)
        self.centre.home.mkdir(exist_ok=True)
        self.spool()
        self.clock = FileOffsetClock(self.centre.home / "clock-offset")
        self.clock.advance(
            datetime(day.year, day.month, day.day, *OPENING, tzinfo=CLINIC_TIME) - self.clock()
        )
        self.orgs: dict[str, str] = {}
        self.clients: dict[str, Pilot] = {}
        self.devices: dict[str, Running] = {}
        self.proxy: Running | None = None
        self.line_port = 0

    # Before anybody comes

    def found_group(self) -> None:
        """Initialise the centre; the administrator makes branches and accounts."""
        first = self.centre.initialise()
        self.centre.start()
        self.centre.sign_in(first["login"], first["password"])
        self.centre.command("staff.change_password", old=first["password"], password=PASSWORDS["admin"])
        self.centre.sign_in(first["login"], PASSWORDS["admin"])
        self.orgs["HQ"] = first["org_id"]
        for code, name in BRANCHES.items():
            parent = first["org_id"]
            self.orgs[code] = self.centre.command(
                "organization.create", code=code, name=name, parent_id=parent
            )
        for login, name, role, org, title, licence in STAFF:
            self.centre.command(
                "staff.create",
                login=login,
                name=name,
                role=role,
                org_id=self.orgs[org],
                password=PASSWORDS["default"],
                must_change=False,
                title=title,
                licence_no=licence,
            )

    def draw_line(self) -> None:
        """Put the line that will be cut between branch B01 and the centre."""
        target = f"127.0.0.1:{self.centre.port}"
        arguments = ["-m", "sync.tools.fault_proxy", "--listen", "0", "--to", target]
        self.proxy = Running("line", arguments, self.logs).start()
        self.line_port = self.proxy.json_line()["port"]

    def enrol(self) -> dict[str, str]:
        """Let the three workstations join with one-time codes; returns their device ids."""
        self.centre.sign_in("it", PASSWORDS["default"])
        return {desk: self._enrol(desk, org) for desk, org in DESKS.items()}

    def _enrol(self, desk: str, org: str) -> str:
        code = self.centre.command("workstation.issue_code", org_id=self.orgs[org])["code"]
        server = f"http://127.0.0.1:{self.line_port}" if desk == "desk-b01" else self.centre.address
        done = subprocess.run(
            [sys.executable, "-m", "client.enrol", "--home", str(self.home / desk), "--server", server,
             "--code", code, "--name", desk],
            cwd=ROOT, env={**os.environ, **self.client_env(desk)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise ProcessError(f"{desk} was not enrolled: {done.stderr[-800:]}")
        return done.stdout.strip()

    def client_env(self, desk: str) -> dict[str, str]:
        """Return the environment of a workstation's programs."""
        return {
            "PYTHONPATH": str(ROOT),
            "AFTERCHECK_KEY_FILE": str(self.home / desk / PREFIX_KEY),
            "AFTERCHECK_DEMO_CLOCK": str(self.home / "centre" / "clock-offset"),
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        }

    def plug_in(self, desk: str = "desk-b01") -> None:
        """Plug simulated devices and two label printers into a workstation."""
        self.devices = devices.plug_in(self.home / desk, self.labels, self.logs)

    def spool(self) -> Path:
        """Put a print command in front of the system's own: what would be on paper lies in the folder returned."""
        self.printed.mkdir(exist_ok=True)
        self.bin.mkdir(exist_ok=True)
        program = self.bin / "lp"
        program.write_text(
            f'#!/bin/sh\nfor last in "$@"; do :; done\ncp "$last" "{self.printed}/$$.part" && '
            f'mv "{self.printed}/$$.part" "{self.printed}/$$.pdf"\n'
        )
        program.chmod(0o755)
        return self.printed

    def shoot(self, desk: str, name: str) -> None:
        """Take the picture of a workstation's window in both sizes that matter."""
        for width, height in SIZES:
            path = self.pictures / f"{name}-{width}.png"
            self.clients[desk].do("screenshot", path=str(path), size=[width, height])

    # People

    def open_client(self, desk: str) -> Pilot:
        """Start a workstation's program under remote control."""
        if desk not in self.clients:
            arguments = ["-m", "client", "--home", str(self.home / desk), "--pilot"]
            self.clients[desk] = Pilot(desk, arguments, self.logs, self.client_env(desk))
        self.clients[desk].start()
        return self.clients[desk]

    def sign_in(self, desk: str, login: str) -> Pilot:
        """Let a person sit down at a workstation."""
        pilot = self.clients[desk]
        pilot.do("sign_in", login=login, password=PASSWORDS["default"], timeout=30)
        return pilot

    def close(self) -> None:
        """End everything, politely."""
        for pilot in self.clients.values():
            pilot.stop()
        for device in self.devices.values():
            device.stop()
        if self.proxy is not None:
            self.proxy.stop()
        self.centre.stop()
