"""The chats of units in WeCom: a way to join that makes its group by itself, its code, and how many have joined.

A group of clients cannot be made by the interface; a way to join with ``auto_create_room`` makes one when the first
person scans its code. UNVERIFIED (待核定): the calls of ``externalcontact/groupchat`` are from memory.
"""

import logging

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.messaging.records import Channel
from domain.reception.chat_commands import ChatWork, NoteChat, TakeChats
from server.channels.book import ChannelBook
from server.channels.wecom import WeCom
from server.channels.wire import Unanswered

log = logging.getLogger(__name__)
_PATH = "/cgi-bin/externalcontact/groupchat"


class UnitChats:
    """Makes the chats that are asked for and looks at those there are.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor.
        book: The accounts.
    """

    def __init__(self, dispatcher: Dispatcher, actor: Actor, book: ChannelBook) -> None:
        self._dispatcher, self._actor, self._book = dispatcher, actor, book

    def step(self) -> int:
        """Do what is due; returns how many chats were looked at."""
        if not any(account.contact_secret for account, _ in self._book.companies()):
            return 0
        found = self._dispatcher.run(TakeChats(), self._actor).receipt
        for work in found:
            try:
                order = self._done(work)
            except Unanswered as error:
                detail = error.outcome.detail or error.outcome.reason or ""
                order = NoteChat(chat_id=work.chat_id, problem=_printable(detail))
            except KnownError as error:
                order = NoteChat(chat_id=work.chat_id, problem=error.code)
            self._dispatcher.run(order, self._actor)
        return len(found)

    def _done(self, work: ChatWork) -> NoteChat:
        adapter = self._book.adapter(Channel.WECOM_CLIENT, work.org_id)
        if not isinstance(adapter, WeCom) or not work.owner:
            return NoteChat(chat_id=work.chat_id, problem="没有可用的企业微信账号或群主账号")
        config_id = work.config_id
        if not config_id:
            body = {
                "scene": 2, "remark": work.name, "auto_create_room": 1, "room_base_name": work.name,
                "room_base_id": 1, "state": work.owner,
            }  # fmt: skip
            config_id = str(adapter.contacts.post(f"{_PATH}/add_join_way", body).get("config_id", ""))
            # Kept before anything else is asked: a line that is lost now makes no second way to join.
            self._dispatcher.run(NoteChat(chat_id=work.chat_id, config_id=config_id[:120]), self._actor)
        way = adapter.contacts.post(f"{_PATH}/get_join_way", {"config_id": config_id}).get("join_way") or {}
        chats = [str(one)[:120] for one in way.get("chat_id_list") or ()][:50]
        return NoteChat(
            chat_id=work.chat_id, config_id=config_id[:120], join_url=str(way.get("qr_code", ""))[:400] or None,
            chat_ids=chats, members=sum(self._members(adapter, one) for one in chats),
        )  # fmt: skip

    def _members(self, adapter: WeCom, chat: str) -> int:
        answer = adapter.contacts.post(f"{_PATH}/get", {"chat_id": chat})
        return len((answer.get("group_chat") or {}).get("member_list") or ())


def _printable(text: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in text)[:255]
