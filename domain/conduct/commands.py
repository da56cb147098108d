"""Looking into a finding: let pass, or taken back and put right. Never by whoever said it."""

from domain.conduct.outgoing import HELD
from domain.conduct.records import MessageFinding
from domain.conduct.workflow import finding_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.ending import ended
from domain.messaging.records import MassSending, OutboxMessage
from domain.messaging.workflow import outbox_life

CONCLUDE = "conduct.conclude"


@command("conduct.release", "审核放行", permission=CONCLUDE)
class ReleaseMessage:
    """What was said is in order as it stands."""

    message_finding_id: Id = ask("违规沟通内容", kind=Kind.HIDDEN)
    note: str = ask("审核意见", max_length=400)


@handles(ReleaseMessage)
def release_message(order: ReleaseMessage, work: UnitOfWork) -> None:
    """Close it.

    Raises:
        DomainError: ``input.missing`` (``note``); ``conduct.own_message``; ``message_finding.wrong_state``.
    """
    finding = _conclude(work, order.message_finding_id, "release", order.note)
    message = work.get(OutboxMessage, finding.outbox_id) if finding.outbox_id is not None else None
    if message is not None and message.reason == HELD:
        message.send_at, message.reason = work.now, None


@command("conduct.withdraw", "撤回并更正", permission=CONCLUDE)
class WithdrawMessage:
    """What was said is taken back where that can still be done, and put right with the client."""

    message_finding_id: Id = ask("违规沟通内容", kind=Kind.HIDDEN)
    note: str = ask("如何更正（已如何告知客户）", max_length=400)


@handles(WithdrawMessage)
def withdraw_message(order: WithdrawMessage, work: UnitOfWork) -> bool:
    """Return whether something was still here that does not go now; a channel takes nothing back that it has.

    A sending to many is stopped: what has not gone of it never does.

    Raises:
        DomainError: As `release_message`.
    """
    finding = _conclude(work, order.message_finding_id, "withdraw", order.note)
    mass = work.get(MassSending, finding.mass_id) if finding.mass_id is not None else None
    if mass is not None:
        mass.stopped_at = mass.stopped_at or work.now
        return True
    message = work.get(OutboxMessage, finding.outbox_id) if finding.outbox_id is not None else None
    if message is None or not outbox_life.allows(message.state, "cancel"):
        return False
    work.move(outbox_life, message, "cancel")
    message.reason = "by_hand"
    ended(work, message)
    return True


def _conclude(work: UnitOfWork, finding_id: Id, move: str, note: str) -> MessageFinding:
    finding = work.require(MessageFinding, finding_id, "message_finding_id")
    if not note.strip():
        raise DomainError("input.missing", field="note", label="审核意见")
    if finding.staff_id is not None and finding.staff_id == work.actor.staff_id:
        raise DomainError("conduct.own_message", field="message_finding_id")
    work.move(finding_life, finding, move)
    finding.note, finding.concluded_name = note.strip(), work.actor.name
    return finding
