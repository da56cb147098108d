"""What the centre does with WeCom beside sending: find out what it may use, and keep the tags of contacts up to date.

Only what changed is sent, one contact at a time. Where the company does not let us mark, contacts wait and the
channels page says so; everything else goes on.

Sources: ``interfaces/channels.md`` section 1; the error 40068/40071 of a tag that is gone or there already is
UNVERIFIED (待核定), as are the calls by which followers of an Official Account are tagged.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.messaging.channel_commands import NoteProbe
from domain.tags.rules import TAGS, remote_name
from domain.tags.sync_commands import TAGGED, MarkWork, ReportMark, TakeMarks
from server.channels.accounts import Account
from server.channels.book import ChannelBook
from server.channels.official import OfficialAccount
from server.channels.unit_chats import UnitChats
from server.channels.wecom import WeCom
from server.channels.wire import Unanswered

log = logging.getLogger(__name__)

CHORES = "channel-chores"
"""Name of the thread."""
CHORES_EVERY_S = 5.0
PROBE_EVERY = timedelta(hours=1)
_OUTCOMES = {"configuration": "closed", "failed": "failed"}


class Chores:
    """Everything that is done with WeCom from time to time.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor.
        book: The accounts.
        chance: Numbers from 0 up to 1, for the jitter.
    """

    def __init__(
        self, dispatcher: Dispatcher, actor: Actor, book: ChannelBook, chance: Callable[[], float]
    ) -> None:
        self._dispatcher, self._actor, self._book, self._chance = dispatcher, actor, book, chance
        self.chats = UnitChats(dispatcher, actor, book)
        self._known: dict[str, dict[str, str]] = {}
        self._probed: datetime | None = None

    def step(self) -> int:
        """Probe if it is time, make chats, mark contacts that are behind; returns how many contacts it looked at."""
        now = self._dispatcher.clock()
        if self._probed is None or abs(now - self._probed) >= PROBE_EVERY:
            self._probed = now
            self.probe()
        self.chats.step()
        return self.mark()

    def probe(self) -> None:
        """Ask each company which parts it lets us use, and keep the answer where people look after channels."""
        for account, adapter in self._book.companies():
            try:
                found = adapter.probe()
            except KnownError as error:  # a secret that is not there: nothing can be used
                found = adapter.refused_all(error.code)
            for channel in adapter.channels:
                parts = [part for part, of in WeCom.PARTS.items() if of is channel]
                refused = [part for part in parts if part in found.refused]
                detail = "；".join(f"{part}: {found.refused[part]}" for part in refused)[:255]
                order = NoteProbe(
                    channel=channel, usable=[p for p in parts if p in found.usable], degraded=refused,
                    detail=_printable(detail) or None,
                )  # fmt: skip
                if self._dispatcher.run(order, self._actor).receipt:
                    log.warning("channel degraded", extra={"account": account.id, "parts": refused})

    def mark(self) -> int:
        """Bring the tags of some contacts up to date; returns how many were tried."""
        kinds: dict[str, set[str]] = {}
        for account, adapter in self._book.taggers():
            for channel in TAGGED.intersection(adapter.channels):
                kinds.setdefault(str(channel), set()).update(account.tags)
        count = 0
        order = TakeMarks(kinds={channel: sorted(told) for channel, told in kinds.items()})
        for work in self._dispatcher.run(order, self._actor).receipt if kinds else ():
            count += 1
            self._report(work, *self._marked(work))
        return count

    def _marked(self, work: MarkWork) -> tuple[str, str | None, str | None]:
        found = self._book.adapter(work.channel, work.org_id)
        company = next(((a, w) for a, w in self._book.taggers() if w is found), None)
        if company is None:
            return "closed", "configuration", "no account"
        try:
            add = [self._number(*company, told, make=True) for told in work.add]
            remove = [self._number(*company, told, make=False) for told in work.remove]
            company[1].mark(work.staff, work.contact, [n for n in add if n], [n for n in remove if n])
        except Unanswered as error:
            outcome = error.outcome
            self._known.pop(company[0].id, None)  # a number may be of a tag that somebody has deleted there
            return _OUTCOMES.get(outcome.kind, "retry"), outcome.reason, outcome.detail
        except KnownError as error:
            return "closed", "configuration", error.code
        return "done", None, None

    def _number(self, account: Account, adapter: WeCom | OfficialAccount, told: str, *, make: bool) -> str:
        """Return the vendor's id of a tag, made if it is not there; '' for one that need not be."""
        if account.id not in self._known:
            self._known[account.id] = adapter.tags()
        known = self._known[account.id]
        group, name = remote_name(self._dispatcher.content[TAGS], told)
        path = f"{group}/{name}"
        if path not in known and make:
            known[path] = adapter.add_tag(group, name)
        return known.get(path, "")

    def _report(self, work: MarkWork, outcome: str, reason: str | None, detail: str | None) -> None:
        order = ReportMark(
            mark_id=work.mark_id, outcome=outcome, marked=work.wanted if outcome == "done" else [], reason=reason,
            detail=_printable(detail) if detail else None, chance=self._chance(),
        )  # fmt: skip
        self._dispatcher.run(order, self._actor)


def _printable(text: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in text)[:255]
