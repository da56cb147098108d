"""Asking the index for clients: the words of a query as a match, within the reader's clearance and scope."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from domain.kernel.authority import Actor
from domain.kernel.facts import Sensitivity
from domain.kernel.ids import Id
from domain.people.search_terms import Tag, Word

FIND = (
    "SELECT r.record_id, r.org_id FROM search_index JOIN search_row r ON r.number = search_index.rowid"
    " WHERE search_index MATCH ? ORDER BY search_index.rowid DESC LIMIT ?"
)


def ways(words: Sequence[Word], actor: Actor) -> list[list[tuple[str, ...]]]:
    """Return what to look for, one after the other: for each word the terms of which any fits."""
    if not words:
        return []
    ways = [[word.whole for word in words]] if all(word.whole for word in words) else []
    if actor.clearance >= Sensitivity.SENSITIVE:
        ways.append([word.terms + word.sensitive for word in words])
    elif actor.clearance >= Sensitivity.PERSONAL:
        ways.append([word.terms for word in words])
    return ways


class Asked(Protocol):
    """A connection that takes SQL as it is: SQLAlchemy's, or a plain one before that is loaded."""

    def exec_driver_sql(self, statement: str, parameters: Any = ..., /) -> Iterable[Any]:
        """Return the rows: record id, organisation id, both in 16 bytes."""


def fitting(connection: Asked, words: Sequence[Sequence[str]], actor: Actor, limit: int) -> list[Id]:
    """Return the newest clients in scope that fit.

    Most readers may see all that their store holds, so the newest fits are taken first; where some of them are out
    of scope, the index joins its lists with those of the organisations.
    """
    rows = list(connection.exec_driver_sql(FIND, (_match(words), limit)))
    if actor.orgs is None:
        return [uuid.UUID(bytes=record_id) for record_id, _org in rows]
    seen = [row for row in rows if actor.sees(uuid.UUID(bytes=row[1]))]
    if len(seen) < len(rows) == limit and actor.orgs:
        scope = [Tag.ORG + org.hex for org in sorted(actor.orgs)]
        seen = list(connection.exec_driver_sql(FIND, (_match([*words, scope]), limit)))
    return [uuid.UUID(bytes=record_id) for record_id, _org in seen]


def _match(words: Sequence[Sequence[str]]) -> str:
    parts = [" OR ".join(_quoted(term) for term in terms) for terms in words]
    return " AND ".join(f"({part})" for part in parts)


def _quoted(term: str) -> str:
    whole, star, _ = term.partition("*")
    return '"' + whole.replace('"', "") + '"' + star
