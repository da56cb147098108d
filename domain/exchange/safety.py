"""What is in dispute, for `domain.kernel.disputes`: the open conflicts about safety fields."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from domain.exchange.records import Conflict
from domain.exchange.rules import ConflictState, from_jsonable
from domain.kernel.columns import from_wire
from domain.kernel.disputes import source
from domain.kernel.ids import Id
from domain.kernel.record import column_info, record_classes


@source
def disputed(connection: Connection, entity: str, record_ids: Iterable[Id]) -> dict[Id, dict[str, list[Any]]]:
    """Return, by record and field, the values that stand beside the record's own in open safety conflicts.

    Args:
        connection: A view of the store.
        entity: Kind of record.
        record_ids: Which records; a few, as one screen shows.
    """
    table = Conflict.__table__
    kind = record_classes()[entity]
    query = select(table.c.record_id, table.c.theirs, table.c.mine).where(
        table.c.record_id.in_(list(record_ids)), table.c.state == ConflictState.OPEN, table.c.safety.is_(True)
    )
    found: dict[Id, dict[str, list[Any]]] = {}
    for row in connection.execute(query.order_by(table.c.opened_at)):
        sides = [from_jsonable(side) if isinstance(side, dict) else {} for side in (row.theirs, row.mine)]
        for side in sides:
            for name, wire in side.items():
                column = kind.__table__.columns.get(name)
                info = column_info(column) if column is not None else None
                if column is None or info is None or not info.safety:
                    continue
                value = from_wire(column.type, wire)
                values = found.setdefault(row.record_id, {}).setdefault(name, [])
                if value not in values:
                    values.append(value)
    return found
