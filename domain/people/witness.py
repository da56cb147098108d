"""The second person of an act that takes two: found by card or login, never the one who is signed in."""

from sqlalchemy import or_, select

from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.rights.reading import adjusted


def witness_of(said: str, work: UnitOfWork, field: str, right: str | None = None) -> Staff:
    """Return the member of staff whose card was scanned or whose login was typed.

    Args:
        said: What was scanned or typed.
        work: The unit of work of the act.
        field: Field of the order, for what is refused.
        right: Permission the second person must have as well, None if anybody of the staff will do.

    Raises:
        DomainError: ``witness.unknown``, ``witness.self`` or ``witness.no_right``, on `field`.
    """
    plain = said.strip()
    known = work.list(
        select(Staff).where(or_(Staff.login == plain, Staff.card_no == plain), Staff.active).limit(1)
    )
    if not plain or not known:
        raise DomainError("witness.unknown", field=field, witness=plain)
    if known[0].id == work.actor.staff_id:
        raise DomainError("witness.self", field=field)
    if right is not None:
        shipped = work.content["authority"].role(known[0].role)
        if adjusted(work.connection, shipped, known[0], work.now).may(right):
            return known[0]
        raise DomainError("witness.no_right", field=field, name=known[0].name)
    return known[0]
