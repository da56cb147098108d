"""The line to the centre: the sync worker of an enrolled workstation, with its keys, files and addresses."""

import logging
import time
from collections.abc import Callable
from typing import Any

from client.asking import CentreDoor
from client.enrolment import device_seed
from client.sync_port import WorkerPort
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import UnavailableError
from domain.version import VERSION
from sync.branch import BranchSync
from sync.device_auth import key_from
from sync.file_queue import FileQueue
from sync.files import FileExchange
from sync.http_client import HttpCentre
from sync.tls import CentreSession
from sync.tus.client_state import SqliteTransferState
from sync.tus.pacing import DaytimeLimit
from sync.worker import SyncWorker

log = logging.getLogger(__name__)


def join_sync(desk: Any) -> None:
    """Join the sync worker to a desk: a part of `client.desk.INSTALLED`.

    A workstation without a centre (training, a bench) or without its device key works on alone; the sync page says
    so.
    """
    who = desk.installation
    if not who.server:
        return
    try:
        key = key_from(device_seed(desk.home, desk.settings.key_file))
    except UnavailableError as error:
        log.warning("no line to the centre: %s", error.code)
        return
    own = desk.home.authority if desk.home.authority.exists() else None
    desk.home.outbox.mkdir(parents=True, exist_ok=True)
    transfers = SqliteTransferState(desk.home.folder / "transfers.db")

    def line(delay_s: Callable[[int], float] | None = None) -> HttpCentre:
        return HttpCentre(
            who.server, who.device_id, key, transfers, session=CentreSession(own),
            bandwidth_delay_s=delay_s, now_us=lambda: to_microseconds(desk.clock()),
        )  # fmt: skip

    limit = DaytimeLimit(
        desk.settings.upload_limit_kib * 1024, desk.settings.upload_limit_from, desk.settings.upload_limit_to,
        lambda: desk.clock().astimezone(CLINIC_TIME).hour, time.monotonic,
    )  # fmt: skip

    blobs = desk.blobs
    files = FileExchange(desk.store, line(limit.delay), blobs, desk.home.folder / "incoming")
    branch = BranchSync(desk.store, line(), key, desk.home.outbox, clock=desk.clock, program=VERSION)
    worker = SyncWorker(branch, files, line().wait_for_news, clock=desk.clock)
    desk.centre = CentreDoor(line, worker.wake)
    desk.sync = WorkerPort(worker, desk.store, files=FileQueue(desk.store, blobs, transfers), limit=limit)
