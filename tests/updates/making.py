"""Small versions of a program, in the layout of the real one, and the folder of an installation they run in."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fixtures.product_source import ROOT

MAIN = """import os, pathlib, sys, time
from domain.version import VERSION

def main():
    with open(os.environ["RAN"], "a") as file:
        file.write(VERSION + "\\n")
    {does}
    mark = os.environ.get("AFTERCHECK_TRIAL")
    if mark:
        pathlib.Path(mark).write_text("started")
    return 0
"""
CHECK = "import sys\nsys.exit({code})\n"


def app(folder: Path, version: str, *, does: str = "pass", check: int = 0, ballast: str = "") -> Path:
    """Make the code of a version: what it does when started, how its check ends."""
    files = {
        "client/__init__.py": "",
        "client/main.py": MAIN.format(does=does),
        "client/updating/__init__.py": "",
        "client/updating/check.py": CHECK.format(code=check),
        "domain/__init__.py": "",
        "domain/version.py": f'VERSION = "{version}"\n',
        "resources/texts.yaml": ballast,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


class Installed:
    """An installation: the program as an installer put it there, and the folder of its data."""

    def __init__(self, folder: Path, version: str = "1.0.0", **how) -> None:
        self.base, self.home, self.ran = folder / "base", folder / "home", folder / "ran"
        self.home.mkdir(parents=True)
        app(self.base / "app", version, **how)
        (self.base / "boot").mkdir()
        self.boot = Path(shutil.copy(ROOT / "installers" / "boot" / "aftercheck_boot.py", self.base / "boot"))
        self.state_file = self.home / "program" / "state.json"

    def start(self, *arguments, **environment):
        """Start the program as a person does; returns (status, the versions that ran, in order)."""
        self.ran.write_text("")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK") and k != "PYTHONPATH"}
        done = subprocess.run(
            [sys.executable, self.boot, *arguments, "--home", self.home],
            env={**kept, "RAN": str(self.ran), "AFTERCHECK_TRIAL_S": "30", **environment},
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return done.returncode, self.ran.read_text().split()

    def put(self, version, **how):
        """Lay a version out as the lane of updates does."""
        return app(self.home / "program" / "versions" / version, version, **how)

    def state(self):
        return json.loads(self.state_file.read_text("utf-8"))
