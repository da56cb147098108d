"""Idle branches, measured: workstations without work that ask again and again whether there is anything for them.

A process of its own. For each round it prints nothing; at the end of input it prints the times in milliseconds: of
the whole exchange as the product does it (greeting and what is written down here), and of a pull that finds nothing.
"""

import itertools
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from domain import features

features.load()

from domain.kernel.errors import KnownError  # noqa: E402
from sync.identity import cursors_of  # noqa: E402
from sync.marks import life_read  # noqa: E402
from sync.protocol import PullRequest  # noqa: E402
from tests.region.station import Machine  # noqa: E402

EVERY_S = 0.25
AT_LEAST = 12
"""Rounds before it gives up measuring anything: a slow machine may be late."""


class Times:
    """What was measured; rounds that moved something or found the centre down are counted apart."""

    def __init__(self) -> None:
        self.exchange_ms: list[float] = []
        self.pull_ms: list[float] = []
        self.moved = self.down = 0


def look(machine: Machine, times: Times) -> None:
    """Do one idle exchange and one empty pull."""
    try:
        begun = time.perf_counter()
        done = machine.sync.exchange()
        spent = (time.perf_counter() - begun) * 1000
        if done.sent or done.received:
            times.moved += 1
            return
        times.exchange_ms.append(spent)
        with machine.store.read() as connection:
            request = PullRequest(cursors=cursors_of(connection), life=life_read(connection))
        begun = time.perf_counter()
        reply = machine.line.pull(request)
        spent = (time.perf_counter() - begun) * 1000
        if reply.bundle is None:
            times.pull_ms.append(spent)
    except KnownError:
        times.down += 1


def main(arguments: list[str]) -> int:
    home, port, numbers = Path(arguments[0]), int(arguments[1]), [int(n) for n in arguments[2:]]
    machines = [Machine(home, n, f"http://127.0.0.1:{port}", seed=f"idle{n}") for n in numbers]
    ended, times = threading.Event(), Times()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    for turn in itertools.count():
        if ended.wait(EVERY_S) and (times.exchange_ms or turn >= AT_LEAST):
            break
        look(machines[turn % len(machines)], times)
    for machine in machines:
        machine.close()
    told: dict[str, Any] = vars(times)
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
