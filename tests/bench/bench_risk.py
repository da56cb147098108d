"""All models on one client, and 10,000 clients assessed again on two cores.

``python -m tests.bench.bench_risk`` measures the pure function with the factors in memory: people of the seeded
population about whom everything is known (the dearest case) and the mixed population. Closing lines
``name value op goal holds|short``, and bench-out/risk.json.
"""

import argparse
import multiprocessing
import os
import sys
import time

from domain.risk.assess import assess
from tests.bench.goals import Goals, percentile
from tests.bench.risk_store import stored_clients
from tests.risk.people import DAY, healthy, models, population

GOAL_MS, GOAL_S = 5.0, 60.0
CLIENTS, WORKERS = 10_000, 2
STORED = 500
"""Clients assessed through an encrypted store as the follower does; the goal is held against 10,000 of them."""


def one_by_one(people) -> list[float]:
    """Return milliseconds a person."""
    ready, times = models(), []
    for one in people:
        begun = time.perf_counter()
        assess(one, DAY, ready)
        times.append((time.perf_counter() - begun) * 1000)
    return times


def share_of(number: int, count: int, ready, done) -> None:
    """Assess one worker's share, from the moment both have their people in memory."""
    loaded, people = models(), list(population(count, seed=number))
    ready.wait()
    begun, own = time.perf_counter(), time.process_time()
    results = sum(len(assess(one, DAY, loaded).results) for one in people)
    done.put((time.perf_counter() - begun, time.process_time() - own, results))


def all_clients(clients: int) -> tuple[float, float, int]:
    """Return the seconds of the slower worker, the processor's seconds of both, and how many results came of it."""
    own = multiprocessing.get_context("spawn")
    ready, done = own.Barrier(WORKERS), own.Queue()
    workers = [
        own.Process(target=share_of, args=(number, clients // WORKERS, ready, done))
        for number in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    told = [done.get(timeout=1200) for _ in workers]
    for worker in workers:
        worker.join()
    return max(one[0] for one in told), sum(one[1] for one in told), sum(one[2] for one in told)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="Risk models: one client, and ten thousand")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--quick", action="store_true", help="fewer clients, for trying it out")
    chosen = parser.parse_args(arguments)
    clients = 400 if chosen.quick else chosen.clients
    goals = Goals("risk")
    begun = time.perf_counter()
    loaded = models()
    goals.note(
        models=len(loaded.models), diseases=len(loaded.diseases), load_ms=(time.perf_counter() - begun) * 1000,
        machine_load=os.getloadavg()[0],
    )  # fmt: skip
    ages = [30 + place % 50 for place in range(400)]
    whole = [
        healthy("male" if place % 2 else "female", age, sbp=150.0, tc=6.0) for place, age in enumerate(ages)
    ]
    begun = time.process_time()
    times = one_by_one(whole)
    goals.note(processor_ms_a_client=(time.process_time() - begun) * 1000 / len(whole))
    goals.note(whole_p50_ms=percentile(times, 0.5), mixed_p50_ms=percentile(one_by_one(population(400)), 0.5))
    goals.goal("risk_one_client_p95_ms", percentile(times, 0.95), "<", GOAL_MS)
    took, processor, results = all_clients(clients)
    goals.note(clients=clients, results=results, two_cores_s=took, processor_s=processor)
    goals.goal("risk_10000_clients_two_cores_s", took * CLIENTS / clients, "<", GOAL_S)
    stored, processor_s, followed_s = stored_clients(80 if chosen.quick else STORED)
    each = sum(stored) / len(stored)
    goals.note(stored_clients=len(stored), stored_p50_ms=percentile(stored, 0.5))
    goals.note(stored_processor_ms_a_client=processor_s * 1000 / len(stored))
    goals.note(risk_10000_stored_clients_one_process_s=each * CLIENTS / 1000)
    goals.goal("risk_10000_stored_clients_two_cores_s", followed_s / len(stored) * CLIENTS, "<", GOAL_S)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
