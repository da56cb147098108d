"""A store that lies in the clear becomes an encrypted one: on a copy, compared row by row, and then in its place."""

import os
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.store import cause_of
from sync.blobs import sync_directory
from sync.failpoints import reached

_CLEAR = b"SQLite format 3\x00"


def lies_in_the_clear(path: Path) -> bool:
    """Tell whether a file is a SQLite store without encryption; False where there is none."""
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(len(_CLEAR)) == _CLEAR
    except FileNotFoundError:
        return False


def seal_store(path: Path, key: bytes) -> int:
    """Encrypt a store in the clear under a raw key and return how many rows it has; nobody else may work on it.

    A crash leaves the store as it was, or encrypted; what was begun is begun anew. It needs the room of
    the store once more.

    Raises:
        DomainError: ``store.not_in_clear``.
        UnavailableError: ``store.in_use``, ``store.disk_full`` and the like, ``store.copy_differs``.
    """
    if not lies_in_the_clear(path):
        raise DomainError("store.not_in_clear", path=str(path))
    copy = path.with_name(f"{path.name}.sealed")
    copy.unlink(missing_ok=True)
    raw = sqlcipher.connect(str(path), isolation_level=None, timeout=1)
    try:
        rows = _copied(raw, copy, key)
    except sqlcipher.DatabaseError as error:
        if "locked" in str(error):
            raise UnavailableError("store.in_use", path=str(path)) from error
        raise UnavailableError(cause_of(str(error)) or "store.damaged") from error
    finally:
        raw.close()
    with copy.open("rb+") as file:
        os.fsync(file.fileno())
    reached("store-sealed")
    for left in ("-wal", "-shm"):
        path.with_name(path.name + left).unlink(missing_ok=True)  # empty since the checkpoint
    copy.replace(path)
    sync_directory(path.parent)
    return rows


def _copied(raw: Any, copy: Path, key: bytes) -> int:
    raw.execute("PRAGMA temp_store = MEMORY")
    raw.execute(
        "PRAGMA locking_mode = EXCLUSIVE"
    )  # held until the connection closes: nobody writes meanwhile
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw.execute("PRAGMA journal_mode = DELETE").fetchall()
    raw.execute("BEGIN EXCLUSIVE")
    raw.execute("COMMIT")
    raw.execute("ATTACH ? AS sealed KEY ?", [str(copy), f"x'{key.hex()}'"])
    raw.execute("SELECT sqlcipher_export('sealed')").fetchall()
    for name in ("user_version", "application_id"):
        (value,) = raw.execute(f"PRAGMA main.{name}").fetchone()
        raw.execute(f"PRAGMA sealed.{name} = {int(value)}")
    checks = [row[0] for row in raw.execute("PRAGMA sealed.quick_check")]
    if checks != ["ok"] or _said(raw, "main") != _said(raw, "sealed"):
        raise UnavailableError("store.copy_differs")
    rows = 0
    for name, sql in _said(raw, "main"):
        if sql and sql.startswith("CREATE TABLE"):
            count, differing = _compared(raw, name)
            rows += count
            if differing:
                raise UnavailableError("store.copy_differs")
    return rows


def _said(raw: Any, schema: str) -> list[tuple[str, str | None]]:
    query = f"SELECT name, sql FROM {schema}.sqlite_master ORDER BY name"  # noqa: S608 (ours)
    return [(row[0], row[1]) for row in raw.execute(query)]


def _compared(raw: Any, table: str) -> tuple[int, int]:
    """Return the rows of a table and how many of both sides have no equal under the same row id or key."""
    described = list(raw.execute(f'PRAGMA main.table_info("{table}")'))
    columns = [row[1] for row in described]
    keys = [row[1] for row in sorted(described, key=lambda row: row[5]) if row[5]]
    same = " AND ".join(f'a."{name}" IS b."{name}"' for name in keys)
    try:
        raw.execute(f'SELECT rowid FROM main."{table}" LIMIT 1').fetchall()  # noqa: S608 (ours)
        same = "a.rowid = b.rowid"
    except sqlcipher.OperationalError:  # made without row ids: it has a key
        pass
    equal = " AND ".join(f'a."{name}" IS b."{name}"' for name in columns)
    (count,) = raw.execute(f'SELECT count(*) FROM main."{table}"').fetchone()  # noqa: S608 (ours)
    (copied,) = raw.execute(f'SELECT count(*) FROM sealed."{table}"').fetchone()  # noqa: S608 (ours)
    query = f'SELECT count(*) FROM main."{table}" a JOIN sealed."{table}" b ON {same} WHERE {equal}'  # noqa: S608
    (matching,) = raw.execute(query).fetchone()
    return int(count), abs(count - copied) + abs(count - matching)
