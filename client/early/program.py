"""Which program this is: compiled declarations of another one are not used. Standard library only."""

import os
import sys
from _blake2 import blake2b  # `hashlib` loads OpenSSL with it
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES, CONTENT = ("client", "devices", "domain", "sync"), ("resources",)
"""Folders whose files make the declarations."""
KINDS = (".py", ".yaml")


def fingerprint(root: Path = ROOT) -> str:
    """Return what changes with any declaration: places, sizes and times of the sources and the content.

    About 2 ms. An installed program has its sources too, in ``app`` or in the folder of the version that runs.
    """
    frozen = bool(getattr(sys, "frozen", False))
    folders = [f for f in SOURCES + CONTENT if not frozen or os.path.isdir(f"{root}{os.sep}{f}")]  # noqa: PTH112
    lines = sorted(line for folder in folders for line in _files(f"{root}{os.sep}{folder}"))
    if frozen:
        found = Path(sys.executable).stat()
        lines.append(f"{found.st_size} {found.st_mtime_ns}")
    return blake2b("\n".join([sys.version, *lines]).encode(), digest_size=32).hexdigest()


def _files(folder: str) -> list[str]:
    lines = []
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                name = entry.name
                if name.endswith(KINDS):
                    found = entry.stat()
                    lines.append(f"{entry.path} {found.st_size} {found.st_mtime_ns}")
                elif "." not in name and name != "__pycache__" and entry.is_dir():
                    waiting.append(entry.path)
    return lines
