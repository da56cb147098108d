"""What was said against the rules: what waits for somebody to look into it, and what came of the rest."""

from sqlalchemy import select

from domain.conduct.commands import ReleaseMessage, WithdrawMessage
from domain.conduct.records import MessageFinding
from domain.kernel.worklists import Query, worklist

VIEW = "conduct.view"


@worklist("conduct.messages", "待审核的沟通内容", permission=VIEW, record=MessageFinding, order="due_at")
def open_messages() -> Query:
    """What nobody looked into yet, the soonest due first."""
    f = MessageFinding
    return select(
        f.at, f.severe, f.labels, f.words, f.text, f.source, f.code, f.staff_name, f.reason, f.state, f.due_at
    ).where(f.due_at.is_not(None))


open_messages.offers(ReleaseMessage, WithdrawMessage)


@worklist("conduct.concluded", "沟通内容审核记录", permission=VIEW, record=MessageFinding, order="-at")
def concluded_messages() -> Query:
    """What was looked into, the latest first."""
    f = MessageFinding
    return select(
        f.at, f.severe, f.labels, f.words, f.text, f.source, f.code, f.staff_name, f.reason, f.state, f.note,
        f.concluded_name, f.state_since,
    ).where(f.due_at.is_(None))  # fmt: skip
