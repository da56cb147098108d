"""Opening the real client on the data of a demonstration, with its server behind it: ``./dev run``."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.journeys.day.centre import PASSWORDS, Centre
from tests.journeys.day.people import STAFF
from tests.journeys.day.processes import ROOT

SEATS = {"B01": "desk-b01", "B02": "desk-b02", "HQ": "desk-hq"}


def open_desk(out: Path, login: str = "") -> int:
    """Start the centre and one workstation; returns when its window is closed.

    Args:
        out: Folder of an earlier demonstration.
        login: Account to begin with; the nurse of the first branch if not given.
    """
    login = login or "zhou"
    accounts = {name: (person, role, org) for name, person, role, org, _, _ in STAFF}
    if login not in accounts:
        sys.stderr.write(f"没有账号 {login}；可用账号：{'、'.join(accounts)}\n")
        return 2
    desk = SEATS[accounts[login][2]]
    home = (out / "home").resolve()
    logs = out.resolve() / "logs"
    centre = Centre(home / "centre", logs)
    _point_at(home / desk, centre.address)
    centre.start()
    for name, (person, role, org) in accounts.items():
        sys.stdout.write(f"  {name:<8}{person}（{role}，{org}）  口令 {PASSWORDS['default']}\n")
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "AFTERCHECK_KEY_FILE": str(home / desk / "store.key"),
        "AFTERCHECK_DEMO_CLOCK": str(home / "centre" / "clock-offset"),
    }
    try:
        return subprocess.run(
            [sys.executable, "-m", "client", "--home", str(home / desk), "--login-as", login],
            cwd=ROOT,
            env=env,
            check=False,
        ).returncode
    finally:
        centre.stop()


def _point_at(home: Path, address: str) -> None:
    """Tell the workstation where the centre listens now, and that its simulated devices are gone."""
    from sqlalchemy import update

    from sync.local_tables import installation
    from sync.stores import open_branch_store

    store = open_branch_store(
        home / "branch.db", bytes.fromhex((home / "store.key").read_text("ascii").strip())
    )
    with store.write() as connection:
        connection.execute(update(installation).values(server=address))
    store.close()
    (home / "devices.json").write_text(json.dumps({"ports": [], "printers": []}), "utf-8")
