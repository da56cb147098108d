"""Rows of shared tables in wire form: read in batches, changed in memory, written in batches.

Nothing reaches the database before `flush`. A checkpoint takes back what came after it, which is how one
refused transaction leaves a slice of many.
"""

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Boolean, Connection, String, bindparam, delete, update

from domain.exchange.rules import from_jsonable, jsonable
from domain.kernel.columns import JsonText
from domain.kernel.prepared import Among, Prepared, Values, insert_into
from sync.shapes import OWN_NAMES, Shape, shape_of

Key = tuple[str, bytes]
Row = dict[str, Any]
_CHUNK = 400


class NotStorableError(Exception):
    """A value that no column can hold; `orig` is what its encoder said."""

    def __init__(self, orig: Exception) -> None:
        super().__init__(str(orig))
        self.orig = orig


@dataclass(frozen=True)
class _Form:
    """How rows of one shape go into the database and come out: values are stored as they are, but for these columns.

    Attributes:
        names: Columns, in the order of the table.
        values: Gives the values of a row in that order.
        flags: Columns that hold truth values.
        structures: Columns that hold JSON, `extra` not among them.
        blank: A row of which nothing is known.
    """

    shape: Shape
    names: tuple[str, ...]
    values: Callable[[Row], Values]
    flags: tuple[str, ...]
    structures: tuple[str, ...]
    blank: Row
    insert: Prepared
    select: dict[bool, Among]

    def stored(self, row: Row) -> Values:
        """Return the values of a row as they are stored."""
        if row["extra"] is None and not self.structures:
            return self.values(row)
        changed = {name: _json(row[name]) for name in self.structures}
        changed["extra"] = _json(jsonable(row["extra"]))
        return self.values({**row, **changed})

    def one(self, name: str, value: Any) -> Any:
        """Return the value of one column as it is stored."""
        if name == "extra":
            return _json(jsonable(value))
        return _json(value) if name in self.structures else value

    def row(self, found: Values) -> Row:
        """Return the row of stored values."""
        row: Row = dict(zip(self.names, found, strict=True))
        for name in self.flags:
            if row[name] is not None:
                row[name] = bool(row[name])
        for name in self.structures:
            if row[name] is not None:
                row[name] = msgspec.json.decode(row[name])
        if row["extra"] is not None:
            row["extra"] = from_jsonable(msgspec.json.decode(row["extra"]))
        return row


