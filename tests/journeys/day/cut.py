"""The line is cut while the branch uploads; both sides are killed; nothing is lost and nothing is doubled."""

import hashlib
import random
import sqlite3
import time
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Connection

from tests.journeys.day import stores
from tests.journeys.day.people import Expected, dicom_files
from tests.journeys.day.processes import Pilot, wait_until
from tests.journeys.day.report import Summary
from tests.journeys.day.review import seat
from tests.journeys.day.stage import Stage

DESK = "desk-b01"
LEAST_BYTES = 1_500_000
SLOW_BITS_PER_S = 4_000_000
CRAWL_BITS_PER_S = 1_000_000
FLOWING_S = 0.4


def cut(stage: Stage, summary: Summary, case: Expected) -> None:
    """Attach images, cut in the middle of one, work on; kill server, then client while bytes flow; all comes back."""
    pilot = seat(stage, DESK, "zhou", "front_desk")
    files = dicom_files(LEAST_BYTES)
    with summary.step("添加 DICOM 附件并开始上传（慢速线路）") as line:
        stage.proxy.order(f"throttle {SLOW_BITS_PER_S}")
        _attach(pilot, case, files)
        stage.shoot(DESK, "attachments")
        pilot.do("keys", key="Escape")
        names = [hashlib.sha256(f.read_bytes()).hexdigest() for f in files]
        line.count = f"{len(files)} 个文件"
        line.detail = f"{sum(f.stat().st_size for f in files) // 1024} KiB"
    with summary.step("附件上传途中断线") as line:
        stage.proxy.order("cut-after 300000")
        wait_until(lambda: _is_cut(stage), "the line is cut while a file goes up", 60, 0.1)
        line.detail = _progress(stage)
    with summary.step("断线期间分院继续工作") as line:
        before = _unsent(stage)
        _work_on(stage, case)
        after = _unsent(stage)
        line.count = f"{after - before} 笔待传"
        line.held = after > before
    with summary.step("线路恢复，上传到一半时 SIGKILL 杀死总院服务") as line:
        broken = _part(stage)
        stage.proxy.order("restore")
        stage.proxy.order(f"throttle {CRAWL_BITS_PER_S}")
        under_way = wait_until(_Flow(stage), "bytes flow again", 60, 0.02)
        stage.centre.server.kill()
        line.held = _unfinished(stage, under_way["id"])
        line.detail = f"断线时 {_shown(broken)}；被杀时 {under_way['length']} 字节的文件正在上传"
        stage.centre.start()
    with summary.step("续传到一半时 SIGKILL 杀死分院程序") as line:
        under_way = wait_until(_Flow(stage), "bytes flow again", 60, 0.02)
        pilot.kill()
        line.held = _unfinished(stage, under_way["id"])
        line.detail = f"{under_way['length']} 字节的文件正在上传；{_progress(stage)}"
        stage.open_client(DESK)
        stage.sign_in(DESK, "zhou")
    with summary.step("从断点续传，文件到齐") as line:
        stage.proxy.order("throttle 0")
        wait_until(lambda: _all_there(stage, names), "every file is at the centre", 180, 0.5)
        line.count = f"{len(names)} 个文件到齐"
        line.held = not _unfinished(stage, broken["id"])
        line.detail = f"{_progress(stage)}；断线时的那次上传从 {broken['arrived']} 字节处续完，没有重新开始"


def _attach(pilot: Pilot, case: Expected, files: list[Path]) -> None:
    """Add files to the visit as a nurse does: open it by its barcode, Ctrl+O, choose."""
    pilot.do("scan", text=case.visit_barcode)
    pilot.do("wait", until={"visible": "steps_hint"}, timeout=20)
    pilot.do("keys", key="Ctrl+O")
    pilot.do("wait", until={"visible": "attachments_dialog"}, timeout=10)
    pilot.do("keys", key="Ctrl+O")
    pilot.do("wait", until={"visible": "fileNameEdit"}, timeout=10)
    pilot.do("fill", name="fileNameEdit", text=" ".join(f'"{f}"' for f in files))
    pilot.do("keys", key="Return")
    pilot.do("wait", until={"text": "已添加", "name": "attachments_note"}, timeout=60)


def _work_on(stage: Stage, case: Expected) -> None:
    """Do something that must not be lost: correct a telephone number through the record's own command form."""
    pilot = stage.clients[DESK]
    chance = random.Random(7)  # noqa: S311  (invented numbers)
    for _ in range(3):
        number = f"139{chance.randrange(10**8):08d}"
        pilot.do(
            "call",
            method="run",
            arguments={"command": "people.edit", "visit": case.visit_barcode, "phone": number},
        )


def _unsent(stage: Stage) -> int:
    with _branch(stage) as connection:
        acked = stores.one(connection, "SELECT max(acked_seq) AS seq FROM push_state")
        head = stores.one(connection, "SELECT dev_seq FROM log_head")
    return int(head.dev_seq) - int(acked.seq or 0)


def _is_cut(stage: Stage) -> bool:
    return _part(stage) is not None and not _line_works(stage)


def _part(stage: Stage) -> Any:
    """Return the upload of a file that stopped in the middle."""
    return next(iter(_uploads(stage, '"offset" > 0 AND "offset" < length')), None)


class _Flow:
    """Tells, when it is called, which upload bytes flow into: one that has been open for a while and is not done.

    The line is so slow that a file takes two seconds; what the server has of it is in memory until a piece is full.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._since: dict[str, float] = {}

    def __call__(self) -> Any:
        now = time.monotonic()
        for row in _uploads(self._stage, '"offset" < length'):
            if now - self._since.setdefault(row["id"], now) >= FLOWING_S:
                return row
        return None


def _shown(part: Any) -> str:
    return f"{part['arrived']} / {part['length']} 字节已落盘"


def _unfinished(stage: Stage, upload_id: str) -> bool:
    """Tell whether this very upload has still to be gone on with."""
    return any(row["id"] == upload_id for row in _uploads(stage, '"offset" < length'))


def _uploads(stage: Stage, where: str) -> list[Any]:
    """Return uploads as the centre's tus state has them on disk, the newest first."""
    with closing(sqlite3.connect(f"file:{stage.centre.home / 'uploads.db'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(
            f'SELECT id, "offset" AS arrived, length FROM tus_upload WHERE {where} ORDER BY rowid DESC'
        ).fetchall()


def _line_works(stage: Stage) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{stage.line_port}/health", timeout=1).ok
    except requests.RequestException:
        return False


def _progress(stage: Stage) -> str:
    with _branch(stage) as connection:
        row = stores.one(
            connection,
            "SELECT sum(sent) AS sent, sum(size) AS size, sum(state = 'confirmed') AS done, count(*) AS n "
            "FROM blob_state",
        )
    return f"{row.sent or 0} / {row.size or 0} 字节，{row.done or 0} / {row.n} 个已确认"


def _all_there(stage: Stage, names: list[str]) -> bool:
    with _branch(stage) as connection:
        done = {
            n
            for n in names
            if stores.count(connection, "blob_state", "sha256 = :n AND state = 'confirmed'", n=n)
        }
    there = {p.name for p in (stage.centre.home / "blobs").rglob("*") if p.is_file()}
    return done == set(names) and set(names) <= there


def _branch(stage: Stage) -> AbstractContextManager[Connection]:
    home = stage.home / DESK
    return stores.branch(home, home / "store.key")
