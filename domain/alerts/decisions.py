"""What a changed record means for one rule: decided here without a database, done by the engine."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from domain.alerts.parts import Cause, Kind
from domain.alerts.plans import Plan, Values
from domain.alerts.workflow import UNSETTLED
from domain.kernel.ids import Id

RECHECK = timedelta(minutes=5)
"""A rule kept silent by another looks again after this, and at once when the other is settled."""
LONG_RECHECK = timedelta(hours=1)
"""The same for a rule silenced by another record's alert: there may be thousands, and the end wakes them."""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Time of a timer that only listens: for what its key says."""


@dataclasses.dataclass(frozen=True, slots=True)
class SetTimer:
    """Look at the record again at `fire_at`, or when something happens to `key`."""

    plan: Plan
    record_id: Id
    org_id: Id
    occasion: str
    fire_at: datetime
    key: Id | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class DropTimer:
    """There is nothing to wait for any more."""

    rule: str
    record_id: Id


@dataclasses.dataclass(frozen=True, slots=True)
class Open:
    """Open an alert as of `opened_at`; `due` is the deadline it is about, `more` what its sentence tells beside."""

    plan: Plan
    row: Values
    occasion: str
    opened_at: datetime
    due: datetime | None
    more: Values = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Clear:
    """Close an alert: its cause is gone."""

    alert_id: Id


@dataclasses.dataclass(frozen=True, slots=True)
class Assign:
    """An alert nobody has taken goes to whom its record was given."""

    alert_id: Id
    owner_id: Id
    owner_name: str


Action: TypeAlias = SetTimer | DropTimer | Open | Clear | Assign


@dataclasses.dataclass(frozen=True, slots=True)
class Happening:
    """One change of a record as the log tells it: native values after and before, and the transaction's identity."""

    new: bool
    at: datetime
    txn_id: bytes
    fields: Values
    base: Values


@dataclasses.dataclass(slots=True)
class Touched:
    """A record that changed: the time of the first change, the states it entered, in order, and every change."""

    at: datetime
    entered: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    happened: list[Happening] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class KnownAlert:
    """An alert the store has of a record."""

    id: Id
    rule: str
    state: str
    owner_id: Id | None = None

    @property
    def waits(self) -> bool:
        """Whether somebody still has to act, now or when its shelf is over: what it silences stays silent."""
        return self.state in UNSETTLED


@dataclasses.dataclass(slots=True)
class Situation:
    """A record as the store has it now (None: deleted), with its alerts by id and the rules that wait on it."""

    record_id: Id
    row: Values | None
    alerts: dict[Id, KnownAlert]
    timers: Mapping[str, datetime]
    caused: set[str] = dataclasses.field(default_factory=set)
    """Rules that an alert of another record keeps silent."""

    def foresee(self, action: Action) -> None:
        """Let the rules that come next see what one is about to open or close."""
        if isinstance(action, Open):
            alert_id = action.plan.alert_id(self.record_id, action.occasion)
            self.alerts[alert_id] = KnownAlert(alert_id, action.plan.rule.id, "open")
        elif isinstance(action, Clear) and action.alert_id in self.alerts:
            known = self.alerts[action.alert_id]
            self.alerts[action.alert_id] = dataclasses.replace(known, state="closed")

    def silenced(self, inhibitors: frozenset[str]) -> bool:
        """Tell whether an alert that waits keeps a rule with these inhibitors silent."""
        return any(a.waits and a.rule in inhibitors for a in self.alerts.values())


def on_change(
    plan: Plan, now: Situation, touched: Touched, inhibitors: frozenset[str], at: datetime
) -> Iterator[Action]:
    """Yield what to do about a record that changed.

    Args:
        plan: The rule.
        now: The record, its alerts and timers.
        touched: What the log says happened to it.
        inhibitors: Rules that keep this one silent.
        at: Time of the engine.
    """
    wanted = list(_changed(plan, now, touched, inhibitors, at))
    yield from wanted
    yield from _given(plan, now, {one.alert_id for one in wanted if isinstance(one, Clear)})


def _changed(
    plan: Plan, now: Situation, touched: Touched, inhibitors: frozenset[str], at: datetime
) -> Iterator[Action]:
    if now.row is None or plan.cleared(now.row):
        if plan.rule.id in now.timers:
            yield DropTimer(plan.rule.id, now.record_id)
        yield from _clears(plan, now)
    elif plan.state:
        yield from _deadline(plan, now, now.row, touched)
    elif plan.kind is Kind.EVENT:
        yield from _happened(plan, now, now.row, touched, inhibitors, at)
    elif plan.fits(now.row):
        occasion = plan.occasion(now.row)
        if plan.alert_id(now.record_id, occasion) in now.alerts:
            return
        if _silent(plan, now, inhibitors):
            yield _later(plan, now.row, occasion, at)
        else:
            yield Open(plan, now.row, occasion, min(touched.at, at), now.row.get("due_at"))


def foreseen(actions: Iterable[Action], causes: Iterable[Cause], row: Values) -> bool:
    """Tell whether an alert of a client that is about to be opened will keep a rule silent for this record."""
    told = {(a.plan.rule.id, a.row.get("patient_id")) for a in actions if isinstance(a, Open)}
    return any(c.of == "patient_id" and (c.rule, row[c.by]) in told for c in causes)


