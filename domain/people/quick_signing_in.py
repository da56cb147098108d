"""Coming in at a shared desk by PIN or card; whoever cannot is asked for the password, whatever the reason."""

import uuid
from typing import Any

from sqlalchemy import Connection, or_, select

from domain.kernel.authority import Authority, system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.people.passwords import password_matches
from domain.people.quick_commands import QuickSignIn, QuickWay
from domain.people.quick_records import QuickPin
from domain.people.records import Staff
from domain.people.signing_in import SignedIn, actor_of

NOBODY = uuid.UUID(int=0)
"""Whom an attempt under an unknown name is noted for."""


def quick_sign_in(
    dispatcher: Dispatcher,
    authority: Authority,
    said: str,
    pin: str | None,
    *,
    hours: int,
    device_id: Id,
    org_id: Id,
) -> SignedIn:
    """Check a PIN, or take a card alone where `pin` is None.

    Every refusal says the same and takes as long, so that nobody learns who has an account or a PIN here.

    Args:
        dispatcher: Runs the command that notes the attempt.
        authority: Roles in force.
        said: Login name, or the number of a card.
        pin: As typed; None where whoever asks has seen to it that the card is enough.
        hours: For which a password given here opens this way.
        device_id: Installation the person sits at.
        org_id: Organisation of the installation.
    """
    pins = QuickPin.__table__
    with dispatcher.store.read() as connection:
        staff = holder_of(connection, said)
        kept = None
        if staff is not None:
            kept = connection.execute(select(pins.c.pin_hash).where(pins.c.staff_id == staff.id)).scalar()
    verified = kept is not None if pin is None else password_matches(kept, pin)
    way = QuickWay.CARD if pin is None else QuickWay.PIN
    noted = dispatcher.run(
        QuickSignIn(staff_id=NOBODY if staff is None else staff.id, way=way, verified=verified, hours=hours),
        system_actor(org_id, device_id),
    ).receipt
    if staff is None or noted.staff_id is None:
        return SignedIn(None, noted.code, noted.facts)
    return SignedIn(actor_of(dispatcher, authority, staff, device_id))


def holder_of(connection: Connection, said: str) -> Any:
    """Return the row of the account that a login name or the number of a card names.

    None if it is nobody's, or if several have the same number on their card: a card that is two people's is no key.
    """
    table, plain = Staff.__table__, said.strip()
    query = select(table).where(or_(table.c.login == plain, table.c.card_no == plain)).limit(2)
    rows = connection.execute(query).all() if plain else []
    return rows[0] if len(rows) == 1 else None
