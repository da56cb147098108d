"""What an installed program consists of, the same on every system: a runtime, the boot script, our own code.

``app`` holds our packages and content as sources with compiled modules beside them; it is what an update replaces.
"""

import compileall
import hashlib
import os
import py_compile
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ("client", "devices", "domain", "forms", "resources", "sync")
"""The packages of a workstation, in ``app``."""
BOOT = ROOT / "installers" / "boot" / "aftercheck_boot.py"
_LEFT_OUT = ("__pycache__", "*.pyc", "tools")


class BuildError(Exception):
    """What a build cannot go on without; its text says what and the remedy."""


def lay_out_app(target: Path, root: Path = ROOT) -> None:
    """Copy our packages to `target`, which must not exist; times are kept, tools of ours left out."""
    target.mkdir(parents=True)
    for name in OURS:
        left_out = _LEFT_OUT if name == "resources" else _LEFT_OUT[:2]
        shutil.copytree(root / name, target / name, ignore=shutil.ignore_patterns(*left_out))


def compile_all(folder: Path) -> None:
    """Compile every module, never to be looked at again: an installed program writes nothing beside itself."""
    done = compileall.compile_dir(
        folder, quiet=2, workers=0, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        stripdir=str(folder), maxlevels=30,
    )  # fmt: skip
    del done  # packages carry templates and old syntax on purpose that nobody imports


def runtime_of(root: Path = ROOT) -> str:
    """Return what changes with the runtime: packages of the lock file. Code for another one needs the installer."""
    return hashlib.sha256((root / "uv.lock").read_bytes()).hexdigest()[:16]


def lay_down_trust(target: Path) -> bool:
    """Put the root updates are believed by (``AFTERCHECK_UPDATE_ROOT``) and the runtime's name beside the program.

    Returns False without a root: such an installation takes no updates but by its installer.
    """
    (target / "runtime.txt").write_text(runtime_of(), "ascii")
    root = os.environ.get("AFTERCHECK_UPDATE_ROOT")
    if root:
        shutil.copyfile(root, target / "updates-root.json")
    return bool(root)


def size_mib(folder: Path) -> float:
    """Return what the files of a folder hold, in MiB."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 2**20
