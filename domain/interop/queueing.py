"""The queue to each partner: what is put into it, whose turn it is, and when it is tried again."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select

from domain.interop.out_records import Message, OutMessage
from domain.interop.partner_records import Partner
from domain.interop.workflow import out_life
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_value

PAUSES = tuple(timedelta(seconds=s) for s in (5, 10, 20, 40, 80, 160, 300))
"""Pauses of a line that does not answer, the last one for ever after (5 s to 5 min)."""
REJECTIONS = 5
"""So many AR in a row and a message waits for a person; what is refused for its content (AE) does so at once."""
HOLDS = ("waiting", "sending", "dead")
"""While an earlier message about a client is in one of these, later ones about the client wait."""


def pause_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row (from 1)."""
    return PAUSES[min(max(failures, 1), len(PAUSES)) - 1]


def control_id(message_id: Id, writings: int) -> str:
    """Return MSH-10: at most 20 characters, as HL7 before 2.7 allows, its own for each time it is written anew."""
    return f"{message_id.hex[:17]}{writings:03d}"


def enqueue(
    work: UnitOfWork, partner: Partner, message_id: Id, kind: Message, about: Id, patient_id: Id, label: str
) -> bool:
    """Put a message into a partner's queue unless it is there; tells whether it is new."""
    if work.get(OutMessage, message_id) is not None:
        return False
    message = OutMessage(
        id=message_id, org_id=partner.org_id, partner_id=partner.id, partner_name=partner.name,
        place=next_value(work, "out_message"), kind=kind, about_id=about, patient_id=patient_id, label=label[:255],
        control_id=control_id(message_id, 1), next_try_at=work.now, queued_at=work.now,
    )  # fmt: skip
    work.start(out_life, message)
    work.add(message)
    return True


def whose_turn(connection: Connection, partner_id: Id, now: datetime) -> Any:
    """Return (id, state, tries) of the message to be sent now; one that was being sent at a crash comes first.

    Messages go in the order in which they came, but what has to wait holds up its own client alone.
    """
    m, e = OutMessage.__table__, OutMessage.__table__.alias("earlier")
    earlier = exists().where(
        and_(e.c.partner_id == m.c.partner_id, e.c.patient_id == m.c.patient_id, e.c.place < m.c.place),
        e.c.state.in_(HOLDS),
    )
    due = or_(m.c.state == "sending", and_(m.c.state == "waiting", m.c.next_try_at <= now))
    query = select(m.c.id, m.c.state, m.c.tries).where(m.c.partner_id == partner_id, due, ~earlier)
    return connection.execute(query.order_by(m.c.place).limit(1)).first()
