"""Branches that sync and people at work against the real server on MariaDB: times, errors, memory.

``python -m tests.bench.bench_load`` is the size of the requirement (300 workstations, 200 people, 30 minutes);
``--branches 60 --people 40 --minutes 2`` a short one. Everything is on this machine, the load generators too, so that
they take part of its processors. Closing lines ``name value op goal holds|short``, and bench-out/load.json.
"""

import argparse
import base64
import contextlib
import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from domain.kernel.authority import system_actor
from domain.kernel.change_log import head_position
from domain.kernel.clock import utc_now
from domain.people import staff_commands
from domain.people.enrolment_commands import EnrolWorkstation, IssueEnrolmentCode
from domain.people.staff_commands import CreateOrganization, CreateStaff
from server.app import build_centre
from server.initialise import initialise
from server.settings import Settings
from server.storage_key import open_store
from sync.device_auth import new_key, public_text
from sync.schema import prepare_store
from tests import peers
from tests.bench.goals import Goals, percentile
from tests.bench.sync_mariadb import database
from tests.bench.sync_parties import cpu_s
from tests.bench.transfer_parties import _status_kib as status_kib

ROOT = Path(__file__).resolve().parents[2]
ORGS = 30
SAMPLE_S = 5.0
PASSWORD = "Zhong-Xin-2026"


def main() -> int:
    """Measure and print; returns 0."""
    parser = argparse.ArgumentParser(prog="dev bench load")
    parser.add_argument("--branches", type=int, default=300)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--name", default="load")
    chosen = parser.parse_args()
    goals = Goals(chosen.name)
    goals.note(**vars(chosen), cores=os.cpu_count())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, database() as place:
        run(Path(folder), chosen, goals, place.url)
    return goals.close()


def run(folder: Path, chosen: argparse.Namespace, goals: Goals, address: str) -> None:
    """Prepare, serve, load, judge."""
    home = folder / "home"
    home.mkdir()
    parties = folder / "parties.json"
    parties.write_text(json.dumps(prepare(home, address, chosen)), "utf-8")
    sys.stdout.write("prepared\n")
    seconds = chosen.minutes * 60
    with serving(home, address, chosen.processes) as (url, pids):
        watch = Watch(pids)
        watch.start()
        loads = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.bench.load_client", kind, str(parties), url, str(seconds)],
                cwd=ROOT, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
            for kind in ("branches", "people")
        ]  # fmt: skip
        told = [json.loads(one.communicate(timeout=seconds + 300)[0]) for one in loads]
        watch.stop()
    judge(told, watch, goals, seconds)


def prepare(home: Path, address: str, chosen: argparse.Namespace) -> dict[str, list[dict[str, object]]]:
    """Initialise a centre with organisations, workstations and people who are signed in; returns them."""
    staff_commands.hash_password = functools.cache(staff_commands.hash_password)  # type: ignore[assignment]
    settings = Settings(data_dir=home, store=address, least_free_bytes=0)
    from domain import features

    features.load()
    store = open_store(settings)
    prepare_store(store)
    first = initialise(store, settings, utc_now, code="HQ", name="总院", login="admin")
    store.close()
    centre = build_centre(settings)
    with contextlib.closing(centre):
        head = system_actor(first.org_id, centre.identity.device_id)
        run = centre.dispatcher.run
        orgs = [
            run(CreateOrganization(code=f"B{n:03d}", name=f"第{n}分院", parent_id=first.org_id), head).receipt
            for n in range(min(ORGS, chosen.branches))
        ]
        branches: list[dict[str, object]] = []
        for number in range(chosen.branches):
            key, org = new_key(), orgs[number % len(orgs)]
            code = run(IssueEnrolmentCode(org_id=org), head).receipt.code
            order = EnrolWorkstation(code=code, name=f"站{number}", public_key=public_text(key))
            branches.append({
                "key": base64.b64encode(key.private_bytes_raw()).decode(), "org": str(org),
                "device": str(run(order, head).receipt.device_id),
            })  # fmt: skip
        people: list[dict[str, object]] = []
        for number in range(chosen.people):
            order = CreateStaff(
                login=f"pc{number}", name="甲某人", role="nurse", password=PASSWORD, org_id=orgs[number % len(orgs)],
                must_change=False,
            )  # fmt: skip
            staff = run(order, head).receipt
            people.append(
                {"token": centre.sessions.open(getattr(staff, "staff_id", staff)), "lists": list(LISTS)}
            )
        with centre.store.read() as connection:
            position = head_position(connection)
        for one in branches:
            one["head"] = position
    return {"branches": branches, "people": people}


