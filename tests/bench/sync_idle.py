"""What an exchange costs when there is nothing to do, with a hundredth, a tenth and all of the records in the stores.

A workstation and its centre grow together and are copied at each size; then the copies exchange in turns: once
through a proxy that counts, once without it for the time. Time is that of whole exchanges, the median of each size
in a round, the largest to the smallest.
"""

import shutil
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from sync.tools.fault_proxy import FaultProxy
from tests.bench import sync_parties as parties
from tests.bench.goals import Goals

SHARES = (100, 10, 1)
TIMES, TRIES = 20, 5
MOST_BYTES, MOST_TIMES_AS_LONG = 2000, 1.25


def grown(home: Path, count: int) -> None:
    """Make a copy of workstation and centre at each size."""
    parties.make_centre(home / "centre", [home / "station"])
    written = 0
    for share in SHARES:
        parties.fill(home / "station", count // share - written, start=written)
        written = count // share
        with parties.serving(home / "centre") as server:
            parties.client("push", home / "station", server.url)
            parties.rested(server)
        for name in ("centre", "station"):
            shutil.copytree(home / name, home / f"{name}-{share}")


def one_turn(home: Path, share: int) -> dict[str, Any]:
    """Exchange at one size; returns requests and bytes of one exchange and the median time."""
    with parties.serving(home / f"centre-{share}") as server:
        proxy = FaultProxy("127.0.0.1", server.port).start()
        try:
            for _ in range(TRIES):
                told = _turn(home / f"station-{share}", server, proxy)
                if not told["disturbed"]:
                    return told
        finally:
            proxy.stop()
    raise RuntimeError("the centre does not stop saying something")


def _turn(folder: Path, server: SimpleNamespace, proxy: FaultProxy) -> dict[str, Any]:
    counted = f"http://127.0.0.1:{proxy.port}"
    parties.client(
        "pull", folder, counted
    )  # what the centre has added itself: alerts, the state of its nodes
    parties.rested(server)
    before = proxy.up_bytes + proxy.down_bytes
    through = parties.client("idle", folder, counted, "--times", str(TIMES))
    size = proxy.up_bytes + proxy.down_bytes - before
    direct = parties.client("idle", folder, server.url, "--times", str(TIMES))
    return {
        "requests": through["requests"] / TIMES, "bytes": size / TIMES, "seconds": median(direct["took"]),
        "disturbed": through["disturbed"] + direct["disturbed"],
    }  # fmt: skip


def run(goals: Goals, home: Path, count: int, rounds: int) -> None:
    """Measure and judge."""
    grown(home, count)
    found = {share: [] for share in SHARES}
    for number in range(rounds):
        for share in SHARES if number % 2 else reversed(SHARES):
            found[share].append(one_turn(home, share))
    for share, turns in found.items():
        goals.note(**{
            f"idle_{count // share}_{name}": median(turn[name] for turn in turns)
            for name in ("requests", "bytes", "seconds")
        })  # fmt: skip
    turns = [turn for some in found.values() for turn in some]
    ratios = [large["seconds"] / small["seconds"] for small, large in zip(found[100], found[1], strict=True)]
    goals.goal("idle_requests", max(turn["requests"] for turn in turns), "<=", 1)
    goals.goal("idle_bytes", max(turn["bytes"] for turn in turns), "<", MOST_BYTES)
    goals.goal("idle_time_with_100_times_as_much", median(ratios), "<=", MOST_TIMES_AS_LONG)
