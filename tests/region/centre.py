"""The centre of the region: the product's own server in a process of its own, on either kind of store."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from domain.kernel.authority import system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.people.enrolment_commands import EnrolWorkstation, IssueEnrolmentCode, RevokeWorkstation
from domain.people.records import Organization, Workstation
from domain.people.staff_commands import CreateOrganization
from server.app import build_centre
from server.clock import clock_of
from server.initialise import initialise
from server.settings import Settings
from server.storage_key import open_store
from sync.device_auth import new_key, public_text
from sync.moved_clock import FileOffsetClock
from sync.schema import prepare_store
from sync.stores import open_branch_store
from tests.region.plan import Plan
from tests.region.station import KEY, enrolled
from tests.sync.world import Write

ROOT = Path(__file__).resolve().parents[2]
START_S, STOP_S = 120, 60
PASSWORD = "Zhong-Xin-2026"


class CentreProcess:
    """Prepares the centre, runs it, ends it in both ways, and does what its operators do.

    Args:
        home: Folder of the region; the centre lives in ``centre`` below it.
        address: A ``mysql+pymysql://`` URL, or empty for the embedded store.
    """

    def __init__(self, home: Path, address: str = "") -> None:
        self.home = home
        self.folder = home / "centre"
        self.settings = Settings(data_dir=self.folder, store=address, least_free_bytes=0, demo_clock=True)
        self.process: subprocess.Popen[str] | None = None
        self.port = 0
        self.orgs: dict[str, Id] = {}
        self.devices: dict[int, Id] = {}
        self.starts = 0

    @property
    def embedded(self) -> bool:
        return not self.settings.store

    def prepare(self, plan: Plan) -> None:
        """Make head office, area offices and branches, and enrol every workstation; one is never switched on.

        While that one is awaited the log is not pruned, so the check at the end sees the whole history.
        """
        self.folder.mkdir(parents=True)
        empty = open_branch_store(self.home / "empty.db", KEY)
        prepare_store(empty)
        empty.close()
        store = open_store(self.settings)
        prepare_store(store)
        first = initialise(
            store, self.settings, clock_of(self.settings), code="HQ", name="总院", login="admin"
        )
        store.close()
        centre = build_centre(self.settings)
        head = system_actor(first.org_id, centre.identity.device_id)

        def run(order: Any) -> Any:
            return centre.dispatcher.run(order, head).receipt

        self.orgs["HQ"] = first.org_id
        for area in range(1, plan.areas + 1):
            code = f"A{area:02d}"
            self.orgs[code] = run(CreateOrganization(code=code, name=f"片区{area}", parent_id=first.org_id))
        for branch in range(1, plan.branches + 1):
            above = self.orgs[f"A{plan.area_of(branch):02d}"]
            code = f"B{branch:03d}"
            self.orgs[code] = run(CreateOrganization(code=code, name=f"分院{branch}", parent_id=above))
        for number, post in [*sorted(plan.posts.items()), (0, None)]:
            org = self.orgs[post.org] if post else first.org_id
            key = new_key()
            code = run(IssueEnrolmentCode(org_id=org)).code
            told = run(EnrolWorkstation(code=code, name=f"站{number}", public_key=public_text(key)))
            if post:
                self.devices[number] = told.device_id
                enrolled(self.home, number, told, org, key, centre.sync.server_key)
        self._add_signers(run, plan)
        centre.close()

    def _add_signers(self, run: Any, plan: Plan) -> None:
        """Give each area a person whose signature is asked for by name."""
        import uuid
        from datetime import UTC, datetime

        for post in plan.posts.values():
            if post.branch:
                continue
            org = self.orgs[post.org]
            values = {
                "org_id": org, "login": f"signer{post.area}", "name": "签发医师", "role": "chief_physician",
                "password_hash": "none", "password_set_at": datetime(2026, 1, 1, tzinfo=UTC),
            }  # fmt: skip
            staff = uuid.uuid5(uuid.NAMESPACE_OID, f"{org}signer")
            run(Write(what="add", entity="staff", record_id=staff, values=values))

    def start(self) -> None:
        """Start the server, the second time on the port it had."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")}
        environment |= {
            "PYTHONPATH": str(ROOT), "AFTERCHECK_LEAST_FREE_BYTES": "0", "AFTERCHECK_DEMO_CLOCK": "true",
            **({} if self.embedded else {"AFTERCHECK_STORE": self.settings.store}),
        }  # fmt: skip
        command = [
            sys.executable,
            "-m",
            "server",
            "--home",
            str(self.folder),
            "serve",
            "--port",
            str(self.port),
        ]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, env=environment, text=True
            )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with {self.process.wait(10)}: {self.log_tail()}")
        self.port = json.loads(line)["port"]
        self.starts += 1

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, as an operator does."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            process.wait(STOP_S)
            process.stdout.close()

    def log_tail(self) -> str:
        log = self.folder / "server.log"
        return log.read_text("utf-8", "replace")[-3000:] if log.exists() else ""

    def memory_mib(self, name: str = "VmRSS") -> float:
        """Return the resident memory of the server now (``VmHWM``: the most so far), 0 while it is down."""
        with suppress(OSError, StopIteration, AttributeError):
            rows = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            return next(int(row.split()[1]) for row in rows if row.startswith(f"{name}:")) / 1024
        return 0.0

    def advance(self, by: timedelta) -> None:
        FileOffsetClock(self.settings.clock_path).advance(by)

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """Yield the centre's store, opened beside the server as its own tools do."""
        store = open_store(self.settings)
        try:
            yield store
        finally:
            store.close()

    def back_up(self) -> None:
        """Copy the embedded store while the server works."""
        with self.opened() as store:
            store.copy_to(self.home / "centre-backup.db")

    def put_back(self) -> None:
        """Put the copy in the place of the store; the server is down."""
        for name in ("centre.db-wal", "centre.db-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copyfile(self.home / "centre-backup.db", self.folder / "centre.db")

    def revoke(self, stations: list[int]) -> None:
        self._run(*(RevokeWorkstation(workstation_id=self.devices[s], reason="查") for s in stations))

    def reinstate(self) -> int:
        """Let every workstation that is shut out in again; returns how many were."""
        with self.opened() as store, store.read() as connection:
            table = Workstation.__table__
            out = connection.scalars(select(table.c.id).where(table.c.revoked_at.is_not(None))).all()
        self._run(
            *(Write(what="set", entity="workstation", record_id=o, values={"revoked_at": None}) for o in out)
        )
        return len(out)

    def move(self, branch: int, area: int) -> None:
        """Give a branch to another area office: one loses the scope, the other is granted it."""
        above = self.orgs[f"A{area:02d}"]
        values = {"parent_id": above}
        with self.opened() as store, store.read() as connection:
            table = Organization.__table__
            query = select(table.c.parent_id).where(table.c.id == self.orgs[f"B{branch:03d}"])
            same = connection.execute(query).scalar() == above
        if not same:
            record_id = self.orgs[f"B{branch:03d}"]
            self._run(Write(what="set", entity="organization", record_id=record_id, values=values))

    def _run(self, *orders: Any) -> None:
        with self.opened() as store:
            desk = Dispatcher(store, clock=clock_of(self.settings))
            actor = system_actor(self.orgs["HQ"], self._device_id(store))
            for order in orders:
                desk.run(order, actor)

    @staticmethod
    def _device_id(store: Store) -> Id:
        from sync.identity import identity_of

        with store.read() as connection:
            return identity_of(connection).device_id


@contextmanager
def watched_memory(centre: CentreProcess, every_s: float = 0.5) -> Iterator[list[float]]:
    """Collect the server's resident memory (MiB) while something runs."""
    found: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(every_s):
            now = centre.memory_mib("VmHWM")
            if now:
                found.append(now)

    thread = threading.Thread(target=watch, name="memory", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join(10)


@contextmanager
def mariadb_address() -> Iterator[str]:
    """Yield the URL of a database of our own on this machine's MariaDB; it goes at the end."""
    import pymysql

    name, password = f"aftercheck_region_{secrets.token_hex(4)}", secrets.token_urlsafe(16)
    root = pymysql.connect(host="127.0.0.1", user="root", connect_timeout=3, autocommit=True)
    with root.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        cursor.execute(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY '{password}'")
        cursor.execute(f"GRANT ALL ON {name}.* TO '{name}'@'127.0.0.1'")
    try:
        yield f"mysql+pymysql://{name}:{password}@127.0.0.1/{name}"
    finally:
        root.ping()
        with root.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")
            cursor.execute(f"DROP USER '{name}'@'127.0.0.1'")
        root.close()
