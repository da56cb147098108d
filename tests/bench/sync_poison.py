"""One bad record among ten thousand: how much later do the others arrive?

The bad one stands in the middle. What it costs is the time of the slice it is in, beyond the median of the slices
around it, as a share of the time of all: taken within one run, so that nothing but the bad one makes the difference.
Each kind of badness has its run; the worst counts. The others have to be there, and the bad one has to be refused.

The time that counts is the processor's for the thread that applies. What else takes time is waiting for the disk: a
slice is flushed once, with a bad record and without, which is counted; and a flush of a shared disk differs from the
next by more than what is looked for. The time by the clock is told beside.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, event

from domain.kernel.change_log import Body, Change, append_entry, encode_body
from domain.kernel.clock import utc_now
from domain.kernel.columns import to_microseconds
from domain.kernel.ids import new_id
from sync.intake import Intake
from tests.bench.goals import Goals
from tests.bench.sync_apply import NothingAhead, world_of
from tests.bench.sync_records import fields_of, write_records

MOST = 10_000
SHARE = 0.01
NEAR = 4
TIMES = 3
"""Runs a round: each takes a second or two, and the difference looked for is small."""


class Slices(NothingAhead):
    """Keeps how long each slice took."""

    def __init__(self, engine: Engine | None = None) -> None:
        self.took: list[float] = []
        self.spent: list[float] = []
        """Processor seconds of the thread, which other work on the machine does not touch."""
        self.flushed: list[int] = []
        self._flushes = 0
        if engine is not None:
            event.listen(engine, "commit", self._count)
        self.with_bad = -1
        self._slice = Intake._slice

    def __enter__(self) -> "Slices":
        super().__enter__()
        outer = self

        def timed(intake: Intake, *given: Any) -> Any:
            begun, cpu, flushes = time.perf_counter(), time.thread_time(), outer._flushes
            decided = outer._slice(intake, *given)
            if any(one.outcome == "rejected" for one in decided[0]):
                outer.with_bad = len(outer.took)
            outer.took.append(time.perf_counter() - begun)
            outer.spent.append(time.thread_time() - cpu)
            outer.flushed.append(outer._flushes - flushes)
            return decided

        Intake._slice = timed  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        Intake._slice = self._slice  # type: ignore[method-assign]

    def _count(self, _connection: object) -> None:
        self._flushes += 1

    def delay(self, took: list[float]) -> float:
        """Return the share of the whole of `took` or `spent` that the bad record took away from the others."""
        at = self.with_bad
        near = took[max(0, at - NEAR) : at] + took[at + 1 : at + 1 + NEAR]
        return (took[at] - median(near or took)) / sum(took)


def duplicate(fields: dict[str, Any]) -> dict[str, Any]:
    """A new client with the number of one the centre has: only the database finds out."""
    return {**fields, "number": fields_of(0)["number"]}


def too_long(fields: dict[str, Any]) -> dict[str, Any]:
    """A text longer than its column."""
    return {**fields, "phone": "1" * 300}


def of_another_type(fields: dict[str, Any]) -> dict[str, Any]:
    """A number where a text belongs."""
    return {**fields, "name": 7}


KINDS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (duplicate, too_long, of_another_type)


def write_bad(branch: Any, number: int, spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write only the entry: the branch's own store would refuse such a row."""
    org = branch.org_id.bytes
    change = Change("patient", new_id().bytes, org, "ins", 0, spoil(fields_of(number)), {})
    body = Body("people.register", None, "nurse", org, 1, [change])
    encode_body(body)
    with branch.store.write() as connection:
        append_entry(
            connection, txn_id=new_id(), device_id=branch.device_id, at=to_microseconds(utc_now()), body=body,
            for_sync=True, scopes=[branch.org_id.bytes],
        )  # fmt: skip


def one_run(
    folder: Path, count: int, spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[float, float, bool]:
    """Send `count` records, the middle one bad; returns the delay by both clocks, and if all is right."""
    folder.mkdir()
    half = count // 2
    world, sender, other = world_of(folder)
    sender.exchange()  # while the log is short: it is to send, and not to be filled from a snapshot first
    write_records(other.store, other.org_id, other.device_id, 1)  # whom the duplicate is one of
    other.exchange()
    # The centre has seen such a thing before: the statements it needs are compiled.
    write_records(other.store, other.org_id, other.device_id, half, start=count + 1)
    write_bad(other, count + half + 1, spoil)
    write_records(other.store, other.org_id, other.device_id, half, start=count + half + 2)
    other.exchange()
    write_records(sender.store, sender.org_id, sender.device_id, half, start=1)
    write_bad(sender, half + 1, spoil)
    write_records(sender.store, sender.org_id, sender.device_id, count - half - 1, start=half + 2)
    with Slices(world.centre.store.engine) as slices:
        done = sender.exchange()
    with world.centre.store.read() as connection:
        there = connection.exec_driver_sql("SELECT count(*) FROM patient").scalar_one()
    world.close()
    right = there == count + 2 * half and done.attention == 1 and slices.with_bad >= 0
    right = right and set(slices.flushed) == {1}
    return slices.delay(slices.took), slices.delay(slices.spent), right


def run(goals: Goals, home: Path, count: int, rounds: int) -> None:
    """Measure and judge."""
    worst, good, asked = 0.0, 0, 0
    for spoil in KINDS:
        found: list[float] = []
        by_cpu: list[float] = []
        for number in range(TIMES * rounds):
            delay, spent, right = one_run(home / f"{spoil.__name__}-{number}", min(count, MOST), spoil)
            found.append(delay)
            by_cpu.append(spent)
            good, asked = good + right, asked + 1
        goals.note(**{
            f"delay_by_{spoil.__name__}": median(by_cpu), f"delay_by_{spoil.__name__}_by_the_clock": median(found),
        })  # fmt: skip
        worst = max(worst, median(by_cpu))
    goals.note(poison_records=min(count, MOST))
    goals.goal("poison_runs_with_all_others_there", good, ">=", asked)
    goals.goal("poison_delays_the_others_by", worst, "<=", SHARE)
