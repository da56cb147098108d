"""The organisation tree as queries see it."""

from collections import defaultdict

from sqlalchemy import Connection, select

from domain.kernel.ids import Id
from domain.people.records import Organization


def subtree(connection: Connection, root: Id) -> frozenset[Id]:
    """Return `root` and every organisation below it; a loop in the data does not hang it."""
    table = Organization.__table__
    children: dict[Id | None, list[Id]] = defaultdict(list)
    for row in connection.execute(select(table.c.id, table.c.parent_id)):
        children[row.parent_id].append(row.id)
    found = {root}
    waiting = [root]
    while waiting:
        for child in children[waiting.pop()]:
            if child not in found:
                found.add(child)
                waiting.append(child)
    return frozenset(found)
