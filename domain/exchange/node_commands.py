"""Writing down what the centre sees of its nodes."""

import dataclasses
from typing import Any

from domain.exchange.node_records import SyncNode
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork


@dataclasses.dataclass(frozen=True, slots=True)
class NodeFacts:
    """A node to be written: its id, its organisation, and values by column."""

    node_id: Id
    org_id: Id
    values: dict[str, Any]


@command("sync.note_nodes", "更新节点状态", permission=None, place="internal")
class NoteNodes:
    """Write what changed of nodes; the centre's watch is the only caller."""

    nodes: list[Any] = ask("节点", kind=Kind.HIDDEN)


@handles(NoteNodes)
def note_nodes(order: NoteNodes, work: UnitOfWork) -> int:
    """Return how many nodes were written."""
    for facts in order.nodes:
        node = work.get(SyncNode, facts.node_id)
        if node is None:
            work.add(SyncNode(id=facts.node_id, org_id=facts.org_id, **facts.values))
            continue
        for name, value in facts.values.items():
            if getattr(node, name) != value:
                setattr(node, name, value)
    return len(order.nodes)
