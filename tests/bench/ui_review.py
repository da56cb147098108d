"""The review desk: opening the queue, switching cases, and whether the screen stands still while data streams in."""

import contextlib
import logging
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

import resources
from client.background import Jobs
from client.collector import Collector
from client.desk import Desk, Installation
from client.formatting import Formatter
from client.home import Home
from client.live import Live
from client.settings import Settings
from client.station import Context
from client.stations.review.queue import read_counts
from client.stations.review.view import View
from client.stations.review.viewmodel import ViewModel
from client.watchdog import Findings, LoopWatch, Turn
from domain.catalog.content import load_catalog
from domain.checkup.intake import line_for
from domain.checkup.result_commands import Identity, ReceiveResults
from domain.kernel.authority import Authority, system_actor
from domain.kernel.clock import ManualClock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages
from domain.linting.definitions import LINTING, load_rules
from domain.people.records import Sex
from sync.stores import open_branch_store
from tests.bench.goals import Goals, percentile
from tests.bench.review_homes import BRANCH, CHIEF, HEAD_OFFICE, NOW, review_home, store_key

SIZES = {"1x": (2_000, 2_000, 20_000), "10x": (20_000, 400, 200_000)}
QUEUE_MS, SWITCH_MS, FREEZE_MS = 300, 200, 50
MOST_SLOWER = 1.5
OPENINGS, SWITCHES, PAUSE_MS = 15, 120, 120
STREAM_S = 12.0
SHORT_SLICE_S = 0.0005


