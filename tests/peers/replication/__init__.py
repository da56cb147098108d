"""Other people's replication (PouchDB, RxDB), installed by its lock file into .state/peers, to measure against.

Each program is a script beside this file and prints a line of JSON; they are copied to where node finds the packages.
"""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests import peers

HERE = Path(__file__).resolve().parent
CLIENT_S = 1200


def folder() -> Path:
    """Install the packages once and return the folder of the scripts.

    Raises:
        MissingPeerError: No node or npm here, or the registry cannot be reached.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise peers.MissingPeerError("node and npm are not installed")
    target = peers.HOME / "replication"
    lock = HERE / "package-lock.json"

    def install() -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, target)
        # The store of PouchDB comes compiled in its package; no script of a package is run.
        peers.run(
            ["npm", "ci", "--prefix", str(target), "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
        )

    peers.once(target, [hashlib.sha256(lock.read_bytes()).hexdigest()], install)
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, target)
    return target


def pouch_server(files: Path) -> peers.Served:
    """Start express-pouchdb over LevelDB in a folder."""
    files.mkdir(parents=True, exist_ok=True)
    return peers.serve(["node", str(folder() / "pouch_server.mjs"), str(files)], cwd=files)


def rxdb_server() -> peers.Served:
    """Start an RxDB in memory as the master of a replication over HTTP."""
    return peers.serve(["node", str(folder() / "rxdb_server.mjs")])


def pouch_client(action: str, files: Path, url: str, given: str) -> dict[str, Any]:
    """Fill, push from or pull into a PouchDB in a folder; see ``pouch_client.mjs``."""
    return _told(["node", str(folder() / "pouch_client.mjs"), action, str(files), url, given], files.parent)


def rxdb_client(action: str, url: str, lines: Path, batch: int) -> dict[str, Any]:
    """Push from or pull into an RxDB in memory; see ``rxdb_client.mjs``."""
    command = ["node", str(folder() / "rxdb_client.mjs"), action, url, str(lines), str(batch)]
    return _told(command, lines.parent)


def _told(command: list[str], cwd: Path) -> dict[str, Any]:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=CLIENT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[:3]}: {done.stdout[-500:]} {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
