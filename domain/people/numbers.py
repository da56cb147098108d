"""Running numbers that stay unique over all branches offline: the installation's prefix and a counter of its own."""

from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import RunningNumber

DIGITS = 7


def next_value(work: UnitOfWork, purpose: str) -> int:
    """Return the next running value of `purpose` on this installation, starting at 1."""
    counter = work.find(RunningNumber, purpose=purpose)
    if counter is None:
        counter = work.add(RunningNumber(purpose=purpose, org_id=work.actor.org_id, next_value=1))
    value = counter.next_value
    counter.next_value = value + 1
    return value


def next_number(work: UnitOfWork, purpose: str, letter: str) -> str:
    """Return a number such as ``V1010000042``: letter, prefix of the installation, seven digits."""
    return f"{letter}{work.content['number_prefix']}{next_value(work, purpose):0{DIGITS}d}"
