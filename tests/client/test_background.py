"""Long work has one door: it answers on the UI thread, in order, and nothing it was asked to write is lost."""

import threading

import pytest

from client.background import Crash, Jobs
from domain.kernel.errors import DomainError, UnavailableError
from tests.fixtures.patience import PATIENCE_S


def test_work_runs_elsewhere_and_answers_on_the_ui_thread(qtbot, jobs):
    threads = []
    job = jobs.read(lambda _job: threading.get_ident())
    with qtbot.waitSignal(job.finished):
        job.succeeded.connect(lambda worker: threads.extend([worker, threading.get_ident()]))
    assert threads[0] != threading.get_ident()
    assert threads[1] == threading.get_ident()


def test_progress_arrives_in_order_before_the_end(qtbot, jobs):
    told = []

    def work(job):
        for done in range(5):
            job.tell(done, 5)
        return "ready"

    job = jobs.read(work)
    job.progressed.connect(lambda done, total: told.append((done, total)))
    job.succeeded.connect(told.append)
    with qtbot.waitSignal(job.finished):
        pass
    assert told == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), "ready"]


@pytest.mark.parametrize(
    "error", [DomainError("input.missing", field="name"), UnavailableError("store.busy")]
)
def test_a_known_failure_is_refused_and_is_no_crash(qtbot, jobs, error):
    seen = []

    def work(_job):
        raise error

    job = jobs.write(work)
    job.refused.connect(seen.append)
    job.crashed.connect(seen.append)
    with qtbot.waitSignal(job.finished):
        pass
    assert seen == [error]


def test_a_bug_is_logged_and_told_with_a_number(qtbot, jobs, caplog):
    crashes = []
    jobs.crashed.connect(crashes.append)
    job = jobs.read(lambda _job: 1 // 0, "division")
    with qtbot.waitSignal(job.finished):
        pass
    assert isinstance(crashes[0], Crash)
    assert crashes[0].number in caplog.text
    assert "division" in caplog.text
    caplog.clear()


def test_writes_run_one_after_the_other_in_order(qtbot, jobs):
    order, inside = [], []

    def step(number):
        def work(_job):
            inside.append(number)
            order.append((number, len(inside)))
            inside.remove(number)

        return work

    last = [jobs.write(step(n)) for n in range(20)][-1]
    with qtbot.waitSignal(last.finished):
        pass
    assert order == [(n, 1) for n in range(20)]


def test_a_cancelled_job_ends_without_an_answer(qtbot, jobs):
    started, answers = threading.Event(), []

    def work(job):
        started.set()
        while not job.cancelled:
            threading.Event().wait(0.001)
        return "late"

    job = jobs.read(work)
    job.succeeded.connect(answers.append)
    started.wait(PATIENCE_S)
    with qtbot.waitSignal(job.finished):
        job.cancel()
    assert answers == []


def test_closing_cancels_what_reads_and_waits_for_what_writes(qapp):
    jobs, written = Jobs(), []
    jobs.read(lambda job: [threading.Event().wait(0.001) for _ in iter(lambda: job.cancelled, True)])
    for number in range(10):
        jobs.write(lambda _job, n=number: written.append(n))
    jobs.close()
    assert written == list(range(10))
