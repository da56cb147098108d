"""Health records follow what happens: a reader of the centre's log that indexes anew whom the entries concern."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, union

from domain.archive.commands import IndexArchives
from domain.conversations.records import Conversation
from domain.interop.one_person import persons
from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.kernel.record import record_classes

AT_ONCE = 40
LINKS = frozenset({"same_person", "same_person_ended"})
CHUNK = 400
WATCHED = frozenset({
    "patient", "visit", "observation", "report", "hospital_visit", "appointment", "conversation", "client_tag",
    "conversation_message", "same_person", "same_person_ended",
})  # fmt: skip


class ArchiveFollower:
    """Give it to a `Follower` of the centre's log.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor.
    """

    name = "archives"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Index anew whom the entries concern."""
        touched: dict[str, set[Id]] = {}
        for entry in entries:
            if entry.outcome in {DONE, MERGED}:
                for touch in entry.glance.changes:
                    if touch.entity in WATCHED:
                        touched.setdefault(touch.entity, set()).add(uuid.UUID(bytes=touch.record_id))
        people = sorted(self._people(touched))
        for start in range(0, len(people), AT_ONCE):
            self._dispatcher.run(IndexArchives(patient_ids=people[start : start + AT_ONCE]), self._actor)

    def _people(self, touched: dict[str, set[Id]]) -> set[Id]:
        people = touched.pop("patient", set())
        with self._dispatcher.store.read() as connection:
            for entity, ids in touched.items():
                ordered = sorted(ids)
                for start in range(0, len(ordered), CHUNK):
                    part = ordered[start : start + CHUNK]
                    people |= set(connection.execute(_whose(entity, part)).scalars())
            of = persons(connection, people - {None})
        return {record for records in of.values() for record in records}


def _whose(entity: str, ids: list[Id]) -> Any:
    table: Any = record_classes()[entity].__table__
    if entity in LINKS:
        return union(
            *(select(table.c[name]).where(table.c.id.in_(ids)) for name in ("patient_id", "other_id"))
        )
    if entity != "conversation_message":
        return select(table.c.patient_id).where(table.c.id.in_(ids)).distinct()
    talk = Conversation.__table__
    joined = table.join(talk, talk.c.id == table.c.conversation_id)
    return select(talk.c.patient_id).select_from(joined).where(table.c.id.in_(ids)).distinct()
