"""Whom a mass sending reaches: clients who have all the tags named, as they are at this moment."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import scoped
from domain.messaging.records import MessageTemplate
from domain.messaging.template_commands import MOST_AT_ONCE
from domain.tags.records import ClientTag, TagKind

VARIANT = "__"
CHUNK = 400


def counted_tags(connection: Connection, actor: Actor, most: int = 500) -> list[tuple[str, str, int]]:
    """Return the tags that are on with the clients that have them: kind, name, count; the kinds in their order."""
    tag = ClientTag.__table__.c
    query = scoped(select(tag.kind, tag.name, func.count().label("people")), ClientTag, actor)
    query = query.where(tag.off_at.is_(None)).group_by(tag.kind, tag.name).limit(most)
    rows = [(str(r.kind), r.name, r.people) for r in connection.execute(query)]
    order = [str(kind) for kind in TagKind]
    return sorted(rows, key=lambda row: (order.index(row[0]), row[1]))


def clients_with(connection: Connection, actor: Actor, tags: Sequence[str]) -> list[Id]:
    """Return the clients in scope who have every one of these tags (``kind/name``), one more than may be sent to.

    Raises:
        DomainError: ``message.no_tags`` (``tags``) where none is named: nobody writes to everybody by mistake.
    """
    if not tags:
        raise DomainError("message.no_tags", field="tags")
    tag = ClientTag.__table__.c
    query = scoped(select(tag.patient_id), ClientTag, actor)
    for told in tags:
        kind, _, name = told.partition("/")
        other = select(tag.patient_id).where(tag.kind == kind, tag.name == name, tag.off_at.is_(None))
        query = query.where(tag.patient_id.in_(other))
    query = query.distinct().order_by(tag.patient_id).limit(MOST_AT_ONCE + 1)
    return list(connection.execute(query).scalars())


def variants_for(connection: Connection, code: str, people: Sequence[Id]) -> dict[Id, str]:
    """Return the template's variant for each client whom one fits, by the most tags, then by its code."""
    template = MessageTemplate.__table__.c
    rows = connection.execute(
        select(template.code, template.fits).where(template.active, template.code.startswith(code + VARIANT))
    ).all()
    variants = sorted(
        ((row.code, frozenset(row.fits)) for row in rows if row.fits), key=lambda one: (-len(one[1]), one[0])
    )
    if not variants:
        return {}
    have = _tags_of(connection, people)
    found = {}
    for own in people:
        chosen = next((name for name, fits in variants if fits <= have.get(own, frozenset())), None)
        if chosen is not None:
            found[own] = chosen
    return found


def _tags_of(connection: Connection, people: Sequence[Id]) -> Mapping[Id, set[str]]:
    tag: Any = ClientTag.__table__.c
    found: dict[Id, set[str]] = defaultdict(set)
    for start in range(0, len(people), CHUNK):
        query = select(tag.patient_id, tag.kind, tag.name).where(
            tag.patient_id.in_(people[start : start + CHUNK]), tag.off_at.is_(None)
        )
        for own, kind, name in connection.execute(query):
            found[own].add(f"{kind}/{name}")
    return found
