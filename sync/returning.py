"""Giving back what the centre itself had written and lost: after a restored backup only branches still have it.

What branches wrote they send again by themselves. The centre's own entries stand in the logs of those who had read
them, and the comparison finds their records: here they say what the centre says no more. Before a branch takes over
the centre's rows it looks in its log, from the newest entry on, for entries of the centre's device about those
records. Each is sent once more as an own transaction, with the command and author it had, as far as it fits what the
centre holds now: a new record that is missing, a group of fields whose base the centre has. So it fills a gap and
overrides nothing; where something else was written since, what a person has to review becomes a conflict. An entry
goes in one transaction for each of its organisations. The id follows from entry and organisation, so that of several
branches that give back the same one is applied.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.kernel.change_log import (
    DONE,
    MERGED,
    Body,
    Change,
    append_entry,
    change_log,
    decode_body,
    decode_glance,
)
from domain.kernel.columns import Merge
from domain.kernel.ids import Id, stable_id
from sync.entries import scope_of
from sync.merge import value_of
from sync.pending import known_txns
from sync.rows import Key, Rows
from sync.shapes import Shape, same, shape_of
from sync.verdicts import RETURNED

LOOKED = 20_000
"""Entries of the centre that are looked through: what a backup lacks was written since, so it is among the newest."""

Held = dict[Key, dict[str, Any] | None]
"""The fields of records as the centre has them; None for one it lacks."""


def give_back(
    connection: Connection, device_id: Id, centre_id: Id, scopes: set[bytes], held: Held
) -> tuple[int, int]:
    """Write own transactions with what the centre lost; returns how many, and the position of the last.

    Args:
        connection: The writing connection, with nothing pending.
        device_id: This workstation.
        centre_id: Device of the centre.
        scopes: Organisations this store follows.
        held: What the centre has of every record that differs; changed along the way.
    """
    lost = [
        (txn_id, at, body)
        for entry_id, at, whole_body in _entries(connection, centre_id, held)
        for txn_id, body in _by_organisation(entry_id, whole_body, scopes)
    ]
    known = known_txns(connection, [txn_id.bytes for txn_id, _, _ in lost])
    rows = Rows(connection)
    rows.load(held)
    done = position = 0
    for txn_id, at, body in lost:
        changes = [c for change in body.changes if (c := _fitting(change, held, rows)) is not None]
        if not changes or txn_id.bytes in known:
            continue
        body = msgspec.structs.replace(body, changes=changes, note={**body.note, RETURNED: True})
        position = append_entry(
            connection, txn_id=txn_id, device_id=device_id, at=at, body=body, for_sync=True
        )
        done += 1
    return done, position


def _entries(connection: Connection, centre_id: Id, held: Mapping[Key, Any]) -> list[tuple[Id, int, Body]]:
    """Return the centre's newest entries about these records, the oldest first."""
    log = change_log.c
    query = (
        select(log.txn_id, log.at, log.body)
        .where(log.device_id == centre_id, log.outcome.in_((DONE, MERGED)))
        .order_by(log.position.desc())
        .limit(LOOKED)
    )
    found = [
        (row.txn_id, row.at, decode_body(row.body))
        for row in connection.execution_options(yield_per=500).execute(query)
        if any((touch.entity, touch.record_id) in held for touch in decode_glance(row.body).changes)
    ]
    return found[::-1]


def _by_organisation(txn_id: Id, body: Body, scopes: set[bytes]) -> Iterator[tuple[Id, Body]]:
    parts: dict[bytes, list[Change]] = defaultdict(list)
    for change in body.changes:
        scope = scope_of(change.entity, change.org_id)
        if scope is not None and scope in scopes:
            parts[scope].append(change)
    for scope, changes in parts.items():
        yield stable_id("return", txn_id.hex, scope.hex()), msgspec.structs.replace(body, changes=changes)


def _fitting(change: Change, held: Held, rows: Rows) -> Change | None:
    """Return a change as it is sent once more, and note what the centre will have; None if it does not fit."""
    key, shape = (change.entity, change.record_id), shape_of(change.entity)
    if shape is None or key not in held:
        return None
    there = held[key]
    if change.op == "ins" and there is None:
        held[key] = dict(change.fields)
    elif (
        change.op == "del" and there is not None and rows.get(key) is None and _is(shape, change.base, there)
    ):
        held[key] = None
    elif change.op == "upd" and there is not None:
        return _fitting_groups(change, shape, there, rows.get(key))
    else:
        return None
    return msgspec.structs.replace(change, ver=0)


def _fitting_groups(
    change: Change, shape: Shape, there: dict[str, Any], here: Mapping[str, Any] | None
) -> Change | None:
    """Return the groups of an edit that fit, and those of which a person has to choose; None for none."""
    fields: dict[str, Any] = {}
    base: dict[str, Any] = {}
    groups = {shape.group(name).name: shape.group(name) for name in change.base}
    for group in groups.values():
        seen = {n: value for n, value in change.base.items() if shape.group(n).name == group.name}
        mine = {n: change.fields[n] for n in seen if n in change.fields}
        if not mine or _is(shape, mine, there):
            continue
        if _is(shape, seen, there):
            there.update(mine)
        elif group.merge is not Merge.REVIEW or here is None or not _stands(shape, mine, here):
            continue
        fields |= mine
        base |= seen
    return msgspec.structs.replace(change, fields=fields, base=base, ver=0) if fields else None


def _stands(shape: Shape, values: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return all(same(shape, name, value, value_of(shape, row, name)) for name, value in values.items())


def _is(shape: Shape, values: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    return all(same(shape, name, value, there.get(name)) for name, value in values.items())
