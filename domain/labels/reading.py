"""Reading the queue of a workstation by its indexes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from domain.kernel.ids import Id
from domain.labels.records import LabelJob
from domain.labels.workflow import UNDER_WAY

_J = LabelJob.__table__.c
_RECENT = ("printed", "sent")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One label of the queue; `fields` is its text."""

    id: Id
    batch_id: Id
    number: str
    purpose: str
    printer: str
    fields: dict[str, str]
    kind: str | None
    reprint: int
    reason: str | None
    fault: str | None
    tries: int
    state: str
    queued_at: datetime
    state_since: datetime


def waiting_of(connection: Connection, ids: Sequence[Id]) -> list[Waiting]:
    """Return these jobs in the order given."""
    found = {row.id: row for row in connection.execute(_QUERY.where(_J.id.in_(list(ids))))}
    return [_read(found[one]) for one in ids if one in found]


def queue_of(connection: Connection, device_id: Id, limit: int) -> list[Waiting]:
    """Return what waits at a workstation, first asked for first, then what came out last and no scan has proven."""
    mine = _QUERY.where(_J.device_id == device_id)
    waiting = connection.execute(
        mine.where(_J.state.in_(UNDER_WAY)).order_by(_J.queued_at, _J.place, _J.id).limit(limit)
    ).all()
    done = connection.execute(
        mine.where(_J.state.in_(_RECENT)).order_by(_J.queued_at.desc(), _J.place.desc()).limit(limit)
    ).all()
    return [_read(row) for row in (*waiting, *done)]


_QUERY = select(
    _J.id, _J.batch_id, _J.number, _J.purpose, _J.printer, _J.fields, _J.kind, _J.reprint, _J.reason, _J.fault,
    _J.tries, _J.state, _J.queued_at, _J.state_since,
)  # fmt: skip


def _read(row: object) -> Waiting:
    return Waiting(*row)  # type: ignore[misc]
