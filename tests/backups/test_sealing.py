"""Files are sealed alike by one process and by several, and what is wrong with one is told of that one."""

import os

import pytest

from server.backups import sealing
from server.backups.shelf import Shelf
from sync.blobs import BlobStore

KEY = bytes(range(32))


@pytest.fixture(params=["one", pytest.param("several", marks=pytest.mark.deep)])
def sealed(request, tmp_path, monkeypatch):
    """Return what became of five files of which one is damaged and one gone, and the shelf."""
    if request.param == "several":
        monkeypatch.setattr(sealing, "WORTH_IT", 1)
    blobs = BlobStore(tmp_path / "blobs", KEY)
    wanted = [(blobs.put([os.urandom(size)]), size) for size in (10, 100_000, 0, 300_000, 70_000)]
    damaged, gone = wanted[1][0], wanted[3][0]
    path = blobs.path(damaged)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    blobs.remove(gone)
    (tmp_path / "shelf").mkdir()
    shelf = Shelf(tmp_path / "shelf", KEY)
    return (
        blobs,
        shelf,
        {name: wrong for name, _, wrong in sealing.seal_files(blobs, shelf, wanted)},
        (damaged, gone),
    )


def test_good_files_are_there_and_the_others_are_named(sealed):
    blobs, shelf, told, (damaged, gone) = sealed
    assert len(told) == 5
    assert told.pop(damaged) == "blob.damaged"
    assert told.pop(gone) == "blob.missing"
    assert set(told.values()) == {""}
    for name in told:
        assert b"".join(shelf.open_file(name)) == blobs.get(name)
    assert not shelf.has(damaged)


def test_work_is_cut_so_that_nobody_has_all_of_the_large_files():
    wanted = [(str(n), 40 << 20) for n in range(3)] + [(f"s{n}", 1000) for n in range(40)]
    groups = sealing._groups(wanted)
    assert sorted(one for group in groups for one in group) == sorted(wanted)
    assert max(len(group) for group in groups) <= sealing.AT_ONCE
    assert all(sum(size > 1 << 20 for _, size in group) <= 1 for group in groups)
