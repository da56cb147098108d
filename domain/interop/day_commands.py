"""The centre keeps the accounts of a day."""

from typing import Any

from domain.interop.day_records import InterfaceDay
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork


def day_id(partner_id: Id, day: str) -> Id:
    """Return the id of the account of a partner and day (``YYYY-MM-DD``)."""
    return stable_id("interface_day", partner_id.hex, day)


@command("interface.note_days", "登记接口日对账", permission=None, place="internal")
class NoteInterfaceDays:
    """Write accounts; the centre's housekeeping is the only caller. Each is the fields of an `InterfaceDay`."""

    days: list[Any] = ask("对账", kind=Kind.HIDDEN)


@handles(NoteInterfaceDays)
def note_interface_days(order: NoteInterfaceDays, work: UnitOfWork) -> int:
    """Return how many accounts are new or say something else than before."""
    changed = 0
    for facts in order.days:
        number = day_id(facts["partner_id"], facts["day"].isoformat())
        row = work.get(InterfaceDay, number)
        if row is None:
            work.add(InterfaceDay(id=number, **facts, counted_at=work.now))
        elif row.statement != facts["statement"]:
            for name, value in facts.items():
                setattr(row, name, value)
            row.counted_at = work.now
        else:
            continue
        changed += 1
    return changed
