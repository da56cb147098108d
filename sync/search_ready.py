"""The search index in the parts of a snapshot: its terms are worked out once, at the centre.

Clients of the hot parts have running numbers, and with the last of these parts comes their index as FTS5 itself
keeps it: a store whose index is empty copies its few large rows. Each other part brings the terms of its clients as
text, for the database to index. Where neither fits (an index that is not empty, other rules, a row in the way) the
store works the terms out itself, as for any client that changes; what is found is the same.
"""

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from domain.kernel.store import Store
from domain.people.search_terms import patient_terms
from sync.search import INDEX, REBUILD_CHUNK, SearchIndex
from sync.snapshot_file import INDEX_TABLES, Span, Tables, listed, table_of

RULES = 1
"""Raised with any change of `patient_terms` or of `INDEX`: what was made by other rules is not taken."""
TERMS, VERSION = f"{INDEX_TABLES}terms", f"{INDEX_TABLES}version"
SHADOWS = {
    "data": ("id", "block"),
    "idx": ("segid", "term", "pgno"),
    "docsize": ("id", "sz", "origin"),
}
"""The tables in which FTS5 keeps a contentless index, and their columns."""
_HASHED = 32 << 20
_AT_ONCE = 2000
_OF_CLIENT = ("name", "phone", "id_number", "birth_date", "org_id")


class NotTakenError(Exception):
    """An index that does not hold together; the store makes its own."""


# At the centre: on a plain connection to the file in which a snapshot is gathered.


def make_index(database: Any, clients: str) -> None:
    """Make the index of the clients in a table, by their row ids, ready to be copied by `copy_index`."""
    database.execute(INDEX)
    database.execute("INSERT INTO search_index(search_index, rank) VALUES('hashsize', ?)", (_HASHED,))
    for numbered in _terms(database, clients):
        database.executemany("INSERT INTO search_index(rowid, terms) VALUES(?, ?)", numbered)
    database.execute("INSERT INTO search_index(search_index) VALUES('optimize')")


def make_terms(database: Any, clients: str, target: str) -> None:
    """Write the terms of the clients in a table, under their row ids."""
    database.execute(table_of(target, ["terms"]))
    for numbered in _terms(database, clients):
        database.executemany(f'INSERT INTO "{target}"(rowid, terms) VALUES(?, ?)', numbered)


def copy_index(database: Any) -> None:
    """Copy an index that was made here into the attached file ``part``."""
    for shadow, columns in SHADOWS.items():
        database.execute(table_of(f"{INDEX_TABLES}{shadow}", columns, "part"))
        database.execute(
            f"INSERT INTO part.{INDEX_TABLES}{shadow} SELECT {listed(columns)} FROM search_index_{shadow}"  # noqa: S608
        )


def say_version(database: Any) -> None:
    """Write into the attached file ``part`` by which rules its terms were made."""
    database.execute(table_of(VERSION, ["rules", "format"], "part"))
    form = database.execute("SELECT v FROM search_index_config WHERE k = 'version'").fetchone()[0]
    database.execute(f"INSERT INTO part.{VERSION} VALUES(?, ?)", (RULES, form))


def _terms(database: Any, clients: str) -> Iterator[list[tuple[int, str]]]:
    found = database.execute(f'SELECT rowid, {listed(_OF_CLIENT)} FROM "{clients}" ORDER BY rowid')  # noqa: S608
    while rows := found.fetchmany(_AT_ONCE):
        yield [(number, " ".join(_terms_of(*values))) for number, *values in rows]


def _terms_of(
    name: str, phone: str | None, id_number: str | None, born: str | None, org_id: bytes
) -> list[str]:
    birth_date = date.fromisoformat(born) if born else None
    return patient_terms(
        name=name, phone=phone, id_number=id_number, birth_date=birth_date, org=bytes(org_id).hex()
    )


# At a branch: in the transaction that loads a part, which is attached as ``part``.


