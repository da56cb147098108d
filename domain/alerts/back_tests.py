"""What a rule would have raised last month, for each of the ten kinds: tried before a change is put into force.

Looks at what is stored and changes nothing. Each kind looks at no more than `MOST` records, the newest first.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, select

from domain.alerts.habits import Baseline, deeds, unusual
from domain.alerts.lookups import newest_arrival, sql_of
from domain.alerts.parts import EXTENSIONS, Kind, duration
from domain.alerts.plans import Plan
from domain.alerts.records import Alert
from domain.alerts.rules import Rule
from domain.alerts.trends import newest_run
from domain.kernel.change_log import change_log, entry_of
from domain.kernel.columns import to_microseconds
from domain.kernel.ids import Id
from domain.kernel.record import record_classes
from domain.kernel.rows import without_index

MONTH = timedelta(days=30)
STORM = 1_500
"""Alerts a month of one rule and place, fifty a day, that nobody would act on."""
EXAMINED = 20
"""Records that must have been looked at before it can be said that a condition always holds."""
MOST = 20_000
MOST_LOOKED_UP = 2_000
"""For kinds that look something up for each record."""
AT_A_TIME = 1_000
_ALERT = Alert.__table__


@dataclasses.dataclass(frozen=True, slots=True)
class BackTest:
    """What a rule would have raised on what is stored.

    `standing` says that the records tell how things stand, not how they were: the figure is what would wait now.
    `conditional` says that it has conditions every record could fit.
    """

    examined: int
    raised: int
    by_place: dict[str, int]
    receivers: tuple[str, ...]
    standing: bool
    conditional: bool = True

    @property
    def always(self) -> bool:
        """Whether every record that was looked at fits."""
        return self.conditional and self.examined >= EXAMINED and self.raised == self.examined

    @property
    def storm(self) -> bool:
        """Whether one place would have been flooded."""
        return max(self.by_place.values(), default=0) > STORM


@dataclasses.dataclass(slots=True)
class _Found:
    examined: int = 0
    places: Counter[str] = dataclasses.field(default_factory=Counter)
    standing: bool = False


def back_test(connection: Connection, rule: Rule, plan: Plan | None, now: datetime) -> BackTest | None:
    """Return what a rule would have raised in the last month; None for one that waits for its function.

    `plan` is None for a rule that extends another: what it tells of are the other's alerts.
    """
    if rule.waits_for or (plan is None and rule.kind not in EXTENSIONS):
        return None
    found = _extended(connection, rule, now) if plan is None else _BY_KIND[plan.kind](connection, plan, now)
    conditional = rule.kind in {Kind.THRESHOLD, Kind.EVENT, Kind.DEADLINE, Kind.RATE}
    raised = sum(found.places.values())
    return BackTest(found.examined, raised, dict(found.places), rule.receivers, found.standing, conditional)


def _records(connection: Connection, plan: Plan, now: datetime) -> _Found:
    table: Table = record_classes()[plan.entity].__table__  # type: ignore[assignment]
    at = _time_of(table)
    looked = select(table.c.id, table.c.org_id).order_by(table.c.id.desc()).limit(MOST)
    if at is not None:
        looked = select(table.c.id, table.c.org_id).where(table.c[at] >= now - MONTH)
        looked = looked.order_by(table.c[at].desc()).limit(MOST)
    if plan.state:
        looked = looked.where(without_index(table.c.state) == plan.state)
    inside = looked.subquery()
    found = _Found(
        len(connection.execute(select(inside.c.id)).all()), standing=at is None or bool(plan.state)
    )
    fits = select(table).join(inside, inside.c.id == table.c.id).where(*sql_of(table, plan.when))
    for row in connection.execute(fits):
        values = row._asdict()
        due = plan.fire_at(values) if plan.state else now
        if plan.counts_at(values["org_id"]) and due is not None and due <= now:
            found.places[values["org_id"].hex] += 1
    return found


def _absent(connection: Connection, plan: Plan, now: datetime) -> _Found:
    """Count the records whose time ran out last month with nothing come; what came later does not undo it."""
    table: Table = record_classes()[plan.entity].__table__  # type: ignore[assignment]
    since, within = table.c[plan.rule.since or "id"], duration(plan.rule.within or "0m")
    looked = select(table).where(since <= now - within, *sql_of(table, plan.when))
    found = _Found()
    for row in connection.execute(looked.order_by(table.c.id.desc()).limit(MOST_LOOKED_UP)).all():
        values = row._asdict()
        found.examined += 1
        arrived = newest_arrival(connection, plan, values)
        start = values[plan.rule.since or "id"]
        if plan.rule.resets and arrived is not None:
            start, arrived = max(start, arrived), None
        due = start + within
        if arrived is None and now - MONTH <= due <= now and plan.counts_at(values["org_id"]):
            found.places[values["org_id"].hex] += 1
    return found


def _trends(connection: Connection, plan: Plan, now: datetime) -> _Found:
    """Count the series whose newest value of last month is the end of a run that counts."""
    trend = plan.rule.trend
    table: Table = record_classes()[plan.entity].__table__  # type: ignore[assignment]
    found = _Found(standing=True)
    if trend is None:
        return found
    at = table.c[trend.at]
    looked = select(table).where(at >= now - MONTH, table.c[trend.value].is_not(None))
    judged: set[tuple[Any, ...]] = set()
    for row in connection.execute(looked.order_by(at.desc()).limit(MOST_LOOKED_UP)).all():
        values = row._asdict()
        series = tuple(values[name] for name in trend.series)
        if series in judged or not plan.fits(values):
            continue
        judged.add(series)
        found.examined += 1
        if newest_run(connection, plan, values) is not None:
            found.places[values["org_id"].hex] += 1
    return found


def _stacks(connection: Connection, plan: Plan, now: datetime) -> _Found:
    """Count how often last month's alerts of a client, owner or role rose to the height of the stack."""
    stack, found = plan.rule.stack, _Found()
    if stack is None:
        return found
    columns = (
        _ALERT.c.rule, _ALERT.c.patient_id, _ALERT.c.owner_id, _ALERT.c.org_id, _ALERT.c.receivers,
        _ALERT.c.opened_at, _ALERT.c.state, _ALERT.c.state_since,
    )  # fmt: skip
    steps: dict[tuple[Any, ...], list[tuple[datetime, int]]] = defaultdict(list)
    query = select(*columns).where(_ALERT.c.opened_at >= now - MONTH)
    for row in connection.execute(query.order_by(_ALERT.c.opened_at.desc()).limit(MOST)):
        if row.rule == plan.rule.id or (stack.rules and row.rule not in stack.rules):
            continue
        found.examined += 1
        keys = {"client": [row.patient_id], "owner": [row.owner_id], "role": row.receivers}[stack.by]
        for key in keys:
            if key is not None:
                steps[row.org_id, key].append((row.opened_at, 1))
                if row.state in {"handled", "closed"}:
                    steps[row.org_id, key].append((row.state_since, -1))
    for (org_id, _key), moves in steps.items():
        if plan.counts_at(org_id):
            found.places[org_id.hex] += _rises(moves, stack.least)
    return found


