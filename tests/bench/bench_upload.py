"""Uploading one large file in 8 MiB pieces: ours with fsync and checksums against peers without, side by side.

Every round sends a new file to each of them in turn, so that all meet the same machine and none has the content
already; a goal is the median of the rounds' ratios. A figure counts only if what was stored is what was sent. Our
client is given the SHA-256 of the file, as the product names every stored file by it.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import transfer_parties as parties
from tests.bench.goals import Goals
from tests.bench.transfer_parties import Party

PATCH = 8 << 20
GIB = 1 << 30
Way = Callable[[], dict[str, Any]]


class Rounds:
    """The servers, kept over all rounds, and what each way of uploading took in each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("node", "python", "put"):
            (folder / name).mkdir()
        self.ours = parties.our_centre(folder / "ours")
        self.node = parties.node_server(folder / "node")
        self.python = parties.python_server(folder / "python")
        self.put = parties.put_server(folder / "put")
        self.took: dict[str, list[float]] = {}
        self.cpu_per_gib: dict[str, list[float]] = {}
        self.client_cpu_per_gib: dict[str, list[float]] = {}
        self.wrong = 0
        self.idle_mib = self.ours.now_mib()
        self.client_mib = 0.0

    def stop(self) -> None:
        for party in (self.ours, self.node, self.python, self.put):
            party.served.stop()

    def run(self, number: int, size: int) -> None:
        """One round with a new file."""
        file = self._folder / "file"
        sha256 = parties.make_file(file, size, seed=number)
        state = self._folder / f"state-{number}"
        ours, node, python, put = self.ours, self.node, self.python, self.put
        ways: dict[str, tuple[Party, Way]] = {
            "ours": (ours, lambda: parties.our_client(ours, ours.endpoint, file, sha256, PATCH, state)),
            "tuspy_node": (node, lambda: parties.tuspy_client(node.endpoint, file, PATCH)),
            "put": (put, lambda: parties.put_client(put.endpoint, file)),
            "ours_node": (node, lambda: parties.our_client(node, node.endpoint, file, sha256, PATCH, state)),
            "tuspy_python": (python, lambda: parties.tuspy_client(python.endpoint, file, PATCH)),
        }
        for name, (party, way) in ways.items():
            before = party.cpu_s()
            told = way()
            if party is ours:
                self.client_mib = max(self.client_mib, (told["peak_kib"] - told["idle_kib"]) / 1024)
            scale = GIB / size
            self.took.setdefault(name, []).append(told["seconds"])
            self.cpu_per_gib.setdefault(name, []).append((party.cpu_s() - before) * scale)
            self.client_cpu_per_gib.setdefault(name, []).append(told["cpu"] * scale)
            if not party.holds(sha256):
                self.wrong += 1
                sys.stdout.write(f"  round {number}: {name} stored something else\n")
            if stored := party.stored():
                stored.unlink()
        shown = "  ".join(f"{name} {took[-1]:.2f}s" for name, took in self.took.items())
        sys.stdout.write(f"  round {number}: {shown}\n")
        sys.stdout.flush()

    def ratio(self, faster: str, slower: str) -> float:
        """The median over the rounds of how many times as fast `faster` was."""
        pairs = zip(self.took[slower], self.took[faster], strict=True)
        return statistics.median(theirs / ours for theirs, ours in pairs)


def memory(goals: Goals, folder: Path, mib: int) -> int:
    """Upload one file of `mib` with our client to our server alone; what either held above its idle state."""
    ours = parties.our_centre(folder / "ours")
    idle_mib = ours.now_mib()
    try:
        sha256 = parties.make_file(folder / "file", mib << 20, seed=4)
        told = parties.our_client(ours, ours.endpoint, folder / "file", sha256, PATCH, folder / "state")
        server_mib, wrong = ours.peak_mib() - idle_mib, not ours.holds(sha256)
    finally:
        ours.served.stop()
    goals.note(mib=mib, seconds=told["seconds"])
    goals.goal("upload_memory_wrong_files", int(wrong), "<=", 0)
    goals.goal("upload_memory_client_above_idle_mib", (told["peak_kib"] - told["idle_kib"]) / 1024, "<=", 150)
    goals.goal("upload_memory_server_above_idle_mib", server_mib, "<=", 100)
    return goals.close()


def main() -> int:
    """Run the benchmark; ``--mib`` is the size of the file, ``--memory`` measures memory alone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--memory", action="store_true", help="one upload by ours alone, for its memory; try --mib 4096"
    )
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=Path.cwd(), prefix=".bench-"))
    if options.memory:
        try:
            return memory(Goals("upload_memory"), folder, options.mib)
        finally:
            shutil.rmtree(folder)
    goals = Goals("upload")
    try:
        rounds = Rounds(folder)
        try:
            for number in range(options.rounds):
                rounds.run(number, options.mib << 20)
            server_mib = rounds.ours.peak_mib() - rounds.idle_mib
        finally:
            rounds.stop()
    finally:
        shutil.rmtree(folder)
    for name, took in rounds.took.items():
        goals.note(**{
            f"{name}_mib_per_s": options.mib / statistics.median(took),
            f"{name}_server_cpu_s_per_gib": statistics.median(rounds.cpu_per_gib[name]),
            f"{name}_client_cpu_s_per_gib": statistics.median(rounds.client_cpu_per_gib[name]),
        })  # fmt: skip
    cpu = [a / b for a, b in zip(rounds.cpu_per_gib["ours"], rounds.cpu_per_gib["tuspy_node"], strict=True)]
    goals.note(mib=options.mib, rounds=options.rounds)
    goals.goal("upload_wrong_files", rounds.wrong, "<=", 0)
    goals.goal("upload_vs_tuspy_to_tus_node_server", rounds.ratio("ours", "tuspy_node"), ">=", 1.3)
    goals.goal("upload_vs_tuspy_to_tuspyserver_fsync", rounds.ratio("ours", "tuspy_python"), ">=", 2.5)
    goals.goal("upload_vs_plain_put_one_fsync", rounds.ratio("ours", "put"), ">=", 0.65)
    goals.goal("upload_server_cpu_vs_tus_node_server", statistics.median(cpu), "<=", 0.5)
    goals.goal(
        "upload_our_client_vs_tuspy_to_tus_node_server", rounds.ratio("ours_node", "tuspy_node"), ">=", 1.0
    )
    goals.goal("upload_client_above_idle_mib", rounds.client_mib, "<=", 150)
    goals.goal("upload_server_above_idle_mib", server_mib, "<=", 100)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
