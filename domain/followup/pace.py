"""How closely a client is followed up: the strictest of their level, their labels and the colour of their risk."""

import dataclasses
from collections.abc import Iterable

from sqlalchemy import bindparam, select

from domain.followup.definitions import FollowUpContent
from domain.followup.group_records import ClientLevel, GroupMember, Segment
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.levels import Colour
from domain.risk.records import RiskLevel

ORDER = tuple(ClientLevel)
_L = RiskLevel.__table__.c
_COLOUR = Prepared(select(_L.colour).where(_L.patient_id == bindparam("patient")).limit(1))


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """What decides about the intervals of a client.

    Attributes:
        level: What they were promised.
        colour: Colour of the risk level; None before the first assessment.
        labels: Labels that have a rule, sorted.
        rhythm: Whose days of a template hold.
    """

    level: ClientLevel
    colour: str | None
    labels: tuple[str, ...]
    rhythm: ClientLevel


def pace_of(level: ClientLevel, colour: str | None, labels: Iterable[str], content: FollowUpContent) -> Pace:
    """Return the pace of a client; labels without a rule say nothing about it."""
    known = tuple(sorted(label for label in labels if label in content.labels))
    asked = [level, *(content.labels[label].rhythm for label in known)]
    if colour is not None and (by_colour := content.rules.colour_rhythm.get(Colour(colour))) is not None:
        asked.append(by_colour)
    return Pace(level, colour, known, max(asked, key=ORDER.index))


def pace_of_client(
    work: UnitOfWork,
    patient_id: Id,
    level: ClientLevel,
    members: Iterable[GroupMember],
    content: FollowUpContent,
) -> Pace:
    """Return the pace of a client as it is stored."""
    found = _COLOUR.first(work.connection, patient=patient_id.bytes)
    labels = [m.topic for m in members if m.segment == Segment.LABEL and m.state != "left"]
    return pace_of(level, found[0] if found else None, labels, content)
