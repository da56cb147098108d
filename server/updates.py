"""Versions the centre passes on: the vendor's signed folder as it came, and which workstation is to run which.

``updates`` in the data folder holds ``metadata`` and ``targets`` (made by `installers.updates`) and ``rings.json``:
a version for single workstations, for organisations, for all. The narrowest that names a workstation holds.
"""

import functools
import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from domain.kernel.errors import DomainError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
RINGS = ("devices", "orgs")


def updates_folder(data_dir: Path) -> Path:
    """Return where the centre keeps them."""
    return data_dir / "updates"


def offered(folder: Path, device: str, org: str) -> str:
    """Return the version a workstation is to run, empty for the one it has."""
    rings = _rings(folder)
    found: str = rings["devices"].get(device) or rings["orgs"].get(org) or rings.get("all", "")
    return found


def file_path(folder: Path, kind: str, name: str) -> Path:
    """Return a file of the signed folder; DomainError ``http.not_found``."""
    path = folder / kind / name
    if kind not in {"metadata", "targets"} or not _NAME.fullmatch(name) or not path.is_file():
        raise DomainError("http.not_found", reason=name)
    return path


@functools.lru_cache(maxsize=64)
def _digest(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tag_of(path: Path) -> str:
    """Return the SHA-256 of a file, read once: a fetch that was cut goes on only into the same bytes."""
    found = path.stat()
    return _digest(path, found.st_size, found.st_mtime_ns)


def take_over(folder: Path, source: Path) -> list[str]:
    """Copy a signed folder of the vendor; returns the versions here. Workstations prove it, not the centre.

    Files of versions first, the lists last and ``timestamp.json`` very last: whoever asks meanwhile sees one or the
    other list, never a half.

    Raises:
        DomainError: ``update.no_folder``: there is no such folder.
    """
    if not (source / "metadata" / "timestamp.json").is_file():
        raise DomainError("update.no_folder", path=str(source))
    for kind in ("targets", "metadata"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        names = sorted((source / kind).iterdir(), key=lambda p: (p.name == "timestamp.json", p.name))
        for path in names:
            unfinished = folder / kind / f"{path.name}.part"
            shutil.copyfile(path, unfinished)
            unfinished.replace(folder / kind / path.name)
    return sorted(_versions(folder))


def allow(folder: Path, version: str, *, device: str = "", org: str = "") -> dict[str, Any]:
    """Let one workstation, one organisation or all run `version`; an empty one takes the word back.

    Raises:
        DomainError: ``update.unknown``: the centre does not have it.
    """
    if version and version not in _versions(folder):
        raise DomainError("update.unknown", version=version)
    rings = _rings(folder)
    if device or org:
        ring = rings["devices" if device else "orgs"]
        ring.pop(device or org, None)
        if version:
            ring[device or org] = version
    else:
        rings["all"] = version
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / "rings.part"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(rings, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / "rings.json")
    return rings


def _versions(folder: Path) -> set[str]:
    names = (p.name for p in (folder / "targets").glob("app-*.tar.zst"))
    return {name.removeprefix("app-").removesuffix(".tar.zst") for name in names}


def _rings(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "rings.json").read_text("utf-8"))
    except FileNotFoundError:
        found = {}
    return {"devices": {}, "orgs": {}, "all": "", **found}
