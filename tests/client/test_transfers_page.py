"""The page of transfers: what it says of each file, what its keys do, and that it follows the real queue."""

import hashlib
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QSpinBox
from shiboken6 import isValid

from client.pages.transfers.view import View
from client.pages.transfers.viewmodel import ViewModel
from client.ports import SyncState
from client.settings import read_settings
from domain.kernel.errors import DomainError
from sync.blobs import BlobStore
from sync.file_queue import FileQueue, Queued
from sync.files import FileState
from sync.local_tables import blob_state, outbound_bundle
from sync.tus.client_state import Lane, SqliteTransferState, Transfer
from sync.tus.pacing import DaytimeLimit

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MEBI = 1 << 20
SENDING = Queued("a" * 64, 1, 8 * MEBI, 2 * MEBI, "waiting", True, "")
QUEUED = Queued("b" * 64, 3, 100 * MEBI, 0, "waiting", True, "")
REFUSED = Queued("c" * 64, 2, MEBI, 0, "refused", True, "blob.damaged")


class FakeFiles:
    """A queue in memory that remembers what it was told."""

    def __init__(self, *rows):
        self.now = list(rows)
        self.told = []

    def rows(self, also=frozenset()):
        return list(self.now)

    def pause(self, sha256):
        self.told.append(("pause", sha256))

    def resume(self, sha256):
        self.told.append(("resume", sha256))

    def retry(self, sha256):
        self.told.append(("retry", sha256))


class FakeSync:
    def __init__(self, files, state=None):
        self.files = files
        self.now = state or SyncState("sending")
        self.woken = 0

    def state(self):
        return self.now

    def wake(self):
        self.woken += 1

    def limit_uploads(self, *limit):
        self.limit = limit

    def start(self):
        pass

    def stop(self):
        pass


@pytest.fixture
def page(context_for, open_desk, qtbot):
    """Return a function that opens the page over a queue; its clock stands still unless moved."""
    made = []

    def open_it(files, state=None):
        open_desk.sync = FakeSync(files, state)
        context, _ = context_for("it")
        clock = [0.0]
        model = ViewModel(context, clock=lambda: clock[0])
        model.clock = clock
        made.append(model)
        look(model)
        return model

    def look(model):
        model.look()
        qtbot.waitUntil(lambda: not model.context.jobs.busy and not model._looking)

    open_it.look = look
    yield open_it
    for model in made:
        if isValid(model):  # a view takes its model with it
            model.close()


def test_each_file_says_how_far_how_fast_how_long_and_why_it_waits(page):
    files = FakeFiles(SENDING, QUEUED, REFUSED)
    model = page(files)
    model.clock[0] = 2.0
    files.now[0] = replace(SENDING, sent=4 * MEBI)
    page.look(model)
    sending, queued, refused = model.lines
    assert (sending.what, sending.size, sending.done) == ("报告 aaaaaaaa", "8.0 MB", "4.0 MB")
    assert (sending.share, sending.speed, sending.left) == (500, "1.0 MB/秒", "4 秒")
    assert sending.state == "正在上传"
    assert queued.state == "排队中，前面 1 项（先记录和报告，后影像）"
    assert (queued.speed, queued.left) == ("", "")
    assert "cccccccc" in refused.state
    assert refused.tone == "danger"
    assert model.summary == "在途 3 项，剩余 105.0 MB"


def test_without_a_line_it_says_so_and_sent_is_said_only_of_what_the_centre_confirmed(page):
    files = FakeFiles(QUEUED)
    model = page(files, SyncState("offline"))
    assert model.lines[0].state == "等待线路：离线工作"
    files.now[0] = replace(QUEUED, sent=QUEUED.size)
    page.look(model)
    assert "已送达" not in model.lines[0].state
    files.now[0] = replace(QUEUED, sent=QUEUED.size, state="confirmed")
    page.look(model)
    assert model.lines[0].state == "已送达（总院已核对内容）"
    assert model.lines[0].share == 1000


def test_the_keys_pause_go_on_and_try_again(page, qtbot):
    files = FakeFiles(SENDING, QUEUED, REFUSED)
    model = page(files)
    view = View(model)
    qtbot.addWidget(view)
    with qtbot.waitActive(view):
        view.show()
        view.activateWindow()
    view.focus_first()
    table = view._table
    table.setCurrentCell(1, 0)
    qtbot.keyClick(table, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: files.told == [("pause", QUEUED.sha256)])
    files.now[1] = replace(QUEUED, state="paused")
    page.look(model)
    assert model.lines[1].state.startswith("已暂停")
    qtbot.keyClick(table, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: files.told[-1] == ("resume", QUEUED.sha256))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: files.told[-1] == ("retry", REFUSED.sha256))
    qtbot.waitUntil(lambda: not model.context.jobs.busy)
    assert model.context.desk.sync.woken >= 3


def test_records_cannot_be_paused(page):
    model = page(FakeFiles(Queued("d" * 64, 0, 2048, 0, "waiting", True, "")))
    model.select("d" * 64)
    assert not model.action_set.is_enabled("pause")
    assert model.lines[0].what == "记录包 dddddddd"


