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

PATIENCE_S = 120.0
"""So long it goes on after it was told to end if it has measured nothing yet: on a busy machine it may be late, and
the server too."""


class Times:
    """What was measured; rounds that moved something or came to nothing are counted apart, these by their reason."""

    def __init__(self) -> None:
        self.exchange_ms: list[float] = []
        self.pull_ms: list[float] = []
        self.moved = 0
        self.failed: dict[str, int] = {}


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
    except KnownError as error:
        times.failed[error.code] = times.failed.get(error.code, 0) + 1


def main(arguments: list[str]) -> int:
    home, port, every_s = Path(arguments[0]), int(arguments[1]), float(arguments[2])
    numbers = [int(n) for n in arguments[3:]]
    machines = [Machine(home, n, f"http://127.0.0.1:{port}", seed=f"idle{n}") for n in numbers]
    ended, times = threading.Event(), Times()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    for machine in machines:
        look(machine, Times())  # the first compiles its statements
    late_s = 0.0
    for turn in itertools.count():
        if ended.wait(every_s):
            late_s = late_s or time.monotonic()
            if times.exchange_ms or time.monotonic() - late_s > PATIENCE_S:
                break
            time.sleep(every_s)
        look(machines[turn % len(machines)], times)
    for machine in machines:
        machine.close()
    told: dict[str, Any] = vars(times)
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
