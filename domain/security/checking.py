"""Looking for what nobody's deed explains: a broken chain, and rows that differ from what the log says of them."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from domain.audit.chain import audit_table, subject_table
from domain.audit.verification import Break
from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, change_log, decode_body
from domain.kernel.clock import clinic
from domain.kernel.columns import from_wire
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record, record_classes
from domain.kernel.texts import Texts
from domain.security.commands import NoteSuspicions, Suspected
from domain.security.records import Suspicion

FEATURES = frozenset({"quality", "reception", "conversations", "messaging", "followup", "tags"})
"""Folders whose rows are compared: quality control, reception and messaging (R3.4.2)."""
PAGE = 200
OWN = frozenset({"id", "ver", "extra"})


@dataclasses.dataclass(frozen=True, slots=True)
class Unexplained:
    """A row that differs from what the log says: in which fields, or wholly (none) where the log knows nothing."""

    entity: str
    record_id: Id
    org_id: Id
    fields: tuple[str, ...] = ()


def watched() -> list[type[Record]]:
    """Return the kinds of record that are compared."""
    return [
        kind
        for kind in record_classes().values()
        if kind.__module__.split(".")[1] in FEATURES and kind.record_info.place is Place.SHARED
    ]


def unexplained(connection: Connection, kinds: Sequence[type[Record]]) -> Iterator[Unexplained]:
    """Yield rows that no entry of the log explains.

    Fields that no kept entry speaks of are passed over: old entries are archived, the chain is not. To be run at the
    centre, where every row came by an entry; a workstation may have been filled by a copy.
    """
    for kind in kinds:
        table: Table = kind.__table__  # type: ignore[assignment]
        after: Any = None
        while True:
            page = select(table).order_by(table.c.id).limit(PAGE)
            rows = connection.execute(page if after is None else page.where(table.c.id > after)).all()
            if not rows:
                break
            said, known = _said(connection, kind.record_info.entity, [row.id for row in rows])
            for row in rows:
                if row.id.bytes not in known:
                    yield Unexplained(table.name, row.id, row.org_id)
                elif other := _other(table, row._mapping, said[row.id.bytes]):
                    yield Unexplained(table.name, row.id, row.org_id, other)
            after = rows[-1].id


def _said(
    connection: Connection, entity: str, ids: Sequence[Id]
) -> tuple[dict[bytes, dict[str, Any]], set[bytes]]:
    """Return what the log says of some records, the newest word of each field, and which of them the chain knows."""
    chain, subject = audit_table(), subject_table()
    query = (
        select(subject.c.record_id, change_log.c.outcome, change_log.c.body)
        .join_from(subject, chain, chain.c.number == subject.c.number)
        .outerjoin(change_log, change_log.c.position == chain.c.position)
        .where(subject.c.record_id.in_(ids), subject.c.entity == entity)
        .order_by(chain.c.number)
    )
    said: dict[bytes, dict[str, Any]] = defaultdict(dict)
    known: set[bytes] = set()
    for record_id, outcome, body in connection.execute(query):
        known.add(record_id.bytes)
        if body is None or outcome not in {DONE, MERGED}:
            continue
        for change in decode_body(bytes(body)).changes:
            if change.record_id == record_id.bytes and change.entity == entity:
                said[record_id.bytes] |= change.fields
    return said, known


def _other(table: Table, row: Any, said: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of fields whose value is not the one the log said last."""
    columns = [c for c in table.columns if c.name in said and c.name not in OWN]
    return tuple(c.name for c in columns if row[c.name] != from_wire(c.type, said[c.name]))


def unlogged(connection: Connection, texts: Texts, now: datetime) -> list[Suspected]:
    """Return one suspicion an organisation and kind of record with rows that nobody's deed explains."""
    kinds = watched()
    labels = {kind.record_info.entity: kind.record_info.label for kind in kinds}
    by_place: dict[tuple[str, Id], list[Unexplained]] = defaultdict(list)
    for one in unexplained(connection, kinds):
        by_place[one.entity, one.org_id].append(one)
    suspected = []
    for (entity, org_id), found in by_place.items():
        first = found[0].record_id
        said = texts.say("security.found.unlogged", label=labels[entity], count=len(found), first=first)
        occasion = f"{entity}{first}{clinic(now):%Y%m%d}"
        suspected.append(Suspected(Suspicion.UNLOGGED, None, org_id, occasion, len(found), now, now, said))
    return suspected


def broken(found: Break, texts: Texts, actor: Actor, now: datetime) -> list[Suspected]:
    """Return the suspicion of a chain that does not hold at this installation."""
    said = texts.say(found.code, number=found.number)
    occasion = f"{actor.device_id}{found.number}{found.kind}"
    return [Suspected(Suspicion.CHAIN_BROKEN, None, actor.org_id, occasion, 1, now, now, said)]


def note_all(dispatcher: Dispatcher, actor: Actor, found: Sequence[Suspected]) -> int:
    """Note suspicions; returns how many were new."""
    if not found:
        return 0
    new: int = dispatcher.run(NoteSuspicions(found=list(found)), actor).receipt
    return new


def check_rows(dispatcher: Dispatcher, actor: Actor, texts: Texts) -> int:
    """Compare rows with the log; returns how many differences were new."""
    with dispatcher.store.read() as connection:
        found = unlogged(connection, texts, dispatcher.clock())
    return note_all(dispatcher, actor, found)
