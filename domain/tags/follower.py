"""Tags follow what happens: a reader of the log that looks at whom new levels, groups, packages or contacts concern.

Each installation tags for what was kept at it, as it groups; tags then travel like any record. The centre, which sees
all, notes which WeCom contacts have fallen behind. Work is that of the new entries, and of birthdays.
"""

import logging
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from domain.interop.one_person import with_links
from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import record_classes
from domain.tags.commands import RetagAged, RetagSeveral
from domain.tags.sync_commands import PlanTagSync

log = logging.getLogger(__name__)
AT_ONCE = 20
CHUNK = 400
_DECIDES = frozenset({"risk_level", "group_member", "register_member", "service_contract", "visit"})
_REMOTE = frozenset({"client_tag", "contact_address"})


class TagFollower:
    """Give it to a `Follower`, behind the one of the groups.

    Args:
        dispatcher: Runs its commands; its content has the tag rules.
        actor: The system's actor of this installation.
        everywhere: Whether WeCom contacts are kept up with: at the centre.
    """

    name = "tags"

    def __init__(self, dispatcher: Dispatcher, actor: Actor, *, everywhere: bool = False) -> None:
        self.dispatcher, self.actor, self.everywhere = dispatcher, actor, everywhere

    def act(self, entries: Sequence[Entry]) -> None:
        """Tag anew whom the entries concern, then note whose contacts are behind."""
        touched: dict[str, set[bytes]] = {}
        for entry in entries:
            if entry.outcome not in {DONE, MERGED}:
                continue
            own = entry.device_id == self.actor.device_id.bytes
            for touch in entry.glance.changes:
                entity = touch.entity
                if (own and (entity in _DECIDES or entity == "patient")) or (
                    self.everywhere and entity in _REMOTE
                ):
                    touched.setdefault(entity, set()).add(touch.record_id)
        born = {uuid.UUID(bytes=one) for one in touched.pop("patient", set())}
        tagged = born.union(*(self._patients(e, touched.get(e, set())) for e in _DECIDES))
        here = [one for one in entries if self.everywhere or one.device_id == self.actor.device_id.bytes]
        with self.dispatcher.store.read() as connection:
            tagged = with_links(connection, tagged, here)
        for some in _parts(tagged):
            self._run(RetagSeveral(patient_ids=some))
        remote: set[Id] = set().union(*(self._patients(e, touched.get(e, set())) for e in _REMOTE))
        for some in _parts(remote):
            self._run(PlanTagSync(patient_ids=some))

    def tick(self) -> None:
        """Tag anew who has come into another age band."""
        self._run(RetagAged())

    def _patients(self, entity: str, record_ids: set[bytes]) -> set[Id]:
        if not record_ids:
            return set()
        table: Any = record_classes()[entity].__table__
        ids = [uuid.UUID(bytes=one) for one in sorted(record_ids)]
        found: set[Id] = set()
        with self.dispatcher.store.read() as connection:
            for start in range(0, len(ids), CHUNK):
                query = (
                    select(table.c.patient_id).where(table.c.id.in_(ids[start : start + CHUNK])).distinct()
                )
                found |= set(connection.execute(query).scalars())
        found.discard(None)  # an address nobody has been recognised by
        return found

    def _run(self, order: Any) -> None:
        try:
            self.dispatcher.run(order, self.actor)
        except DomainError as error:  # somebody else on this store was faster
            log.warning("tags %s refused: %s", type(order).__name__, error.code)


def _parts(people: set[Id]) -> list[list[Id]]:
    ordered = sorted(people, key=str)
    return [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
