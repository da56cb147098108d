"""Alerts: what a change costs among a million open tasks, what a look at the clock costs, how fast the list opens.

``python -m tests.bench.bench_alerts [--tasks N] [--clients N] [--alerts N] [--quick]``. Two encrypted stores, the
second ten times the first. In each 1,000 changes (new tasks, tasks handed in, critical values) are read from the
log and evaluated, alerts opened and all, on the disk; then looks at the clock with nothing due; then the same rules
as one SQL query each over the whole of what they watch, which a program without the log would do at every look.
A look writes what it found on the disk and waits for it, the queries only read; the ratio is of what both take.
Closing lines ``name value op goal holds|short``, and bench-out/alerts.json. The processor's own seconds stand beside
the times: what else runs on the machine is not in them, and growth is judged by them.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

import resources
from domain import features
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.lookups import sql_of
from domain.alerts.plans import RuleBook
from domain.alerts.worklists import alerts_for, count_for
from domain.kernel.authority import Actor, Authority, system_actor
from domain.kernel.clock import ManualClock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Follower
from domain.kernel.record import record_classes
from domain.kernel.rows import without_index
from domain.kernel.store import Store
from domain.kernel.worklists import Pages, worklists
from sync.schema import prepare_store
from sync.stores import open_branch_store
from tests.bench.alert_store import DEVICE, NOW, ORG, change, fill
from tests.bench.goals import Goals, percentile

TASKS, CLIENTS, ALERTS = 1_000_000, 200_000, 100_000
CHANGES, ROUNDS, TICKS, OPENINGS = 1_000, 5, 100, 30
EVALUATE_S, GROWTH, TICK_MS, RATIO, LIST_MS = 1.0, 1.3, 10.0, 100.0, 150.0


@dataclass
class Figures:
    """What one size of store came to."""

    evaluate_s: float
    evaluate_own_s: float
    tick_ms: float
    tick_own_ms: float
    look_ms: float
    look_own_ms: float
    scan_s: float
    scan_own_s: float
    indexed_s: float
    list_ms: float
    page_ms: float
    list_own_ms: float
    page_own_ms: float


def timed(work: Callable[[], object]) -> float:
    """Return the seconds of a piece of work."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def own(work: Callable[[], object], times: int) -> float:
    """Return the processor's milliseconds of a piece of work, the median of several times."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        work()
        found.append((time.process_time() - begun) * 1000)
    return statistics.median(found)


def scan(store: Store, book: RuleBook, *, with_index: bool) -> int:
    """Ask the whole of what each rule watches which records fit it now; returns how many do."""
    found = 0
    with store.read() as connection:
        for entity, plans in book.by_entity.items():
            table = record_classes()[entity].__table__
            for plan in plans:
                where = sql_of(table, plan.when)  # type: ignore[arg-type]
                if plan.state:
                    due = table.c.due_at if with_index else without_index(table.c.due_at)
                    where += [table.c.state == plan.state, due <= NOW]
                query = select(func.count()).select_from(table).where(*where)
                found += connection.execute(query).scalar_one()
    return found


def measured(size: dict[str, int], actor: Actor, book: RuleBook, goals: Goals) -> Figures:
    """Return the figures of a store of this size."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_branch_store(Path(folder) / "branch.db", bytes(range(32)))
        prepare_store(store)
        goals.note(**{f"filling_{size['tasks']}_s": timed(lambda: fill(store, **size))})
        clock = ManualClock(NOW)
        desk = Dispatcher(store, clock=clock, content={"number_prefix": "101"})
        me = system_actor(ORG, DEVICE)
        engine = AlertEngine(desk, book, me)
        follower = Follower(store, engine)
        change(desk, me, 20, tasks=size["tasks"], clients=size["clients"], seed=1)
        follower.catch_up()  # statements are compiled, pages of the store are in memory
        rounds, spent = [], []
        for number in range(ROUNDS):
            change(desk, me, CHANGES, tasks=size["tasks"], clients=size["clients"], seed=1000 * (number + 1))
            before = time.process_time()
            rounds.append(timed(follower.catch_up))
            spent.append(time.process_time() - before)
        engine.tick()
        ticks = [timed(engine.tick) * 1000 for _ in range(TICKS)]
        looks, looks_own = [], []
        for number in range(20):
            change(desk, me, 1, tasks=size["tasks"], clients=size["clients"], seed=7 * number)
            before = time.process_time()
            looks.append(timed(lambda: (follower.catch_up(), engine.tick())) * 1000)
            looks_own.append((time.process_time() - before) * 1000)
        before = time.process_time()
        scans = timed(lambda: scan(store, book, with_index=False))
        scans_own = time.process_time() - before
        indexed = timed(lambda: scan(store, book, with_index=True))
        opening = [timed(lambda: _opened(store, actor)) * 1000 for _ in range(OPENINGS)]
        pages = [
            timed(lambda: Pages(store).page(worklists()["alert.open"], actor)) * 1000 for _ in range(OPENINGS)
        ]
        own_ms = [
            own(work, OPENINGS)
            for work in (
                engine.tick,
                lambda: _opened(store, actor),
                lambda: Pages(store).page(worklists()["alert.open"], actor),
            )
        ]
        store.close()
    return Figures(
        min(rounds), min(spent), statistics.median(ticks), own_ms[0], statistics.median(looks),
        statistics.median(looks_own), scans, scans_own, indexed,
        percentile(opening, 0.95), percentile(pages, 0.95), own_ms[1], own_ms[2],
    )  # fmt: skip


