"""What the inbox knows, told to the records: counts of each partner, and messages that wait for a person.

The inbox is a file of its own beside the store, so that a laboratory is answered while the store is away. What people
look at and decide are records, which travel; this carries the one to the other.
"""

import logging
import time

from sqlalchemy import select

from domain.interop.in_commands import HeardFrom, NoteHeard, NoteParked, NoteReplayed
from domain.interop.in_records import ParkedMessage
from domain.interop.partner_records import Partner, PartnerState
from domain.kernel.authority import Actor
from domain.kernel.columns import from_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.kernel.texts import Texts
from server.interfaces.inbox import FromSender, Inbox

log = logging.getLogger(__name__)
LOOK_EVERY_S = 10.0
UNSAID = "interface.not_applied"


class InboxTelling:
    """Tells of one inbox.

    Args:
        inbox: The queue.
        dispatcher: Of the centre's store.
        actor: The system's actor.
        texts: Sentences of reasons.
        look_every_s: Least time between two looks of `tick`.
    """

    def __init__(
        self,
        inbox: Inbox,
        dispatcher: Dispatcher,
        actor: Actor,
        texts: Texts,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._inbox, self._dispatcher, self._actor, self._texts = inbox, dispatcher, actor, texts
        self._every_s, self._next = look_every_s, 0.0
        self.why: dict[tuple[str, str], str] = {}
        """Sentences of messages parked by this process, by sender and number."""

    def sentence(self, error: KnownError) -> str:
        """Return what to tell a person of an error."""
        return self._texts.explain(error)[:255]

    def unsaid(self, code: str) -> str:
        """Return what to tell of a failure that has no sentence for people."""
        return self._texts.say(UNSAID, reason=code)

    def tick(self) -> None:
        """Look if it is time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every_s
            self.look()

    def look(self) -> None:
        """Release what people released, list what is parked, and write the counts that changed."""
        self._parked()
        self._counts()

    def _parked(self) -> None:
        p = ParkedMessage.__table__
        with self._dispatcher.store.read() as connection:
            open_rows = connection.execute(
                select(p.c.system, p.c.control_id, p.c.state).where(
                    p.c.state.in_(("parked", "released", "dropped"))
                )
            ).all()
        listed = {(row.system, row.control_id): row.state for row in open_rows}
        parked = {(one[0], one[1]): one for one in self._inbox.parked()}
        for key, state in listed.items():
            if state == "released" and key in parked and key not in self.why:
                self._inbox.release(*key)
                del parked[key]
            elif state in ("released", "parked") and key not in parked and not self._inbox.is_waiting(*key):
                self._dispatcher.run(NoteReplayed(system=key[0], control_id=key[1]), self._actor)
        for key, (system, control_id, org_id, reason, received_us) in parked.items():
            if listed.get(key) in ("parked", "dropped"):
                self.why.pop(key, None)
                continue
            said = self.why.pop(key, "") or self.unsaid(reason)
            self._dispatcher.run(
                NoteParked(
                    org_id=org_id, system=system[:200], control_id=control_id, reason=reason[:60], sentence=said,
                    received_at=from_microseconds(received_us),
                ),
                self._actor,
            )  # fmt: skip

    def _counts(self) -> None:
        with self._dispatcher.store.read() as connection:
            query = select(Partner.sender, PartnerState.__table__).outerjoin(
                PartnerState, PartnerState.id == Partner.id
            )
            known = {row.sender: row for row in connection.execute(query)}
        heard = [
            HeardFrom(
                system=one.sender, received=one.received, stored=one.stored, refused=one.refused, parked=one.parked,
                last_at=from_microseconds(one.last_us) if one.last_us else None,
            )
            for one in self._inbox.by_sender()
            if one.sender in known and _changed(one, known[one.sender])
        ]  # fmt: skip
        if heard:
            self._dispatcher.run(NoteHeard(heard=heard), self._actor)


def _changed(one: FromSender, row: object) -> bool:
    return any(
        (getattr(row, name) or 0) != getattr(one, name)
        for name in ("received", "stored", "refused", "parked")
    )
