"""A centre for the tests: engine, blob store and ASGI application on a real port, in a thread or as a process."""

import argparse
import hashlib
import json
import signal
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from server.body_socket import BodySocketProtocol
from sync.blobs import BlobStore
from sync.sealed_files import CHUNK, HEAD, SEALED
from sync.tus.asgi import Scope, TusApp
from sync.tus.engine import TusEngine
from sync.tus.handover import FinishedUpload
from sync.tus.keeper import Limits
from sync.tus.sealed_storage import _NOTE, _PLACE_BYTES
from sync.tus.state import SqliteUploadState

DEVICE = {"X-Device": "branch-1"}
KEY = bytes(range(32))


def blobs_of(root: Path) -> BlobStore:
    """Return the files of a centre on this directory: sealed, as those of the product."""
    return BlobStore(root / "blobs", KEY)


def holds(root: Path, sha256: str) -> bool:
    """Tell whether a centre has a file, whole and right."""
    blobs = blobs_of(root)
    return blobs.has(sha256) and hashlib.sha256(blobs.get(sha256)).hexdigest() == sha256


def authorise(scope: Scope) -> str | None:
    return dict(scope["headers"]).get(b"x-device", b"").decode() or None


def arrived(root: Path, upload_id: str) -> int:
    """Return how many bytes of an unfinished upload another request would find; FileNotFoundError before it began."""
    folder = root / "uploads"
    number = max(0, (folder / f"{upload_id}.sealed").stat().st_size - HEAD) // SEALED
    noted = folder / f"{upload_id}.tail"
    tail = noted.read_bytes() if noted.exists() else b""
    notes = [_NOTE.unpack_from(tail, at) for at in (0, _PLACE_BYTES) if len(tail) > at]
    return number * CHUNK + max((length for chunk, length in notes if chunk == number), default=0)


class Centre:
    """Everything a centre keeps under one directory; a second one on the same directory is a restart."""

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.blobs = blobs_of(root)
        self.state = SqliteUploadState(root / "uploads.db")
        self.received: list[FinishedUpload] = []
        self.engine = TusEngine(
            root / "uploads",
            self.state,
            self._receive,
            already_have=lambda sha256, _device: self.blobs.has(sha256),
            limits=limits or Limits(spare_bytes=0),
            key=KEY,
        )
        self.engine.recover()
        self.app = TusApp(self.engine, authorise, idle_s=120.0, watch_s=0.1)

    def _receive(self, upload: FinishedUpload) -> None:
        self.blobs.adopt(upload.path, upload.sha256, sealed=upload.sealed)
        self.received.append(upload)


class RunningCentre(Centre):
    """A centre behind uvicorn in a thread."""

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        super().__init__(root, limits)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        config = uvicorn.Config(
            self.app, lifespan="off", log_level="error", access_log=False, http=BodySocketProtocol
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)
        self._socket.close()
        self.state.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--as-product", action="store_true", help="commit as seldom as the product does")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    often = Limits(spare_bytes=0, commit_bytes=256 << 10, commit_s=0.05)
    centre = Centre(options.root, Limits(spare_bytes=0) if options.as_product else often)
    listener = socket.create_server(("127.0.0.1", options.port))
    sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        centre.app, lifespan="off", log_level="error", access_log=False, http=BodySocketProtocol
    )
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
