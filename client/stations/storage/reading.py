"""What the store room shows; read in a job, by index, never on the UI thread."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, select

import resources
from domain.biobank.receiving_records import ReceivingLine, ReceivingState
from domain.biobank.records import Specimen
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
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
    placings: tuple[RackRead, ...] = ()
    """Ways the rack of a picture may lie; where a place counts, one tube taken out and scanned tells which."""

    @property
    def placed(self) -> bool:
        """Whether each position is known to be that of the rack."""
        return len(self.placings) < 2 or self.purpose is RackPurpose.RECEIVE


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


def read_file(path: Path) -> list[RackRead]:
    """Return a rack reader's file, or every way in which the rack of a picture may lie.

    Raises:
        DomainError: As `read_rack` and `read_rack_image`; ``rack.not_readable``.
    """
    from devices.racks.image import MOST_BYTES as MOST_OF_A_PICTURE
    from devices.racks.image import is_picture, read_rack_image

    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
            if is_picture(data):
                data += file.read(MOST_OF_A_PICTURE)
    except OSError as error:
        raise DomainError("rack.not_readable", field="file", file=path.name) from error
    return read_rack_image(data) if is_picture(data) else [read_rack(data, rack_formats())]


def sheet(
    store: Store, actor: Actor, placings: Sequence[RackRead], purpose: RackPurpose, box: str,
    list_id: Id | None = None,
) -> Sheet:  # fmt: skip
    """Return what each position of a rack means, lying in the first of some ways; changes nothing.

    With a list of what was sent, tubes that are not on it are told.
    """
    read = placings[0]
    with store.read() as connection:
        known = known_tubes(connection, actor, numbers_in(read))
        listed = None if list_id is None else listed_numbers(connection, list_id)
        recorded = {}
        if box:
            inside = read_container(connection, actor, box)
            recorded = {position: tube.number for position, tube in inside.tubes.items()}
    wells = sheet_of(read, known, purpose, box=box, recorded=recorded, listed=listed)
    return Sheet(purpose, read, wells, box, len(recorded), tuple(placings))


def listed_numbers(connection: Connection, list_id: Id) -> frozenset[str]:
    """Return the numbers of a list that nothing is wrong with."""
    line = ReceivingLine.__table__.c
    query = select(line.number).where(line.list_id == list_id, line.state != ReceivingState.DOUBTFUL)
    return frozenset(connection.execute(query).scalars())


def known_tubes(connection: Connection, actor: Actor, numbers: list[str]) -> dict[str, Known]:
    """Return what the store knows of some tubes, by number."""
    found: dict[str, Known] = {}
    for start in range(0, len(numbers), IN_ONE_QUERY):
        some = numbers[start : start + IN_ONE_QUERY]
        for tube in records(connection, actor, Specimen, Specimen.number.in_(some), limit=IN_ONE_QUERY):
            found[tube.number] = Known(tube.number, tube.state, tube.slot, tube.frozen_at is not None)
    return found
