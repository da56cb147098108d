"""Counts the tubes of each box as the log tells of tubes that came or went; a reader of this store alone."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select

from domain.biobank.records import Specimen, StorageContainer
from domain.kernel.change_log import Entry
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds
from domain.kernel.ids import Id, stable_id
from domain.storage.records import ContainerFill, ContainerFillDay

_TUBE: Table = Specimen.__table__  # type: ignore[assignment]
_BOX: Table = StorageContainer.__table__  # type: ignore[assignment]
_FILL: Table = ContainerFill.__table__  # type: ignore[assignment]
_DAY: Table = ContainerFillDay.__table__  # type: ignore[assignment]


class FillReader:
    """Give it to a `Follower`: each entry counts once, and a box is counted anew rather than added to."""

    name = "storage_fill"

    def read(self, entries: Sequence[Entry], connection: Connection) -> None:
        """Count the boxes that tubes came into or left, by the day of the entry."""
        for entry in entries:
            if not any(touch.entity in {"specimen", "storage_container"} for touch in entry.glance.changes):
                continue
            codes = {
                box
                for change in entry.body.changes
                if change.entity == "specimen"
                for slot in (change.fields.get("slot"), change.base.get("slot"))
                if isinstance(slot, str) and (box := slot.rpartition(":")[0])
            }
            codes |= {
                code
                for change in entry.body.changes
                if change.entity == "storage_container" and isinstance(code := change.fields.get("code"), str)
            }
            if codes:
                day = clinic(from_microseconds(entry.at)).date()
                _count(connection, codes, day)


def tubes_in(connection: Connection, code: str) -> int:
    """Return how many tubes lie in a box: one range of the index of slots (``BOX:`` to ``BOX;``)."""
    query = select(func.count()).where(_TUBE.c.slot >= f"{code}:", _TUBE.c.slot < f"{code};")
    return int(connection.execute(query).scalar_one())


def rebuild_fill(connection: Connection) -> None:
    """Count every box anew; for a store that was filled without a log. The days are left as they are."""
    connection.execute(delete(_FILL))
    boxes = connection.execute(select(_BOX.c.id, _BOX.c.org_id, _BOX.c.code)).all()
    rows = [{"id": b.id, "org_id": b.org_id, "ver": 0, "used": tubes_in(connection, b.code)} for b in boxes]
    if rows:
        connection.execute(_FILL.insert(), rows)


def _count(connection: Connection, codes: set[str], day: date) -> None:
    for box in connection.execute(
        select(_BOX.c.id, _BOX.c.org_id, _BOX.c.code).where(_BOX.c.code.in_(codes))
    ):
        used = tubes_in(connection, box.code)
        before = connection.execute(select(_FILL.c.used).where(_FILL.c.id == box.id)).scalar()
        if before is None:
            connection.execute(_FILL.insert(), {"id": box.id, "org_id": box.org_id, "ver": 0, "used": used})
        elif before != used:
            connection.execute(_FILL.update().where(_FILL.c.id == box.id).values(used=used))
        if net := used - (before or 0):
            _add_day(connection, box, day, net)


def _add_day(connection: Connection, box: Any, day: date, net: int) -> None:
    row_id: Id = stable_id("fill_day", str(box.id), day.isoformat())
    known = connection.execute(select(_DAY.c.net).where(_DAY.c.id == row_id)).scalar()
    if known is None:
        row = {"id": row_id, "org_id": box.org_id, "ver": 0, "container_id": box.id, "day": day, "net": net}
        connection.execute(_DAY.insert(), row)
    else:
        connection.execute(_DAY.update().where(_DAY.c.id == row_id).values(net=known + net))


def net_by_day(connection: Connection, boxes: Sequence[uuid.UUID], since: date) -> dict[date, int]:
    """Return how the number of tubes in some boxes changed on each day since one."""
    wanted = set(boxes)
    found: dict[date, int] = {}
    query = select(_DAY.c.day, _DAY.c.container_id, _DAY.c.net).where(_DAY.c.day >= since)
    for day, box, net in connection.execute(query):
        if box in wanted:
            found[day] = found.get(day, 0) + net
    return found
