"""Lines that break and servers that die: how much is sent again, how long it takes, whether anything is ever wrong.

Everyone meets the same proxy, in turn, in rounds; ratios are per round and then the median. Its line is fast and
takes all that the kernels give it; a reset, in both directions, loses what the server's machine has not taken. Bytes
sent again are those of the content that went up into the proxy more than once. One more upload each, without a goal,
lets what has passed arrive before each reset, so that only what a server itself throws away is sent again.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import fault_cases as cases
from tests.bench import transfer_parties as parties
from tests.bench.goals import Goals
from tests.bench.transfer_parties import Party

PATCH = 8 << 20
LEAST_PATCH = 256 << 10
EVERY = 3 << 20
CUTS = 487
MOST_LOST = 8 << 20
PEER_LIMIT_S = 60


def cuts(goals: Goals, folder: Path, size: int, rounds: int) -> None:
    """Reset the line about every 3 MiB."""
    for name in ("node", "python"):
        (folder / name).mkdir()
    ours = parties.our_centre(folder / "ours")
    node, python = parties.node_server(folder / "node"), parties.python_server(folder / "python", fsync=False)
    found: dict[str, list[cases.Broken]] = {}
    try:
        for number in range(rounds):
            file = folder / "file"
            sha256 = parties.make_file(file, size, seed=number)
            ways: dict[str, tuple[Party, Callable[[str], dict[str, Any]]]] = {
                "ours": (ours, partial(_ours, ours, file, sha256, folder)),
                "tuspy_node": (node, partial(_peer, parties.tuspy_client, file)),
                "js_python": (python, partial(_peer, parties.js_client, file)),
            }
            for name, (party, way) in ways.items():
                broken = cases.through_cuts(party, way, size, sha256, EVERY, drop=True)
                found.setdefault(name, []).append(broken)
                goals.note(**{f"round_{number}_{name}": str(broken)})
                if number == 0 and party is not python:
                    again = cases.through_cuts(party, way, size, sha256, EVERY)
                    goals.note(**{f"all_delivered_{name}": str(again)})
    finally:
        for party in (ours, node, python):
            party.served.stop()
    again = {name: [b.again for b in all_of] for name, all_of in found.items()}
    goals.note(**{f"{name}_finished": sum(b.finished for b in all_of) for name, all_of in found.items()})
    goals.goal("faults_wrong_files", sum(not b.right for b in found["ours"]), "<=", 0)
    for peer, limit in (("tuspy_node", 1 / 50), ("js_python", 0.5)):
        ratios = [a / max(b, 1) for a, b in zip(again["ours"], again[peer], strict=True)]
        goals.goal(f"faults_sent_again_vs_{peer}", statistics.median(ratios), "<=", limit)
    walls = [a.seconds / b.seconds for a, b in zip(found["ours"], found["tuspy_node"], strict=True)]
    goals.goal("faults_wall_vs_tuspy_node", statistics.median(walls), "<=", 0.45)
    goals.goal("faults_client_peak_mib", max(b.client_mib for b in found["ours"]), "<=", 64)


def _ours(party: Party, file: Path, sha256: str, folder: Path, url: str) -> dict[str, Any]:
    state = folder / f"state-{uuid.uuid4().hex}"
    return parties.our_client(party, url, file, sha256, PATCH, state, smallest=LEAST_PATCH)


def _peer(client: Callable[[str, Path, int, int], dict[str, Any]], file: Path, url: str) -> dict[str, Any]:
    return client(url, file, PATCH, PEER_LIMIT_S)


def one_patch(goals: Goals, folder: Path, size: int) -> None:
    """Cut one and the same PATCH 487 times."""
    ours = parties.our_centre(folder / "one")
    file = folder / "one-file"
    sha256 = parties.make_file(file, size, seed=99)
    try:
        broken = cases.through_cuts(
            ours, lambda url: parties.our_client(ours, url, file, sha256, size, folder / "one-state"), size, sha256,
            size // CUTS,
        )  # fmt: skip
    finally:
        ours.served.stop()
    goals.note(one_patch=str(broken))
    goals.goal("faults_cuts_in_one_patch_survived", broken.resets if broken.right else 0, ">=", CUTS)


def main() -> int:
    """Run the benchmark; ``--mib`` is the size of the file, ``--only`` a part of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--takeovers", type=int, default=50)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--power-cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="other random points, for a part of the kills")
    parser.add_argument("--only", choices=["cuts", "one-patch", "half-open", "stall", "kills", "power"])
    options = parser.parse_args()
    goals = Goals("faults")
    folder = Path(tempfile.mkdtemp(dir=Path.cwd(), prefix=".bench-"))
    parts: dict[str, Callable[[], None]] = {
        "cuts": lambda: cuts(goals, folder, options.mib << 20, options.rounds),
        "one-patch": lambda: one_patch(goals, folder, 16 << 20),
        "half-open": lambda: cases.half_open(goals, folder, options.takeovers),
        "stall": lambda: cases.stall(goals, folder),
        "kills": lambda: cases.kills(goals, folder, options.kills, MOST_LOST, options.seed),
        "power": lambda: cases.power_cuts(goals, folder, options.power_cuts, options.seed),
    }
    try:
        for name, part in parts.items():
            if options.only in (None, name):
                part()
    finally:
        shutil.rmtree(folder)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
