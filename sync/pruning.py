"""Pruning the centre's log: entries that every reader and every workstation has passed, or that are too old to keep.

The log is kept until every workstation that is not revoked has read it, but no longer than `KEPT`. A workstation that
comes back later finds its cursor before the start of the log (``sync.cursor_expired``) and compares its rows by
content instead; what it has not sent goes up as ever, for outcomes are kept apart from the log.

How old an entry is, only the entries of the centre itself can say: those of a workstation bear the time of its own
clock, and one that is years behind would make the newest entry look too old to keep.
"""

from datetime import timedelta

from sqlalchemy import Connection, delete, func, select

from domain.kernel.change_log import change_log, cursor_of, log_reader, log_scope, move_cursor
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.people.records import Workstation
from sync.local_tables import device_state

PRUNED = "pruned"
"""Name under which the newest pruned position stands among the cursors of the log."""
KEPT = timedelta(days=400)
LEAST = 1000
"""Entries kept in any case: marks of branches lie among the newest."""
_AT_ONCE = 5000


def log_start(connection: Connection) -> int:
    """Return the position of the oldest entry, 1 for a log that was never pruned."""
    return cursor_of(connection, PRUNED) + 1


def prune(store: Store, now: int, centre: Id, least: int = LEAST) -> int:
    """Remove what nobody needs from the centre's log and return how many entries went.

    Args:
        store: The centre's store.
        now: Microseconds UTC by the centre's clock.
        centre: Device of the centre.
        least: Entries that stay in any case.
    """
    with store.read() as connection:
        until = _until(connection, now, centre, least)
    removed = 0
    while True:
        with store.write() as connection:
            chosen = select(change_log.c.position).where(change_log.c.position <= until)
            some = connection.scalars(chosen.order_by(change_log.c.position).limit(_AT_ONCE)).all()
            if not some:
                return removed
            connection.execute(delete(log_scope).where(log_scope.c.position <= some[-1]))
            connection.execute(delete(change_log).where(change_log.c.position <= some[-1]))
            move_cursor(connection, PRUNED, some[-1])
            removed += len(some)


def _until(connection: Connection, now: int, centre: Id, least: int) -> int:
    head = connection.execute(select(func.max(change_log.c.position))).scalar() or 0
    readers = select(func.min(log_reader.c.position)).where(log_reader.c.name != PRUNED)
    read = connection.execute(readers).scalar()
    station = Workstation.__table__
    passed = connection.execute(
        select(func.min(func.coalesce(device_state.c.position, 0)))
        .select_from(station.outerjoin(device_state, device_state.c.device_id == station.c.id))
        .where(station.c.revoked_at.is_(None))
    ).scalar()
    wanted = max(head if passed is None else passed, _too_old(connection, now, centre))
    return min(wanted, head - least, head if read is None else read)


def _too_old(connection: Connection, now: int, centre: Id) -> int:
    """Return the newest position that was certainly written more than `KEPT` ago, 0 if there is none.

    Of the centre's own entries it is the last old one before the first that is not old: where its clock once stood
    wrong for a while, nothing after that counts.
    """
    old = now - KEPT // timedelta(microseconds=1)
    own = change_log.c.device_id == centre
    first = select(func.min(change_log.c.position)).where(own, change_log.c.at >= old)
    young = connection.execute(first).scalar()
    last = select(func.max(change_log.c.position)).where(own, change_log.c.at < old)
    if young is not None:
        last = last.where(change_log.c.position < young)
    return connection.execute(last).scalar() or 0
