"""Running the sign-ins that were only noted, as the commands they are; then compiling for the next start."""

import logging
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.facts import from_microseconds
from domain.people.staff_commands import SignIn
from sync.local_tables import noted_sign_in

if TYPE_CHECKING:
    from client.desk import Desk

log = logging.getLogger(__name__)


def settle(desk: "Desk") -> int:
    """Run every noted sign-in once, oldest first, with the time it happened; returns how many there were.

    The transaction id was made with the note: one that is in the log already was run before a crash, and only its
    note is left to be taken away.
    """
    with desk.store.read() as connection:
        noted = connection.execute(select(noted_sign_in).order_by(noted_sign_in.c.at)).all()
    who = desk.installation
    for row in noted:
        txn_id: uuid.UUID = row.txn_id
        with desk.store.read() as connection:
            done = connection.execute(
                select(change_log.c.txn_id).where(change_log.c.txn_id == txn_id)
            ).first()
        if done is None:
            then = from_microseconds(row.at)
            dispatcher = Dispatcher(desk.store, clock=lambda then=then: then, at_centre=False)  # type: ignore[misc]
            dispatcher.run(
                SignIn(login=row.login, verified=True), system_actor(who.org_id, who.device_id), txn_id=txn_id
            )
        with desk.store.write() as connection:
            connection.execute(delete(noted_sign_in).where(noted_sign_in.c.txn_id == txn_id))
    return len(noted)