LISTS = ("people.clients", "people.identity_checks", "checkup.omissions")


@contextlib.contextmanager
def serving(home: Path, address: str, processes: int):
    """Run the server's processes and a worker; yields the address and their process ids."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")},
        "PYTHONPATH": str(ROOT), "AFTERCHECK_LEAST_FREE_BYTES": "0", "AFTERCHECK_READERS": "worker",
        "AFTERCHECK_STORE": address,
    }  # fmt: skip
    program = [sys.executable, "-m", "server", "--home", str(home)]
    with (home / "server.log").open("ab") as log:
        served = peers.serve(
            [*program, "serve", "--port", "0", "--processes", str(processes)],
            cwd=ROOT,
            env=environment,
            stderr=log,
        )
        worker = subprocess.Popen(
            [*program, "worker"], cwd=ROOT, env=environment, stderr=log, stdout=subprocess.PIPE
        )
        assert worker.stdout is not None
        worker.stdout.readline()
    try:
        pid = served.process.pid
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        yield f"http://127.0.0.1:{served.port}", {"serve": children or [pid], "worker": [worker.pid]}
    finally:
        served.process.terminate()  # a parent that is killed leaves what its children had begun
        with contextlib.suppress(subprocess.TimeoutExpired):
            served.process.wait(60)
        served.stop()
        worker.terminate()
        worker.communicate(timeout=60)


class Watch(threading.Thread):
    """Samples the memory of processes, and their processor time at the beginning and the end."""

    def __init__(self, pids: dict[str, list[int]]) -> None:
        super().__init__(daemon=True)
        self.processes = pids
        self.samples: dict[str, list[float]] = {kind: [] for kind in pids}
        self.cpu_s: dict[str, float] = {}
        self._over = threading.Event()

    def run(self) -> None:
        before = {kind: self._cpu(some) for kind, some in self.processes.items()}
        while not self._over.wait(SAMPLE_S):
            for kind, some in self.processes.items():
                self.samples[kind].append(sum(status_kib(one, "VmRSS") for one in some) / 1024)
        self.cpu_s = {kind: self._cpu(some) - before[kind] for kind, some in self.processes.items()}

    def stop(self) -> None:
        self._over.set()
        self.join()

    @staticmethod
    def _cpu(some: list[int]) -> float:
        return sum(cpu_s(one) for one in some)


def judge(told: list[dict], watch: Watch, goals: Goals, seconds: float) -> None:
    """Tell times by kind, errors, and how memory went."""
    everything: list[float] = []
    for one in told:
        for kind, times in one["times"].items():
            goals.note(**{f"{kind}_requests": len(times), f"{kind}_p95_ms": percentile(times, 0.95) * 1000})
            if kind != "wait":
                everything += times
    errors: dict[str, int] = {}
    for one in told:
        errors |= one["errors"]
    goals.note(errors=errors, requests_per_s=len(everything) / seconds)
    goals.note(p50_ms=percentile(everything, 0.5) * 1000, p99_ms=percentile(everything, 0.99) * 1000)
    goals.goal("load_p95_ms", percentile(everything, 0.95) * 1000, "<=", 500)
    goals.goal("load_errors", sum(errors.values()), "<=", 0)
    for kind, samples in watch.samples.items():
        third = max(len(samples) // 3, 1)
        middle, last = samples[third : 2 * third] or samples, samples[-third:]
        grown = (sum(last) / len(last)) / (sum(middle) / len(middle))
        goals.note(**{f"{kind}_mib": samples[-1], f"{kind}_cpu_s": watch.cpu_s[kind]})
        goals.goal(f"load_{kind}_memory_last_third_of_middle", grown, "<=", 1.05)
    goals.note(load_of_the_machine=os.getloadavg()[0])


if __name__ == "__main__":
    sys.exit(main())
