"""What the store room shows; read in a job, by index, never on the UI thread."""

import functools
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

import resources
from domain.biobank.records import Specimen
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.rows import records
from domain.kernel.store import Store
from domain.storage.racks import (
    MOST_BYTES,
    Known,
    RackFormats,
    RackPurpose,
    RackRead,
    Well,
    load_rack_formats,
    numbers_in,
    read_rack,
    sheet_of,
)
from domain.storage.reading import BoxView, forecast_of, read_container, read_tree
from domain.storage.tree import Forecast, Node

IN_ONE_QUERY = 400


@dataclass(frozen=True, slots=True)
class Opened:
    """One container with what lies in it, and when it will be full."""

    view: BoxView
    node: Node | None
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A rack that was read and looked at, and not yet acted on."""

    purpose: RackPurpose
    read: RackRead
    wells: dict[str, Well]
    box: str
    recorded: int


@functools.cache
def rack_formats() -> RackFormats:
    """Return the forms of rack readers' files."""
    return load_rack_formats(resources.folder("biobank"))


def tree(store: Store, actor: Actor) -> list[Node]:
    """Return the tree with its counts."""
    with store.read() as connection:
        return read_tree(connection, actor)


def opened(store: Store, actor: Actor, code: str, nodes: list[Node], today: date) -> Opened:
    """Return a container; raises `DomainError` ``container.unknown``."""
    with store.read() as connection:
        view = read_container(connection, actor, code)
        node = next((one for one in nodes if one.code == code), None)
        told = None if node is None else forecast_of(connection, nodes, node, today)
    return Opened(view, node, told)


def place_of_tube(store: Store, actor: Actor, number: str) -> str:
    """Return where a tube lies (``BOX:A1``).

    Raises:
        DomainError: ``specimen.unknown``, or ``storage.not_in_store``.
    """
    with store.read() as connection:
        found = records(connection, actor, Specimen, Specimen.number == number, limit=1)
    if not found:
        raise DomainError("specimen.unknown", field="number", value=number)
    if not found[0].slot:
        raise DomainError("storage.not_in_store", field="number", number=number)
    return str(found[0].slot)


def read_file(path: Path) -> RackRead:
    """Return a rack reader's file.

    Raises:
        DomainError: As `read_rack`; ``rack.not_readable``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DomainError("rack.not_readable", field="file", file=path.name) from error
    return read_rack(data, rack_formats())


def sheet(store: Store, actor: Actor, read: RackRead, purpose: RackPurpose, box: str) -> Sheet:
    """Return what each position of a rack means; changes nothing."""
    with store.read() as connection:
        known = known_tubes(connection, actor, numbers_in(read))
        recorded = {}
        if box:
            inside = read_container(connection, actor, box)
            recorded = {position: tube.number for position, tube in inside.tubes.items()}
    return Sheet(
        purpose, read, sheet_of(read, known, purpose, box=box, recorded=recorded), box, len(recorded)
    )


def known_tubes(connection: Connection, actor: Actor, numbers: list[str]) -> dict[str, Known]:
    """Return what the store knows of some tubes, by number."""
    found: dict[str, Known] = {}
    for start in range(0, len(numbers), IN_ONE_QUERY):
        some = numbers[start : start + IN_ONE_QUERY]
        for tube in records(connection, actor, Specimen, Specimen.number.in_(some), limit=IN_ONE_QUERY):
            found[tube.number] = Known(tube.number, tube.state, tube.slot, tube.frozen_at is not None)
    return found
