"""Scans at nodes: who arrives, begins, ends or is let past, who may record it, and what comes next."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from domain.checkup.completeness import lacking
from domain.checkup.records import Visit
from domain.checkup.workflow import visit_life
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.process.definitions import Node, ProcessContent
from domain.process.item_commands import LEAVERS, content_of, make_due, perform
from domain.process.queueing import Load, Proposal, loads_of, propose
from domain.process.reading import stays_since
from domain.process.records import VisitItem
from domain.process.standing import Standing, facts_of, stands
from domain.process.stay_records import ProcessEvent, ProcessStay, ScanKind
from domain.process.stay_workflow import stay_life

RECORD = "process.record"
_S = ProcessStay.__table__.c


@dataclasses.dataclass(frozen=True, slots=True)
class ScanDone:
    """What a scan came to.

    Attributes:
        act: What was recorded; None for a scanner's second reading of one code, which changes nothing.
        next: Rooms for the client, the best first, each with its reasons.
        form: The form this node's record is written with, where the node is done and has one.
        lacking: At the exit: what the client has not done.
    """

    act: ScanKind | None
    visit_number: str
    node_name: str
    stay_id: Id
    next: list[Proposal]
    form: str | None = None
    lacking: list[str] = dataclasses.field(default_factory=list)


@command("process.scan", "节点扫码", permission=RECORD)
class ScanAtNode:
    """The client is at a node: the first scan is their arriving, the second the begin, the third the end."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    node: str = ask("节点", kind=Kind.HIDDEN, max_length=60)
    act: ScanKind | None = ask("事件", kind=Kind.HIDDEN, default=None)
    anyway: bool = ask("前置节点未完成也记录", kind=Kind.HIDDEN, default=False)


@handles(ScanAtNode)
def scan_at_node(order: ScanAtNode, work: UnitOfWork) -> ScanDone:
    """Record the scan and return what comes next.

    Raises:
        DomainError: ``process.unknown_node`` (``node``); ``process.not_yours`` for a role that may not record there;
            ``process.over`` for a visit that has ended; ``process.comes_after`` (``node``) where another node must
            come first and `anyway` is not said; ``process.not_here`` for an end of who is not here.
    """
    content = content_of(work)
    node = _node(content, order.node, work)
    visit = work.require(Visit, order.visit_id, "visit_id")
    if visit.state == "finished":
        raise DomainError("process.over", field="visit_id", number=visit.number)
    stays = work.list(select(ProcessStay).where(ProcessStay.visit_id == visit.id))
    here = next((one for one in stays if one.node == node.code and one.state == "here"), None)
    act = order.act or _next_act(here)
    last = here or max(
        (one for one in stays if one.node == node.code), key=lambda one: one.arrived_at, default=None
    )
    if last is not None and order.act is None and _read_twice(work, content, last):
        return _answer(work, content, node, visit, last, None)
    if act is ScanKind.ARRIVE:
        here = here or _arrive(work, content, node, visit, stays, anyway=order.anyway)
    elif here is None:
        raise DomainError("process.not_here", field="node", node=node.name, number=visit.number)
    elif act is ScanKind.BEGIN:
        here.began_at = here.began_at or work.now
        _note(work, visit, node, here, ScanKind.BEGIN)
    else:
        _end(work, visit, node, here)
    return _answer(work, content, node, visit, here, act)


