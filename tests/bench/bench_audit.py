"""Looking through the audit by many conditions: a long one, and one ten times as long.

The chain is made by SQL alone, with the shares a year of work has: 500 people, 200 commands of which few are
frequent, refusals one in two hundred, each row about one of many records. Every question is asked of random values
and of the worst ones: what is rare among what is frequent, and what does not exist. Times are of the processor (ours,
and for MariaDB the server's), so that other programs do not change them; the wall clock is told beside.
"""

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from domain import features
from domain.audit.trail import AuditQuery, audit_lines
from domain.kernel.authority import Actor, system_actor
from domain.kernel.columns import from_microseconds
from domain.kernel.store import Store
from sync.schema import prepare_store
from sync.stores import open_branch_store, open_mysql_store
from tests.bench.goals import Goals, percentile
from tests.bench.sync_mariadb import database
from tests.bench.sync_parties import cpu_s

PEOPLE, COMMANDS, DEVICES, ORGS = 500, 200, 300, 30
REFUSED_OF = 200
YEAR_US = 365 * 86_400 * 1_000_000
START_US = 1_735_689_600_000_000
KEY = bytes(range(32))
EACH = 8
CHUNK = 50_000
WALKED = ("device", "device_of_nobody", "one_small_org", "one_small_org_refused")
"""No index leads there: no page asks for a device, and at a workstation all is of its own organisation. Only told."""


def main() -> int:
    """Measure and print; returns 0."""
    parser = argparse.ArgumentParser(prog="dev bench audit")
    parser.add_argument(
        "--rows", type=int, default=200_000, help="the shorter one; the longer has ten times as many"
    )
    parser.add_argument("--store", choices=("sqlite", "mariadb", "both"), default="both")
    chosen = parser.parse_args()
    features.load()
    goals = Goals("audit")
    for kind in ("sqlite", "mariadb") if chosen.store == "both" else (chosen.store,):
        measured = {}
        for rows in (chosen.rows, chosen.rows * 10):
            with store_of(kind) as store:
                fill(store, rows)
                measured[rows] = ask_all(store, rows, kind)
        judge(goals, kind, measured)
    return goals.close()


@contextlib.contextmanager
def store_of(kind: str) -> Iterator[Store]:
    """Yield an empty store of a kind."""
    with contextlib.ExitStack() as stack:
        if kind == "mariadb":
            store: Store = open_mysql_store(stack.enter_context(database()).url)
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            store = open_branch_store(Path(folder) / "b.db", KEY)
        stack.callback(store.close)
        prepare_store(store)
        yield store


