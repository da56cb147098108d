"""Looking into the stores from outside, while the programs work: what is there, and whether both sides agree."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from domain import features
from domain.kernel.store import Store
from server.settings import Settings
from server.storage_key import open_store
from sync.blobs import BlobStore
from sync.digest import store_digest
from sync.sealed_files import derived_key
from sync.stores import open_branch_store

CATALOGUE = uuid.UUID(int=0)
_LOADED: list[str] = []


@contextmanager
def branch(home: Path, key_file: Path) -> Iterator[Connection]:
    """Yield a connection to a workstation's encrypted store."""
    _load()
    key = bytes.fromhex(key_file.read_text("ascii").strip())
    store = open_branch_store(home / "branch.db", key)
    yield from _reading(store)


def file_of(home: Path, key_file: Path, sha256: str) -> bytes | None:
    """Return the plain bytes of a file that lies sealed at a workstation; None while it is not there."""
    key = bytes.fromhex(key_file.read_text("ascii").strip())
    kept = BlobStore(home / "blobs", derived_key(key, "files"))
    return kept.get(sha256) if kept.has(sha256) else None


@contextmanager
def centre(home: Path) -> Iterator[Connection]:
    """Yield a connection to the centre's store."""
    _load()
    yield from _reading(open_store(Settings(data_dir=home)))


def _load() -> None:
    if not _LOADED:
        _LOADED.extend(features.load("records"))


def _reading(store: Store) -> Iterator[Connection]:
    try:
        with store.read() as connection:
            yield connection
    finally:
        store.close()


def digest(connection: Connection, orgs: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Return count and digest of every shared table for organisations and the catalogue."""
    return store_digest(connection, [*map(uuid.UUID, orgs), CATALOGUE])


def differences(mine: dict[str, tuple[int, str]], theirs: dict[str, tuple[int, str]]) -> list[str]:
    """Return the tables that do not agree, with both counts."""
    names = sorted(mine.keys() | theirs.keys())
    return [f"{n}: {mine.get(n)} / {theirs.get(n)}" for n in names if mine.get(n) != theirs.get(n)]


def one(connection: Connection, sql: str, **values: Any) -> Any:
    """Return the first row of a query, or None."""
    return connection.execute(text(sql), values).first()


def count(connection: Connection, table: str, where: str = "1 = 1", **values: Any) -> int:
    """Return how many rows of a table meet a condition."""
    found: int = connection.execute(text(f"SELECT count(*) FROM {table} WHERE {where}"), values).scalar_one()
    return found


def rows(connection: Connection, sql: str, **values: Any) -> list[Any]:
    """Return every row of a query."""
    return list(connection.execute(text(sql), values).all())
