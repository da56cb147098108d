"""Positions of a box, by row letter and column number, what may lie in it; how a kind is processed; what is left."""

import re
import unicodedata
from collections.abc import Sequence

from domain.biobank.protocols import BiobankContent
from domain.biobank.records import Specimen, SpecimenType, StorageContainer
from domain.kernel.errors import DomainError

_POSITION = re.compile(r"([A-Z])0?([1-9][0-9]?)")


def position_of(text: str, rows: int, columns: int) -> str:
    """Return a position in its stored form (``A1``); ``a01`` and full-width forms are understood.

    Raises:
        DomainError: ``container.no_such_position`` for a place the grid does not have.
    """
    found = _POSITION.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    if found is None or ord(found[1]) - ord("A") >= rows or int(found[2]) > columns:
        raise DomainError(
            "container.no_such_position", field="position", position=text, rows=rows, columns=columns
        )
    return f"{found[1]}{int(found[2])}"


def positions(rows: int, columns: int) -> list[str]:
    """Return every position of a grid, row by row."""
    return [f"{chr(ord('A') + r)}{c}" for r in range(rows) for c in range(1, columns + 1)]


def next_free(taken: set[str], rows: int, columns: int, after: str | None = None) -> str | None:
    """Return the first free position, from the one behind `after` on and then from the start; None if full."""
    grid = positions(rows, columns)
    start = grid.index(after) + 1 if after in grid else 0
    return next((p for p in grid[start:] + grid[:start] if p not in taken), None)


def refuse_wrong_box(
    tube: Specimen, box: StorageContainer, types: Sequence[str], content: BiobankContent
) -> None:
    """Let no tube into a box for other kinds, or of a temperature its protocol does not allow.

    Raises:
        DomainError: ``container.wrong_type`` or ``container.wrong_temperature``, on ``container``.
    """
    if types and tube.type.value not in types:
        raise DomainError("container.wrong_type", field="container", box=box.name, type=tube.type.value)
    name = content.protocol_for(tube.type)
    allowed = content.protocols[name].temperatures if name else []
    if allowed and box.temperature not in allowed:
        raise DomainError(
            "container.wrong_temperature", field="container", box=box.name, temperature=box.temperature,
            allowed="、".join(allowed),
        )  # fmt: skip


def protocol_named(wanted: str | None, kind: SpecimenType, content: BiobankContent) -> str | None:
    """Return the protocol a tube of a kind is processed by: the one wanted, else the one of its kind, if any.

    Raises:
        DomainError: ``specimen.no_such_protocol``; ``specimen.protocol_unfit``: it is for other kinds.
    """
    if not wanted:
        return content.protocol_for(kind)
    protocol = content.protocols.get(wanted)
    if protocol is None:
        raise DomainError("specimen.no_such_protocol", field="protocol", value=wanted)
    if kind not in protocol.taken:
        raise DomainError(
            "specimen.protocol_unfit", field="protocol", protocol=protocol.name, type=kind.value
        )
    return wanted


def set_remaining(tube: Specimen, left_ul: int) -> None:
    """Note what is left of a tube, in uL and as a share of what it began with."""
    tube.remaining_ul = left_ul
    if tube.initial_ul:
        tube.remaining_percent = round(100 * left_ul / tube.initial_ul)
