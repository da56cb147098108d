"""The store from end to end: SQLite's own quick check, table by table, so that it can say how far it is and stop."""

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from domain.kernel.store import Store
from sync.diagnosis.looking import Check, Finding, Level, Place, Watch

STEPS = 200_000
"""Steps of SQLite's machine between two looks at whether to stop: some milliseconds."""
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name"


def look(place: Place, watch: Watch) -> Sequence[Finding]:
    """Check every table with its indexes; a store in MariaDB is asked for one row."""
    store = place.store
    if store is None:
        return []
    with store.read() as connection:
        if not store.is_sqlite:
            connection.exec_driver_sql("SELECT 1")
            return [Finding("store", Level.OK, "diagnosis.store.opens")]
        names = [row[0] for row in connection.exec_driver_sql(TABLES)]
    broken = 0
    for done, name in enumerate(names):
        if watch.stopped():
            return []
        watch.tell(done, len(names))
        sound = _sound(store, name, watch)
        if sound is None:
            return []
        broken += not sound
    watch.tell(len(names), len(names))
    if broken:
        return [Finding("store", Level.BAD, "diagnosis.store.damaged", {"count": broken})]
    return [Finding("store", Level.OK, "diagnosis.store.ok", {"count": len(names)})]


def _sound(store: Store, name: str, watch: Watch) -> bool | None:
    """Return whether a table is sound, None when it was stopped; one view a table, so that the log can be copied."""
    with store.read() as connection:
        raw = connection.connection.driver_connection
        raw.set_progress_handler(lambda: int(watch.stopped()), STEPS)  # type: ignore[union-attr]
        try:
            return _checked(connection, name)
        except DBAPIError:  # a page that cannot be read, or our own interruption
            return None if watch.stopped() else False
        finally:
            raw.set_progress_handler(None, STEPS)  # type: ignore[union-attr]


def _checked(connection: Connection, name: str) -> bool:
    quoted = name.replace('"', '""')
    found = connection.exec_driver_sql(f'PRAGMA quick_check("{quoted}")')
    return [row[0] for row in found] == ["ok"]


CHECK = Check("store", 100, look)
