"""What the listener tells of what it hears, and what a person does with a message that could not be applied."""

import dataclasses
from datetime import datetime
from typing import Any

from domain.interop.in_records import ParkedMessage, parked_id
from domain.interop.line_states import line_state
from domain.interop.partner_records import Partner
from domain.interop.workflow import parked_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

RESEND = "interface.resend"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HeardFrom:
    """What came from one sender since the counting began, and when the last came."""

    system: str
    received: int
    stored: int
    refused: int
    parked: int
    last_at: datetime | None


@command("interface.note_heard", "登记接收情况", permission=None, place="internal")
class NoteHeard:
    """Write how receiving fares; the listener is the only caller."""

    heard: list[Any] = ask("接收情况", kind=Kind.HIDDEN)


@handles(NoteHeard)
def note_heard(order: NoteHeard, work: UnitOfWork) -> int:
    """Return of how many partners something changed; senders that are no registered partners are passed over."""
    changed = 0
    for one in order.heard:
        partner = work.find(Partner, sender=one.system)
        if partner is None:
            continue
        state = line_state(work, partner.id)
        facts = {
            "received": one.received, "stored": one.stored, "refused": one.refused, "parked": one.parked,
            "last_received_at": one.last_at or state.last_received_at,
        }  # fmt: skip
        if any(getattr(state, name) != value for name, value in facts.items()):
            for name, value in facts.items():
                setattr(state, name, value)
            state.undone = state.dead + state.parked
            state.checked_at = work.now
            changed += 1
    return changed


@command("interface.note_parked", "登记搁置消息", permission=None, place="internal")
class NoteParked:
    """List a message that could not be applied; the listener is the only caller."""

    org_id: Id = ask("机构", kind=Kind.HIDDEN)
    system: str = ask("来源系统", kind=Kind.HIDDEN, max_length=200)
    control_id: str = ask("消息号", kind=Kind.HIDDEN, max_length=200)
    reason: str = ask("原因", kind=Kind.HIDDEN, max_length=60)
    sentence: str = ask("说明", kind=Kind.HIDDEN)
    received_at: datetime = ask("收到时间", kind=Kind.HIDDEN)


@handles(NoteParked)
def note_parked(order: NoteParked, work: UnitOfWork) -> Id:
    """Return the row; one that was tried again in vain is listed again."""
    row = work.get(ParkedMessage, parked_id(order.system, order.control_id))
    if row is None:
        row = ParkedMessage(
            id=parked_id(order.system, order.control_id), org_id=order.org_id, system=order.system,
            control_id=order.control_id, reason=order.reason, sentence=order.sentence,
            received_at=order.received_at, parked_at=work.now,
        )  # fmt: skip
        work.start(parked_life, row)
        work.add(row)
    elif parked_life.allows(row.state, "park"):
        work.move(parked_life, row, "park")
        row.reason, row.sentence, row.parked_at = order.reason, order.sentence, work.now
    return row.id


@command("interface.note_replayed", "登记搁置消息已入库", permission=None, place="internal")
class NoteReplayed:
    """A message that was parked has been applied; the listener is the only caller."""

    system: str = ask("来源系统", kind=Kind.HIDDEN, max_length=200)
    control_id: str = ask("消息号", kind=Kind.HIDDEN, max_length=200)


@handles(NoteReplayed)
def note_replayed(order: NoteReplayed, work: UnitOfWork) -> bool:
    """Tell whether it was listed as released."""
    row = work.get(ParkedMessage, parked_id(order.system, order.control_id))
    if row is None or not parked_life.allows(row.state, "apply"):
        return False
    work.move(parked_life, row, "apply")
    return True


@command("interface.replay", "重新处理", permission=RESEND)
class ReplayMessage:
    """Try a parked message again, after what stood in its way was mended."""

    parked_message_id: Id = ask("搁置消息", kind=Kind.HIDDEN)
    note: str = ask("处理说明", kind=Kind.NOTE)


@handles(ReplayMessage)
def replay(order: ReplayMessage, work: UnitOfWork) -> None:
    """Release it; the listener takes it up within seconds of knowing."""
    row = work.require(ParkedMessage, order.parked_message_id, "parked_message_id")
    work.move(parked_life, row, "release")
    row.settled_by, row.note = work.actor.name, order.note


@command("interface.drop_parked", "核销搁置消息", permission=RESEND)
class DropParked:
    """Say that a parked message need not come in, and why; its bytes stay in the inbox."""

    parked_message_id: Id = ask("搁置消息", kind=Kind.HIDDEN)
    note: str = ask("核销原因", kind=Kind.NOTE)


@handles(DropParked)
def drop(order: DropParked, work: UnitOfWork) -> None:
    """Write it down."""
    row = work.require(ParkedMessage, order.parked_message_id, "parked_message_id")
    work.move(parked_life, row, "drop")
    row.settled_by, row.note = work.actor.name, order.note
