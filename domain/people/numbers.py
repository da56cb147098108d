"""Running numbers that stay unique over all branches offline: the installation's prefix and its own counter."""

from sqlalchemy import bindparam, select, update

from domain.biobank.numbers import is_good_prefix
from domain.kernel.prepared import Prepared, insert_into
from domain.kernel.unit_of_work import UnitOfWork, stored_values, table_of
from domain.people.records import RunningNumber

DIGITS = 7
FIRST_PREFIX = 101

_COUNTER = table_of(RunningNumber)
_MINE = _COUNTER.c.purpose == bindparam("mine")
_READ = Prepared(select(_COUNTER.c.next_value).where(_MINE))
_UP = update(_COUNTER).where(_MINE).values(next_value=_COUNTER.c.next_value + 1)
_STEP, _STEP_AND_SAY = Prepared(_UP), Prepared(_UP.returning(_COUNTER.c.next_value))
_SET = Prepared(update(_COUNTER).where(_MINE).values(next_value=bindparam("following")))


def next_value(work: UnitOfWork, purpose: str) -> int:
    """Return the next running value of `purpose` on this installation, starting at 1.

    The counter is a table of this store alone, so it is stepped directly and leaves no entry in the log. It is
    stepped before it is read: the row stays locked to the commit, so two writers never take one value.
    """
    if work.connection.dialect.name == "sqlite":
        stepped = _STEP_AND_SAY.first(work.connection, mine=purpose)
    else:
        _STEP.run(work.connection, mine=purpose)
        stepped = _READ.first(work.connection, mine=purpose)
    if stepped is not None:
        return int(stepped[0]) - 1
    counter = RunningNumber(id=work.new_id(), org_id=work.actor.org_id, purpose=purpose, next_value=2, ver=0)
    insert_into(_COUNTER).many(work.connection, [stored_values(counter)])
    return 1


def set_next(work: UnitOfWork, purpose: str, following: int) -> None:
    """Let the counter of `purpose` go on at `following`."""
    _SET.run(work.connection, mine=purpose, following=following)


def next_prefix(work: UnitOfWork) -> str:
    """Return the prefix of the next installation, digits from `FIRST_PREFIX` on; the centre gives them.

    Passed over are those from which no tube could be numbered, and those with a nought after the third digit: in the
    fixed length of a tube's number ``1010`` and a serial would be ``101`` and a serial that begins with noughts.
    """
    while True:
        prefix = str(FIRST_PREFIX + next_value(work, "workstation") - 1)
        if "0" not in prefix[len(str(FIRST_PREFIX)) :] and is_good_prefix(prefix):
            return prefix


def next_number(work: UnitOfWork, purpose: str, letter: str) -> str:
    """Return a number such as ``P1010000042``: letter, prefix of the installation, seven digits."""
    return f"{letter}{work.content['number_prefix']}{next_value(work, purpose):0{DIGITS}d}"
