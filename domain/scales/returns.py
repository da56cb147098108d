"""How many questionnaires came back, kept by organisation, form, study and month of giving out.

At the centre a reader of the log counts what changed, and once in a while what has fallen due meanwhile: a day that
passes is in no log. The work is that of the months touched, whatever is stored.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.scales.records import FormReturn, FormTask
from domain.scales.workflow import form_task_life

ENTITY = "form_task"
LOOK_BACK = timedelta(days=400)
"""What fell due longer ago is counted when it changes; nothing else would change it."""
LOOK_EVERY = timedelta(minutes=10)
LOW, LEAST = 80.0, 5
"""Per cent below which, of how many that should be back, a rate is low: when one low time ends and another begins.

Whether somebody is told is the alert rule's to say; it is kept at the same figures.
"""
Group = tuple[Id, str, str, str]
"""Organisation, form, study, month."""


@command("form.count_returns", "更新问卷回收率", permission=None, place="internal")
class CountReturns:
    """Count some groups anew; of the centre's reader alone."""

    groups: list[Any] = ask("分组", kind=Kind.HIDDEN)


@handles(CountReturns)
def count_returns(order: CountReturns, work: UnitOfWork) -> int:
    """Return how many figures changed."""
    return sum(_count(work, *group) for group in order.groups)


def _count(work: UnitOfWork, org_id: Id, form: str, study: str, month: str) -> bool:
    t = FormTask.__table__.c
    first, after = _span(month)
    query = select(t.state, t.due_at, t.study).where(
        t.org_id == org_id, t.form == form, t.issued_at >= first, t.issued_at < after
    )
    mine = [row for row in work.connection.execute(query) if (row.study or "") == study]
    counted = _tally(mine, work.now)
    own = stable_id("form_return", org_id, form, study, month)
    known = work.get(FormReturn, own)
    low = counted["rate"] is not None and counted["rate"] < LOW and counted["expected"] >= LEAST
    since = known.low_since if known is not None else None
    counted["low_since"] = (since or clinic(work.now).date().isoformat()) if low else None
    if known is None:
        work.add(
            FormReturn(
                id=own, org_id=org_id, form=form, study=study, month=month, counted_at=work.now, **counted
            )
        )
        return True
    changed = {name: value for name, value in counted.items() if getattr(known, name) != value}
    for name, value in changed.items():
        setattr(known, name, value)
    if changed:
        known.counted_at = work.now
    return bool(changed)


def _tally(rows: Sequence[Any], now: datetime) -> dict[str, Any]:
    states = Counter(row.state for row in rows)
    open_ones = [row for row in rows if row.state == form_task_life.first]
    overdue = sum(row.due_at is not None and row.due_at <= now for row in open_ones)
    expected = states["handed_in"] + states["lost"] + overdue
    return {
        "issued": len(rows) - states["withdrawn"], "handed_in": states["handed_in"], "lost": states["lost"],
        "overdue": overdue, "waiting": len(open_ones) - overdue, "withdrawn": states["withdrawn"],
        "expected": expected, "rate": round(100 * states["handed_in"] / expected, 1) if expected else None,
    }  # fmt: skip


def _span(month: str) -> tuple[datetime, datetime]:
    first = date.fromisoformat(f"{month}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return datetime.combine(first, time(), CLINIC_TIME), datetime.combine(after, time(), CLINIC_TIME)


class ReturnFollower:
    """Counts the months that questionnaires changed in; give it to a `Follower` at the centre.

    Args:
        dispatcher: Runs its command.
        actor: The centre's system actor.
    """

    name = "form_returns"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor
        self._looked: datetime | None = None

    def act(self, entries: Sequence[Entry]) -> None:
        """Count once whatever the entries touched."""
        ids = {
            touch.record_id for entry in entries for touch in entry.glance.changes if touch.entity == ENTITY
        }
        found: set[Group] = set()
        t = FormTask.__table__.c
        with self._dispatcher.store.read() as connection:
            for some in _parts(sorted(ids), 500):
                found |= _groups(connection, _wanted().where(t.id.in_([Id(bytes=one) for one in some])))
        self._count(found)

    def tick(self) -> None:
        """Count what fell due since the last look; after a start, whatever fell due in `LOOK_BACK`."""
        now = self._dispatcher.clock()
        if self._looked is not None and now < self._looked + LOOK_EVERY:
            return
        since = self._looked or now - LOOK_BACK
        t = FormTask.__table__.c
        fell_due = _wanted().where(t.due_at > since, t.due_at <= now, t.state == form_task_life.first)
        with self._dispatcher.store.read() as connection:
            found = _groups(connection, fell_due)
        self._count(found)
        self._looked = now

    def _count(self, groups: set[Group]) -> None:
        for some in _parts(sorted(groups, key=str), 50):
            self._dispatcher.run(CountReturns(groups=list(some)), self._actor)


def _wanted() -> Select[Any]:
    t = FormTask.__table__.c
    return select(t.org_id, t.form, t.study, t.issued_at)


def _groups(connection: Connection, query: Select[Any]) -> set[Group]:
    return {
        (row.org_id, row.form, row.study or "", f"{clinic(row.issued_at):%Y-%m}")
        for row in connection.execute(query)
    }


def _parts(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
