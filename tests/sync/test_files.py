"""Files go once, in their order, apart from the records, and come when somebody wants them."""

import hashlib
import threading

import pytest

from domain.kernel.errors import DomainError, UnavailableError
from sync.blobs import BlobStore
from sync.files import FileExchange, FileState


class Files:
    def __init__(self, branch, folder):
        self.branch = branch
        self.blobs = BlobStore(folder / "blobs")
        self.moved = []
        self.exchange_ = FileExchange(branch.store, branch.centre, self.blobs, folder / "coming")

    def attach(self, content, lane=3, *, keep=True):
        name = self.blobs.put([content]) if keep else hashlib.sha256(content).hexdigest()
        self.branch.add(
            "attachment", subject="visit", subject_id=self.branch.desk.ids(), sha256=name, size=len(content),
            media_type="image/png", name="甲.png", lane=lane, added_at=self.branch.clock(),
        )  # fmt: skip
        return name

    def exchange(self):
        return self.exchange_.exchange(
            lambda done, total: self.moved.append((done, total)), threading.Event()
        )

    def state(self, name):
        return self.exchange_.status(name).state


@pytest.fixture
def files(north, tmp_path):
    return Files(north, tmp_path / "north-files")


@pytest.fixture
def files_too(north_too, tmp_path):
    return Files(north_too, tmp_path / "too-files")


def test_small_ones_first_and_each_once(world, north, files):
    image, report = files.attach(b"i" * 5000, lane=3), files.attach(b"r" * 50, lane=1)
    north.exchange()
    assert files.exchange() == 2
    assert [total for _, total in files.moved] == [50, 5000]
    assert {files.state(image), files.state(report)} == {FileState.CONFIRMED}
    assert files.exchange() == 0
    assert world.sync.blobs.get(image) == b"i" * 5000


def test_what_the_centre_has_already_is_not_sent(world, files):
    world.sync.blobs.put([b"same"])
    name = files.attach(b"same")
    assert files.exchange() == 0
    assert files.state(name) is FileState.CONFIRMED


def test_a_wanted_file_comes(world, north, north_too, files, files_too):
    name = files.attach(b"photo", lane=4)
    world.settle()
    files_too.exchange()
    assert files_too.state(name) is FileState.ELSEWHERE
    files_too.exchange_.want(name)
    files_too.exchange()
    assert files_too.state(name) is FileState.WANTED, "it has not arrived at the centre"
    assert files_too.exchange_.status(name).reason == "blob.missing"
    files.exchange()
    files_too.exchange()
    assert files_too.state(name) is FileState.CONFIRMED
    assert files_too.blobs.get(name) == b"photo"


def test_small_files_come_by_themselves(world, files, files_too):
    name = files.attach(b"report", lane=1)
    world.settle()
    files.exchange()
    files_too.exchange()
    assert files_too.blobs.get(name) == b"report"


def test_nobody_fetches_what_no_record_of_theirs_names(world, north, south, files, tmp_path):
    name = files.attach(b"photo")
    world.settle()
    files.exchange()
    with pytest.raises(DomainError, match=r"blob\.not_visible"):
        world.sync.check_blob(south.device_id, name)
    world.sync.check_blob(north.device_id, name)


def test_a_file_that_is_gone_here_is_told_and_the_others_go(north, files):
    lost, kept = files.attach(b"lost"), files.attach(b"kept")
    files.exchange_.follow_log()
    files.blobs.remove(lost)

    assert files.exchange() == 1
    assert (files.state(lost), files.state(kept)) == (FileState.REFUSED, FileState.CONFIRMED)
    files.blobs.put([b"lost"])
    files.exchange_.retry(lost)
    assert files.exchange() == 1


def test_files_of_others_wait_while_there_is_little_room_and_our_own_go(world, north, files):
    elsewhere = files.attach(b"photo of another workstation", keep=False)
    world.sync.blobs.put([b"photo of another workstation"])
    north.exchange()
    roomy = files.blobs
    files.exchange_._blobs = BlobStore(roomy.root, None, roomy.free_bytes() * 2)
    assert files.exchange() == 0
    row = files.exchange_.status(elsewhere)
    assert (row.state, row.reason) == (FileState.WANTED, "blob.little_room")
    own = files.attach(b"own")
    assert files.exchange() == 1
    assert files.state(own) is FileState.CONFIRMED
    files.exchange_._blobs = roomy
    assert files.exchange() == 1
    assert files.blobs.get(elsewhere) == b"photo of another workstation"


def test_a_broken_line_ends_the_exchange(north, files):
    name = files.attach(b"photo")

    class Broken:
        def __getattr__(self, name):
            return getattr(north.centre, name)

        def send_blob(self, *_):
            raise UnavailableError("transfer.stalled")

    files.exchange_._centre = Broken()
    with pytest.raises(UnavailableError, match=r"transfer\.stalled"):
        files.exchange()
    assert files.state(name) is FileState.WAITING