@command("process.skip", "跳过节点", permission=RECORD)
class SkipNode:
    """The client goes past a node today; what is examined there stays open until it is done or refused on record."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    node: str = ask("节点", kind=Kind.HIDDEN, max_length=60)
    reason: str = ask("跳过原因", kind=Kind.NOTE)


@handles(SkipNode)
def skip_node(order: SkipNode, work: UnitOfWork) -> ScanDone:
    """Record it with its reason. Raises as `scan_at_node`, and ``input.missing`` (``reason``)."""
    content = content_of(work)
    node = _node(content, order.node, work)
    visit = work.require(Visit, order.visit_id, "visit_id")
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="跳过原因")
    here = work.find(ProcessStay, visit_id=visit.id, node=node.code, state="here")
    if here is None:
        raise DomainError("process.not_here", field="node", node=node.name, number=visit.number)
    work.move(stay_life, here, "skip")
    here.ended_at, here.skip_reason = work.now, order.reason.strip()
    _note(work, visit, node, here, ScanKind.SKIP, note=here.skip_reason)
    return _answer(work, content, node, visit, here, ScanKind.SKIP)


def _leave_nodes(work: UnitOfWork, visit: Visit) -> int:
    """A visit has ended: who is still at a node is so no more. Returns how many stays were closed."""
    closed = 0
    for stay in work.list(select(ProcessStay).where(ProcessStay.visit_id == visit.id, _S.moved_at.is_(None))):
        _close(work, stay)
        event = _event(work, visit, stay.node, stay.node_name, ScanKind.LEAVE)
        event.stay_id = event.from_stay_id = stay.id
        work.add(event)
        closed += 1
    return closed


LEAVERS.append(_leave_nodes)


def _node(content: ProcessContent, code: str, work: UnitOfWork) -> Node:
    node = content.nodes.get(code)
    if node is None:
        known = "、".join(one.name for one in content.in_order())
        raise DomainError("process.unknown_node", field="node", value=code, known=known)
    if node.roles and work.actor.role not in node.roles and not work.actor.may("process.waive"):
        raise DomainError("process.not_yours", field="node", node=node.name, role=work.actor.rights.label)
    return node


def _next_act(here: ProcessStay | None) -> ScanKind:
    if here is None:
        return ScanKind.ARRIVE
    return ScanKind.BEGIN if here.began_at is None else ScanKind.END


def _read_twice(work: UnitOfWork, content: ProcessContent, stay: ProcessStay) -> bool:
    last = stay.ended_at or stay.began_at or stay.arrived_at
    return work.now - last < timedelta(seconds=content.rules.again)


def _arrive(
    work: UnitOfWork, content: ProcessContent, node: Node, visit: Visit, stays: Sequence[ProcessStay], *, anyway: bool
) -> ProcessStay:  # fmt: skip
    waits = {one.node for one in _open_items(work, visit.id)}
    before = [content.nodes[code].name for code in node.after if code in waits]
    if before and not anyway:
        raise DomainError("process.comes_after", field="node", node=node.name, before="、".join(before))
    if visit.state == "registered":
        work.move(visit_life, visit, "arrive")
    number = sum(one.node == node.code for one in stays) + 1
    stay = ProcessStay(
        id=stable_id("process_stay", visit.id, node.code, number), org_id=visit.org_id, visit_id=visit.id,
        patient_id=visit.patient_id, visit_number=visit.number, node=node.code, node_name=node.name, exit=node.exit,
        arrived_at=work.now,
    )  # fmt: skip
    work.start(stay_life, stay)
    stay.due_at = work.now + timedelta(minutes=node.limit)
    work.add(stay)
    left = [one for one in stays if one.moved_at is None]
    for one in left:
        _close(work, one)
    _note(work, visit, node, stay, ScanKind.ARRIVE, left=left)
    if node.exit:
        make_due(work, visit.id)
    return stay


def _close(work: UnitOfWork, stay: ProcessStay) -> None:
    """The client is elsewhere: a stay that nobody ended ends with that, and says so."""
    if stay.state == "here":
        work.move(stay_life, stay, "end")
        stay.ended_at, stay.inferred = work.now, True
    stay.moved_at = work.now


def _end(work: UnitOfWork, visit: Visit, node: Node, here: ProcessStay) -> None:
    here.began_at = here.began_at or here.arrived_at
    work.move(stay_life, here, "end")
    here.ended_at = work.now
    for item in _open_items(work, visit.id):
        if item.node == node.code and not item.specimen:
            perform(work, item)
    _note(work, visit, node, here, ScanKind.END)


def _open_items(work: UnitOfWork, visit_id: Id) -> list[VisitItem]:
    """Return the items nobody carried out; what is examined in blood is so by its tube, not by the room."""
    items = work.list(select(VisitItem).where(VisitItem.visit_id == visit_id, VisitItem.state == "planned"))
    if not items:
        return []
    facts = facts_of(work.connection, visit_id)
    return [one for one in items if stands(one, facts) is Standing.PLANNED]


def _event(work: UnitOfWork, visit: Visit, node: str, name: str, kind: ScanKind) -> ProcessEvent:
    return ProcessEvent(
        org_id=visit.org_id, visit_id=visit.id, patient_id=visit.patient_id, visit_number=visit.number, node=node,
        node_name=name, kind=kind, at=work.now, by_id=work.actor.staff_id, by_name=work.actor.name,
    )  # fmt: skip


def _note(
    work: UnitOfWork, visit: Visit, node: Node, stay: ProcessStay, kind: ScanKind, *, note: str | None = None,
    left: Sequence[ProcessStay] = (),
) -> None:  # fmt: skip
    for place in range(max(1, len(left))):
        event = _event(work, visit, node.code, node.name, kind)
        event.stay_id, event.note = stay.id, note
        event.from_stay_id = left[place].id if left else None
        work.add(event)


def _answer(
    work: UnitOfWork,
    content: ProcessContent,
    node: Node,
    visit: Visit,
    stay: ProcessStay,
    act: ScanKind | None,
) -> ScanDone:
    work.flush()
    waits = [one.node for one in _open_items(work, visit.id)]
    if act not in {ScanKind.END, ScanKind.SKIP} and stay.state == "here":
        waits = [code for code in waits if code != node.code]
    missing = [one.label for one in lacking(work.connection, visit.id)] if node.exit else []
    at_end = act is ScanKind.END
    return ScanDone(
        act, visit.number, node.name, stay.id, propose(content, waits, loads_now(work, content, visit)),
        node.form if at_end else None, missing,
    )  # fmt: skip


def loads_now(work: UnitOfWork, content: ProcessContent, visit: Visit) -> dict[str, Load]:
    """Return how the nodes of the visit's place stand today."""
    begin = clinic(work.now).replace(hour=0, minute=0, second=0, microsecond=0)
    return loads_of(content, stays_since(work.connection, {visit.org_id}, begin), work.now)
