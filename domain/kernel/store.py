"""A store: one database of ours, at a branch or at the centre, with one door for writing.

Reading takes connections from a pool and never waits for a writer (WAL, or InnoDB's versions). Writing takes
the one write door: on SQLite a transaction that begins IMMEDIATE, on MariaDB one that is armed, so that the
guard triggers refuse every write that did not come through here.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from domain.kernel.checkpoints import Checkpoints
from domain.kernel.door import Door
from domain.kernel.errors import UnavailableError
from domain.kernel.prepared import run_text

Bell = Callable[[int], None]
_ARMED = "aftercheck_writer"


class Store:
    """One database. `engine` is made by `sync.stores`, which knows paths, keys and servers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = Door()
        self._bells: list[Bell] = []
        self._watchers: list[Callable[[], None]] = []
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._checkpoints = Checkpoints(engine)
        if self.is_sqlite:
            event.listen(engine, "connect", self._on_connect)

    def _on_connect(self, dbapi_connection: Any, record: Any) -> None:
        # The guard triggers call this function; a connection of another program lacks it and fails loudly. They call
        # it for each row, so it is the length of a list, which has an element while the connection is the writer's.
        armed: list[bool] = []
        record.info[_ARMED] = armed
        dbapi_connection.create_function("aftercheck_writer", 0, armed.__len__)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection with a steady view of the store; nothing can be written through it."""
        with translated(), self.engine.connect() as connection:
            connection.begin()
            if self.is_sqlite:
                run_text(connection, "BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextlib.contextmanager
    def write(self, *, bulk: bool = False) -> Iterator[Connection]:
        """Yield the one writing connection in a transaction: commits at the end, or rolls all of it back.

        Args:
            bulk: Many rows will be written; see `domain.kernel.checkpoints`.
        """
        with self._writer() as connection, self._transaction(connection, bulk=bulk):
            yield connection

    @contextlib.contextmanager
    def write_from(self, file: Path, key: str = "") -> Iterator[Connection]:
        """Yield the writing connection as `write` does, with another SQLite file to read from as schema ``part``.

        For stores that are a file themselves. Whoever calls has looked into the file: its schema is trusted.

        Args:
            file: Never changed by anybody.
            key: What it is encrypted with, as SQLCipher takes it; empty for none, whatever that of the store is.
        """
        with self._writer() as connection, _attached(connection, file, key), self._transaction(connection):
            yield connection

    def is_waited_for(self) -> bool:
        """Tell whoever writes whether somebody else waits to: who writes for long may commit and begin again."""
        return self.is_sqlite and self._writing.is_waited_for()

    @contextlib.contextmanager
    def _writer(self) -> Iterator[Connection]:
        for look in self._watchers:
            look()
        with translated(), self._door(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, connection: Connection, *, bulk: bool = False) -> Iterator[None]:
        before = self._checkpoints.begin(connection) if bulk and self.is_sqlite else None
        self._begin(connection)
        try:
            yield
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            self._end(connection, before)

    @contextlib.contextmanager
    def _door(self) -> Iterator[None]:
        # On one machine writers queue here rather than in SQLite's busy handler, which is not fair.
        if not self.is_sqlite:
            yield
            return
        with self._writing:
            yield

    def _begin(self, connection: Connection) -> None:
        # SQLAlchemy has to know of it: statements that run past it (`prepared`) would not be committed otherwise.
        connection.begin()
        if self.is_sqlite:
            run_text(connection, "BEGIN IMMEDIATE")
            connection.info[_ARMED].append(True)
        else:
            run_text(connection, "SET @aftercheck_writer = 1")

    def _end(self, connection: Connection, before: int | None) -> None:
        if connection.closed or connection.invalidated:
            return
        if self.is_sqlite:
            connection.info[_ARMED].clear()
            if before is not None:
                self._checkpoints.end(connection, before)
        else:
            run_text(connection, "SET @aftercheck_writer = NULL")

    def on_write(self, look: Callable[[], None]) -> Callable[[], None]:
        """Call `look()` on the thread that is about to write; returns a function that stops it."""
        self._watchers.append(look)
        return lambda: self._watchers.remove(look)

    def on_commit(self, bell: Bell) -> Callable[[], None]:
        """Call `bell(position)` after each commit that wrote to the log; returns a function that stops it.

        Called on the writer's thread: a bell wakes somebody up and returns.
        """
        self._bells.append(bell)
        return lambda: self._bells.remove(bell)

    def ring(self, position: int) -> None:
        """Tell the readers of the log that it has grown."""
        for bell in list(self._bells):
            bell(position)

    def close(self) -> None:
        self._checkpoints.close()
        self.engine.dispose()


@contextlib.contextmanager
def _attached(connection: Connection, file: Path, key: str) -> Iterator[None]:
    address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
    raw: Any = connection.connection.driver_connection
    try:
        raw.execute("ATTACH ? AS part KEY ?", (address, key))
    except raw.DatabaseError as error:
        raise UnavailableError(cause_of(str(error)) or "store.damaged") from error
    try:
        yield
    finally:
        try:
            raw.execute("DETACH part")
        except raw.Error:  # nobody is to find it there: the pool opens another connection
            connection.invalidate()


_CAUSES = (
    ("disk is full", "store.disk_full"),
    ("is full", "store.disk_full"),
    ("not a database", "store.wrong_key"),
    ("malformed", "store.damaged"),
    ("disk i/o error", "store.damaged"),
    ("hmac", "store.damaged"),
    ("readonly", "store.read_only"),
    ("read-only", "store.read_only"),
    ("locked", "store.busy"),
    ("unable to open", "store.cannot_open"),
    ("can't connect", "store.unreachable"),
    ("lost connection", "store.unreachable"),
    ("gone away", "store.unreachable"),
)


def cause_of(said: str) -> str | None:
    """Return the code for what a database says of its disk, its key or its server; None for anything else."""
    return next((code for words, code in _CAUSES if words in said.lower()), None)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what a database says of its disk, its key or its server into an `UnavailableError`."""
    try:
        yield
    except DBAPIError as error:
        code = cause_of(str(error.orig))
        if code is not None:
            raise UnavailableError(code) from error
        if isinstance(error, OperationalError) and error.connection_invalidated:
            raise UnavailableError("store.unreachable") from error
        raise
