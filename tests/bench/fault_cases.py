"""The single cases of `bench_faults`: a proxy that cuts, a line that goes silent, a server that is killed."""

import json
import random
import socket
import subprocess
import sys
import threading
import time
import uuid
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sync.tools.fault_proxy import FaultProxy
from sync.tools.faults import Line
from sync.tus.client import TusClient
from sync.tus.client_state import SqliteTransferState
from sync.tus.pacing import ClientSettings
from sync.tus.protocol import OFFSET_OCTET_STREAM, encode_metadata
from sync.tus.source import BytesSource
from tests.bench.goals import Goals, percentile
from tests.bench.transfer_parties import ROOT, Party
from tests.sync_tus.centre import DEVICE, RunningCentre, blobs_of, holds
from tests.sync_tus.power_cut import lost_power
from tests.sync_tus.seeded import seeded

TUS = {**DEVICE, "Tus-Resumable": "1.0.0"}
STALL_LIMIT_S = 25.0
PEERS_WAIT_S = 30.0


@dataclass(frozen=True)
class Broken:
    """What one upload over a breaking line took."""

    again: int
    """Bytes of the content that passed the proxy more than once."""
    beyond: int
    """All bytes that passed beyond the content once: those and the heads of the requests."""
    seconds: float
    resets: int
    client_mib: float
    right: bool
    finished: bool
    """False for a client that gave up or was stopped at its time limit: its figures are those so far."""


def through_cuts(
    party: Party,
    way: Callable[[str], dict[str, Any]],
    size: int,
    sha256: str,
    every: int,
    *,
    drop: bool = False,
) -> Broken:
    """Upload through a proxy that resets every connection each time `every` bytes have gone up.

    The line takes all that a fast client gives it. What has passed arrives before the reset, or with `drop` is lost
    as far as the server's machine has not taken it.
    """
    host, _, path = party.endpoint.removeprefix("http://").partition("/")
    address, _, port = host.partition(":")
    proxy, tally = FaultProxy(address, int(port), narrow=False), Tally()
    proxy.watch_up = tally.see
    proxy.start()
    try:
        (proxy.drop_every if drop else proxy.reset_every)(every)
        begun = time.perf_counter()
        try:
            told = way(f"http://127.0.0.1:{proxy.port}/{path}")
        except (
            RuntimeError,
            subprocess.TimeoutExpired,
        ) as failed:  # a peer that gives up, or does not get on
            sys.stdout.write(f"  gave up: {str(failed)[-200:]}\n")
            told = {"seconds": time.perf_counter() - begun}
        finished = "peak_kib" in told or "url" in told
        right = party.holds(sha256)
        if stored := party.stored():
            stored.unlink()
        peak = told.get("peak_kib", 0) / 1024
        return Broken(
            tally.again, proxy.up_bytes - size, told["seconds"], proxy.resets, peak, right, finished
        )
    finally:
        proxy.stop()


class Tally:
    """Counts how much of the content goes up more than once, by the heads of the PATCH requests."""

    def __init__(self) -> None:
        self.again = 0
        self._furthest = 0
        self._heads: weakref.WeakKeyDictionary[Line, bytes] = weakref.WeakKeyDictionary()
        self._at: weakref.WeakKeyDictionary[Line, tuple[int, int]] = weakref.WeakKeyDictionary()

    def see(self, line: Line, data: bytes) -> None:
        """Take a piece of what a client sends."""
        while data:
            at, left = self._at.get(line, (0, 0))
            if left:
                count = min(left, len(data))
                self.again += min(count, max(0, self._furthest - at))
                self._furthest = max(self._furthest, at + count)
                self._at[line] = (at + count, left - count)
                data = data[count:]
                continue
            head, end, data = (self._heads.get(line, b"") + data).partition(b"\r\n\r\n")
            self._heads[line] = b"" if end else head
            if end:
                self._at[line] = (_number(head, b"upload-offset"), _number(head, b"content-length"))


def _number(head: bytes, name: bytes) -> int:
    rows = (row.partition(b":") for row in head.split(b"\r\n")[1:])
    return next((int(value) for found, _, value in rows if found.strip().lower() == name), 0)


def half_open(goals: Goals, folder: Path, count: int) -> None:
    """A line dies in mid-body without a word; its successor asks where the upload stands, others work on."""
    centre = _Killable(
        folder / "half-open"
    )  # a process of its own: who measures must not slow down what it measures
    stopping, others = threading.Event(), []

    def other(_number: int) -> None:
        with requests.Session() as session:
            path = _create(session, centre.url, 1000)
            while not stopping.is_set():
                begun = time.perf_counter()
                session.head(centre.url + path, headers=TUS, timeout=10)
                others.append(time.perf_counter() - begun)
                stopping.wait(0.005)

    took: list[float] = []
    with ThreadPoolExecutor(4) as pool, requests.Session() as session:
        try:
            for number in range(4):
                pool.submit(other, number)
            took.extend(_take_over(session, centre) for _ in range(count))
        finally:
            stopping.set()
    centre.kill()
    goals.note(takeover_median_s=percentile(took, 0.5), others_requests=len(others))
    goals.goal("faults_half_open_takeover_s", max(took), "<=", 0.15)
    goals.goal("faults_others_p99_s", percentile(others, 0.99), "<", 0.1)


