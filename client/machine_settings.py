r"""What the administrator of the machine laid down: settings nobody changes at the desk, and how to join by itself.

On Windows it comes from the registry under ``HKEY_LOCAL_MACHINE``: ``Software\Policies\Aftercheck`` (group
policies; `installers/policies.py` makes their ADMX) and ``Software\Aftercheck\Setup`` (what the installer was given).
Elsewhere from ``policy.json`` and ``setup.json`` in ``/etc/aftercheck``; ``AFTERCHECK_MACHINE`` names another folder.
Standard library only: it is read before the first paint.
"""

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any

ENVIRONMENT = "AFTERCHECK_MACHINE"
POLICY_KEY, SETUP_KEY = r"Software\Policies\Aftercheck", r"Software\Aftercheck\Setup"


@dataclasses.dataclass(frozen=True, slots=True)
class Setup:
    """How an empty machine joins at its first start without anybody typing.

    Attributes:
        server: Address of the centre.
        site: What the place is called; with the machine's name it makes the workstation's.
        token: Code from the administrator, for once.
        fingerprint: SHA-256 of the centre's own authority; empty where a public one vouches for it.
    """

    server: str = ""
    site: str = ""
    token: str = ""
    fingerprint: str = ""

    @property
    def joins(self) -> bool:
        """Whether there is enough to join by itself."""
        return bool(self.server and self.token)


def machine_policy() -> dict[str, Any]:
    """Return the settings that are laid down, by name; values as the registry or JSON gives them.

    Raises:
        ValueError: ``policy.json`` is no JSON object.
        OSError: It is there and cannot be read.
    """
    return _values(POLICY_KEY, "policy.json")


def machine_setup() -> Setup:
    """Return what the installer was given; nothing where it cannot be read: then a person types."""
    try:
        given = _values(SETUP_KEY, "setup.json")
    except (OSError, ValueError):
        return Setup()
    plain = {name.lower(): value.strip() for name, value in given.items() if isinstance(value, str)}
    return Setup(**{f.name: plain.get(f.name, "") for f in dataclasses.fields(Setup)})


def _values(key: str, file: str) -> dict[str, Any]:
    told = os.environ.get(ENVIRONMENT)
    if sys.platform == "win32" and not told:
        return _registry(key)
    path = Path(told or "/etc/aftercheck") / file
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    given = json.loads(text)
    if not isinstance(given, dict):
        raise ValueError(f"{path}: not an object")
    return given


def _registry(key: str) -> dict[str, Any]:
    if sys.platform != "win32":
        return {}
    import winreg

    found: dict[str, Any] = {}
    try:
        opened = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY)
    except OSError:
        return found
    with opened:
        for number in range(winreg.QueryInfoKey(opened)[1]):
            name, value, _kind = winreg.EnumValue(opened, number)
            found[name] = value
    return found
