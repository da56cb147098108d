"""Opening stores: SQLCipher at a branch, SQLite or MariaDB at the centre.

A branch store is encrypted with a raw 32-byte key, which the caller takes from the operating system's keyring
(0.8 ms to open; a passphrase would cost 150 ms a connection). All SQLite stores run in WAL mode with
``synchronous=FULL``: what was confirmed on screen is on the disk.
"""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool
from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.errors import UnavailableError
from domain.kernel.store import Store, cause_of

BUSY_TIMEOUT_MS = 15_000
CACHE_KIB = 16 * 1024
STATEMENTS = 400
"""Statements a connection keeps ready; the commands of a day are fewer."""

# The driver looks an adapter up for each value it binds that is no plain number or text, and finding none takes it
# five times as long as calling one. Ids and empty fields are half of what we bind; these say the same to SQLite.
sqlcipher.register_adapter(bytes, bytearray)
sqlcipher.register_adapter(bool, int)
sqlcipher.register_adapter(type(None), {}.get)


class FileStore(Store):
    """A store that is one file, encrypted with `key` if there is one."""

    def __init__(self, path: Path, key: bytes | None) -> None:
        super().__init__(_sqlite_engine(path, key))
        self.path = path
        self._key = key

    @property
    def files_key(self) -> bytes | None:
        """What the files beside this store are sealed under; None for a store in the clear."""
        from sync.sealed_files import derived_key  # not needed to open a store

        return None if self._key is None else derived_key(self._key, "files")

    def copy_to(self, target: Path) -> None:
        """Copy the store, whole and as of one moment, into `target` under the same key; other work goes on.

        The copy is read from end to end and compared with the store before it takes its name, so a file of
        that name is always a store that opens. An earlier one is replaced.

        Raises:
            UnavailableError: ``store.disk_full`` and the like, ``store.copy_differs``; nothing is left behind.
        """
        from sync.blobs import sync_directory  # not needed to open a store

        unfinished = target.with_name(f"{target.name}.part")
        try:
            with self.read() as connection:
                # The moment is that of the first look: without one, what others commit meanwhile would be in the
                # store when it is compared, and not in the copy.
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
                unfinished.unlink(missing_ok=True)
                copy = FileStore(unfinished, self._key)
                try:
                    copy._take(connection)
                finally:
                    copy.close()
            with unfinished.open("rb+") as file:
                os.fsync(file.fileno())
            unfinished.replace(target)
            sync_directory(target.parent)
        except BaseException:
            for left in unfinished.parent.glob(f"{unfinished.name}*"):
                left.unlink(missing_ok=True)
            raise

    def _take(self, source: Connection) -> None:
        with self.engine.connect() as connection:
            mine, theirs = _raw(connection), _raw(source)
            try:
                theirs.backup(mine)
                mine.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
                checks = [row[0] for row in mine.execute("PRAGMA quick_check")]
                same = checks == ["ok"] and _measure(mine) == _measure(theirs)
            except sqlcipher.DatabaseError as error:
                raise UnavailableError(cause_of(str(error)) or "store.damaged") from error
        if not same:
            raise UnavailableError("store.copy_differs")


def open_branch_store(path: Path, key: bytes) -> Store:
    """Open (or create) the encrypted store of a workstation.

    Args:
        path: Database file; its folder exists.
        key: 32 random bytes.

    Raises:
        UnavailableError: ``store.wrong_key`` (other key, or not a store of ours), ``store.damaged``.
    """
    if len(key) != 32:
        raise ValueError("a store key has 32 bytes")
    return _checked(FileStore(path, key))


def open_embedded_store(path: Path, key: bytes | None = None) -> Store:
    """Open (or create) the centre's store on one machine: SQLite, encrypted if there is a key of 32 bytes."""
    return _checked(FileStore(path, key))


def open_mysql_store(url: str) -> Store:
    """Open the centre's store on MariaDB or MySQL, e.g. ``mysql+pymysql://user:secret@host/aftercheck``."""
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={"charset": "utf8mb4", "connect_timeout": 10},
    )
    return _checked(Store(engine))


def open_centre_store(address: str, key: bytes | None = None) -> Store:
    """Open the centre's store from its setting: a MySQL URL, or the path of an embedded one and its key."""
    return open_mysql_store(address) if "://" in address else open_embedded_store(Path(address), key)


def _sqlite_engine(path: Path, key: bytes | None) -> Engine:
    def connect() -> Any:
        connection = sqlcipher.connect(
            str(path), check_same_thread=False, isolation_level=None, cached_statements=STATEMENTS
        )
        cursor = connection.cursor()
        if key is not None:
            cursor.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = FAST",
            "temp_store = MEMORY",
            f"cache_size = -{CACHE_KIB}",
        ):
            try:
                cursor.execute(f"PRAGMA {pragma}")
            except sqlcipher.DatabaseError:
                connection.close()
                raise
        cursor.close()
        return connection

    return create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        module=sqlcipher,
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=8,
        hide_parameters=True,
    )


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _measure(raw: Any) -> list[tuple[Any, ...]]:
    """Return what two copies of one moment have in common: their tables, their version, the end of their log."""
    found = [tuple(row) for row in raw.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name")]
    for table in ("alembic_version", "log_head"):
        if any(name == table for _, name, _ in found):
            found += [tuple(row) for row in raw.execute(f"SELECT * FROM {table}")]  # noqa: S608 (ours)
    return found


def _checked(store: Store) -> Store:
    try:
        with store.read() as connection:
            connection.exec_driver_sql(
                "SELECT 1" if not store.is_sqlite else "SELECT count(*) FROM sqlite_master"
            )
    except UnavailableError:
        store.close()
        raise
    return store
