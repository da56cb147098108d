"""Running numbers that stay unique over all branches offline: the installation's prefix and its own counter."""

from sqlalchemy import bindparam, insert, select, update

from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import RunningNumber

DIGITS = 7

_COUNTER = RunningNumber.__table__
_MINE = _COUNTER.c.purpose == bindparam("mine")
_READ = select(_COUNTER.c.next_value).where(_MINE)
_STEP = update(RunningNumber).where(_MINE).values(next_value=bindparam("following"))


def next_value(work: UnitOfWork, purpose: str) -> int:
    """Return the next running value of `purpose` on this installation, starting at 1.

    The counter is a table of this store alone, so it is stepped directly and leaves no entry in the log.
    """
    value = work.connection.execute(_READ, {"mine": purpose}).scalar()
    if value is None:
        row = {
            "id": work.new_id(),
            "org_id": work.actor.org_id,
            "purpose": purpose,
            "next_value": 2,
            "ver": 0,
        }
        work.connection.execute(insert(RunningNumber), row)
        return 1
    set_next(work, purpose, value + 1)
    return int(value)


def set_next(work: UnitOfWork, purpose: str, following: int) -> None:
    """Let the counter of `purpose` go on at `following`."""
    work.connection.execute(_STEP, {"mine": purpose, "following": following})


def next_number(work: UnitOfWork, purpose: str, letter: str) -> str:
    """Return a number such as ``V1010000042``: letter, prefix of the installation, seven digits."""
    return f"{letter}{work.content['number_prefix']}{next_value(work, purpose):0{DIGITS}d}"
