"""What the engine reads and keeps: records that changed, what is known of them, and the timers of this store.

Every query takes its rows by a key or by the front of an index, so the work grows with what changed or fell due.
"""

import dataclasses
import functools
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, and_, bindparam, delete, select, update

from domain.alerts.decisions import DropTimer, Happening, KnownAlert, SetTimer, Situation, Touched
from domain.alerts.parts import Kind
from domain.alerts.plans import RuleBook
from domain.alerts.records import Alert
from domain.alerts.workflow import UNSETTLED
from domain.kernel.change_log import Change, Entry
from domain.kernel.columns import from_microseconds, from_wire, to_microseconds
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared, insert_into
from domain.kernel.record import Record, record_classes
from domain.kernel.rows import without_index

T = TypeVar("T")
CHUNK = 400
AT_A_TIME = 500
_ALERT = Alert.__table__
_LIFE = ("state", "state_since", "due_at")


def timer_table() -> Table:
    """Return the table of timers; declared with the store's other local tables."""
    return Record.metadata.tables["alert_timer"]


def touched_records(entries: Iterable[Entry], book: RuleBook) -> dict[str, dict[Id, Touched]]:
    """Return the records of entities with rules that entries changed, with the states they went through."""
    found: dict[str, dict[Id, Touched]] = defaultdict(dict)
    moments = {e for e, plans in book.by_entity.items() if any(p.kind is Kind.EVENT for p in plans)}
    for entry in entries:
        if not any(touch.entity in book.by_entity for touch in entry.glance.changes):
            continue
        for change in entry.body.changes:
            if change.entity in book.by_entity:
                touched = found[change.entity].setdefault(
                    uuid.UUID(bytes=change.record_id), Touched(from_microseconds(entry.at))
                )
                _note_state(touched, change.entity, change.fields)
                if change.entity in moments and change.op != "del":
                    touched.happened.append(_happening(entry, change))
    return found


def arrivals(entries: Iterable[Entry], book: RuleBook) -> dict[str, dict[Id, datetime]]:
    """Return the records that some absence may have waited for, with the time of the entry."""
    found: dict[str, dict[Id, datetime]] = defaultdict(dict)
    for entry in entries:
        for touch in entry.glance.changes:
            if touch.entity in book.expected:
                found[touch.entity].setdefault(uuid.UUID(bytes=touch.record_id), from_microseconds(entry.at))
    return found


def _happening(entry: Entry, change: Change) -> Happening:
    columns = record_classes()[change.entity].__table__.columns
    fields, base = (
        {n: from_wire(columns[n].type, v) for n, v in said.items() if n in columns}
        for said in (change.fields, change.base)
    )
    return Happening(change.op == "ins", from_microseconds(entry.at), entry.txn_id, fields, base)


def _note_state(touched: Touched, entity: str, fields: Mapping[str, Any]) -> None:
    """Note the state a change put the record into; what the change does not say stayed as it was."""
    if "state" not in fields:
        return
    columns = record_classes()[entity].__table__.columns
    before = touched.entered[-1] if touched.entered else {}
    said = {n: from_wire(columns[n].type, fields[n]) for n in _LIFE if n in fields and n in columns}
    touched.entered.append({**before, **said})


def settled_alerts(entries: Iterable[Entry]) -> list[Id]:
    """Return the alerts that entries took out of the states in which they wait."""
    return [
        uuid.UUID(bytes=change.record_id)
        for entry in entries
        if entry.touches("alert")
        for change in entry.body.changes
        if change.entity == "alert" and change.fields.get("state", "open") not in UNSETTLED
    ]


def situations(
    connection: Connection, entity: str, ids: Iterable[Id], rules: Sequence[str]
) -> Iterator[Situation]:
    """Yield each record as it stands, with its alerts and the timers of `rules`."""
    table = record_classes()[entity].__table__
    timers = timer_table()
    for some in chunks(ids):
        rows = {r.id: r._asdict() for r in connection.execute(select(table).where(table.c.id.in_(some)))}
        alerts: dict[Id, dict[Id, KnownAlert]] = defaultdict(dict)
        for row in connection.execute(
            select(_ALERT.c.id, _ALERT.c.rule, _ALERT.c.state, _ALERT.c.subject_id, _ALERT.c.owner_id).where(
                _ALERT.c.subject_id.in_(some)
            )
        ):
            alerts[row.subject_id][row.id] = KnownAlert(row.id, row.rule, row.state, row.owner_id)
        waiting: dict[Id, dict[str, datetime]] = defaultdict(dict)
        mine = and_(timers.c.rule.in_(rules), timers.c.record_id.in_(some))
        for timer in connection.execute(
            select(timers.c.rule, timers.c.record_id, timers.c.fire_at).where(mine)
        ):
            waiting[timer.record_id][timer.rule] = from_microseconds(timer.fire_at)
        for record_id in some:
            yield Situation(record_id, rows.get(record_id), alerts[record_id], waiting[record_id])


