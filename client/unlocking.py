"""Taking the screen back from a client: only by the password of whoever signed in at this workstation."""

from sqlalchemy import select

from client.station import Context
from domain.kernel.errors import DomainError
from domain.people.records import Staff

WRONG = "sign_in.refused"


def check_password(context: Context, password: str) -> None:
    """Let the person who handed the screen over take it back; wrong passwords count as at every sign-in.

    Takes 0.1 s by design: in a job.

    Raises:
        DomainError: ``kiosk.wrong_password``, or why the account is refused just now (locked, password too old).
    """
    if not password:
        raise DomainError("kiosk.wrong_password", field="password")
    table = Staff.__table__
    with context.desk.store.read() as connection:
        login = connection.execute(select(table.c.login).where(table.c.id == context.actor.staff_id)).scalar()
    found = context.desk.sign_in(str(login or ""), password)
    if found.actor is not None and found.actor.staff_id == context.actor.staff_id:
        return
    if found.actor is None and found.code not in ("", WRONG):
        raise DomainError(found.code, **found.facts)
    raise DomainError("kiosk.wrong_password", field="password")
