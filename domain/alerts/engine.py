"""The alert engine: a reader of the log that opens, escalates and closes alerts; the same at branch and centre.

It reads at least once and may stop anywhere: timers are rows of the store, and what it opens has an id made from
rule, record and occasion, so doing it again, here or at another installation, changes nothing. It does not matter
where a change was made: entries that came by sync are read like any other.
"""

import dataclasses
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.alerts import situations
from domain.alerts.commands import RULES, ClearAlert, EscalateAlert, OpenAlert
from domain.alerts.decisions import (
    Action,
    Clear,
    DropTimer,
    KnownAlert,
    Open,
    SetTimer,
    Situation,
    Touched,
    on_change,
    on_time,
)
from domain.alerts.plans import RuleBook
from domain.alerts.records import Alert
from domain.exchange.rules import FILLED
from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import record_classes

log = logging.getLogger(__name__)


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
        self.book = book
        self.actor = actor
        dispatcher.content[RULES] = book
        self._silencing = {p.rule.id: p.rule.inhibits for p in book.plans.values() if p.rule.inhibits}
        self._inhibitors = {rule: book.inhibitors(rule) for rule in book.plans}

    def act(self, entries: Sequence[Entry]) -> None:
        """Do what changed records ask for: set and drop timers, open and close alerts."""
        if any(entry.glance.command == FILLED for entry in entries):
            self.rebuild()
        touched = situations.touched_records(entries, self.book)
        settled = situations.settled_alerts(entries) if self._silencing else []
        if touched or settled:
            with self.store.read() as connection:
                actions = self._decide(connection, touched)
                freed = self._freed(connection, settled)
            self._keep(actions, freed)
            for action in actions:
                self._run(action)

    def tick(self) -> Ticked:
        """Open what fell due and move the ladders that have to move; returns how many of each."""
        done = Ticked()
        now = self.dispatcher.clock()
        while self._fire(now, done):
            pass
        seen: set[Id] = set()
        while True:
            with self.store.read() as connection:
                due = [row for row in situations.due_alerts(connection, now) if row.id not in seen]
            if not due:
                return done
            seen |= {row.id for row in due}
            done.escalated += sum(self._escalate(row, now) for row in due)

    def rebuild(self) -> int:
        """Set the timers of every record that is in a state with a deadline; returns how many were set.

        For a store that was filled without a log (a snapshot). Reads whole tables.
        """
        count = 0
        for entity, plans in self.book.by_entity.items():
            table = record_classes()[entity].__table__
            states = {p.state for p in plans if p.state}
            if not states:
                continue
            with self.store.read() as connection:
                ids = connection.execute(select(table.c.id).where(table.c.state.in_(states))).scalars().all()
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
        for entity, records in touched.items():
            plans = sorted(self.book.by_entity[entity], key=lambda p: not p.rule.inhibits)
            names = [p.rule.id for p in plans]
            for situation in situations.situations(connection, entity, records, names):
                for plan in plans:
                    touch = records[situation.record_id]
                    wanted = list(on_change(plan, situation, touch, self._inhibitors[plan.rule.id], now))
                    for action in wanted:
                        _foresee(situation, action)
                    actions += wanted
        return actions

    def _freed(self, connection: Connection, settled: Sequence[Id]) -> dict[str, list[Id]]:
        """Return, by rule, the records for which settled alerts no longer keep it silent."""
        freed: dict[str, list[Id]] = defaultdict(list)
        table = Alert.__table__
        for some in situations.chunks(settled):
            wanted = select(table.c.rule, table.c.subject_id).where(table.c.id.in_(some))
            for row in connection.execute(wanted):
                for rule in self._silencing.get(row.rule, ()):
                    freed[rule].append(row.subject_id)
        return freed

    def _keep(self, actions: Iterable[Action], freed: "dict[str, list[Id]]") -> None:
        timers = [a for a in actions if isinstance(a, SetTimer | DropTimer)]
        if not timers and not freed:
            return
        now = self.dispatcher.clock()
        with self.store.write() as connection:
            situations.keep_timers(connection, timers)
            for rule, records in freed.items():
                situations.wake(connection, [rule], records, now)

    def _fire(self, now: datetime, done: Ticked) -> bool:
        """Deal with timers that ran out; returns whether there may be more."""
        with self.store.read() as connection:
            fired = situations.fired_timers(connection, now)
            actions = self._due_actions(connection, fired, now)
        for action in actions:
            done.opened += self._run(action)
        spent = [DropTimer(a.plan.rule.id, a.row["id"]) for a in actions if isinstance(a, Open)]
        self._keep([*actions, *spent], {})
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
                    plan = self.book.plans[timer.rule]
                    inhibitors = self._inhibitors[timer.rule]
                    action = on_time(plan, situation, timer.occasion, timer.fire_at, inhibitors, now)
                    actions.append(action)
                    _foresee(situation, action)
        return actions

    def _run(self, action: Action) -> bool:
        """Run the command of an action; returns whether it changed something."""
        if isinstance(action, Open):
            return self._command(self._order(action))
        return isinstance(action, Clear) and self._command(ClearAlert(alert_id=action.alert_id))

    def _order(self, action: Open) -> OpenAlert:
        plan, row = action.plan, action.row
        standing = plan.ladder.standing(action.opened_at, self.dispatcher.clock())
        return OpenAlert(
            alert_id=plan.alert_id(row["id"], action.occasion), rule=plan.rule.id, rule_version=plan.rule.version,
            name=plan.rule.name, org_id=row["org_id"], subject=plan.entity, subject_id=row["id"],
            patient_id=row["id"] if plan.entity == "patient" else row.get("patient_id"),
            summary=plan.summary(row, action.due), facts=plan.facts(row), severity=standing.severity,
            receivers=list(standing.receivers), step=standing.step, opened_at=action.opened_at,
            due_at=standing.due_at,
        )  # fmt: skip

    def _escalate(self, row: Any, now: datetime) -> bool:
        plan = self.book.plans.get(row.rule)
        if plan is None:  # the rule is no longer in force: the alert stays for people, its ladder ends
            return self._command(
                EscalateAlert(
                    alert_id=row.id,
                    step=row.step,
                    severity=row.severity,
                    receivers=row.receivers,
                    due_at=None,
                )
            )
        standing = plan.ladder.standing(row.opened_at, now)
        rises = standing.step > row.step
        note = self._names(standing.rules) if rises else plan.ladder.reminder
        return self._command(
            EscalateAlert(
                alert_id=row.id, step=standing.step, severity=standing.severity, receivers=list(standing.receivers),
                due_at=standing.due_at, reminders=standing.reminders, note=note or None,
            )
        )  # fmt: skip

    def _names(self, rules: Iterable[str]) -> str:
        return "、".join(f"{rule} {self.book.rules[rule].name}" for rule in rules)

    def _command(self, order: Any) -> bool:
        try:
            return bool(self.dispatcher.run(order, self.actor).receipt)
        except DomainError as error:
            # Another engine on the same store was faster; anything else is a mistake in a rule or command.
            if error.code != "store.duplicate":
                log.error("alert command %s refused: %s", type(order).__name__, error.code)
            return False


def _foresee(situation: Situation, action: Action) -> None:
    """Let the rules that come next see what this one is about to open or close."""
    if isinstance(action, Open):
        alert_id = action.plan.alert_id(situation.record_id, action.occasion)
        situation.alerts[alert_id] = KnownAlert(alert_id, action.plan.rule.id, "open")
    elif isinstance(action, Clear):
        known = situation.alerts[action.alert_id]
        situation.alerts[action.alert_id] = dataclasses.replace(known, state="closed")
