"""The folder of one installation: where its store, its settings, its files and its log lie.

Standard library only: this is read before the first paint.
"""

import dataclasses
import os
import sys
from pathlib import Path

STORE_NAME = "branch.db"


@dataclasses.dataclass(frozen=True, slots=True)
class Home:
    """Paths of one installation under `folder`."""

    folder: Path

    @property
    def store(self) -> Path:
        """The encrypted store."""
        return self.folder / STORE_NAME

    @property
    def authority(self) -> Path:
        """Certificate of the centre's own authority (PEM), if it has one; nothing else is believed then."""
        return self.folder / "centre-ca.pem"

    @property
    def settings(self) -> Path:
        """What an administrator set for this workstation."""
        return self.folder / "settings.json"

    @property
    def preferences(self) -> Path:
        """What people chose on this workstation: theme, columns, last login name."""
        return self.folder / "preferences.json"

    @property
    def blobs(self) -> Path:
        """Attachments by content."""
        return self.folder / "blobs"

    @property
    def outbox(self) -> Path:
        """Packed bundles on their way."""
        return self.folder / "outbox"

    @property
    def exports(self) -> Path:
        """Tables people exported."""
        return self.folder / "exports"

    @property
    def log(self) -> Path:
        """The program's log; it never holds a name, a number or a text of a patient."""
        return self.folder / "logs" / "client.log"


def default_home() -> Path:
    """Return where the installation lives unless told otherwise (``AFTERCHECK_HOME``, or the usual place)."""
    told = os.environ.get("AFTERCHECK_HOME")
    if told:
        return Path(told)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Aftercheck"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "aftercheck"
