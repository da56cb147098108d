"""The search index on MariaDB: terms of clients in a table whose key is the term, then the client.

MariaDB has no full-text parser for Chinese, and its own finds nothing shorter than three letters. The terms of
`domain.people.search_terms` need none: each is looked up whole or by its start. The key of one term holds its
clients in the order of their ids, which is the order they were made in, so the newest are read from its end and the
reading stops at the hits it needs.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.people.search_terms import Tag

TABLES = (
    "CREATE TABLE IF NOT EXISTS search_term (term VARBINARY(600) NOT NULL, record_id BINARY(16) NOT NULL,"
    " PRIMARY KEY (term, record_id))",
    "CREATE TABLE IF NOT EXISTS search_client (record_id BINARY(16) NOT NULL PRIMARY KEY,"
    " org_id BINARY(16) NOT NULL, terms MEDIUMTEXT NOT NULL)",
)
_WRITTEN_AT_ONCE = 2000
_TERMS_OF = text("SELECT record_id, terms FROM search_client WHERE record_id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)


def create(connection: Connection) -> None:
    """Create the tables where they are missing; MariaDB commits by itself then."""
    for statement in TABLES:
        connection.exec_driver_sql(statement)


def clear(connection: Connection) -> None:
    """Empty the index."""
    connection.exec_driver_sql("TRUNCATE TABLE search_term")
    connection.exec_driver_sql("TRUNCATE TABLE search_client")


def write(connection: Connection, clients: Sequence[tuple[bytes, bytes, Sequence[str]]]) -> None:
    """Put the terms of clients (id, organisation, terms) in place of those they had."""
    before = _terms_of(connection, [record_id for record_id, _, _ in clients])
    gone = [(t, i) for i, _, terms in clients for t in before.get(i, frozenset()).difference(terms)]
    new = [(t, i) for i, _, terms in clients for t in set(terms).difference(before.get(i, ()))]
    _delete(connection, gone)
    new.sort()  # in the order of the key: neighbours are written together, and two writers do not lock crosswise
    for start in range(0, len(new), _WRITTEN_AT_ONCE):
        connection.exec_driver_sql(
            "INSERT IGNORE INTO search_term (term, record_id) VALUES (%s, %s)",
            [(term.encode(), record_id) for term, record_id in new[start : start + _WRITTEN_AT_ONCE]],
        )
    if clients:
        connection.exec_driver_sql(
            "REPLACE INTO search_client (record_id, org_id, terms) VALUES (%s, %s, %s)",
            [(record_id, org_id, "\n".join(terms)) for record_id, org_id, terms in clients],
        )


def forget(connection: Connection, ids: Iterable[bytes]) -> None:
    """Take clients out of the index."""
    wanted = list(ids)
    _delete(connection, [(t, i) for i, terms in _terms_of(connection, wanted).items() for t in terms])
    if wanted:
        statement = text("DELETE FROM search_client WHERE record_id IN :ids")
        connection.execute(statement.bindparams(bindparam("ids", expanding=True)), {"ids": wanted})


def fitting(connection: Connection, words: Sequence[Sequence[str]], actor: Actor, limit: int) -> list[Id]:
    """Return the newest clients in scope that fit all words, each by any of its terms; ``*`` ends a prefix."""
    rows = _found(connection, words, limit)
    if actor.orgs is None:
        return [record_id for record_id, _ in rows]
    seen = [row for row in rows if actor.sees(row[1])]
    if len(seen) < len(rows) == limit and actor.orgs:
        scope = [Tag.ORG + org.hex for org in sorted(actor.orgs)]
        seen = _found(connection, [*words, scope], limit)
    return [record_id for record_id, _ in seen]


def _found(connection: Connection, words: Sequence[Sequence[str]], limit: int) -> list[tuple[Id, Id]]:
    # The longest word is most likely the rarest: its lists are read, the others are asked of each of its clients.
    first, *others = sorted(words, key=lambda terms: -min(len(term) for term in terms))
    values: dict[str, Any] = {"limit": limit}
    asked = "".join(f" AND EXISTS ({_one_of(others[n], f'o{n}_', values, 'o')})" for n in range(len(others)))
    lists = [
        f"(SELECT t.record_id FROM search_term t WHERE {_fits('t', term, f'f{n}', values)}{asked}"  # noqa: S608
        " ORDER BY t.record_id DESC LIMIT :limit)"
        for n, term in enumerate(first)
    ]
    statement = (
        "SELECT f.record_id, c.org_id FROM (" + " UNION ".join(lists) + ") f"  # noqa: S608 (only names of ours)
        " JOIN search_client c ON c.record_id = f.record_id ORDER BY f.record_id DESC LIMIT :limit"
    )
    rows = connection.execute(text(statement), values)
    return [(uuid.UUID(bytes=bytes(row.record_id)), uuid.UUID(bytes=bytes(row.org_id))) for row in rows]


def _one_of(terms: Sequence[str], name: str, values: dict[str, Any], alias: str) -> str:
    fits = " OR ".join(_fits(alias, term, f"{name}{n}", values) for n, term in enumerate(terms))
    return f"SELECT 1 FROM search_term {alias} WHERE {alias}.record_id = t.record_id AND ({fits})"  # noqa: S608


def _fits(alias: str, term: str, name: str, values: dict[str, Any]) -> str:
    whole, star, _ = term.partition("*")
    start = whole.encode()
    values[name] = start
    if not star:
        return f"{alias}.term = :{name}"
    values[f"{name}_after"] = start + b"\xff"  # above any UTF-8 that goes on
    return f"({alias}.term >= :{name} AND {alias}.term < :{name}_after)"


def _terms_of(connection: Connection, ids: Sequence[bytes]) -> Mapping[bytes, frozenset[str]]:
    if not ids:
        return {}
    rows = connection.execute(_TERMS_OF, {"ids": list(ids)})
    return {bytes(row.record_id): frozenset(row.terms.split("\n")) for row in rows}


def _delete(connection: Connection, pairs: Sequence[tuple[str, bytes]]) -> None:
    if pairs:
        connection.exec_driver_sql(
            "DELETE FROM search_term WHERE term = %s AND record_id = %s",
            [(term.encode(), record_id) for term, record_id in sorted(pairs)],
        )
