"""What deleted records held, at the centre, so that an edit that arrives after a deletion can bring them back."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import IntegrityError

from domain.kernel.change_log import change_log, cursor_of, decode_body, move_cursor
from domain.kernel.ids import Id
from sync.local_tables import tombstone
from sync.rows import Key
from sync.shapes import shape_of

_CHUNK = 400
_AT_ONCE = 1000
_READER = "graves"


class Graves:
    """The tombstones of one connection.

    Args:
        connection: The writing connection, in its transaction.
        centre_id: Device of the centre, whose commands delete without passing through sync.
    """

    def __init__(self, connection: Connection, centre_id: Id) -> None:
        self._connection = connection
        self._centre_id = centre_id

    def find(self, keys: Iterable[Key]) -> dict[Key, dict[str, Any]]:
        """Return what deleted records held, as rows in wire form."""
        wanted: dict[str, list[Id]] = defaultdict(list)
        for entity, record_id in keys:
            if len(record_id) == 16:
                wanted[entity].append(uuid.UUID(bytes=record_id))
        if not wanted:
            return {}
        self.catch_up()
        found: dict[Key, dict[str, Any]] = {}
        for entity, ids in wanted.items():
            for start in range(0, len(ids), _CHUNK):
                chosen = tombstone.c.record_id.in_(ids[start : start + _CHUNK])
                for row in self._connection.execute(
                    select(tombstone).where(tombstone.c.entity == entity, chosen)
                ):
                    found[entity, row.record_id.bytes] = msgspec.msgpack.decode(row.fields)
        return found

    def bury(self, key: Key, org_id: bytes, row: Mapping[str, Any]) -> None:
        """Keep what a record held."""
        self.revive(key)
        self._connection.execute(
            tombstone.insert(),
            {
                "entity": key[0], "record_id": uuid.UUID(bytes=key[1]), "org_id": uuid.UUID(bytes=org_id),
                "ver": row["ver"], "fields": msgspec.msgpack.encode(row),
            },
        )  # fmt: skip

    def revive(self, key: Key) -> None:
        """Forget a grave: the record is back."""
        self._connection.execute(
            delete(tombstone).where(
                tombstone.c.entity == key[0], tombstone.c.record_id == uuid.UUID(bytes=key[1])
            )
        )

    def catch_up(self) -> None:
        """Read the centre's own entries since last time; their deletions are in the log alone."""
        try:
            with self._connection.begin_nested():
                while self._read_some():
                    pass
        except IntegrityError:
            return  # another process was at it at the same time, and has done it

    def _read_some(self) -> bool:
        start = cursor_of(self._connection, _READER)
        rows = self._connection.execute(
            select(change_log.c.position, change_log.c.body)
            .where(change_log.c.device_id == self._centre_id, change_log.c.position > start)
            .order_by(change_log.c.position)
            .limit(_AT_ONCE)
        ).all()
        for _, body in rows:
            for change in decode_body(body).changes:
                shape = shape_of(change.entity)
                if change.op == "del" and shape is not None:
                    ver = change.ver or change.base_ver + 1
                    row = {**shape.blank(), **change.base, "ver": ver, "extra": None}
                    self.bury((change.entity, change.record_id), change.org_id, row)
        if rows:
            move_cursor(self._connection, _READER, rows[-1].position)
        return len(rows) == _AT_ONCE
