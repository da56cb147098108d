"""Sign-ins of one login at one centre come one after another, whatever process took them."""

from sqlalchemy import select

from domain.factor.checking import FACTOR_KEY
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import SignInState


def in_turn(work: UnitOfWork, login: str) -> None:
    """Wait until no other sign-in of this login is under way, before anything of it is read.

    On MariaDB two transactions may run side by side: both would find a code unused, and failures at the same moment
    would count once. SQLite has one writer and needs no lock. Nobody can race before a login's first sign-in is kept,
    which is long before it can have a second factor.
    """
    if FACTOR_KEY in work.content:  # the centre
        work.connection.execute(
            select(SignInState.id).where(SignInState.login == login).with_for_update()
        ).one_or_none()
