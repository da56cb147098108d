"""What a client's record shows beside its own fields: the tags, and what was said lately by every channel."""

from typing import Any

from sqlalchemy import Connection, select

from client.station import Context
from domain.conversations.records import Conversation, ConversationMessage
from domain.kernel.ids import Id
from domain.kernel.rows import scoped
from domain.tags.records import ClientTag, TagKind

LATEST = 8
"""Things said that are shown; Ctrl+J opens the whole of them."""
SHOWN_CHARACTERS = 60


def tag_line(context: Context, connection: Connection, patient_id: Id) -> str:
    """Return the tags that are on, by kind; '' for none or for who may not see them."""
    if not context.actor.may("tag.view"):
        return ""
    tag = ClientTag.__table__.c
    query = scoped(select(tag.kind, tag.name), ClientTag, context.actor)
    rows = connection.execute(query.where(tag.patient_id == patient_id, tag.off_at.is_(None))).all()
    order = list(TagKind)
    found = sorted(rows, key=lambda row: (order.index(TagKind(row.kind)), row.name))
    return "　".join(f"{context.formatter.name(str(r.kind), 'words:tag_kind')}·{r.name}" for r in found)


def talk_lines(context: Context, connection: Connection, patient_id: Id) -> str:
    """Return what was said lately, a line each, the latest first; only of conversations the reader may see."""
    if not context.actor.may("conversation.view"):
        return ""
    said, talk = ConversationMessage.__table__.c, Conversation.__table__.c
    query = scoped(
        select(said.at, said.direction, said.text, said.staff_name, talk.channel)
        .select_from(Conversation)
        .join(ConversationMessage, said.conversation_id == talk.id),
        Conversation, context.actor,
    )  # fmt: skip
    query = query.where(talk.patient_id == patient_id, said.direction != "note")
    rows = connection.execute(query.order_by(said.at.desc()).limit(LATEST)).all()
    return "\n".join(_line(context, row) for row in rows)


def _line(context: Context, row: Any) -> str:
    who = context.say("inbox.client") if row.direction == "in" else row.staff_name or ""
    text = " ".join(row.text.split())
    shown = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
    channel = context.formatter.name(str(row.channel), "words:channel")
    return f"{context.formatter.moment(row.at)}  {channel}  {who}：{shown}"
