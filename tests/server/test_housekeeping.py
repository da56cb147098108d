"""What a server tidies up by itself: what has run out goes, what is in use stays, all is counted."""

import base64
import os
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain.kernel.clock import clinic
from domain.kernel.errors import UnavailableError
from domain.people.records import EnrolmentCode
from server.housekeeping import Housekeeping, Job
from server.sessions import IDLE
from sync.device_auth import new_key, public_text
from sync.tus.engine import Request
from tests.fixtures.patience import until


@pytest.fixture
def fresh(run_copy, tmp_path):
    with run_copy(tmp_path / "home") as found:
        found.centre.housekeeping.stop()
        yield found


def again(server):
    """Do every job of the server's housekeeping now, as its thread would at the next start."""
    house = Housekeeping(server.centre.housekeeping.jobs)
    for job in house.jobs:
        job.due, job.removed = 0.0, 0
    house.run_due()
    assert [job.name for job in house.jobs if job.failures] == []
    return {job.name: job.removed for job in house.jobs}


def codes(server):
    with server.centre.store.read() as connection:
        return connection.execute(select(func.count()).select_from(EnrolmentCode.__table__)).scalar_one()


def test_enrolment_codes_that_ran_out_go_and_can_be_called_late_for_a_week(fresh):
    code, used = fresh.enrolment_code(), fresh.enrolment_code("B02")
    body = {"code": used, "name": "一", "public_key": public_text(new_key())}
    assert fresh.api.post("/api/enrol", json=body).status_code == 201
    fresh.clock.advance(timedelta(days=2))
    assert again(fresh)["enrolment_codes"] == 0
    late = fresh.api.post("/api/enrol", json=body | {"code": code})
    assert late.json()["code"] == "enrolment.expired_code"
    fresh.clock.advance(timedelta(days=7))
    assert again(fresh)["enrolment_codes"] == 1
    assert codes(fresh) == 1, "the used one still answers the workstation that asks again"
    assert fresh.api.post("/api/enrol", json=body).status_code == 201
    fresh.clock.advance(timedelta(days=90))
    assert again(fresh)["enrolment_codes"] == 1
    assert codes(fresh) == 0


def test_sessions_that_ended_are_forgotten_and_those_in_use_stay(fresh):
    fresh.api.sign_in("nurse")
    fresh.clock.advance(IDLE + timedelta(seconds=1))
    token = fresh.api.sign_in("physician")
    assert again(fresh)["sessions"] == 1
    assert fresh.api.get("/api/session", token=token).status_code == 200
    assert again(fresh)["sessions"] == 0


def test_uploads_nobody_went_on_with_and_files_of_crashed_writers_go(fresh):
    centre = fresh.centre
    uploads = centre.settings.data_dir / "uploads"
    created = begun_upload(centre)
    assert any(p.is_file() for p in uploads.rglob("*"))
    left = next(iter(temporary_folders(centre))) / "left"
    left.write_bytes(b"half a file")
    old = centre.clock().timestamp() - 2 * 86400
    os.utime(left, (old, old))
    found = again(fresh)
    assert (found["uploads"], found["temporary_files"]) == (0, 1)
    assert not left.exists()
    assert centre.upload_state.get(created) is not None
    fresh.clock.advance(timedelta(days=400))
    assert again(fresh)["uploads"] == 1
    assert centre.upload_state.get(created) is None
    assert not any(created in p.name for p in uploads.rglob("*"))


def temporary_folders(centre):
    return [centre.blobs._temporary]


def begun_upload(centre):
    headers = {
        "tus-resumable": "1.0.0", "upload-length": "1000", "content-type": "application/offset+octet-stream",
        "upload-metadata": "kind YnVuZGxl,sha256 " + base64.b64encode(b"a" * 64).decode(),
    }  # fmt: skip
    answer = centre.uploads.handle(Request("POST", None, headers, "workstation"))
    assert answer.status == 201, answer
    return answer.headers["Location"].rpartition("/")[2]


def test_the_metrics_tell_of_every_job(fresh):
    again(fresh)
    text = fresh.api.get("/metrics").text
    for job in fresh.centre.housekeeping.jobs:
        assert f'aftercheck_housekeeping_done_time{{job="{job.name}"}} 0.0' not in text
        assert f'aftercheck_housekeeping_failures{{job="{job.name}"}} 0.0' in text


def test_a_job_that_fails_keeps_no_other_from_running_and_each_has_its_time(caplog):
    now, done = [100.0], []

    def full():
        raise UnavailableError("store.disk_full")

    def bug():
        raise ZeroDivisionError

    house = Housekeeping(
        [
            Job("full", timedelta(seconds=10), full),
            Job("bug", timedelta(seconds=10), bug),
            Job("good", timedelta(seconds=60), lambda: done.append(now[0]) or 3),
        ],
        monotonic=lambda: now[0],
    )
    assert house.run_due() == ["full", "bug", "good"]
    assert house.run_due() == []
    now[0] += 11
    assert house.run_due() == ["full", "bug"]
    now[0] += 60
    assert house.run_due() == ["full", "bug", "good"]
    assert done == [100.0, 171.0]
    assert [(j.failures, j.removed) for j in house.jobs] == [(3, 0), (3, 0), (0, 6)]


def test_a_running_server_does_it_by_itself(run_copy, tmp_path):
    with run_copy(tmp_path / "home") as server:
        jobs = server.centre.housekeeping.jobs
        until(lambda: all(job.done_at or job.failures for job in jobs), "every job's first run")
        assert [(job.name, job.failures) for job in jobs if not job.done_at] == []


def test_the_night_makes_snapshots_and_the_metrics_tell_of_them(fresh):
    fresh.enrol("B01")
    fresh.clock.advance(timedelta(hours=(26 - clinic(fresh.clock()).hour) % 24))
    fresh.api.sign_in("nurse")
    again(fresh)
    told = dict(line.rsplit(" ", 1) for line in fresh.api.get("/metrics").text.splitlines())
    assert float(told["aftercheck_snapshots_made"]) == float(told["aftercheck_snapshots"]) >= 1
    assert float(told["aftercheck_snapshot_bytes"]) > 100
    fresh.clock.advance(timedelta(hours=12))
    told = dict(line.rsplit(" ", 1) for line in fresh.api.get("/metrics").text.splitlines())
    assert float(told["aftercheck_snapshot_age_seconds"]) == 12 * 3600
