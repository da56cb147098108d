"""Counts figures as things happen, and judges them once a day. The centre's alone."""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.quality.counting_commands import CountDays, JudgeIndicators
from domain.quality.indicators import COUNTS, IndicatorSpec

GATHER_S = 60.0
"""How long what changed is gathered before its days are counted: many things of one day are one count."""
BACK = 8
"""Days whose figures may still change by time alone: what was not told in seven days was not told in time."""
AT_A_TIME = 500


class QualityCounter:
    """Give it to a `Follower`, and call `tick` from time to time.

    Args:
        dispatcher: Runs its commands; its clock is the counter's.
        actor: The centre's system actor.
        specs: The figures of ``resources/quality``.
        gather_s: See `GATHER_S`.
    """

    name = "quality"

    def __init__(
        self,
        dispatcher: Dispatcher,
        actor: Actor,
        specs: Sequence[IndicatorSpec],
        gather_s: float = GATHER_S,
    ) -> None:
        self._dispatcher, self._actor, self._specs = dispatcher, actor, tuple(specs)
        self._gather_s = gather_s
        self._next = 0.0
        self._judged: date | None = None
        self._dirty: dict[str, set[date]] = defaultdict(set)
        self._by_entity: dict[str, list[IndicatorSpec]] = defaultdict(list)
        for spec in specs:
            self._by_entity[COUNTS[spec.code].table.name].append(spec)

    def act(self, entries: Sequence[Entry]) -> None:
        """Note which days of which figures changed; days long past, of a branch that was alone, too."""
        touched: dict[str, set[bytes]] = defaultdict(set)
        for entry in entries:
            for touch in entry.glance.changes:
                if touch.entity in self._by_entity:
                    touched[touch.entity].add(touch.record_id)
        for entity, ids in touched.items():
            for spec in self._by_entity[entity]:
                self._dirty[spec.code] |= self._days(spec, sorted(ids))

    def tick(self) -> int:
        """Count what changed and judge the day that is over, if it is time; returns how many days changed."""
        if time.monotonic() < self._next:
            return 0
        self._next = time.monotonic() + self._gather_s
        return self.look()

    def look(self) -> int:
        """Count what changed; on the first look of a day also the days that time alone changes, then judge."""
        today = clinic(self._dispatcher.clock()).date()
        fresh = self._judged != today
        if fresh:  # also after a start: what was gathered before it is not known any more
            back = {today - timedelta(days=one) for one in range(BACK + 1)}
            for spec in self._specs:
                self._dirty[spec.code] |= back
        changed = 0
        dirty, self._dirty = self._dirty, defaultdict(set)
        by_code = {spec.code: spec for spec in self._specs}
        late = any(day < today for days in dirty.values() for day in days)
        for code, days in dirty.items():
            count = CountDays(specs=[by_code[code]], days=sorted(days))
            changed += self._dispatcher.run(count, self._actor).receipt
        if fresh or (late and changed):
            judge = JudgeIndicators(specs=list(self._specs), day=today - timedelta(days=1))
            self._dispatcher.run(judge, self._actor)
            self._judged = today
        return changed

    def _days(self, spec: IndicatorSpec, ids: Sequence[bytes]) -> set[date]:
        count = COUNTS[spec.code]
        at, found = count.table.c[count.at], set()
        for start in range(0, len(ids), AT_A_TIME):
            some = [Id(bytes=one) for one in ids[start : start + AT_A_TIME]]
            with self._dispatcher.store.read() as connection:
                rows = connection.execute(select(at).where(count.table.c.id.in_(some), at.is_not(None)))
                found |= {clinic(moment).date() for moment in rows.scalars()}
        return found
