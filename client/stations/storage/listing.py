"""What a sender says it sent: read and kept in a job, and what of it has not come."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from domain.biobank.receiving_records import ReceivingLine, ReceivingState
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.sheets import LARGEST
from domain.kernel.store import Store
from domain.storage.receiving_commands import ListTaken, TakeReceivingList
from domain.storage.receiving_reading import ListLine, read_list


@dataclass(frozen=True, slots=True)
class ListLeft:
    """How far a list has come."""

    arrived: int
    waiting: int
    doubtful: int
    total: int


def taken_list(desk: Dispatcher, actor: Actor, path: Path) -> tuple[ListTaken, list[ListLine]]:
    """Read a list and keep it.

    Raises:
        DomainError: As `read_list` and the command; ``rack.not_readable``.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise DomainError("rack.not_readable", field="file", file=path.name) from error
    lines = read_list(content, path.name)
    order = TakeReceivingList(
        name=path.stem[:120], file_name=path.name[:255], sha256=hashlib.sha256(content).hexdigest(), lines=lines
    )  # fmt: skip
    taken: ListTaken = desk.run(order, actor).receipt
    return taken, lines


def left_of(store: Store, list_id: Id) -> ListLeft:
    """Return what of a list has come, and what has not."""
    line = ReceivingLine.__table__.c
    query = select(line.state, func.count()).where(line.list_id == list_id).group_by(line.state)
    with store.read() as connection:
        counted = {ReceivingState(state): count for state, count in connection.execute(query)}
    return ListLeft(
        counted.get(ReceivingState.ARRIVED, 0), counted.get(ReceivingState.WAITING, 0),
        counted.get(ReceivingState.DOUBTFUL, 0), sum(counted.values()),
    )  # fmt: skip
