"""Search as people type, on an encrypted branch store: 100,000 clients, then a million; and scans by whole numbers.

The stores are made once and kept in .state/bench. Every query opens its own view of the store, as a keystroke does.
Times are of the wall clock; the sizes are compared by the processor's time, which other programs do not change.
"""

import argparse
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import select

import resources
from domain import features
from domain.kernel.authority import Actor, Authority
from domain.kernel.store import Store
from domain.people.names import search_keys
from domain.people.records import Patient
from domain.people.scans import route_scan
from sync.search import SearchIndex
from sync.stores import open_branch_store
from tests.bench.goals import Goals, percentile
from tests.bench.homes import ORG, home_key, home_with, made_in

OF_A_KIND = 60
ROUNDS = 5
Times: TypeAlias = dict[str, list[float]]


def store_with(patients: int, goals: Goals) -> Store:
    """Return the store of a home with so many clients and their index."""
    home = home_with(patients)
    for name, value in made_in(home).items():
        goals.note(**{f"{name}_{patients}": value})
    return open_branch_store(home.store, home_key(home))


def queries(rows: list[Any], chance: random.Random) -> dict[str, list[str]]:
    """Return what people might type to find the clients of `rows`, by kind."""
    found: dict[str, list[str]] = {}

    def kind(name: str, typed: Callable[[Any], str]) -> None:
        found[name] = [typed(row) for row in chance.sample(rows, OF_A_KIND)]

    kind("name", lambda r: r.name)
    kind("surname", lambda r: r.name[0])
    kind("given", lambda r: r.name[1:])
    kind("pinyin", lambda r: search_keys(r.name).pinyin[0])
    kind("pinyin_start", lambda r: search_keys(r.name).pinyin[0][: chance.randrange(1, 8)])
    kind("initials", lambda r: search_keys(r.name).initials[0])
    kind("phone", lambda r: r.phone)
    kind("phone_start", lambda r: r.phone[: chance.randrange(3, 9)])
    kind("phone_end", lambda r: r.phone[-4:])
    kind("id_number", lambda r: r.id_number)
    kind("id_start", lambda r: r.id_number[: chance.randrange(6, 15)])
    kind("id_end", lambda r: r.id_number[-6:])
    kind("number", lambda r: r.number)
    kind("number_start", lambda r: r.number[:8])
    kind("name_and_year", lambda r: f"{r.name[:2]} {r.birth_date.year}")
    kind("nobody", lambda r: f"{r.name[-1]}䶮{r.name[0]}")
    return found


def measure(store: Store, actor: Actor, kinds: dict[str, list[str]]) -> tuple[Times, Times]:
    """Return the milliseconds of each query by kind, of the wall and of the processor: medians of some rounds.

    Each round has another order and asks more than the page cache holds, so a query never finds its own pages of
    the round before.

    Raises:
        AssertionError: A query that must find somebody found nobody.
    """
    index = SearchIndex()
    taken: dict[tuple[str, str], list[tuple[float, float]]] = {}
    order = [(kind, typed) for kind, all_typed in kinds.items() for typed in all_typed]
    for round_number in range(ROUNDS):
        random.Random(round_number).shuffle(order)  # noqa: S311
        for kind, typed in order:
            wall, own = time.perf_counter(), time.thread_time()
            with store.read() as connection:
                hits = index.find(connection, typed, actor, limit=20)
            spent = time.perf_counter() - wall, time.thread_time() - own
            taken.setdefault((kind, typed), []).append(spent)
            if not hits and kind != "nobody":
                raise AssertionError(f"{kind} {typed!r} found nobody")
    return _medians(taken, 0), _medians(taken, 1)


def _medians(taken: dict[tuple[str, str], list[tuple[float, float]]], which: int) -> Times:
    found: Times = {}
    for (kind, _), spent in taken.items():
        found.setdefault(kind, []).append(statistics.median(one[which] for one in spent) * 1000)
    return found


def p95(times: Times) -> float:
    """Return the 95th percentile over all kinds, milliseconds."""
    return percentile([value for values in times.values() for value in values], 0.95)


def run(scale: int, goals: Goals) -> tuple[float, float]:
    """Measure a store of `scale` clients; returns the 95th percentile of a search, wall and processor, in ms."""
    store = store_with(scale, goals)
    chance = random.Random(2)  # noqa: S311
    authority = Authority.load(resources.folder("roles.yaml"))
    actor = authority.actor(
        staff_id=None, name="x", role="nurse", org_id=ORG, device_id=uuid.UUID(int=1), subtree=()
    )
    with store.read() as connection:
        rows = list(connection.execute(select(Patient.__table__).limit(scale // 2)))
    rows = chance.sample(rows, min(5000, len(rows)))
    wall, own = measure(store, actor, queries(rows, chance))
    for kind, values in wall.items():
        goals.note(**{f"p95_ms_{kind}_{scale}": percentile(values, 0.95)})
    goals.goal(f"scan_route_p95_ms_{scale}", _scans(store, actor, chance.sample(rows, 200)), "<=", 10)
    store.close()
    return p95(wall), p95(own)


def _scans(store: Store, actor: Actor, rows: list[Any]) -> float:
    taken = []
    for row in rows:
        started = time.perf_counter()
        with store.read() as connection:
            if route_scan(connection, row.number, actor, today=date(2026, 11, 23)).record_id != row.id:
                raise AssertionError("a scan led elsewhere")
        taken.append((time.perf_counter() - started) * 1000)
    return percentile(taken, 0.95)


def main() -> int:
    """Run the benchmark; ``--small`` and ``--large`` are the two sizes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    sizes = parser.parse_args()
    features.load()
    goals = Goals("search")
    (small, small_own), (large, large_own) = run(sizes.small, goals), run(sizes.large, goals)
    goals.note(search_p95_ms_small=small, processor_p95_ms_small=small_own, processor_p95_ms=large_own)
    goals.goal("search_p95_ms", large, "<=", 50)
    goals.goal("search_p95_large_vs_small", large_own / small_own, "<=", 1.5)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
