"""The unit of work: the rows a command changes and its one log entry, committed together or not at all."""

import dataclasses
import functools
import itertools
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, event, inspect, select
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from domain.kernel.authority import Actor
from domain.kernel.change_log import SCHEMA_VERSION, Body, Change, append_entry
from domain.kernel.columns import STORED_FORMS, JsonText, Merge, to_microseconds, to_stored, to_wire
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, IdSource
from domain.kernel.prepared import Prepared, insert_into
from domain.kernel.record import Place, Record, Scope, column_info
from domain.kernel.rows import circles, sees_all
from domain.kernel.scoping import scope_and_guard
from domain.kernel.workflow import Hands, HasState, Limits, Workflow

R = TypeVar("R", bound=Record)
OWN_COLUMNS = frozenset({"id", "org_id", "ver", "extra"})
FOUND_AT_MOST = 100
"""Rows that `UnitOfWork.find` looks through for one in the actor's scope."""


class UnitOfWork:
    """What a handler works with: finds, adds and removes records; knows who acts, where and when.

    Records outside the actor's data scope are not found. Values are native (ids, aware times, enum members).
    New records are written by one insert statement a table; changes to loaded ones are tracked by a session.
    """

    def __init__(
        self,
        connection: Connection,
        actor: Actor,
        *,
        now: datetime,
        new_id: IdSource,
        limits: Limits | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> None:
        self.connection = connection
        self.actor = actor
        self.now = now
        self.new_id = new_id
        self.content = content or {}
        self.note: dict[str, Any] = {}
        self._limits = limits or {}
        self._new: list[Record] = []
        self._changes: list[tuple[Change, Place]] = []

    @functools.cached_property
    def _session(self) -> Session:
        session = Session(bind=self.connection, autoflush=False, expire_on_commit=False)
        session.info["orgs"] = self.actor.orgs
        return session

    def add(self, record: R) -> R:
        """Keep a new record; id, organisation and defaults are filled in where they are open."""
        values = record.__dict__
        if values.get("id") is None:
            values["id"] = self.new_id()
        if values.get("org_id") is None:
            values["org_id"] = self.actor.org_id
        for name, default in _defaults(type(record)).items():
            if values.get(name) is None:
                values[name] = default
        self._new.append(record)
        return record

    def get(self, kind: type[R], record_id: Id | None) -> R | None:
        """Return a record by id, or None if there is none within the actor's scope."""
        if record_id is None:
            return None
        for record in self._new:
            if isinstance(record, kind) and record.id == record_id:
                return record
        found = self._session.get(kind, record_id)
        return found if found is not None and self._visible(found) else None

    def require(self, kind: type[R], record_id: Id | None, field: str | None = None) -> R:
        """Return a record by id.

        Raises:
            DomainError: ``<entity>.unknown`` with `field`.
        """
        found = self.get(kind, record_id)
        if found is None:
            raise DomainError(f"{kind.record_info.entity}.unknown", field=field, value=str(record_id))
        return found

    def find(self, kind: type[R], **values: Any) -> R | None:
        """Return the first record with these values in the actor's scope, new ones of this work included."""
        for record in self._new:
            if isinstance(record, kind) and all(getattr(record, k) == v for k, v in values.items()):
                return record
        stored = {name: to_stored(value) for name, value in values.items() if value is not None}
        empty = tuple(name for name, value in values.items() if value is None)
        for found, org_id in _finder(kind, tuple(stored), empty).rows(self.connection, **stored):
            if self._in_scope(kind, uuid.UUID(bytes=org_id)):
                return self.get(kind, uuid.UUID(bytes=found))
        return None

    def list(self, query: Select[R]) -> Sequence[R]:
        """Return the records of a query, within the actor's scope; call `flush` first to see new ones."""
        return self._session.scalars(query).all()

    def value(self, query: Select[Any]) -> Any:
        """Return the single value of a query that yields one column of one row, or None."""
        return self._session.scalar(query)

    def remove(self, record: Record) -> None:
        """Delete a record; a tombstone travels with the log."""
        self._session.delete(record)

    def start(self, workflow: Workflow, record: HasState) -> None:
        """Put a new record into the first state of its workflow, with the site's time limits."""
        workflow.start(record, self.now, self._limits)

    def move(
        self,
        workflow: Workflow,
        record: HasState,
        move: str,
        hands: Hands | None = None,
        to: str | None = None,
    ) -> None:
        """Make a move of a workflow now, with the site's time limits; `to` chooses among several ends.

        A move that must be apart from earlier ones needs `hands`: a handler that forgets them is a bug.
        """
        if move in workflow.apart and workflow.allows(record.state, move):
            if hands is None:
                raise TypeError(f"{workflow.name}.{move} must know who made the earlier moves")
            workflow.check_hands(move, self.actor.staff_id, hands)
        workflow.move(record, move, self.now, self._limits, to)

    def flush(self) -> None:
        """Send what was done so far to the store, for handlers that must query their own changes."""
        for record in self._write():
            make_transient_to_detached(record)
            self._session.add(record)

    def commit_entry(self, command: str, *, txn_id: Id) -> int:
        """Write rows and log entry into the caller's transaction; returns the position, 0 for nothing."""
        self._write()
        if not self._changes and not self.note:
            return 0
        changes = [change for change, _ in self._changes]
        if self.actor.desk_id is not None:
            self.note["desk"] = str(self.actor.desk_id)
        body = Body(
            command, None if self.actor.staff_id is None else self.actor.staff_id.bytes, self.actor.role,
            self.actor.org_id.bytes, SCHEMA_VERSION, changes, self.note,
        )  # fmt: skip
        return append_entry(
            self.connection,
            txn_id=txn_id,
            device_id=self.actor.device_id,
            at=to_microseconds(self.now),
            body=body,
            for_sync=any(place is Place.SHARED for _, place in self._changes),
            scopes=scopes_of(changes),
        )

    def close(self) -> None:
        """Let go of what was loaded; the connection stays with the caller."""
        if "_session" in self.__dict__:
            self._session.close()

    def _write(self) -> Sequence[Record]:
        """Write new and changed rows and remember the changes for the log entry; returns the new ones."""
        new, self._new = self._new, []
        try:
            for kind, group in itertools.groupby(sorted(new, key=_table_name), key=_kind_of):
                rows = [stored_values(record) for record in group]
                self._changes += [(_inserted(kind, row), kind.record_info.place) for row in rows]
                insert_into(table_of(kind)).many(self.connection, rows)
            if "_session" in self.__dict__:
                self._changes += _changes(self._session)
                self._session.flush()
        except IntegrityError as error:
            raise DomainError("store.duplicate", detail=_constraint(error)) from error
        return new

    def _visible(self, record: Record) -> bool:
        if not self._in_scope(type(record), record.org_id):
            return False
        info = record.record_info
        if not (info.owner or info.circle) or sees_all(self.actor, type(record)):
            return True
        if info.circle:
            mine = circles(type(record), self.actor)
            return (
                self.connection.execute(
                    mine.where(mine.selected_columns[0] == getattr(record, info.circle))
                ).first()
                is not None
            )
        return getattr(record, info.owner) in (None, self.actor.staff_id)

    def _in_scope(self, kind: type[Record], org_id: Id) -> bool:
        return kind.record_info.scope is Scope.CATALOGUE or self.actor.sees(org_id)


def _kind_of(record: Record) -> type[Record]:
    return type(record)


def _table_name(record: Record) -> str:
    return record.record_info.entity


def table_of(kind: type[Record]) -> Table:
    """Return the table of a record class."""
    return cast("Table", kind.__table__)


@functools.cache
def _finder(kind: type[Record], names: tuple[str, ...], empty: tuple[str, ...] = ()) -> Prepared:
    by_org_alone = names == ("org_id",)
    where: list[ColumnElement[bool]] = [kind.__table__.columns[name].is_(None) for name in empty]
    for name in names:
        column = kind.__table__.columns[name]
        where.append((column if by_org_alone else _checked(column)) == bindparam(name))
    columns = kind.__table__.columns
    return Prepared(select(columns["id"], columns["org_id"]).where(*where).limit(FOUND_AT_MOST))


def _checked(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column that rows are checked by and not looked up by, where it is the organisation.

    SQLite takes the index of an equality on `org_id` for as good as any other and would walk all records of the
    organisation; a unary plus keeps that index out. MariaDB knows its indexes and passes over the plus.
    """
    if getattr(column, "key", None) != "org_id":
        return column
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def scopes_of(changes: Sequence[Change]) -> set[bytes]:
    """Return whose logs an entry belongs to; the all-zero id is everybody's (the catalogue)."""
    from domain.kernel.record import record_classes

    found: set[bytes] = set()
    for entity, org_id in {(change.entity, change.org_id) for change in changes}:
        kind = record_classes().get(entity)
        if kind is None or kind.record_info.place is not Place.SHARED:
            continue
        found.add(CATALOGUE_SCOPE.bytes if kind.record_info.scope is Scope.CATALOGUE else org_id)
    return found


CATALOGUE_SCOPE = uuid.UUID(int=0)


def _changes(session: Session) -> "list[tuple[Change, Place]]":
    changes = [(_deleted(r), r.record_info.place) for r in session.deleted]
    for record in session.dirty:
        change = _updated(record)
        if change is not None:
            changes.append((change, record.record_info.place))
    return changes


def _inserted(kind: type[Record], row: tuple[Any, ...]) -> Change:
    """Return the change of an inserted row; the stored form is the wire form but for JSON, which is text there."""
    known = {name: row[place] for name, place in _data_places(kind) if row[place] is not None}
    for name in _json_columns(kind):
        if name in known:
            known[name] = msgspec.json.decode(known[name])
    record_id, org_id = _own_places(kind)
    return Change(kind.record_info.entity, row[record_id], row[org_id], "ins", 0, known, {})


@functools.cache
def _data_places(kind: type[Record]) -> tuple[tuple[str, int], ...]:
    return tuple((n, place) for place, n in enumerate(all_columns(kind)) if n not in OWN_COLUMNS)


@functools.cache
def _own_places(kind: type[Record]) -> tuple[int, int]:
    return all_columns(kind).index("id"), all_columns(kind).index("org_id")


def _deleted(record: Record) -> Change:
    base = {n: to_wire(getattr(record, n)) for n in data_columns(type(record))}
    return Change(
        record.record_info.entity, record.id.bytes, record.org_id.bytes, "del", record.ver, {}, base
    )


def _updated(record: Record) -> Change | None:
    state = inspect(record)
    fields: dict[str, Any] = {}
    base: dict[str, Any] = {}
    for name in data_columns(type(record)):
        history = state.attrs[name].history
        if history.added and (not history.deleted or history.deleted[0] != history.added[0]):
            fields[name] = to_wire(history.added[0])
            base[name] = to_wire(history.deleted[0]) if history.deleted else None
    if not fields:
        return None
    for name in _group_members(type(record), frozenset(fields)):
        base[name] = to_wire(getattr(record, name))
    info = record.record_info
    if info.merge in {Merge.APPEND, Merge.FIRST}:
        raise InvalidRequestError(f"{info.entity} is append-only; correct it with a new record")
    return Change(info.entity, record.id.bytes, record.org_id.bytes, "upd", record.ver, fields, base)


@functools.cache
def data_columns(kind: type[Record]) -> tuple[str, ...]:
    """Return the names of a record's declared columns."""
    return tuple(c.name for c in kind.__table__.columns if c.name not in OWN_COLUMNS)


@functools.cache
def all_columns(kind: type[Record]) -> tuple[str, ...]:
    """Return the names of every column of a record's table."""
    return tuple(c.name for c in kind.__table__.columns)


@functools.cache
def _json_columns(kind: type[Record]) -> tuple[str, ...]:
    return tuple(c.name for c in kind.__table__.columns if isinstance(c.type, JsonText) and c.name != "extra")


@functools.cache
def _group_members(kind: type[Record], changed: frozenset[str]) -> tuple[str, ...]:
    """Return the unchanged fields that merge together with changed ones: what the person saw of them counts too."""
    groups = {c.name: info.group for c in kind.__table__.columns if (info := column_info(c)) is not None}
    touched = {groups[name] for name in changed if groups.get(name)}
    return tuple(name for name, group in groups.items() if group in touched and name not in changed)


def stored_values(record: Record) -> tuple[Any, ...]:
    """Return a record's row in the form the database holds, in the order of `all_columns`."""
    values = map(record.__dict__.get, all_columns(type(record)))
    return tuple([v if (form := STORED_FORMS[type(v)]) is None else form(v) for v in values])


@functools.cache
def _defaults(kind: type[Record]) -> dict[str, Any]:
    columns = kind.__table__.columns
    return {c.name: c.default.arg for c in columns if c.default is not None and c.default.is_scalar}


def _constraint(error: IntegrityError) -> str:
    text = str(error.orig)
    return text.rpartition(":")[2].strip()[:80]


event.listen(Session, "do_orm_execute", scope_and_guard)


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """What came of a command: the receipt and the position of its log entry (0: nothing changed)."""

    receipt: Any
    position: int
    txn_id: Id
