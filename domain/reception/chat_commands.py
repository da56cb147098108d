"""What the centre does about the chats of units: takes those asked for, keeps what came of it."""

import dataclasses
from datetime import timedelta

from sqlalchemy import select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel, ContactAddress
from domain.messaging.sending_commands import SENDER
from domain.reception.digest_records import UnitChat
from domain.reception.workflow import chat_life

MOST_TRIES = 5
LOOK_EVERY = timedelta(hours=1)


@dataclasses.dataclass(frozen=True, slots=True)
class ChatWork:
    """A chat to make (no `config_id`) or to look at; `owner` is the account in WeCom."""

    chat_id: Id
    org_id: Id
    name: str
    owner: str
    config_id: str


@command("unit.take_chats", "领取团体群任务", permission=SENDER, place="internal")
class TakeChats:
    """What is to be done about chats now."""

    most: int = ask("最多条数", default=10, low=1, high=100)


@handles(TakeChats)
def take_chats(order: TakeChats, work: UnitOfWork) -> list[ChatWork]:
    """Return chats that are asked for, then those not looked at for an hour."""
    c = UnitChat
    asked = list(work.list(select(c).where(c.state == "asked").order_by(c.asked_at).limit(order.most)))
    stale = c.looked_at.is_(None) | (c.looked_at <= work.now - LOOK_EVERY)
    ready = select(c).where(c.state == "ready", stale).order_by(c.looked_at).limit(order.most)
    found = []
    for chat in (*asked, *work.list(ready)):
        address = work.find(ContactAddress, staff_id=chat.owner_id, channel=Channel.WECOM)
        chat.looked_at = work.now
        if chat.state == "asked":
            chat.tries += 1
        found.append(
            ChatWork(
                chat.id, chat.org_id, chat.name, address.address if address else "", chat.config_id or ""
            )
        )
    return found


@command("unit.note_chat", "登记团体群结果", permission=SENDER, place="internal")
class NoteChat:
    """What WeCom says of a chat."""

    chat_id: Id = ask("团体沟通群", kind=Kind.HIDDEN)
    config_id: str | None = ask("进群方式编号", default=None, max_length=120)
    join_url: str | None = ask("进群二维码", default=None, max_length=400)
    chat_ids: list[str] = ask("群编号", default=[])
    members: int | None = ask("群成员数", default=None, low=0)
    problem: str | None = ask("未建成原因", default=None)


@handles(NoteChat)
def note_chat(order: NoteChat, work: UnitOfWork) -> None:
    """Keep it; one that cannot be made is given up after five tries, with the reason, until somebody asks again."""
    chat = work.require(UnitChat, order.chat_id, "chat_id")
    chat.looked_at = work.now
    if order.problem is not None:
        chat.problem = order.problem
        if chat.state == "asked" and chat.tries >= MOST_TRIES:
            work.move(chat_life, chat, "give_up")
        return
    chat.problem = None
    chat.config_id, chat.join_url = order.config_id or chat.config_id, order.join_url or chat.join_url
    chat.chat_ids = order.chat_ids or chat.chat_ids
    if order.members is not None:
        chat.members = order.members
    if chat.state == "asked" and chat.join_url:
        work.move(chat_life, chat, "made")
