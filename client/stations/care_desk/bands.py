"""The order of the day: bands by promise and severity, each read as ranges of indexes, page by page.

How to add a band: a `Band` in `BANDS`, with a function that reads its next lines.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, tuple_

from client.stations.care_desk.lines import Line, Next
from domain.alerts.receivers import receiver_table
from domain.alerts.records import Alert
from domain.conversations.records import Conversation
from domain.followup.plan_records import FollowPlan
from domain.followup.task_records import FollowTask
from domain.followup.workflow import OPEN_TASKS
from domain.kernel.authority import Actor
from domain.kernel.clients import client_conditions
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.masking import masked
from domain.kernel.record import Record, column_info
from domain.kernel.rows import without_index
from domain.people.records import Patient
from domain.reception.records import Appointment

SOON = timedelta(hours=1)
Key = tuple[Any, Any]
Found = tuple[list[Line], Key | None]
Read = Callable[["Look", Key | None, int], Found]


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, when, and through which connection."""

    connection: Connection
    actor: Actor
    now: datetime

    @property
    def end_of_day(self) -> datetime:
        return datetime.combine(clinic(self.now).date() + timedelta(days=1), time(), CLINIC_TIME)

    def scope(self, table: Any) -> list[Any]:
        return [] if self.actor.orgs is None else [without_index(table.c.org_id).in_(self.actor.orgs)]


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the day: its name, the permission it needs, and how its next lines are read."""

    name: str
    permission: str
    read: Read


def _owed(look: Look, after: Key | None, limit: int) -> Found:
    """Replies this person owes, the first to run out first."""
    table = Conversation.__table__
    mine = (table.c.state == "owed", without_index(table.c.owner_id) == look.actor.staff_id)
    rows = _by_due(look, Conversation, [mine], after, limit)
    lines = [
        Line(
            "owed", "conversation", row.id, str(row.channel), _name(look, row) or _nickname(look, row),
            str(masked(column_info(table.c.last_text), row.last_text, look.actor.clearance) or ""), row.due_at,
            row.patient_id, "conversation.owed",
            Next("conversation.reply", {"conversation_id": row.id}, asks=True), {"state": row.state},
        )
        for row in rows
    ]  # fmt: skip
    return lines, _key(rows, limit)


def _nickname(look: Look, row: Any) -> str:
    return str(
        masked(column_info(Conversation.__table__.c.nickname), row.nickname, look.actor.clearance) or ""
    )


def _alerts(rank: int) -> Read:
    def read(look: Look, after: Key | None, limit: int) -> Found:
        place, alert = receiver_table(), Alert.__table__
        query = (
            select(place.c.opened_at.label("_sort"), alert, Patient.__table__.c.name.label("patient_name"))
            .join(alert, alert.c.id == place.c.alert_id)
            .outerjoin(Patient.__table__, Patient.__table__.c.id == alert.c.patient_id)
            .where(
                place.c.role == look.actor.role,
                place.c.rank == rank,
                *look.scope(place),
                *client_conditions(Alert, look.actor),
            )
            .order_by(place.c.opened_at, place.c.alert_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(place.c.opened_at, place.c.alert_id) > tuple_(*after))
        rows = look.connection.execute(query).all()
        lines = [_alert_line(look, row, f"alert_{rank}") for row in rows]
        return lines, _key(rows, limit)

    return read


def _key(rows: Sequence[Any], limit: int) -> Key | None:
    return (rows[-1]._sort, rows[-1].id) if len(rows) == limit else None


def _alert_line(look: Look, row: Any, band: str) -> Line:
    acknowledged = row.state == "acknowledged"
    step = Next(
        "alert.handle" if acknowledged else "alert.acknowledge", {"alert_id": row.id}, asks=acknowledged
    )
    return Line(
        band, "alert", row.id, row.name, _name(look, row), row.summary, row.due_at, row.patient_id, "alert.open",
        step, {"state": row.state, "severity": row.severity},
    )  # fmt: skip


def _name(look: Look, row: Any) -> str:
    return str(masked(column_info(Patient.__table__.c.name), row.patient_name, look.actor.clearance) or "")


def _by_due(
    look: Look, kind: type[Record], runs: Sequence[Sequence[Any]], after: Key | None, limit: int
) -> Sequence[Any]:
    """Return the next rows of several ranges of an index by their due time: each range is read, the front merged."""
    table, people = kind.__table__, Patient.__table__
    found = []
    for where in runs:
        query = (
            select(table, table.c.due_at.label("_sort"), people.c.name.label("patient_name"))
            .outerjoin(people, people.c.id == table.c.patient_id)
            .where(*where, *look.scope(table), *_whose(look, kind))
            .order_by(table.c.due_at, table.c.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(table.c.due_at, table.c.id) > tuple_(*after))
        found.append(look.connection.execute(query).all())
    merged = heapq.merge(*found, key=lambda row: (row.due_at, row.id.bytes))
    return [row for _, row in zip(range(limit), merged, strict=False)]


def _whose(look: Look, kind: type[Record]) -> list[Any]:
    """Return the limit to own clients; what was offered to somebody is theirs to look at before they take it."""
    found = client_conditions(kind, look.actor)
    if found and kind is FollowTask:
        return [or_(FollowTask.__table__.c.offered_to == look.actor.staff_id, *found)]
    return found


def _tasks(
    band: str, since: Callable[[Look], datetime | None], until: Callable[[Look], datetime | None]
) -> Read:
    def read(look: Look, after: Key | None, limit: int) -> Found:
        table = FollowTask.__table__
        between = []
        if (low := since(look)) is not None:
            between.append(table.c.due_at >= low)
        if (high := until(look)) is not None:
            between.append(table.c.due_at < high)
        mine = [(table.c.owner_id == look.actor.staff_id, table.c.state == s, *between) for s in OPEN_TASKS]
        rows = _by_due(look, FollowTask, mine, after, limit)
        return [_task_line(look, row, band) for row in rows], _key(rows, limit)

    return read


STEPS = {
    "waiting": ("followup.begin", False), "in_progress": ("followup.contact", True),
    "sent": ("followup.contact", True), "executed": ("followup.complete", True),
    "unassigned": ("followup.assign", True),
}  # fmt: skip


def _task_line(look: Look, row: Any, band: str) -> Line:
    command, asks = STEPS[row.state]
    about = "、".join(row.content[:4])
    return Line(
        band, "task", row.id, row.title, _name(look, row), about, row.due_at, row.patient_id, "followup.tasks",
        Next(command, {"task_id": row.id}, asks=asks),
        {"state": row.state, "way": row.way, "urgent": row.urgent, "script": row.script, "content": row.content},
    )  # fmt: skip


def _offered(look: Look, after: Key | None, limit: int) -> Found:
    table = FollowTask.__table__
    where = [(table.c.offered_to == look.actor.staff_id, table.c.state == state) for state in OPEN_TASKS]
    rows = _by_due(look, FollowTask, where, after, limit)
    lines = [
        Line(
            "offered", "task", row.id, row.title, _name(look, row), row.owner_name or "", row.due_at,
            row.patient_id, "followup.tasks", Next("followup.take", {"task_id": row.id}),
            {"state": row.state, "way": row.way, "urgent": row.urgent, "script": row.script, "content": row.content},
        )
        for row in rows
    ]  # fmt: skip
    return lines, _key(rows, limit)


def _appointments(look: Look, after: Key | None, limit: int) -> Found:
    """Receptions that have begun, wait for their record, or begin within the hour."""
    table = Appointment.__table__
    rows = _by_due(look, Appointment, [(table.c.due_at < look.now + SOON,)], after, limit)
    return [_appointment_line(look, row, "appointment") for row in rows], _key(rows, limit)


def _later_appointments(look: Look, after: Key | None, limit: int) -> Found:
    table = Appointment.__table__
    between = (table.c.due_at >= look.now + SOON, table.c.due_at < look.end_of_day)
    rows = _by_due(look, Appointment, [between], after, limit)
    return [_appointment_line(look, row, "appointment_today") for row in rows], _key(rows, limit)


RECEPTION = {
    "booked": ("reception.arrive", False), "arrived": ("reception.end", False), "ended": ("reception.record", True),
}  # fmt: skip


def _appointment_line(look: Look, row: Any, band: str) -> Line:
    command, asks = RECEPTION[row.state]
    return Line(
        band, "appointment", row.id, row.kind, _name(look, row), row.staff_name, row.due_at, row.patient_id,
        "reception.open", Next(command, {"appointment_id": row.id}, asks=asks),
        {"state": row.state, "note": row.note},
    )  # fmt: skip


def _plans(look: Look, after: Key | None, limit: int) -> Found:
    table = FollowPlan.__table__
    rows = _by_due(look, FollowPlan, [(table.c.due_at.is_not(None),)], after, limit)
    lines = [
        Line(
            "plan", "plan", row.id, row.name, _name(look, row), "、".join(f"{day}" for day in row.after_days),
            row.due_at, row.patient_id, "followup.proposals", Next("followup.accept", {"plan_id": row.id}),
            {
                "state": row.state, "way": row.way, "urgent": row.strict, "source": row.source,
                "content": row.content, "unverified": row.unverified, "script": row.script,
            },
        )
        for row in rows
    ]  # fmt: skip
    return lines, _key(rows, limit)


def _now(look: Look) -> datetime:
    return look.now


def _evening(look: Look) -> datetime:
    return look.end_of_day


def _ever(_look: Look) -> None:
    return None


BANDS = (
    Band("owed", "conversation.reply", _owed),
    Band("alert_0", "alert.view", _alerts(0)),
    Band("overdue", "followup.task", _tasks("overdue", _ever, _now)),
    Band("offered", "followup.task", _offered),
    Band("appointment", "reception.receive", _appointments),
    Band("alert_1", "alert.view", _alerts(1)),
    Band("today", "followup.task", _tasks("today", _now, _evening)),
    Band("appointment_today", "reception.receive", _later_appointments),
    Band("plan", "followup.plan", _plans),
    Band("alert_2", "alert.view", _alerts(2)),
    Band("later", "followup.task", _tasks("later", _evening, _ever)),
)
"""What waits, in the order it is dealt with: what was promised first, then what is severe, then what has time."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where reading goes on: number of the band among those the person sees, and the key within it."""

    band: int = 0
    after: Key | None = None


def read_lines(look: Look, cursor: Cursor, wanted: int) -> tuple[list[Line], Cursor | None]:
    """Return the next lines of the day and where the ones behind them begin; None at the end."""
    bands = [band for band in BANDS if look.actor.may(band.permission)]
    lines: list[Line] = []
    at = cursor
    while at.band < len(bands) and len(lines) < wanted:
        found, key = bands[at.band].read(look, at.after, wanted - len(lines))
        lines += found
        at = Cursor(at.band, key) if key is not None else Cursor(at.band + 1)
    return lines, None if at.band >= len(bands) else at
