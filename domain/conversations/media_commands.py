"""Pictures, voices and videos that clients send: fetched from the channel, kept by content, or told why not."""

import dataclasses
from datetime import timedelta

from sqlalchemy import select

from domain.checkup.records import Attachment
from domain.conversations.media import BY_TYPE, LANE
from domain.conversations.records import Conversation, ConversationMessage
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel
from domain.messaging.sending_commands import SENDER
from domain.outgoing.commands import note
from domain.outgoing.records import Destination, OutgoingKind

WAITS_MIN = (0, 1, 5, 15, 60, 240, 720, 1440)
"""Minutes after it was said from which each try may be made; a vendor keeps a medium for three days."""
MOST_WAITING = 200
ENTITY = "conversation_message"


@dataclasses.dataclass(frozen=True, slots=True)
class MediaWork:
    """One thing to fetch: by which channel and account, and the vendor's number of it."""

    message_id: Id
    channel: Channel
    account: str
    media: str
    form: str


@command("conversation.take_media", "领取待取媒体", permission=SENDER, place="internal")
class TakeMedia:
    """What is to be fetched next; each is counted as tried, so that what cannot be had is not taken for ever."""

    most: int = ask("最多条数", default=5, low=1, high=50)


@handles(TakeMedia)
def take_media(order: TakeMedia, work: UnitOfWork) -> list[MediaWork]:
    """Return the oldest whose time has come."""
    m = ConversationMessage
    waiting = work.list(select(m).where(m.media_state == "waiting").order_by(m.at).limit(MOST_WAITING))
    found: list[MediaWork] = []
    for one in waiting:
        if one.media_tries >= len(WAITS_MIN):
            one.media_state = "gone"
            continue
        if len(found) >= order.most or work.now < one.at + timedelta(minutes=WAITS_MIN[one.media_tries]):
            continue
        one.media_tries += 1
        conversation = work.require(Conversation, one.conversation_id)
        found.append(
            MediaWork(one.id, Channel(conversation.channel), conversation.account, one.media or "", one.form)
        )
    return found


@command("conversation.keep_media", "保存客户媒体", permission=SENDER, place="internal")
class KeepMedia:
    """The bytes are in the store under their SHA-256."""

    message_id: Id = ask("会话消息", kind=Kind.HIDDEN)
    sha256: str = ask("内容摘要", max_length=64)
    size: int = ask("字节数", low=1)
    media_type: str = ask("类型", max_length=60)


@handles(KeepMedia)
def keep_media(order: KeepMedia, work: UnitOfWork) -> Id:
    """Return the attachment; the same content of one message is kept once. ``input.not_fitting`` for another type."""
    message = work.require(ConversationMessage, order.message_id, "message_id")
    kind = BY_TYPE.get(order.media_type)
    if kind is None:
        raise DomainError("input.not_fitting", field="media_type", reason=order.media_type)
    known = work.get(Attachment, stable_id("conversation_media", message.id, order.sha256))
    if known is not None:
        return known.id
    message.media_state = "kept"
    kept = Attachment(
        id=stable_id("conversation_media", message.id, order.sha256), org_id=message.org_id, subject=ENTITY,
        subject_id=message.id, sha256=order.sha256, size=order.size, media_type=order.media_type,
        name=f"{kind.label}.{kind.ending}", lane=LANE, added_at=work.now,
    )  # fmt: skip
    return work.add(kept).id


@command("conversation.open_media", "打开客户发来的文件", permission="conversation.view")
class OpenMedia:
    """A picture, voice or video of a client is opened elsewhere; run before it goes."""

    conversation_id: Id = ask("会话", kind=Kind.HIDDEN)
    sha256: str = ask("内容摘要", kind=Kind.HIDDEN, max_length=64)


@handles(OpenMedia)
def open_media(order: OpenMedia, work: UnitOfWork) -> Id:
    """Return the id of the record; ``conversation_message.unknown`` for a file of another conversation."""
    conversation = work.require(Conversation, order.conversation_id, "conversation_id")
    a, m = Attachment.__table__.c, ConversationMessage.__table__.c
    query = (
        select(a.name)
        .join(ConversationMessage.__table__, m.id == a.subject_id)
        .where(a.sha256 == order.sha256, a.subject == ENTITY, m.conversation_id == conversation.id)
        .limit(1)
    )
    name = work.connection.execute(query).scalar()
    if name is None:
        raise DomainError("conversation_message.unknown", field="sha256", value=order.sha256[:12])
    return note(
        work,
        OutgoingKind.DOCUMENT,
        f"会话文件 {name}",
        1,
        Destination.VIEWER,
        patient_id=conversation.patient_id,
    ).id


@command("conversation.refuse_media", "登记媒体未保存", permission=SENDER, place="internal")
class RefuseMedia:
    """It is not kept: too large, of another kind, or the channel no longer has it."""

    message_id: Id = ask("会话消息", kind=Kind.HIDDEN)
    state: str = ask("结果", max_length=20)


@handles(RefuseMedia)
def refuse_media(order: RefuseMedia, work: UnitOfWork) -> None:
    """Keep why. ``input.not_fitting`` for a word that is none of too_large, wrong_kind, gone."""
    if order.state not in ("too_large", "wrong_kind", "gone"):
        raise DomainError("input.not_fitting", field="state", reason=order.state)
    work.require(ConversationMessage, order.message_id, "message_id").media_state = order.state
