"""Groups and counts follow what happens: a reader of the log that looks at whom new results, levels or tasks concern.

Each installation groups the clients whose facts were kept at it, as it assesses them; memberships and proposals then
travel like any record. It reads at least once: what did not change writes nothing. Work is that of the new entries.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from domain.followup.count_commands import CountScores, CountStaff
from domain.followup.feedback_commands import TakeFeedback
from domain.followup.group_commands import RegroupSeveral
from domain.followup.hand_over_commands import NoteDelivery
from domain.followup.performance_commands import CountPerformance
from domain.followup.task_records import FollowTask
from domain.interop.one_person import with_links
from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, Change, Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import record_classes
from domain.messaging.records import OutboxMessage

log = logging.getLogger(__name__)
AT_ONCE = 10
"""Clients in one transaction: the door of the store is shut for some tens of milliseconds."""
CHUNK = 400
_DECIDES = frozenset({"observation", "finding", "risk_level", "abnormal_tracking"})
_COUNTED = {
    "follow_task": "owner_id", "care_staff": "staff_id", "feedback": "staff_id", "appointment": "staff_id",
    "conversation_message": "staff_id",
}  # fmt: skip
_ENDS = {"follow_task": {"done", "lost"}, "appointment": {"recorded"}}
"""States in which something counts for performance."""
_CONCERNS = _DECIDES | _COUNTED.keys() | {"care_profile", "client_tag", "form_task", "outbox_message"}
_TOLD = {"read": True, "failed": False, "expired": False}
"""States of a message that tell whether it reached the client; delivered is not read."""
_Touched = dict[str, set[bytes]]


def _counts(change: Change) -> bool:
    """Tell whether a change can decide about groups or registers; steps of a tracking do not."""
    return change.entity != "abnormal_tracking" or change.op == "ins" or "state" in change.fields


class FollowUpFollower:
    """Give it to a `Follower`, behind the one of the risks: what that writes comes back as an entry.

    Args:
        dispatcher: Runs its commands; its content has the follow-up content.
        actor: The system's actor of this installation.
        everywhere: Whether counts follow entries of other installations as well: at the centre, which sees all.
    """

    name = "followup"

    def __init__(self, dispatcher: Dispatcher, actor: Actor, *, everywhere: bool = False) -> None:
        self.dispatcher, self.actor, self.everywhere = dispatcher, actor, everywhere

    def act(self, entries: Sequence[Entry]) -> None:
        """Regroup, count and take feedback once for whom the entries concern."""
        grouped: _Touched = defaultdict(set)
        counted: _Touched = defaultdict(set)
        staff: dict[str, set[bytes]] = defaultdict(set)
        ended: _Touched = defaultdict(set)
        handed_in: list[Id] = []
        sent: dict[bytes, bool] = {}
        for entry, change in self._changes(entries):
            own = entry.device_id == self.actor.device_id.bytes
            if own and (
                (change.entity in _DECIDES and _counts(change))
                or (change.entity == "care_profile" and "level" in change.fields)
            ):
                grouped[change.entity].add(change.record_id)
            if own and change.entity == "client_tag" and change.fields.keys() & {"by_hand", "off_at"}:
                grouped["client_tag"].add(change.record_id)
            if change.entity in _COUNTED:
                counted[change.entity].add(change.record_id)
                answered = (
                    change.entity == "conversation_message" and change.fields.get("waited_s") is not None
                )
                if (
                    answered
                    or change.entity == "feedback"
                    or change.fields.get("state") in _ENDS.get(change.entity, ())
                ):
                    ended[change.entity].add(change.record_id)
                if isinstance(before := change.base.get(_COUNTED[change.entity]), bytes):
                    staff[change.entity].add(before)
            if own and change.entity == "form_task" and change.fields.get("state") == "handed_in":
                handed_in.append(uuid.UUID(bytes=change.record_id))
            if own and change.entity == "outbox_message" and (state := change.fields.get("state")) in _TOLD:
                sent[change.record_id] = _TOLD[state]
        levels = self._owners("care_profile", grouped.pop("care_profile", set()), "patient_id")
        patients = set().union(*(self._owners(e, ids, "patient_id") for e, ids in grouped.items()))
        here = self._here(entries)
        with self.dispatcher.store.read() as connection:
            patients = with_links(connection, patients, here)
            # Who became one person, or several again, is asked anew which plan leads, whatever the groups are.
            levels |= with_links(connection, (), here)
        self._regroup(patients - levels, level_changed=False)
        self._regroup(levels, level_changed=True)
        for entity, ids in counted.items():
            staff[entity] |= {one.bytes for one in self._owners(entity, ids, _COUNTED[entity])}
        self._count(staff)
        self._perform(set().union(*(self._owners(e, ids, _COUNTED[e]) for e, ids in ended.items())))
        for task_id in handed_in:
            self._run(TakeFeedback(task_id=task_id))
        self._deliver(sent)

    def _here(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return what was done at this installation; the centre looks at links made anywhere."""
        own = self.actor.device_id.bytes
        return [one for one in entries if self.everywhere or one.device_id == own]

    def _changes(self, entries: Sequence[Entry]) -> list[tuple[Entry, Change]]:
        found = []
        for entry in entries:
            if entry.outcome not in {DONE, MERGED}:
                continue
            if not (self.everywhere or entry.device_id == self.actor.device_id.bytes):
                continue
            if any(touch.entity in _CONCERNS for touch in entry.glance.changes):
                found += [(entry, change) for change in entry.body.changes if change.entity in _CONCERNS]
        return found

    def _owners(self, entity: str, record_ids: set[bytes], column: str) -> set[Id]:
        """Return whom some records are of: one look by their ids."""
        if not record_ids:
            return set()
        table: Any = record_classes()[entity].__table__
        ids = [uuid.UUID(bytes=one) for one in sorted(record_ids)]
        found: set[Id] = set()
        with self.dispatcher.store.read() as connection:
            for start in range(0, len(ids), CHUNK):
                query = select(table.c[column]).where(table.c.id.in_(ids[start : start + CHUNK])).distinct()
                found |= set(connection.execute(query).scalars())
        found.discard(None)  # a task nobody has yet
        return found

    def _deliver(self, sent: dict[bytes, bool]) -> None:
        """Tell tasks that wait for their message what became of it."""
        if not sent:
            return
        message, task = OutboxMessage.__table__.c, FollowTask.__table__.c
        query = (
            select(message.id, task.id)
            .join(FollowTask.__table__, task.id == message.about_id)
            .where(message.id.in_([uuid.UUID(bytes=one) for one in sorted(sent)]))
            .where(message.about == "follow_task", task.state == "sent")
        )
        with self.dispatcher.store.read() as connection:
            found = [(row[0], row[1]) for row in connection.execute(query)]
        for message_id, task_id in found:
            self._run(NoteDelivery(task_id=task_id, reached=sent[message_id.bytes]))

    def _regroup(self, patients: set[Id], *, level_changed: bool) -> None:
        ordered = sorted(patients, key=str)
        for start in range(0, len(ordered), AT_ONCE):
            self._run(
                RegroupSeveral(patient_ids=ordered[start : start + AT_ONCE], level_changed=level_changed)
            )

    def _count(self, staff: dict[str, set[bytes]]) -> None:
        scored = sorted(staff.pop("feedback", set()))
        for counted_otherwise in ("appointment", "conversation_message"):
            staff.pop(counted_otherwise, None)
        loaded = sorted(set().union(*staff.values())) if staff else []
        for start in range(0, len(loaded), AT_ONCE):
            self._run(CountStaff(staff_ids=[uuid.UUID(bytes=one) for one in loaded[start : start + AT_ONCE]]))
        for start in range(0, len(scored), AT_ONCE):
            self._run(
                CountScores(staff_ids=[uuid.UUID(bytes=one) for one in scored[start : start + AT_ONCE]])
            )

    def _perform(self, staff: set[Id]) -> None:
        ordered = sorted(staff, key=str)
        for start in range(0, len(ordered), AT_ONCE):
            self._run(CountPerformance(staff_ids=ordered[start : start + AT_ONCE]))

    def _run(self, order: Any) -> None:
        try:
            self.dispatcher.run(order, self.actor)
        except DomainError as error:  # somebody else on this store was faster: what they saw is what we see
            log.warning("follow-up %s refused: %s", type(order).__name__, error.code)