def _given(plan: Plan, now: Situation, over: Collection[Id]) -> Iterator[Assign]:
    """Yield the alerts nobody has taken whose record belongs to somebody else by now."""
    if now.row is None or plan.rule.owner is None:
        return
    owner_id, name = now.row.get(f"{plan.rule.owner}_id"), now.row.get(f"{plan.rule.owner}_name")
    for alert in now.alerts.values():
        untaken = alert.rule == plan.rule.id and alert.state == "open" and alert.id not in over
        if untaken and owner_id is not None and alert.owner_id != owner_id:
            yield Assign(alert.id, owner_id, str(name or ""))


def _silent(plan: Plan, now: Situation, inhibitors: frozenset[str]) -> bool:
    return plan.rule.id in now.caused or now.silenced(inhibitors)


def _later(plan: Plan, row: Values, occasion: str, at: datetime) -> SetTimer:
    """Return the timer of a rule that is silent for now; the end of what silences it wakes it by its key."""
    causes = plan.rule.silent_while
    key = row[causes[0].by] if causes else None
    return SetTimer(plan, row["id"], row["org_id"], occasion, at + (LONG_RECHECK if causes else RECHECK), key)


def _happened(
    plan: Plan, now: Situation, row: Values, touched: Touched, inhibitors: frozenset[str], at: datetime
) -> Iterator[Action]:
    """Yield an alert for each change that is the rule's event; the record's later life takes none of them back."""
    for change in touched.happened:
        after = {**row, **change.fields}
        if not plan.fits(after) or (plan.rule.moment == "new" and not change.new):
            continue
        if plan.rule.moment == "enter" and not change.new and plan.fits({**after, **change.base}):
            continue
        occasion = plan.occasion(after) if plan.occasions else "" if change.new else change.txn_id.hex()
        if plan.alert_id(now.record_id, occasion) in now.alerts:
            continue
        if _silent(plan, now, inhibitors):
            yield _later(plan, row, occasion, at)
        else:
            yield Open(plan, after, occasion, min(change.at, at), None)


def on_absence(
    plan: Plan, now: Situation, arrived: datetime | None, inhibitors: frozenset[str], at: datetime
) -> Iterator[Action]:
    """Yield what to do about a record something is waited for.

    Args:
        plan: The rule.
        now: The record, its alerts and timers.
        arrived: When the newest of what is waited for came; None if nothing did.
        inhibitors: Rules that keep this one silent.
        at: Time of the engine.
    """
    row, rule = now.row, plan.rule
    since = row[rule.since] if row is not None and rule.since else None
    met = arrived is not None and not rule.resets
    if row is None or since is None or met or plan.cleared(row) or not plan.fits(row):
        if rule.id in now.timers:
            yield DropTimer(rule.id, now.record_id)
        yield from _clears(plan, now)
        return
    start = since if arrived is None else max(since, arrived)
    occasion, due = plan.span_of(start)
    alert_id = plan.alert_id(now.record_id, occasion)
    yield from _clears(plan, now, but=alert_id)
    known, key = now.alerts.get(alert_id), plan.key(row)
    listening = SetTimer(plan, now.record_id, row["org_id"], occasion, NEVER, key)
    if known is not None and known.state == "closed" and not rule.resets:
        yield DropTimer(rule.id, now.record_id)
    elif known is not None:
        yield listening
    elif due > at:
        yield dataclasses.replace(listening, fire_at=due)
    elif _silent(plan, now, inhibitors):
        yield dataclasses.replace(listening, fire_at=at + RECHECK)
    else:
        yield Open(plan, row, occasion, due, due)
        yield listening


def _deadline(plan: Plan, now: Situation, row: Values, touched: Touched) -> Iterator[Action]:
    started = [row] if plan.starts(row["state"]) else [e for e in touched.entered if plan.starts(e["state"])]
    if not started:
        return
    entered = {**row, **started[-1]}
    occasion, fire_at = plan.occasion(entered), plan.fire_at(entered)
    if fire_at is None:
        if plan.rule.id in now.timers:
            yield DropTimer(plan.rule.id, now.record_id)
    elif plan.alert_id(now.record_id, occasion) not in now.alerts:
        yield SetTimer(plan, now.record_id, row["org_id"], occasion, fire_at)
    # An alert of an earlier stay in the state: it was left and entered again between two looks.
    yield from _clears(plan, now, but=plan.alert_id(now.record_id, occasion))


def _clears(plan: Plan, now: Situation, but: Id | None = None) -> Iterator[Clear]:
    for alert in now.alerts.values():
        if alert.rule == plan.rule.id and alert.state != "closed" and alert.id != but:
            yield Clear(alert.id)


def on_time(
    plan: Plan, now: Situation, occasion: str, fire_at: datetime, inhibitors: frozenset[str], at: datetime
) -> Action:
    """Return what to do about a timer that ran out: open, wait longer, or forget it."""
    forget = DropTimer(plan.rule.id, now.record_id)
    row = now.row
    if row is None or plan.cleared(row) or (plan.lasts and not plan.fits(row)):
        return forget
    if plan.alert_id(now.record_id, occasion) in now.alerts:
        return forget
    if plan.starts(row.get("state", "")):
        if plan.occasion(row) != occasion:
            return forget  # it left the state and came again: the reader sets a timer of its own
        later = plan.fire_at(row)
        if later is None or later > at:
            return SetTimer(plan, now.record_id, row["org_id"], occasion, later) if later else forget
    if _silent(plan, now, inhibitors):
        return _later(plan, row, occasion, at)
    if plan.rule.gather and plan.starts(row.get("state", "")):
        # It may have been woken by the end of the client's first card: its own time ran all along.
        fire_at = plan.fire_at(row) or fire_at
    due = fire_at if plan.state else row.get("due_at")
    return Open(plan, row, occasion, fire_at, due)
