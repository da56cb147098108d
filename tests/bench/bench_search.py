"""Search as people type, on an encrypted branch store: 100,000 clients, then a million; and scans by whole numbers.

The stores are made once and kept in .state/bench. Every query opens its own view of the store, as a keystroke does.
"""

import argparse
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

import resources
from domain import features
from domain.kernel.authority import Actor, Authority
from domain.kernel.store import Store
from domain.people.names import search_keys
from domain.people.records import Patient
from domain.people.scans import route_scan
from sync.schema import prepare_store
from sync.search import SearchIndex, create_search
from sync.stores import open_branch_store
from tests.bench.goals import Goals, percentile
from tests.bench.homes import FOLDER, ORG, add_patients

KEY = bytes(range(32))
OF_A_KIND = 60
ROUNDS = 5


def store_with(patients: int, goals: Goals) -> Store:
    """Return a store with so many clients and their index."""
    folder = FOLDER / f"search-{patients}"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "made"
    path = folder / "branch.db"
    if not made.exists():
        path.unlink(missing_ok=True)
    store = open_branch_store(path, KEY)
    if not made.exists():
        prepare_store(store)
        add_patients(store, patients)
        before = path.stat().st_size
        started = time.perf_counter()
        SearchIndex().rebuild(store)
        goals.note(**{f"rebuild_s_{patients}": time.perf_counter() - started})
        store.close()
        goals.note(**{f"index_bytes_per_client_{patients}": (path.stat().st_size - before) / patients})
        made.touch()
        store = open_branch_store(path, KEY)
    with store.write() as connection:
        create_search(connection)
    return store


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


def measure(store: Store, actor: Actor, kinds: dict[str, list[str]]) -> dict[str, list[float]]:
    """Return the milliseconds of each query, by kind: the median of some rounds, each in another order.

    A round asks more than the page cache holds, so a query never finds its own pages of the round before.

    Raises:
        AssertionError: A query that must find somebody found nobody.
    """
    index = SearchIndex()
    times: dict[tuple[str, str], list[float]] = {}
    order = [(kind, typed) for kind, all_typed in kinds.items() for typed in all_typed]
    for round_number in range(ROUNDS):
        random.Random(round_number).shuffle(order)  # noqa: S311
        for kind, typed in order:
            started = time.perf_counter()
            with store.read() as connection:
                hits = index.find(connection, typed, actor, limit=20)
            times.setdefault((kind, typed), []).append((time.perf_counter() - started) * 1000)
            if not hits and kind != "nobody":
                raise AssertionError(f"{kind} {typed!r} found nobody")
    found: dict[str, list[float]] = {}
    for (kind, _), values in times.items():
        found.setdefault(kind, []).append(statistics.median(values))
    return found


def run(scale: int, goals: Goals) -> float:
    """Measure a store of `scale` clients; returns the 95th percentile of a search in milliseconds."""
    store = store_with(scale, goals)
    chance = random.Random(2)  # noqa: S311
    authority = Authority.load(resources.folder("roles.yaml"))
    actor = authority.actor(
        staff_id=None, name="x", role="nurse", org_id=ORG, device_id=uuid.UUID(int=1), subtree=()
    )
    with store.read() as connection:
        rows = list(connection.execute(select(Patient.__table__).limit(scale // 2)))
    rows = chance.sample(rows, min(5000, len(rows)))
    times = measure(store, actor, queries(rows, chance))
    for kind, values in times.items():
        goals.note(**{f"p95_ms_{kind}_{scale}": percentile(values, 0.95)})
    scans = []
    for row in chance.sample(rows, 200):
        started = time.perf_counter()
        with store.read() as connection:
            if route_scan(connection, row.number, actor).record_id != row.id:
                raise AssertionError("a scan led elsewhere")
        scans.append((time.perf_counter() - started) * 1000)
    goals.goal(f"scan_route_p95_ms_{scale}", percentile(scans, 0.95), "<=", 10)
    store.close()
    return percentile([value for values in times.values() for value in values], 0.95)


def main() -> int:
    """Run the benchmark; ``--small`` and ``--large`` are the two sizes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    sizes = parser.parse_args()
    features.load()
    goals = Goals("search")
    small, large = run(sizes.small, goals), run(sizes.large, goals)
    goals.note(search_p95_ms_small=small)
    goals.goal("search_p95_ms", large, "<=", 50)
    goals.goal("search_p95_large_vs_small", large / small, "<=", 1.5)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
