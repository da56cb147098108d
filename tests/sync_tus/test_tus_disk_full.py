"""A disk that is really full: a tiny tmpfs, and a file size limit of the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sync.blobs import BlobStore
from tests.fixtures.patience import PATIENCE_S
from tests.sync_tus.seeded import seeded
from tests.sync_tus.test_tus_engine import Desk, code_of, declared

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tiny_disk(tmp_path):
    mount = tmp_path / "tiny"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a tmpfs needs root")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


def test_a_full_disk_keeps_what_it_took_and_the_upload_goes_on_when_there_is_room(tmp_path, tiny_disk):
    content = seeded(1).randbytes(900_000)
    desk = Desk(tmp_path)
    desk.engine = type(desk.engine)(
        tiny_disk, desk.state, desk._receive, free_bytes=lambda: 1 << 30, limits=desk.engine._limits
    )
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"x" * 600_000)
    url = desk.create(len(content), upload_metadata=declared(content))
    answer = desk.patch(url, 0, content)
    assert (answer.status, code_of(answer)) == (507, "transfer.no_space")
    assert int(answer.headers["Retry-After"]) > 0
    kept = int(answer.headers["Upload-Offset"])
    assert kept > 0
    assert desk.offset(url) == kept
    ballast.unlink()
    assert desk.patch(url, kept, content[kept:]).status == 204
    assert desk.received[0][2] == content
    desk.state.close()


def test_the_real_free_space_is_asked_at_creation(tmp_path, tiny_disk):
    desk = Desk(tmp_path)
    desk.engine = type(desk.engine)(tiny_disk, desk.state, desk._receive, limits=desk.engine._limits)
    assert desk.call("POST", upload_length=str(2 << 20)).status == 507
    assert desk.call("POST", upload_length=str(512 << 10)).status == 201
    desk.state.close()


def test_a_blob_that_does_not_fit_leaves_nothing(tiny_disk):
    store = BlobStore(tiny_disk / "blobs")
    with pytest.raises(Exception, match=r"blob\.disk_full"):
        store.put([b"x" * 600_000, b"y" * 600_000])
    assert list(store.names()) == []
    assert list((tiny_disk / "blobs/tmp").iterdir()) == []


LIMITED = """
import resource, sys
from pathlib import Path
from tests.sync_tus.test_tus_engine import Desk, code_of
from tests.sync_tus.seeded import seeded
desk = Desk(Path(sys.argv[1]))
url = desk.create(500_000)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
answer = desk.patch(url, 0, b"z" * 500_000)
print(answer.status, code_of(answer), answer.headers["Upload-Offset"], desk.offset(url))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(desk.patch(url, 200_000, b"z" * 300_000).status, len(desk.received[0][2]))
"""


def test_a_file_size_limit_is_answered_like_a_full_disk(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert ran.stdout.splitlines() == ["507 transfer.no_space 200000 200000", "204 500000"], ran.stderr
