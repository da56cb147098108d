"""The life line of a tube with 1,000 descendants: read, checked against the chain of custody, drawn.

``python -m tests.bench.bench_lineage`` measures on an encrypted store. Drawing begins with what was read and ends
when the page has been painted. Closing lines ``name value op goal holds|short``, and bench-out/lineage.json.
"""

import argparse
import itertools
import os
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import resources
from client.pages.lifeline.view import View
from client.pages.lifeline.viewmodel import ViewModel, life_line
from client.views.application import make_application
from domain import features
from domain.biobank.commands import event_of
from domain.biobank.custody_chain import breaks
from domain.biobank.lineage import family_of
from domain.biobank.numbers import ALPHABET, check_character
from domain.biobank.records import EventKind, PrimaryContainer, Specimen, SpecimenType
from domain.kernel.authority import system_actor
from domain.kernel.ids import new_id
from domain.kernel.texts import Texts
from domain.kernel.unit_of_work import UnitOfWork
from sync.schema import prepare_store
from sync.stores import open_branch_store
from tests.bench.goals import Goals, percentile

BRANCH, DEVICE = uuid.UUID(int=0xB1), uuid.UUID(int=0xD1)
DESCENDANTS, GOAL_MS, TIMES = 1_000, 300.0, 7
KINDS = (EventKind.ALIQUOTED, EventKind.STORED, EventKind.TAKEN_OUT, EventKind.RETURNED)


def numbers():
    """Yield good specimen numbers."""
    for at in itertools.count():
        payload = f"101{at:08d}"
        if (mark := check_character(payload)) in ALPHABET:
            yield payload + mark


def seeded(store, actor, count):
    """Keep a tube with so many descendants, ten of each tube, and four events of each; returns its number."""
    begun = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    tubes, first, given = [], "", numbers()
    with store.write() as connection:
        work = UnitOfWork(connection, actor, now=begun, new_id=new_id)
        for at in range(count + 1):
            work.now = begun + timedelta(hours=at)
            parent = tubes[(at - 1) // 10].id if at else None
            tube = Specimen(
                number=next(given), type=SpecimenType.SERUM,
                container=PrimaryContainer.SERUM_SEPARATOR, patient_id=BRANCH, parent_id=parent, state="stored",
                state_since=work.now, initial_ul=500, remaining_ul=500,
            )  # fmt: skip
            tubes.append(work.add(tube))
            for step, kind in enumerate(KINDS):
                work.now = begun + timedelta(hours=at, minutes=10 * step)
                event_of(work, tube, kind, place="一号冰箱 A1")
        first = tubes[0].number
        work.commit_entry("bench.seed", txn_id=new_id())
    return first


def main() -> int:
    """Measure; goals are judged and never gate."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--descendants", type=int, default=DESCENDANTS)
    options = parser.parse_args()
    goals = Goals("lineage")
    features.load()
    app = make_application("light")
    texts = Texts.load(resources.folder("texts") / "zh")
    with tempfile.TemporaryDirectory() as folder:
        store = open_branch_store(Path(folder) / "branch.db", bytes(range(32)))
        prepare_store(store)
        actor = system_actor(BRANCH, DEVICE, "测试员")
        number = seeded(store, actor, options.descendants)
        reading, drawing = [], []
        for _ in range(TIMES):
            begun = time.perf_counter()
            with store.read() as connection:
                family = family_of(connection, actor, number)
                found = tuple(breaks(connection, family.events, DEVICE))
            line = life_line(family, found, texts)
            reading.append((time.perf_counter() - begun) * 1000)
            drawing.append(drawn(app, texts, actor, line))
        goals.note(
            tubes=len(line.tubes), events=len(line.events), breaks=len(line.broken),
            read_and_checked_ms=percentile(reading, 0.5),
        )  # fmt: skip
        goals.goal("lineage_drawn_ms", percentile(drawing, 0.5), "<=", GOAL_MS)
        store.close()
    return goals.close()


def drawn(app, texts, actor, line) -> float:
    """Return milliseconds from a family that was read to the painted page."""
    view = View(_Model(texts, actor))
    view.resize(1366, 768)
    view.show()
    app.processEvents()
    begun = time.perf_counter()
    view.show_line(line)
    view.repaint()
    app.processEvents()
    took = (time.perf_counter() - begun) * 1000
    view.close()
    view.deleteLater()
    app.processEvents()
    return took


class _Model(ViewModel):
    """The page's own view-model on a desk that is never asked anything."""

    def __init__(self, texts, actor) -> None:
        from PySide6.QtCore import QObject, Signal

        class Live(QObject):
            changed = Signal(object)

        self._live_for_us = Live()
        desk = SimpleNamespace(texts=texts)
        context = SimpleNamespace(
            desk=desk, actor=actor, live=self._live_for_us, say=texts.say, open_page=lambda *_a, **_k: None,
            jobs=None, formatter=None, preferences=None, sync=None,
        )  # fmt: skip
        super().__init__(context, "specimen", BRANCH)


if __name__ == "__main__":
    raise SystemExit(main())
