"""Nodes, items and packages as they are in force: what ships, with the institution's own versions in their place."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from domain.kernel.own_versions import OwnVersions
from domain.process.definitions import PROCESS, DayRules, Item, Node, Package, ProcessContent
from domain.process.records import ProcessContentVersion, ProcessKind

TYPES: dict[ProcessKind, type[Any]] = {
    ProcessKind.NODES: Node, ProcessKind.ITEMS: Item, ProcessKind.PACKAGES: Package, ProcessKind.RULES: DayRules,
}  # fmt: skip
RULES_CODE = "rules"
_OWN = OwnVersions[ProcessContent](ProcessContentVersion, TYPES, {ProcessKind.RULES: RULES_CODE})
shipped_of = _OWN.shipped_of


def process_in_force(connection: Connection, content: Mapping[str, Any]) -> ProcessContent | None:
    """Return what counts now, None where nothing ships."""
    shipped: ProcessContent | None = content.get(PROCESS)
    return None if shipped is None else _OWN.in_force(connection, shipped)
