"""The store as a person looks at it: the tree with its counts, one box with its tubes, and when it will be full."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.biobank.records import Specimen, StorageContainer
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.rows import records, scoped
from domain.storage.filling import net_by_day
from domain.storage.records import ContainerFill
from domain.storage.tree import LOOK_BACK_DAYS, Forecast, Node, forecast, nodes_of

MOST_CONTAINERS = 200_000


@dataclass(frozen=True, slots=True)
class TubePlace:
    """A tube in a box."""

    number: str
    type: str
    state: str
    remaining_ul: int | None
    thaws: int
    frozen_at: datetime | None


@dataclass(frozen=True, slots=True)
class BoxView:
    """A container with what lies in it: position to tube (a box) or to the code of a container (any other)."""

    code: str
    name: str
    kind: str
    rows: int
    columns: int
    temperature: str
    types: tuple[str, ...]
    studies: tuple[str, ...]
    tube_kind: str
    blocked: frozenset[str]
    tubes: dict[str, TubePlace]
    inside: dict[str, str]
    path: tuple[str, ...]


def read_tree(connection: Connection, actor: Actor) -> list[Node]:
    """Return the containers an actor may see as a tree, in the order of the way through the store."""
    table = StorageContainer.__table__.c
    columns = (
        table.id, table.code, table.name, table.kind, table.parent_id, table.at, table.rows, table.columns,
        table.temperature, table.door_order, table.blocked,
    )  # fmt: skip
    query = scoped(select(*columns), StorageContainer, actor).limit(MOST_CONTAINERS)
    rows = connection.execute(query).all()
    fill = ContainerFill.__table__.c
    used = {row.id: row.used for row in connection.execute(select(fill.id, fill.used))}
    return nodes_of(rows, used)


def read_container(connection: Connection, actor: Actor, code: str) -> BoxView:
    """Return a container with what lies in it.

    Raises:
        DomainError: ``container.unknown``.
    """
    found = records(connection, actor, StorageContainer, StorageContainer.code == code, limit=1)
    if not found:
        raise DomainError("container.unknown", field="container", value=code)
    box = found[0]
    tubes = records(connection, actor, Specimen, Specimen.slot >= f"{code}:", Specimen.slot < f"{code};")
    inside = records(connection, actor, StorageContainer, StorageContainer.parent_id == box.id, limit=2000)
    return BoxView(
        box.code, box.name, box.kind, box.rows, box.columns, box.temperature, tuple(box.types or ()),
        tuple(box.studies or ()),
        box.tube_kind or "", frozenset(box.blocked or ()),
        {
            t.slot.rpartition(":")[2]: TubePlace(
                t.number, str(t.type), t.state, t.remaining_ul, t.thaws, t.frozen_at
            )
            for t in tubes
        },
        {one.at: one.code for one in inside if one.at},
        path_of(connection, actor, box),
    )  # fmt: skip


def path_of(connection: Connection, actor: Actor, row: Any) -> tuple[str, ...]:
    """Return the names from the outermost container to this one."""
    names, seen, up = [row.name], {row.id}, row.parent_id
    while up is not None and up not in seen:
        seen.add(up)
        above = records(connection, actor, StorageContainer, StorageContainer.id == up, limit=1)
        if not above:
            break
        names.append(above[0].name)
        up = above[0].parent_id
    return tuple(reversed(names))


def boxes_below(nodes: list[Node], root: uuid.UUID) -> list[uuid.UUID]:
    """Return the boxes in a container, itself if it is one; `nodes` as `read_tree` gives them."""
    start = next((place for place, node in enumerate(nodes) if node.id == root), None)
    if start is None:
        return []
    end = start + 1
    while end < len(nodes) and nodes[end].depth > nodes[start].depth:
        end += 1
    return [node.id for node in nodes[start:end] if node.kind == "box"]


def forecast_of(connection: Connection, nodes: list[Node], node: Node, today: date) -> Forecast:
    """Return when a container will be full, from how its boxes filled in the last days."""
    since = today - timedelta(days=LOOK_BACK_DAYS - 1)
    net = net_by_day(connection, boxes_below(nodes, node.id), since)
    return forecast(net, node.free, today)
