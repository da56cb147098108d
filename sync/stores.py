"""Opening stores: SQLCipher at a branch, SQLite or MariaDB at the centre.

A branch store is encrypted with a raw 32-byte key, which the caller takes from the operating system's keyring
(0.8 ms to open; a passphrase would cost 150 ms a connection). All SQLite stores run in WAL mode with
``synchronous=FULL``: what was confirmed on screen is on the disk.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool
from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.errors import UnavailableError
from domain.kernel.store import Store

BUSY_TIMEOUT_MS = 15_000
CACHE_KIB = 16 * 1024


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
    return _checked(Store(_sqlite_engine(path, key)))


def open_embedded_store(path: Path) -> Store:
    """Open (or create) the centre's store on one machine: SQLite, protected by the server's disk encryption."""
    return _checked(Store(_sqlite_engine(path, None)))


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


def open_centre_store(address: str) -> Store:
    """Open the centre's store from its setting: a MySQL URL, or the path of an embedded one."""
    return open_mysql_store(address) if "://" in address else open_embedded_store(Path(address))


def _sqlite_engine(path: Path, key: bytes | None) -> Engine:
    def connect() -> Any:
        connection = sqlcipher.connect(str(path), check_same_thread=False, isolation_level=None)
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
    )


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
