"""What waits for a physician's word, and what has it."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.signoff.commands import SignMark, WithdrawMark
from domain.signoff.records import ContentMark

VIEW = "content.view"


@worklist("content.waiting", "待核定内容", permission=VIEW, record=ContentMark, order="key")
def waiting() -> Query:
    """Parts of the content that were read in no source or only partly, by what they belong to."""
    m = ContentMark
    return select(m.kind, m.title, m.part, m.file_status, m.source, m.state_since, m.reason, m.key).where(
        m.state == "waiting"
    )


waiting.offers(SignMark)


@worklist("content.signed", "已核定内容", permission=VIEW, record=ContentMark, order="-state_since")
def signed() -> Query:
    """Parts somebody has answered for: who, when and on what."""
    m = ContentMark
    return select(
        m.kind, m.title, m.part, m.signed_name, m.signed_at, m.second_source, m.source, m.state_since
    ).where(m.state == "signed")


signed.offers(WithdrawMark)