def keep_timers(connection: Connection, actions: Iterable[SetTimer | DropTimer]) -> None:
    """Write the timers that actions set, and remove those they drop; the last word on a timer counts."""
    final: dict[tuple[str, Id], SetTimer | DropTimer] = {}
    for action in actions:
        rule = action.plan.rule.id if isinstance(action, SetTimer) else action.rule
        final[rule, action.record_id] = action
    mine = [(rule, record_id.bytes) for rule, record_id in final]
    if mine:
        _drop().many(connection, mine)
    rows = [_timer(action) for action in final.values() if isinstance(action, SetTimer)]
    if rows:
        insert_into(timer_table()).many(connection, rows)


@functools.cache
def _drop() -> Prepared:
    timers = timer_table()
    return Prepared(
        delete(timers).where(
            timers.c.rule == bindparam("of_rule"), timers.c.record_id == bindparam("of_record")
        )
    )


def _timer(action: SetTimer) -> tuple[Any, ...]:
    """Return a row in the order of the table's columns, as it is stored."""
    return (
        action.plan.rule.id, action.record_id.bytes, action.plan.entity, action.occasion, action.org_id.bytes,
        to_microseconds(action.fire_at), None if action.key is None else action.key.bytes,
    )  # fmt: skip


def wake(connection: Connection, rules: Sequence[str], record_ids: Sequence[Id], now: datetime) -> None:
    """Let the timers of silenced rules run out at once."""
    timers = timer_table()
    for some in chunks(record_ids):
        connection.execute(
            update(timers)
            .where(timers.c.rule.in_(rules), timers.c.record_id.in_(some))
            .where(timers.c.fire_at > to_microseconds(now))
            .values(fire_at=to_microseconds(now))
        )


def wake_keys(connection: Connection, rule: str, keys: Sequence[Id], now: datetime) -> None:
    """Let the timers of a rule that listen to one of `keys` run out at once."""
    timers, late = timer_table(), to_microseconds(now)
    for some in chunks(keys):
        mine = and_(timers.c.key.in_(some), timers.c.rule == rule, timers.c.fire_at > late)
        connection.execute(update(timers).where(mine).values(fire_at=late))


def listeners(connection: Connection, rule: str, keys: Iterable[Id]) -> list[Id]:
    """Return the records whose timer of a rule listens to one of `keys`."""
    timers, found = timer_table(), list[Id]()
    for some in chunks(keys):
        mine = and_(timers.c.key.in_(some), timers.c.rule == rule)
        found += connection.execute(select(timers.c.record_id).where(mine)).scalars()
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Fired:
    """A timer that ran out."""

    rule: str
    record_id: Id
    entity: str
    occasion: str
    fire_at: datetime


def fired_timers(connection: Connection, now: datetime) -> list[Fired]:
    """Return timers that have run out, the oldest first, at most `AT_A_TIME`."""
    timers = timer_table()
    rows = connection.execute(
        select(timers)
        .where(timers.c.fire_at <= to_microseconds(now))
        .order_by(timers.c.fire_at, timers.c.rule, timers.c.record_id)
        .limit(AT_A_TIME)
    )
    return [Fired(r.rule, r.record_id, r.entity, r.occasion, from_microseconds(r.fire_at)) for r in rows]


def due_alerts(connection: Connection, now: datetime, rules: Sequence[str] | None = None) -> list[Row[Any]]:
    """Return alerts whose ladder has to move or whose shelf is over, the longest due first, at most `AT_A_TIME`.

    Of `rules` only, where they are given.
    """
    of_them = [] if rules is None else [without_index(_ALERT.c.rule).in_(rules)]
    columns = _ALERT.c
    return list(
        connection.execute(
            select(
                columns.id, columns.rule, columns.step, columns.severity, columns.receivers, columns.opened_at,
                columns.state, columns.shelved_until, columns.subject_id,
            )
            .where(columns.due_at <= now, without_index(columns.state).in_(UNSETTLED), *of_them)
            .order_by(columns.due_at)
            .limit(AT_A_TIME)
        )
    )  # fmt: skip


def alerts_about(connection: Connection, ids: Iterable[Id]) -> list[Id]:
    """Return the alerts about records."""
    found: list[Id] = []
    for some in chunks(ids):
        found += connection.execute(select(_ALERT.c.id).where(_ALERT.c.subject_id.in_(some))).scalars()
    return found


def beat_table() -> Table:
    """Return when each engine had evaluated everything; declared with the store's other local tables."""
    return Record.metadata.tables["alert_beat"]


def note_beat(connection: Connection, device_id: Id, at: datetime, position: int) -> None:
    """Note that the engine of an installation has evaluated everything, and how far it had read."""
    table = beat_table()
    connection.execute(delete(table).where(table.c.device_id == device_id))
    row = {"device_id": device_id, "at": to_microseconds(at), "position": position}
    connection.execute(table.insert(), row)


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield items in lists short enough for one statement."""
    rest = list(items)
    for start in range(0, len(rest), CHUNK):
        yield rest[start : start + CHUNK]
