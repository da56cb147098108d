"""Search: an inverted index of clients in the store, kept up to date from the change log.

On SQLite it is an FTS5 index, on MariaDB a table of terms (`sync.search_table`); both hold the same terms.

The index holds the terms of `domain.people.search_terms` and no text; a row of `search_row` gives the client of an
index row. Numbers of visits, reports and specimens are found in the indexes their tables have anyway
(`sync.search_numbers`). Hits are within the reader's scope, and masked by clearance; what a reader may not see in
clear they cannot look for in part either.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, select

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry, cursor_of, head_position, log_reader, move_cursor
from domain.kernel.clients import own_clients
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.people.records import Patient
from domain.people.search_terms import Word, patient_terms, query_words
from sync import search_table
from sync.search_hits import Hit, shown
from sync.search_numbers import by_number, normal_number
from sync.search_people import fitting, ways

NAME = "search"
CHUNK = 400
REBUILD_CHUNK = 2000
MERGE_PAGES = 2000
MORE, MOST_SEEN = 10, 200_000
"""For who sees only their own clients: how many more are looked at each time, and at most."""

INDEX = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_index USING fts5(terms, content='', contentless_delete=1,"
    " detail=none, tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* Co Cn'\")"
)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS search_row (number INTEGER PRIMARY KEY, record_id BLOB NOT NULL UNIQUE,"
    " org_id BLOB NOT NULL)",
    INDEX,
)


def create_search(connection: Connection) -> None:
    """Create the tables of the index where they are missing. The caller commits."""
    if connection.dialect.name != "sqlite":
        search_table.create(connection)
        return
    for statement in _TABLES:
        connection.exec_driver_sql(statement)


class SearchIndex:
    """The index of one store. Give it to a `Follower`; call it to search."""

    name = NAME

    def read(self, entries: Sequence[Entry], connection: Connection) -> None:
        """Bring the index in step with the clients that entries changed."""
        changed = dict.fromkeys(
            uuid.UUID(bytes=change.record_id)
            for entry in entries
            for change in entry.glance.changes
            if change.entity == "patient"
        )
        ids = list(changed)
        for start in range(0, len(ids), CHUNK):
            self.renew(connection, ids[start : start + CHUNK])

    def find(self, connection: Connection, wanted: str, actor: Actor, *, limit: int = 20) -> list[Hit]:
        """Return what fits a typed text, best first: whole numbers, clients, then records by the start of a number.

        Raises:
            UnavailableError: ``search.not_here`` on a store whose index is not made yet.
        """
        if not _is_made(connection):
            raise UnavailableError("search.not_here")
        number = normal_number(wanted)
        numbered = by_number(connection, number, actor, limit) if number else []
        found = [(entity, record_id) for entity, record_id, whole in numbered if whole]
        if len(found) < limit and actor.may("people.view"):
            found += [("patient", i) for i in self._clients(connection, query_words(wanted), actor, limit)]
        found += [(entity, record_id) for entity, record_id, _ in numbered]
        return shown(connection, list(dict.fromkeys(found))[:limit], actor)

    def prepare(self, store: Store) -> bool:
        """Make the index if this store has none yet; returns whether it did. Call it before the follower starts."""
        with store.read() as connection:
            if _is_made(connection):
                return False
        return self.rebuild(store)

    def rebuild(
        self,
        store: Store,
        *,
        tell: Callable[[int, int], None] = lambda _done, _total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Make the index anew from the clients in the store; returns False if it was cancelled.

        Written in pieces, so other work goes on; what changes meanwhile is read from the log afterwards. One that
        was cut off is made anew by `prepare`.

        Args:
            store: The store.
            tell: Told how many clients of how many are done.
            cancelled: Asked between two pieces.
        """
        table = Patient.__table__
        with store.write() as connection:
            create_search(connection)
            connection.execute(delete(log_reader).where(log_reader.c.name == NAME))
            _clear(connection)
            start = head_position(connection)
            total = connection.exec_driver_sql("SELECT count(*) FROM patient").scalar_one()
        done, last = 0, uuid.UUID(int=0)
        while True:
            if cancelled():
                return False
            with store.write() as connection:
                query = select(*_COLUMNS).where(table.c.id > last).order_by(table.c.id).limit(REBUILD_CHUNK)
                rows = connection.execute(query).all()
                self._write(connection, rows)
            if not rows:
                break
            done, last = done + len(rows), rows[-1].id
            tell(done, total)
        if store.is_sqlite:
            _merge(store)
        with store.write() as connection:
            move_cursor(connection, NAME, max(start, cursor_of(connection, NAME)))
        return True

    def _clients(
        self, connection: Connection, words: Sequence[Word], actor: Actor, limit: int
    ) -> dict[Id, None]:
        """Return clients that fit all words, whole values first, the newest first among equals."""
        look = fitting if connection.dialect.name == "sqlite" else search_table.fitting
        found: dict[Id, None] = {}
        for terms in ways(words, actor):
            if len(found) < limit:
                found |= dict.fromkeys(
                    _theirs(connection, actor, limit, partial(look, connection, terms, actor))
                )
        return found

    def renew(self, connection: Connection, ids: Sequence[Id]) -> None:
        """Index some clients anew as they stand in the store, and let go of those that are gone."""
        table = Patient.__table__
        rows = connection.execute(select(*_COLUMNS).where(table.c.id.in_(ids))).all()
        self._write(connection, rows)
        gone = {i.bytes for i in ids} - {row.id.bytes for row in rows}
        if connection.dialect.name != "sqlite":
            search_table.forget(connection, gone)
            return
        for number in _numbers(connection, gone).values():
            connection.exec_driver_sql("DELETE FROM search_index WHERE rowid = ?", (number,))
            connection.exec_driver_sql("DELETE FROM search_row WHERE number = ?", (number,))

    def _write(self, connection: Connection, rows: Sequence[Any]) -> None:
        if not rows:
            return
        if connection.dialect.name != "sqlite":
            search_table.write(connection, [(r.id.bytes, r.org_id.bytes, _terms(r)) for r in rows])
            return
        known = _numbers(connection, [row.id.bytes for row in rows])
        last = connection.exec_driver_sql("SELECT coalesce(max(number), 0) FROM search_row").scalar_one()
        new = [row.id.bytes for row in rows if row.id.bytes not in known]
        known |= {record_id: last + n for n, record_id in enumerate(new, 1)}
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO search_row (number, record_id, org_id) VALUES (?, ?, ?)",
            [(known[row.id.bytes], row.id.bytes, row.org_id.bytes) for row in rows],
        )
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO search_index (rowid, terms) VALUES (?, ?)",
            [(known[row.id.bytes], " ".join(_terms(row))) for row in rows],
        )


