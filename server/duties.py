"""Work that one process of a centre does at a time, whatever machine it runs on: whoever holds a duty's post does it.

On one machine a post is a lock on a file of the data folder, with a database server it is a lock of that server
(``GET_LOCK``) on a connection of its own. A process that dies, or whose machine is cut off, loses its posts within
`SILENT_S`, and another that waits for them takes over. Between the loss and its being noticed two may do the same
for a moment: what they do is proof against it (cursors that are held, messages that are marked before they go).
"""

import contextlib
import dataclasses
import fcntl
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from domain.kernel.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
SILENT_S = 30
"""After so long without a word the database server takes a post back; its holder speaks every `LOOK_EVERY_S`."""
ANSWER_S = 8
"""A database that has not answered for so long is away: the holder stops before the server gives the post away."""


class Post(Protocol):
    """Something one process of a centre can hold."""

    def take(self) -> bool:
        """Take it if nobody holds it; tells whether it is ours now."""

    def held(self) -> bool:
        """Tell whether it is still ours."""

    def leave(self) -> None:
        """Let go; safe when it is not held."""


class FilePost:
    """A post among the processes of one machine: a lock on a file, which ends with its process however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def held(self) -> bool:
        return self._descriptor is not None

    def leave(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class ServerPost:
    """A post among all processes on one database of a MariaDB server."""

    def __init__(self, store: Store, name: str) -> None:
        url = store.engine.url
        # The name is one for the whole server, whose other databases may be centres too; 64 characters at most.
        self._name = f"aftercheck.{(url.database or '')[-36:]}.{name}"
        self._engine = create_engine(
            url, poolclass=NullPool, hide_parameters=True, isolation_level="AUTOCOMMIT",
            connect_args={
                "charset": "utf8mb4", "connect_timeout": ANSWER_S,
                "read_timeout": ANSWER_S, "write_timeout": ANSWER_S,
            },
        )  # fmt: skip
        self._connection: Connection | None = None

    def take(self) -> bool:
        connection: Connection | None = None
        try:
            connection = self._engine.connect()
            connection.execute(text("SET SESSION wait_timeout = :silent"), {"silent": SILENT_S})
            if connection.execute(text("SELECT GET_LOCK(:name, 0)"), {"name": self._name}).scalar() == 1:
                self._connection, connection = connection, None
                return True
        except SQLAlchemyError as error:
            log.warning("duty cannot be asked for", extra={"code": type(error).__name__})
        finally:
            _dropped(connection)
        return False

    def held(self) -> bool:
        if self._connection is None:
            return False
        asked = text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()")
        try:
            return bool(self._connection.execute(asked, {"name": self._name}).scalar())
        except SQLAlchemyError:
            return False

    def leave(self) -> None:
        connection, self._connection = self._connection, None
        _dropped(connection)


def _dropped(connection: Connection | None) -> None:
    """Close a connection, and with it what it holds; one that is broken already is no matter."""
    if connection is not None:
        with contextlib.suppress(SQLAlchemyError, OSError):
            connection.close()


@dataclasses.dataclass(slots=True)
class Duty:
    """Something to be done by whoever holds its post."""

    name: str
    post: Post
    begin: Callable[[], object]
    end: Callable[[], object]
    on: bool = False
    looks: int = 0


class Duties:
    """Holds what posts it can get, begins and ends their work, in a thread.

    Args:
        duties: In the order in which they are taken.
        share: Others wait for the same posts: who holds some lets one look pass for each before it takes another,
            so that several processes come to divide them.
        look_every_s: Time between two looks.
    """

    def __init__(self, duties: Sequence[Duty], *, share: bool, look_every_s: float = LOOK_EVERY_S) -> None:
        self._duties = list(duties)
        self._share = share
        self._look_every_s = look_every_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take what is free now, and go on looking."""
        if self._thread is None:
            self._stopping.clear()
            self.look()
            self._thread = threading.Thread(target=self._loop, name="duties", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the work that is held and let go of it. Safe to call twice, or when never started."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for duty in reversed(self._duties):
            if duty.on:
                self._end(duty)

    def held(self) -> list[str]:
        """Return the names of the duties this process does."""
        return [duty.name for duty in self._duties if duty.on]

    def look(self) -> None:
        """Let go of what was lost and take what is free."""
        for duty in self._duties:
            if duty.on and not duty.post.held():
                log.warning("duty lost", extra={"duty": duty.name})
                self._end(duty)
            elif not duty.on:
                self._seek(duty)

    def _seek(self, duty: Duty) -> None:
        duty.looks += 1
        if self._share and duty.looks <= len(self.held()):
            return
        duty.looks = 0
        if duty.post.take():
            log.info("duty taken", extra={"duty": duty.name})
            duty.on = True
            try:
                duty.begin()
            except BaseException:
                self._end(duty)  # somebody else may be able to
                raise

    def _end(self, duty: Duty) -> None:
        duty.end()
        duty.post.leave()
        duty.on = False

    def _loop(self) -> None:
        while not self._stopping.wait(self._look_every_s):
            try:
                self.look()
            except Exception:  # the edge: a bug in one duty's beginning must not keep the posts unwatched
                log.exception("duties failed")
