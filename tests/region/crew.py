"""The processes that do the region's work: each is one workstation after the other."""

import dataclasses
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.region.centre import ROOT

Told = dict[str, Any]


class Crew:
    """Worker processes with a thread each that hands out jobs.

    Args:
        home: Folder of the region.
        workers: How many at once. With one, also the order in which things reach the centre follows from the seed.
    """

    def __init__(self, home: Path, workers: int) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-m", "tests.region.worker", str(home)]
        self._log = (home / "workers.log").open("ab")
        self._processes = [
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
                text=True, bufsize=1,
            )
            for _ in range(workers)
        ]  # fmt: skip
        for process in self._processes:
            json.loads(process.stdout.readline())

    def do(self, jobs: Iterable[Any], port: int, done: Callable[[Told], None], kind: str = "day") -> None:
        """Do all jobs; `done` is called for each, one at a time, in the order in which they end."""
        waiting: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
        ended: queue.SimpleQueue[Told] = queue.SimpleQueue()
        count = 0
        for job in jobs:
            given = dataclasses.asdict(job) if dataclasses.is_dataclass(job) else dict(job)
            waiting.put({"kind": kind, "port": port, "seed": f"{kind}/{given['station']}", **given})
            count += 1
        threads = [threading.Thread(target=self._serve, args=(p, waiting, ended)) for p in self._processes]
        for thread in threads:
            waiting.put(None)
            thread.start()
        for _ in range(count):
            done(ended.get())
        for thread in threads:
            thread.join()

    @staticmethod
    def _serve(process: Any, waiting: Any, ended: Any) -> None:
        while (job := waiting.get()) is not None:
            try:
                process.stdin.write(json.dumps(job) + "\n")
                told = json.loads(process.stdout.readline())
            except (OSError, ValueError) as error:
                told = {
                    "station": job["station"],
                    "kind": job["kind"],
                    "crash": f"the worker is gone: {error}",
                }
            ended.put({**told, "fault": job.get("fault", ""), "day": job.get("day", -1)})

    def close(self) -> None:
        for process in self._processes:
            process.stdin.close()
        for process in self._processes:
            process.wait(60)
            process.stdout.close()
        self._log.close()


class IdleWatch:
    """The process that measures idle branches."""

    def __init__(self, home: Path, port: int, stations: list[int], every_s: float) -> None:
        command = [sys.executable, "-m", "tests.region.idle", str(home), str(port), str(every_s)]
        command += map(str, stations)
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def end(self) -> Told:
        """Stop measuring and return the times."""
        told, _ = self._process.communicate(timeout=240)  # it is patient itself
        return dict(json.loads(told))
