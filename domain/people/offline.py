"""How long a workstation may go on without the centre: whoever's term is over signs in again once they have spoken.

What the centre decided meanwhile (an account switched off, a right withdrawn) reaches nobody who is alone, so a
workstation that is stolen, or kept off the line on purpose, ends by itself. The term is the role's (`offline_days`).
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, insert, select, update

from domain.kernel.authority import Actor, Role
from domain.kernel.change_log import change_log
from domain.kernel.facts import to_microseconds
from domain.kernel.record import Record
from domain.kernel.store import Store
from domain.people.terms import alone

OVER = "sign_in.offline_too_long"
NOTED_EVERY = timedelta(minutes=10)
"""A contact is noted no more often: each is a write."""
TOLD_DAYS = 5
"""So many days before the end people are told."""

centre_contact = Table(
    "centre_contact",
    Record.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("heard_at", BigInteger, nullable=False),
)
"""When this workstation last heard the centre: one row; none at the centre itself."""


def note_contact(store: Store, now: datetime, *, first: bool = False) -> None:
    """Note that the centre was heard.

    Args:
        store: The workstation's.
        now: When.
        first: Only where nothing is noted yet: the term begins.
    """
    table, at = centre_contact, to_microseconds(now)
    with store.read() as connection:
        before = connection.execute(select(table.c.heard_at)).scalar()
    if before is not None and (first or abs(at - before) < NOTED_EVERY // timedelta(microseconds=1)):
        return
    with store.write() as connection:
        if before is None:
            connection.execute(insert(table).values(id=1, heard_at=at))
        else:
            connection.execute(update(table).values(heard_at=at))


def days_alone(connection: Connection, now: datetime) -> int | None:
    """Return the whole days since the centre was heard, None where there is none to hear.

    A clock set back shortens nothing: the time of the newest entry of the log has been reached already.
    """
    heard = connection.execute(select(centre_contact.c.heard_at)).scalar()
    if heard is None:
        return None
    newest = connection.execute(
        select(change_log.c.at).order_by(change_log.c.position.desc()).limit(1)
    ).scalar()
    return alone(heard, newest, now)


def why_over(connection: Connection, role: Role, now: datetime) -> dict[str, Any] | None:
    """Return the facts of `OVER` if somebody of this role may not sign in any more, None if they may."""
    days = days_alone(connection, now)
    if days is None or days < role.offline_days:
        return None
    return {"days": days, "limit": role.offline_days, "role": role.label}


def days_left_of(connection: Connection, actor: Actor) -> tuple[int, int] | None:
    """Return the days alone and those left to somebody, where it is time to say so; None before that."""
    days = days_alone(connection, actor.clock())
    left = None if days is None else actor.rights.offline_days - days
    return (days, left) if days is not None and left is not None and left <= TOLD_DAYS else None