def _opened(store: Store, actor: Actor) -> None:
    with store.read() as connection:
        alerts_for(connection, actor)
        count_for(connection, actor)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="Alerts among a million open tasks")
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--alerts", type=int, default=ALERTS)
    parser.add_argument("--quick", action="store_true", help="a twentieth of everything, for trying it out")
    chosen = parser.parse_args(arguments)
    part = 20 if chosen.quick else 1
    size = {"clients": chosen.clients // part, "tasks": chosen.tasks // part, "alerts": chosen.alerts // part}
    features.load()
    authority = Authority.load(resources.folder("roles.yaml"))
    book = load_rules(resources.folder("alerts"), authority.roles)
    actor = authority.actor(
        staff_id=None, name="护士", role="nurse", org_id=ORG, device_id=DEVICE, subtree=()
    )
    goals = Goals("alerts")
    goals.note(**size, rules=len(book.plans), machine_load=os.getloadavg()[0])
    small = measured({k: max(1, v // 10) for k, v in size.items()}, actor, book, goals)
    large = measured(size, actor, book, goals)
    goals.note(
        evaluate_small_s=small.evaluate_s, evaluate_small_own_s=small.evaluate_own_s,
        evaluate_own_s=large.evaluate_own_s, look_after_one_change_ms=large.look_ms, full_scan_s=large.scan_s,
        scan_with_indexes_s=large.indexed_s, ratio_with_indexes=1000 * large.indexed_s / large.look_ms,
        list_page_ms=large.page_ms, look_own_ms=large.look_own_ms, full_scan_own_s=large.scan_own_s,
        ratio_of_own_times=1000 * large.scan_own_s / large.look_own_ms, tick_own_ms=large.tick_own_ms,
        list_own_ms=large.list_own_ms, page_own_ms=large.page_own_ms,
    )  # fmt: skip
    goals.goal("evaluate_1000_changes_s", large.evaluate_s, "<", EVALUATE_S)
    goals.goal("growth_at_ten_times", large.evaluate_own_s / small.evaluate_own_s, "<=", GROWTH)
    goals.goal("idle_tick_ms", large.tick_ms, "<", TICK_MS)
    goals.goal("scan_to_look_ratio", 1000 * large.scan_s / large.look_ms, ">=", RATIO)
    goals.goal("list_ms", max(large.list_ms, large.page_ms), "<", LIST_MS)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