def fill(store: Store, rows: int) -> None:
    """Put rows into the chain, in the order of time."""
    chance = random.Random(7)  # noqa: S311
    step = YEAR_US // rows
    entry = text(
        "INSERT INTO audit_entry (number, position, at, actor_id, role, device_id, org_id, command, entity,"
        " record_id, outcome, content_sha256, hash, format) VALUES (:n, :n, :at, :actor, 'nurse', :device, :org,"
        " :command, NULL, NULL, :outcome, :sha, :sha, 2)"
    )
    subject = text("INSERT INTO audit_subject (number, record_id, entity) VALUES (:n, :record, 'visit')")
    for first in range(1, rows + 1, CHUNK):
        made, about = [], []
        for n in range(first, min(first + CHUNK, rows + 1)):
            person = int(chance.paretovariate(0.6)) % PEOPLE
            made.append({
                "n": n, "at": START_US + n * step, "actor": one("person", person),
                "device": one("device", person % DEVICES), "org": one("org", person % ORGS),
                "command": f"area.c{int(chance.paretovariate(0.7)) % COMMANDS}",
                "outcome": "refused" if n % REFUSED_OF == 0 else "done", "sha": n.to_bytes(32, "big"),
            })  # fmt: skip
            about.append({"n": n, "record": one("record", chance.randrange(rows // 4))})
        with store.write() as connection:
            connection.execute(entry, made)
            connection.execute(subject, about)


def one(kind: str, number: int) -> bytes:
    """Return an id."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}{number}").bytes


def questions(rows: int) -> dict[str, Callable[[random.Random], AuditQuery]]:
    """Return what people ask, by name."""

    def person(chance: random.Random) -> uuid.UUID:
        return uuid.UUID(bytes=one("person", chance.randrange(PEOPLE)))

    def day(chance: random.Random) -> datetime:
        return from_microseconds(START_US) + timedelta(days=chance.randrange(300))

    rare, often = (f"area.c{COMMANDS - 1}",), ("area.c1",)
    nobody = uuid.UUID(int=1)
    return {
        "newest": lambda _c: AuditQuery(),
        "person": lambda c: AuditQuery(staff_id=person(c)),
        "person_and_command": lambda c: AuditQuery(staff_id=person(c), commands=often),
        "person_and_refused": lambda c: AuditQuery(staff_id=person(c), outcome="refused"),
        "person_and_rare_command": lambda c: AuditQuery(staff_id=person(c), commands=rare),
        "busiest_and_rare_command": lambda _c: AuditQuery(
            staff_id=uuid.UUID(bytes=one("person", 1)), commands=rare
        ),
        "command_refused": lambda _c: AuditQuery(commands=often, outcome="refused"),
        "rare_command_refused": lambda _c: AuditQuery(commands=rare, outcome="refused"),
        "record": lambda c: AuditQuery(record_id=uuid.UUID(bytes=one("record", c.randrange(rows // 4)))),
        "record_and_person": lambda c: AuditQuery(
            record_id=uuid.UUID(bytes=one("record", c.randrange(rows // 4))), staff_id=person(c)
        ),
        "week_of_all": lambda c: AuditQuery(since=(d := day(c)), until=d + timedelta(days=7)),
        "week_refused_of_person": lambda c: AuditQuery(
            since=(d := day(c)), until=d + timedelta(days=7), outcome="refused", staff_id=person(c)
        ),
        "device": lambda c: AuditQuery(device_id=uuid.UUID(bytes=one("device", c.randrange(DEVICES)))),
        "device_of_nobody": lambda _c: AuditQuery(device_id=nobody),
        "person_of_nobody": lambda _c: AuditQuery(staff_id=nobody),
    }


def ask_all(store: Store, rows: int, kind: str) -> dict[str, tuple[float, float]]:
    """Ask everything; returns the 95th percentile of processor and wall seconds of each question."""
    everybody = system_actor(uuid.UUID(int=9), uuid.UUID(int=9))
    own = Actor(
        None, "本院审计员", "auditor", uuid.UUID(bytes=one("org", 29)), uuid.UUID(int=9),
        frozenset({uuid.UUID(bytes=one("org", 29))}), everybody.clearance, everybody.rights,
    )  # fmt: skip
    asked = [(name, ask, everybody) for name, ask in questions(rows).items()]
    asked += [("one_small_org", lambda _c: AuditQuery(), own)]
    asked += [("one_small_org_refused", lambda _c: AuditQuery(outcome="refused"), own)]
    server = server_pid() if kind == "mariadb" else None
    found: dict[str, tuple[float, float]] = {}
    for name, ask, actor in asked:
        chance = random.Random(11)  # noqa: S311
        times: list[tuple[float, float]] = []
        for _ in range(EACH):
            query = ask(chance)
            before, wall = spent(server), time.perf_counter()
            with store.read() as connection:
                audit_lines(connection, actor, query)
            times.append((spent(server) - before, time.perf_counter() - wall))
        found[name] = (percentile([t[0] for t in times], 0.95), percentile([t[1] for t in times], 0.95))
    return found


def spent(server: int | None) -> float:
    """Return the processor seconds of this thread and, where there is one, of the database server."""
    return time.thread_time() + (cpu_s(server) if server is not None else 0.0)


def server_pid() -> int | None:
    """Return the process id of a database server on this machine."""
    for name in ("mariadbd", "mysqld"):
        told = subprocess.run(["pgrep", "-o", "-x", name], capture_output=True, text=True, check=False).stdout
        if told.strip():
            return int(told.split()[0])
    return None


def judge(goals: Goals, kind: str, measured: dict[int, dict[str, tuple[float, float]]]) -> None:
    """Tell each question at both lengths; none may take a second at the longer, nor grow with the length."""
    short, long = sorted(measured)
    for name, (processor, wall) in measured[long].items():
        before, _ = measured[short][name]
        goals.note(
            **{f"{kind}_{name}_ms": f"{before * 1000:.1f} -> {processor * 1000:.1f} (wall {wall * 1000:.1f})"}
        )
    goals.note(**{f"{kind}_rows": f"{short} -> {long}", "on": f"{datetime.now(UTC):%Y-%m-%d}"})
    asked = [name for name in measured[long] if name not in WALKED]
    goals.goal(f"audit_{kind}_slowest_ms", max(measured[long][name][0] for name in asked) * 1000, "<=", 1000)
    worst = max(measured[long][name][0] / max(measured[short][name][0], 0.02) for name in asked)
    goals.goal(f"audit_{kind}_growth_at_ten_times", worst, "<=", 2)


if __name__ == "__main__":
    sys.exit(main())
