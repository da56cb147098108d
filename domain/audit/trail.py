"""Reading the audit: who did what to which record and when, newest first, each line a sentence."""

import dataclasses
import heapq
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, or_, select, union

from domain.audit.chain import audit_table, subject_table
from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, REFUSED, REJECTED
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds, to_microseconds
from domain.kernel.commands import commands
from domain.kernel.ids import Id
from domain.kernel.record import record_classes
from domain.kernel.rows import without_index
from domain.kernel.texts import Texts
from domain.people.records import Staff

PERMISSION = "audit.view"
MOST = 500
OUTCOMES = (DONE, REFUSED, MERGED, REJECTED)
Key = tuple[datetime, int]


@dataclasses.dataclass(frozen=True, slots=True)
class AuditQuery:
    """What to look for: all that is given must hold; times are inclusive from `since`, exclusive of `until`.

    `commands` are alternatives, as those of one area are.
    """

    staff_id: Id | None = None
    record_id: Id | None = None
    commands: tuple[str, ...] = ()
    outcome: str | None = None
    device_id: Id | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the audit; `number` is its place in the chain, with `at` the key of the next page.

    `records` are entity and id of everything the line is about, `records_label` their kinds as people name them.
    """

    number: int
    position: int
    at: datetime
    staff_id: Id | None
    staff_name: str
    role: str
    device_id: Id
    command: str
    command_label: str
    records: tuple[tuple[str, Id], ...]
    records_label: str
    outcome: str

    def sentence(self, texts: Texts) -> str:
        """Return the line as a person reads it."""
        return texts.say(
            "audit.line",
            time=f"{clinic(self.at):%Y-%m-%d %H:%M:%S}",
            who=self.staff_name,
            command=self.command_label,
            record=self.records_label,
            outcome=texts.say(f"audit.outcome.{self.outcome}"),
        )


def audit_lines(
    connection: Connection,
    actor: Actor,
    query: AuditQuery,
    *,
    before: Key | None = None,
    limit: int = 100,
) -> list[AuditLine]:
    """Return lines of the audit, newest first, of the organisations the actor may see.

    Each is read in the order of an index, so that a page costs the same however long the audit is.

    Args:
        connection: A view of the store.
        actor: Who looks; needs the permission ``audit.view``.
        query: What to look for.
        before: Time and number of the last line seen, for the next page.
        limit: Lines wanted, at most 500.
    """
    actor.check(PERMISSION)
    table, staff = audit_table(), Staff.__table__
    rows = _newest(connection, actor, query, (table,), before, min(limit, MOST))
    named = _subjects(connection, [row.number for row in rows])
    people = {row.actor_id for row in rows} - {None}
    known = connection.execute(select(staff.c.id, staff.c.name).where(staff.c.id.in_(people)))
    names = {row.id: row.name for row in known}
    return [_line(row, named[row.number], names) for row in rows]


@dataclasses.dataclass(frozen=True, slots=True)
class AuditMark:
    """One line as a chart needs it."""

    at: datetime
    staff_id: Id | None
    command: str
    outcome: str


def audit_marks(
    connection: Connection, actor: Actor, query: AuditQuery, *, limit: int = 20_000
) -> list[AuditMark]:
    """Return the newest lines as marks: a chart of more than `limit` shows the latest of them."""
    actor.check(PERMISSION)
    c = audit_table().c
    columns = (c.number, c.at, c.actor_id, c.command, c.outcome)
    rows = _newest(connection, actor, query, columns, None, limit)
    return [AuditMark(from_microseconds(row.at), row.actor_id, row.command, row.outcome) for row in rows]


def _newest(
    connection: Connection,
    actor: Actor,
    query: AuditQuery,
    columns: Sequence[Any],
    before: Key | None,
    limit: int,
) -> list[Row[Any]]:
    """Return the newest rows: one run of an index for each of the commands and outcomes, merged.

    A run names every column before the time in one index, so that it begins at its newest row and reads no other.
    """
    table = audit_table()
    wanted = _conditions(select(*columns), query)
    if query.record_id is not None:
        about = rows_about([query.record_id])
        wanted = wanted.select_from(table.join(about, about.c.number == table.c.number))
    if actor.orgs is not None:
        wanted = wanted.where(without_index(table.c.org_id).in_(actor.orgs))
    if before is not None:
        at = to_microseconds(before[0])
        wanted = wanted.where(or_(table.c.at < at, (table.c.at == at) & (table.c.number < before[1])))
        wanted = wanted.where(table.c.at <= at)
    wanted = wanted.order_by(table.c.at.desc(), table.c.number.desc()).limit(limit)
    runs = [wanted.where(table.c.command == name) for name in query.commands] or [wanted]
    if query.outcome is None and query.staff_id is not None and query.commands:
        runs = [run.where(table.c.outcome == outcome) for run in runs for outcome in OUTCOMES]
    found = [connection.execute(run).all() for run in runs]
    merged = heapq.merge(*found, key=lambda row: (-row.at, -row.number))
    return list(itertools.islice(merged, limit))


def rows_about(record_ids: Sequence[Id]) -> Subquery:
    """Return `number` and `position` of the rows of the chain that speak of some records, in either format."""
    table, subject = audit_table(), subject_table()
    named = (
        select(table.c.number, table.c.position)
        .join_from(subject, table, table.c.number == subject.c.number)
        .where(subject.c.record_id.in_(record_ids))
    )
    old = select(table.c.number, table.c.position).where(table.c.record_id.in_(record_ids))
    return union(named, old).subquery("about")


def _subjects(connection: Connection, numbers: Sequence[int]) -> "dict[int, list[tuple[str, Id]]]":
    found: dict[int, list[tuple[str, Id]]] = defaultdict(list)
    table = subject_table()
    for row in connection.execute(select(table).where(table.c.number.in_(numbers))):
        found[row.number].append((row.entity, row.record_id))
    return found


def _conditions(wanted: "Select[*tuple[Any, ...]]", query: AuditQuery) -> "Select[*tuple[Any, ...]]":
    table = audit_table()
    equal = {"actor_id": query.staff_id, "device_id": query.device_id, "outcome": query.outcome}
    for name, value in equal.items():
        if value is not None:
            wanted = wanted.where(table.c[name] == value)
    if query.since is not None:
        wanted = wanted.where(table.c.at >= to_microseconds(query.since))
    if query.until is not None:
        wanted = wanted.where(table.c.at < to_microseconds(query.until))
    return wanted


def _line(row: Row[Any], subjects: "list[tuple[str, Id]]", names: Mapping[Id, str]) -> AuditLine:
    known = commands().get(row.command)
    records = subjects if row.entity is None else [(row.entity, row.record_id)]
    return AuditLine(
        number=row.number,
        position=row.position,
        at=from_microseconds(row.at),
        staff_id=row.actor_id,
        staff_name="系统" if row.actor_id is None else names.get(row.actor_id, str(row.actor_id)[:8]),
        role=row.role,
        device_id=row.device_id,
        command=row.command,
        command_label=known.label if known else row.command,
        records=tuple(records),
        records_label="、".join(dict.fromkeys(_label(entity) for entity, _ in records)),
        outcome=row.outcome,
    )


def _label(entity: str) -> str:
    kind = record_classes().get(entity)
    return kind.record_info.label if kind else entity
