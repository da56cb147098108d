"""The board as values: rooms with their load, people with where they are and since when. Pure, no Qt."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.kernel.ids import Id
from domain.process.definitions import ProcessContent
from domain.process.queueing import Load, minutes_of

EVERYBODY = ""
"""Stands for all rooms in the list of rooms."""


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Where a client is: ``waiting`` or ``serving`` at a room, or ``between`` rooms since the last was done."""

    stay_id: Id
    visit_id: Id
    name: str
    sex: Any
    number: str
    node: str
    node_name: str
    where: str
    since: datetime
    minutes: int
    over: int
    """Minutes over the room's limit, 0 within it."""


def people_of(content: ProcessContent, stays: Iterable[Any], now: datetime) -> list[Person]:
    """Return everybody who is in the house, those over a limit first, then who has been where they are longest.

    Args:
        content: For the limits of rooms.
        stays: Stays of the day as `domain.process.reading.board_rows` has them.
        now: The time.
    """
    found = []
    for one in stays:
        if one.moved_at is not None or one.visit_state == "finished":
            continue
        if one.exit and one.state != "here":
            continue
        where = "between" if one.state != "here" else "waiting" if one.began_at is None else "serving"
        since = {"waiting": one.arrived_at, "serving": one.began_at, "between": one.ended_at}[where]
        node = content.nodes.get(one.node)
        here = minutes_of(now - one.arrived_at)
        over = int(here - node.limit) if node is not None and where != "between" and here > node.limit else 0
        found.append(
            Person(one.id, one.visit_id, one.name, one.sex, one.visit_number, one.node, one.node_name, where, since,
                   int(minutes_of(now - since)), over)
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.over, one.where != "waiting", one.since, one.number))


def at_room(people: Sequence[Person], room: str) -> list[Person]:
    """Return who is at a room and, for all of them, also who is between rooms."""
    return [one for one in people if room == EVERYBODY or (one.node == room and one.where != "between")]


def worst(loads: Mapping[str, Load]) -> Load | None:
    """Return the room that piles up most, None where none does."""
    jammed = [one for one in loads.values() if one.because]
    return max(jammed, key=lambda one: (len(one.because), one.wait, one.used), default=None)