def _json(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise NotStorableError(error) from error


@functools.cache
def _form(entity: str) -> _Form:
    shape = shape_of(entity)
    if shape is None:
        raise LookupError(f"{entity} is no shared record")
    columns = list(shape.table.columns)
    names = tuple(column.name for column in columns)
    return _Form(
        shape,
        names,
        itemgetter(*names),
        tuple(c.name for c in columns if isinstance(c.type, Boolean)),
        tuple(c.name for c in columns if isinstance(c.type, JsonText) and c.name != "extra"),
        {**dict.fromkeys(names), **shape.blank()},
        insert_into(shape.table),
        {lock: Among(columns, shape.table.c.id, lock=lock) for lock in (False, True)},
    )


@functools.cache
def _update(entity: str, names: tuple[str, ...]) -> Prepared:
    table = _form(entity).shape.table
    statement = update(table).where(table.c.id == bindparam("row_id"))
    return Prepared(statement.values({name: bindparam(f"new_{name}") for name in names}))


class Rows:
    """Rows of one transaction, loaded before they are asked for.

    Args:
        connection: Connection of the transaction.
        lock: Hold what is loaded until the commit (the centre on MariaDB, where writers run side by side).
    """

    def __init__(self, connection: Connection, *, lock: bool = False) -> None:
        self.connection = connection
        self._lock = lock and connection.dialect.name != "sqlite"
        self._loaded: dict[Key, Row | None] = {}
        self._now: dict[Key, Row | None] = {}
        self._journal: list[tuple[Key, Row | None]] = []

    def load(self, keys: Iterable[Key]) -> None:
        """Read the rows of `keys`; those read before and those of unknown entities are left alone."""
        wanted: dict[str, set[bytes]] = defaultdict(set)
        for key in keys:
            if key not in self._now:
                wanted[key[0]].add(key[1])
        for entity in sorted(wanted):
            if shape_of(entity) is not None:
                self._load(_form(entity), sorted(wanted[entity]))

    def _load(self, form: _Form, ids: list[bytes]) -> None:
        entity = form.shape.entity
        absent = dict.fromkeys((entity, record_id) for record_id in ids)
        self._loaded |= absent
        self._now |= absent
        for found in form.select[self._lock].rows(self.connection, ids):
            row = form.row(found)
            key = (entity, row["id"])
            self._loaded[key] = self._now[key] = row

    def get(self, key: Key) -> Row | None:
        """Return a loaded row as it is now; not to be changed in place."""
        return self._now[key]

    def insert(
        self, shape: Shape, record_id: bytes, org_id: bytes, values: Mapping[str, Any], ver: int
    ) -> None:
        """Make a row of `values`; a row that is there is replaced."""
        entity = shape.entity
        blank = _form(entity).blank
        if values.keys() <= shape.groups.keys():
            row = {**blank, **values}
        else:
            row = dict(blank)
            _put(shape, row, values)
        row["id"], row["org_id"], row["ver"] = record_id, org_id, ver
        self._set((entity, record_id), row)

    def update(self, shape: Shape, record_id: bytes, values: Mapping[str, Any], ver: int | None) -> None:
        """Change fields of a row, and its version unless that is None."""
        key = (shape.entity, record_id)
        row = self._now[key]
        if row is None:
            raise LookupError(f"no {shape.entity} {record_id.hex()} to change")
        changed = dict(row)
        _put(shape, changed, values)
        if ver is not None:
            changed["ver"] = ver
        self._set(key, changed)

    def adopt(self, shape: Shape, record_id: bytes, values: Mapping[str, Any]) -> None:
        """Give fields the values that ``extra`` kept for them."""
        self.update(shape, record_id, values, None)
        row = self._now[shape.entity, record_id] or {}
        left = {name: value for name, value in (row["extra"] or {}).items() if name not in values}
        self._set((shape.entity, record_id), {**row, "extra": left or None})

    def remove(self, key: Key) -> None:
        """Delete a row."""
        self._set(key, None)

    def checkpoint(self) -> int:
        """Return a mark to go back to."""
        return len(self._journal)

    def back_to(self, mark: int) -> None:
        """Take back every change since a mark."""
        while len(self._journal) > mark:
            key, row = self._journal.pop()
            self._now[key] = row

    def flush(self) -> None:
        """Write what changed; unique values may pass from row to row, or change places."""
        made: dict[str, list[Row]] = defaultdict(list)
        gone: dict[str, list[bytes]] = defaultdict(list)
        changed: dict[tuple[str, tuple[str, ...]], list[Row]] = defaultdict(list)
        for key in dict.fromkeys(map(itemgetter(0), self._journal)):
            before, now = self._loaded[key], self._now[key]
            if before is now:
                continue
            if now is None:
                gone[key[0]].append(key[1])
            elif before is None:
                made[key[0]].append(now)
            elif names := tuple(name for name, value in now.items() if value != before[name]):
                changed[key[0], names].append(now)
            self._loaded[key] = now
        self._journal.clear()
        self._write(gone, changed, made)

    def _write(
        self,
        gone: Mapping[str, list[bytes]],
        changed: Mapping[tuple[str, tuple[str, ...]], list[Row]],
        made: Mapping[str, list[Row]],
    ) -> None:
        for entity, ids in gone.items():
            table = _form(entity).shape.table
            for start in range(0, len(ids), _CHUNK):
                self.connection.execute(delete(table).where(table.c.id.in_(ids[start : start + _CHUNK])))
        for (entity, names), rows in changed.items():
            self._free_unique(_form(entity), names, rows)
        for (entity, names), rows in changed.items():
            self._update(_form(entity), names, rows)
        for entity, rows in made.items():
            form = _form(entity)
            form.insert.many(self.connection, [form.stored(row) for row in rows])

    def _free_unique(self, form: _Form, names: Sequence[str], rows: Sequence[Row]) -> None:
        """Let go of unique values first, so that rows can exchange them."""
        for name in names:
            column = form.shape.table.c[name]
            if name not in form.shape.unique or not (column.nullable or isinstance(column.type, String)):
                continue
            freed = [{**row, name: None if column.nullable else f"~{row['id'].hex()}"} for row in rows]
            self._update(form, (name,), freed)

    def _update(self, form: _Form, names: tuple[str, ...], rows: Sequence[Row]) -> None:
        statement = _update(form.shape.entity, names)
        order = [name.removeprefix("new_") for name in statement.text(self.connection.dialect)[1]]
        statement.many(
            self.connection,
            [tuple(row["id"] if n == "row_id" else form.one(n, row[n]) for n in order) for row in rows],
        )

    def _set(self, key: Key, row: Row | None) -> None:
        self._journal.append((key, self._now[key]))
        self._now[key] = row


def _put(shape: Shape, row: Row, values: Mapping[str, Any]) -> None:
    """Set values in a row; those of fields this program does not know go to ``extra``."""
    if values.keys() <= shape.groups.keys():
        row.update(values)
        return
    unknown = {}
    for name, value in values.items():
        if name in shape.groups:
            row[name] = value
        elif name not in OWN_NAMES:
            unknown[name] = value
    if unknown:
        row["extra"] = {**(row["extra"] or {}), **unknown}
