"""How a client's identity stands now, for who holds a tube or a paper of theirs: read by index at each scan."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.people.comparing import Light
from domain.people.light_records import IdentityLight
from domain.people.roster_records import IdentityDuty
from domain.people.workflow import identity_duty_life

_L, _D = IdentityLight.__table__.c, IdentityDuty.__table__.c
_LAST = Prepared(
    select(_L.light, _L.reasons, _L.checked_at)
    .where(_L.patient_id == bindparam("patient"))
    .order_by(_L.checked_at.desc(), _L.id.desc())
    .limit(1)
)
_OPEN = Prepared(
    select(_D.light, _D.reasons)
    .where(_D.patient_id == bindparam("patient"), _D.state == identity_duty_life.first)
    .order_by(_D.state_since.desc(), _D.id.desc())
)
_SETTLED = Prepared(
    select(_D.id)
    .where(
        _D.patient_id == bindparam("patient"), _D.state != identity_duty_life.first, _D.basis.is_not(None),
        _D.state_since >= bindparam("since"),
    )
    .limit(1)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StandingLight:
    """`light` is None for somebody whose identity was never compared with a document; `reasons` are codes.

    `settled`: what was not green has been cleared up since, on a person's word.
    """

    light: Light | None
    reasons: tuple[str, ...] = ()
    settled: bool = False


def standing_light(connection: Connection, patient_id: Id) -> StandingLight:
    """Return how somebody's identity stands: the worst of what is still to be settled, else the last comparison."""
    waiting = [_read(row) for row in _OPEN.rows(connection, patient=patient_id.bytes) if row[0] is not None]
    for light in (Light.RED, Light.YELLOW):
        for one in waiting:
            if one.light is light:
                return one
    last = _LAST.first(connection, patient=patient_id.bytes)
    if last is None:
        return StandingLight(None)
    found = _read(last)
    if found.light in (None, Light.GREEN):
        return found
    cleared = _SETTLED.first(connection, patient=patient_id.bytes, since=last[2]) is not None
    return StandingLight(found.light, found.reasons, settled=cleared and not waiting)


def _read(row: tuple[Any, ...]) -> StandingLight:
    """Return a stored light; one that a newer program knows is none here."""
    light = Light(row[0]) if row[0] in set(Light) else None
    return StandingLight(light, tuple(msgspec.json.decode(row[1])) if row[1] else ())
