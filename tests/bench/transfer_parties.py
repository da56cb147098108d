"""Who takes part in the benches of transfer: our centre and client as processes, the peers, and their clients."""

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import requests

from server.settings import Settings
from server.storage_key import centre_blobs
from sync.device_auth import new_key, public_text
from tests import peers
from tests.server.conftest import PASSWORD, prepare

ROOT = Path(__file__).resolve().parents[2]
PUT = ROOT / "tests/peers/plain_put.py"
CLIENT_S = 120


@dataclass
class Party:
    """A server that takes uploads, with what its clients need."""

    served: peers.Served
    endpoint: str
    stored: Callable[[], Path | None]
    """The file that the last upload became."""
    open: Callable[[Path], BinaryIO]
    """Opens it for what it holds: ours lie sealed."""
    device: str = ""
    """Our workstation's identity for `upload_client`, empty for peers."""

    def holds(self, sha256: str) -> bool:
        """Tell whether the last upload became a file of this content."""
        stored = self.stored()
        if stored is None:
            return False
        with self.open(stored) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def cpu_s(self) -> float:
        """Processor seconds of the server so far, user and system."""
        fields = Path(f"/proc/{self.served.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self) -> float:
        """The most memory the server has held since `forget_peak`."""
        return _status_kib(self.served.process.pid, "VmHWM") / 1024

    def now_mib(self) -> float:
        return _status_kib(self.served.process.pid, "VmRSS") / 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.served.process.pid}/clear_refs").write_text("5")


def our_centre(home: Path) -> Party:
    """Initialise and start the product's own server, and enrol a workstation in it."""
    home.mkdir(parents=True, exist_ok=True)
    facts = prepare(Settings(data_dir=home, least_free_bytes=0))
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")},
        "PYTHONPATH": str(ROOT), "AFTERCHECK_LEAST_FREE_BYTES": "0",
    }  # fmt: skip
    with (home / "server.log").open("ab") as log:
        command = [sys.executable, "-m", "server", "--home", str(home), "serve", "--port", "0"]
        served = peers.serve(command, cwd=ROOT, env=environment, stderr=log)
    url = f"http://127.0.0.1:{served.port}"
    with requests.Session() as http:
        signed = http.post(
            f"{url}/api/session", json={"login": "it", "password": PASSWORD}, timeout=30
        ).json()
        http.headers["Authorization"] = f"Bearer {signed['token']}"
        order = {"org_id": str(facts.orgs["B01"])}
        issued = http.post(f"{url}/api/commands/workstation.issue_code", json=order, timeout=30).json()
        key = new_key()
        body = {"code": issued["receipt"]["code"], "name": "前台一", "public_key": public_text(key)}
        told = http.post(f"{url}/api/enrol", json=body, timeout=30).json()
    device = json.dumps({"id": told["device_id"], "key": key.private_bytes_raw().hex()})
    return Party(
        served, f"{url}/sync/v1/uploads", lambda: _newest(home / "blobs"), _opened_from(home), device
    )


def node_server(folder: Path) -> Party:
    served = peers.tus_node_server(folder)
    return Party(served, f"http://127.0.0.1:{served.port}/files", lambda: _newest(folder), _plain)


def python_server(folder: Path, *, fsync: bool = True) -> Party:
    served = peers.tuspyserver(folder, fsync=fsync)
    return Party(served, f"http://127.0.0.1:{served.port}/files", lambda: _newest(folder), _plain)


def put_server(folder: Path) -> Party:
    served = peers.serve([sys.executable, str(PUT), "serve", str(folder / "put")])
    return Party(served, f"http://127.0.0.1:{served.port}/", lambda: folder / "put", _plain)


def our_client(
    party: Party, endpoint: str, file: Path, sha256: str, patch: int, state: Path, smallest: int = 0
) -> dict[str, Any]:
    """Upload with the branch's client in a process of its own; returns what it measured.

    Args:
        patch: Bytes of each PATCH, or of the largest if `smallest` is given.
    """
    command = [
        sys.executable, "-m", "tests.bench.upload_client", endpoint, str(file), sha256, str(patch), str(state),
        "--device", party.device, "--smallest", str(smallest or patch),
    ]  # fmt: skip
    return _told(command)


def tuspy_client(endpoint: str, file: Path, patch: int, limit_s: int = CLIENT_S) -> dict[str, Any]:
    script = str(ROOT / "tests/peers/tuspy_upload.py")
    return _told([str(peers.python_of_peers()), script, endpoint, str(file), str(patch)], limit_s)


def js_client(endpoint: str, file: Path, patch: int, limit_s: int = CLIENT_S) -> dict[str, Any]:
    begun = time.perf_counter()
    script = str(peers.npm_folder() / "tus_upload.mjs")
    told = _told(["node", script, endpoint, str(file), str(patch), '{"filename": "file"}'], limit_s)
    return {"seconds": time.perf_counter() - begun, **told}


def put_client(endpoint: str, file: Path) -> dict[str, Any]:
    return _told([sys.executable, str(PUT), "send", endpoint, str(file)])


def make_file(path: Path, size: int, seed: int) -> str:
    """Write `size` random bytes and return their SHA-256."""
    chance, digest = random.Random(seed), hashlib.sha256()  # noqa: S311 (a seeded sample)
    with path.open("wb") as file:
        for start in range(0, size, 1 << 20):
            piece = chance.randbytes(min(1 << 20, size - start))
            digest.update(piece)
            file.write(piece)
        os.fsync(file.fileno())
    return digest.hexdigest()


def _plain(path: Path) -> BinaryIO:
    return path.open("rb")


def _opened_from(home: Path) -> Callable[[Path], BinaryIO]:
    blobs = centre_blobs(Settings(data_dir=home))
    return lambda path: blobs.open(path.name)


def _newest(folder: Path) -> Path | None:
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in {".json", ".info", ".lock"}]
    return max(files, key=lambda p: p.stat().st_mtime_ns, default=None)


def _status_kib(pid: int, name: str) -> int:
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith(name + ":"))


def _told(command: list[str], limit_s: int = CLIENT_S) -> dict[str, Any]:
    """Run a client and return what it printed; raises RuntimeError, or TimeoutExpired after `limit_s`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=limit_s, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[:3]}: {done.stdout[-500:]} {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