_PATIENT = Patient.__table__.c
_COLUMNS = (
    _PATIENT.id,
    _PATIENT.org_id,
    _PATIENT.name,
    _PATIENT.phone,
    _PATIENT.id_number,
    _PATIENT.birth_date,
)


def mark_made(connection: Connection) -> None:
    """Say that the index holds all clients of a store that was just filled, unless it does not.

    The log is read from its start then: what little is in it may have come before the index.
    """
    left = "SELECT 1 FROM patient WHERE NOT EXISTS (SELECT 1 FROM search_row WHERE record_id = patient.id) LIMIT 1"
    if not _is_made(connection) and connection.exec_driver_sql(left).first() is None:
        move_cursor(connection, NAME, 0)


def _is_made(connection: Connection) -> bool:
    return connection.execute(select(log_reader.c.name).where(log_reader.c.name == NAME)).first() is not None


def _clear(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        search_table.clear(connection)
        return
    connection.exec_driver_sql("INSERT INTO search_index(search_index) VALUES('delete-all')")
    connection.exec_driver_sql("DELETE FROM search_row")


def _merge(store: Store) -> None:
    """Make one piece of the many an index is built in, so that a search looks into one; in steps below a second."""
    pages = -MERGE_PAGES  # negative: all pieces are to become one; then the steps of that
    while True:
        with store.write() as connection:
            before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
            connection.exec_driver_sql(
                "INSERT INTO search_index(search_index, rank) VALUES('merge', ?)", (pages,)
            )
            after = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
        if after - before < 2:  # what FTS5 says of a step that found nothing to do
            return
        pages = MERGE_PAGES


def _theirs(
    connection: Connection, actor: Actor, limit: int, look: Callable[[int], Sequence[Id]]
) -> Sequence[Id]:
    """Return the first clients that `look` finds who are the actor's, looking at ever more of them."""
    if not actor.limited:
        return look(limit)
    own = set(connection.execute(own_clients(actor)).scalars())
    asked = limit * MORE
    while True:
        seen = look(asked)
        theirs = [one for one in seen if one in own]
        if len(theirs) >= min(limit, len(own)) or len(seen) < asked or asked >= MOST_SEEN:
            return theirs[:limit]
        asked *= MORE


def _terms(row: Any) -> list[str]:
    return patient_terms(
        name=row.name, phone=row.phone, id_number=row.id_number, birth_date=row.birth_date, org=row.org_id.hex
    )


def _numbers(connection: Connection, ids: Iterable[bytes]) -> dict[bytes, int]:
    wanted = list(ids)
    found: dict[bytes, int] = {}
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        marks = ", ".join("?" * len(some))
        rows = connection.exec_driver_sql(
            f"SELECT record_id, number FROM search_row WHERE record_id IN ({marks})",  # noqa: S608 (only marks)
            tuple(some),
        )
        found |= {row.record_id: row.number for row in rows}
    return found