def test_a_paused_file_stays_paused_over_a_restart_and_goes_on_where_it_was(store, tmp_path):
    blobs = BlobStore(tmp_path / "blobs")
    sha256 = blobs.put([b"x" * 1000])
    with store.write() as connection:
        row = {"sha256": sha256, "size": 1000, "lane": 2, "state": FileState.WAITING, "sent": 400}
        connection.execute(blob_state.insert(), row)
    FileQueue(store, blobs).pause(sha256)
    queue = FileQueue(store, BlobStore(tmp_path / "blobs"))
    assert [(r.state, r.sent) for r in queue.rows()] == [("paused", 400)]
    queue.resume(sha256)
    assert [(r.state, r.sent) for r in queue.rows()] == [("waiting", 400)]
    queue.retry(sha256)  # nothing was refused: nothing changes
    assert queue.rows()[0].state == "waiting"


def test_pausing_stops_a_file_on_its_way_at_its_next_piece(store, tmp_path):
    from sync.files import FileExchange

    blobs = BlobStore(tmp_path / "blobs")
    content = b"x" * 1000
    sha256 = blobs.put([content])
    assert sha256 == hashlib.sha256(content).hexdigest()
    queue = FileQueue(store, blobs)

    class Centre:
        sent = ()

        def lacking_blobs(self, names):
            return list(names)

        def send_blob(self, source, progress, cancel):
            name = source.sha256
            for done in (250, 500, 750, 1000):
                if done == 500:
                    queue.pause(name)
                self.sent = (*self.sent, done)
                progress(done, 1000)

    centre = Centre()
    with store.write() as connection:
        row = {"sha256": sha256, "size": 1000, "lane": 2, "state": FileState.WAITING, "sent": 0}
        connection.execute(blob_state.insert(), row)
    exchange = FileExchange(store, centre, blobs, tmp_path / "incoming")
    assert exchange.exchange(lambda _done, _total: None, threading.Event()) == 0
    assert centre.sent == (250, 500)
    assert [(r.state, r.sent) for r in queue.rows()] == [("paused", 500)]
    assert exchange.exchange(lambda _done, _total: None, threading.Event()) == 0
    assert centre.sent == (250, 500)


def test_a_bundle_says_how_many_bytes_the_centre_has_also_after_a_restart(store, tmp_path):
    bundle_id = "e" * 64
    with store.write() as connection:
        row = {
            "bundle_id": bundle_id,
            "first_seq": 1,
            "last_seq": 2,
            "path": "x",
            "size": 4 * MEBI,
            "state": "packed",
        }
        connection.execute(outbound_bundle.insert(), {k: v for k, v in row.items() if k in outbound_bundle.c})
    transfers = SqliteTransferState(tmp_path / "transfers.db")
    queue = FileQueue(store, BlobStore(tmp_path / "blobs"), transfers)
    assert queue.rows()[0].sent == 0
    begun = Transfer(bundle_id, 4 * MEBI, Lane.RECORDS, "http://centre/", url="http://centre/1", offset=MEBI)
    transfers.put(begun)
    assert queue.rows()[0].sent == MEBI
    transfers.put(replace(begun, offset=3 * MEBI))
    transfers.close()
    again = SqliteTransferState(tmp_path / "transfers.db")
    [row] = FileQueue(store, BlobStore(tmp_path / "blobs"), again).rows()
    assert (row.lane, row.sent, row.size) == (0, 3 * MEBI, 4 * MEBI)
    again.close()


def test_a_limit_by_time_of_day_is_set_by_keys_holds_at_once_and_over_a_restart(page, qtbot):
    model = page(FakeFiles(SENDING))
    view = View(model)
    qtbot.addWidget(view)
    with qtbot.waitActive(view):
        view.show()
        view.activateWindow()
    view.focus_first()
    qtbot.keyClick(view._table, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: view.findChild(QDialog, "limit_dialog") is not None)
    dialog = view.findChild(QDialog, "limit_dialog")
    for name, text in (("limit_kib", "256"), ("limit_from", "7"), ("limit_to", "19")):
        number = dialog.findChild(QSpinBox, f"field_{name}")
        number.selectAll()
        qtbot.keyClicks(number, text)
    desk = model.context.desk
    with qtbot.waitSignal(model.message) as told:
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert told.args[0] == "限速已保存，立即生效"
    assert desk.sync.limit == (256 * 1024, 7, 19)
    kept = read_settings(desk.home.settings)
    assert (kept.upload_limit_kib, kept.upload_limit_from, kept.upload_limit_to) == (256, 7, 19)
    assert kept.theme == desk.settings.theme
    assert "7时至19时附件限速每秒 256 KB" in model.summary


def test_a_limit_that_cannot_be_kept_is_told_and_the_one_before_holds(page, qtbot, monkeypatch):
    model = page(FakeFiles(SENDING))
    desk = model.context.desk
    for values, word in (((-1, 8, 18), "应在"), ((64, 8, 25), "应在")):
        with qtbot.waitSignal(model.message) as told:
            model.limit(*values)
        assert word in told.args[0]
    assert not desk.home.settings.exists()
    assert not hasattr(desk.sync, "limit")


def test_who_may_not_limit_sees_no_such_key_and_is_refused(context_for, open_desk):
    open_desk.sync = FakeSync(FakeFiles(SENDING))
    model = ViewModel(context_for("nurse")[0])
    assert "limit" not in {a.id for a in model.action_set.actions}
    with pytest.raises(DomainError, match=r"permission\.denied"):
        model.limit(64, 8, 18)
    model.close()


def test_a_changed_limit_holds_for_what_is_on_its_way():
    limit = DaytimeLimit(0.0, 8, 18, lambda: 12, lambda: 0.0)
    assert limit.delay(MEBI) == 0.0
    limit.change(1024.0, 8, 18)
    assert limit.delay(MEBI) == pytest.approx(1023.0)
    limit.change(1024.0, 13, 18)
    assert limit.delay(MEBI) == 0.0
