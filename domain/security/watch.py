"""A reader of the log that notices what looks wrong while it happens: at every installation, also off line.

It judges only what was done at its own installation, so nothing is noticed twice; the finding then travels like any
record. What counts within the last minutes is kept in memory and read again from the log after a start.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.alerts.habits import Baseline, Deed, Learnt, baseline_table, keep, unusual
from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, REFUSED, Entry, entries_after
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Rest
from domain.kernel.texts import Texts
from domain.security.commands import LOOK, READ_LIST, NoteSuspicions, Suspected
from domain.security.limits import WatchLimits
from domain.security.records import Suspicion

log = logging.getLogger(__name__)
BACK = 2000
"""Entries read again after a start; more within one window are counted from there on."""
HABIT = "habit"


class SecurityWatch:
    """Give it to a `Follower`.

    Args:
        dispatcher: Runs its command.
        actor: The system's actor of this installation.
        limits: How much is too much.
        texts: Sentences of the findings.
    """

    name = "security"

    def __init__(self, dispatcher: Dispatcher, actor: Actor, limits: WatchLimits, texts: Texts) -> None:
        self._dispatcher, self._actor, self._limits, self._texts = dispatcher, actor, limits, texts
        self._seen: dict[tuple[bytes, Suspicion], dict[bytes, tuple[int, int]]] = defaultdict(dict)
        self._read_to: int | None = None

    def act(self, entries: Sequence[Entry]) -> Rest | None:
        """Note what the entries make too much of, and keep what people usually do."""
        if self._read_to != entries[0].position - 1:
            self._begin(entries[0])
        found = [one for entry in entries for one in self._judge(entry)]
        learnt: list[Learnt] = []
        with self._dispatcher.store.read() as connection:
            found += self._habits(connection, entries, learnt)
        if found:
            log.warning("suspicious deeds", extra={"count": len(found)})
            self._dispatcher.run(NoteSuspicions(found=found), self._actor)
        self._read_to = entries[-1].position
        return (lambda connection: keep(connection, learnt)) if learnt else None

    def _begin(self, first: Entry) -> None:
        """Fill the windows from what the log says of the minutes before."""
        self._seen.clear()
        start = max(0, first.position - 1 - BACK)
        with self._dispatcher.store.read() as connection:
            before = entries_after(connection, start, first.position - 1 - start)
        since = first.at - _us(self._limits)
        for entry in before:
            if entry.at >= since:
                list(self._judge(entry))

    def _own(self, entry: Entry) -> bytes | None:
        """Return who did it here; None for the system and for what came from elsewhere."""
        return entry.glance.actor_id if entry.device_id == self._actor.device_id.bytes else None

    def _judge(self, entry: Entry) -> Iterator[Suspected]:
        who = self._own(entry)
        if who is None:
            return
        for kind, things in self._signs(entry):
            counted = self._count(who, kind, entry.at, things)
            if counted > self._limits.limits[kind]:
                since = next(iter(self._seen.pop((who, kind)).values()))[0]
                said = self._texts.say(f"security.found.{kind}", count=counted, minutes=self._limits.window)
                yield self._suspected(entry, who, kind, counted, from_microseconds(since), said)

    def _signs(self, entry: Entry) -> Iterator[tuple[Suspicion, dict[bytes, int]]]:
        """Yield what an entry is a sign of, and what it is about with the weight of each: counted once a window."""
        said = entry.glance
        if entry.outcome == REFUSED:
            if "code" not in entry.body.note:
                yield Suspicion.BEYOND_RIGHTS, {entry.txn_id: 1}
            elif self._of_interest(entry):
                yield Suspicion.AGAINST_ORDER, {entry.txn_id: 1}
        elif said.command == LOOK:
            yield Suspicion.MASS_READING, {bytes(entry.body.note["patient"]): 1}
        elif said.command == READ_LIST:
            yield Suspicion.MASS_READING, {entry.txn_id: int(entry.body.note["rows"])}
        elif entry.outcome in {DONE, MERGED}:
            yield Suspicion.MASS_CHANGE, {t.record_id: 1 for t in said.changes if t.op != "ins"}

    def _count(self, who: bytes, kind: Suspicion, at: int, things: dict[bytes, int]) -> int:
        """Count in what is new and return how much there is within the window; 0 where nothing is new."""
        seen = self._seen[who, kind]
        while seen and (oldest := next(iter(seen))) and seen[oldest][0] < at - _us(self._limits):
            del seen[oldest]
        new = {key: (at, weight) for key, weight in things.items() if key not in seen}
        seen.update(new)
        return sum(weight for _, weight in seen.values()) if new else 0

    def _suspected(
        self, entry: Entry, who: bytes, kind: Suspicion, count: int, since: datetime, said: str
    ) -> Suspected:
        until = from_microseconds(entry.at)
        occasion = f"{clinic(until):%Y%m%d%H}"  # once an hour, however often it goes on
        return Suspected(
            kind, uuid.UUID(bytes=who), uuid.UUID(bytes=entry.glance.org_id), occasion, count, since, until, said
        )  # fmt: skip

    def _habits(
        self, connection: Connection, entries: Sequence[Entry], learnt: list[Learnt]
    ) -> Iterator[Suspected]:
        """Yield what is unlike a person's own past, once a day each, and add what they do from now on to `learnt`."""
        by_person: dict[bytes, list[Entry]] = defaultdict(list)
        for entry in entries:
            who = self._own(entry)
            if who is not None and entry.outcome in {DONE, MERGED} and self._of_interest(entry):
                by_person[who].append(entry)
        for who, done in by_person.items():
            position, past = _known(connection, who)
            for entry in done:
                if entry.position <= position:
                    continue
                deed = self._deed(who, entry)
                if told := unusual(self._limits.habit, past, deed):
                    one = self._suspected(
                        entry, who, Suspicion.UNLIKE_HABIT, max(1, deed.size), deed.at, "；".join(told)
                    )
                    yield msgspec.structs.replace(one, occasion=f"{clinic(deed.at):%Y%m%d}")
                past.learn(deed)
                position = entry.position
            body = msgspec.json.encode(past).decode()
            learnt.append(Learnt(HABIT, uuid.UUID(bytes=who), position, body))

    def _of_interest(self, entry: Entry) -> bool:
        return entry.glance.command.partition(".")[0] in self._limits.areas

    def _deed(self, who: bytes, entry: Entry) -> Deed:
        """Return a deed with its size: operations or objects within the window, whichever are more."""
        operations = self._count(who, Suspicion.UNLIKE_HABIT, entry.at, {entry.txn_id: 1})
        objects = {(t.entity, t.record_id) for t in entry.glance.changes}
        return Deed(
            uuid.UUID(bytes=who), from_microseconds(entry.at), uuid.UUID(bytes=entry.device_id).hex,
            max(operations, len(objects)), "", entry.position,
        )  # fmt: skip


def _us(limits: WatchLimits) -> int:
    return limits.window * 60_000_000


def _known(connection: Connection, who: bytes) -> tuple[int, Baseline]:
    table = baseline_table()
    query = select(table.c.position, table.c.body).where(
        table.c.rule == HABIT, table.c.who == uuid.UUID(bytes=who)
    )
    row: Any = connection.execute(query).first()
    return (0, Baseline()) if row is None else (row.position, msgspec.json.decode(row.body, type=Baseline))
