"""The tree of containers: which may lie in which, the order of the way through it, and when it will be full. Pure."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from domain.biobank.rules import position_of
from domain.kernel.errors import DomainError

KINDS = ("site", "room", "freezer", "shelf", "rack", "drawer", "box")
"""From the outside to the inside; each may be left out, none lies in one further inside."""
BOX = "box"
DEEPEST = len(KINDS)
LOOK_BACK_DAYS = 30
_PARTS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Node:
    """One container in the tree. `used` and `capacity` count tubes below it too; `route` sorts by the way to walk."""

    id: Any
    code: str
    name: str
    kind: str
    parent_id: Any
    at: str
    rows: int
    columns: int
    temperature: str
    depth: int
    used: int
    capacity: int
    children: int
    route: tuple[Any, ...]

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.used)


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a container will be full: tubes a day over the last days, and the day; None where it does not fill."""

    a_day: float
    full_on: date | None


def refuse_wrong_level(kind: str, parent_kind: str) -> None:
    """Let a container lie only in one further outside.

    Raises:
        DomainError: ``container.no_such_kind`` on ``kind``, ``container.wrong_level`` on ``parent``.
    """
    if kind not in KINDS:
        raise DomainError("container.no_such_kind", field="kind", value=kind)
    if parent_kind not in KINDS or KINDS.index(parent_kind) >= KINDS.index(kind):
        raise DomainError("container.wrong_level", field="parent")


def place_in(parent_code: str, at: str, rows: int, columns: int) -> str:
    """Return the unique key of a place in a container (``F1:A2``); DomainError as `position_of`."""
    return f"{parent_code}:{position_of(at, rows, columns)}"


def natural(text: str) -> tuple[Any, ...]:
    """Return a sort key by which F2 comes before F10."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _PARTS.split(text) if part
    )


def nodes_of(rows: Iterable[Any], used: Mapping[Any, int]) -> list[Node]:
    """Return containers as a tree, each before what lies in it, in the order of the way to walk.

    Args:
        rows: Of `StorageContainer`; a parent that is not among them, or a ring of parents, leaves its child a root.
        used: Tubes in each box.
    """
    by_id = {row.id: row for row in rows}
    children: dict[Any, list[Any]] = {}
    for row in by_id.values():
        children.setdefault(row.parent_id if row.parent_id in by_id else None, []).append(row)
    steps = {row.id: _step(row) for row in by_id.values()}
    for level in children.values():
        level.sort(key=lambda row: steps[row.id])
    made: list[Node | None] = []
    seen: set[Any] = set()

    def walk(row: Any, depth: int, route: tuple[Any, ...]) -> tuple[int, int]:
        seen.add(row.id)
        way = (*route, steps[row.id])
        place = len(made)
        inside = [c for c in children.get(row.id, []) if c.id not in seen] if depth < DEEPEST else []
        made.append(None)
        if row.kind == BOX:
            tubes, holds = used.get(row.id, 0), row.rows * row.columns - len(row.blocked or [])
        else:
            below = [walk(child, depth + 1, way) for child in inside]
            tubes, holds = sum(one for one, _ in below), sum(two for _, two in below)
        made[place] = _node(row, depth, tubes, holds, len(inside), way)
        return tubes, holds

    for root in children.get(None, []):
        walk(root, 0, ())
    for row in by_id.values():  # a ring of parents, which only two desks could make
        if row.id not in seen:
            walk(row, 0, ())
    return [node for node in made if node is not None]


def forecast(net: Mapping[date, int], free: int, today: date, days: int = LOOK_BACK_DAYS) -> Forecast:
    """Return when `free` places will be used up if tubes go on coming as in the last `days` days.

    The slope is the mean of those days; fewer days of history than that count from the first day there was any.
    """
    since = today - timedelta(days=days - 1)
    recent = {day: count for day, count in net.items() if since <= day <= today}
    if not recent:
        return Forecast(0.0, None)
    span = (today - min(recent)).days + 1
    a_day = sum(recent.values()) / span
    if a_day <= 0:
        return Forecast(a_day, None)
    wait = math.ceil(free / a_day)
    return Forecast(a_day, today + timedelta(days=min(wait, 36_500)))


def _step(row: Any) -> tuple[Any, ...]:
    return (row.door_order, natural(row.at or ""), natural(row.code))


def _node(row: Any, depth: int, used: int, capacity: int, children: int, route: tuple[Any, ...]) -> Node:
    return Node(
        row.id, row.code, row.name, row.kind, row.parent_id, row.at or "", row.rows, row.columns, row.temperature,
        depth, used, capacity, children, route,
    )  # fmt: skip