def _take_over(session: requests.Session, centre: "_Killable") -> float:
    content = b"h" * (4 << 20)
    path = _create(session, centre.url, len(content), BytesSource(content).sha256)
    with socket.create_connection(("127.0.0.1", centre.port)) as line:
        line.sendall(_patch_head(path, 0, len(content)) + content[: 3 << 20])
        waiting = threading.Event()
        data = centre.root / "uploads" / f"{path}.sealed"
        while data.stat().st_size < 2 << 20:
            waiting.wait(0.001)
        begun = time.perf_counter()
        answer = session.head(centre.url + path, headers=TUS, timeout=10)
        took = time.perf_counter() - begun
    if int(answer.headers["Upload-Offset"]) < 2 << 20:
        raise RuntimeError("the predecessor's bytes are lost")
    session.delete(centre.url + path, headers=TUS, timeout=10)
    return took


def stall(goals: Goals, folder: Path) -> None:
    """A router forgets the connection in mid-body; the client's own time limits, as they are set by default."""
    centre = RunningCentre(folder / "stall")
    proxy = FaultProxy("127.0.0.1", centre.port).start()
    proxy.throttle(40_000_000)
    state = SqliteTransferState(folder / "stall-state")
    session = requests.Session()
    session.headers.update(DEVICE)
    client = TusClient(f"http://127.0.0.1:{proxy.port}/", state, session=session,
                       settings=ClientSettings(largest_patch=8 << 20))  # fmt: skip
    source = BytesSource(seeded(4).randbytes(24 << 20))
    told: list[tuple[float, int]] = []
    frozen: list[float] = []

    def progress(done: int, _total: int) -> None:
        told.append((time.perf_counter(), done))
        if done > 4 << 20 and not frozen:
            timer = threading.Timer(0.2, lambda: (proxy.freeze(), frozen.append(time.perf_counter())))
            timer.start()

    done = client.upload(source, progress=progress).done
    after = [at for at, _ in told if frozen and at > frozen[0] + 0.5]
    proxy.stop()
    centre.stop()
    goals.goal("faults_stalled_line_resumed_s", after[0] - frozen[0] if done else 1e9, "<=", STALL_LIMIT_S)


def kills(goals: Goals, folder: Path, count: int, most_lost: int, seed: int) -> None:
    """SIGKILL a server process at random points of a PATCH, start it again, go on; the files must be right."""
    chance, root = seeded(seed + 8), folder / "kills"
    size, lost, wrong, killed, uploads = 96 << 20, [], 0, 0, 0
    with requests.Session() as session:
        server = _Killable(root)
        while killed < count:
            content = seeded(seed + killed).randbytes(size)
            sha256 = BytesSource(content).sha256
            path, offset = _create(session, server.url, size, sha256), 0
            while offset < size:
                kill = killed < count and size - offset > most_lost  # what is left then comes in one go
                sent = server.send_and_kill(path, content, offset, chance if kill else None)
                if kill:
                    killed += 1
                    server = _Killable(root, server.port)
                answer = session.head(server.url + path, headers=TUS, timeout=30)
                offset = int(answer.headers["Upload-Offset"])
                lost.append(max(0, sent - offset))
            wrong += not holds(root, sha256)
            blobs_of(root).remove(sha256)
            uploads += 1
        server.kill()
    goals.note(
        kills=killed, uploads=uploads, median_lost_kib=percentile([float(n) for n in lost], 0.5) / 1024
    )
    goals.goal("faults_wrong_files_after_sigkill", wrong, "<=", 0)
    goals.goal("faults_most_lost_by_sigkill_mib", max(lost) / (1 << 20), "<=", most_lost / (1 << 20))


class _Killable:
    """The tests' centre as a process."""

    def __init__(self, root: Path, port: int = 0) -> None:
        command = [
            sys.executable,
            "-m",
            "tests.sync_tus.centre",
            str(root),
            "--port",
            str(port),
            "--as-product",
        ]
        self.root = root
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.port = int(json.loads(self._process.stdout.readline())["port"])
        self.url = f"http://127.0.0.1:{self.port}/"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)
        if self._process.stdout:
            self._process.stdout.close()

    def send_and_kill(self, path: str, content: bytes, offset: int, chance: random.Random | None) -> int:
        """Send the rest of `content` and kill the server on the way; returns how far it was sent."""
        most = min(40 << 20, len(content) - offset)
        end = len(content) if chance is None else offset + chance.randrange(1, most + 1)
        sent, piece = offset, 64 << 10
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
            line.sendall(_patch_head(path, offset, len(content) - offset))
            while sent < min(end, len(content)):
                line.sendall(memoryview(content)[sent : min(sent + piece, end)])
                sent = min(sent + piece, end, len(content))
            if chance is None:
                line.recv(4096)
            else:
                self.kill()
        return sent


def power_cuts(goals: Goals, folder: Path, count: int, seed: int) -> None:
    """Drop what was not synced when the power goes, start again from what is left, finish the upload."""
    wrong = sum(not lost_power(folder / f"power-{number}", seed=seed + number) for number in range(count))
    goals.note(power_cuts=count)
    goals.goal("faults_wrong_files_after_power_cut", wrong, "<=", 0)


def _create(session: requests.Session, url: str, length: int, sha256: str = "") -> str:
    metadata = encode_metadata({"sha256": sha256} if sha256 else {"name": uuid.uuid4().hex})
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata}
    return session.post(url, headers=headers, timeout=30).headers["Location"].lstrip("/")


def _patch_head(path: str, offset: int, length: int) -> bytes:
    rows = {
        **TUS,
        "Host": "x",
        "Upload-Offset": offset,
        "Content-Type": OFFSET_OCTET_STREAM,
        "Content-Length": length,
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in rows.items())
    return f"PATCH /{path} HTTP/1.1\r\n{text}\r\n".encode()
