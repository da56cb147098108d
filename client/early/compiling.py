"""Compiling the declarations for `client.early.reading`: their own doors are used, and what they send is kept.

A statement is recorded, not written: the worklist, the search and the sign-in are asked with marked values,
SQLAlchemy sends its SQL, and the marks among the parameters become slots. So the compiled form is what the
declarations say, whatever way they come to say it. Runs in the background, once a program version.
"""

import contextlib
import dataclasses
import importlib
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, event, insert, select

import resources
from client.early.compiled import Compiled, Fact, Key, Statement, encode
from client.early.program import fingerprint
from client.navigation import declared_lists
from client.stations import model_class, stations
from domain.kernel.authority import Actor, Authority, system_actor
from domain.kernel.columns import ColumnInfo
from domain.kernel.commands import commands
from domain.kernel.record import column_info
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from domain.people.records import Organization, Patient, SignInState, Staff
from domain.rights.records import RightsChange
from sync import search_hits
from sync.local_tables import compiled as compiled_table
from sync.schema import HEAD

if TYPE_CHECKING:
    from client.desk import Desk

log = logging.getLogger(__name__)

MARK = uuid.UUID("5a5a5a5a-0000-8000-8000-00000000a5a5")
"""Stands for an id in a question whose SQL is recorded."""
LOGIN = "\N{SYMBOL FOR RECORD SEPARATOR}login"


class Recorder:
    """Records what a question sends to a store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def statement(self, ask: Callable[[], object], slots: Mapping[Any, str]) -> Statement:
        """Return the one SELECT that `ask` sends; parameters equal to a key of `slots` become the slot of its name.

        Raises:
            ValueError: It sends none or several, or a slot is not among its parameters.
        """
        with _sent(self.store) as sent:
            ask()
        if len(sent) != 1:
            raise ValueError(f"{len(sent)} statements instead of one")
        sql, values, columns = sent[0]
        named: list[tuple[str, Any]] = [(slots[v], None) if v in slots else ("", v) for v in values]
        if {name for name, _ in named if name} != set(slots.values()) or sql.count("?") != len(values):
            raise ValueError(f"not every slot of {sorted(slots.values())} is asked for")
        return Statement(sql, named, columns)

    @staticmethod
    def actor(*, scoped: bool) -> Actor:
        """Return somebody who may see everything, within one marked organisation or without limit."""
        return dataclasses.replace(system_actor(MARK, MARK), orgs=frozenset({MARK}) if scoped else None)


def compile_declarations(store: Store) -> Compiled:
    """Return the compiled form of what this program declares."""
    recorder = Recorder(store)

    def rows(query: Any, values: Any = None) -> Callable[[], object]:
        def ask() -> object:
            with store.read() as connection:
                return connection.execute(query, values or {}).all()

        return ask

    staff, state, organization = Staff.__table__, SignInState.__table__, Organization.__table__
    rights = RightsChange.__table__
    return Compiled(
        shape=HEAD,
        texts=Texts.load(resources.folder("texts") / "zh").sentences(),
        roles=Authority.load(resources.folder("roles.yaml")).roles,
        lists=list(declared_lists()),
        staff=recorder.statement(rows(select(staff).where(staff.c.login == LOGIN)), {LOGIN: "login"}),
        attempts=recorder.statement(rows(select(state).where(state.c.login == LOGIN)), {LOGIN: "login"}),
        rights=recorder.statement(
            rows(select(rights.c.role, rights.c.staff_id).where(rights.c.state == "in_force")), {}
        ),
        organizations=recorder.statement(
            rows(select(organization.c.id, organization.c.parent_id, organization.c.name)), {}
        ),
        clients=recorder.statement(rows(search_hits.CLIENTS, {"ids": [MARK]}), {MARK.bytes: "ids"}),
        client_facts={
            name: fact_of(column_info(Patient.__table__.c[name])) for name in ("name", "birth_date", "phone")
        },
        sexes={str(sex): label for sex, label in search_hits.SEXES.items()},
        stations={
            name: importlib.import_module(f"client.stations.{name}.first.declared").declared(recorder)
            for name, station in stations().items()
            if station.first
        },
    )


def keys_of(station: str) -> list[Key]:
    """Return the key bar of a station, each key with the permission of its command."""
    found = []
    for action in model_class(station).actions:
        command = commands().get(action.command) if action.command else None
        if action.command and command is None:
            continue
        permission = action.permission if command is None else command.permission
        found.append(Key(action.id, action.text, action.shortcut, permission, action.primary))
    return found


def fact_of(info: ColumnInfo | None) -> Fact:
    """Return what masking needs of a column."""
    info = info or ColumnInfo("")
    return Fact(int(info.sensitivity), str(info.mask))


def keep_compiled(desk: "Desk") -> bool:
    """Compile for this program unless the store has it already; returns whether it did.

    A failure costs the next start its speed and nothing else: it is logged.
    """
    program = fingerprint()
    with desk.store.read() as connection:
        if connection.execute(
            select(compiled_table.c.program).where(compiled_table.c.program == program)
        ).first():
            return False
    try:
        body = encode(compile_declarations(desk.store))
    except Exception:
        log.exception("the declarations could not be compiled")
        return False
    with desk.store.write() as connection:
        connection.execute(delete(compiled_table))
        connection.execute(insert(compiled_table).values(program=program, body=body))
    return True


@contextlib.contextmanager
def _sent(store: Store) -> Iterator[list[tuple[str, tuple[Any, ...], list[str]]]]:
    sent: list[tuple[str, tuple[Any, ...], list[str]]] = []

    asking = threading.get_ident()  # others may read at the same time

    def look(_connection: Any, cursor: Any, sql: str, values: Any, *_rest: Any) -> None:
        if sql.startswith("SELECT") and threading.get_ident() == asking:
            sent.append((sql, tuple(values), [column[0] for column in cursor.description]))

    event.listen(store.engine, "after_cursor_execute", look)
    try:
        yield sent
    finally:
        event.remove(store.engine, "after_cursor_execute", look)
