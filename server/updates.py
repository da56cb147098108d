"""Versions the centre passes on: the vendor's signed folder as it came.

``updates`` in the data folder holds ``metadata`` and ``targets`` (made by `installers.updates`). Which workstation is
to run which is a record (`domain.versions`).
"""

import functools
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from domain.kernel.errors import DomainError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


def updates_folder(data_dir: Path) -> Path:
    """Return where the centre keeps them."""
    return data_dir / "updates"


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
    return sorted(versions(folder))


def rings_of_a_file(folder: Path) -> list[dict[str, str]]:
    """Return what an older program kept of rings in a file: version, organisation or workstation of each (ids)."""
    try:
        found: dict[str, Any] = json.loads((folder / "rings.json").read_text("utf-8"))
    except FileNotFoundError:
        return []
    rings = [{"version": found["all"]}] if found.get("all") else []
    rings += [{"version": version, "org": org} for org, version in found.get("orgs", {}).items()]
    return rings + [{"version": v, "workstation": device} for device, v in found.get("devices", {}).items()]


def forget_file(folder: Path) -> None:
    """Put the file of an older program aside: the store has what it said."""
    (folder / "rings.json").replace(folder / "rings.json.taken")


def versions(folder: Path) -> set[str]:
    """Return the versions that are here."""
    names = (p.name for p in (folder / "targets").glob("app-*.tar.zst"))
    return {name.removeprefix("app-").removesuffix(".tar.zst") for name in names}
