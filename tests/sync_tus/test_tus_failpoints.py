"""SIGKILL just before or after each thing that becomes durable, in the centre and in the branch."""

import re
from pathlib import Path

import pytest

from sync import failpoints
from sync.tus.source import BytesSource
from tests.sync_tus.centre import blobs_of
from tests.sync_tus.test_tus_killed import (  # noqa: F401 (fixtures)
    CHUNK,
    CONTENT,
    branch_arguments,
    port,
    proxy,
    start,
)

OF_THE_BRANCH = frozenset({"transfer-before-note", "transfer-noted"})
OF_THE_CENTRE = tuple(
    name for name in failpoints.NAMES if name not in OF_THE_BRANCH and not name.startswith("part-")
)
SHORT = frozenset({"upload-synced", "blob-renamed", "upload-handed-over", "transfer-before-note"})


def places(names, numbers):
    return [
        pytest.param(f"{name}:{n}", marks=[] if name in SHORT and n == numbers[0] else pytest.mark.deep)
        for name in names
        for n in numbers
    ]


def settled(root):
    """What the centre holds at the end: the right blob and nothing that nobody needs."""
    assert blobs_of(root).get(BytesSource(CONTENT).sha256) == CONTENT
    assert list((root / "uploads").iterdir()) == []


@pytest.mark.parametrize("place", places(OF_THE_CENTRE, (1, 2, 5)))
def test_a_centre_that_dies_there_loses_nothing(tmp_path, start, port, proxy, branch_arguments, place):  # noqa: F811
    arguments = "tests.sync_tus.centre", tmp_path / "centre", "--port", port
    centre = start(*arguments, AFTERCHECK_FAILPOINT=place)
    centre.line()
    branch = start("tests.sync_tus.branch_process", *branch_arguments)
    ends_once = place.partition(":")[0] in {
        "upload-proven", "blob-before-rename", "blob-renamed", "blob-adopted", "upload-handed-over", "upload-done",
    }  # fmt: skip
    if not (ends_once and not place.endswith(":1")):
        centre.end()
        start(*arguments).line()
    assert branch.end() == 0
    assert proxy.up_bytes <= len(CONTENT) + 2 * CHUNK + 60_000
    settled(tmp_path / "centre")


@pytest.mark.parametrize("place", places(sorted(OF_THE_BRANCH), (1, 2, 5)))
def test_a_branch_that_dies_there_goes_on(tmp_path, start, port, proxy, branch_arguments, place):  # noqa: F811
    start("tests.sync_tus.centre", tmp_path / "centre", "--port", port).line()
    branch = start("tests.sync_tus.branch_process", *branch_arguments, AFTERCHECK_FAILPOINT=place)
    assert branch.end() == -9
    assert start("tests.sync_tus.branch_process", *branch_arguments).end() == 0
    assert proxy.up_bytes <= len(CONTENT) + CHUNK + 60_000
    settled(tmp_path / "centre")


def test_every_place_is_in_the_code_once():
    sync = Path(failpoints.__file__).parent
    sources = [path for root in (sync, sync.parent / "server") for path in root.rglob("*.py")]
    found = [n for p in sources for n in re.findall(r'reached\("([a-z-]+)"\)', p.read_text("utf-8"))]
    assert sorted(found) == sorted(failpoints.NAMES)
