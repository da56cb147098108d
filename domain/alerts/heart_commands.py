"""Writing down that alerting stopped, and that it is back; the watch over it is the only caller."""

import dataclasses
from datetime import datetime
from typing import Any

from domain.alerts.heart_records import AlertHeart, heart_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork


@dataclasses.dataclass(frozen=True, slots=True)
class Pulse:
    """How one part of alerting is: `last_beat` is when it worked last."""

    part: str
    name: str
    beats: bool
    last_beat: datetime | None = None
    reason: str | None = None


def heart_id(device_id: Id, part: str) -> Id:
    """Return the id of the row of a part at an installation."""
    return stable_id("alert_heart", device_id, part)


@command("alert.note_hearts", "更新预警运行监测", permission=None, place="internal")
class NoteHearts:
    """Write what stopped and what is back; what works and always did has no row."""

    pulses: list[Any] = ask("监测", kind=Kind.HIDDEN)


@handles(NoteHearts)
def note_hearts(order: NoteHearts, work: UnitOfWork) -> list[Id]:
    """Return the ids of the rows that turned."""
    turned: list[Id] = []
    device_id = work.actor.device_id
    for pulse in order.pulses:
        kept = work.get(AlertHeart, heart_id(device_id, pulse.part))
        if kept is None:
            if pulse.beats:
                continue
            kept = AlertHeart(
                id=heart_id(device_id, pulse.part), org_id=work.actor.org_id, part=pulse.part, name=pulse.name,
                device_id=device_id,
            )  # fmt: skip
            work.start(heart_life, kept)
            work.add(kept)
        if (kept.state == "beating") == pulse.beats:
            continue
        work.move(heart_life, kept, "resume" if pulse.beats else "stop")
        kept.name = pulse.name
        if pulse.beats:
            kept.evaluated_at = pulse.last_beat
        else:
            kept.last_beat, kept.reason, kept.evaluated_at = pulse.last_beat, pulse.reason, None
        turned.append(kept.id)
    return turned
