"""Branches at work: they register clients and send files until a line comes on standard input; then they tell of it.

``python -m tests.journeys.grown.branches STATIONS.json SERVER CA FOLDER``. What was confirmed at a desk is in its
list whatever became of the exchange; at the end each exchanges until it has been through.
"""

import base64
import hashlib
import json
import os
import sys
import threading
import time
import uuid
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain import features
from domain.kernel.authority import system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, KnownError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from sync.branch import BranchSync, enrolled_rows
from sync.http_client import HttpCentre
from sync.local_tables import installation
from sync.schema import prepare_store
from sync.stores import open_branch_store
from sync.tls import CentreSession
from sync.tus.client_state import SqliteTransferState
from sync.tus.source import BytesSource

PAUSE_S = 0.2
FILE_EVERY = 4
GIVES_UP_S = 180.0


class Branch:
    """One workstation."""

    def __init__(self, folder, url, ca, told):
        folder.mkdir(parents=True)
        key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(told["key"]))
        device, org = uuid.UUID(told["device"]), uuid.UUID(told["org"])
        self.store = open_branch_store(folder / "b.db", bytes(range(32)))
        prepare_store(self.store)
        row = enrolled_rows(
            device_id=device,
            org_id=org,
            epoch=told["epoch"],
            name="站",
            server=url,
            number_prefix=told["prefix"],
        )
        with self.store.write() as connection:
            connection.execute(installation.insert(), {**row, "server_key": told["server_key"]})
        session, transfers = CentreSession(Path(ca)), SqliteTransferState(folder / "t.db")
        self.line = HttpCentre(url, device, key, transfers, session=session)
        self.sync = BranchSync(self.store, self.line, key, folder / "bundles")
        self.desk = Dispatcher(self.store, content={"number_prefix": told["prefix"]})
        self.actor = system_actor(org, device)
        self.registered, self.files, self.failed, self.times = [], [], {}, []
        self.gaps, self._served = [], time.monotonic()

    def turn(self, number):
        name = f"甲{self.actor.device_id.hex[-6:]}-{number}"
        self.desk.run(
            RegisterPatient(name=name, sex=Sex.FEMALE, birth_date=date(1980, 1, 1), another_person=True),
            self.actor,
        )
        self.registered.append(name)
        self.tried(self.sync.exchange)
        if number % FILE_EVERY == 0:
            data = os.urandom(300_000)
            source = BytesSource(data)
            done = self.tried(lambda: self.line.send_blob(source, lambda _d, _t: None, threading.Event()))
            if done:
                self.files.append(hashlib.sha256(data).hexdigest())

    def tried(self, work):
        """Do something with the centre; what the line refuses is counted, what the centre refuses is a failure."""
        began = time.monotonic()
        try:
            work()
        except DomainError:
            raise
        except KnownError as error:
            self.failed[error.code] = self.failed.get(error.code, 0) + 1
            return False
        now = time.monotonic()
        self.times.append(now - began)
        self.gaps.append(now - self._served)
        self._served = now
        return True

    def through(self):
        end = time.monotonic() + GIVES_UP_S
        while not self.tried(self.sync.exchange):
            if time.monotonic() > end:
                raise TimeoutError(self.failed)
            threading.Event().wait(PAUSE_S)


def main():
    features.load()
    stations, url, ca, folder = sys.argv[1:5]
    told = json.loads(Path(stations).read_text("utf-8"))
    branches = [Branch(Path(folder) / f"s{n}", url, ca, one) for n, one in enumerate(told)]
    ending, errors = threading.Event(), []

    def work(branch):
        number = 0
        try:
            while not ending.wait(PAUSE_S):
                branch.turn(number)
                number += 1
            branch.through()
        except Exception as error:  # noqa: BLE001 (told to the test)
            errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=work, args=[branch]) for branch in branches]
    for thread in threads:
        thread.start()
    sys.stdout.write("working\n")
    sys.stdout.flush()
    sys.stdin.readline()
    ending.set()
    for thread in threads:
        thread.join()
    times = sorted(t for branch in branches for t in branch.times)
    failed = {}
    for branch in branches:
        for code, count in branch.failed.items():
            failed[code] = failed.get(code, 0) + count
    sys.stdout.write(
        json.dumps(
            {
                "errors": errors,
                "registered": [n for b in branches for n in b.registered],
                "files": [f for b in branches for f in b.files],
                "failed": failed,
                "exchanges": len(times),
                "longest_unserved_s": round(max(max(b.gaps, default=0.0) for b in branches), 1),
                "p95_s": round(times[int(len(times) * 0.95)], 3) if times else None,
            }
        )
        + "\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
