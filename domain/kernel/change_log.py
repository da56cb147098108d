"""The change log: one entry for each unit of work, in the same transaction as the rows it changed.

Every other part of the product that needs to know what happened (sync, alerts, audit, search, open windows)
reads this log with a cursor of its own. Positions are dense and rise in the order of commits: the number is
taken from the one row of `log_head`, whose lock is held until the commit, so a reader that has seen position N
has seen everything up to N, on SQLite and on MariaDB alike.
"""

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    func,
    select,
    update,
)

from domain.kernel.columns import LONGEST, Id16
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared, insert_into
from domain.kernel.record import Record

SCHEMA_VERSION = 3
"""Version of the records' shape: the number of the newest migration that changes a shared table.

It goes with every entry, bundle and greeting, so that the other side knows whose fields it may lack. It rises once a
release, in the commit that makes the release's migration; whoever adds columns to a migration that is not out yet
leaves it, and a migration of local tables alone leaves it too.
"""

_BLOB = LargeBinary(LONGEST)

change_log = Table(
    "change_log",
    Record.metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("txn_id", Id16, nullable=False, unique=True),
    Column("device_id", Id16, nullable=False),
    Column("epoch", Integer, nullable=False, default=1),
    Column("dev_seq", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("body", _BLOB, nullable=False),
    Index("ix_change_log_device_seq", "device_id", "epoch", "dev_seq"),
)

log_head = Table(
    "log_head",
    Record.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("dev_seq", BigInteger, nullable=False),
)

log_scope = Table(
    "log_scope",
    Record.metadata,
    Column("org_id", Id16, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
)
"""Which organisations an entry touches: what a branch pulls is a range of this table."""

log_reader = Table(
    "log_reader",
    Record.metadata,
    Column("name", String(40), primary_key=True),
    Column("position", BigInteger, nullable=False),
)


class Change(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What happened to one record: `fields` are the new values and `base` the old ones, in wire form.

    `op` is ``ins``, ``upd`` or ``del``. `base_ver` is the version the person saw, `ver` the one at the centre
    after the change (0 while the centre has not decided).
    """

    entity: str
    record_id: bytes
    org_id: bytes
    op: str
    base_ver: int
    fields: dict[str, Any]
    base: dict[str, Any]
    ver: int = 0


class Body(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Who did it, by which command, and the changes; `note` holds facts for the audit sentence."""

    command: str
    actor_id: bytes | None
    role: str
    org_id: bytes
    schema_ver: int
    changes: list[Change]
    note: dict[str, Any] = {}


class Touch(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Which record a change is of, and whether it was made, changed or deleted; the front of `Change`."""

    entity: str
    record_id: bytes
    org_id: bytes
    op: str


class Glance(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A body without what its changes say: most readers only ask whether an entry concerns them."""

    command: str
    actor_id: bytes | None
    role: str
    org_id: bytes
    schema_ver: int
    changes: list[Touch]


_ENCODER = msgspec.msgpack.Encoder()
_BODY_DECODER = msgspec.msgpack.Decoder(Body)
_GLANCE_DECODER = msgspec.msgpack.Decoder(Glance)


@dataclasses.dataclass(frozen=True, repr=False)
class Entry:
    """One entry of the log. `dev_seq` is the device's own number if the entry is for sync; `data` as stored."""

    position: int
    txn_id: bytes
    device_id: bytes
    epoch: int
    dev_seq: int | None
    at: int
    outcome: str
    data: bytes

    @functools.cached_property
    def glance(self) -> Glance:
        """Who did it, by which command, to which records; a tenth of the work of `body`."""
        return decode_glance(self.data)

    @functools.cached_property
    def body(self) -> Body:
        """All of it."""
        return decode_body(self.data)

    def __repr__(self) -> str:
        return f"Entry({self.position}, {self.outcome}, {self.body})"

    def touches(self, entity: str) -> bool:
        """Tell whether a record of `entity` was changed."""
        return any(touch.entity == entity for touch in self.glance.changes)


DONE, REFUSED, MERGED, REJECTED = "done", "refused", "merged", "rejected"


def encode_body(body: Body) -> bytes:
    """Return the stored form of a body."""
    return _ENCODER.encode(body)


def decode_body(data: bytes) -> Body:
    """Return the body of its stored form."""
    return _BODY_DECODER.decode(data)


def decode_glance(data: bytes) -> Glance:
    """Return the body of its stored form without what its changes say; a tenth of the work of `decode_body`."""
    return _GLANCE_DECODER.decode(data)


def next_numbers(connection: Connection, *, with_dev_seq: bool) -> tuple[int, int | None]:
    """Take the next position and, if asked, the next number of this device; last thing before the commit.

    The row lock of the update is held until the transaction ends, which makes the order of numbers the order
    of commits. A rollback gives the numbers back, so there are never gaps.
    """
    step = "both" if with_dev_seq else "one"
    if connection.dialect.name == "sqlite":
        row = _STEP_AND_SAY[step].first(connection)
    else:
        _STEP[step].run(connection)
        row = _HEAD.first(connection)
    if row is None:
        raise LookupError("the log has no head: the store was not prepared")
    return row[0], row[1] if with_dev_seq else None


_UP = update(log_head).where(log_head.c.id == 1).values(position=log_head.c.position + 1)
_UPS = {"one": _UP, "both": _UP.values(dev_seq=log_head.c.dev_seq + 1)}
_STEP = {name: Prepared(step) for name, step in _UPS.items()}
_STEP_AND_SAY = {
    name: Prepared(step.returning(log_head.c.position, log_head.c.dev_seq)) for name, step in _UPS.items()
}
_HEAD = Prepared(select(log_head.c.position, log_head.c.dev_seq).where(log_head.c.id == 1))


def append_entry(
    connection: Connection,
    *,
    txn_id: Id,
    device_id: Id,
    at: int,
    body: Body,
    outcome: str = DONE,
    epoch: int = 1,
    origin: int | None = None,
    for_sync: bool = False,
    scopes: Iterable[bytes] = (),
) -> int:
    """Write one entry and return its position.

    Args:
        connection: Connection inside the transaction that changed the rows.
        txn_id: Identity of the unit of work, the same at the branch and at the centre.
        device_id: Installation that did it.
        at: Time of the device, microseconds UTC; for people, never for ordering.
        body: Who, which command, which changes.
        outcome: What became of it.
        epoch: Life of the device's identity, raised by the centre after a restored backup or a cloned disk.
        origin: The device's number of an entry that came from elsewhere.
        for_sync: Take a new number of this device (an own entry that sync must carry).
        scopes: Organisations (16-byte ids) whose members may pull it.
    """
    position, own = next_numbers(connection, with_dev_seq=for_sync)
    row = (
        position, txn_id.bytes, device_id.bytes, epoch, own if for_sync else origin, at, outcome,
        encode_body(body),
    )  # fmt: skip
    insert_into(change_log).many(connection, [row])
    rows = [(scope, position) for scope in set(scopes)]
    if rows:
        insert_into(log_scope).many(connection, rows)
    return position


_AFTER = Prepared(
    select(change_log)
    .where(change_log.c.position > bindparam("after"))
    .order_by(change_log.c.position)
    .limit(bindparam("most", type_=Integer))
)


def entries_after(connection: Connection, position: int, limit: int) -> list[Entry]:
    """Return up to `limit` entries after `position`, in order."""
    return [Entry(*row) for row in _AFTER.rows(connection, after=position, most=limit)]


def entry_of(row: Any) -> Entry:
    """Return the entry of one row of `change_log`."""
    return Entry(
        row.position, row.txn_id.bytes, row.device_id.bytes, row.epoch, row.dev_seq, row.at, row.outcome,
        row.body,
    )  # fmt: skip


def head_position(connection: Connection) -> int:
    """Return the position of the newest entry, 0 for an empty log."""
    found = _NEWEST.first(connection)
    return int(found[0]) if found is not None else 0


_NEWEST = Prepared(select(func.coalesce(func.max(change_log.c.position), 0)))
_CURSOR = Prepared(select(log_reader.c.position).where(log_reader.c.name == bindparam("reader")))
_MOVE = Prepared(
    update(log_reader).where(log_reader.c.name == bindparam("reader")).values(position=bindparam("reached"))
)


def cursor_of(connection: Connection, name: str) -> int:
    """Return how far the reader `name` has read."""
    found = _CURSOR.first(connection, reader=name)
    return found[0] if found else 0


def move_cursor(connection: Connection, name: str, position: int) -> None:
    """Note that the reader `name` has dealt with everything up to `position`."""
    if not _MOVE.run(connection, reader=name, reached=position):
        insert_into(log_reader).many(connection, [(name, position)])


def changes_of(entries: Sequence[Entry], entity: str) -> Iterator[tuple[Entry, Change]]:
    """Yield each change of one entity in entries that took effect."""
    for entry in entries:
        if entry.outcome in {DONE, MERGED} and entry.touches(entity):
            for change in entry.body.changes:
                if change.entity == entity:
                    yield entry, change
