"""Requests about one's own data: those that wait, the first to fall due first, and those that are over."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.worklists import clients
from domain.privacy.commands import FinishRequest, ReceiveRequest, RefuseRequest, TakeRequest
from domain.privacy.records import PrivacyRequest

VIEW = "privacy.view"
clients.offers(ReceiveRequest)


@worklist("privacy.open", "待办的个人信息请求", permission=VIEW, record=PrivacyRequest, order="due_at")
def waiting() -> Query:
    """What clients asked for and nobody has closed."""
    p = PrivacyRequest
    return select(
        p.due_at, p.kind, p.number, p.asker, p.proof, p.wish, p.received_at, p.received_name, p.owner_name, p.state
    ).where(p.state.in_(("received", "in_hand")))  # fmt: skip


waiting.offers(TakeRequest, FinishRequest, RefuseRequest)


@worklist(
    "privacy.closed", "已办的个人信息请求", permission=VIEW, record=PrivacyRequest, order="-state_since"
)
def closed() -> Query:
    """What came of them, the latest first; kept as the proof."""
    p = PrivacyRequest
    return select(
        p.state_since, p.kind, p.number, p.asker, p.proof, p.state, p.answer, p.reason, p.owner_name, p.received_at
    ).where(p.state.in_(("done", "refused")))  # fmt: skip
