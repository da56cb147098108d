"""The watch over the nodes: compares what branches told with what is written, and writes what is worth telling.

It looks every minute. A node is written when its contact, version or stage changed, when a count that people or
alert rules look at moved, or when its last contact on record is half an hour old: so the log stays small with 300
nodes, and an idle branch is not woken for news of itself.
"""

import time
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from domain.exchange.admission_commands import JudgeAdmission
from domain.exchange.node_commands import NodeFacts, NoteNodes
from domain.exchange.node_records import Contact, SyncNode
from domain.exchange.records import Conflict
from domain.exchange.rules import ConflictState
from domain.exchange.settings_in_force import knowledge_count, settings_count
from domain.kernel.authority import Actor
from domain.kernel.columns import from_microseconds, to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.people.records import Workstation
from sync.local_tables import device_state, parked_txn
from sync.parking import UNKNOWN, WAITS

SILENT = timedelta(minutes=30)
FRESH = timedelta(minutes=30)
"""How old a last contact on record may grow while nothing else changes."""
LOOK_EVERY_S = 60.0
OVERDUE_S = 24 * 3600
GRACE = timedelta(hours=1)
"""How long a node that came back with overdue work may send it before anybody is told."""
CONFLICT_OVERDUE_S = 72 * 3600
"""How long two values may wait for a person before somebody is told (`conflict_overdue.yaml`)."""
MANY = 3
_EXACT = (
    "name",
    "contact",
    "version",
    "stage",
    "rejected",
    "parked",
    "conflicts",
    "settings_behind",
    "knowledge_behind",
)
_OFF = frozenset({Contact.CLOSED, Contact.NEVER, Contact.REVOKED})
"""Contacts of a workstation that is not running: it takes settings in when it starts."""
_LIMITS = (
    ("waits_s", OVERDUE_S + 1),
    ("oldest_conflict_s", CONFLICT_OVERDUE_S + 1),
    ("failures", MANY),
    ("refusals", MANY),
    ("backlog", 1),
    ("files", 1),
)
"""Values whose crossing of a limit is worth telling; below and above it they may move in silence."""


