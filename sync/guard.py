"""The guard: triggers that refuse every write to a shared table that did not come through a unit of work.

Raw SQL, bulk statements and consoles would change rows without a log entry, and no reader would ever know. On
SQLite the triggers ask a function that only our connections have; on MariaDB a variable of the session.
"""

import contextlib
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, Table, inspect, text

from domain.kernel.change_log import change_log
from domain.kernel.record import Record, is_shared

_EVENTS = ("INSERT", "UPDATE", "DELETE")
MESSAGE = "aftercheck: change records in a unit of work"


def guarded_tables() -> list[Table]:
    """Return the tables under guard: what sync carries, and the log itself."""
    return [t for t in Record.metadata.sorted_tables if is_shared(t) or t is change_log]


def install_guard(connection: Connection) -> None:
    """Create the triggers anew; needed after each migration. The caller commits.

    A store on its way to this program's shape has not all tables yet.
    """
    there = set(inspect(connection).get_table_names())
    for table in (t for t in guarded_tables() if t.name in there):
        _lift(connection, table)
        _guard(connection, table)


@contextlib.contextmanager
def lifted(connection: Connection, names: Collection[str]) -> Iterator[None]:
    """Let the writer fill some tables of a SQLite store without being asked for each row.

    The guard goes and comes back in the writer's transaction: nobody else ever sees a table without it, and whatever
    ends the transaction early brings it back.
    """
    tables = [table for table in guarded_tables() if table.name in names]
    for table in tables:
        _lift(connection, table)
    yield
    for table in tables:
        _guard(connection, table)


def _lift(connection: Connection, table: Table) -> None:
    for event in _EVENTS:
        connection.execute(text(f"DROP TRIGGER IF EXISTS {_name(table, event)}"))


def _guard(connection: Connection, table: Table) -> None:
    made = _sqlite if connection.dialect.name == "sqlite" else _mysql
    for event in _EVENTS:
        connection.execute(text(made(_name(table, event), event, table)))


def _name(table: Table, event: str) -> str:
    return f"guard_{table.name}_{event.lower()}"


def _sqlite(name: str, event: str, table: Table) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table.name} WHEN aftercheck_writer() = 0 "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    )


def _mysql(name: str, event: str, table: Table) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table.name} FOR EACH ROW "
        f"IF @aftercheck_writer IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{MESSAGE}'; END IF"
    )
