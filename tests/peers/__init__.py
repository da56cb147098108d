"""Other people's tus programs, installed from their registries into .state/peers, to test and measure against."""

import json
import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1] / ".state" / "peers"
NPM = ("@tus/server@2.4.5", "@tus/file-store@2.1.1", "tus-js-client@4.3.1")
PYPI = ("tuspyserver==4.4.3", "uvicorn==0.54.0", "tuspy==1.1.0", "requests==2.34.2")
INSTALL_S = 300


class MissingPeerError(Exception):
    """A peer cannot be installed here; the text says why."""


@dataclass
class Served:
    """A server process that told its port in its first line."""

    process: "subprocess.Popen[str]"
    port: int

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()


def npm_folder() -> Path:
    """Install the npm packages once and return the folder from which node finds them.

    Raises:
        MissingPeerError: No node or npm here, or the registry cannot be reached.
    """
    folder = HOME / "npm"
    if not (shutil.which("node") and shutil.which("npm")):
        raise MissingPeerError("node and npm are not installed")
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent", *NPM]
    once(folder, list(NPM), lambda: run(command))
    for script in HERE.glob("*.mjs"):  # node looks for packages beside the script
        shutil.copy(script, folder)
    return folder


def python_of_peers() -> Path:
    """Install the PyPI packages into an environment of their own once; return its interpreter; raises as above."""
    folder = HOME / "venv"
    python = folder / "bin" / "python"

    def install() -> None:
        venv.create(folder, with_pip=True, clear=True)
        run([str(python), "-m", "pip", "install", "--quiet", *PYPI])

    once(folder, list(PYPI), install)
    return python


def tus_node_server(files: Path) -> Served:
    """Start @tus/server with its file store, as its own documentation does."""
    return serve(["node", str(npm_folder() / "tus_server.mjs"), str(files)])


def tuspyserver(files: Path, *, fsync: bool = True) -> Served:
    """Start tuspyserver with its storage that calls fsync (and keeps nothing of a cut PATCH), or with its default."""
    command = [
        str(python_of_peers()),
        str(HERE / "tuspyserver_app.py"),
        str(files),
        *(["fsync"] if fsync else []),
    ]
    return serve(command, stderr=subprocess.DEVNULL)  # it tells every HEAD


def serve(command: list[str], **options: object) -> Served:
    """Start a server that tells its port in a line of JSON."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]
    line = process.stdout.readline()
    if not line:
        process.wait(10)
        raise MissingPeerError(f"{command[0]} ended at once with {process.returncode}")
    return Served(process, json.loads(line)["port"])


def once(folder: Path, wanted: list[str], install: object) -> None:
    """Call `install()` unless what is wanted was installed into the folder before."""
    mark = folder / "installed.json"
    if mark.exists() and json.loads(mark.read_text("utf-8")) == wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    install()  # type: ignore[operator]
    mark.write_text(json.dumps(wanted), "utf-8")


def run(command: list[str]) -> None:
    """Run a command; MissingPeerError with what it said if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if done.returncode:
        raise MissingPeerError(f"{command[0]}: {done.stderr[-500:]}")
