"""The reviewer's day: a queue of ten thousand cases, a CT of 500 slices, the next case, the server's pages."""

import argparse
import dataclasses
import logging
import os
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import requests
from PySide6.QtCore import QCoreApplication, QEventLoop

from client.stations.review.case import AttachmentRow
from client.stations.review.case_reading import read_case
from domain import features
from domain.people.records import Patient
from forms.imaging.shapes import DICOM
from tests.bench.goals import Goals, percentile
from tests.bench.review_homes import review_home
from tests.bench.ui_review import _Bench
from tests.imaging.dicom_files import ct

QUEUE_MS, ROWS_MS, NEXT_MS, FIRST_MS, PAGE_MS, FRAMES = 300, 200, 100, 1000, 300, 30
SLICES, SIZE = 500, 512


def main(arguments: list[str] | None = None) -> int:
    """Measure and print one line a goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300 cases and 60 slices")
    quick = parser.parse_args(arguments).quick
    features.load()
    from client.views.application import make_application

    application = make_application("light")
    logging.getLogger("client.watchdog").setLevel(logging.ERROR)
    logging.getLogger("client.collector").setLevel(logging.ERROR)
    goals = Goals("review")
    sizes = (300, 60, 300) if quick else (10_000, 200, 10_000)
    goals.note(cases_waiting=sizes[0])
    bench = _Bench(review_home(*sizes))
    try:
        _desk(goals, bench, 20 if quick else 60)
        _images(goals, bench, 60 if quick else SLICES)
    finally:
        bench.close()
    _server(goals, 20 if quick else 100)
    application.processEvents()
    return goals.close()


def _desk(goals: Goals, bench: _Bench, count: int) -> None:
    goals.note(queue_first_opening_with_imports_ms=bench.open_queue())
    began = time.process_time()
    opened = [bench.open_queue() for _ in range(15)]
    whole = (time.process_time() - began) * 1000 / len(opened)
    goals.note(
        load_average=os.getloadavg()[0], queue_and_first_case_cpu_ms=whole
    )  # what no load makes longer
    goals.goal("queue_open_p95_ms", percentile(opened, 0.95), "<=", QUEUE_MS)
    assert bench.view is not None
    keys = bench.view.model.queue.case_keys(0, 20)
    cold = []
    for key in keys:
        begun = time.perf_counter()
        read_case(bench.desk, bench.actor, key)
        cold.append((time.perf_counter() - begun) * 1000)
    goals.goal("case_rows_p95_ms", percentile(cold, 0.95), "<=", ROWS_MS)
    bench.switch(5, 200)
    goals.goal("next_preloaded_case_p95_ms", percentile(bench.switch(count, 150), 0.95), "<=", NEXT_MS)


def _images(goals: Goals, bench: _Bench, slices: int) -> None:
    """Open a series from the files' sealed bytes, as a reviewer does; the process of the decoder is up by then."""
    assert bench.view is not None
    view, model = bench.view, bench.view.model
    case = model.case
    assert case is not None
    table = Patient.__table__
    with bench.store.read() as connection:
        born = connection.execute(table.select().where(table.c.id == case.patient_id)).one().birth_date
    rows = []
    for n in range(1, slices + 1):
        content = ct(n, size=SIZE, patient=case.patient_number, name=case.name, born=f"{born:%Y%m%d}", sex="")
        sha256 = bench.desk.blobs.put([content])
        rows.append(AttachmentRow(f"CT {n:03}.dcm", sha256, DICOM, len(content), True, len(content), "", ""))
    case = dataclasses.replace(case, attachments=tuple(rows))
    model.media.warm_up()  # as the desk does when a case with images comes up
    _until(lambda: not model.context.jobs.busy)
    stage = view.stage
    begun = time.perf_counter()
    stage.open(case, rows[0])
    _until(lambda: stage.pane.canvas._told is not None)
    stage.pane.canvas.repaint()
    goals.note(first_image_ever_ms=(time.perf_counter() - begun) * 1000)
    first = []
    for at in (0, slices // 2, slices - 1):
        stage.back()
        _until(lambda: not model.context.jobs.busy)
        begun = time.perf_counter()
        stage.open(case, rows[at])
        _until(lambda: stage.pane.canvas._told is not None)
        stage.pane.canvas.repaint()
        first.append((time.perf_counter() - begun) * 1000)
    goals.goal(f"first_image_of_{slices}_slices_ms", max(first), "<=", FIRST_MS)
    stage.back()
    _until(lambda: not model.context.jobs.busy)
    stage.open(case, rows[0])
    _until(lambda: stage.pane.canvas._told is not None)
    begun, shown, longest = time.perf_counter(), 1, 0.0
    while shown < min(slices, 300):
        turn = time.perf_counter()
        before = stage.pane.canvas._told.facts.instance_number
        model.media.step(1)
        _until(lambda before=before: stage.pane.canvas._told.facts.instance_number != before)
        stage.pane.canvas.repaint()
        longest = max(longest, time.perf_counter() - turn)
        shown += 1
    cold = shown / (time.perf_counter() - begun)
    goals.note(longest_step_ms=longest * 1000, walking_while_decoding_frames_per_s=cold)
    _until(lambda: not model.context.jobs.busy)
    begun, shown = time.perf_counter(), 0
    while shown < min(slices - 1, 300):
        model.media.step(-1 if shown % 2 else 1)
        stage.pane.canvas.repaint()
        shown += 1
    goals.goal("series_walk_ready_frames_per_s", shown / (time.perf_counter() - begun), ">=", FRAMES)
    goals.goal("series_walk_while_decoding_frames_per_s", cold, ">=", FRAMES)
    goals.note(decoded_mib=model.media.kept_bytes() / (1 << 20))
    stage.back()


def _server(goals: Goals, count: int) -> None:
    """Ask a running centre for queue, case and a picture, each anew."""
    from domain.kernel.clock import utc_now
    from server.settings import Settings
    from tests.server.conftest import PASSWORD, Running, prepare
    from tests.server.reviewing import Reviewing

    with _folder() as folder:
        settings = Settings(data_dir=folder, least_free_bytes=0)
        server = Running(settings, utc_now, prepare(settings))
        try:
            case = Reviewing(server).with_images()
            http, url = requests.Session(), f"{server.api.url}/review"
            http.trust_env = False
            http.post(f"{url}/sign-in", data={"login": "expert", "password": PASSWORD}, timeout=60)
            at = f"{url}/case/{case.report.hex}"
            taken: dict[str, list[float]] = {"queue": [], "case": [], "picture": []}
            for n in range(count):
                for name, address in (
                    ("queue", url), ("case", at),
                    ("picture", f"{at}/file/{case.ct.hex}/picture.png?c={n}&w=400"),
                ):  # fmt: skip
                    begun = time.perf_counter()
                    answer = http.get(address, timeout=60)
                    taken[name].append((time.perf_counter() - begun) * 1000)
                    assert answer.status_code == 200, answer.text
            for name, times in taken.items():
                goals.note(**{f"server_{name}_median_ms": statistics.median(times)})
                goals.goal(f"server_{name}_page_p95_ms", percentile(times, 0.95), "<=", PAGE_MS)
        finally:
            server.stop()


@contextmanager
def _folder() -> Any:
    found = Path(tempfile.mkdtemp(prefix=f"review-{uuid.uuid4().hex[:6]}-"))
    try:
        yield found
    finally:
        shutil.rmtree(found, ignore_errors=True)


def _until(holds: Any) -> None:
    limit = time.perf_counter() + 60
    while not holds():
        if time.perf_counter() > limit:
            raise RuntimeError("the desk did not answer")
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 5)


if __name__ == "__main__":
    sys.exit(main())
