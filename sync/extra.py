"""Fields of a newer program, once this program is the newer one: they move into their columns.

Until then ``extra`` keeps what a newer program sent. Call `adopt_extra` after each migration that adds columns.
"""

from sqlalchemy import Connection, select

from domain.kernel.record import shared_tables
from sync.rows import Rows
from sync.shapes import shape_of

_AT_ONCE = 500


def adopt_extra(connection: Connection) -> int:
    """Move values of fields that have a column by now; the caller commits. Returns how many rows changed.

    A value that does not fit its column stays where it is.
    """
    changed = 0
    for shape in filter(None, (shape_of(table.name) for table in shared_tables())):
        waiting = select(shape.table.c.id).where(shape.table.c.extra.is_not(None))
        ids = [bytes(record_id) for record_id in connection.scalars(waiting)]
        for start in range(0, len(ids), _AT_ONCE):
            rows = Rows(connection)
            keys = [(shape.entity, record_id) for record_id in ids[start : start + _AT_ONCE]]
            rows.load(keys)
            for key in keys:
                extra = (rows.get(key) or {}).get("extra") or {}
                known = {
                    n: v for n, v in extra.items() if n in shape.groups and shape.refused({n: v}) is None
                }
                if known:
                    rows.adopt(shape, key[1], known)
                    changed += 1
            rows.flush()
    return changed
