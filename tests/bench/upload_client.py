"""The branch's client as a process of its own, with nothing else in it: uploads one file and prints what it took."""

import argparse
import json
import sys
import threading
import time
import uuid
from pathlib import Path

import requests

from sync.device_auth import key_from
from sync.http_auth import DeviceAuth, steady_clock
from sync.tus.client import TusClient
from sync.tus.client_state import SqliteTransferState
from sync.tus.pacing import ClientSettings
from sync.tus.source import FileSource


def peak_kib() -> int:
    """Return the most memory this process has held (`ru_maxrss` would count its parent's)."""
    rows = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmHWM"))


def main() -> None:
    """Upload; memory in KiB, times in seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("file", type=Path)
    parser.add_argument("sha256")
    parser.add_argument("patch", type=int)
    parser.add_argument("state", type=Path)
    parser.add_argument("--device", default="")
    parser.add_argument("--smallest", type=int, required=True)
    options = parser.parse_args()
    session = requests.Session()
    if options.device:
        device = json.loads(options.device)
        key = key_from(bytes.fromhex(device["key"]))
        session.auth = DeviceAuth(key, uuid.UUID(device["id"]), steady_clock())
    settings = ClientSettings(
        smallest_patch=options.smallest, largest_patch=options.patch, attempts=None, first_pause_s=0.01,
        longest_pause_s=0.05,
        **({"broken_patch": options.patch} if options.smallest == options.patch else {}),
    )  # fmt: skip
    client = TusClient(
        options.endpoint, SqliteTransferState(options.state), session=session, settings=settings
    )
    idle = peak_kib()
    begun, cpu = time.perf_counter(), time.process_time()
    client.upload(
        FileSource(options.file, options.sha256), metadata={"kind": "blob"}, cancel=threading.Event()
    )
    told = {
        "seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu, "idle_kib": idle,
        "peak_kib": peak_kib(),
    }  # fmt: skip
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
