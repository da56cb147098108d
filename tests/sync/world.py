"""A centre and branches on real stores in one process, and one command that does a day's small things."""

import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from domain.kernel.authority import system_actor
from domain.kernel.clock import ManualClock, OffsetClock
from domain.kernel.commands import ask, command, handles
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.record import record_classes
from domain.people.records import OrganizationKind, Sex
from sync.blobs import BlobStore
from sync.branch import BranchSync, enrolled_rows
from sync.centre import CentreSync
from sync.device_auth import new_key, public_text
from sync.digest import differing, store_digest
from sync.local_centre import LocalCentre
from sync.local_tables import installation, parked_txn
from sync.stores import open_branch_store, open_embedded_store

HEAD = uuid.UUID(int=0xA0)
NORTH = uuid.UUID(int=0xB1)
SOUTH = uuid.UUID(int=0xB2)
CENTRE_DEVICE = uuid.UUID(int=0xC0)
KEY = bytes(range(32))
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@command("test.sync_write", "同步测试写入", permission=None)
class Write:
    what: str = ask("操作")
    entity: str = ask("记录")
    record_id: uuid.UUID = ask("编号")
    values: dict[str, Any] = ask("值", default={})


@handles(Write)
def write(order, work):
    _write(order, work)
    return order.record_id


@command("test.sync_write_many", "同步测试多笔写入", permission=None)
class WriteMany:
    orders: list[Any] = ask("操作")


@handles(WriteMany)
def write_many(order, work):
    for one in order.orders:
        _write(one, work)


def _write(order, work):
    kind = record_classes()[order.entity]
    if order.what == "add":
        work.add(kind(id=order.record_id, **order.values))
        return
    record = work.require(kind, order.record_id)
    if order.what == "remove":
        work.remove(record)
    for name, value in order.values.items():
        setattr(record, name, value)


class Place:
    """A store with its dispatcher: a branch or the centre."""

    def __init__(self, store, org_id, device_id, clock):
        self.store = store
        self.org_id = org_id
        self.device_id = device_id
        self.clock = clock
        self.desk = Dispatcher(store, clock=clock)
        self.actor = system_actor(org_id, device_id)

    def run(self, order):
        return self.desk.run(order, self.actor)

    def add(self, entity, record_id=None, **values):
        record_id = record_id or self.desk.ids()
        self.run(Write(what="add", entity=entity, record_id=record_id, values=values))
        return record_id

    def add_patient(self, number, **values):
        return self.add("patient", number=number, **{"name": "王美娜", "sex": Sex.FEMALE, **values})

    def set(self, entity, record_id, **values):
        return self.run(Write(what="set", entity=entity, record_id=record_id, values=values))

    def remove(self, entity, record_id):
        self.run(Write(what="remove", entity=entity, record_id=record_id))

    def row(self, entity, record_id):
        table = record_classes()[entity].__table__
        with self.store.read() as connection:
            return connection.execute(select(table).where(table.c.id == record_id)).first()

    def rows(self, entity):
        table = record_classes()[entity].__table__
        with self.store.read() as connection:
            return connection.execute(select(table).order_by(table.c.id)).all()

    def all(self, table, *where):
        with self.store.read() as connection:
            return connection.execute(select(table).where(*where)).all()

    def digest(self, orgs):
        with self.store.read() as connection:
            return store_digest(connection, [*orgs, uuid.UUID(int=0)])


class Branch(Place):
    """A workstation with its own encrypted store."""

    def __init__(self, world, path, org_id, device_id, key, centre):
        self.path = path
        self.world = world
        self.key = key
        super().__init__(open_branch_store(path, KEY), org_id, device_id, OffsetClock(world.clock))
        self.centre = centre
        self.sync = BranchSync(
            self.store, centre, key, path.parent / f"{path.stem}-bundles", clock=self.clock, program="0.1"
        )

    def exchange(self):
        return self.sync.exchange()

    def backup(self, target):
        with self.store.write() as connection:
            connection.exec_driver_sql("SELECT 1")
        with self.store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.path, target)

    def restored(self, backup, name):
        """Return this workstation running on a copy of a backup; the old one is closed unless it is a clone."""
        path = self.path.with_name(f"{name}.db")
        shutil.copyfile(backup, path)
        return Branch(self.world, path, self.org_id, self.device_id, self.key, self.centre)