class NodeWatch:
    """Watches the nodes.

    Args:
        dispatcher: Runs the command; its clock is the watch's.
        actor: The centre's system actor, whose reach is everybody's.
        look_every_s: Least time between two looks of `tick`.
    """

    def __init__(self, dispatcher: Dispatcher, actor: Actor, look_every_s: float = LOOK_EVERY_S) -> None:
        self._dispatcher = dispatcher
        self._actor = actor
        self._every_s = look_every_s
        self._next = 0.0

    def tick(self) -> None:
        """Look if it is time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every_s
            self.look()

    def look(self) -> int:
        """Write what is worth telling; returns how many nodes were written."""
        now = self._dispatcher.clock()
        with self._dispatcher.store.read() as connection:
            written = {row.id: row for row in connection.execute(select(SyncNode.__table__))}
            seen = _seen(connection, now)
        for node_id, _, values in seen:
            values["contact"] = _with_grace(values, written.get(node_id), now)
        facts = [
            NodeFacts(node_id, org_id, _with_since(values, written.get(node_id), now))
            for node_id, org_id, values in seen
            if _worth_telling(values, written.get(node_id))
        ]
        if facts:
            self._dispatcher.run(NoteNodes(nodes=facts), self._actor)
            self._dispatcher.run(JudgeAdmission(node_ids=[one.node_id for one in facts]), self._actor)
        return len(facts)


def _worth_telling(values: dict[str, Any], row: Any) -> bool:
    if row is None:
        return True
    if any(values[name] != getattr(row, name) for name in _EXACT):
        return True
    if any((values[name] >= limit) != (getattr(row, name) >= limit) for name, limit in _LIMITS):
        return True
    heard, known = values["last_contact"], row.last_contact
    return heard is not None and (known is None or heard - known >= FRESH)


def _with_grace(values: dict[str, Any], row: Any, now: datetime) -> Contact:
    """Return the contact of a node: one just back gets its time to send what grew old while it could not."""
    contact: Contact = values["contact"]
    if contact is not Contact.ONLINE or values["waits_s"] <= OVERDUE_S:
        return contact
    if row is not None and row.contact == Contact.RETURNED:
        return Contact.RETURNED if now - row.contact_since < GRACE else contact
    # The watch itself may have been away: a contact on record that is long past was no contact.
    past = (
        row is None or row.last_contact is None or values["last_contact"] - row.last_contact > SILENT + FRESH
    )
    return Contact.RETURNED if past or row.contact != Contact.ONLINE else contact


def _with_since(values: dict[str, Any], row: Any, now: datetime) -> dict[str, Any]:
    same = row is not None and row.contact == values["contact"]
    return {
        **values,
        "contact_since": row.contact_since if same else now,
        **{f"{what}_since": _behind_since(values, row, what, now) for what in ("settings", "knowledge")},
    }


def _behind_since(values: dict[str, Any], row: Any, what: str, now: datetime) -> datetime | None:
    if values[f"{what}_behind"] <= 0:
        return None
    begun: datetime | None = None if row is None else getattr(row, f"{what}_since")
    return now if begun is None else begun


def _seen(connection: Connection, now: datetime) -> list[tuple[Id, Id, dict[str, Any]]]:
    """Return (node, organisation, values) of every workstation."""
    station = Workstation.__table__
    states = {row.device_id: row for row in connection.execute(select(device_state))}
    rejected, parked = _parked(connection)
    settings, knowledge = settings_count(connection), knowledge_count(connection)
    conflicts = _conflicts(connection, now)
    sent = {device_id: row.last_seq for device_id, row in states.items()}
    found = []
    for row in connection.execute(select(station).order_by(station.c.enrolled_at, station.c.id)):
        state = states.get(row.id)
        count, oldest_s = conflicts.pop(row.org_id, (0, 0))
        contact = _contact(row, state, now)
        off = state is None or contact in _OFF
        taken = settings if off else state.settings
        known = knowledge if off or state.knowledge < 0 else state.knowledge
        values: dict[str, Any] = {
            "name": row.name, "contact": contact, **_told(state), "settings_behind": max(0, settings - taken),
            "knowledge_behind": max(0, knowledge - known),
            "rejected": rejected[row.id], "parked": parked[row.id], "conflicts": count,
            "oldest_conflict_s": oldest_s,
            "conflicts_permille": round(1000.0 * count / max(sent.get(row.id, 0), 1), 2) if count else 0.0,
            "trouble": count + parked[row.id] + rejected[row.id],
        }  # fmt: skip
        found.append((row.id, row.org_id, values))
    return found


_NUMBERS = (
    "skew_s", "backlog", "backlog_bytes", "waits_s", "files", "file_bytes", "rate", "failures", "refusals",
)  # fmt: skip


def _told(state: Any) -> dict[str, Any]:
    """Return what a workstation told at its last greeting."""
    if state is None:
        return {"last_contact": None, "version": None, "stage": None, **dict.fromkeys(_NUMBERS, 0)}
    return {
        "last_contact": from_microseconds(state.seen_at) if state.seen_at else None,
        "version": state.program or None, "stage": state.stage or None, "skew_s": round(state.skew_us / 1e6),
        "backlog": state.backlog, "backlog_bytes": state.backlog_bytes, "waits_s": state.oldest_s,
        "files": state.files, "file_bytes": state.file_bytes, "rate": state.rate, "failures": state.failures,
        "refusals": state.refusals,
    }  # fmt: skip


def _contact(row: Any, state: Any, now: datetime) -> Contact:
    if row.revoked_at is not None:
        return Contact.REVOKED
    if state is None or not state.seen_at:
        return Contact.NEVER
    if state.closed:
        return Contact.CLOSED
    silent = to_microseconds(now) - state.seen_at > SILENT // timedelta(microseconds=1)
    return Contact.OFFLINE if silent else Contact.ONLINE


def _parked(connection: Connection) -> tuple[dict[Id, int], dict[Id, int]]:
    """Return, by device, what the centre refused whole, and what waits for a record or a newer program."""
    rejected: dict[Id, int] = defaultdict(int)
    waiting: dict[Id, int] = defaultdict(int)
    query = select(parked_txn.c.device_id, parked_txn.c.reason, func.count()).group_by(
        parked_txn.c.device_id, parked_txn.c.reason
    )
    for device_id, reason, count in connection.execute(query):
        (waiting if reason in {WAITS, UNKNOWN} else rejected)[device_id] += count
    return rejected, waiting


def _conflicts(connection: Connection, now: datetime) -> dict[Id, tuple[int, int]]:
    """Return, by organisation, open conflicts and the age of the oldest in seconds."""
    table = Conflict.__table__
    query = (
        select(table.c.org_id, func.count(), func.min(table.c.opened_at))
        .where(table.c.state == ConflictState.OPEN)
        .group_by(table.c.org_id)
    )
    found = connection.execute(query).all()
    return {row[0]: (row[1], max(0, int((now - row[2]).total_seconds()))) for row in found}
