"""Statements whose text is made once: what every command runs, without SQLAlchemy's work for each execution.

A statement is built from the declared tables, so a column they do not have is refused when it is built; its text
is compiled once for each dialect. It runs on the cursor of the connection it is given, inside that connection's
transaction: locks, rollback and the guard's triggers are those of every other statement. Values go in and come out
in their stored form (see `domain.kernel.columns`).
"""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    Select,
    Table,
    bindparam,
    select,
)
from sqlalchemy.exc import DBAPIError

Values = tuple[Any, ...]
_NAMED = re.compile(r"%\(([^)]+)\)s")


class Prepared:
    """One statement.

    Args:
        statement: Built with SQLAlchemy Core; what is given at each run is a ``bindparam`` of that name. Lists of
            a length that is known only then (``IN``) are refused.
        columns: Of an INSERT, the columns to be given.
    """

    def __init__(self, statement: Executable, columns: Sequence[str] | None = None) -> None:
        self._statement: Any = statement
        self._columns = columns
        self._made: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {}

    def text(self, dialect: Dialect) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """Return the SQL, the names of its parameters in order, and the values of those that are fixed."""
        made = self._made.get(dialect.name)
        if made is None:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
            if "POSTCOMPILE" in compiled.string:
                raise ValueError("a prepared statement has parameters of a fixed number")
            text, names = _by_position(compiled.string, compiled.positiontup)
            fixed = {name: compiled.binds[name].value for name in names if not compiled.binds[name].required}
            made = self._made[dialect.name] = (text, names, fixed)
        return made

    def rows(self, connection: Connection, **values: Any) -> list[Values]:
        """Run it and return its rows."""
        return self._fetched(connection, *self._arguments(connection, values))

    def of(self, connection: Connection, arguments: Sequence[Any]) -> list[Values]:
        """Run it with all its parameters, which are in the order of `text`, and return its rows."""
        return self._fetched(connection, self.text(connection.dialect)[0], arguments)

    @staticmethod
    def _fetched(connection: Connection, text: str, arguments: Sequence[Any]) -> list[Values]:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(text, arguments)
            return list(cursor.fetchall())
        except Exception as error:
            _tell(connection, cursor, text, error)
            raise
        finally:
            cursor.close()

    def first(self, connection: Connection, **values: Any) -> Values | None:
        """Run it and return its first row, None if there is none."""
        found = self.rows(connection, **values)
        return found[0] if found else None

    def run(self, connection: Connection, **values: Any) -> int:
        """Run it and return how many rows it touched."""
        text, arguments = self._arguments(connection, values)
        return _run(connection, text, arguments)

    def many(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Run it once for each row of parameters, which are in the order of `text`."""
        text = self.text(connection.dialect)[0]
        if len(rows) == 1:
            _run(connection, text, rows[0])
        else:
            _run(connection, text, rows, many=True)

    def _arguments(self, connection: Connection, values: dict[str, Any]) -> tuple[str, list[Any]]:
        text, names, fixed = self.text(connection.dialect)
        return text, [values[n] if n in values else fixed[n] for n in names]


class Among:
    """A SELECT of the rows whose `key` is one of some values, for lists of any length.

    Lists are cut, and filled up by their last value to one of a few lengths, so the texts are few and stay prepared.

    Args:
        columns: What is read, or the SELECT that reads it from several tables.
        key: The column that is looked for.
        lock: Hold what is found until the commit (where writers run side by side; SQLite has one alone).
    """

    _LENGTHS = (1, 8, 64, 400)

    def __init__(
        self, columns: Sequence[Column[Any]] | Select[Any], key: ColumnElement[Any], *, lock: bool = False
    ) -> None:
        query = columns if isinstance(columns, Select) else select(*columns)
        self._made = {n: Prepared(_selected(query, key, n, lock=lock)) for n in self._LENGTHS}

    def rows(self, connection: Connection, wanted: Iterable[Any]) -> Iterator[Values]:
        """Yield the rows for stored values of the key, by the key within each piece of the list."""
        keys = list(wanted)
        most = self._LENGTHS[-1]
        for start in range(0, len(keys), most):
            piece = keys[start : start + most]
            length = next(n for n in self._LENGTHS if n >= len(piece))
            piece += [piece[-1]] * (length - len(piece))
            yield from self._made[length].of(connection, piece)


def among(record: type[Any], columns: Sequence[str]) -> Among:
    """Return the SELECT of some columns of a record, by the first of them."""
    table: Table = record.__table__
    found = [table.columns[name] for name in columns]
    return Among(found, found[0])


def _selected(query: Select[Any], key: ColumnElement[Any], count: int, *, lock: bool) -> Executable:
    query = query.where(key.in_([bindparam(f"key{n}") for n in range(count)])).order_by(key)
    return query.with_for_update() if lock else query


@functools.cache
def insert_into(table: Table) -> Prepared:
    """Return the statement that writes rows of all columns of `table`, in their order."""
    return Prepared(table.insert().inline(), [column.name for column in table.columns])


def _by_position(text: str, names: Sequence[str] | None) -> tuple[str, tuple[str, ...]]:
    """Return a statement with its parameters by position, and their names; MariaDB's driver has them by name."""
    if names is not None:
        return text, tuple(names)
    return _NAMED.sub("%s", text), tuple(_NAMED.findall(text))


def write_rows(connection: Connection, text: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement once for each row of stored values; its text is the caller's, by the driver's own marks."""
    _run(connection, text, rows, many=True)


def run_text(connection: Connection, text: str) -> None:
    """Run a statement that is no query and has no parameters."""
    _run(connection, text, ())


def _run(connection: Connection, text: str, arguments: Sequence[Any], *, many: bool = False) -> int:
    cursor = connection.connection.cursor()
    try:
        if many:
            cursor.executemany(text, arguments)
        else:
            cursor.execute(text, arguments)
        return int(cursor.rowcount)
    except Exception as error:
        _tell(connection, cursor, text, error)
        raise
    finally:
        cursor.close()


def _tell(connection: Connection, cursor: Any, text: str, error: Exception) -> None:
    """Raise what SQLAlchemy would raise for what the driver said; another error is the caller's."""
    driver: Any = connection.dialect.loaded_dbapi
    if not isinstance(error, driver.Error):
        return
    gone = connection.dialect.is_disconnect(error, connection.connection, cursor)
    if gone:
        connection.invalidate(error)
    raise DBAPIError.instance(
        text, None, error, driver.Error, hide_parameters=True, connection_invalidated=gone,
        dialect=connection.dialect,
    ) from error  # fmt: skip
