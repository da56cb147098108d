"""A process that is one workstation after the other: it reads jobs as lines of JSON.

Each opens its store, works, exchanges and closes it, so 300 workstations never need more memory than the few that are
switched on. One that will be killed is a child for that time: the kill takes it alone.
"""

import contextlib
import json
import os
import random
import shutil
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from domain import features

features.load()

from domain.kernel.errors import KnownError  # noqa: E402
from sync import push  # noqa: E402
from sync.stores import open_branch_store  # noqa: E402
from tests.region import faults  # noqa: E402
from tests.region.acts import People  # noqa: E402
from tests.region.statements import share_statements  # noqa: E402
from tests.region.station import HASTY, KEY, PATIENT, Machine, content, folder_of  # noqa: E402

BUNDLED = 4
"""Transactions a bundle: so few that an exchange has several bundles on their way at once."""
NICE = 10
"""Other people's machines: they must not take the centre's processor."""


def dice(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 (a seeded run)


def open_machine(home: Path, port: int, job: dict[str, Any], stack: contextlib.ExitStack) -> Machine:
    """Switch a workstation on, with the job's fault on its line or in its store."""
    fault, chance = job.get("fault", ""), dice(f"{job['seed']}/fault")
    url = stack.enter_context(faults.bad_wire(fault, port, chance))
    machine = Machine(
        home, job["station"], url, settings=HASTY if fault in faults.ON_THE_WIRE else PATIENT,
        session=faults.bad_session(fault, chance), seed=job["seed"],
        **({"line": faults.TwiceLine} if fault == "twice" else {}),
    )  # fmt: skip
    stack.callback(machine.close)
    if fault == "killed_at_commit":
        faults.die_at_commit(machine.store, chance)
    return machine


def live_a_day(machine: Machine, job: dict[str, Any]) -> dict[str, Any]:
    """Let people work, then exchange records and files as the product's sync worker does."""
    told: dict[str, Any] = {"acts": 0, "refused": 0}
    if job.get("acts"):
        people = People(machine, dice(job["seed"]), f"{job['station']}.{job['day']}")
        people.work(job["acts"])
        told |= {"acts": people.done, "refused": people.refused}
    if job.get("trouble") == "poison":
        faults.poison(machine)
    elif job.get("trouble") == "newer":
        faults.newer(machine, f"{job['station']}.{job['day']}.x")
    if not job.get("exchange"):
        return told
    begun, before = time.perf_counter(), machine.head()
    done = machine.sync.exchange()
    told |= {
        "sent": done.sent,
        "received": done.received,
        "news": machine.news_since(before) if done.received else 0,
        "attention": done.attention,
        "renewed": done.renewed,
    }
    told["exchange_s"] = time.perf_counter() - begun
    told["files"] = machine.files.exchange(lambda _done, _total: None, threading.Event())
    quiet = not (done.sent or done.received)
    if (quiet and machine.sync.comparison_due()) or job.get("compare"):
        mended = machine.sync.mend()
        told["mended"] = 0 if mended is None else mended.records
        told["compared"] = mended is not None
    told |= {"unsent": machine.backlog(), "held": machine.held_back()}
    return told


def mend_refused(machine: Machine, _job: dict[str, Any]) -> dict[str, Any]:
    return {"mended": machine.mend_refused()}


def state(machine: Machine, _job: dict[str, Any]) -> dict[str, Any]:
    return machine.state()


def back_up(home: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Copy the store as a backup program would, while the workstation is off."""
    folder = folder_of(home, job["station"])
    store = open_branch_store(folder / "store.db", KEY)
    store.copy_to(folder / "backup.db")
    store.close()
    return {}


def restore(home: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Put the backup back; what had no receipt yet is gone with the disk, and is written down as gone."""
    folder = folder_of(home, job["station"])
    if not (folder / "backup.db").exists():
        return {"restored": False}
    machine = Machine(home, job["station"], "http://nowhere")
    lost = machine.unsent()
    machine.close()
    with (folder / "lost").open("a") as file:
        file.writelines(json.dumps(one) + "\n" for one in lost)
    for name in ("store.db-wal", "store.db-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copyfile(folder / "backup.db", folder / "store.db")
    return {"restored": True, "lost": len(lost)}


def clone(home: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Copy a whole disk to another machine: two workstations with one identity from now on."""
    back_up(home, job)
    source, target = folder_of(home, job["station"]), folder_of(home, job["to"])
    target.mkdir()
    shutil.copyfile(source / "backup.db", target / "store.db")
    shutil.copyfile(source / "device.key", target / "device.key")
    if (source / "blobs").exists():
        shutil.copytree(source / "blobs", target / "blobs")
    return {}


LIVE = {"day": live_a_day, "mend_refused": mend_refused, "state": state}
OFF = {"back_up": back_up, "restore": restore, "clone": clone}


def do(home: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Do one job; what is known to go wrong is told by its code, anything else is a defect."""
    told: dict[str, Any] = {"station": job["station"], "kind": job["kind"]}
    begun = time.perf_counter()
    try:
        if job["kind"] in OFF:
            told |= OFF[job["kind"]](home, job)
        else:
            with contextlib.ExitStack() as stack:
                machine = open_machine(home, job["port"], job, stack)
                told |= LIVE[job["kind"]](machine, job)
    except KnownError as error:
        told |= {"code": error.code, "facts": {k: str(v) for k, v in error.facts.items()}}
    except Exception:  # noqa: BLE001  (the edge of the child: the driver decides)
        told["crash"] = traceback.format_exc()
    told["seconds"] = time.perf_counter() - begun
    return told


def fork_and_do(home: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Do a job in a child; a child that died tells nothing more than that."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            told = json.dumps(do(home, job)).encode()
            with os.fdopen(writing, "wb") as out:
                out.write(told)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return json.loads(told) if told else {"station": job["station"], "kind": job["kind"], "killed": True}


def main(arguments: list[str]) -> int:
    home = Path(arguments[0])
    os.nice(max(0, NICE - os.nice(0)))
    content()
    share_statements()
    push.MAX_COUNT = BUNDLED
    sys.stdout.write(json.dumps({"ready": os.getpid()}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        job = json.loads(line)
        told = fork_and_do(home, job) if job.get("fault") in faults.KILLS else do(home, job)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
