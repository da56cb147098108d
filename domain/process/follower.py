"""Items follow what happens: a reader of the log that settles the visits something was kept of here."""

import logging
import uuid
from collections.abc import Sequence

from sqlalchemy import select

from domain.checkup.records import Observation
from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.process.item_commands import SettleItems
from domain.process.records import VisitItem
from domain.process.stay_records import ProcessStay

log = logging.getLogger(__name__)
AT_ONCE = 50
WATCHED = frozenset(
    {"observation", "specimen", "questionnaire_response", "service_request", "omission", "visit"}
)


class ProcessFollower:
    """Give it to a `Follower`.

    Args:
        dispatcher: Runs its command.
        actor: The system's actor of this installation; entries of other devices are not its work.
    """

    name = "process"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Settle the visits the entries touched; of those without items and stays nothing is asked."""
        touched = self._touched(entries)
        for start in range(0, len(touched), AT_ONCE):
            ids = self._with_items(touched[start : start + AT_ONCE])
            if not ids:
                continue
            try:
                self._dispatcher.run(SettleItems(visit_ids=ids), self._actor)
            except DomainError as error:  # somebody moved the same item first: what they did stands
                log.warning("items refused: %s", error.code)

    def _touched(self, entries: Sequence[Entry]) -> list[Id]:
        own = self._actor.device_id.bytes
        found: dict[Id, None] = {}
        rows: dict[str, set[bytes]] = {"observation": set(), "specimen": set(), "service_request": set()}
        for entry in entries:
            if entry.device_id != own or not any(t.entity in WATCHED for t in entry.glance.changes):
                continue
            for change in entry.body.changes:
                if change.entity not in WATCHED:
                    continue
                said = change.record_id if change.entity == "visit" else change.fields.get("visit_id")
                if isinstance(said, bytes):
                    found[uuid.UUID(bytes=said)] = None
                elif change.op != "ins" and change.entity in rows:
                    rows[change.entity].add(change.record_id)
        return list(found | dict.fromkeys(self._visits_of(rows)))

    def _visits_of(self, rows: dict[str, set[bytes]]) -> list[Id]:
        """Return the visits of records that changed without saying theirs."""
        found: list[Id] = []
        tables = Observation.metadata.tables
        with self._dispatcher.store.read() as connection:
            for entity, ids in rows.items():
                c = tables[entity].c
                wanted = [uuid.UUID(bytes=one) for one in ids]
                for start in range(0, len(wanted), AT_ONCE):
                    query = select(c.visit_id).where(c.id.in_(wanted[start : start + AT_ONCE]))
                    found += [one for one in connection.execute(query).scalars() if one is not None]
        return found

    def _with_items(self, visit_ids: Sequence[Id]) -> list[Id]:
        found: set[Id] = set()
        with self._dispatcher.store.read() as connection:
            for kind in (VisitItem, ProcessStay):
                c = kind.__table__.c
                query = select(c.visit_id).where(c.visit_id.in_(visit_ids)).distinct()
                found |= set(connection.execute(query).scalars())
        return [one for one in visit_ids if one in found]