def take_clients(connection: Connection, tables: Tables, span: Span) -> bool:
    """Put some clients of a part into the index, or all ready for `take_index`; False if that cannot be done.

    Raises:
        IntegrityError: One of them is there already.
    """
    query = "SELECT min(rowid) FROM part.patient WHERE rowid BETWEEN ? AND ?"
    first = connection.exec_driver_sql(query, span).scalar() or 1
    count, last = _numbered(connection)
    if TERMS not in tables:
        if not (last == count == first - 1 and _is_empty(connection)):
            return False
        _number(connection, 0, span)
        return True
    if not _same_rules(connection, tables):
        return False
    _number(connection, last + 1 - first, span)
    connection.exec_driver_sql(
        f"INSERT INTO search_index(rowid, terms) SELECT rowid + ?, terms FROM part.{TERMS}"  # noqa: S608
        " WHERE rowid BETWEEN ? AND ?",
        (last + 1 - first, *span),
    )
    return True


def has_index(tables: Tables) -> bool:
    """Tell whether a part is one with an index."""
    return f"{INDEX_TABLES}data" in tables


def take_index(connection: Connection, tables: Tables) -> bool:
    """Take over the index of a part for the clients numbered by the parts before it; False if it does not fit.

    Raises:
        NotTakenError: It does not hold together; the transaction must not be committed.
    """
    whole = {f"{INDEX_TABLES}{name}": columns for name, columns in SHADOWS.items()}
    if whole != {name: table.columns for name, table in tables.items() if name in whole}:
        return False
    if not (_same_rules(connection, tables) and _is_empty(connection)):
        return False
    ends = connection.exec_driver_sql("SELECT coalesce(min(id), 1), max(id) FROM part.search_docsize").one()
    count, last = _numbered(connection)
    if not (tables[f"{INDEX_TABLES}docsize"].rows == count == last and tuple(ends) == (1, last)):
        return False
    try:
        # Made anew: what this connection remembers of the index it had does not stand in the way.
        connection.exec_driver_sql("DROP TABLE search_index")
        connection.exec_driver_sql(INDEX)
        for shadow, columns in SHADOWS.items():
            names = listed(columns)
            connection.exec_driver_sql(f"DELETE FROM search_index_{shadow}")  # noqa: S608 (names of ours)
            connection.exec_driver_sql(
                f"INSERT INTO search_index_{shadow} ({names}) SELECT {names} FROM part.search_{shadow}"  # noqa: S608
            )
        connection.exec_driver_sql("INSERT INTO search_index(search_index) VALUES('integrity-check')")
    except DBAPIError as error:
        raise NotTakenError from error
    return True


def index_rest(store: Store) -> None:
    """Index the clients that have a number and no terms yet, in pieces."""
    index = SearchIndex()
    query = (
        "SELECT record_id FROM search_row WHERE NOT EXISTS"
        " (SELECT 1 FROM search_index_docsize WHERE id = number) LIMIT ?"
    )
    while True:
        with store.write() as connection:
            rows = connection.exec_driver_sql(query, (REBUILD_CHUNK,)).all()
            if not rows:
                return
            index.renew(connection, [uuid.UUID(bytes=row[0]) for row in rows])


def _numbered(connection: Connection) -> tuple[int, int]:
    query = "SELECT count(*), coalesce(max(number), 0) FROM search_row"
    count, last = connection.exec_driver_sql(query).one()
    return count, last


def _number(connection: Connection, shift: int, span: Span) -> None:
    connection.exec_driver_sql(
        "INSERT INTO search_row (number, record_id, org_id) SELECT rowid + ?, id, org_id FROM part.patient"
        " WHERE rowid BETWEEN ? AND ?",
        (shift, *span),
    )


def _is_empty(connection: Connection) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM search_index_docsize LIMIT 1").first() is None


def _same_rules(connection: Connection, tables: Tables) -> bool:
    if VERSION not in tables or tables[VERSION].columns != ("rules", "format"):
        return False
    format_here = connection.exec_driver_sql("SELECT v FROM search_index_config WHERE k = 'version'").scalar()
    said = connection.exec_driver_sql(f"SELECT rules, format FROM part.{VERSION}").all()  # noqa: S608
    return [tuple(row) for row in said] == [(RULES, format_here)]