class World:
    """One centre, any number of branches."""

    def __init__(self, folder: Path, empty_branch: Path, empty_centre: Path, centre_store=None):
        self.folder = folder
        self.clock = ManualClock(START)
        self._empty_branch = empty_branch
        if centre_store is None:
            shutil.copyfile(empty_centre, folder / "centre.db")
            centre_store = open_embedded_store(folder / "centre.db")
        self.centre = Place(centre_store, HEAD, CENTRE_DEVICE, self.clock)
        self.sync = CentreSync(
            centre_store, device_id=CENTRE_DEVICE, key=new_key(), blobs=BlobStore(folder / "blobs"),
            clock=self.clock,
        )  # fmt: skip
        self.branches = []
        for org_id, code, parent in ((HEAD, "H", None), (NORTH, "N", HEAD), (SOUTH, "S", HEAD)):
            kind = OrganizationKind.BRANCH if parent else OrganizationKind.HEAD_OFFICE
            self.centre.add(
                "organization", org_id, org_id=org_id, code=code, name=code, kind=kind, parent_id=parent
            )

    def add_branch(self, org_id, number=None, wrap=lambda centre: centre):
        number = number or len(self.branches) + 1
        device_id = uuid.UUID(int=0xD0 + number)
        key = new_key()
        self.centre.add(
            "workstation", device_id, org_id=org_id, name=f"工作站{number}", public_key=public_text(key), epoch=1,
            enrolled_at=self.clock(), number_prefix=f"{900 + number}",
        )  # fmt: skip
        path = self.folder / f"branch{number}.db"
        shutil.copyfile(self._empty_branch, path)
        branch = Branch(self, path, org_id, device_id, key, wrap(LocalCentre(self.sync, device_id)))
        row = enrolled_rows(
            device_id=device_id,
            org_id=org_id,
            epoch=1,
            name="站",
            server="http://centre",
            number_prefix="901",
        )
        with branch.store.write() as connection:
            connection.execute(installation.insert(), row)
        self.branches.append(branch)
        return branch

    def settle(self, *branches, rounds=4):
        """Let branches exchange until nothing moves."""
        for _ in range(rounds):
            for branch in branches or self.branches:
                branch.exchange()

    def differing(self, branch):
        return differing(branch.digest([branch.org_id]), self.centre.digest([branch.org_id]))

    def explain(self, branch):
        """Return the rows on which a branch and the centre differ, and what is parked at the branch."""
        told = []
        for entity in self.differing(branch):
            here = {row.id: row for row in branch.rows(entity)}
            there = {row.id: row for row in self.centre.rows(entity) if row.org_id == branch.org_id}
            told += [
                (here.get(key), there.get(key)) for key in here.keys() | there.keys()
                if here.get(key) != there.get(key)
            ]  # fmt: skip
        parked = [(row.reason, row.position) for row in branch.all(parked_txn)]
        return (told, parked) if told else None

    def put_centre(self, path):
        """Let the centre go on with another file, as after a backup was put back."""
        self.centre.store.close()
        store = self.centre.store = self.centre.desk.store = open_embedded_store(path)
        before = self.sync
        self.sync = CentreSync(
            store, device_id=before.device_id, key=before._key, blobs=before.blobs, clock=self.clock
        )
        for branch in self.branches:
            line = branch.sync.centre
            near = LocalCentre(self.sync, branch.device_id)
            if hasattr(line, "_centre") and not isinstance(line, LocalCentre):
                line._centre = near
            else:
                branch.sync.centre = near

    def close(self):
        for place in [*self.branches, self.centre]:
            place.store.close()
