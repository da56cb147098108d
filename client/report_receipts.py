"""Receipts of signed reports: a workstation of the branch reads each file through and says so.

Who works elsewhere gives no receipt: only the branch that a report is for has read it back.
"""

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import select, update

from domain.delivery.commands import NoteReportNotReceived, NoteReportReceived
from domain.delivery.records import ReportDelivery
from domain.delivery.workflow import delivery_life
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from sync.files import FileState
from sync.local_tables import blob_state

AT_ONCE = 50
PREPARING = "preparing"
OPEN = tuple(n for n in delivery_life.states if n != PREPARING and delivery_life.allows(n, "receive"))
"""What the centre still prepares it will move itself: a receipt given before that would be refused."""
DAMAGED, REFUSED = "damaged", "refused"


class Blobs(Protocol):
    """What is asked of the store of files."""

    def has(self, sha256: str) -> bool:
        """Tell whether a file is here."""

    def verify(self, sha256: str) -> None:
        """Read a file through; UnavailableError if it is not what its name says."""


def want_again(store: Store, sha256: str) -> None:
    """Ask the exchange of files for a file that it refused."""
    with store.write() as connection:
        wanted = {"state": FileState.WANTED, "reason": None, "sent": 0}
        connection.execute(update(blob_state).where(blob_state.c.sha256 == sha256).values(wanted))


class ReportReceipts:
    """Looks whether signed reports of this branch have come, and says what it found.

    Args:
        dispatcher: Runs its commands.
        actor: The system's actor of this workstation.
        name: The workstation, as the receipt names it.
        blobs: Files of this workstation.
        again: Lets a refused file come once more.
    """

    def __init__(
        self, dispatcher: Dispatcher, actor: Actor, name: str, blobs: Blobs, again: Callable[[str], Any]
    ) -> None:  # fmt: skip
        self._dispatcher, self._actor, self._name = dispatcher, actor, name
        self._blobs, self._again = blobs, again
        self._asked: dict[Id, int] = {}

    def tick(self) -> None:
        """Give the receipts that can be given now."""
        for row in self._waiting():
            try:
                self._look(row)
            except DomainError:  # somebody else was faster, or the centre took the edition back
                continue

    def _waiting(self) -> list[Any]:
        d = ReportDelivery.__table__.c
        query = (
            select(d.id, d.sha256, d.fault, d.tries, blob_state.c.state, blob_state.c.reason)
            .outerjoin(blob_state, blob_state.c.sha256 == d.sha256)
            .where(d.state.in_(OPEN), d.org_id == self._actor.org_id)
            .order_by(d.issued_at.desc())
            .limit(AT_ONCE)
        )
        with self._dispatcher.store.read() as connection:
            return list(connection.execute(query))

    def _look(self, row: Any) -> None:
        if self._blobs.has(row.sha256):
            try:
                self._blobs.verify(row.sha256)
            except UnavailableError:
                self._failed(row, DAMAGED)
                return
            order = NoteReportReceived(delivery_id=row.id, sha256=row.sha256, by=self._name)
            self._dispatcher.run(order, self._actor)
        elif row.state == FileState.REFUSED:
            if row.tries > self._asked.get(row.id, 0):
                self._asked[row.id] = row.tries
                self._again(row.sha256)
            else:
                self._failed(row, DAMAGED if row.reason == "blob.damaged" else REFUSED)

    def _failed(self, row: Any, fault: str) -> None:
        if row.fault is None:  # told once; sending it again clears it
            self._dispatcher.run(NoteReportNotReceived(delivery_id=row.id, fault=fault), self._actor)
