"""A branch as a process of its own: one action over HTTP on the store of a folder; prints a line of JSON.

`push` sends all it has, `pull` fills itself from the log, `snapshot` from a snapshot, `idle` exchanges with nothing
to do. The clock starts when the program is loaded and its store is open.
"""

import argparse
import json
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from domain import features
from domain.kernel.errors import UnavailableError
from domain.kernel.store import Store
from sync import branch as branch_module
from sync.branch import BranchSync
from sync.device_auth import key_from
from sync.http_client import HttpCentre
from sync.protocol import Receipt
from sync.push import Packed
from sync.stores import open_branch_store, open_embedded_store
from sync.tus.client_state import SqliteTransferState

KEY = bytes(range(32))
NEVER = 1 << 60
MAKING_S = 0.2


def open_store(folder: Path) -> Store:
    """Open the store of a folder: encrypted as in the product, or plain if it was made so."""
    plain = folder / "plain.db"
    return open_embedded_store(plain) if plain.exists() else open_branch_store(folder / "branch.db", KEY)


def station_of(folder: Path, store: Store, server: str) -> BranchSync:
    """Return the branch's half of sync, as the client builds it."""
    facts = json.loads((folder / "station.json").read_text("utf-8"))
    key = key_from(bytes.fromhex(facts["key"]))
    line = HttpCentre(
        server, uuid.UUID(facts["device_id"]), key, SqliteTransferState(folder / "transfers.db")
    )
    return BranchSync(store, line, key, folder / "bundles")


def push(sync: BranchSync, *, only: bool = False) -> dict[str, Any]:
    """Send everything; `seconds` until the last receipt is kept, `whole_s` until all has come back too.

    Args:
        only: End with the last receipt, to count what sending alone takes on the line.
    """
    if only:
        sync._receive = lambda *_given: 0  # type: ignore[method-assign]
    kept: list[tuple[float, float]] = []
    settle = sync.outbox.settle

    def settled(packed: Packed, receipt: Receipt) -> None:
        settle(packed, receipt)
        kept.append((time.perf_counter(), time.process_time()))

    sync.outbox.settle = settled  # type: ignore[method-assign]
    begun, cpu = time.perf_counter(), time.process_time()
    done = sync.exchange()
    ended, cpu_ended = kept[-1]
    return {
        "seconds": ended - begun, "whole_s": time.perf_counter() - begun, "sent": done.sent, "cpu": cpu_ended - cpu,
        "attention": done.attention,
    }  # fmt: skip


def pull(sync: BranchSync) -> dict[str, Any]:
    """Receive everything; if the centre makes a snapshot first, wait for that outside of the clock's `seconds`."""
    begun, cpu = time.perf_counter(), time.process_time()
    waited = 0.0
    while True:
        try:
            asked = time.perf_counter()
            done = sync.exchange()
        except UnavailableError as error:
            if error.code != "snapshot.making":
                raise
            threading.Event().wait(MAKING_S)
            waited += time.perf_counter() - asked
        else:
            took, spent = time.perf_counter() - begun - waited, time.process_time() - cpu
            with sync.store.read() as connection:
                clients = connection.exec_driver_sql("SELECT count(*) FROM patient").scalar_one()
            return {
                "seconds": took, "cpu": spent, "waited_s": waited, "received": done.received, "clients": clients,
            }  # fmt: skip


def idle(sync: BranchSync, times: int) -> dict[str, Any]:
    """Exchange with nothing to do; `disturbed` tells how often the centre had something of its own to say."""
    asked: list[str] = []
    sync.centre._session.hooks["response"].append(lambda answer, **_: asked.append(answer.url))  # type: ignore[attr-defined]
    took, disturbed = [], 0
    for _ in range(times):
        begun = time.perf_counter()
        done = sync.exchange()
        took.append(time.perf_counter() - begun)
        disturbed += bool(done.sent or done.received)
    return {"took": took, "requests": len(asked), "disturbed": disturbed}


def main() -> None:
    """Run one action."""
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["push", "pull", "snapshot", "idle"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("server")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--only-send", action="store_true")
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()
    features.load()
    store = open_store(options.folder)
    sync = station_of(options.folder, store, options.server)
    branch_module.SNAPSHOT_FROM = 1 if options.action == "snapshot" else NEVER
    if options.profile is not None:
        import cProfile

        profile = cProfile.Profile(time.process_time)
        profile.enable()
    told = idle(sync, options.times) if options.action == "idle" else None
    told = told or (push(sync, only=options.only_send) if options.action == "push" else pull(sync))
    if options.profile is not None:
        profile.disable()
        profile.dump_stats(options.profile)
    store.close()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
