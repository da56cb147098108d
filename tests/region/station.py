"""A workstation of the region: its folder, its encrypted store, its line to the centre."""

import json
import random
import shutil
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log, decode_body, decode_glance, head_position
from domain.kernel.clock import OffsetClock
from domain.kernel.columns import to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import new_id
from domain.kernel.record import record_classes
from sync.blobs import BlobStore
from sync.branch import BranchSync, enrolled_rows
from sync.device_auth import key_from
from sync.digest import Digest, store_digest
from sync.files import FileExchange
from sync.http_client import HttpCentre
from sync.identity import cursors_of, identity_of, leaving, progress_of
from sync.local_tables import installation, parked_txn, refused_record
from sync.moved_clock import FileOffsetClock
from sync.pending import own_entries
from sync.stores import open_branch_store
from sync.tus.client_state import SqliteTransferState
from sync.tus.pacing import ClientSettings, Surroundings
from tests.region.ledger import Ledger
from tests.sync.world import Write

KEY = bytes(range(32))
PATIENT = ClientSettings(first_pause_s=0.01, longest_pause_s=0.2, attempts=3)
HASTY = ClientSettings(
    connect_s=5, answer_s=1.0, stall_s=1.0, first_pause_s=0.01, longest_pause_s=0.05, attempts=2
)
"""For lines with a fault: a fault is waited out, and a slow answer is one more fault."""
EVERYBODY = uuid.UUID(int=0)


def folder_of(home: Path, number: int) -> Path:
    return home / "stations" / f"{number:04d}"


def enrolled(home: Path, number: int, told: Any, org_id: uuid.UUID, key: Any, server_key: str) -> None:
    """Make the folder of a workstation that has just been enrolled."""
    folder = folder_of(home, number)
    folder.mkdir(parents=True)
    shutil.copyfile(home / "empty.db", folder / "store.db")
    (folder / "device.key").write_bytes(key.private_bytes_raw())
    row = enrolled_rows(
        device_id=told.device_id, org_id=org_id, epoch=told.epoch, name=f"站{number}", server="http://centre",
        number_prefix=told.number_prefix,
    )  # fmt: skip
    store = open_branch_store(folder / "store.db", KEY)
    with store.write() as connection:
        connection.execute(installation.insert(), {**row, "server_key": server_key})
    store.close()


