"""The alert engine: a reader of the log that opens, escalates and closes alerts; the same at branch and centre.

It reads at least once and may stop anywhere: timers are rows of the store, and what it opens has an id made from
rule, record and occasion, so doing it again, here or at another installation, changes nothing. It does not matter
where a change was made: entries that came by sync are read like any other.
"""

import dataclasses
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select

from domain.alerts import habits, situations
from domain.alerts.decisions import (
    Action,
    Clear,
    DropTimer,
    Open,
    SetTimer,
    Situation,
    Touched,
    foreseen,
    on_absence,
    on_change,
    on_time,
)
from domain.alerts.digests import Digest, Key, digests_of, emptied, joins, late_timers
from domain.alerts.engine_commands import RunAlerts
from domain.alerts.gathering import gathered
from domain.alerts.lookups import caused, freed_by, keys_of, newest_arrival, sql_of
from domain.alerts.orders import escalation, opening, settling, shelf_over
from domain.alerts.parts import Kind
from domain.alerts.plans import Plan, RuleBook, key_of
from domain.alerts.receivers import changed_alerts, keep_receivers, rebuild_receivers
from domain.alerts.records import Severity
from domain.alerts.rule_changes import book_in_force
from domain.alerts.rule_commands import newest_changes
from domain.alerts.stacks import concerned, high_ones, on_stack
from domain.alerts.steps import RULE_FILES, RULES
from domain.alerts.trends import on_value
from domain.exchange.rules import FILLED
from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry, changes_of, cursor_of, head_position
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.readers import Rest
from domain.kernel.record import record_classes

log = logging.getLogger(__name__)
TOGETHER = 100
"""Alerts of one transaction: a commit costs more than an alert."""
BEAT_EVERY = timedelta(minutes=1)


@dataclasses.dataclass(slots=True)
class Ticked:
    """What one look at the clock did."""

    opened: int = 0
    escalated: int = 0