def measure(goals: Goals, *, quick: bool = False) -> None:
    """Add this station's figures to `goals`."""
    goals.note(load_average=os.getloadavg()[0])  # above the number of cores every time below is longer
    logging.getLogger("client.watchdog").setLevel(logging.ERROR)  # what it finds is told below
    sizes = {"1x": (300, 300, 1_000), "10x": (3_000, 50, 10_000)} if quick else SIZES
    medians: dict[str, float] = {}
    for name, (waiting, detailed, issued) in sizes.items():
        bench = _Bench(review_home(waiting, detailed, issued))
        try:
            opened = [bench.open_queue() for _ in range(OPENINGS)]
            medians[name] = percentile(opened, 0.5)
            goals.note(**{f"review_queue_{name}_median_ms": medians[name]})
            goals.note(**{f"review_counts_{name}_ms": bench.counts()})
            goals.goal(f"review_queue_open_{name}_p95_ms", percentile(opened, 0.95), "<=", QUEUE_MS)
            if name == "1x":
                _cases(goals, bench, SWITCHES // 4 if quick else SWITCHES)
                _stream(goals, bench, 3.0 if quick else STREAM_S)
        finally:
            bench.close()
    goals.goal("review_queue_10x_vs_1x", medians["10x"] / medians["1x"], "<=", MOST_SLOWER)


def _cases(goals: Goals, bench: "_Bench", count: int) -> None:
    bench.switch(10, PAUSE_MS)
    bench.collector.settle()
    turns: dict[str, Turn] = {}
    with _watched(turns):
        paced = bench.switch(count, PAUSE_MS)
    _judge(goals, "review_switch", turns)
    with _watched(turns):
        bench.charts(count // 4)
    _judge(goals, "review_charts", turns)
    hasty = bench.switch(count, 0)
    goals.note(
        review_switch_median_ms=percentile(paced, 0.5), review_switch_hasty_p95_ms=percentile(hasty, 0.95)
    )
    goals.goal("review_case_switch_p95_ms", percentile(paced, 0.95), "<=", SWITCH_MS)
    goals.goal("review_case_switch_hasty_p95_ms", percentile(hasty, 0.95), "<=", SWITCH_MS)


def _judge(goals: Goals, name: str, turns: dict[str, Turn]) -> None:
    goals.note(**{f"{name}_busiest_turn_cpu_ms": turns["busiest"].cpu_ms})
    goals.goal(f"{name}_longest_turn_ms", turns["longest"].ms, "<=", FREEZE_MS)


def _stream(goals: Goals, bench: "_Bench", seconds: float) -> None:
    goals.note(review_bare_freeze_ms=bench.idle(seconds / 3))  # what the machine alone costs: nothing is done
    quiet, _, _ = bench.under_stream(seconds / 3, writing=False)
    freeze, switches, written = bench.under_stream(seconds, writing=True)
    busiest = bench.busiest_ms
    before = sys.getswitchinterval()
    sys.setswitchinterval(SHORT_SLICE_S)
    shorter, _, _ = bench.under_stream(seconds, writing=True)
    sys.setswitchinterval(before)
    goals.note(
        review_quiet_freeze_ms=quiet, review_stream_transactions=written,
        review_stream_short_slices_freeze_ms=shorter, review_stream_busiest_turn_cpu_ms=busiest,
    )  # fmt: skip
    goals.goal("review_stream_switch_p95_ms", percentile(switches, 0.95), "<=", SWITCH_MS)
    goals.goal("review_stream_freeze_max_ms", freeze, "<=", FREEZE_MS)


@contextlib.contextmanager
def _watched(turns: dict[str, Turn]) -> Iterator[None]:
    """Put the longest and the busiest turn of the event loop within into `turns`."""
    watch = LoopWatch(Findings(), FREEZE_MS / 1000)
    try:
        yield
    finally:
        watch.stop()
        turns["longest"], turns["busiest"] = watch.take()


class _Bench:
    """One store, its desk, and the window that is measured."""

    def __init__(self, home: Home) -> None:
        self.store = open_branch_store(home.store, store_key(home))
        self.clock = ManualClock(NOW)
        self.catalog = load_catalog(resources.folder("catalog"))
        self.dispatcher = Dispatcher(
            self.store,
            clock=self.clock,
            content={
                "number_prefix": "909",
                "catalog": self.catalog,
                LINTING: load_rules(resources.folder("linting")),
            },
        )
        authority = Authority.load(resources.folder("roles.yaml"))
        self.actor = authority.actor(
            staff_id=CHIEF, name="李文渊", role="chief_physician", org_id=HEAD_OFFICE, device_id=HEAD_OFFICE,
            subtree=(BRANCH,),
        )  # fmt: skip
        self.desk = Desk(
            home=home, settings=Settings(key_file=str(home.folder / "store.key")), store=self.store,
            installation=Installation(HEAD_OFFICE, HEAD_OFFICE, "总院审核", "", "101"), dispatcher=self.dispatcher,
            pages=Pages(self.store), authority=authority, clock=self.clock,
            texts=Texts.load(resources.folder("texts") / "zh"),
        )  # fmt: skip
        self.jobs = Jobs()
        self.live = Live(self.store, self.jobs)
        self.context = Context(
            self.desk,
            self.actor,
            self.jobs,
            self.live,
            Formatter(self.desk.texts),
            None,
            lambda *_a, **_k: None,
        )
        self.view: View | None = None
        self.busiest_ms = 0.0
        self.collector = Collector()  # as the workstation has it
        self._patients = self._some_patients()

    def close(self) -> None:
        self._drop_view()
        self.collector.stop()
        self.live.stop()
        self.jobs.close()
        self.store.close()

    def open_queue(self) -> float:
        """Return milliseconds from asking for the page to its queue on the screen; the window is new each time."""
        self._drop_view()
        begun = time.perf_counter()
        model = ViewModel(self.context)
        model.opening.settle_ms = 0
        self.view = View(model)
        self.view.resize(1366, 716)
        self.view.show()
        model.on_open()
        self._until(lambda: model.queue.rowCount() > 0)
        self.view.repaint()
        taken = (time.perf_counter() - begun) * 1000
        self._until(lambda: not self.jobs.busy and model.case is not None)
        return taken

    def switch(self, count: int, pause_ms: int) -> list[float]:
        """Return milliseconds from the key to the next case painted, `count` times."""
        taken = []
        for _ in range(count):
            taken.append(self._switch_once())
            self._pause(pause_ms)
        return taken

    def under_stream(self, seconds: float, *, writing: bool) -> tuple[float, list[float], int]:
        """Return the longest freeze, the switches and how much was written while results streamed in."""
        stop, written = threading.Event(), [0]
        writer = threading.Thread(target=self._write, args=(stop, written), daemon=True)
        watch = LoopWatch(Findings(), FREEZE_MS / 1000)
        if writing:
            writer.start()
        switches = []
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            switches.append(self._switch_once())
            self._pause(200)
        watch.stop()
        longest, busiest = watch.take()
        self.busiest_ms = busiest.cpu_ms
        stop.set()
        if writing:
            writer.join()
        self._until(lambda: not self.jobs.busy)
        return longest.ms, switches, written[0]

    def idle(self, seconds: float) -> float:
        """Return the longest time the loop stood still while nobody did anything."""
        turns: dict[str, Turn] = {}
        with _watched(turns):
            self._pause(int(seconds * 1000))
        return turns["longest"].ms

    def charts(self, count: int) -> None:
        """Open the course of a result in one case after the other."""
        assert self.view is not None
        for _ in range(count):
            self.view.model.action_set.trigger("trend")
            self._pause(60)
            self._switch_once()
            self._pause(60)

    def counts(self) -> float:
        """Return the median milliseconds of counting how many cases wait for each reason."""
        taken = []
        for _ in range(15):
            begun = time.perf_counter()
            read_counts(self.desk, self.actor)
            taken.append((time.perf_counter() - begun) * 1000)
        return statistics.median(taken)

    def _switch_once(self) -> float:
        assert self.view is not None
        model = self.view.model
        before = model.case
        begun = time.perf_counter()
        model.action_set.trigger("next")
        self._until(
            lambda: model.case is not before and model.case is not None and model.case.key == model.wanted
        )
        QCoreApplication.processEvents()
        return (time.perf_counter() - begun) * 1000

    def _write(self, stop: threading.Event, written: list[int]) -> None:
        """Write results as an exchange with the centre does: one transaction after the other, visit by visit."""
        system = system_actor(BRANCH, HEAD_OFFICE)
        number = 0
        while not stop.wait(0.02):
            name, sex, born = self._patients[number % len(self._patients)]
            lines = [
                line_for(self.catalog, key, value, self.catalog.observation(key).ucum)
                for key, value in (
                    ("fpg", 5.2),
                    ("k", 4.2),
                    ("alt", 22.0),
                    ("crea", 70.0),
                    ("wbc", 6.0),
                    ("hgb", 140.0),
                )
            ]
            order = ReceiveResults(
                message_id=f"S{time.monotonic_ns()}", org_id=BRANCH, visit_number=f"S{time.monotonic_ns()}",
                patient=Identity(name=name, sex=Sex(sex), birth_date=born), lines=lines,
            )  # fmt: skip
            self.dispatcher.run(order, system)
            number += 1
            written[0] = number

    def _some_patients(self) -> list[Any]:
        from sqlalchemy import select

        from domain.people.records import Patient

        table = Patient.__table__
        with self.store.read() as connection:
            return [tuple(r) for r in connection.execute(
                select(table.c.name, table.c.sex, table.c.birth_date).limit(50)
            ).all()]  # fmt: skip

    def _drop_view(self) -> None:
        if self.view is not None:
            self._until(lambda: not self.jobs.busy)
            self.view.model.close()
            self.view.close()
            self.view.deleteLater()
            self.view = None
            QCoreApplication.sendPostedEvents()
            QCoreApplication.processEvents()

    def _pause(self, milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def _until(self, holds: Any) -> None:
        limit = time.perf_counter() + 30
        while not holds():
            if time.perf_counter() > limit:
                raise RuntimeError("the desk did not answer")
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)
