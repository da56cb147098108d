"""Our side in the benches of sync: a centre as a server process, and enrolled workstations with stores to copy."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from domain.kernel.authority import system_actor
from domain.kernel.clock import utc_now
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.people.enrolment_commands import EnrolWorkstation, IssueEnrolmentCode
from server.app import build_centre
from server.settings import Settings
from server.storage_key import open_store as open_store_of
from sync.branch import enrolled_rows
from sync.device_auth import new_key, public_text
from sync.digest import differing, store_digest
from sync.local_tables import installation
from sync.schema import prepare_store
from sync.stores import open_branch_store, open_embedded_store
from tests import peers
from tests.bench.sync_client import KEY, open_store
from tests.bench.sync_records import EVERYBODY, write_records
from tests.server.conftest import prepare

ROOT = Path(__file__).resolve().parents[2]
CLIENT_S = 1200
QUIET_S, QUIET_CPU_S, LONGEST_S = 1.0, 0.1, 600


def make_centre(home: Path, stations: Iterable[Path], *, address: str = "") -> Id:
    """Initialise a centre and enrol a workstation with an empty store for each folder; returns the branch.

    A folder whose name begins with ``plain`` gets a store without encryption.
    """
    home.mkdir(parents=True)
    settings = Settings(data_dir=home, store=address, least_free_bytes=0)
    facts = prepare(settings, utc_now)
    org = facts.orgs["B01"]
    centre = build_centre(settings)
    head = system_actor(facts.first.org_id, centre.identity.device_id)
    for folder in stations:
        folder.mkdir(parents=True)
        key = new_key()
        code = centre.dispatcher.run(IssueEnrolmentCode(org_id=org), head).receipt.code
        order = EnrolWorkstation(code=code, name=folder.name, public_key=public_text(key))
        told = centre.dispatcher.run(order, head).receipt
        row = enrolled_rows(
            device_id=told.device_id, org_id=org, epoch=told.epoch, name="前台一", server="http://centre",
            number_prefix=told.number_prefix,
        )  # fmt: skip
        plain = folder.name.startswith("plain")
        store = (
            open_embedded_store(folder / "plain.db")
            if plain
            else open_branch_store(folder / "branch.db", KEY)
        )
        prepare_store(store)
        with store.write() as connection:
            connection.execute(installation.insert(), {**row, "server_key": centre.sync.server_key})
        close_whole(store)
        station = {
            "device_id": str(told.device_id),
            "key": key.private_bytes_raw().hex(),
            "org_id": str(org),
        }
        (folder / "station.json").write_text(json.dumps(station), "utf-8")
    close_whole(centre.store)
    centre.close()
    return org


def centre_store(home: Path) -> Store:
    """Open the embedded store of a centre's folder, with the key that lies in it."""
    return open_store_of(Settings(data_dir=home))


def fill(folder: Path, count: int, start: int = 0) -> None:
    """Write records into the store of a workstation."""
    facts = json.loads((folder / "station.json").read_text("utf-8"))
    store = open_store(folder)
    write_records(store, Id(facts["org_id"]), Id(facts["device_id"]), count, start)
    close_whole(store)


def close_whole(store: Store) -> None:
    """Close a store so that its file can be copied: with nothing left in the log beside it."""
    if store.is_sqlite:
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()


@contextlib.contextmanager
def serving(home: Path, *, address: str = "", readers: str = "inline") -> Iterator[SimpleNamespace]:
    """Run the product's server on a folder; gives its `url`, `port` and `cpu_s()`.

    Args:
        readers: ``worker``: alerts, audit and search follow the log in a second process.
    """
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")},
        "PYTHONPATH": str(ROOT), "AFTERCHECK_LEAST_FREE_BYTES": "0", "AFTERCHECK_READERS": readers,
    }  # fmt: skip
    if address:
        environment["AFTERCHECK_STORE"] = address
    with (home / "server.log").open("ab") as log:
        program = [sys.executable, "-m", "server", "--home", str(home)]
        served = peers.serve([*program, "serve", "--port", "0"], cwd=ROOT, env=environment, stderr=log)
        apart = None
        if readers == "worker":
            apart = subprocess.Popen(
                [*program, "worker"], cwd=ROOT, env=environment, stderr=log, stdout=subprocess.PIPE
            )
            apart.stdout.readline()  # it says when it has started
    try:
        yield SimpleNamespace(
            url=f"http://127.0.0.1:{served.port}", port=served.port, cpu_s=lambda: cpu_s(served.process.pid)
        )
    finally:
        served.stop()
        if apart is not None:
            apart.kill()
            apart.communicate(timeout=30)


def cpu_s(pid: int) -> float:
    """Return the processor seconds of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def client(action: str, folder: Path, url: str, *more: str) -> dict[str, Any]:
    """Run one action of a workstation in a process of its own; returns what it measured."""
    command = [sys.executable, "-m", "tests.bench.sync_client", action, str(folder), url, *more]
    return told_by(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def told_by(command: list[str], **options: Any) -> dict[str, Any]:
    """Run a program and return the JSON of its last line."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=CLIENT_S, check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{command[:5]}: {done.stdout[-500:]} {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def rested(server: SimpleNamespace) -> None:
    """Wait until the readers of the log (alerts, audit, search) have done their work."""
    until = time.monotonic() + LONGEST_S
    before = server.cpu_s()
    while time.monotonic() < until:
        threading.Event().wait(QUIET_S)
        now = server.cpu_s()
        if now - before < QUIET_CPU_S:
            return
        before = now
    raise RuntimeError("the server does not come to rest")


def settled(server: SimpleNamespace, *folders: Path) -> None:
    """Let workstations take in what the centre has added (alerts, the state of its nodes), once it rests."""
    rested(server)
    for folder in folders:
        client("pull", folder, server.url)


def same_rows(org: Id, centre: Store, *stores: Store) -> bool:
    """Tell by digest of content whether all hold the same rows of a branch and of the catalogue; print what not."""
    digests = []
    for store in (centre, *stores):
        with store.read() as connection:
            digests.append(store_digest(connection, [org, EVERYBODY]))
    found = [differing(digests[0], other) for other in digests[1:]]
    if any(found):
        sys.stdout.write(f"  not the same as at the centre: {found}\n")
    return not any(found)


def clients_in(store: Store) -> int:
    """Return how many clients a store holds."""
    with store.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM patient").scalar_one())


def remove(folder: Path) -> None:
    """Remove a folder with everything in it."""
    shutil.rmtree(folder)


def copied(template: Path, folder: Path) -> Path:
    """Copy a folder of a workstation or of a centre."""
    shutil.copytree(template, folder)
    return folder
