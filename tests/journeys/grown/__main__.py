"""``python -m tests.journeys.grown [--branches 6] [--folder DIR]``: see the package."""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.fixtures.patience import until
from tests.journeys.grown.centre import PYTHON, ROOT, GrownCentre
from tests.journeys.grown.lan import Lan, missing


def pause(seconds):
    threading.Event().wait(seconds)


class Day:
    """Branches work while machines die; `told` says what happened when."""

    def __init__(self, folder, branches, steady_s):
        self.folder, self.count, self.steady_s = Path(folder), branches, steady_s
        self.told = []

    def note(self, what):
        self.told.append(what)
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")

    def run(self):
        with Lan(self.folder) as lan:
            centre = GrownCentre(lan, self.count)
            centre.up()
            self.note("the centre is up")
            at = centre.at["branches"]
            process, _ = at.start(
                *PYTHON, "tests.journeys.grown.branches", at.folder / "stations.json", centre.url,
                centre.made.authority, at.folder / "work", ready=True,
                cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            self.note("branches work")
            log = centre.at["proxy"].folder / "access.log"
            until(lambda: log.exists() and log.stat().st_size, "the first request", pause_s=0.2)
            pause(self.steady_s)
            self.deaths(centre, lan)
            pause(self.steady_s)
            process.stdin.write(b"end\n")
            process.stdin.flush()
            did = json.loads(process.stdout.readline())
            self.note("branches are through")
            found = json.loads(
                centre.at["two"].run(
                    *PYTHON, "tests.journeys.grown.check", env=centre.environment("two"), cwd=ROOT,
                    input=json.dumps(did),
                )
            )  # fmt: skip
            found["served_by"] = served_by(log)
        counts = {"registered": len(did.pop("registered")), "files": len(did.pop("files"))}
        return {**counts, **did, **found}

    def deaths(self, centre, lan):
        one, two, db, redis, objects = (centre.at[n] for n in ("one", "two", "db", "redis", "objects"))
        self.note("machine one loses its power")
        one.die()
        pause(self.steady_s)
        serving, told = centre.serve("one")
        centre.work("one")
        self.note("machine one is back")
        pause(self.steady_s)
        self.note("the database is killed")
        db.die()
        pause(2)
        centre.database()
        self.note("the database is back")
        pause(self.steady_s)
        self.note("Redis is killed")
        redis.die()
        pause(2)
        centre.redis()
        pause(self.steady_s)
        self.note("machine two's cable is pulled")
        lan.plug(two, "down")
        pause(self.steady_s)
        lan.plug(two, "up")
        self.note("the object store's cable is pulled")
        lan.plug(objects, "down")
        pause(3)
        lan.plug(objects, "up")
        pause(self.steady_s)
        self.note("machine one is renewed process by process")
        family = family_of(serving.pid)
        os.kill(family, signal.SIGHUP)
        latest = until(lambda: renewed(serving, told["processes"]), "a renewed family")
        self.note(f"machine one is renewed: {latest}")


def served_by(log):
    """Return how many requests each machine answered, and how many the proxy had to refuse."""
    found = {}
    for line in log.read_text("utf-8").splitlines():
        parts = line.split()
        status, machine = parts[4], parts[-1].split(":")[0]
        found[machine] = found.get(machine, 0) + 1
        if status.startswith("5"):
            found[status] = found.get(status, 0) + 1
    return found


def family_of(pid):
    """Return the process that serves: `ip netns exec` becomes it."""
    return pid


def renewed(serving, old):
    """Return the new processes once none of the old ones is among them."""
    line = json.loads(serving.stdout.readline())
    return None if set(line["processes"]) & set(old) else line["processes"]


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="tests.journeys.grown")
    parser.add_argument("--branches", type=int, default=6)
    parser.add_argument("--steady", type=float, default=6.0, help="seconds between two events")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args(arguments)
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 2
    folder = options.folder or Path(tempfile.mkdtemp(prefix="grown-"))
    found = Day(folder, options.branches, options.steady).run()
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    good = found["dense"] and not (
        found["missing"] or found["twice"] or found["files_lost"] or found["errors"]
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
