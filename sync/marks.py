"""What a branch remembers of the centre's log: its life, and some positions with what stood there."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from sync.local_tables import pull_mark, pull_state
from sync.protocol import Mark

MOST = 8
"""Marks kept: the newest, and older ones ever further apart."""


def life_read(connection: Connection) -> str:
    """Return the life of the log this store has read; empty before the first exchange."""
    return connection.execute(select(pull_state.c.life)).scalar() or ""


def compared_at(connection: Connection) -> int:
    """Return when this store was last compared with the centre, microseconds UTC; 0 for never."""
    return connection.execute(select(pull_state.c.compared_at)).scalar() or 0


def set_pull_state(connection: Connection, **values: object) -> None:
    """Change the row of `pull_state`; it is made by the first change."""
    changed = connection.execute(update(pull_state).where(pull_state.c.id == 1).values(**values))
    if not changed.rowcount:
        connection.execute(
            pull_state.insert(), {"id": 1, "life": "", "compared_at": 0, "stage": "", **values}
        )


def marks_of(connection: Connection) -> list[Mark]:
    """Return the marks, the newest first."""
    query = select(pull_mark).order_by(pull_mark.c.position.desc())
    return [Mark(row.position, row.txn_id.bytes) for row in connection.execute(query)]


def keep_mark(connection: Connection, mark: Mark) -> None:
    """Remember a position of the log, and forget older ones that stand too close to each other."""
    before = [one for one in marks_of(connection) if one.position < mark.position]
    kept = thinned([mark, *before])
    connection.execute(delete(pull_mark))
    connection.execute(
        pull_mark.insert(),
        [{"position": one.position, "txn_id": uuid.UUID(bytes=one.txn_id)} for one in kept],
    )


def forget_marks(connection: Connection, after: int) -> None:
    """Forget the marks after a position: the log does not have them any more."""
    connection.execute(delete(pull_mark).where(pull_mark.c.position > after))


def thinned(marks: Sequence[Mark]) -> list[Mark]:
    """Return at most `MOST` of some marks, newest first: of two neighbours close to each other the newer goes.

    "Close" is relative to how far back they lie, so the marks reach from the last exchange to long ago.
    """
    kept = list(marks)
    while len(kept) > MOST:
        newest = kept[0].position
        gaps = [
            (kept[i - 1].position - kept[i + 1].position) / (newest - kept[i + 1].position + 1)
            for i in range(1, len(kept) - 1)
        ]
        del kept[1 + gaps.index(min(gaps))]
    return kept
