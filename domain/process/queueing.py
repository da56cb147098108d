"""How long a room takes, what comes next for a client, and where it piles up. Pure; every answer says its reasons.

The model is the plainest that can be explained at a counter: a room has places, a client takes the median of the last
ones, who comes waits for those ahead of the free places. Load is the work that came in the last minutes, of what the
places can do in them (utilisation, arrivals × service / places); growth is how many more came than were done.
"""

import dataclasses
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from domain.process.definitions import Node, ProcessContent

LEAST = 5
"""Measured stays from which a room's own median counts instead of the number it was defined with."""
FASTING_LEAD = 10.0
"""Minutes of waiting that are accepted to have done first what other nodes come after (blood before breakfast)."""


class Stay(Protocol):
    """What is read of a stay."""

    node: str
    arrived_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    inferred: bool
    state: str


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """A room as it stands.

    Attributes:
        service: Minutes a client takes, the median of `measured` stays or the defined number with none.
        wait: Minutes who arrives now would wait.
        longest: Minutes the first in the queue has waited.
        overdue: Clients over the node's limit.
        used: Load over the window, 1 is full; `growth` is arrivals less ends in it.
        because: Why it is a bottleneck (``full``, ``growing``, ``waiting``), empty where it is none.
    """

    node: Node
    waiting: int
    serving: int
    service: float
    measured: int
    wait: float
    longest: float
    overdue: int
    used: float
    growth: int
    because: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Proposal:
    """A room for a client, with what it was ranked by; `blocked` names nodes that must come first."""

    node: str
    name: str
    wait: float
    ahead: int
    places: int
    service: float
    first: bool = False
    blocked: tuple[str, ...] = ()


def minutes_of(span: timedelta) -> float:
    """Return a span in minutes."""
    return span.total_seconds() / 60


def service_of(node: Node, spans: Sequence[float]) -> float:
    """Return how long a client takes: the median of what was measured, with enough of it."""
    return statistics.median(spans) if len(spans) >= LEAST else float(node.minutes)


def wait_for(node: Node, waiting: int, serving: int, service: float) -> float:
    """Return the minutes who comes now would wait: those ahead of the first free place, shared by the places."""
    ahead = waiting + serving - node.places + 1
    return max(0, ahead) * service / node.places


def loads_of(content: ProcessContent, stays: Iterable[Stay], now: datetime) -> dict[str, Load]:
    """Return how every node stands by the stays of the day."""
    window = timedelta(minutes=content.rules.window)
    by_node: dict[str, list[Stay]] = {}
    for stay in stays:
        by_node.setdefault(stay.node, []).append(stay)
    return {
        node.code: _load(node, by_node.get(node.code, []), now, window, content)
        for node in content.in_order()
    }


def _load(
    node: Node, stays: Sequence[Stay], now: datetime, window: timedelta, content: ProcessContent
) -> Load:
    here = [one for one in stays if one.state == "here"]
    queue = [one for one in here if one.began_at is None]
    spans = [
        minutes_of(one.ended_at - one.began_at)
        for one in stays if one.ended_at and one.began_at and not one.inferred
    ]  # fmt: skip
    service = service_of(node, spans[-30:])
    came = sum(one.arrived_at > now - window for one in stays)
    done = sum(one.ended_at is not None and one.ended_at > now - window for one in stays)
    limit = timedelta(minutes=node.limit)
    wait = wait_for(node, len(queue), len(here) - len(queue), service)
    used = came * service / (node.places * content.rules.window)
    because = []
    if used >= content.rules.busy and queue:
        because.append("full")
        if came > done:
            because.append("growing")
    if wait >= content.rules.wait:
        because.append("waiting")
    return Load(
        node, len(queue), len(here) - len(queue), service, len(spans) if len(spans) >= LEAST else 0, wait,
        max((minutes_of(now - one.arrived_at) for one in queue), default=0.0),
        sum(now - one.arrived_at > limit for one in here), used, came - done, tuple(because),
    )  # fmt: skip


def propose(content: ProcessContent, open_nodes: Iterable[str], loads: Mapping[str, Load]) -> list[Proposal]:
    """Return the rooms a client still has items at, the best first; the exit where none is left.

    A room others must come after goes ahead of one whose queue is up to `FASTING_LEAD` minutes shorter; one that must
    wait for others comes last and says for which.
    """
    wanted = [content.nodes[code] for code in dict.fromkeys(open_nodes) if code in content.nodes]
    if not wanted:
        wanted = [node for node in content.in_order() if node.exit][:1]
    codes = {node.code for node in wanted}
    leads = {code for node in content.nodes.values() for code in node.after}
    found: list[tuple[Any, Proposal]] = []
    for node in wanted:
        load = loads.get(node.code)
        waiting, serving = (load.waiting, load.serving) if load else (0, 0)
        service = load.service if load else float(node.minutes)
        wait = wait_for(node, waiting, serving, service)
        blocked = tuple(content.nodes[code].name for code in node.after if code in codes)
        first = node.code in leads
        rank = (bool(blocked), node.exit, wait - (FASTING_LEAD if first else 0), node.order, node.code)
        said = Proposal(node.code, node.name, wait, waiting + serving, node.places, service, first, blocked)
        found.append((rank, said))
    return [said for _rank, said in sorted(found, key=lambda pair: pair[0])]


@dataclasses.dataclass(frozen=True, slots=True)
class Flow:
    """One node in one hour of arriving (or of all hours): minutes, and of how many stays they are."""

    node: str
    hour: int | None
    stays: int
    wait_median: float | None
    wait_p95: float | None
    service_median: float | None
    service_p95: float | None
    overdue: int
    measured: int


def flows_of(content: ProcessContent, stays: Iterable[Stay], hour_of: Any) -> list[Flow]:
    """Return how long each node took, by hour and as a whole (`hour` None); ends that were inferred measure nothing.

    Args:
        content: Nodes, for their limits and order.
        stays: Stays of the time that is looked at.
        hour_of: Returns the clinic's hour of a moment.
    """
    groups: dict[tuple[str, int | None], list[Stay]] = {}
    for stay in stays:
        for hour in (None, hour_of(stay.arrived_at)):
            groups.setdefault((stay.node, hour), []).append(stay)
    order = {node.code: place for place, node in enumerate(content.in_order())}
    keys = sorted(groups, key=lambda key: (order.get(key[0], 999), key[0], -1 if key[1] is None else key[1]))
    return [_flow(content, code, hour, groups[code, hour]) for code, hour in keys]


def _flow(content: ProcessContent, code: str, hour: int | None, stays: Sequence[Stay]) -> Flow:
    waits = [minutes_of(one.began_at - one.arrived_at) for one in stays if one.began_at]
    served = [
        minutes_of(one.ended_at - one.began_at)
        for one in stays if one.began_at and one.ended_at and not one.inferred
    ]  # fmt: skip
    node = content.nodes.get(code)
    limit = timedelta(minutes=node.limit) if node else timedelta.max
    late = sum(one.ended_at is not None and one.ended_at - one.arrived_at > limit for one in stays)
    return Flow(
        code, hour, len(stays), median(waits), percentile(waits, 95), median(served), percentile(served, 95), late,
        len(served),
    )  # fmt: skip


def median(values: Sequence[float]) -> float | None:
    """Return the median, None of nothing."""
    return statistics.median(values) if values else None


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return a percentile by nearest rank, None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
