"""The free slots of one block."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.reception.records import Appointment


def free_of(connection: Connection, block: Any, now: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    """Yield number, begin and end of the slots of a block (its row or record) that are free and not begun."""
    a = Appointment.__table__.c
    taken = select(a.slot).where(a.block_id == block.id, a.slot_key.is_not(None))
    used = set(connection.execute(taken).scalars())
    length = timedelta(minutes=block.slot_minutes)
    begins, slot = block.starts_at, 0
    while begins + length <= block.ends_at:
        if slot not in used and begins > now:
            yield slot, begins, begins + length
        begins, slot = begins + length, slot + 1
