"""Partners are told of what happens: a reader of the centre's log that queues messages for those it concerns.

It looks at orders, clients and reports; with no partner that is sent anything it does nothing but move on.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import or_, select

from domain.interop.partner_records import Partner
from domain.interop.queue_commands import QueueForPartners
from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id

WATCHED = frozenset({"service_request", "patient", "report"})
FIELDS = frozenset({"name", "sex", "birth_date", "id_number", "phone", "address"})
"""Of a client what a partner is told."""
AT_ONCE = 50


class PartnerFollower:
    """Give it to a `Follower` of the centre's log.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor.
    """

    name = "partners"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self.dispatcher, self.actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Queue what the entries ask for."""
        touched: dict[tuple[str, Id], tuple[int, str]] = {}
        for entry in entries:
            if entry.outcome in {DONE, MERGED} and any(t.entity in WATCHED for t in entry.glance.changes):
                touched |= _of(entry)
        if not touched or not self._anybody():
            return
        wanted = [(entity, record_id, *where) for (entity, record_id), where in touched.items()]
        for start in range(0, len(wanted), AT_ONCE):
            self.dispatcher.run(QueueForPartners(touched=wanted[start : start + AT_ONCE]), self.actor)

    def _anybody(self) -> bool:
        p = Partner.__table__
        told = or_(p.c.orders, p.c.persons, p.c.reports)
        with self.dispatcher.store.read() as connection:
            query = select(p.c.id).where(p.c.active.is_(True), told).limit(1)
            return connection.execute(query).first() is not None


def _of(entry: Entry) -> dict[tuple[str, Id], tuple[int, str]]:
    """Return (position, the system that said it) of each record of an entry that partners may be told of.

    What a partner said itself is not told to it again.
    """
    said_by = str(entry.body.note.get("system", ""))
    return {
        (change.entity, uuid.UUID(bytes=change.record_id)): (entry.position, said_by)
        for change in entry.body.changes
        if change.entity in WATCHED and (change.entity != "patient" or FIELDS & change.fields.keys())
    }
