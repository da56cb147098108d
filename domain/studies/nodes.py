"""One clock a participant's visit: which nodes have begun, since when, and whether they are over. Pure."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from domain.studies.progress_records import NodeKind

LABELS = {
    NodeKind.QUESTIONNAIRE: "问卷",
    NodeKind.COLLECTION: "采集",
    NodeKind.PROCESSING: "处理",
    NodeKind.STORAGE: "入库",
}
UNPROCESSED, KEPT = ("collected", "received"), ("stored", "out", "shipped", "used_up", "discarded")
DRAWN = (*UNPROCESSED, "processed", *KEPT)


@dataclasses.dataclass(frozen=True, slots=True)
class Tube:
    """A tube of the visit: its state and since when; aliquots too."""

    state: str
    since: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class VisitFacts:
    """What is on record of a visit that has begun."""

    begun_at: datetime
    forms: int
    forms_waiting: int
    tubes_expected: int
    tubes_open: int
    tubes: Sequence[Tube] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """A node that has begun."""

    kind: NodeKind
    began_at: datetime
    over: bool


def nodes_of(facts: VisitFacts) -> list[Node]:
    """Return the nodes that have begun, in order.

    Processing counts from the first tube that was drawn and is over when none waits for it and none is to be drawn;
    storage counts from the first tube that was processed.
    """
    found = []
    if facts.forms:
        found.append(Node(NodeKind.QUESTIONNAIRE, facts.begun_at, not facts.forms_waiting))
    if facts.tubes_expected:
        found.append(Node(NodeKind.COLLECTION, facts.begun_at, not facts.tubes_open))
    drawn = [tube for tube in facts.tubes if tube.state in DRAWN]
    all_drawn = not facts.tubes_open
    if drawn:
        over = all_drawn and not any(tube.state in UNPROCESSED for tube in drawn)
        found.append(Node(NodeKind.PROCESSING, min(tube.since for tube in drawn), over))
    processed = [tube for tube in drawn if tube.state in ("processed", "stored", "out")]
    if processed:
        over = all_drawn and all(tube.state in KEPT for tube in drawn)
        found.append(Node(NodeKind.STORAGE, min(tube.since for tube in processed), over))
    return found


def bar_of(nodes: Sequence[Node], facts: VisitFacts) -> str:
    """Return the visit's single bar: each node it asks for, done, going on or to come."""
    wanted = [NodeKind.QUESTIONNAIRE] if facts.forms else []
    wanted += [NodeKind.COLLECTION, NodeKind.PROCESSING, NodeKind.STORAGE] if facts.tubes_expected else []
    begun = {node.kind: node.over for node in nodes}
    marks = {True: "■", False: "▶", None: "□"}
    return " ".join(f"{marks[begun.get(kind)]}{LABELS[kind]}" for kind in wanted)


def is_over(nodes: Sequence[Node], facts: VisitFacts) -> bool:
    """Tell whether all that the visit asks for is done; a tube given up asks for no processing."""
    drawn = any(tube.state in DRAWN for tube in facts.tubes)
    wanted = (1 if facts.forms else 0) + ((3 if drawn else 1) if facts.tubes_expected else 0)
    return len(nodes) >= wanted and all(node.over for node in nodes)
