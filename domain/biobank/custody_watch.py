"""Every day, in small steps: all events of a store compared with their chains of custody, also its lost end.

Nobody has to think of it: what was changed, removed or put in by another way than a command is an alert (A-976)
within a day, at the branch for its own chain and at the centre for all.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.biobank.custody_break_commands import NoteRound
from domain.biobank.custody_chain import ALL_CHAINS, Break, breaks
from domain.biobank.custody_records import CustodyHead, CustodyRound
from domain.biobank.records import SpecimenEvent
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id, stable_id

EVERY = timedelta(hours=20)
STEP = 400
"""Events of one step: some hundredths of a second."""


class CustodyWatch:
    """Made for the ticks of a `ReaderThread` and for the housekeeping of the centre.

    Args:
        dispatcher: Of this store; its content says whether all chains are whole here.
        actor: The system's actor of this installation.
        steps: Steps of one tick.
    """

    def __init__(self, dispatcher: Dispatcher, actor: Actor, steps: int = 1) -> None:
        self._dispatcher, self._actor, self._steps = dispatcher, actor, steps
        self._at: Id | None = None
        self._begun: datetime | None = None
        self._looked: datetime | None = None
        self._events = self._broken = 0

    def tick(self) -> int:
        """Go on with the round if one is due; returns how many breaks were new."""
        now = self._dispatcher.clock()
        if self._begun is None:
            if self._looked is None:
                self._looked = self._last_round()
            if self._looked is not None and abs(now - self._looked) < EVERY:
                return 0
            self._begun, self._at, self._events, self._broken = now, None, 0, 0
        new = 0
        for _ in range(self._steps):
            new += self._step()
            if self._begun is None:
                break
        return new

    def whole(self) -> int:
        """Make one whole round now; returns how many breaks were new."""
        self._begun, self._at, self._events, self._broken = self._dispatcher.clock(), None, 0, 0
        new = 0
        while self._begun is not None:
            new += self._step()
        return new

    def _step(self) -> int:
        own = None if self._dispatcher.content.get(ALL_CHAINS) else self._actor.device_id
        table = SpecimenEvent.__table__
        query = select(table).order_by(table.c.id).limit(STEP)
        if self._at is not None:
            query = query.where(table.c.id > self._at)
        with self._dispatcher.store.read() as connection:
            rows = connection.execute(query).all()
            found = breaks(connection, rows, own)
            if not rows:
                found += self._lost_end(connection)
        self._events += len(rows)
        self._broken += len(found)
        order = NoteRound(found=found)
        if rows:
            self._at = rows[-1].id
        else:
            order = NoteRound(found=found, begun_at=self._begun, events=self._events, broken=self._broken)
            self._looked, self._begun = self._dispatcher.clock(), None
        if not rows or found:
            return int(self._dispatcher.run(order, self._actor).receipt)
        return 0

    def _lost_end(self, connection: Connection) -> list[Break]:
        """Return the last event of this installation's chain where the head knows of later ones."""
        head = _one(
            connection, CustodyHead, CustodyHead.id == stable_id("custody_head", str(self._actor.device_id))
        )
        if head is None:
            return []
        table = SpecimenEvent.__table__
        query = select(table).where(table.c.chain_device == self._actor.device_id)
        last = connection.execute(query.order_by(table.c.chain_number.desc()).limit(1)).first()
        if last is None or last.chain_number >= head.number:
            return []
        return [Break(last.id, last.specimen_id, last.chain_device, last.chain_number, "custody.cut_off")]

    def _last_round(self) -> datetime | None:
        table = CustodyRound.__table__.c
        with self._dispatcher.store.read() as connection:
            found: datetime | None = connection.execute(
                select(table.ended_at).order_by(table.ended_at.desc()).limit(1)
            ).scalar()
        return found


def _one(connection: Connection, record: type[Any], where: Any) -> Any:
    return connection.execute(select(record.__table__).where(where)).first()
