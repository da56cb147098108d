"""Bringing a store to this program's shape: migrations, the guard, and the first row of the log.

A store that is up to date is recognised by one query; Alembic (0.7 s to import) is loaded only for work. A
store of a newer program is refused: an older one must not write into it.

A store in a file is copied, and the copy verified, before anything in it is changed; the whole migration is then one
transaction, so one that fails leaves the store as it was, for the older program to go on with. On MariaDB, which
commits each statement by itself, the steps may be taken twice (`sync.migrations.steps`) and the operator makes the
backup; one process at a time migrates.
"""

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, select, text

from domain.kernel.change_log import log_head
from domain.kernel.errors import UnavailableError
from domain.kernel.store import Store
from sync.extra import adopt_extra
from sync.guard import install_guard
from sync.stores import FileStore

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"
_LONGEST_S = 600
COPY_KEPT = timedelta(days=30)
MIGRATIONS = Path(__file__).parent / "migrations"


def prepare_store(store: Store) -> bool:
    """Migrate `store` if it is older than this program; returns whether anything was done.

    Raises:
        UnavailableError: ``store.newer`` when the store was written by a newer program.
    """
    with store.read() as connection:
        found = current_version(connection)
    if found == HEAD:
        _let_go_of_copy(store)
        return False
    if found is not None and found not in known_versions():
        raise UnavailableError("store.newer", found=found, known=HEAD)
    upgrade(store, "head")
    return True


def copy_before(store: FileStore) -> Path:
    """Return where the copy lies that is made of a store before it is migrated to this program's shape."""
    return store.path.with_name(f"{store.path.stem}.before-{HEAD}{store.path.suffix}")


def _let_go_of_copy(store: Store) -> None:
    """Remove the copy of the last upgrade after a month: it holds what the store may have had to forget since."""
    if not isinstance(store, FileStore):
        return
    copy = copy_before(store)
    with contextlib.suppress(OSError):  # none, or one that cannot be removed now: the next start tries again
        if time.time() - copy.stat().st_mtime > COPY_KEPT.total_seconds():
            copy.unlink()


def current_version(connection: Connection) -> str | None:
    """Return the migration a store is at, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def known_versions() -> list[str]:
    """Return the migrations this program has, oldest first."""
    return sorted(p.name.partition("_")[0] for p in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def upgrade(store: Store, target: str) -> None:
    """Run migrations up to `target`, then put the guard in place again."""
    from alembic import command

    with store.write() as connection, _alone(connection):
        found = current_version(connection)
        if found == HEAD:
            return  # another process was faster
        if isinstance(store, FileStore) and found is not None:
            store.copy_to(copy_before(store))  # under the write door: nothing is committed after the copy
        command.upgrade(alembic_config(connection), target)
        if connection.execute(select(log_head.c.id)).scalar() is None:
            connection.execute(log_head.insert(), {"id": 1, "position": 0, "dev_seq": 0})
        if current_version(connection) == HEAD:
            adopt_extra(connection)  # what is declared has its columns only now
        install_guard(connection)


@contextlib.contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold the one right to migrate a MariaDB store; on SQLite the write door is that."""
    if connection.dialect.name == "sqlite":
        yield
        return
    name = "LEFT(CONCAT('aftercheck migration ', DATABASE()), 64)"
    if connection.execute(text(f"SELECT GET_LOCK({name}, {_LONGEST_S})")).scalar() != 1:
        raise UnavailableError("store.busy")
    try:
        yield
    finally:
        connection.execute(text(f"SELECT RELEASE_LOCK({name})"))


def alembic_config(connection: Connection) -> "Config":
    """Return Alembic's configuration for one connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
