"""The library as a screen reads it: what is in use, searched, and one entry whole."""

from sqlalchemy import Connection, select

from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.knowledge.content import Words
from domain.knowledge.records import KnowledgeEntry
from domain.knowledge.search import Asked, Shelved, find

VIEW = "knowledge.view"


def found(connection: Connection, actor: Actor, asked: Asked, words: Words) -> list[Shelved]:
    """Return the entries in use that fit. Raises ``permission.denied`` for who may not see the library."""
    actor.check(VIEW)
    k = KnowledgeEntry.__table__.c
    query = select(
        k.code, k.kind, k.title, k.diseases, k.groups, k.tags, k.points, k.age_from, k.age_to
    ).where(k.state == "in_force")
    shelved = [
        Shelved(
            row.code, str(row.kind), row.title, tuple(row.diseases or ()), tuple(row.groups or ()),
            tuple(row.tags or ()), row.points, row.age_from, row.age_to,
        )
        for row in connection.execute(query)
    ]  # fmt: skip
    return find(shelved, asked, words)


def entry_of(connection: Connection, actor: Actor, record_id: Id) -> dict[str, object] | None:
    """Return one entry whole."""
    actor.check(VIEW)
    table = KnowledgeEntry.__table__
    row = connection.execute(select(table).where(table.c.id == record_id)).first()
    return None if row is None else row._asdict()
