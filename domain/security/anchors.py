"""The daily anchor of an audit chain, and the check of chains against what was anchored.

Every installation notes the end of its own chain once a day as a record, which travels to the centre and is compared
there like any record. Whoever removes a line and works the chain out anew cannot make it end in the anchored hashes:
the installation's next check finds it, and so does the centre, whose anchors of one installation may only ever grow.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.audit.chain import Head, audit_table, head_of
from domain.audit.verification import Break, Tampering, verify
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.kernel.texts import Texts
from domain.security.checking import broken, note_all
from domain.security.commands import AnchorChain, Suspected
from domain.security.records import AuditAnchor, Suspicion

EVERY = timedelta(hours=20)
RECENT = 5000
LOOKED_AT = 400
"""Anchors compared, the newest first: more than a year of days."""


def anchors_of(connection: Connection, device_id: Id) -> list[Head]:
    """Return what was anchored of an installation, the oldest first."""
    table = AuditAnchor.__table__
    query = select(table.c.number, table.c.hash).where(table.c.device_id == device_id)
    rows = connection.execute(query.order_by(table.c.anchored_at.desc(), table.c.id).limit(LOOKED_AT)).all()
    return [Head(row.number, bytes.fromhex(row.hash)) for row in reversed(rows)]


def against(connection: Connection, anchored: Iterable[Head]) -> Break | None:
    """Return the first anchor the chain of this store does not pass through any more."""
    table = audit_table()
    for head in sorted(anchored, key=lambda h: h.number):
        found = connection.execute(select(table.c.hash).where(table.c.number == head.number)).scalar()
        if found is None:
            return Break(head_of(connection).number + 1, Tampering.TRUNCATED)
        if bytes(found) != head.hash:
            return Break(head.number, Tampering.REWRITTEN)
    return None


def _start(connection: Connection, anchored: Sequence[Head]) -> Head | None:
    """Return the row from which a workstation looks: a chain of years is not read while people wait."""
    if anchored:
        return anchored[-1]
    table = audit_table()
    number = head_of(connection).number - RECENT
    found = connection.execute(select(table.c.hash).where(table.c.number == number)).scalar()
    return None if found is None else Head(number, bytes(found))


def newest_break(connection: Connection, device_id: Id, *, whole: bool = False) -> Break | None:
    """Return the first break of the chain against its anchors and since the last of them, or wholly."""
    anchored = anchors_of(connection, device_id)
    found = against(connection, anchored)
    return found or verify(connection, since=None if whole else _start(connection, anchored))


def contradicts(anchored: Sequence[Head]) -> Head | None:
    """Return the first anchor of one installation that cannot follow the one before: shorter, or other."""
    for before, after in itertools.pairwise(anchored):
        if after.number < before.number or (after.number == before.number and after.hash != before.hash):
            return after
    return None


class ChainCheck:
    """Once a day: the chain since the last anchor, all anchors, then a new anchor. Made for `ReaderThread`'s ticks.

    Args:
        dispatcher: Runs its commands.
        actor: The system's actor of this installation.
        texts: Sentences of breaks.
    """

    def __init__(self, dispatcher: Dispatcher, actor: Actor, texts: Texts) -> None:
        self._dispatcher, self._actor, self._texts = dispatcher, actor, texts
        self._done_at: Any = None

    def tick(self) -> None:
        """Do it when its time has come; costs nothing otherwise."""
        now = self._dispatcher.clock()
        if self._done_at is not None and abs(now - self._done_at) < EVERY:
            return
        self.check()
        self._done_at = now

    def check(self, *, whole: bool = False) -> Break | None:
        """Check and anchor; returns the first break, which is noted as a finding too.

        Args:
            whole: From the first row on, and not only from the last anchor that holds (or, without one, `RECENT`).
        """
        with self._dispatcher.store.read() as connection:
            found = newest_break(connection, self._actor.device_id, whole=whole)
            end = head_of(connection)
        if found is not None:
            note_all(
                self._dispatcher, self._actor,
                broken(found, self._texts, self._actor, self._dispatcher.clock()),
            )  # fmt: skip
        elif end.number:
            self._dispatcher.run(AnchorChain(number=end.number, hash=end.hash.hex()), self._actor)
        return found


def contradictions(connection: Connection, texts: Texts, actor: Actor, now: Any) -> Iterator[Suspected]:
    """Yield a suspicion for each installation whose anchors at the centre contradict each other."""
    table = AuditAnchor.__table__
    for device_id, org_id in connection.execute(select(table.c.device_id, table.c.org_id).distinct()).all():
        found = contradicts(anchors_of(connection, device_id))
        if found is not None:
            said = texts.say("security.found.anchors", device=str(device_id)[:8], number=found.number)
            occasion = f"{device_id}{found.number}{found.hash.hex()[:16]}"
            yield Suspected(Suspicion.CHAIN_BROKEN, None, org_id, occasion, 1, now, now, said)


def check_anchors(dispatcher: Dispatcher, actor: Actor, texts: Texts) -> int:
    """Compare the anchors of all installations; returns how many contradictions were new."""
    with dispatcher.store.read() as connection:
        found = list(contradictions(connection, texts, actor, dispatcher.clock()))
    return note_all(dispatcher, actor, found)
