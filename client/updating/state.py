"""``program/state.json``: which version of our code runs; the boot script (`installers/boot`) reads and writes too.

Standard library only.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

BASE, BOOT, RUNS, TRIAL = "AFTERCHECK_BASE", "AFTERCHECK_BOOT", "AFTERCHECK_RUNS", "AFTERCHECK_TRIAL"


class ProgramState:
    """The versions of one installation.

    Args:
        home: Folder of the installation's data.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / "program"
        self._file = self.folder / "state.json"

    def read(self) -> dict[str, Any]:
        """Return what is known; nothing where no update ever came."""
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def bad(self) -> dict[str, str]:
        """Return versions that are not tried again, with the reason: ``did_not_start``, ``silent``, ``by_hand``."""
        found = self.read().get("bad")
        return found if isinstance(found, dict) else {}

    def version_folder(self, version: str) -> Path:
        """Return where the code of a version lies."""
        return self.folder / "versions" / version

    def put_on_trial(self, version: str, base: str) -> None:
        """Let the next start try a version; `base` is the version the installer brought."""
        told = {**self.read(), "trial": version, "tries": 0, "base": base}
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_name("state.json.part")
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._file)


def program_command() -> list[str]:
    """Return the command that starts this program anew, without its arguments."""
    boot = os.environ.get(BOOT, "")
    return [sys.executable, boot] if boot else [sys.executable]


def installed_folder() -> Path | None:
    """Return the folder of the installed program, None for one that was not installed (a source tree)."""
    told = os.environ.get(BASE)
    return Path(told) if told else None