class Machine:
    """A workstation that is switched on.

    Args:
        home: Folder of the region.
        number: Which workstation.
        url: The centre, or the proxy before it.
        settings: How patient its line is.
        session: A session with faults.
    """

    def __init__(
        self, home: Path, number: int, url: str, *, settings: ClientSettings = PATIENT, session: Any = None,
        seed: str = "", line: type[HttpCentre] = HttpCentre,
    ) -> None:  # fmt: skip
        folder = self.folder = folder_of(home, number)
        self.number = number
        skew = json.loads((folder / "skew").read_text()) if (folder / "skew").exists() else 0
        self.clock = OffsetClock(
            FileOffsetClock(home / "centre" / "clock-offset"), timedelta(days=365 * skew)
        )
        self.store = open_branch_store(folder / "store.db", KEY)
        with self.store.read() as connection:
            me = connection.execute(select(installation)).one()
        self.device_id, self.org_id = me.device_id, me.org_id
        self.desk = Dispatcher(
            self.store, clock=self.clock, content={"number_prefix": me.number_prefix, **content()}
        )
        self.blobs = BlobStore(folder / "blobs")
        self.ledger = Ledger(folder / "ledger")
        key = key_from((folder / "device.key").read_bytes())
        self.transfers = SqliteTransferState(folder / "transfers.db")
        dice = random.Random(f"{seed}/line")  # noqa: S311 (a seeded run)
        self.line = line(
            url, self.device_id, key, self.transfers, session=session, settings=settings,
            surroundings=Surroundings(rng=dice.random), now_us=lambda: to_microseconds(self.clock()),
        )  # fmt: skip
        self.sync = BranchSync(
            self.store, self.line, key, folder / "bundles", clock=self.clock, program="region"
        )
        self.files = FileExchange(self.store, self.line, self.blobs, folder / "coming")

    def close(self) -> None:
        self.line.close()
        self.transfers.close()
        self.ledger.close()
        self.store.close()

    def unsent(self) -> list[tuple[str, str, Any]]:
        """Return (record, field, value) of own work whose receipt has not come: it is lost with this disk."""
        found = []
        with self.store.read() as connection:
            identity, acked = identity_of(connection), progress_of(connection).acked_seq
            for row in own_entries(connection, identity, acked, 100_000):
                for change in decode_body(row.body).changes:
                    found += [
                        (change.record_id.hex(), name, value) for name, value in change.fields.items()
                        if isinstance(value, str | int | float)
                    ]  # fmt: skip
        return found

    def head(self) -> int:
        """Return the newest position of this store's own log."""
        with self.store.read() as connection:
            return head_position(connection)

    def news_since(self, position: int) -> int:
        """Return how many entries came since that are not what the centre's watch notes of its nodes."""
        with self.store.read() as connection:
            rows = connection.execute(select(change_log.c.body).where(change_log.c.position > position))
            return sum(any(c.entity != "sync_node" for c in decode_glance(row.body).changes) for row in rows)

    def backlog(self) -> int:
        return self.sync.outbox.unsent()

    def held_back(self) -> int:
        """Return how many new records the centre refused that somebody may do something about."""
        with self.store.read() as connection:
            rows = connection.execute(select(refused_record)).all()
            return sum(row.entity not in OF_A_REPORT and _is_here(connection, row) for row in rows)

    def mend_refused(self) -> int:
        """Do what people do with new records the centre refused, and return how many there were.

        What has a number of its own gets another one. The rest is sent again as it is.
        """
        with self.store.read() as connection:
            refused = connection.execute(select(refused_record)).all()
            refused = [row for row in refused if _is_here(connection, row)]
        for row in refused:
            name = next(
                (n for n in ("number", "code") if n in record_classes()[row.entity].__table__.c), None
            )
            if row.entity in OF_A_REPORT:
                continue
            if name is None:
                self.sync.outbox.resend(row.entity, row.record_id)
            else:
                self._write("set", row, {name: f"M{self.number}-{new_id().hex[-12:]}"})
        return len(refused)

    def _write(self, what: str, row: Any, values: dict[str, Any]) -> None:
        order = Write(what=what, entity=row.entity, record_id=row.record_id, values=values)
        self.desk.run(order, system_actor(self.org_id, self.device_id))

    def state(self) -> dict[str, Any]:
        """Return what the comparison at the end looks at."""
        with self.store.read() as connection:
            scopes = sorted({*self._followed(connection), self.org_id})
            digest: Digest = store_digest(connection, [*scopes, EVERYBODY])
            waiting = [f"{row.reason} {row.position}" for row in connection.execute(select(parked_txn))]
            refused = [
                f"{row.entity} {row.record_id} {row.code}" for row in connection.execute(select(refused_record))
                if _is_here(connection, row) and row.entity not in OF_A_REPORT
            ]  # fmt: skip
            left = [str(org) for org in leaving(connection)]
        return {
            "scopes": [str(org) for org in scopes], "digest": digest, "waiting": waiting, "held_back": refused,
            "leaving": left, "unsent": self.backlog(),
        }  # fmt: skip

    @staticmethod
    def _followed(connection: Any) -> set[uuid.UUID]:
        return {cursor.org_id for cursor in cursors_of(connection)} - {EVERYBODY}


def _is_here(connection: Any, refused: Any) -> bool:
    """Tell whether a refused record stands in this store; a broken program may have sent one that never did."""
    table = record_classes()[refused.entity].__table__
    return connection.execute(select(table.c.id).where(table.c.id == refused.record_id)).first() is not None


OF_A_REPORT = ("report_revision", "review_step", "report_signature")
"""What hangs on a report is never changed: it comes with the report, once that is sent whole under another number."""
_CONTENT: dict[str, Any] = {}


def content() -> dict[str, Any]:
    """Return what commands ask for, loaded once a process."""
    if not _CONTENT:
        import resources
        from domain.biobank.protocols import BIOBANK, load_biobank
        from domain.catalog.content import load_catalog
        from domain.kernel.authority import Authority

        _CONTENT["authority"] = Authority.load(resources.folder("roles.yaml"))
        _CONTENT[BIOBANK] = load_biobank(resources.folder("biobank"))
        _CONTENT["catalog"] = load_catalog(resources.folder("catalog"))
    return _CONTENT
