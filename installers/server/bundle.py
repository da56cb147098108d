"""The server as one archive: its code and content, the lock file of its packages, and the deployment files."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from installers.layout import ROOT, BuildError
from installers.server.plan import Plan, write

OURS = ("domain", "forms", "sync", "devices", "server", "resources")
BESIDE = ("pyproject.toml", "uv.lock", "README.md", "CHANGELOG.md")


def build_bundle(target: Path, plan: Plan) -> Path:
    """Write the archive; it unpacks to `plan.program`'s last name. BuildError if tar cannot."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / Path(plan.program).name
        folder.mkdir()
        for name in OURS:
            left_out = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(ROOT / name, folder / name, ignore=left_out)
        (folder / "docs").mkdir()
        shutil.copyfile(ROOT / "docs" / "operations.md", folder / "docs" / "operations.md")
        for name in BESIDE:
            shutil.copyfile(ROOT / name, folder / name)
        write(plan, folder / "deploy")
        shutil.copyfile(folder / "deploy" / "Containerfile", folder / "Containerfile")
        target.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(  # noqa: S603
            ["tar", "--create", "--gzip", "--owner=0", "--group=0", "--numeric-owner", "--file", str(target),  # noqa: S607
             "--directory", scratch, folder.name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise BuildError(f"tar: {done.stderr}")
    return target
