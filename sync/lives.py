"""The life of the centre's log: renewed when the log is found to have gone back.

After a restored backup the centre gives positions a second time, to other entries. The end of the log tells nothing
then: what is sent again may have grown it past everybody's cursor. So the log has a life, a random name, and a branch
shows with it some *marks*: positions it has read, each with the transaction that stood there. If the centre lacks the
newest mark, or has decided less of a device than that device has a receipt for, the log went back: a new life begins,
and every branch that comes with the old one goes back to the newest mark both have.
"""

import contextlib
import secrets
from collections.abc import Sequence

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from domain.kernel.change_log import change_log
from domain.kernel.ids import Id
from sync.local_tables import log_life
from sync.protocol import Mark
from sync.pruning import log_start

LIFE_BYTES = 16


def life_of(connection: Connection) -> str:
    """Return the name of the log's life; empty while it has none."""
    newest = select(log_life.c.life).order_by(log_life.c.number.desc()).limit(1)
    return connection.execute(newest).scalar() or ""


def begin_life(connection: Connection, reason: str, position: int, now: int) -> str:
    """Begin a new life of the log and return its name.

    Args:
        connection: The writing connection.
        reason: ``made``, ``restored`` (somebody said so) or why it was noticed.
        position: Head of the log.
        now: Microseconds UTC.
    """
    life = secrets.token_hex(LIFE_BYTES)
    note_life(connection, life, reason, position, now)
    return life


def _begin_first(connection: Connection, position: int, now: int) -> None:
    """Begin the first life, which has the first number: of two processes that find none, one is refused."""
    life = secrets.token_hex(LIFE_BYTES)
    row = {"number": 1, "life": life, "position": position, "at": now, "reason": "made"}
    connection.execute(log_life.insert(), row)


def note_life(connection: Connection, life: str, reason: str, position: int, now: int) -> None:
    """Write the name of a life; the one written last is in force. Arguments as for `begin_life`."""
    newest = select(log_life.c.number).order_by(log_life.c.number.desc()).limit(1)
    number = (connection.execute(newest).scalar() or 0) + 1
    connection.execute(
        log_life.insert(),
        {"number": number, "life": life[:64], "position": position, "at": now, "reason": reason[:40]},
    )


def went_back(connection: Connection) -> bool:
    """Tell whether the log ever went back: its branches may have what the centre itself wrote and lost."""
    return (
        connection.execute(select(log_life.c.number).where(log_life.c.number > 1).limit(1)).first()
        is not None
    )


def is_strange(connection: Connection, life: str) -> bool:
    """Tell whether a branch has read a life this log never had: the log went back to before it began."""
    known = select(log_life.c.number).where(log_life.c.life == life)
    return bool(life) and connection.execute(known).first() is None


def held_life(connection: Connection, position: int, now: int) -> str:
    """Return the life of the log, begun now if it has none."""
    if not life_of(connection):
        with contextlib.suppress(IntegrityError), connection.begin_nested():  # another process was first
            _begin_first(connection, position, now)
    return life_of(connection)


def common_position(connection: Connection, marks: Sequence[Mark]) -> int:
    """Return the newest marked position at which the log has the marked transaction; 0 if there is none.

    Of positions before the start of the log (they were pruned) nothing else is known, so they count as common.
    """
    if not marks:
        return 0
    start = log_start(connection)
    wanted = [mark.position for mark in marks]
    query = select(change_log.c.position, change_log.c.txn_id).where(change_log.c.position.in_(wanted))
    found = {row.position: row.txn_id.bytes for row in connection.execute(query)}
    fitting = (m.position for m in marks if found.get(m.position) == m.txn_id or m.position < start)
    return max(fitting, default=0)


def mark_at(connection: Connection, position: int) -> Mark | None:
    """Return the mark of a position; None for an empty log or an entry that is gone."""
    txn_id: Id | None = connection.execute(
        select(change_log.c.txn_id).where(change_log.c.position == position)
    ).scalar()
    return None if txn_id is None else Mark(position, txn_id.bytes)
