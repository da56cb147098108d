"""300 branches, their seeded troubles and one server: memory, what asking in vain costs, digests, nothing lost.

``--minutes`` bounds the whole run: simulated days pass for part of it, then all troubles end and everybody exchanges
until nothing moves. Who is not at rest by then is told with the reason, never waited for. Everything follows from the
printed seed (with ``--workers 1`` also the order in which work reaches the centre). The branches' disks are kept in
memory where the machine has room for them, and their processes give way: they stand for other people's machines.
The centre's store is on the disk of the folder for temporary files.
"""

import argparse
import contextlib
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from domain import features
from tests.bench.goals import Goals, percentile
from tests.region.centre import mariadb_address
from tests.region.plan import Plan
from tests.region.region import Outcome, Region

MEMORY_DISK = Path("/dev/shm")
MEMORY_MIB, IDLE_MS = 400, 50
LIVING = 0.3
"""Share of the time in which days pass; coming to rest and comparing takes the other."""
RESTING = 0.6
QUIET_S = 30.0
TOLD = 10


def report(goals: Goals, found: Outcome) -> None:
    """Note what happened and judge the goals."""
    equal = found.workstations - len(found.unequal)
    goals.note(
        simulated_days=found.days, acts_confirmed=found.counts["acts"], values_confirmed=found.typed,
        values_lost=len(found.lost) + len(found.files_lost), digests_equal=f"{equal}/{found.workstations}",
        values_lost_with_their_disk_before_they_were_sent=found.excused, rows_mended_by_comparison=found.mended,
    )  # fmt: skip
    goals.note(**{name: count for name, count in sorted(found.counts.items()) if count})
    goals.note(refused_or_cut=dict(found.codes.most_common()))
    if found.exchange_s:
        goals.note(exchange_p95_s=percentile(found.exchange_s, 0.95))
    for when, idle in (("working", found.idle), ("quiet", found.quiet)):
        if idle:
            rounds, moved = len(idle["exchange_ms"]), idle["moved"]
            goals.note(
                **{f"idle_rounds_while_{when}": rounds, "that_moved": moved, "that_failed": idle["failed"]}
            )
    goals.note(load_while_working=found.load, load_while_quiet=found.quiet.get("load", 0.0))
    for name in ("crashes", "unequal", "restless", "files_lost", "lost"):
        missing = [str(told) for told in getattr(found, name)]
        goals.facts[name] = missing
        sys.stdout.writelines(f"  {name}: {told}\n" for told in missing[:TOLD])
        if missing[TOLD:]:
            sys.stdout.write(f"  {name}: {len(missing) - TOLD} more in the file\n")
    goals.goal("server_memory_peak_mib", max(found.memory_mib), "<", MEMORY_MIB)
    for name in ("exchange", "pull"):
        if times := found.idle.get(f"{name}_ms"):
            goals.note(**{f"idle_{name}_p95_ms_while_working": percentile(times, 0.95)})
        times = found.quiet.get(f"{name}_ms")
        goals.goal(f"idle_{name}_p95_ms", percentile(times, 0.95) if times else float("inf"), "<", IDLE_MS)
    goals.goal("workstations_unequal", len(found.unequal) + len(found.restless), "<=", 0)
    goals.goal("values_lost", len(found.lost) + len(found.files_lost), "<=", 0)
    goals.goal("crashes", len(found.crashes), "<=", 0)


def main(arguments: list[str] | None = None) -> int:
    """Live, rest, compare, and print the closing lines."""
    parser = argparse.ArgumentParser(prog="bench_region")
    parser.add_argument("--branches", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=20.0, help="for all of it")
    parser.add_argument("--days", type=int, default=1, help="at least so many, however long it takes")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--troubles", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--mariadb", action="store_true", help="the centre's store on the MariaDB of this machine"
    )
    parser.add_argument("--keep", action="store_true", help="leave the folder there")
    options = parser.parse_args(arguments)
    features.load()
    home = Path(tempfile.mkdtemp(prefix="bench-region-"))
    disks = Path(tempfile.mkdtemp(prefix="bench-region-", dir=MEMORY_DISK)) if MEMORY_DISK.is_dir() else None
    goals = Goals("region")
    goals.note(seed=options.seed, branches=options.branches, folder=str(home))

    def say(line: str) -> None:
        sys.stdout.write(f"  {line}\n")
        sys.stdout.flush()

    try:
        with mariadb_address() if options.mariadb else contextlib.nullcontext("") as address:
            plan = Plan(options.branches, options.seed, troubles=options.troubles)
            region = Region(home, plan, workers=options.workers, address=address, disks=disks, say=say)
            begun = time.monotonic()
            found = region.run(
                options.days,
                minutes=options.minutes * LIVING,
                rest_minutes=options.minutes * RESTING,
                quiet_s=QUIET_S,
            )
            goals.note(seconds=time.monotonic() - begun, workstations=len(region.stations))
    finally:
        if not options.keep:
            for folder in (home, disks):
                shutil.rmtree(folder, ignore_errors=True) if folder else None
    report(goals, found)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
