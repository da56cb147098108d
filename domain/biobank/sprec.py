"""The pre-analytical code of a fluid specimen (SPREC), from clocks and protocols. Pure.

Seven elements: type, primary container, time before the first spin, first and second spin, time after it, storage.
What is not known is ``X`` and told by name, so that somebody can look for it; nothing is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.biobank.protocols import Band, BiobankContent, Protocol, Spin, SprecTables

COLD_AT = 10.0
"""Degrees Celsius up to which SPREC calls something cold (2–10 °C)."""


@dataclass(frozen=True, slots=True)
class Course:
    """What happened to a tube. Times are UTC; None is "not known"."""

    type: str
    container: str
    collected_at: datetime | None
    processed_at: datetime | None
    stored_at: datetime | None
    protocol: str | None
    volume_ul: int | None
    temperature: str | None


@dataclass(frozen=True, slots=True)
class Sprec:
    """The code with the version of its lists, and the names of the elements that are not known."""

    code: str
    version: str
    missing: tuple[str, ...]


def sprec_of(course: Course, content: BiobankContent) -> Sprec:
    """Return the code of a course, as ``SER-SST-A-B-N-B-A``.

    Example:
        Serum in a separator tube, spun within two hours at room temperature under 3,000 g with brake, frozen
        within an hour at -80 °C in a tube of 0.5 to 2 mL is ``SER-SST-A-B-N-B-A``.
    """
    tables, protocol = content.sprec, content.protocols.get(course.protocol or "")
    parts = {
        "before_spin": _delay(
            tables, tables.before_spin, course.collected_at, course.processed_at, protocol, "before"
        ),
        "first_spin": _spin(tables, protocol, 0),
        "second_spin": _spin(tables, protocol, 1),
        "after_spin": _delay(
            tables, tables.after_spin, course.processed_at, course.stored_at, protocol, "after"
        ),
        "storage": _storage(tables, course),
    }
    code = "-".join([course.type, course.container, *parts.values()])
    return Sprec(code, tables.version, tuple(name for name, part in parts.items() if part == tables.unknown))


def agreed(codes: Sequence[Sprec], tables: SprecTables) -> Sprec:
    """Return the code of what was pooled of several: an element in which they differ is not known."""
    parts = [one.code.split("-") for one in codes]
    code = "-".join(
        here[0] if len(set(here)) == 1 else tables.unknown * len(here[0]) for here in zip(*parts, strict=True)
    )
    names = ("type", "container", "before_spin", "first_spin", "second_spin", "after_spin", "storage")
    lost = tuple(
        name for name, part in zip(names, code.split("-"), strict=True) if not part.strip(tables.unknown)
    )
    return Sprec(code, tables.version, lost)


def _delay(
    tables: SprecTables,
    bands: list[Band],
    start: datetime | None,
    end: datetime | None,
    protocol: Protocol | None,
    side: str,
) -> str:
    """Return the band of a time; a clock that went backwards tells nothing."""
    if protocol is None or start is None or end is None or end < start:
        return tables.unknown
    hours = (end - start).total_seconds() / 3600
    band = next(b for b in bands if b.below is None or hours < b.below)
    return band.cold if getattr(protocol, side) == "cold" else band.room


def _spin(tables: SprecTables, protocol: Protocol | None, index: int) -> str:
    if protocol is None:
        return tables.unknown
    if len(protocol.spins) <= index:
        return tables.none
    return _code_of(tables, protocol.spins[index])


def _code_of(tables: SprecTables, spin: Spin) -> str:
    for band in tables.spin:
        fits = band.below is None or spin.force_g < band.below
        if fits and band.brake == spin.brake and band.minutes in (None, spin.minutes):
            code = band.cold if spin.celsius <= COLD_AT else band.room
            if code is not None:
                return code
    return tables.other


def _storage(tables: SprecTables, course: Course) -> str:
    if course.volume_ul is None or course.temperature is None:
        return tables.unknown
    for one in tables.storage:
        if one.at_least <= course.volume_ul and (one.below is None or course.volume_ul < one.below):
            return one.codes.get(course.temperature, tables.other)
    return tables.other
