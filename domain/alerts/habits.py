"""What a person usually does, counted as it happens, and what is unlike it: explained by the counts themselves.

A baseline is one row for a person and a rule: how many happenings, by hour of the clinic's day, by workstation, and
the largest size so far. An entry is judged against what came before it and then counted in; `position` keeps an entry
that is read twice from counting twice. No weights, no training: the sentence of the alert gives the counts.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from domain.alerts.decisions import Open
from domain.alerts.parts import Anomaly
from domain.alerts.plans import Plan
from domain.kernel.change_log import DONE, MERGED, Entry
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds, from_wire
from domain.kernel.ids import Id
from domain.kernel.record import Record, record_classes

COMMAND = "command:"
MOST_PLACES = 50
"""Workstations a baseline remembers; somebody with more of them has no usual place."""


class Baseline(msgspec.Struct):
    """What somebody did so far."""

    count: int = 0
    hours: list[int] = msgspec.field(default_factory=lambda: [0] * 24)
    places: dict[str, int] = {}
    largest: int = 0

    def learn(self, one: "Deed") -> None:
        """Count one more in."""
        self.count += 1
        self.hours[clinic(one.at).hour] += 1
        if one.place in self.places or len(self.places) < MOST_PLACES:
            self.places[one.place] = self.places.get(one.place, 0) + 1
        self.largest = max(self.largest, one.size)


class Deed(msgspec.Struct, frozen=True):
    """One thing somebody did: who, when, at which workstation, how much, and what tells it from the next."""

    who: Id | str
    at: datetime
    place: str
    size: int
    occasion: str
    position: int


def unusual(anomaly: Anomaly, past: Baseline, one: Deed) -> list[str]:
    """Return in the rule's words what of a deed is unlike the past; nothing while too little is known."""
    if past.count < anomaly.least:
        return []
    moment = clinic(one.at)
    near = sum(past.hours[(moment.hour + step) % 24] for step in (-1, 0, 1))
    facts = {
        "time": f"{moment:%H:%M}", "near": near, "count": past.count, "places": len(past.places), "size": one.size,
        "largest": past.largest,
    }  # fmt: skip
    strange = {
        "hours": anomaly.hours and near < anomaly.share * past.count,
        "places": anomaly.places and one.place not in past.places and len(past.places) < MOST_PLACES,
        "number": bool(anomaly.number)
        and one.size >= anomaly.floor
        and one.size > anomaly.factor * past.largest,
    }
    return [anomaly.words[name].format_map(facts) for name in anomaly.judged if strange[name]]


def baseline_table() -> Table:
    """Return the table of baselines; declared with the store's other local tables."""
    return Record.metadata.tables["alert_baseline"]


def concerns(entries: Sequence[Entry], watched: Collection[str]) -> bool:
    """Tell whether entries are of a command or a record that a rule about habits watches."""
    return any(
        COMMAND + entry.glance.command in watched or any(t.entity in watched for t in entry.glance.changes)
        for entry in entries
    )


def observe(connection: Connection, plan: Plan, entries: Sequence[Entry]) -> "Iterator[Open | Learnt]":
    """Yield what entries hold that is unusual, and each person's baseline as it is after them."""
    anomaly = plan.rule.anomaly
    if anomaly is None:
        return
    by_person: dict[Id, list[Deed]] = defaultdict(list)
    for deed in deeds(plan, anomaly, entries):
        who = deed.who if not isinstance(deed.who, str) else _by_login(connection, deed.who)
        if who is not None:
            by_person[who].append(deed)
    staff = record_classes()["staff"].__table__
    for who, done in by_person.items():
        position, past = _known(connection, plan, who)
        row = connection.execute(select(staff).where(staff.c.id == who)).first()
        for deed in done:
            if deed.position <= position:
                continue
            told = unusual(anomaly, past, deed)
            if told and row is not None:
                more = {"why": "; ".join(told)}
                yield Open(plan, row._asdict(), deed.occasion, deed.at, None, more)
            past.learn(deed)
            position = deed.position
        yield Learnt(plan.rule.id, who, position, msgspec.json.encode(past).decode())


class Learnt(msgspec.Struct, frozen=True):
    """A baseline to be kept."""

    rule: str
    who: Id
    position: int
    body: str


def keep(connection: Connection, learnt: Sequence[Learnt]) -> None:
    """Write baselines; the same again changes nothing."""
    table = baseline_table()
    for one in learnt:
        mine = (table.c.rule == one.rule, table.c.who == one.who)
        connection.execute(table.delete().where(*mine))
        row = {"rule": one.rule, "who": one.who, "position": one.position, "body": one.body}
        connection.execute(table.insert(), row)


def deeds(plan: Plan, anomaly: Anomaly, entries: Sequence[Entry]) -> Iterator[Deed]:
    """Yield what entries tell of somebody: one for each record that appeared, or for the command itself."""
    watch = plan.rule.watch
    for entry in entries:
        place = uuid.UUID(bytes=entry.device_id).hex
        if watch.startswith(COMMAND):
            if entry.glance.command != watch.removeprefix(COMMAND) or entry.outcome not in {DONE, MERGED}:
                continue
            note = entry.body.note
            if note.get(anomaly.who) and all(c.holds({c.field: note.get(c.field)}) for c in plan.when):
                at = from_microseconds(entry.at)
                yield Deed(note[anomaly.who], at, place, 0, uuid.UUID(bytes=entry.txn_id).hex, entry.position)
        elif entry.touches(watch):
            for change in entry.body.changes:
                if change.entity == watch and change.op == "ins":
                    yield from _of_record(plan, anomaly, entry, change, place)


def _of_record(plan: Plan, anomaly: Anomaly, entry: Entry, change: Any, place: str) -> Iterator[Deed]:
    columns = record_classes()[change.entity].__table__.columns
    values = {c.name: from_wire(c.type, change.fields.get(c.name)) for c in columns}
    if values[anomaly.who] is None or not plan.fits(values):
        return
    at = values[anomaly.at] if anomaly.at else from_microseconds(entry.at)
    size = int(values[anomaly.number] or 0) if anomaly.number else 0
    yield Deed(values[anomaly.who], at, place, size, uuid.UUID(bytes=change.record_id).hex, entry.position)


def _known(connection: Connection, plan: Plan, who: Id) -> tuple[int, Baseline]:
    table = baseline_table()
    query = select(table.c.position, table.c.body).where(table.c.rule == plan.rule.id, table.c.who == who)
    row = connection.execute(query).first()
    return (0, Baseline()) if row is None else (row.position, msgspec.json.decode(row.body, type=Baseline))


def _by_login(connection: Connection, login: str) -> Id | None:
    staff = record_classes()["staff"].__table__
    found: Id | None = connection.execute(select(staff.c.id).where(staff.c.login == login)).scalar()
    return found
