"""The chain of custody: each event covers the one before it at its installation.

A missing or changed one is seen by whoever holds the rows, at the branch and at the centre alike. An event's digest
is of everything it says and of the digest before it; its number rises by one. Events of before this release have no
number and stand outside the chain.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, tuple_

from domain.biobank.custody_records import CustodyHead
from domain.biobank.records import SpecimenEvent
from domain.kernel.canonical import content_digest
from domain.kernel.columns import to_microseconds
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

FACTS = (
    "produced_ul", "consumed_ul", "condition", "place", "protocol", "out_s", "reason", "witness_name", "note",
    "staff_name",
)  # fmt: skip
CHUNK = 400
ALL_CHAINS = "all_custody_chains"
"""Name of the content that is true where every chain is held whole."""


@dataclasses.dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold: the event, and the code of a text that says how."""

    event_id: Id
    specimen_id: Id
    device_id: Id
    number: int
    code: str


def link(work: UnitOfWork, event: SpecimenEvent) -> None:
    """Put a new event at the end of this installation's chain, in its transaction."""
    device = work.actor.device_id
    own = stable_id("custody_head", str(device))
    head = work.get(CustodyHead, own)
    if head is None:
        head = work.add(CustodyHead(id=own, device_id=device, number=0, sha256=""))
    event.chain_device, event.chain_number, event.previous_sha256 = device, head.number + 1, head.sha256
    event.sha256 = digest_of({name: getattr(event, name) for name in _NAMES})
    head.number, head.sha256 = event.chain_number, event.sha256


def digest_of(event: Mapping[str, Any]) -> str:
    """Return the digest of an event by its fields."""
    said = {
        "id": str(event["id"]), "specimen": str(event["specimen_id"]), "kind": str(event["kind"]),
        "at": to_microseconds(event["occurred_at"]), "staff": str(event["staff_id"]),
        "witness": str(event["witness_id"]), "device": str(event["chain_device"]),
        "number": event["chain_number"], "previous": event["previous_sha256"],
        **{name: event[name] for name in FACTS},
    }  # fmt: skip
    return content_digest(said)


_NAMES = (
    "id", "specimen_id", "kind", "occurred_at", "staff_id", "witness_id", "chain_device", "chain_number",
    "previous_sha256", *FACTS,
)  # fmt: skip


def held_whole(work: UnitOfWork) -> Id | None:
    """Return the installation whose chain alone is whole here, None where all of them are: at the centre.

    A workstation has what belongs to its own organisation; of an installation that serves several, the events between
    are elsewhere, and that they are not here is no break.
    """
    return None if work.content.get(ALL_CHAINS) else work.actor.device_id


def breaks(connection: Connection, events: Iterable[Any], own: Id | None) -> list[Break]:
    """Return what does not hold of some events (whole rows), each looked at with the one before it in its chain.

    `own` is the installation whose chain alone is whole here, None for all: of others, an event that is not here is
    passed over.

    Codes: ``custody.changed`` (an event says something else than its digest), ``custody.missing`` (the one before it
    is not there), ``custody.replaced`` (the one before it has another digest), ``custody.twice`` (two events have one
    number). The first event of a chain has none before it.
    """
    chained = [event for event in events if event.chain_number is not None]
    found = [
        _break(event, "custody.changed")
        for event in chained
        if digest_of({name: getattr(event, name) for name in _NAMES}) != event.sha256
    ]
    before = _before(connection, chained)
    for event in chained:
        there = before.get((event.chain_device, event.chain_number - 1), ())
        if event.chain_number == 1:
            if event.previous_sha256:
                found.append(_break(event, "custody.replaced"))
        elif not there and own not in (None, event.chain_device):
            continue
        elif not there:
            found.append(_break(event, "custody.missing"))
        elif len(there) > 1:
            found.append(_break(event, "custody.twice"))
        elif there[0] != event.previous_sha256:
            found.append(_break(event, "custody.replaced"))
    return found


def _before(connection: Connection, events: Sequence[Any]) -> dict[tuple[Id, int], list[str]]:
    table = SpecimenEvent.__table__.c
    wanted = sorted({(event.chain_device, event.chain_number - 1) for event in events}, key=str)
    found: dict[tuple[Id, int], list[str]] = {}
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        query = select(table.chain_device, table.chain_number, table.sha256).where(
            tuple_(table.chain_device, table.chain_number).in_(some)
        )
        for row in connection.execute(query):
            found.setdefault((row.chain_device, row.chain_number), []).append(row.sha256)
    return found


def _break(event: Any, code: str) -> Break:
    return Break(event.id, event.specimen_id, event.chain_device, event.chain_number, code)
