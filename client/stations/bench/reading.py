"""Tubes, boxes and what waits, as the bench shows them; read in a job, by index, never on the UI thread."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from domain.biobank.numbers import parse_specimen_number
from domain.biobank.records import Specimen, SpecimenEvent, SpecimenType, StorageContainer
from domain.kernel.authority import Actor
from domain.kernel.disputes import Dispute, disputes_of
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.kernel.unit_of_work import Done
from domain.kernel.worklists import Filter, NamedRow, Pages, records, worklists
from domain.people.standing_light import StandingLight, standing_light

WAITING = 14
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=7)
"""Longer than any step of a tube on its way into the store may take."""


@dataclass(frozen=True, slots=True)
class TubeFacts:
    """One tube as it stands."""

    number: str
    type: SpecimenType
    state: str
    state_since: datetime
    due_at: datetime | None
    slot: str
    is_aliquot: bool
    """It was divided from another tube, and is divided no further."""
    disputes: tuple[Dispute, ...] = ()
    """Of whom it is, if two people say different things."""
    remaining_ul: int | None = None
    sources: int = 0
    """Of how many tubes it was pooled; 0 for none."""
    sprec: str = ""
    """Its pre-analytical code, once it is stored."""
    patient_id: Id | None = None
    identity: StandingLight | None = None
    """How the identity of whom it is of stands; not read for lists."""


@dataclass(frozen=True, slots=True)
class TubeEvent:
    """One line of a tube's history."""

    kind: str
    at: datetime
    staff_name: str
    produced_ul: int | None
    consumed_ul: int | None
    condition: str
    place: str
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """A box with what lies in it: position to tube number."""

    code: str
    name: str
    rows: int
    columns: int
    temperature: str
    taken: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scan: the command's receipt or the refusal, and the tube as it stands now."""

    tube: TubeFacts | None
    done: Done | None = None
    error: KnownError | None = None
    events: tuple[TubeEvent, ...] = ()
    box: BoxFacts | None = None


def act(desk: Any, actor: Actor, order: Any, number: str) -> Outcome:
    """Run a command on a tube and read the tube; a refusal is an outcome too, so that its remedy can be told.

    Args:
        desk: With dispatcher and store.
        actor: Who scans.
        order: The command, or a function of the tube as it stands (None for one that is not here) that gives it.
        number: Of the tube.
    """
    done, error = None, None
    try:
        if callable(order):
            with desk.store.read() as connection:
                order = order(tube_in(connection, actor, number))
        done = desk.dispatcher.run(order, actor)
    except KnownError as refusal:
        error = refusal
    with desk.store.read() as connection:
        tube = tube_in(connection, actor, number)
    return Outcome(tube, done, error)


def look_up(store: Store, actor: Actor, number: str) -> Outcome:
    """Return a tube with its history, oldest first."""
    with store.read() as connection:
        rows = _tube_rows(connection, actor, number)
        if not rows:
            return Outcome(None)
        tube = tube_in(connection, actor, number)
        events = records(connection, actor, SpecimenEvent, SpecimenEvent.specimen_id == rows[0].id)
    ordered = sorted(events, key=lambda e: (e.occurred_at, e.id))
    return Outcome(tube, events=tuple(_event(e) for e in ordered))


def tube_in(connection: Connection, actor: Actor, number: str) -> TubeFacts | None:
    """Return a tube by the number scanned, None if the reader has none of it."""
    rows = _tube_rows(connection, actor, number)
    if not rows:
        return None
    [row] = rows
    disputes = disputes_of(connection, actor.clearance, "specimen", [row.id])
    identity = standing_light(connection, row.patient_id)
    return replace(_tube(row), disputes=disputes.get(row.id, ()), identity=identity)


def read_box(store: Store, actor: Actor, code: str) -> BoxFacts | None:
    """Return a box with the tubes in it."""
    with store.read() as connection:
        found = records(connection, actor, StorageContainer, StorageContainer.code == code, limit=1)
        if not found:
            return None
        # Slots are "BOX:A1": the range from "BOX:" to "BOX;" is one index range.
        tubes = records(connection, actor, Specimen, Specimen.slot >= f"{code}:", Specimen.slot < f"{code};")
    box = found[0]
    taken = {tube.slot.rpartition(":")[2]: tube.number for tube in tubes}
    return BoxFacts(box.code, box.name, box.rows, box.columns, box.temperature.replace(" to ", "～"), taken)


def read_waiting(pages: Pages, actor: Actor, now: datetime) -> list[TubeFacts]:
    """Return the tubes that must be moved on, what runs out first at the top."""
    listing = worklists()["specimen.waiting"]
    # Without bounds the index range would begin or end with tubes in store, which have no time limit or one in years.
    bound = (Filter("due_at", "ge", _BEGINNING), Filter("due_at", "le", now + _AHEAD))
    page = pages.page(listing, actor, filters=bound, limit=WAITING)
    names = [column.name for column in listing.columns]
    rows = [(dict(zip(names, row.values, strict=True)), row.disputes) for row in page.rows]
    return [
        TubeFacts(
            r["number"], r["type"], r["state"], r["state_since"], r["due_at"], "", is_aliquot=False,
            disputes=disputes,
        )
        for r, disputes in rows
    ]  # fmt: skip


def _tube_rows(connection: Connection, actor: Actor, number: str) -> list[NamedRow]:
    try:
        plain = parse_specimen_number(number)
    except KnownError:
        return []
    return records(connection, actor, Specimen, Specimen.number == plain, limit=1)


def _tube(row: NamedRow) -> TubeFacts:
    return TubeFacts(
        row.number,
        row.type,
        row.state,
        row.state_since,
        row.due_at,
        row.slot or "",
        row.parent_id is not None and row.sources is None,
        remaining_ul=row.remaining_ul,
        sources=row.sources or 0,
        sprec=row.sprec or "",
        patient_id=row.patient_id,
    )


def _event(row: NamedRow) -> TubeEvent:
    return TubeEvent(
        str(row.kind), row.occurred_at, row.staff_name, row.produced_ul, row.consumed_ul, row.condition or "",
        row.place or "", row.protocol or "",
    )  # fmt: skip
