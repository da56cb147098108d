"""What happened to a tube and to those it was made of, as far as its code needs it."""

from datetime import datetime

from domain.biobank.pool_records import PoolSource
from domain.biobank.protocols import BIOBANK, BiobankContent
from domain.biobank.records import EventKind, Specimen, SpecimenEvent, SpecimenType
from domain.biobank.sprec import Course, Sprec, agreed, sprec_of
from domain.kernel.columns import from_microseconds
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.prepared import among
from domain.kernel.unit_of_work import UnitOfWork

_NEEDED = frozenset({EventKind.COLLECTED.value, EventKind.PROCESSED.value})
_EVENTS = among(SpecimenEvent, ("specimen_id", "kind", "occurred_at", "protocol", "id"))
"""Asked for each tube that is stored, 96 at a time."""
_SOURCES = among(PoolSource, ("pool_id", "source_id"))
LONGEST_LINE = 8
"""Generations looked back; an aliquot is one away from what was collected."""


def bench_content(work: UnitOfWork) -> BiobankContent:
    """Return protocols, limits and code lists."""
    content: BiobankContent = work.content[BIOBANK]
    return content


def protocol_of(work: UnitOfWork, tube: Specimen) -> str | None:
    """Return the protocol a tube itself was last processed by."""
    rows = [
        row for row in _EVENTS.rows(work.connection, [tube.id.bytes]) if row[1] == EventKind.PROCESSED.value
    ]
    return max(rows, key=lambda row: (row[2], row[4]))[3] if rows else None


def way_of(work: UnitOfWork, tube: Specimen) -> str | None:
    """Return the protocol a tube, or the nearest one it was made of, was processed by."""
    for _ in range(LONGEST_LINE):
        name = protocol_of(work, tube)
        if name is not None or tube.parent_id is None:
            return name
        tube = work.require(Specimen, tube.parent_id)
    return None


def thaws_of(work: UnitOfWork, tube: Specimen) -> int:
    """Return how often a tube has been thawed by now: one that is out for too long already counts this time."""
    if tube.state != "out":
        return tube.thaws
    seconds = (work.now - tube.state_since).total_seconds()
    return tube.thaws + (not 0 <= seconds <= bench_content(work).keeping.thaw_minutes * 60)


def refuse_other_kind(work: UnitOfWork, parent: Specimen, kind: SpecimenType) -> None:
    """Let a tube be divided into another kind only where the protocol it was processed by gives that kind.

    Raises:
        DomainError: ``specimen.not_derived`` with the protocol.
    """
    name = way_of(work, parent)
    protocol = bench_content(work).protocols.get(name or "")
    if protocol is None or kind not in protocol.given:
        raise DomainError("specimen.not_derived", field="type", number=parent.number, protocol=name or "—")


def code_of(work: UnitOfWork, tube: Specimen, stored_at: datetime, temperature: str) -> Sprec:
    """Return the pre-analytical code of a tube that is stored now, from its own events and its ancestors'.

    That of a pool says what is true of all its sources; where they differ it is not known.
    """
    content = bench_content(work)
    codes = [sprec_of(_course(work, line, stored_at, temperature), content) for line in _lines_of(work, tube)]
    return codes[0] if len(codes) == 1 else agreed(codes, content.sprec)


def _lines_of(work: UnitOfWork, tube: Specimen) -> list[list[Specimen]]:
    """Return the ways from a tube up to what was collected: one, unless something was pooled on the way."""
    growing, found = [[tube]], []
    while growing:
        line = growing.pop()
        last = line[-1]
        above = [last.parent_id] if last.parent_id is not None else []
        if last.sources is not None:
            above = [Id(bytes=row[1]) for row in _SOURCES.rows(work.connection, [last.id.bytes])]
        if not above or len(line) >= LONGEST_LINE:
            found.append(line)
        growing += [[*line, work.require(Specimen, own)] for own in above]
    return found


def _course(work: UnitOfWork, line: list[Specimen], stored_at: datetime, temperature: str) -> Course:
    """Return what happened along one line, from the tube that is stored to the one that was collected."""
    events = sorted(
        (row for row in _EVENTS.rows(work.connection, [own.id.bytes for own in line]) if row[1] in _NEEDED),
        key=lambda row: (row[2], row[4]),
    )
    last = {kind: (from_microseconds(at), protocol) for _, kind, at, protocol, _ in events}
    collected, processed = last.get(EventKind.COLLECTED.value), last.get(EventKind.PROCESSED.value)
    return Course(
        type=line[0].type.value,
        container=line[-1].container.value,
        collected_at=collected[0] if collected else None,
        processed_at=processed[0] if processed else None,
        stored_at=stored_at,
        protocol=processed[1] if processed else None,
        volume_ul=line[0].remaining_ul,
        temperature=temperature,
    )
