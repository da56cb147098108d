"""Rows of shared tables in wire form: read in batches, changed in memory, written in batches.

Nothing reaches the database before `flush`. A checkpoint takes back what came after it, which is how one
refused transaction leaves a slice of many.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, String, Table, bindparam, delete, insert, select, update

from domain.exchange.rules import from_jsonable, jsonable
from sync.shapes import OWN_NAMES, Shape, shape_of

Key = tuple[str, bytes]
Row = dict[str, Any]
_CHUNK = 400


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
        for entity, record_id in keys:
            if (entity, record_id) not in self._now:
                wanted[entity].add(record_id)
        for entity in sorted(wanted):
            shape = shape_of(entity)
            if shape is not None:
                self._load(shape, sorted(wanted[entity]))

    def _load(self, shape: Shape, ids: list[bytes]) -> None:
        table = shape.table
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            query = select(table).where(table.c.id.in_(chunk)).order_by(table.c.id)
            if self._lock:
                query = query.with_for_update()
            found = {bytes(r["id"]): _row(r) for r in self.connection.execute(query).mappings()}
            for record_id in chunk:
                key = (shape.entity, record_id)
                self._loaded[key] = self._now[key] = found.get(record_id)

    def get(self, key: Key) -> Row | None:
        """Return a loaded row as it is now; not to be changed in place."""
        return self._now[key]

    def insert(
        self, shape: Shape, record_id: bytes, org_id: bytes, values: Mapping[str, Any], ver: int
    ) -> None:
        """Make a row of `values`; a row that is there is replaced."""
        blank: Row = {**shape.blank(), "id": record_id, "org_id": org_id, "ver": ver, "extra": None}
        self._set((shape.entity, record_id), _with(shape, blank, values))

    def update(self, shape: Shape, record_id: bytes, values: Mapping[str, Any], ver: int | None) -> None:
        """Change fields of a row, and its version unless that is None."""
        key = (shape.entity, record_id)
        row = self._now[key]
        if row is None:
            raise LookupError(f"no {shape.entity} {record_id.hex()} to change")
        changed = _with(shape, row, values)
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
        for key in dict.fromkeys(key for key, _ in self._journal):
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
            table = _shape(entity).table
            for start in range(0, len(ids), _CHUNK):
                self.connection.execute(delete(table).where(table.c.id.in_(ids[start : start + _CHUNK])))
        for (entity, names), rows in changed.items():
            self._free_unique(_shape(entity), names, rows)
        for (entity, names), rows in changed.items():
            self._update(_shape(entity).table, names, rows)
        for entity, rows in made.items():
            self.connection.execute(
                insert(_shape(entity).table), [{**row, "extra": jsonable(row["extra"])} for row in rows]
            )

    def _free_unique(self, shape: Shape, names: Sequence[str], rows: Sequence[Row]) -> None:
        """Let go of unique values first, so that rows can exchange them."""
        for name in names:
            column = shape.table.c[name]
            if name not in shape.unique or not (column.nullable or isinstance(column.type, String)):
                continue
            freed = [{**row, name: None if column.nullable else f"~{row['id'].hex()}"} for row in rows]
            self._update(shape.table, [name], freed)

    def _update(self, table: Table, names: Sequence[str], rows: Sequence[Row]) -> None:
        statement = update(table).where(table.c.id == bindparam("row_id"))
        statement = statement.values({name: bindparam(f"new_{name}") for name in names})
        self.connection.execute(
            statement,
            [{"row_id": row["id"], **{f"new_{n}": _stored(n, row[n]) for n in names}} for row in rows],
        )

    def _set(self, key: Key, row: Row | None) -> None:
        self._journal.append((key, self._now[key]))
        self._now[key] = row


def _shape(entity: str) -> Shape:
    shape = shape_of(entity)
    if shape is None:
        raise LookupError(f"{entity} is no shared record")
    return shape


def _row(found: RowMapping) -> Row:
    row: Row = dict(found)
    row["extra"] = from_jsonable(row["extra"])
    return row


def _stored(name: str, value: Any) -> Any:
    return jsonable(value) if name == "extra" else value


def _with(shape: Shape, row: Row, values: Mapping[str, Any]) -> Row:
    """Return a row with values set; those of fields this program does not know go to ``extra``."""
    made = dict(row)
    unknown = {}
    for name, value in values.items():
        if name in shape.groups:
            made[name] = value
        elif name not in OWN_NAMES:
            unknown[name] = value
    if unknown:
        made["extra"] = {**(row["extra"] or {}), **unknown}
    return made