def _rises(moves: Iterable[tuple[datetime, int]], least: int) -> int:
    """Return how often a count that begins at nothing rises to `least`."""
    height = rises = 0
    for _at, step in sorted(moves):
        rises += step > 0 and height == least - 1
        height += step
    return rises


def _habits(connection: Connection, plan: Plan, now: datetime) -> _Found:
    """Play last month's log again: what was unlike all before it, of what the log still tells of."""
    anomaly, found = plan.rule.anomaly, _Found()
    if anomaly is None:
        return found
    staff = record_classes()["staff"].__table__
    places = {key: r.org_id for r in connection.execute(select(staff)) for key in (r.id, r.login)}
    past: dict[Id | str, Baseline] = defaultdict(Baseline)
    for entry in _log_since(connection, now - MONTH):
        for deed in deeds(plan, anomaly, [entry]):
            found.examined += 1
            org_id = places.get(deed.who)
            if org_id is not None and plan.counts_at(org_id) and unusual(anomaly, past[deed.who], deed):
                found.places[org_id.hex] += 1
            past[deed.who].learn(deed)
    return found


def _log_since(connection: Connection, since: datetime) -> Iterator[Any]:
    """Yield the entries of the log from a time on, the newest `MOST` at most, the oldest first."""
    log = change_log.c
    newest = (
        select(change_log).where(log.at >= to_microseconds(since)).order_by(log.position.desc()).limit(MOST)
    )
    inside = newest.subquery()
    for row in connection.execute(select(inside).order_by(inside.c.position)).yield_per(AT_A_TIME):
        yield entry_of(row)


def _extended(connection: Connection, rule: Rule, now: datetime) -> _Found:
    """Count last month's alerts of the extended rule that waited until this one would have spoken."""
    found = _Found()
    columns = (_ALERT.c.org_id, _ALERT.c.opened_at, _ALERT.c.state, _ALERT.c.state_since)
    query = select(*columns).where(
        _ALERT.c.opened_at >= now - MONTH, without_index(_ALERT.c.rule) == rule.watch
    )
    for row in connection.execute(query.order_by(_ALERT.c.opened_at.desc()).limit(MOST)):
        found.examined += 1
        over = row.state_since if row.state in {"handled", "closed"} else now
        if over - row.opened_at >= duration(rule.every or rule.after or "0m"):
            found.places[row.org_id.hex] += 1
    return found


_BY_KIND: Mapping[Kind, Callable[[Connection, Plan, datetime], _Found]] = {
    Kind.THRESHOLD: _records,
    Kind.EVENT: _records,
    Kind.DEADLINE: _records,
    Kind.RATE: _records,
    Kind.ABSENCE: _absent,
    Kind.TREND: _trends,
    Kind.STACK: _stacks,
    Kind.ANOMALY: _habits,
}


def _time_of(table: Table) -> str | None:
    """Return the column that says when a record came to be, where an index leads to it."""
    fronts = {next(iter(index.columns)).name for index in table.indexes}
    found = [n for n in ("found_at", "scored_at", "started_at", "printed_at", "queued_at") if n in fronts]
    return found[0] if found else None