class AlertEngine:
    """Evaluates the rules. Give it to a `Follower`, and call `tick` from time to time.

    Args:
        dispatcher: Runs its commands; its clock is the engine's.
        book: The rules in force; handed to the commands as content ``alert_rules``.
        actor: The system's actor of this installation (`domain.kernel.authority.system_actor`).
    """

    name = "alerts"

    def __init__(self, dispatcher: Dispatcher, book: RuleBook, actor: Actor) -> None:
        self.dispatcher = dispatcher
        self.store = dispatcher.store
        self.files = book
        self.actor = actor
        self._beaten: datetime | None = None
        self._reached = 0
        dispatcher.content[RULE_FILES] = book
        authority = dispatcher.content.get("authority")
        known = authority.roles if authority is not None else {}
        self._roles = {name: known[name].label if name in known else name for name in known or book.roles()}
        self._take_rules()

    def _take_rules(self) -> None:
        """Put the rules into force as the files and the changes in this store have them."""
        with self.store.read() as connection:
            changes = newest_changes(connection)
        self.book = book = book_in_force(self.files, changes) if changes else self.files
        self.dispatcher.content[RULES] = book
        self._silencing = book.silencing()
        self._inhibitors = {rule: book.inhibitors(rule) for rule in book.plans}

    def _retime(self, rules: Collection[str]) -> None:
        """Set the timers of changed rules anew: what waits for a time may have another."""
        timers = situations.timer_table()
        for rule in sorted(rules):
            plan = self.book.plans.get(rule)
            if plan is None:
                continue
            with self.store.read() as connection:
                mine = select(timers.c.record_id).where(timers.c.rule == rule)
                ids = connection.execute(mine).scalars().all()
            for some in situations.chunks(ids):
                with self.store.read() as connection:
                    touched = {plan.entity: {i: Touched(self.dispatcher.clock()) for i in some}}
                    actions = self._decide(connection, touched)
                self._keep([a for a in actions if isinstance(a, SetTimer | DropTimer)], {})

    def act(self, entries: Sequence[Entry]) -> Rest | None:
        """Do what changed records ask for: open and close alerts; returns the timers to set and drop."""
        if any(entry.glance.command == FILLED for entry in entries):
            self.rebuild()
        changed_rules = {
            c.fields["rule"] for _, c in changes_of(entries, "alert_rule_change") if "rule" in c.fields
        }
        if changed_rules:
            self._take_rules()
            self._retime(changed_rules)
        alerts = changed_alerts(entries)
        if alerts:
            with self.store.write() as connection:
                keep_receivers(connection, alerts)
        touched = situations.touched_records(entries, self.book)
        arrived = situations.arrivals(entries, self.book)
        strange = habits.concerns(entries, self.book.habits)
        settled = situations.settled_alerts(entries) if self._silencing else []
        if not (touched or arrived or settled or strange or alerts):
            return None
        with self.store.read() as connection:
            self._wait_over(connection, arrived, touched)
            actions = self._decide(connection, touched)
            actions += self._stacked(connection, alerts)
            actions += [Clear(digest_id) for digest_id in emptied(connection, alerts)]
            learnt = self._observed(connection, entries, actions) if strange else []
            actions = gathered(connection, actions)
            freed = freed_by(connection, settled, self._silencing)
        self._run(actions)

        def rest(connection: Connection) -> None:
            self._write(connection, actions, freed)
            if learnt:
                habits.keep(connection, learnt)

        return rest

    def tick(self) -> Ticked:
        """Open what fell due and move the ladders that have to move; returns how many of each."""
        done = Ticked()
        now = self.dispatcher.clock()
        with self.store.read() as connection:
            late = late_timers(connection, now)
        while self._fire(now, done, late):
            pass
        seen: set[Id] = set()
        while True:
            with self.store.read() as connection:
                due = [row for row in situations.due_alerts(connection, now) if row.id not in seen]
                over = [shelf_over(self.book, connection, row, now) for row in due if row.state == "shelved"]
            if not due:
                self._beat(now)
                return done
            seen |= {row.id for row in due}
            risen = [escalation(self.book, row, now) for row in due if row.state != "shelved"]
            done.escalated += self._commands(risen)
            self._commands(over)

    def attend(self, entity: str, ids: Sequence[Id]) -> None:
        """Judge records of one kind now, and move the ladders of their alerts, beside the log.

        For the watch over the engine, on whose thread nothing may come to pass: what it does the reader does again
        in vain. Rules are taken as they are in the store.
        """
        self._take_rules()
        with self.store.read() as connection:
            actions = self._decide(connection, {entity: {i: Touched(self.dispatcher.clock()) for i in ids}})
        self._run(actions)
        now, rules = self.dispatcher.clock(), [p.rule.id for p in self.book.by_entity.get(entity, ())]
        with self.store.read() as connection:
            due = situations.due_alerts(connection, now, rules)
        self._commands([escalation(self.book, row, now) for row in due if row.state != "shelved"])
        with self.store.write() as connection:
            keep_receivers(connection, situations.alerts_about(connection, ids))

    def _beat(self, now: datetime) -> None:
        """Note, once a minute, that everything was evaluated: the log read to its end, or at least read on."""
        with self.store.read() as connection:
            cursor, head = cursor_of(connection, self.name), head_position(connection)
        went_on, self._reached = cursor >= head or cursor > self._reached, cursor
        if went_on and (self._beaten is None or abs(now - self._beaten) >= BEAT_EVERY):
            self._beaten = now
            with self.store.write() as connection:
                situations.note_beat(connection, self.actor.device_id, now, cursor)

    def rebuild(self) -> int:
        """Set the timers of every record that is in a state with a deadline; returns how many were set.

        For a store that was filled without a log (a snapshot). Reads whole tables.
        """
        count = 0
        with self.store.write() as connection:
            rebuild_receivers(connection)
        for entity, plans in self.book.by_entity.items():
            table: Table = record_classes()[entity].__table__  # type: ignore[assignment]
            states = {p.state for p in plans if p.state}
            starts: list[ColumnElement[bool]] = [table.c.state.in_(states)] if states else []
            starts += [
                and_(table.c[p.rule.since].is_not(None), *sql_of(table, p.when))
                for p in plans
                if p.rule.since
            ]
            if not starts:
                continue
            with self.store.read() as connection:
                ids = connection.execute(select(table.c.id).where(or_(*starts))).scalars().all()
            now = self.dispatcher.clock()
            for some in situations.chunks(ids):
                with self.store.read() as connection:
                    actions = self._decide(connection, {entity: {i: Touched(now) for i in some}})
                timers = [a for a in actions if isinstance(a, SetTimer)]
                self._keep(timers, {})
                count += len(timers)
        return count

    def _decide(self, connection: Connection, touched: "dict[str, dict[Id, Touched]]") -> list[Action]:
        now = self.dispatcher.clock()
        actions: list[Action] = []
        for entity, records in sorted(touched.items(), key=lambda one: not self._silences(one[0])):
            plans = sorted(self.book.by_entity[entity], key=lambda p: not p.rule.inhibits)
            names = [p.rule.id for p in plans]
            for situation in situations.situations(connection, entity, records, names):
                for plan in plans:
                    row, causes = situation.row, plan.rule.silent_while
                    if row is not None and causes and foreseen(actions, causes, row):
                        situation.caused.add(plan.rule.id)
                    wanted = self._wanted(connection, plan, situation, records[situation.record_id], now)
                    for action in wanted:
                        situation.foresee(action)
                    actions += wanted
        return actions

    def _silences(self, entity: str) -> bool:
        """Tell whether alerts about such records keep rules of others silent: they are decided first."""
        return any(plan.rule.id in self._silencing for plan in self.book.by_entity[entity])

    def _wanted(
        self, connection: Connection, plan: Plan, situation: Situation, touched: Touched, now: datetime
    ) -> list[Action]:
        row, silent = situation.row, self._inhibitors[plan.rule.id]
        if plan.kind is Kind.TREND:
            return list(on_value(connection, plan, situation))
        if row is not None and plan.rule.silent_while and caused(connection, plan.rule.silent_while, row):
            situation.caused.add(plan.rule.id)
        if plan.kind is Kind.ABSENCE:
            arrived = newest_arrival(connection, plan, row) if row is not None and plan.fits(row) else None
            return list(on_absence(plan, situation, arrived, silent, now))
        return list(on_change(plan, situation, touched, silent, now))

    def _wait_over(
        self,
        connection: Connection,
        arrived: "dict[str, dict[Id, datetime]]",
        touched: "dict[str, dict[Id, Touched]]",
    ) -> None:
        """Count the records that waited for what arrived among those that changed."""
        for entity, came in arrived.items():
            for plan in self.book.expected[entity]:
                if plan.rule.expects is None:
                    continue
                keys = [key_of(value) for value in keys_of(connection, plan.rule.expects, list(came))]
                waiting = situations.listeners(connection, plan.rule.id, [k for k in keys if k is not None])
                for record_id in waiting:
                    records = touched.setdefault(plan.entity, {})
                    records.setdefault(record_id, Touched(min(came.values())))

    def _stacked(self, connection: Connection, alert_ids: Sequence[Id]) -> list[Action]:
        actions: list[Action] = []
        if not (self.book.stacks and alert_ids):
            return actions
        for entity, ids in concerned(connection, alert_ids, self.book).items():
            plans = [(p, high_ones(connection, p, ids)) for p in self.book.stacks if p.entity == entity]
            for situation in situations.situations(connection, entity, ids, []):
                for plan, high in plans:
                    actions += on_stack(connection, plan, situation, self._roles, high)
        return actions

    def _observed(
        self, connection: Connection, entries: Sequence[Entry], actions: list[Action]
    ) -> list[habits.Learnt]:
        """Add what was unusual to `actions`; returns what was learnt."""
        learnt = []
        for plans in self.book.habits.values():
            for plan in plans:
                for found in habits.observe(connection, plan, entries):
                    if isinstance(found, Open):
                        actions.append(found)
                    else:
                        learnt.append(found)
        return learnt

    def _keep(self, actions: Iterable[Action], freed: "dict[str, set[Id]]") -> None:
        timers = [a for a in actions if isinstance(a, SetTimer | DropTimer)]  # `actions` may be read once
        if timers or freed:
            with self.store.write() as connection:
                self._write(connection, timers, freed)

    def _write(self, connection: Connection, actions: Iterable[Action], freed: "dict[str, set[Id]]") -> None:
        now = self.dispatcher.clock()
        situations.keep_timers(connection, [a for a in actions if isinstance(a, SetTimer | DropTimer)])
        for rule, records in freed.items():
            situations.wake(connection, [rule], sorted(records), now)
            if self.book.plans[rule].listens:
                situations.wake_keys(connection, rule, sorted(records), now)

    def _fire(self, now: datetime, done: Ticked, late: Counter[Key]) -> bool:
        """Deal with timers that ran out; returns whether there may be more."""
        with self.store.read() as connection:
            fired = situations.fired_timers(connection, now)
            actions = gathered(connection, self._due_actions(connection, fired, now))
        done.opened += self._run(actions, late)
        spent = [DropTimer(a.plan.rule.id, a.row["id"]) for a in actions if isinstance(a, Open)]
        self._keep([*spent, *actions], {})
        return len(fired) == situations.AT_A_TIME

    def _due_actions(
        self, connection: Connection, fired: Sequence[situations.Fired], now: datetime
    ) -> list[Action]:
        actions: list[Action] = []
        by_entity: dict[str, dict[Id, list[situations.Fired]]] = defaultdict(lambda: defaultdict(list))
        for timer in fired:
            if timer.rule in self.book.plans:
                by_entity[timer.entity][timer.record_id].append(timer)
            else:
                actions.append(DropTimer(timer.rule, timer.record_id))
        for entity, records in by_entity.items():
            for situation in situations.situations(connection, entity, records, []):
                timers = sorted(records[situation.record_id], key=lambda t: t.rule not in self._silencing)
                for timer in timers:
                    for action in self._on_time(connection, timer, situation, now):
                        actions.append(action)
                        situation.foresee(action)
        return actions

    def _on_time(
        self, connection: Connection, timer: situations.Fired, situation: Situation, now: datetime
    ) -> list[Action]:
        plan = self.book.plans[timer.rule]
        if plan.kind is Kind.ABSENCE:
            actions = self._wanted(connection, plan, situation, Touched(now), now)
            return actions or [DropTimer(timer.rule, timer.record_id)]
        row, causes = situation.row, plan.rule.silent_while
        if row is not None and causes and caused(connection, causes, row):
            situation.caused.add(timer.rule)
        inhibitors = self._inhibitors[timer.rule]
        return [on_time(plan, situation, timer.occasion, timer.fire_at, inhibitors, now)]

    def _run(self, actions: Sequence[Action], late: Counter[Key] | None = None) -> int:
        """Run the commands of actions; returns how many changed something."""
        opens = [a for a in actions if isinstance(a, Open)]
        now = self.dispatcher.clock()
        digests: dict[Key, Digest] = {}
        if any(a.plan.rule.severity is not Severity.URGENT for a in opens):
            with self.store.read() as connection:
                digests = digests_of(connection, self.book, opens, late or Counter(), now)
        orders: list[Any] = [digest.order(now) for digest in digests.values()]
        orders += [opening(a, now, joins(digests, a, now)) for a in opens]
        orders += settling(actions)
        return self._commands(orders)

    def _commands(self, orders: Sequence[Any]) -> int:
        """Run orders, `TOGETHER` in a transaction; returns how many changed something."""
        changed = 0
        for start in range(0, len(orders), TOGETHER):
            some = list(orders[start : start + TOGETHER])
            changed += self._together(some) if len(some) > 1 else self._command(some[0])
        return changed

    def _together(self, orders: list[Any]) -> int:
        try:
            return sum(self.dispatcher.run(RunAlerts(orders=orders), self.actor).receipt)
        except DomainError:  # one of them is at fault: the others do not wait for it
            return sum(self._command(order) for order in orders)

    def _command(self, order: Any) -> bool:
        try:
            return bool(self.dispatcher.run(order, self.actor).receipt)
        except DomainError as error:
            # Another engine on the same store was faster; anything else is a mistake in a rule or command.
            if error.code != "store.duplicate":
                log.error("alert command %s refused: %s", type(order).__name__, error.code)
            return False
